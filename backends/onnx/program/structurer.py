"""From the control-flow graph of a host function to nested graphs with If and Loop.

The places of blocks are those of the host module's nested statements (`runtime/host/layout.py`):
at the only edge that leads to a block, or behind everything that leads to it. Here no statement
jumps. Each part says where it leads (`outcome.py`), and what stands behind it runs if it is meant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import onnx_ir

from ....diagnostics import DiagnosticError
from ....ir.core import Op, Value
from ....ir.host import Branch, CondBranch, Raise, Return, Switch
from ....ir.types import I1, I64, Type
from .flow import Flow
from .operations import emit
from .outcome import Arm, Choice, Outcome, Payload, Repetition
from .results import Held, Results
from .scope import Scope

END = -1
"""The target of returns and raises."""

MAX_DEPTH = 28
"""Readers of protocol buffers refuse 100 levels, of which a nested graph takes three."""


class Structurer:
    """Write the blocks of one function into graphs."""

    def __init__(self, flow: Flow, results: Results) -> None:
        self.flow = flow
        self.results = results
        self.kinds: dict[int, Sequence[Type]] = {
            block: [value.type for value in flow.signature(block)] for block in flow.graph.order
        }
        self.kinds[END] = results.types

    def function(self, scope: Scope) -> Payload:
        """Write the whole function into `scope`; return the outputs, None where nobody cares."""
        outcome = self._region(scope, self.flow.graph.order[0])
        assert outcome.only == END, "control falls off the end of the function"
        return outcome.payloads[END]

    def _region(self, scope: Scope, block: int) -> Outcome:
        """Write `block` and all that stands at or behind it."""
        followers = self.flow.places.followers(block)
        return self._resolve(scope, self._head(scope, block), followers)

    def _resolve(self, scope: Scope, outcome: Outcome, followers: Sequence[int]) -> Outcome:
        """Write what follows a part that leads to `outcome`, as far as that leads there."""
        waiting = list(followers)
        while waiting:
            target = waiting.pop(0)
            if target not in outcome.payloads:
                continue
            if outcome.only is None:
                outcome = self._guarded(scope, outcome, target, self._region)
            else:
                scope.bind(self.flow.signature(target), outcome.payloads[target])
                outcome = self._head(scope, target)
                waiting = [*self.flow.places.followers(target), *waiting]
        return outcome

    def _guarded(
        self,
        scope: Scope,
        outcome: Outcome,
        target: int,
        write: Callable[[Scope, int], Outcome],
    ) -> Outcome:
        """Write `target` for the case that `outcome` means it."""
        condition = outcome.is_meant(scope, target)
        inner = self._child(scope, target)
        inner.bind(self.flow.signature(target), outcome.payloads[target])
        arms = [
            Arm(inner, write(inner, target)),
            Arm(scope.child(), outcome.without(target)),
        ]
        return Choice(self.kinds, scope, condition, arms).emit()

    def _head(self, scope: Scope, block: int) -> Outcome:
        """Write `block` and what stands at it, or the loop that it heads."""
        if block not in self.flow.graph.loops:
            return self._straight(scope, block)
        if block in self.flow.tests:
            return self._tested_loop(scope, block)
        return self._loop(scope, block)

    def _loop(self, scope: Scope, header: int) -> Outcome:
        """Write a loop that is left from anywhere."""
        carried = self.flow.signature(header)
        start = Outcome({header: [scope.lookup(value) for value in carried]})
        body = self._body(scope, header, carried)
        result = self._straight(body, header)
        result = self._resolve(body, result, self.flow.places.loop_parts(header))
        return Repetition(self.kinds, scope, start, header, body, result).emit()

    def _tested_loop(self, scope: Scope, header: int) -> Outcome:
        """Write a loop whose header decides; the test stands before the loop and at its end."""
        again = self.flow.targets[header][self.flow.tests[header]]
        start = self._test(scope, header)
        body = self._body(scope, header, self.flow.signature(again))
        result = self._region(body, again)
        if result.only is None:
            result = self._guarded(body, result, header, self._test)
        else:
            body.bind(self.flow.signature(header), result.payloads[header])
            result = self._test(body, header)
        return Repetition(self.kinds, scope, start, again, body, result).emit()

    def _test(self, scope: Scope, header: int) -> Outcome:
        """Write the header of a loop, without what stands at its edges."""
        condition = self._ops(scope, header)
        assert isinstance(condition, CondBranch)
        first, second = (
            self._leave(scope, header, index) for index in range(len(self.flow.targets[header]))
        )
        selector = scope.lookup(condition.condition)
        return Outcome({**first.payloads, **second.payloads}, selector, first.only)

    def _body(self, scope: Scope, header: int, carried: Sequence[Value]) -> Scope:
        body = self._child(scope, header)
        body.bind(carried, [body.add_input(value.type) for value in carried])
        return body

    def _straight(self, scope: Scope, block: int) -> Outcome:
        """Write `block` and its branches."""
        ending = self._ops(scope, block)
        match ending:
            case Branch():
                return self._edge(scope, block, 0)
            case CondBranch(condition=condition):
                arms = [self._arm(scope, block, index) for index in (0, 1)]
                return Choice(self.kinds, scope, scope.lookup(condition), arms).emit()
            case Switch():
                return self._switch(scope, block, ending)
            case _:
                assert isinstance(ending, Return | Raise)
                return Outcome({END: self._end(scope, ending)})

    def _ops(self, scope: Scope, block: int) -> Op:
        """Write the ops of `block`; return its terminator."""
        *ops, ending = self.flow.blocks[block].ops
        for op in ops:
            emit(scope, op)
        return ending

    def _arm(self, scope: Scope, block: int, index: int) -> Arm:
        inner = self._child(scope, block)
        return Arm(inner, self._edge(inner, block, index))

    def _edge(self, scope: Scope, block: int, index: int) -> Outcome:
        """Write what stands at an edge, if anything does."""
        target = self.flow.targets[block][index]
        if not self.flow.places.holds(block, target):
            return self._leave(scope, block, index)
        edge = self.flow.edge(block, index)
        scope.bind(edge.block.args, [scope.lookup(value) for value in edge.arguments])
        return self._region(scope, target)

    def _leave(self, scope: Scope, block: int, index: int) -> Outcome:
        """Go on where an edge leads to."""
        target = self.flow.targets[block][index]
        values = [*self.flow.edge(block, index).arguments, *self.flow.passed.get(target, ())]
        return Outcome({target: [scope.lookup(value) for value in values]})

    def _switch(self, scope: Scope, block: int, op: Switch) -> Outcome:
        """Write the cases as a balanced tree of branches; the session fails beyond them."""
        numbers = scope.emitter.integers(range(len(op.cases)))
        chosen = scope.node("Gather", numbers, scope.lookup(op.index), kind=I64)
        return self._cases(scope, block, chosen, 0, len(op.cases))

    def _cases(
        self, scope: Scope, block: int, chosen: onnx_ir.Value, low: int, high: int
    ) -> Outcome:
        if high - low == 1:
            return self._edge(scope, block, low)
        middle = (low + high) // 2
        condition = scope.node("Less", chosen, scope.integer(middle), kind=I1)
        arms: list[Arm] = []
        for part in ((low, middle), (middle, high)):
            inner = self._child(scope, block)
            arms.append(Arm(inner, self._cases(inner, block, chosen, *part)))
        return Choice(self.kinds, scope, condition, arms).emit()

    def _end(self, scope: Scope, op: Return | Raise) -> Payload:
        held = self.results.given[op]
        return [
            self._given(scope, held.get(number), output.type)
            for number, output in enumerate(self.results.outputs)
        ]

    def _given(self, scope: Scope, held: Held | None, kind: Type) -> onnx_ir.Value | None:
        if held is None:
            return None
        if isinstance(held, Value):
            return scope.lookup(held)
        return scope.number(held, kind)

    def _child(self, scope: Scope, block: int) -> Scope:
        if scope.depth >= MAX_DEPTH:
            raise self._too_deep(block)
        return scope.child()

    def _too_deep(self, block: int) -> DiagnosticError:
        return self.flow.blocks[block].terminator.error(
            "MC0404",
            f"branches and loops are nested more than {MAX_DEPTH} deep in the ONNX model",
            help="compile for target cpu, which has no such limit, or merge branches",
        )
