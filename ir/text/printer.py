"""From a module to its text. The same module always gives the same text."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...diagnostics import UNKNOWN, Location
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
from ..graph.ops import AtenOp, FuncReturn
from .literals import (
    References,
    format_attributes,
    format_literal,
    format_string,
    format_symbol,
    join,
)
from .names import block_names, value_names

MAX_COLUMNS = 100

_NO_REFERENCES = References(lambda value: repr(value), lambda edge: repr(edge))


def print_module(module: Module, *, locations: bool = False) -> str:
    """Return the text of `module`, with the source locations of ops and functions if asked."""
    table = _Locations() if locations else None
    groups = [
        [_dim(dim) for dim in module.dims.values()],
        [_weight(weight) for weight in module.weights.values()],
        [_cell(cell) for cell in module.cells.values()],
        *(list(_Body(func, table).lines()) for func in module.funcs.values()),
    ]
    parts = ["\n".join(f"  {line}".rstrip() for line in group) for group in groups if group]
    body = "\n\n".join(parts) + "\n" if parts else ""
    text = f"module {format_symbol(module.name)}{_module_attributes(module)} {{\n{body}}}\n"
    return text + "".join(table.lines()) if table else text


def print_func(func: Func, *, symbol: Symbol | None = None, hints: bool = True) -> str:
    """Return the text of `func` alone, as `symbol` if given; without `hints`, names are numbers."""
    return "\n".join(_Body(func, None, hints=hints).lines(symbol)) + "\n"


def format_op(op: Op) -> str:
    """Return the line of `op`, with the names that values and blocks have in its function."""
    return _Body(op.func or Func(Symbol("detached"), "graph"), None).op(op)


class _Locations:
    """Number the locations that were asked for, callers first."""

    def __init__(self) -> None:
        self._numbers: dict[Location, int] = {}

    def reference(self, location: Location) -> str:
        """Return ` loc(#n)`, or nothing for the unknown location."""
        if location == UNKNOWN:
            return ""
        for place in reversed(list(location.chain())):
            self._numbers.setdefault(place, len(self._numbers))
        return f" loc(#{self._numbers[location]})"

    def lines(self) -> Iterator[str]:
        """Yield the table of all numbered locations; an empty one says that none are known."""
        yield "\nlocations {\n"
        yield from (f"  #{n} = {self._entry(loc)}\n" for loc, n in self._numbers.items())
        yield "}\n"

    def _entry(self, location: Location) -> str:
        attributes = {
            name: format_string(text)
            for name, text in (("function", location.function), ("module", location.module_path))
            if text
        }
        if location.caller is not None:
            attributes["caller"] = f"#{self._numbers[location.caller]}"
        columns = f"{location.column}-{location.end_column}"
        place = f"{format_string(location.file)}:{location.line}:{columns}"
        return place + format_attributes(attributes)


class _Body:
    """Write one function, under the names of its values and blocks."""

    def __init__(self, func: Func, locations: _Locations | None, *, hints: bool = True) -> None:
        self._func = func
        self._values = value_names(func, hints=hints)
        self._blocks = block_names(func, hints=hints)
        self._locations = locations
        self._references = References(self._value, self._edge)

    def lines(self, symbol: Symbol | None = None) -> Iterator[str]:
        """Yield the lines of the function; the entry block's stand directly in its body."""
        func = self._func
        head = f"{func.kind} func {format_symbol(symbol or func.symbol)}"
        tail = f"{self._result_types()}{self._func_attributes()}{self._location(func.loc)} {{"
        yield from _wrapped(head, [self._typed(value) for value in func.params], tail)
        entry, *others = func.body.blocks
        yield from (f"  {self.op(op)}" for op in entry.ops)
        for block in others:
            yield ""
            yield from self._block(block)
        yield "}"

    def op(self, op: Op) -> str:
        """Return the line of one op."""
        assert not op.regions, f"{op.name} holds regions, which have no text form"
        results = join(self._value(value) for value in op.results)
        return "".join(
            [
                f"{results} = " if results else "",
                op.name,
                f"({join(operands)})" if (operands := list(self._operands(op))) else "",
                format_attributes(self._attributes(op)),
                f" : {_types(op.results)}" if results else "",
                self._location(op.loc),
            ]
        )

    def _block(self, block: Block) -> Iterator[str]:
        args = f"({join(map(self._typed, block.args))})" if block.args else ""
        yield f"  ^{self._blocks[block]}{args} {{"
        yield from (f"    {self.op(op)}" for op in block.ops)
        yield "  }"

    def _func_attributes(self) -> str:
        func = self._func
        attributes: dict[str, Any] = {}
        if func.inputs is not None:
            attributes["inputs"] = func.inputs
        if func.absent_cells:
            attributes["absent_cells"] = func.absent_cells
        return format_attributes({name: self._literal(held) for name, held in attributes.items()})

    def _result_types(self) -> str:
        last = self._func.body.entry.ops[-1:]
        values = [value for op in last if isinstance(op, FuncReturn) for value in op.values]
        return f" -> {_types(values)}" if values else ""

    def _operands(self, op: Op) -> Iterator[str]:
        if isinstance(op, AtenOp):
            yield from map(self._literal, op.arguments)
            return
        for field in _written_operands(op):
            held = getattr(op, field.name)
            yield from map(self._literal, held if field.metadata.get("spread") else (held,))

    def _attributes(self, op: Op) -> Mapping[str, str]:
        if isinstance(op, AtenOp):
            held = op.keywords
        else:
            held = [
                (f.name, getattr(op, f.name)) for f in _fields(op, "attr") if not _is_default(op, f)
            ]
        return {name: self._literal(argument) for name, argument in held}

    def _literal(self, literal: Any) -> str:
        return format_literal(literal, self._references)

    def _value(self, value: Value) -> str:
        return f"%{self._values.get(value) or value.name or '_'}"

    def _typed(self, value: Value) -> str:
        return f"{self._value(value)}: {value.type}"

    def _edge(self, edge: Successor) -> str:
        name = self._blocks.get(edge.block) or edge.block.name or "_"
        return f"^{name}" + (
            f"({join(map(self._value, edge.arguments))})" if edge.arguments else ""
        )

    def _location(self, location: Location) -> str:
        return self._locations.reference(location) if self._locations else ""


