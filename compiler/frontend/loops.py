"""Loops whose exit depends on data: found by running them, then generalised to a fixpoint.

A loop that may be dynamic runs in a scope of its own. If an iteration can both leave and go on,
the attempt is rolled back and the loop becomes a loop of the CFG: everything live at the header is
assumed invariant; what differs at the back edge becomes a block argument, and the next attempt
starts. A value that changes its kind (None becomes a tensor) is dealt with by peeling iterations,
or by a header for each kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...ir import Block, Op
from .back_edges import settle_kinds
from .bounds import is_bounded, iterator_of
from .failures import LoopRetry
from .fork import clone_state
from .hir import Loop, LoopHeader, LoopKind
from .knowledge import LoopPlan
from .objects import Generator
from .promotion import with_lists
from .schedule import Scope
from .state import Frame, State, loop_position
from .tracer import drop_ops_after

if TYPE_CHECKING:
    from .machine import Machine

MAX_ATTEMPTS = 40


@dataclass(frozen=True)
class Checkpoint:
    """How much of the function existed before an attempt."""

    block: Block
    last: Op | None
    blocks: int
    diagnostics: int


# --- attempts -----------------------------------------------------------------------------------


def may_be_dynamic(machine: Machine, frame: Frame, header: LoopHeader) -> bool:
    """Tell whether the loop at `header` could become a loop of the CFG."""
    if header.iterator is None:
        return True
    return not is_bounded(frame.registers[header.iterator], machine.limits.unroll)


def run_loop(machine: Machine, state: State, loop: Loop) -> None:
    """Run the loop at whose header `state` stands; the paths that leave it are scheduled."""
    plan = machine.knowledge.loop(loop_position(state, len(state.frames) - 1, loop))
    checkpoint: Checkpoint | None = None
    state.knowledge = machine.tracer.shapes.snapshot()  # what attempts learn must be forgotten
    for _ in range(MAX_ATTEMPTS):
        machine.tracer.activate(state)
        candidate = clone_state(machine, state)
        checkpoint = checkpoint or _checkpoint(machine, state)
        scope = Scope(loop, state.frame.activation, len(state.frames) - 1, plan)
        if _attempt(machine, scope, candidate):
            for leaving in scope.exits:
                _generalise_exit(machine, plan, leaving)
                machine.schedule(leaving)
            return
        _roll_back(machine, checkpoint)
    raise machine.tracer.refuse(
        "MC0106",
        f"what this loop carries is still not settled after {MAX_ATTEMPTS} attempts",
        help="carry fewer values from one iteration to the next",
    )


def _generalise_exit(machine: Machine, plan: LoopPlan, state: State) -> None:
    """Make dynamic lists, on a path that left in a peeled iteration, of those that grow later."""
    if plan.peel and (plan.lists or plan.strings):
        machine.tracer.activate(state)
        state.adopt(with_lists(machine, state, plan.lists, plan.strings, where_possible=True))
        state.knowledge = machine.tracer.shapes.snapshot()


def _attempt(machine: Machine, scope: Scope, candidate: State) -> bool:
    machine.scopes.append(scope)
    try:
        machine.run_state(candidate)
        machine.drain(scope)
        settle_kinds(machine, scope)
    except LoopRetry as retry:
        if retry.scope is not scope:
            raise
        return False
    finally:
        machine.scopes.pop()
    return True


def _checkpoint(machine: Machine, state: State) -> Checkpoint:
    last = state.block.ops[-1] if state.block.ops else None
    count = len(machine.tracer.region.blocks)
    return Checkpoint(state.block, last, count, len(machine.diagnostics))


def _roll_back(machine: Machine, checkpoint: Checkpoint) -> None:
    blocks = machine.tracer.region.blocks
    for block in reversed(blocks[checkpoint.blocks :]):
        drop_ops_after(block, None)
    del blocks[checkpoint.blocks :]
    drop_ops_after(checkpoint.block, checkpoint.last)
    for diagnostic in list(machine.diagnostics)[checkpoint.diagnostics :]:
        del machine.diagnostics[diagnostic]


def observe(machine: Machine, state: State, loop: Loop, event: str) -> None:
    """Note that an iteration of `loop` was left or goes on; if both, the loop is dynamic."""
    frame = state.frame
    scope = machine.scope_of(frame, loop)
    if scope is None or scope.plan.dynamic or scope.plan.unroll:
        return
    if state.forks <= frame.loop_forks.get(loop.header, 0):
        return
    events = scope.events.setdefault(frame.iterations.get(loop.header, 0), set())
    events.add(event)
    if event == "back" and _is_over_bounded(machine, frame, loop):
        events.add("bounded")
    if events == {"exit", "back"}:
        scope.plan.dynamic = True
        machine.knowledge.note(
            "the exit of this loop depends on data: it stays a loop", loop.location
        )
        raise LoopRetry(scope)


def _is_over_bounded(machine: Machine, frame: Frame, loop: Loop) -> bool:
    """Tell whether the generator that the loop iterates over will end by itself."""
    if loop.kind is LoopKind.WHILE:
        return False
    iterator = iterator_of(frame, loop.header)
    return isinstance(iterator, Generator) and is_bounded(iterator, machine.limits.unroll)
