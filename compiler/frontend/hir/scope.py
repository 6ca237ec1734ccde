"""Which variable a name means: local, in a closure cell, or global.

Comprehensions are scopes of their own for names, but share the frame of the function around them;
generator expressions are functions.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeAlias

from .generator_expressions import generator_function
from .mangling import mangle
from .source import FunctionNode

ComprehensionNode: TypeAlias = ast.ListComp | ast.SetComp | ast.DictComp


class VariableKind(Enum):
    """Tell how a variable is reached: in a register, through a cell, or in the module."""

    LOCAL = "local"
    CELL = "cell"
    GLOBAL = "global"


@dataclass(frozen=True, slots=True)
class Variable:
    """Name the register of a local, the cell register of a cell, or a global variable."""

    kind: VariableKind
    name: str


@dataclass(slots=True, eq=False)
class Scope:
    """Hold the names of a function or comprehension; `parent` is the scope around it."""

    parent: Scope | None
    is_function: bool
    suffix: str = ""
    bound: set[str] = field(default_factory=set[str])
    used: set[str] = field(default_factory=set[str])
    global_names: set[str] = field(default_factory=set[str])
    nonlocal_names: set[str] = field(default_factory=set[str])
    walrus_names: set[str] = field(default_factory=set[str])
    captured: set[str] = field(default_factory=set[str])
    free: set[str] = field(default_factory=set[str])
    children: dict[ast.AST, Scope] = field(default_factory=dict["ast.AST", "Scope"])
    comprehensions: int = 0
    is_expression: bool = False

    @property
    def function(self) -> Scope:
        """Return the scope of the function whose frame this scope uses."""
        scope = self
        while not scope.is_function and scope.parent is not None:
            scope = scope.parent
        return scope

    @property
    def named_function(self) -> Scope:
        """Return the scope of the function around, generator expressions apart."""
        scope = self.function
        while scope.is_expression and scope.parent is not None:
            scope = scope.parent.function
        return scope

    def resolve(self, name: str) -> Variable:
        """Return the variable that `name` means here."""
        scope: Scope | None = self
        while scope is not None and scope.function is self.function:
            if name in scope.global_names:
                return Variable(VariableKind.GLOBAL, name)
            if name in scope.captured:
                return Variable(VariableKind.CELL, f"&{name}{scope.suffix}")
            if name in scope.bound:
                return Variable(VariableKind.LOCAL, f"{name}{scope.suffix}")
            scope = scope.parent
        is_free = name in self.function.free
        return Variable(VariableKind.CELL, f"&{name}") if is_free else _global(name)

    def cells(self) -> list[str]:
        """Return the names bound here that nested functions capture, sorted."""
        return sorted(self.captured)


def _global(name: str) -> Variable:
    return Variable(VariableKind.GLOBAL, name)


def build_scopes(
    node: FunctionNode, free: Iterable[str], class_name: str | None, *, ignore_annotations: bool
) -> Scope:
    """Return the scope of a function, with those nested in it as children.

    `free` are the names that its code object takes from the functions around it.
    """
    root = Scope(None, True)
    collector = _Collector(root, class_name, ignore_annotations)
    collector.collect_function_body(node)
    root.free |= set(free)
    _mark_captures(root)
    return root


class _Collector(ast.NodeVisitor):
    """Collect bound and used names, scope by scope."""

    def __init__(self, root: Scope, class_name: str | None, ignore_annotations: bool) -> None:
        self._scope = root
        self._class_name = class_name
        self._ignore_annotations = ignore_annotations

    def collect_function_body(self, node: FunctionNode) -> None:
        """Collect the names inside of a function whose scope is the current one."""
        self._scope.bound |= {argument.arg for argument in all_arguments(node.args)}
        for part in node.body if isinstance(node.body, list) else [node.body]:
            self.visit(part)
        self._scope.bound -= self._scope.global_names | self._scope.nonlocal_names

    def _enter(self, node: ast.AST, is_function: bool) -> Scope:
        function = self._scope.function
        suffix = "" if is_function else f"@{function.comprehensions + 1}"
        function.comprehensions += not is_function
        scope = Scope(self._scope, is_function, suffix)
        self._scope.children[node] = scope
        self._scope = scope
        return scope

    def _leave(self, scope: Scope) -> None:
        assert scope.parent is not None
        self._scope = scope.parent

    def _visit_function(self, node: FunctionNode) -> None:
        self._visit_all([*node.args.defaults, *filter(None, node.args.kw_defaults)])
        scope = self._enter(node, True)
        self.collect_function_body(node)
        self._leave(scope)

    def _visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._scope.function.bound.add(mangle(node.name, self._class_name))
        self._visit_all(node.decorator_list)
        if not self._ignore_annotations:
            annotations = [argument.annotation for argument in all_arguments(node.args)]
            self._visit_all(filter(None, [*annotations, node.returns]))
        self._visit_function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.visit_FunctionDef(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._visit_function(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Collect what a class may take from around; names that it binds itself do no harm."""
        self._scope.function.bound.add(mangle(node.name, self._class_name))
        self._visit_all([*node.decorator_list, *node.bases, *node.keywords])
        scope = self._enter(node, True)
        self._visit_all(node.body)
        scope.bound = {"__class__"}
        self._leave(scope)

    def _visit_comprehension(self, node: ComprehensionNode) -> None:
        first, *rest = node.generators
        self.visit(first.iter)
        scope = self._enter(node, False)
        self._visit_all([first.target, *first.ifs, *rest])
        element = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self._visit_all(element)
        self._leave(scope)

    visit_ListComp = visit_SetComp = visit_DictComp = _visit_comprehension

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        self.visit(node.generators[0].iter)
        function = generator_function(node)
        scope = self._enter(function, True)
        scope.is_expression = True
        self.collect_function_body(function)
        self._leave(scope)

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._scope.bound.add(node.id)
        self._scope.used.add(node.id)
        if node.id == "super":
            self._scope.used.add("__class__")

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self._scope.named_function.bound.add(node.target.id)
        self._scope.named_function.walrus_names.add(node.target.id)
        self._scope.used.add(node.target.id)
        self.visit(node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        ignored = [node.annotation] if self._ignore_annotations else []
        parts: list[Any] = [node.target, node.annotation, node.value]
        self._visit_all(part for part in parts if part is not None and part not in ignored)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self._scope.function.bound.add(node.name)
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        if node.name is not None:
            self._scope.bound.add(node.name)
        self.generic_visit(node)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        self.visit_MatchAs(node)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        if node.rest is not None:
            self._scope.bound.add(node.rest)
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        names = {alias.asname or alias.name.split(".")[0] for alias in node.names}
        self._scope.function.bound |= names

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.visit_Import(node)

    def visit_Global(self, node: ast.Global) -> None:
        self._scope.global_names |= set(node.names)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self._scope.nonlocal_names |= set(node.names)
        self._scope.used |= set(node.names)


def all_arguments(arguments: ast.arguments) -> list[ast.arg]:
    """Return every parameter of a function, in the order of declaration."""
    variadic = [arguments.vararg] if arguments.vararg else []
    keyword = [arguments.kwarg] if arguments.kwarg else []
    positional = [*arguments.posonlyargs, *arguments.args]
    return [*positional, *variadic, *arguments.kwonlyargs, *keyword]


def _mark_captures(root: Scope) -> None:
    pending = [root]
    while pending:
        scope = pending.pop()
        for name in scope.used:
            _mark_capture(scope, name)
        pending += scope.children.values()


def _mark_capture(user: Scope, name: str) -> None:
    """Follow `name` outwards to the scope that binds it; functions on the way get it as free."""
    crossed: list[Scope] = []
    scope: Scope | None = user
    while scope is not None and name not in scope.bound:
        if name in scope.global_names or (scope.parent is None and name not in scope.free):
            return
        crossed += [scope] if scope.is_function else []
        scope = scope.parent
    for function in crossed:
        function.free.add(name)
    if scope is not None and crossed:
        scope.captured.add(name)