def _wrapped(head: str, params: list[str], tail: str) -> Iterator[str]:
    """Yield the head of a function on one line, or with a line per parameter if that is long."""
    line = f"{head}({join(params)}){tail}"
    if len(line) <= MAX_COLUMNS or not params:
        yield line
        return
    yield f"{head}("
    yield from (f"    {param}," for param in params[:-1])
    yield f"    {params[-1]}"
    yield f"){tail}"


def _types(values: Iterable[Value]) -> str:
    types = [str(value.type) for value in values]
    return types[0] if len(types) == 1 else f"({join(types)})"


def _fields(op: Op, *slots: str) -> list[dataclasses.Field[Any]]:
    return [field for field in dataclasses.fields(op) if field.metadata.get("slot") in slots]


def _written_operands(op: Op) -> list[dataclasses.Field[Any]]:
    """Return the operand slots up to the last that differs from its default."""
    fields = _fields(op, "operand", "successor")
    while fields and _is_default(op, fields[-1]):
        fields.pop()
    return fields


def _is_default(op: Op, field: dataclasses.Field[Any]) -> bool:
    held = getattr(op, field.name)
    return type(held) is type(field.default) and held == field.default


def _module_attributes(module: Module) -> str:
    attributes = {"level": module.level}
    if module.target:
        attributes["target"] = format_string(module.target)
    return format_attributes(attributes)


def _dim(dim: DimRange) -> str:
    bounds = {"min": str(dim.minimum)}
    if dim.maximum is not None:
        bounds["max"] = str(dim.maximum)
    return f"dim {dim.name}{format_attributes(bounds)}"


def _weight(weight: Weight) -> str:
    digest = {"digest": format_string(weight.digest)} if weight.digest else {}
    return f"weight {format_symbol(weight.symbol)} : {weight.type}{format_attributes(digest)}"


def _cell(cell: Cell) -> str:
    attributes = {
        "path": format_string(cell.path),
        "initial": format_literal(cell.initial, _NO_REFERENCES),
    }
    return f"cell {format_symbol(cell.symbol)}{format_attributes(attributes)}"
