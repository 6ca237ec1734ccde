"""Lower `match`: each pattern becomes tests that leave for the next case where they fail.

Names are bound when the whole pattern matches, before the guard is tested.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping as AbstractMapping
from collections.abc import Sequence
from typing import Any

from ....diagnostics import Location
from .. import prelude
from .builder import Builder
from .conditions import lower_condition
from .instructions import (
    Argument,
    ArgumentKind,
    Branch,
    BuildMapping,
    BuildSlice,
    Call,
    Compare,
    DeleteItem,
    Entry,
    GetItem,
    Move,
    Register,
)
from .operators import CompareOperator
from .variables import copy_register, store_variable


def lower_match(builder: Builder, node: ast.Match) -> None:
    """Lower `match` with all its cases."""
    location = builder.locate(node.subject)
    subject = copy_register(builder, builder.expression(node.subject), location)
    end = builder.label()
    for case in node.cases:
        _lower_case(builder, case, subject, end)
    builder.place(end, location)


def _lower_case(builder: Builder, case: ast.match_case, subject: Register, end: int) -> None:
    location = builder.locate(case.pattern)
    following = builder.label()
    captures = {name: builder.temporary() for name in _captured_names(case.pattern)}
    _Matcher(builder, captures).match(case.pattern, subject, following)
    for name, register in captures.items():
        store_variable(builder, name, register, location)
    if case.guard is not None:
        body = builder.label()
        lower_condition(builder, case.guard, body, following)
        builder.place(body, location)
    builder.statements(case.body)
    builder.jump(end, location)
    builder.place(following, location)


def _captured_names(pattern: ast.pattern) -> list[str]:
    """Return the names that a pattern binds, each once."""
    names: dict[str, None] = {}
    for part in ast.walk(pattern):
        name = part.rest if isinstance(part, ast.MatchMapping) else getattr(part, "name", None)
        if isinstance(part, ast.pattern) and name is not None:
            names[name] = None
    return list(names)


class _Matcher:
    """Emit the tests of one pattern; what it captures goes to the registers `captures`."""

    def __init__(self, builder: Builder, captures: AbstractMapping[str, Register]) -> None:
        self._builder = builder
        self._captures = captures

    def match(self, pattern: ast.pattern, subject: Register, otherwise: int) -> None:
        """Go on if `subject` matches, else go to the label `otherwise`."""
        match pattern:
            case ast.MatchValue():
                value = self._builder.expression(pattern.value)
                self._compare(pattern, CompareOperator.EQUAL, subject, value, otherwise)
            case ast.MatchSingleton():
                value = self._builder.constant(pattern.value, self._locate(pattern))
                self._compare(pattern, CompareOperator.IS, subject, value, otherwise)
            case ast.MatchAs():
                if pattern.pattern is not None:
                    self.match(pattern.pattern, subject, otherwise)
                self._capture(pattern, pattern.name, subject)
            case ast.MatchOr():
                self._alternatives(pattern, subject, otherwise)
            case ast.MatchSequence():
                self._sequence(pattern, subject, otherwise)
            case ast.MatchMapping():
                self._mapping(pattern, subject, otherwise)
            case ast.MatchClass():
                self._class(pattern, subject, otherwise)
            case _:
                raise AssertionError("a starred pattern stands in a sequence")

    def _alternatives(self, pattern: ast.MatchOr, subject: Register, otherwise: int) -> None:
        matched, location = self._builder.label(), self._locate(pattern)
        for alternative in pattern.patterns[:-1]:
            following = self._builder.label()
            self.match(alternative, subject, following)
            self._builder.jump(matched, location)
            self._builder.place(following, location)
        self.match(pattern.patterns[-1], subject, otherwise)
        self._builder.place(matched, location)

    def _sequence(self, pattern: ast.MatchSequence, subject: Register, otherwise: int) -> None:
        parts = pattern.patterns
        stars = [index for index, part in enumerate(parts) if isinstance(part, ast.MatchStar)]
        self._require(pattern, prelude.is_sequence, [subject], otherwise)
        length = self._call(pattern, len, [subject])
        least = self._constant(pattern, len(parts) - len(stars))
        operator = CompareOperator.GREATER_EQUAL if stars else CompareOperator.EQUAL
        self._compare(pattern, operator, length, least, otherwise)
        after = len(parts) - stars[0] - 1 if stars else 0
        for index, part in enumerate(parts):
            if isinstance(part, ast.MatchStar):
                self._rest(part, subject, index, after)
            else:
                from_end = bool(stars) and index > stars[0]
                key = self._constant(part, index - len(parts) if from_end else index)
                self.match(part, self._item(part, subject, key), otherwise)

    def _rest(self, part: ast.MatchStar, subject: Register, start: int, after: int) -> None:
        if part.name is None:
            return
        bounds = [start, -after if after else None, None]
        begin, end, step = (self._constant(part, bound) for bound in bounds)
        key = self._builder.temporary()
        self._builder.emit(BuildSlice(self._locate(part), key, begin, end, step))
        items = self._item(part, subject, key)
        self._capture(part, part.name, self._call(part, list, [items]))

    def _mapping(self, pattern: ast.MatchMapping, subject: Register, otherwise: int) -> None:
        self._require(pattern, prelude.is_mapping, [subject], otherwise)
        keys = self._builder.expressions(pattern.keys)
        for key, part in zip(keys, pattern.patterns, strict=True):
            self._compare(part, CompareOperator.IN, key, subject, otherwise)
            self.match(part, self._item(part, subject, key), otherwise)
        if pattern.rest is not None:
            location, rest = self._locate(pattern), self._builder.temporary()
            self._builder.emit(BuildMapping(location, rest, (Entry(None, subject),)))
            for key in keys:
                self._builder.emit(DeleteItem(location, rest, key))
            self._capture(pattern, pattern.rest, rest)

    def _class(self, pattern: ast.MatchClass, subject: Register, otherwise: int) -> None:
        cls = self._builder.expression(pattern.cls)
        self._require(pattern, isinstance, [subject, cls], otherwise)
        keys: list[Any] = [*range(len(pattern.patterns)), *pattern.kwd_attrs]
        for key, part in zip(keys, [*pattern.patterns, *pattern.kwd_patterns], strict=True):
            operands = [subject, cls, self._constant(part, key)]
            self._require(part, prelude.has_part, operands, otherwise)
            self.match(part, self._call(part, prelude.part, operands), otherwise)

    # --- instructions ---

    def _locate(self, node: ast.pattern) -> Location:
        return self._builder.locate(node)

    def _constant(self, node: ast.pattern, value: object) -> Register:
        return self._builder.constant(value, self._locate(node))

    def _capture(self, node: ast.pattern, name: str | None, value: Register) -> None:
        if name is not None:
            self._builder.emit(Move(self._locate(node), self._captures[name], value))

    def _item(self, node: ast.pattern, container: Register, key: Register) -> Register:
        item = self._builder.temporary()
        self._builder.emit(GetItem(self._locate(node), item, container, key))
        return item

    def _call(self, node: ast.pattern, function: object, operands: Sequence[Register]) -> Register:
        result = self._builder.temporary()
        arguments = tuple(Argument(ArgumentKind.POSITIONAL, operand) for operand in operands)
        called = self._constant(node, function)
        self._builder.emit(Call(self._locate(node), result, called, arguments))
        return result

    def _require(
        self, node: ast.pattern, function: object, operands: Sequence[Register], otherwise: int
    ) -> None:
        self._test(node, self._call(node, function, operands), otherwise)

    def _compare(
        self,
        node: ast.pattern,
        operator: CompareOperator,
        left: Register,
        right: Register,
        otherwise: int,
    ) -> None:
        result = self._builder.temporary()
        self._builder.emit(Compare(self._locate(node), result, operator, left, right))
        self._test(node, result, otherwise)

    def _test(self, node: ast.pattern, condition: Register, otherwise: int) -> None:
        holds, location = self._builder.label(), self._locate(node)
        self._builder.emit(Branch(location, condition, holds, otherwise))
        self._builder.place(holds, location)


STATEMENTS = {ast.Match: lower_match}
