"""The parts of a parsed text, before names and types mean anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from lark import Token, Transformer


@dataclass(frozen=True)
class Atom:
    """One token that stands for a value, number, string, symbol or name, as `kind` says."""

    kind: str
    token: Token

    def __str__(self) -> str:
        return str(self.token)


@dataclass(frozen=True)
class Group:
    """Several expressions: a `list`, or the arguments of the `call`, `type` or `edge` `head`."""

    kind: str
    head: Token | None
    items: tuple[Expression, ...]

    def __str__(self) -> str:
        return str(self.head) if self.head else "a list"


@dataclass(frozen=True)
class Arithmetic:
    """An arithmetic expression; `kind` names the operation."""

    kind: str
    items: tuple[Expression, ...]

    def __str__(self) -> str:
        return "an arithmetic expression"


Expression: TypeAlias = Atom | Group | Arithmetic


@dataclass(frozen=True)
class Attribute:
    name: Token
    value: Expression


@dataclass(frozen=True)
class Attributes:
    items: tuple[Attribute, ...] = ()


@dataclass(frozen=True)
class Types:
    items: tuple[Expression, ...]


@dataclass(frozen=True)
class Operands:
    items: tuple[Expression, ...] = ()


@dataclass(frozen=True)
class Results:
    names: tuple[Token, ...] = ()


@dataclass(frozen=True)
class Place:
    """A reference into the table of locations."""

    reference: Token


@dataclass(frozen=True)
class Param:
    name: Token
    type: Expression


@dataclass(frozen=True)
class Params:
    items: tuple[Param, ...] = ()


@dataclass(frozen=True)
class Statement:
    operation: Token
    results: Results
    operands: Operands
    attributes: Attributes
    types: Types | None
    place: Place | None


@dataclass(frozen=True)
class BlockText:
    name: Token | None
    params: Params
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class ResultTypes:
    types: Types


@dataclass(frozen=True)
class FuncText:
    kind: str
    symbol: Token
    result_types: ResultTypes | None
    attributes: Attributes
    place: Place | None
    blocks: tuple[BlockText, ...]


@dataclass(frozen=True)
class Declaration:
    """A dim, weight or cell."""

    kind: str
    name: Token
    type: Expression | None
    attributes: Attributes


@dataclass(frozen=True)
class Entry:
    """One line of the table of locations."""

    reference: Token
    file: Token
    numbers: tuple[Token, ...]
    attributes: Attributes


@dataclass(frozen=True)
class LocationTable:
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class ModuleText:
    symbol: Token
    attributes: Attributes
    items: tuple[Declaration | FuncText, ...]
    locations: LocationTable | None


def tokens(expression: Expression) -> Iterator[Token]:
    """Yield the tokens of `expression` that were kept, from left to right."""
    todo: list[Expression] = [expression]
    while todo:
        node = todo.pop()
        if isinstance(node, Atom):
            yield node.token
            continue
        if isinstance(node, Group) and node.head is not None:
            yield node.head
        todo.extend(reversed(node.items))


Rule: TypeAlias = Callable[["SyntaxBuilder", list[Any]], Expression]
Part = TypeVar("Part")
Default = TypeVar("Default")


def _one(children: list[Any], kind: type[Part], default: Default) -> Part | Default:
    return next((child for child in children if isinstance(child, kind)), default)


def _all(children: list[Any], kind: type[Part]) -> tuple[Part, ...]:
    return tuple(child for child in children if isinstance(child, kind))


def _atom(kind: str) -> Rule:
    return lambda builder, children: Atom(kind, children[0])


def _group(kind: str) -> Rule:
    def group(builder: SyntaxBuilder, children: list[Any]) -> Group:
        operands = _one(children, Operands, Operands())
        return Group(kind, _one(children, Token, None), operands.items)

    return group


def _arithmetic(kind: str) -> Rule:
    return lambda builder, children: Arithmetic(kind, tuple(children))


class SyntaxBuilder(Transformer[Token, ModuleText]):
    """Make the parts above from what the grammar's rules of the same names matched."""

    integer = _atom("integer")
    floating = _atom("floating")
    string = _atom("string")
    symbol = _atom("symbol")
    value = _atom("value")
    reference = _atom("reference")
    name = _atom("name")
    data_dependent = _atom("data_dependent")

    list = _group("list")
    call = _group("call")
    type = _group("type")
    edge = _group("edge")

    add = _arithmetic("add")
    subtract = _arithmetic("subtract")
    multiply = _arithmetic("multiply")
    divide = _arithmetic("divide")
    negate = _arithmetic("negate")
    raise_to = _arithmetic("raise_to")

    def expressions(self, children: list[Any]) -> Operands:
        return Operands(tuple(children))

    def attribute(self, children: list[Any]) -> Attribute:
        return Attribute(children[0], children[1])

    def attributes(self, children: list[Any]) -> Attributes:
        return Attributes(tuple(children))

    def types(self, children: list[Any]) -> Types:
        return Types(tuple(children))

    def result_types(self, children: list[Any]) -> ResultTypes:
        return ResultTypes(children[0])

    def results(self, children: list[Any]) -> Results:
        return Results(tuple(children))

    def location(self, children: list[Any]) -> Place:
        return Place(children[0])

    def param(self, children: list[Any]) -> Param:
        return Param(children[0], children[1])

    def params(self, children: list[Any]) -> Params:
        return Params(tuple(children))

    def statement(self, children: list[Any]) -> Statement:
        return Statement(
            operation=_all(children, Token)[0],
            results=_one(children, Results, Results()),
            operands=_one(children, Operands, Operands()),
            attributes=_one(children, Attributes, Attributes()),
            types=_one(children, Types, None),
            place=_one(children, Place, None),
        )

    def block(self, children: list[Any]) -> BlockText:
        params = _one(children, Params, Params())
        return BlockText(children[0], params, _all(children, Statement))

    def host(self, children: list[Any]) -> str:
        return "host"

    def local(self, children: list[Any]) -> str:
        return "local"

    def graph(self, children: list[Any]) -> str:
        return "graph"

    def func(self, children: list[Any]) -> FuncText:
        entry = BlockText(None, _one(children, Params, Params()), _all(children, Statement))
        return FuncText(
            kind=children[0],
            symbol=children[1],
            result_types=_one(children, ResultTypes, None),
            attributes=_one(children, Attributes, Attributes()),
            place=_one(children, Place, None),
            blocks=(entry, *_all(children, BlockText)),
        )

    def dim(self, children: list[Any]) -> Declaration:
        return Declaration("dim", children[0], None, _one(children, Attributes, Attributes()))

    def cell(self, children: list[Any]) -> Declaration:
        return Declaration("cell", children[0], None, children[1])

    def weight(self, children: list[Any]) -> Declaration:
        attributes = _one(children, Attributes, Attributes())
        return Declaration("weight", children[0], children[1], attributes)

    def entry(self, children: list[Any]) -> Entry:
        reference, file, *numbers = _all(children, Token)
        attributes = _one(children, Attributes, Attributes())
        return Entry(reference, file, tuple(numbers), attributes)

    def locations(self, children: list[Any]) -> LocationTable:
        return LocationTable(tuple(children))

    def module(self, children: list[Any]) -> ModuleText:
        return ModuleText(
            symbol=children[0],
            attributes=_one(children, Attributes, Attributes()),
            items=tuple(c for c in children if isinstance(c, (Declaration, FuncText))),
            locations=_one(children, LocationTable, None),
        )
