"""Where numbers that depend on data came to be, so that they can be made concrete there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import sympy

from ...ir import Block, ScalarType, Value
from .knowledge import ChoicePlace, LoopPlan
from .state import PositionKey
from .torch_internals import expression_of
from .tracer import Tracer
from .traversal import Path

JoinPlace: TypeAlias = tuple[PositionKey, Path]
"""A join, and which of the values that merge there."""


class Origins:
    """Remember, by symbol, the places at joins that it stands for, or the loop that carries it."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._joins: dict[Any, list[JoinPlace]] = {}
        self._loops: dict[Any, LoopPlan] = {}
        self._choices: dict[Any, ChoicePlace] = {}
        self._open: set[Any] = set()

    def add_join(self, number: Any, key: PositionKey, path: Path, merged: Iterable[Any]) -> None:
        """Remember at which join, and for which value there, `number` came to be.

        `merged` are the expressions that it stands for.
        """
        open_parts = [part for part in merged if part.free_symbols and not self.knows(part)]
        for symbol in expression_of(number).free_symbols:
            if open_parts:
                self._open.add(symbol)
            places = self._joins.setdefault(symbol, [])
            if (key, path) not in places:
                places.append((key, path))

    def add_loop(self, number: Any, plan: LoopPlan) -> None:
        """Remember which loop carries the symbol in `number`."""
        for symbol in expression_of(number).free_symbols:
            self._loops[symbol] = plan

    def new_text_of_join(self, key: PositionKey, path: Path) -> Any:
        """Return a symbol for a string that came to be at a join."""
        symbol = sympy.Dummy("text")
        self._joins[symbol] = [(key, path)]
        return symbol

    def new_text_of_choice(self, place: ChoicePlace) -> Any:
        """Return a symbol for a string that was chosen from a container."""
        symbol = sympy.Dummy("text")
        self._choices[symbol] = place
        return symbol

    def choice(self, symbol: Any) -> ChoicePlace | None:
        """Return where the string of `symbol` was chosen from a container."""
        return self._choices.get(symbol)

    def inherit(self, number: Any, source: Any) -> None:
        """Let the symbol in `number` be made concrete where those in `source` can be."""
        for symbol in expression_of(source).free_symbols:
            for own in expression_of(number).free_symbols - {symbol}:
                if symbol in self._loops:
                    self._loops.setdefault(own, self._loops[symbol])
                self._joins.setdefault(own, list(self._joins.get(symbol, ())))

    def knows(self, number: Any) -> bool:
        """Tell whether specialising could make the symbols of `number` concrete."""
        symbols = expression_of(number).free_symbols
        return any(self._joins.get(symbol) or symbol in self._loops for symbol in symbols)

    def is_merged(self, number: Any) -> bool:
        """Tell whether keeping paths apart could make the symbols of `number` concrete."""
        symbols = expression_of(number).free_symbols - self._open
        return any(map(self._joins.get, symbols))

    def loop(self, symbol: Any) -> LoopPlan | None:
        """Return the loop that carries `symbol`."""
        return self._loops.get(symbol)

    def joins(self, symbol: Any) -> list[JoinPlace]:
        """Return where `symbol`, or a number that it is computed from, came to be at joins."""
        pending, seen = [symbol], {symbol}
        found: list[JoinPlace] = []
        while pending:
            current = pending.pop()
            found += self._joins.get(current, ())
            following = set(self._computed_from(current)) - seen
            seen |= following
            pending += sorted(following, key=str)
        return found

    def named(self, name: str) -> Any:
        """Return the symbol that torch's messages call `name`, None if it came from no join."""
        scalars = self._tracer.scalars
        return next((symbol for symbol in scalars.symbols() if str(symbol) == name), None)

    def _computed_from(self, symbol: Any) -> Iterator[Any]:
        """Yield the symbols that stand for numbers which the value of `symbol` is computed from."""
        scalars = self._tracer.scalars
        value = scalars.bound_value(symbol)
        if value is None:
            return
        by_value = scalars.symbols_by_value()
        pending: list[Value] = [value]
        seen: set[Value] = set(pending)
        while pending:
            current = pending.pop()
            if by_value.get(current, symbol) != symbol:
                yield by_value[current]
            for operand in _scalar_operands(current):
                if operand not in seen:
                    seen.add(operand)
                    pending.append(operand)


def _scalar_operands(value: Value) -> Iterable[Value]:
    if isinstance(value.owner, Block):
        return ()
    return [each for each in value.owner.operands if isinstance(each.type, ScalarType)]
