"""From text to a module. Every mistake is reported with its place in the text."""

from __future__ import annotations

import functools
import linecache
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from lark import Lark, Token, UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from ...diagnostics import UNKNOWN, Diagnostic, DiagnosticError, Location, close_names, suggest
from ..core import (
    Block,
    Cell,
    DimRange,
    Func,
    Module,
    Op,
    Successor,
    Symbol,
    Value,
    Weight,
)
from ..graph.ops import AtenOp, FuncReturn, is_operator, operator_names
from ..registry import OPS
from ..types import I1, Type, free_symbols
from .convert import (
    InitialField,
    NameField,
    Problem,
    ReferenceField,
    Scope,
    StructureField,
    convert,
    read_type,
    symbol_name,
    unquote,
)
from .names import block_hint, value_hint
from .signatures import REQUIRED, Field, signature
from .syntax import (
    Attributes,
    BlockText,
    Declaration,
    FuncText,
    LocationTable,
    ModuleText,
    Param,
    Place,
    Statement,
    SyntaxBuilder,
    tokens,
)


def parse_module(text: str, file: str = "<string>") -> Module:
    """Return the module that `text` describes; DiagnosticError (MC0201, MC0202) with all mistakes.

    `file` names the text in messages. Ops have the locations that the text gives; a text without
    a table of locations gives them its own lines.
    """
    if Path(file).is_file():
        linecache.cache.pop(file, None)  # it may hold another text that went by this name
    else:  # messages quote lines from there
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    reader = _Reader(file)
    module = reader.module(_parse(text, file))
    if reader.found:
        raise DiagnosticError(*reader.found)
    return module


# --- syntax -----------------------------------------------------------------------------------


@functools.cache
def _grammar() -> Lark:
    text = Path(__file__).with_name("grammar.lark").read_text()
    return Lark(
        text, parser="lalr", start="module", maybe_placeholders=False, transformer=SyntaxBuilder()
    )


def _parse(text: str, file: str) -> ModuleText:
    grammar: Any = _grammar()  # lark says that it returns a tree; our transformer makes none
    try:
        return grammar.parse(text)
    except UnexpectedInput as error:
        raise DiagnosticError(_syntax_error(error, text, file)) from None


def _syntax_error(error: UnexpectedInput, text: str, file: str) -> Diagnostic:
    help = _expected(error)
    if isinstance(error, UnexpectedToken):
        token = cast(Token, cast(Any, error).token)
        if token.type != "$END":
            return Diagnostic("MC0201", f"unexpected {token}", _span(token, file), help=help)
    if isinstance(error, UnexpectedCharacters):
        line, column = error.line, error.column
        character = text.splitlines()[line - 1][column - 1]
        place = Location(file, line, column, column + 1)
        return Diagnostic("MC0201", f"unexpected {character}", place, help=help)
    lines = text.splitlines() or [""]
    place = Location(file, len(lines), len(lines[-1]) + 1, len(lines[-1]) + 1)
    return Diagnostic("MC0201", "the text ends too early", place, help=help)


_TERMINALS: Mapping[str, str] = {
    "SYMBOL": "@symbol",
    "VALUE": "%value",
    "BLOCK": "^block",
    "REFERENCE": "#number",
    "OPERATION": "an operation",
    "NAME": "a name",
    "FLOAT": "a number",
    "INT": "a number",
    "STRING": "a string",
}


def _expected(error: Any) -> str:
    if isinstance(error, UnexpectedCharacters):
        names = error.allowed or set()
    else:
        names = error.accepts or error.expected
    literal = {t.name: t.pattern.value for t in _grammar().terminals if t.pattern.type == "str"}
    words = {_TERMINALS.get(name) or literal.get(name) or name for name in names}
    return f"expected {' or '.join(sorted(words))}"


def _span(token: Token, file: str) -> Location:
    line, column = token.line or 1, token.column or 1
    return Location(file, line, column, token.end_column or column + len(token))


# --- meaning ----------------------------------------------------------------------------------


def _fields(*fields: Field) -> Mapping[str, Field]:
    return {field.name: field for field in fields}


_MODULE = _fields(Field("level", NameField, "captured"), Field("target", str, ""))
_DIM = _fields(Field("min", int, 0), Field("max", int, None))
_WEIGHT = _fields(Field("digest", str, ""))
_CELL = _fields(Field("path", str), Field("initial", InitialField))
_FUNC = _fields(
    Field("inputs", StructureField, None), Field("absent_cells", tuple[Symbol, ...], ())
)
_LOCATION = _fields(
    Field("function", str, ""), Field("module", str, ""), Field("caller", ReferenceField, None)
)


