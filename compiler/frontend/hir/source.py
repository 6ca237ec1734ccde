"""Find the syntax tree of a function from its code object, without guessing.

The tree is found by file, first line, name and qualified name, never through the function object:
`functools.wraps` makes a function claim the source of another one. Lambdas of one line are told
apart by the columns of their instructions.
"""

from __future__ import annotations
import __future__

import ast
import functools
import itertools
import linecache
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any, TypeAlias

from ....diagnostics import Diagnostic, DiagnosticError, Location
from .mangling import mangle_node

FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_FUNCTION_NODES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_FUTURE_FLAGS = sum(
    {getattr(__future__, name).compiler_flag for name in __future__.all_feature_names}
)
_INLINED = frozenset(["<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"])


@dataclass(frozen=True, slots=True, eq=False)
class FunctionSource:
    """Hold the tree of a function, private names mangled, and where it stands."""

    node: FunctionNode
    filename: str
    lines: tuple[str, ...]
    qualified_name: str
    class_name: str | None
    code_object: CodeType | None

    @property
    def name(self) -> str:
        """Return the `__name__` of the function."""
        return "<lambda>" if isinstance(self.node, ast.Lambda) else self.node.name

    def locate(self, node: ast.AST) -> Location:
        """Return the place of `node`, as far as it extends on its first line."""
        position: Any = node  # only some node classes declare positions; all that come here have
        line: int = position.lineno
        text = self.lines[line - 1].rstrip("\r\n")
        column = _characters(text, position.col_offset)
        same_line = position.end_lineno == line
        end = _characters(text, position.end_col_offset) if same_line else len(text)
        return Location(
            self.filename,
            line,
            column + 1,
            max(column, end) + 1,
            function=self.qualified_name,
        )

    def nested(self, node: FunctionNode) -> FunctionSource:
        """Return the source of a function that is defined directly inside of this one."""
        name = "<lambda>" if isinstance(node, ast.Lambda) else node.name
        return FunctionSource(
            node,
            self.filename,
            self.lines,
            f"{self.qualified_name}.<locals>.{name}",
            self.class_name,
            self._nested_code(node),
        )

    def class_code(self, node: ast.ClassDef) -> CodeType | None:
        """Return the code object of the body of a class that is defined in this function."""
        if self.code_object is None:
            return None
        lines = {node.lineno, *(decorator.lineno for decorator in node.decorator_list)}
        found = [
            code
            for code in _nested_codes(self.code_object)
            if code.co_name == node.name and code.co_firstlineno in lines
        ]
        return found[0] if len(found) == 1 else None

    def _nested_code(self, node: FunctionNode) -> CodeType | None:
        if self.code_object is None:
            return None
        file = _parse("".join(self.lines))
        for code in _nested_codes(self.code_object):
            if [entry.node for entry in _matches(code, file)] == [node]:
                return code
        return None


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    """Hold one function of a file."""

    node: FunctionNode
    class_name: str | None


@dataclass(frozen=True, slots=True, eq=False)
class _File:
    """Hold the tree of a file, and its functions by the lines where their code objects begin."""

    tree: ast.Module
    functions: Mapping[int, Sequence[_Entry]]


def find_source(code: CodeType) -> FunctionSource:
    """Return the source of `code`; MC0109 if there is none, or more than one candidate."""
    lines = tuple(linecache.getlines(code.co_filename))
    if not lines:
        raise _not_found(code, "its file cannot be read")
    try:
        file = _parse("".join(lines))
    except SyntaxError as error:
        raise _not_found(code, "its file is not Python source any more") from error
    entry = _only(code, file)
    return FunctionSource(
        entry.node, code.co_filename, lines, code.co_qualname, entry.class_name, code
    )


def _only(code: CodeType, file: _File) -> _Entry:
    entries = _matches(code, file)
    if len(entries) > 1:
        raise _not_found(code, f"{len(entries)} functions of its line could be it")
    if not entries or not _agrees(code, file):
        raise _not_found(code, "its file has changed since it was imported")
    return entries[0]


def _not_found(code: CodeType, reason: str) -> DiagnosticError:
    place = Location(code.co_filename, code.co_firstlineno, function=code.co_qualname)
    message = f"the source of `{code.co_qualname}` cannot be found: {reason}"
    advice = "define the function with `def` in a file, one function per line, and import it"
    return DiagnosticError(Diagnostic("MC0109", message, place, help=advice))


@functools.cache
def _parse(text: str) -> _File:
    """Parse a file, and mangle the private names in it."""
    tree = ast.parse(text)
    functions: dict[int, list[_Entry]] = {}
    pending: list[tuple[ast.AST, str | None]] = [(tree, None)]
    while pending:
        node, class_name = pending.pop()
        mangle_node(node, class_name)
        if isinstance(node, _FUNCTION_NODES):
            functions.setdefault(_first_line(node), []).append(_Entry(node, class_name))
        children = ast.iter_child_nodes(node)
        pending += [(child, _class_of(node, child, class_name)) for child in children]
    return _File(tree, functions)


