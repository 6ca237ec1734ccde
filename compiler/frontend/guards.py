"""Whether the program has an answer to an exception."""

from __future__ import annotations

from .hir import Code, ExitContext, MatchException, Reraise, Return
from .hir.analysis import Flow
from .prelude import Suppression
from .state import Frame, State


def is_guarded(state: State) -> bool:
    """Tell whether an exception raised now could be caught by the program."""
    return any(map(_catches, state.frames))


def _catches(frame: Frame) -> bool:
    """Tell whether the handler is more than a `finally` or the way out of a `with` statement."""
    handler = frame.code.handlers[frame.counter]
    if handler is None:
        return False
    following = frame.code.instructions[handler : handler + 3]
    managers = [
        frame.registers.get(step.manager) for step in following if isinstance(step, ExitContext)
    ]
    if any(isinstance(manager, Suppression) for manager in managers):
        return True
    return not managers and not _passes_on(frame.code, handler)


def _passes_on(code: Code, handler: int) -> bool:
    """Tell whether all ways from a `Catch` lead to raising the same exception again."""
    caught = code.instructions[handler].destination
    flow = Flow(code.instructions, code.handlers)
    pending, seen = [handler], {handler}
    while pending:
        counter = pending.pop()
        instruction = code.instructions[counter]
        if isinstance(instruction, Reraise) and instruction.exception == caught:
            continue
        if isinstance(instruction, (MatchException, Return)):
            return False
        new = set(flow.successors(counter)) - seen
        seen |= new
        pending += new
    return True