def _no_value(token: Token) -> Value:
    raise Problem("values have no meaning outside of ops", token)


def _no_edge(token: Token, arguments: tuple[Value, ...]) -> Successor:
    raise Problem("blocks have no meaning outside of terminators", token)


_NOWHERE = Scope(_no_value, _no_edge)


class _Reader:
    """Give meaning to the parts of one text, collecting mistakes in `found`."""

    def __init__(self, file: str) -> None:
        self.found: list[Diagnostic] = []
        self._file = file
        self._locations: dict[str, Location] | None = None

    def module(self, parsed: ModuleText) -> Module:
        """Return the module, of use only if nothing was found wrong."""
        if parsed.locations is not None:
            self._locations = {}
            self._read_locations(parsed.locations)
        attributes = self.attributes(parsed.attributes, _MODULE, parsed.symbol)
        module = Module(symbol_name(parsed.symbol), **attributes)
        for item in parsed.items:
            if isinstance(item, FuncText):
                self._func(module, item)
            else:
                self._declaration(module, item)
        return module

    def attributes(
        self, written: Attributes, fields: Mapping[str, Field], holder: Token
    ) -> dict[str, Any]:
        """Return the values of all `fields`, reporting wrong, unknown and missing ones."""
        try:
            return read_attributes(written, fields, _NOWHERE, holder)
        except Problem as problem:
            self.report(problem, holder)
            return {name: field.default for name, field in fields.items()}

    def report(self, problem: Problem, holder: Token) -> None:
        """Record `problem`, at `holder` if it has no place of its own."""
        place = _span(problem.at if problem.at is not None else holder, self._file)
        self.found.append(Diagnostic(problem.code, problem.message, place, help=problem.help))

    def place(self, place: Place | None, token: Token) -> Location:
        """Return the location that is written, or that of `token` where none can be."""
        if self._locations is None:
            return _span(token, self._file)
        if place is None:
            return UNKNOWN
        if place.reference not in self._locations:
            self.report(Problem("no such location in the table", place.reference), token)
        return self._locations.get(place.reference, UNKNOWN)

    def _read_locations(self, table: LocationTable) -> None:
        locations: dict[str, Location] = {}
        for entry in table.entries:
            attributes = self.attributes(entry.attributes, _LOCATION, entry.reference)
            caller = attributes["caller"]
            if caller is not None and caller not in locations:
                self.report(Problem("the caller stands further down", entry.reference), caller)
            locations[entry.reference] = Location(
                unquote(entry.file),
                *map(int, entry.numbers),
                function=attributes["function"],
                module_path=attributes["module"],
                caller=locations.get(caller) if caller is not None else None,
            )
        self._locations = locations

    def _declaration(self, module: Module, item: Declaration) -> None:
        try:
            name = str(item.name) if item.kind == "dim" else symbol_name(item.name)
            _DECLARE[item.kind](module, name, item)
        except Problem as problem:
            self.report(problem, item.name)

    def _func(self, module: Module, parsed: FuncText) -> None:
        symbol = symbol_name(parsed.symbol)
        if symbol in module.funcs:
            self.report(Problem(f"a second function is named {parsed.symbol}"), parsed.symbol)
            return
        attributes = self.attributes(parsed.attributes, _FUNC, parsed.symbol)
        loc = self.place(parsed.place, parsed.symbol)
        func = module.add(Func(symbol, parsed.kind, loc=loc, **attributes))
        _FuncReader(self, func, parsed).read()


def read_attributes(
    written: Attributes, fields: Mapping[str, Field], scope: Scope, holder: Token
) -> dict[str, Any]:
    """Return the values of all `fields`: what is written, else the defaults."""
    held = {name: field.default for name, field in fields.items()}
    for attribute in written.items:
        field = fields.get(attribute.name)
        if field is None:
            help = suggest(attribute.name, list(fields)) if fields else "it takes no attributes"
            raise Problem(f"unknown attribute {attribute.name}", attribute.name, help)
        try:
            held[field.name] = convert(attribute.value, field.annotation, scope)
        except Problem as problem:
            problem.at = problem.at if problem.at is not None else attribute.name
            raise
    missing = [name for name, value in held.items() if value is REQUIRED]
    if missing:
        raise Problem(f"{holder} needs the attribute {' and '.join(missing)}", holder)
    return held


