"""Control and data flow of register code: reachability, predecessors, liveness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .instructions import Instruction, Register


@dataclass(frozen=True, slots=True)
class Flow:
    """Hold instructions with the handler of each, as edges between program counters."""

    instructions: Sequence[Instruction]
    handlers: Sequence[int | None]

    def successors(self, counter: int) -> tuple[int, ...]:
        """Return where control goes from `counter` when nothing is raised."""
        instruction = self.instructions[counter]
        return (counter + 1,) if instruction.falls_through else instruction.targets

    def handler(self, counter: int) -> int | None:
        """Return where control goes from `counter` when something is raised in this function."""
        return self.handlers[counter] if self.instructions[counter].may_raise else None

    def edges(self, counter: int) -> set[int]:
        """Return every counter that control may go to from `counter`."""
        handler = self.handler(counter)
        return {*self.successors(counter), *([] if handler is None else [handler])}

    def reachable(self) -> set[int]:
        """Return the counters that control may come to."""
        found = {0}
        pending = [0]
        while pending:
            new = self.edges(pending.pop()) - found
            found |= new
            pending += new
        return found

    def predecessor_counts(self) -> list[int]:
        """Return, for each counter, from how many others control may come directly."""
        counts = [0] * len(self.instructions)
        for counter in range(len(self.instructions)):
            for successor in self.edges(counter):
                counts[successor] += 1
        return counts

    def liveness(self) -> list[frozenset[Register]]:
        """Return, for each counter, the registers that may be read before they are written.

        An instruction that raises has not written its destination.
        """
        live = [frozenset[Register]()] * len(self.instructions)
        changed = True
        while changed:
            changed = False
            for counter in reversed(range(len(self.instructions))):
                before = self._live_before(counter, live)
                changed |= before != live[counter]
                live[counter] = before
        return live

    def _live_before(
        self, counter: int, live: Sequence[frozenset[Register]]
    ) -> frozenset[Register]:
        instruction = self.instructions[counter]
        registers = {name for successor in self.successors(counter) for name in live[successor]}
        registers.discard(instruction.destination or "")
        registers.update(instruction.uses)
        handler = self.handler(counter)
        return frozenset(registers if handler is None else registers | live[handler])
