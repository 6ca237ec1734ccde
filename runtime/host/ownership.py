"""Lists that nobody else can see: appending to them may change them in place.

Lists are values in the IR, so `list.append` means a copy. A list built by a loop would then cost a
copy per iteration. It need not be copied if the list was made by this program, is not needed
after the append, and no other list or value can hold it.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..types import ListType
from .liveness import Liveness
from .program import Entry, Program, edges_of

_MAKERS = (
    "list.make",
    "list.append",
    "list.set",
    "list.extend",
    "list.slice",
    "list.reverse",
    "list.take",
    "list.order",
    "list.of_tensor",
    "text.characters",
    "text.call",
)


def owned_lists(program: Program, entry: Entry, liveness: Liveness) -> frozenset[int]:
    """Return the list values that hold the only reference to their list."""
    owned = {value for value in _candidates(entry) if _is_list(program, entry, value)}
    owned -= set(_stored(entry))
    while True:
        lost = {value for value in _arguments_lost(entry, owned, liveness) if value in owned}
        if not lost:
            return frozenset(owned)
        owned -= lost


def _is_list(program: Program, entry: Entry, value: int) -> bool:
    return isinstance(program.type_of(entry, value), ListType)


def _candidates(entry: Entry) -> Iterator[int]:
    for number, block in enumerate(entry.blocks):
        if number != 0:
            yield from block.arguments
        for instruction in block.instructions:
            if instruction.operation in _MAKERS:
                yield instruction.results[0]


def _stored(entry: Entry) -> Iterator[int]:
    """Yield the values that may become reachable in a second way."""
    for block in entry.blocks:
        for instruction in block.instructions:
            match instruction.operation:
                case "list.append" | "list.set":
                    yield instruction.operands[-1]
                case "list.make" | "arith.select" | "host.invoke":
                    yield from instruction.operands
                case _:
                    pass


def _arguments_lost(entry: Entry, owned: set[int], liveness: Liveness) -> Iterator[int]:
    """Yield the block arguments to which some edge passes a list that others still hold."""
    for block in entry.blocks:
        for edge in edges_of(block.terminator):
            still_needed = liveness.live_in[edge.block]
            arguments = entry.blocks[edge.block].arguments
            for argument, value in zip(arguments, edge.arguments, strict=True):
                shared = still_needed >> value & 1 or edge.arguments.count(value) > 1
                if shared or value not in owned:
                    yield argument