def _dim(module: Module, name: str, item: Declaration) -> None:
    _must_be_new(name, module.dims, item)
    bounds = read_attributes(item.attributes, _DIM, _NOWHERE, item.name)
    module.dims[name] = DimRange(name, bounds["min"], bounds["max"])


def _weight(module: Module, name: str, item: Declaration) -> None:
    symbol = Symbol(name)
    _must_be_new(symbol, module.weights, item)
    attributes = read_attributes(item.attributes, _WEIGHT, _NOWHERE, item.name)
    assert item.type is not None
    module.weights[symbol] = Weight(symbol, read_type(item.type), **attributes)


def _cell(module: Module, name: str, item: Declaration) -> None:
    symbol = Symbol(name)
    _must_be_new(symbol, module.cells, item)
    attributes = read_attributes(item.attributes, _CELL, _NOWHERE, item.name)
    module.cells[symbol] = Cell(symbol, **attributes)


def _must_be_new(name: str, table: Mapping[Any, object], item: Declaration) -> None:
    if name in table:
        raise Problem(f"a second {item.kind} is named {item.name}", item.name)


_DECLARE: Mapping[str, Callable[[Module, str, Declaration], None]] = {
    "dim": _dim,
    "weight": _weight,
    "cell": _cell,
}


# --- functions --------------------------------------------------------------------------------


def _defined_names(parsed: FuncText) -> Iterator[Token]:
    for block in parsed.blocks:
        yield from (param.name for param in block.params.items)
        for statement in block.statements:
            yield from statement.results.names


def _inferred(op: AtenOp, statement: Statement) -> Sequence[Type]:
    from ..graph.inference import infer_aten  # brings torch

    types = infer_aten(op)
    known = {name for value in op.operands for name in free_symbols(value.type)}
    if any(free_symbols(result) - known for result in types):
        message = "the result types must be written: they depend on data"
        raise Problem(message, statement.operation)
    return types


def near(name: str, known: Iterable[str]) -> str:
    """Return help that names what is spelt like `name`, "" if nothing is."""
    names = list(known)
    return suggest(name, names) if close_names(name, names) else ""


