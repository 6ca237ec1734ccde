"""Relations of sizes that torch must know: the program branches on them.

The instruction in which torch asked is executed again in each arm. Until it is done, the frame
holds the answers, so that the arms do not meet.
"""

from __future__ import annotations

from .objects import ABSENT
from .state import Frame

_ANSWERED = "answered"


def add_answer(frame: Frame, question: object, answer: bool) -> None:
    """Remember what holds on this path."""
    earlier = frame.handed if holds_answers(frame) else _ANSWERED
    frame.handed = f"{earlier}; {question}: {answer}"


def forget_answers(frame: Frame) -> bool:
    """Forget the answers: the instruction is done. Return whether there were any."""
    has_any = holds_answers(frame)
    if has_any:
        frame.handed = ABSENT
    return has_any


def holds_answers(frame: Frame) -> bool:
    """Tell whether the instruction is executed again since torch had to know a relation."""
    return isinstance(frame.handed, str) and frame.handed.startswith(_ANSWERED)
