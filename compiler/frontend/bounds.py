"""How often an iterator yields: a loop over one that is bounded can be unrolled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .hir import LoopHeader, LoopKind
from .objects import (
    ABSENT,
    CountingIterator,
    DynamicList,
    Generator,
    IndexIterator,
    RangeIterator,
    SequenceIterator,
    ZipIterator,
)
from .scalars import is_symbolic

if TYPE_CHECKING:
    from .state import Frame


def is_bounded(iterator: Any, limit: int) -> bool:
    """Tell whether it is known how often `iterator` still yields; at most `limit` for a range."""
    if isinstance(iterator, CountingIterator):
        return is_bounded(iterator.inner, limit)
    if isinstance(iterator, ZipIterator):
        return any(is_bounded(part, limit) for part in iterator.parts)
    if isinstance(iterator, RangeIterator):
        numbers = (iterator.current, iterator.stop, iterator.step)
        return not any(map(is_symbolic, numbers)) and len(range(*numbers)) <= limit
    if isinstance(iterator, IndexIterator):
        return not is_symbolic(iterator.length)
    if isinstance(iterator, SequenceIterator) and isinstance(iterator.items, DynamicList):
        return not is_symbolic(iterator.items.length)
    return not isinstance(iterator, Generator) or _is_bounded_generator(iterator, limit)


def _is_bounded_generator(generator: Generator, limit: int) -> bool:
    """Tell whether all loops in which the generator is suspended are bounded."""
    frame: Frame | None = generator.frame
    if frame is None:
        return True
    return generator.is_started and all(
        loop.kind is not LoopKind.WHILE and is_bounded(iterator_of(frame, loop.header), limit)
        for loop in frame.code.enclosing[frame.counter]
    )


def iterator_of(frame: Frame, header: int) -> Any:
    """Return what the loop at `header` iterates over, ABSENT for a `while` loop."""
    instruction = frame.code.instructions[header]
    assert isinstance(instruction, LoopHeader), "a loop begins with its header"
    return frame.registers.get(instruction.iterator or "", ABSENT)