class _FuncReader:
    """Give meaning to the body of one function."""

    def __init__(self, reader: _Reader, func: Func, parsed: FuncText) -> None:
        self._reader = reader
        self._func = func
        self._parsed = parsed
        self._values: dict[str, Value] = {}
        self._blocks: dict[str, Block] = {}
        self._awaited: dict[str, Value] = {}
        self._names = frozenset(map(str, _defined_names(parsed)))
        self._scope = Scope(self._value, self._edge)

    def read(self) -> None:
        """Fill the function with blocks and ops."""
        for block in self._parsed.blocks:
            self._add_block(block)
        for parsed, block in zip(self._parsed.blocks, self._func.body.blocks, strict=True):
            for statement in parsed.statements:
                self._add_statement(block, statement)
        self._check_result_types()

    def _add_block(self, parsed: BlockText) -> None:
        name = str(parsed.name or "")
        if parsed.name is not None and name in self._blocks:
            self._reader.report(Problem(f"a second block is named {name}"), parsed.name)
        block = self._func.body.add_block(block_hint(name[1:]))
        self._blocks[name] = block
        for param in parsed.params.items:
            self._add_param(block, param)

    def _add_param(self, block: Block, param: Param) -> None:
        try:
            value_type = read_type(param.type)
        except Problem as problem:
            self._reader.report(problem, param.name)
            value_type = I1
        self._define(param.name, block.add_argument(value_type))

    def _add_statement(self, block: Block, statement: Statement) -> None:
        try:
            op = self._op(statement)
        except Problem as problem:
            self._reader.report(problem, statement.operation)
            self._poison(statement)
        except DiagnosticError as error:
            self._reader.found += error.diagnostics
            self._poison(statement)
        else:
            block.append(op)
            for token, result in zip(statement.results.names, op.results, strict=True):
                self._define(token, result)

    def _op(self, statement: Statement) -> Op:
        name = statement.operation
        loc = self._reader.place(statement.place, name)
        types = self._types(statement)
        if name.count(".") == 2:
            op = self._aten_op(statement, types, loc)
        elif name in OPS:
            op = self._declared_op(OPS[name], statement, types, loc)
        else:
            raise Problem(f"unknown operation {name}", name, suggest(name, list(OPS)), "MC0202")
        if len(op.results) != len(statement.results.names):
            given, wanted = len(statement.results.names), len(op.results)
            raise Problem(f"{name} has {wanted} results, but {given} are named", name)
        return op

    def _types(self, statement: Statement) -> Sequence[Type] | None:
        if statement.types is None:
            return None
        types = [read_type(node) for node in statement.types.items]
        if len(types) != len(statement.results.names):
            given, wanted = len(types), len(statement.results.names)
            raise Problem(f"{given} types for {wanted} results", statement.operation)
        return types

    def _aten_op(self, statement: Statement, types: Sequence[Type] | None, loc: Location) -> AtenOp:
        name = str(statement.operation)
        if not is_operator(name):
            help = suggest(name, operator_names(name.split(".")[0]))
            raise Problem(f"unknown operation {name}", statement.operation, help, "MC0202")
        arguments = tuple(convert(node, Any, self._scope) for node in statement.operands.items)
        keywords = tuple(
            (str(attribute.name), convert(attribute.value, Any, self._scope))
            for attribute in statement.attributes.items
        )
        op = AtenOp(arguments, name, keywords, result_types=types or (), loc=loc)
        if types is None and statement.results.names:
            self._must_know_operands(statement)
            op.set_results(_inferred(op, statement))
        return op

    def _declared_op(
        self, cls: type[Op], statement: Statement, types: Sequence[Type] | None, loc: Location
    ) -> Op:
        name, fields = statement.operation, signature(cls)
        operands = self._operands(statement, fields.operands)
        attributes = read_attributes(statement.attributes, fields.attributes, self._scope, name)
        if types is None and statement.results.names:
            self._must_know_types(cls, statement)
        if types is None and cls.GIVEN_RESULTS != 0:
            types = ()
        return cls(**operands, **attributes, result_types=types, loc=loc)

    def _must_know_types(self, cls: type[Op], statement: Statement) -> None:
        if cls.GIVEN_RESULTS != 0:
            raise Problem("the result types of this op must be written", statement.operation)
        self._must_know_operands(statement)

    def _must_know_operands(self, statement: Statement) -> None:
        for node in statement.operands.items:
            for token in tokens(node):
                if token in self._awaited:
                    raise Problem(f"{token} is defined further down: write the type", token)

    def _operands(self, statement: Statement, fields: Sequence[Field]) -> dict[str, Any]:
        name, nodes = statement.operation, list(statement.operands.items)
        held: dict[str, Any] = {}
        for field in fields:
            if field.spread:
                (annotation, *_) = typing.get_args(field.annotation)
                held[field.name] = tuple(convert(n, annotation, self._scope) for n in nodes)
                nodes = []
            elif nodes:
                held[field.name] = convert(nodes.pop(0), field.annotation, self._scope)
            elif field.default is REQUIRED:
                raise Problem(f"{name} needs the operand {field.name}", name)
        if nodes:
            raise Problem(f"{name} takes {len(fields)} operands", name)
        return held

    def _value(self, token: Token) -> Value:
        known = self._values.get(token)
        if known is not None:
            return known
        if token not in self._names:
            raise Problem(f"unknown value {token}", token, near(token, self._names))
        if token not in self._awaited:
            self._awaited[str(token)] = Block().add_argument(I1)
        return self._awaited[token]

    def _edge(self, token: Token, arguments: tuple[Value, ...]) -> Successor:
        if token not in self._blocks:
            known = [name for name in self._blocks if name]
            raise Problem(f"unknown block {token}", token, near(token, known))
        return Successor(self._blocks[token], arguments)

    def _define(self, token: Token, value: Value) -> None:
        if token in self._values:
            self._reader.report(Problem(f"a second value is named {token}"), token)
            return
        value.name = value_hint(token[1:])
        self._values[str(token)] = value
        if token in self._awaited:
            self._awaited.pop(token).replace_all_uses_with(value)

    def _poison(self, statement: Statement) -> None:
        """Define the results of a wrong statement, so that their uses are not reported as well."""
        for token in statement.results.names:
            self._define(token, Block().add_argument(I1))

    def _check_result_types(self) -> None:
        declared = self._parsed.result_types
        last = self._func.body.entry.ops[-1:]
        if declared is None or not last or not isinstance(last[0], FuncReturn):
            return
        wanted = [read_type(node) for node in declared.types.items]
        if wanted != [value.type for value in last[0].values]:
            symbol = self._parsed.symbol
            self._reader.report(Problem(f"{symbol} returns values of other types", symbol), symbol)
