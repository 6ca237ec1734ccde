"""Where control goes on after a part of the program, and the two ways in which parts combine.

A part is a graph without jumps, so it says where the program goes on: it has a payload (values) for
each place that it may lead to, its *targets*, and a selector if there are several. ONNX's If and
Loop want one list of results on all paths, so payloads are put into slots. A value that is in sight
outside anyway takes no slot, and what no path reads is filled with something of the same type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import onnx_ir

from ....ir.types import I1, I64, ListType, TensorType, Type
from .. import torchlib
from .scope import Scope

Payload: TypeAlias = list[onnx_ir.Value | None]
"""The values that go along with control; None where the target does not care."""

Kinds: TypeAlias = Mapping[int, Sequence[Type]]
"""The types of the payload of each target."""


@dataclass(frozen=True)
class Outcome:
    """Say which targets a part leads to, with what, and which one is meant.

    `selector` is None if there is one target. It is a truth value if `first` is given, and holds if
    that one of two targets is meant; else it is the number of the target.
    """

    payloads: Mapping[int, Payload]
    selector: onnx_ir.Value | None = None
    first: int | None = None

    @property
    def only(self) -> int | None:
        """The target, if there is only one."""
        return next(iter(self.payloads)) if len(self.payloads) == 1 else None

    def without(self, target: int) -> Outcome:
        """Return the outcome in case that `target` is not meant."""
        others = {other: payload for other, payload in self.payloads.items() if other != target}
        if len(others) == 1:
            return Outcome(others)
        assert self.first is None, "a truth value tells two targets apart"
        return Outcome(others, self.selector)

    def is_meant(self, scope: Scope, target: int) -> onnx_ir.Value:
        """Return whether `target` is meant, as a truth value of the graph `scope`."""
        if self.selector is None or target not in self.payloads:
            return scope.number(target in self.payloads, I1)
        if self.first is None:
            return scope.node("Equal", self.selector, scope.integer(target), kind=I1)
        return self.selector if target == self.first else scope.inverse(self.selector)

    def number(self, scope: Scope) -> onnx_ir.Value:
        """Return the number of the target that is meant."""
        if self.only is not None:
            return scope.integer(self.only)
        assert self.selector is not None
        if self.first is None:
            return self.selector
        second = next(target for target in self.payloads if target != self.first)
        numbers = scope.integer(self.first), scope.integer(second)
        return scope.node("Where", self.selector, *numbers, kind=I64)


@dataclass
class _Slot:
    """One result of an If: a value of each arm, None where the arm gives none."""

    kind: Type
    values: tuple[onnx_ir.Value | None, onnx_ir.Value | None]

    def takes(self, kind: Type, values: tuple[onnx_ir.Value | None, ...]) -> bool:
        """Whether the slot can hold `values` too."""
        pairs = zip(self.values, values, strict=True)
        return self.kind == kind and all(a is None or b is None or a is b for a, b in pairs)

    def add(self, values: tuple[onnx_ir.Value | None, onnx_ir.Value | None]) -> None:
        """Hold `values` too."""
        first, second = self.values
        self.values = (
            values[0] if first is None else first,
            values[1] if second is None else second,
        )


@dataclass(frozen=True)
class Arm:
    """A graph and where it leads."""

    scope: Scope
    outcome: Outcome


class Choice:
    """An If with two arms."""

    def __init__(self, kinds: Kinds, outer: Scope, condition: onnx_ir.Value, arms: Sequence[Arm]):
        self.kinds = kinds
        self.outer = outer
        self.condition = condition
        self.arms = arms
        self.slots: list[_Slot] = []
        self.hidden = set[onnx_ir.Value]().union(*(arm.scope.own_values() for arm in arms))

    def emit(self) -> Outcome:
        """Append the If, if there is need for one, and return where it leads."""
        targets = list(dict.fromkeys(t for arm in self.arms for t in arm.outcome.payloads))
        places = {target: self._places(target) for target in targets}
        first, selector = self._selector(targets)
        results = self._results()
        payloads: dict[int, Payload] = {
            target: [results[item] if isinstance(item, int) else item for item in items]
            for target, items in places.items()
        }
        if isinstance(selector, int):
            return Outcome(payloads, results[selector], first)
        return Outcome(payloads, selector, first)

    def _places(self, target: int) -> list[onnx_ir.Value | int | None]:
        """Return, for each value of the payload, the value itself or the number of its slot."""
        given = [arm.outcome.payloads.get(target) for arm in self.arms]
        places: list[onnx_ir.Value | int | None] = []
        for position, kind in enumerate(self.kinds[target]):
            one, other = (None if payload is None else payload[position] for payload in given)
            known = other if one is None else one
            if known is None or (
                known not in self.hidden and (one is other or None in (one, other))
            ):
                places.append(known)
            else:
                places.append(self._slot(kind, (one, other)))
        return places

    def _slot(self, kind: Type, values: tuple[onnx_ir.Value | None, onnx_ir.Value | None]) -> int:
        for number, slot in enumerate(self.slots):
            if slot.takes(kind, values):
                slot.add(values)
                return number
        self.slots.append(_Slot(kind, values))
        return len(self.slots) - 1

    def _selector(self, targets: Sequence[int]) -> tuple[int | None, onnx_ir.Value | int | None]:
        """Return the target that a truth value stands for, and the selector or its slot."""
        if len(targets) == 1:
            return None, None
        one, other = (arm.outcome.only for arm in self.arms)
        if one is not None and other is not None:
            return one, self.condition
        if len(targets) == 2:
            said = [arm.outcome.is_meant(arm.scope, targets[0]) for arm in self.arms]
            return targets[0], self._slot(I1, (said[0], said[1]))
        numbers = [arm.outcome.number(arm.scope) for arm in self.arms]
        return None, self._slot(I64, (numbers[0], numbers[1]))

    def _results(self) -> list[onnx_ir.Value]:
        if not self.slots:
            return []
        if self._is_trivial():
            return [self._select(slot) for slot in self.slots]
        graphs = [
            arm.scope.graph([self._value(arm, slot, side) for slot in self.slots], name)
            for side, (arm, name) in enumerate(zip(self.arms, ("then", "else"), strict=True))
        ]
        results = self.outer.emitter.nodes(
            "If",
            self.condition,
            count=len(self.slots),
            then_branch=graphs[0],
            else_branch=graphs[1],
        )
        return [
            self.outer.declare(result, slot.kind)
            for result, slot in zip(results, self.slots, strict=True)
        ]

    def _value(self, arm: Arm, slot: _Slot, side: int) -> onnx_ir.Value:
        value = slot.values[side]
        return arm.scope.unused(slot.kind) if value is None else value

    def _is_trivial(self) -> bool:
        """Whether all there is to do is to select numbers."""
        nodes = [node for arm in self.arms for node in arm.scope.nodes]
        kinds = [slot.kind for slot in self.slots]
        numbers = not any(isinstance(kind, ListType | TensorType) for kind in kinds)
        return numbers and all(node.op_type == "Constant" for node in nodes)

    def _select(self, slot: _Slot) -> onnx_ir.Value:
        for arm in self.arms:
            self.outer.nodes.extend(arm.scope.nodes)
            arm.scope.nodes.clear()
        one, other = (self.outer.unused(slot.kind) if v is None else v for v in slot.values)
        return select(self.outer, self.condition, one, other, slot.kind)


def select(
    scope: Scope,
    condition: onnx_ir.Value,
    chosen: onnx_ir.Value,
    other: onnx_ir.Value,
    kind: Type,
) -> onnx_ir.Value:
    """Return `chosen` if `condition` holds, else `other`."""
    if isinstance(kind, ListType | TensorType):
        arms = [Arm(scope.child(), Outcome({0: [value]})) for value in (chosen, other)]
        (result,) = Choice({0: [kind]}, scope, condition, arms).emit().payloads[0]
        assert result is not None
        return result
    if kind != I1:
        return scope.node("Where", condition, chosen, other, kind=kind)
    taken = scope.node("And", condition, chosen, kind=I1)
    left = scope.node("And", scope.inverse(condition), other, kind=I1)
    return scope.node("Or", taken, left, kind=I1)


@dataclass
class _State:
    """One loop-carried value: before the loop, inside at the start and at the end of a step."""

    kind: Type
    before: onnx_ir.Value | None
    inside: onnx_ir.Value
    after: onnx_ir.Value


class Repetition:
    """A Loop that runs as long as its body leads back to the target `again`."""

    def __init__(
        self, kinds: Kinds, outer: Scope, start: Outcome, again: int, body: Scope, result: Outcome
    ) -> None:
        """`body` has an input for each value of the payload of `again`, and leads to `result`."""
        self.kinds = kinds
        self.outer = outer
        self.start = start
        self.again = again
        self.body = body
        self.result = result
        self.states: list[_State] = []
        self.own: set[onnx_ir.Value] = set()

    def emit(self) -> Outcome:
        """Append the Loop and return where it leads."""
        self._carry()
        self.own = self.body.own_values()
        exits = [t for t in dict.fromkeys([*self.result.payloads, *self.start.payloads])]
        exits.remove(self.again)
        places = {target: self._places(target) for target in exits}
        chosen = self._state(I64, *self._numbers()) if len(exits) > 1 else None
        results = self._results()
        payloads: dict[int, Payload] = {
            target: [results[item] if isinstance(item, int) else item for item in items]
            for target, items in places.items()
        }
        return Outcome(payloads, None if chosen is None else results[chosen])

    def _carry(self) -> None:
        """Make a state of each value that goes around and changes."""
        before, after = self.start.payloads[self.again], self.result.payloads[self.again]
        same: dict[onnx_ir.Value, onnx_ir.Value] = {}
        inputs = list(self.body.inputs)
        self.body.inputs.clear()
        for kind, old, inside, new in zip(
            self.kinds[self.again], before, inputs, after, strict=True
        ):
            assert old is not None and new is not None
            if new is inside or new is old:
                same[inside] = old
                onnx_ir.convenience.replace_all_uses_with([inside], [old])
            else:
                self.states.append(_State(kind, old, inside, new))
                self.body.inputs.append(inside)
        for payload in self.result.payloads.values():
            payload[:] = [value and same.get(value, value) for value in payload]
        for state in self.states:
            state.after = same.get(state.after, state.after)

    def _places(self, target: int) -> list[onnx_ir.Value | int | None]:
        nothing: Payload = [None] * len(self.kinds[target])
        before = self.start.payloads.get(target, nothing)
        after = self.result.payloads.get(target, nothing)
        places: list[onnx_ir.Value | int | None] = []
        for kind, old, new in zip(self.kinds[target], before, after, strict=True):
            if new is None:
                places.append(old)
            elif new not in self.own and (old is None or old is new):
                places.append(new)
            else:
                places.append(self._state(kind, old, new))
        return places

    def _numbers(self) -> tuple[onnx_ir.Value | None, onnx_ir.Value]:
        before = self.start.number(self.outer) if len(self.start.payloads) > 1 else None
        return before, self.result.number(self.body)

    def _state(self, kind: Type, before: onnx_ir.Value | None, after: onnx_ir.Value) -> int:
        for number, state in enumerate(self.states):
            agree = before is None or state.before is None or state.before is before
            if state.kind == kind and state.after is after and agree:
                state.before = before if state.before is None else state.before
                return number
        self.states.append(_State(kind, before, self.body.add_input(kind), after))
        return len(self.states) - 1

    def _results(self) -> list[onnx_ir.Value]:
        start = self.start.is_meant(self.outer, self.again)
        before = [
            self.outer.unused(state.kind) if state.before is None else state.before
            for state in self.states
        ]
        count = torchlib.new_value(None, None, None)
        running = torchlib.new_value(None, None, None)
        self.body.inputs[:0] = [self.body.declare(count, I64), self.body.declare(running, I1)]
        goes_on = self.result.is_meant(self.body, self.again)
        body = self.body.graph([goes_on, *(state.after for state in self.states)], "body")
        outputs = [torchlib.new_value(None, None, None) for _ in self.states]
        inputs = [None, start, *before]
        self.outer.nodes.append(
            onnx_ir.Node("", "Loop", inputs, [onnx_ir.AttrGraph("body", body)], outputs=outputs)
        )
        return [
            self.outer.declare(output, state.kind)
            for output, state in zip(outputs, self.states, strict=True)
        ]