def _class_of(node: ast.AST, child: ast.AST, class_name: str | None) -> str | None:
    """Return the class whose private names `child` sees: bases and decorators are outside."""
    inside = isinstance(node, ast.ClassDef) and child in node.body
    return node.name if inside and isinstance(node, ast.ClassDef) else class_name


def _first_line(node: FunctionNode) -> int:
    decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _matches(code: CodeType, file: _File) -> list[_Entry]:
    entries = file.functions.get(code.co_firstlineno, ())
    if code.co_name == "<lambda>":
        return _matching_lambdas(code, [e for e in entries if isinstance(e.node, ast.Lambda)])
    return [e for e in entries if getattr(e.node, "name", None) == code.co_name]


def _matching_lambdas(code: CodeType, entries: Sequence[_Entry]) -> list[_Entry]:
    """Keep the innermost lambda whose body encloses every position of the code.

    An enclosing lambda has an instruction outside of the inner body: the one that makes the inner
    function. Without columns in the code object, lambdas of one line cannot be told apart. Python
    3.12 has none for the return of a constant: there the constants are compared.
    """
    around = [entry for entry in entries if _encloses(entry.node, code)]
    starts = [_body_span(entry.node)[0] for entry in around]
    if not _positions(code):
        has_columns = any(column is not None for _, _, column, _ in code.co_positions())
        return [e for e in around if not has_columns or _returns_same(e.node, code)]
    return [entry for entry, start in zip(around, starts, strict=True) if start == max(starts)]


_Point: TypeAlias = tuple[int, int]


def _returns_same(node: FunctionNode, code: CodeType) -> bool:
    """Tell whether a lambda that returns a constant returns that of `code`."""
    assert isinstance(node, ast.Lambda)
    (own,) = _nested_codes(compile(ast.Expression(node), "", "eval"))
    return own.co_code == code.co_code and _has_same_constants(own, code)


def _body_span(node: FunctionNode) -> tuple[_Point, _Point]:
    body: Any = node.body
    return (body.lineno, body.col_offset), (body.end_lineno, body.end_col_offset)


def _encloses(node: FunctionNode, code: CodeType) -> bool:
    start, end = _body_span(node)
    return all(start <= first and last <= end for first, last in _positions(code))


def _positions(code: CodeType) -> list[tuple[_Point, _Point]]:
    """Return the spans of the instructions, without those that have no width (the prologue)."""
    spans: list[tuple[_Point, _Point]] = []
    for line, end_line, column, end_column in code.co_positions():
        if line is None or end_line is None or column is None or end_column is None:
            continue
        if (line, column) != (end_line, end_column):
            spans.append(((line, column), (end_line, end_column)))
    return spans


def _agrees(code: CodeType, file: _File) -> bool:
    """Tell whether the file still compiles to the code: if not, it was edited after the import."""
    flags = code.co_flags & _FUTURE_FLAGS | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    candidates = _compile(file, flags).get(code.co_firstlineno, ())
    return any(_is_same(code, candidate) for candidate in candidates)


@functools.cache
def _compile(file: _File, flags: int) -> Mapping[int, Sequence[CodeType]]:
    """Return the code objects of a file by their first lines.

    It takes the whole file: what a module imports changes how its functions call it.
    """
    pending = [compile(file.tree, "", "exec", flags, dont_inherit=True)]
    codes: dict[int, list[CodeType]] = {}
    while pending:
        code = pending.pop()
        codes.setdefault(code.co_firstlineno, []).append(code)
        pending += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return codes


def _is_same(code: CodeType, other: CodeType) -> bool:
    """Compare code objects by what they do, whether or not they have columns.

    Of a function whose asserts pytest has rewritten, only what it is called with is compared.
    """
    if (code.co_qualname, code.co_firstlineno) != (other.co_qualname, other.co_firstlineno):
        return False
    names = code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars
    if any(name.startswith("@py") for group in names for name in group):
        count = code.co_argcount + code.co_kwonlyargcount
        return code.co_varnames[:count] == other.co_varnames[:count]
    other_names = other.co_names, other.co_varnames, other.co_freevars, other.co_cellvars
    same_code = (code.co_code, names) == (other.co_code, other_names)
    return same_code and _has_same_constants(code, other)


def _has_same_constants(code: CodeType, other: CodeType) -> bool:
    if len(code.co_consts) != len(other.co_consts):
        return False
    pairs = zip(code.co_consts, other.co_consts, strict=True)
    return all(itertools.starmap(_is_same_constant, pairs))


def _is_same_constant(constant: object, other: object) -> bool:
    if isinstance(constant, CodeType) and isinstance(other, CodeType):
        return _is_same(constant, other)
    same = type(constant) is type(other) and constant == other
    return same and (isinstance(constant, frozenset) or repr(constant) == repr(other))


def _nested_codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_name in _INLINED:
                yield from _nested_codes(constant)
            else:
                yield constant


def _characters(text: str, offset: int) -> int:
    """Return how many characters the first `offset` bytes of `text` in UTF-8 are."""
    return offset if text.isascii() else len(text.encode()[:offset].decode(errors="replace"))
