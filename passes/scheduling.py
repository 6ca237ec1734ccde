"""In which order the ops of a block run, so that tensor work comes in few runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..ir import Op
from ..ir.graph import AtenOp
from ..ir.host import Invoke, LoadWeight


@dataclass(frozen=True)
class Run:
    """Ops to execute one after the other: ATen ops of one engine, or host ops if it is None."""

    engine: str | None
    ops: tuple[Op, ...]


def schedule(ops: Sequence[Op], engine_of: Callable[[AtenOp], str]) -> list[Run]:
    """Order `ops` so that they form as few runs as a greedy choice gives.

    Host ops run as soon as they can, then all ATen ops that can and that the engine of the first
    one takes, and so on. Views of weights, and constants, wait for the first run that reads them.
    """
    engines: dict[Op, str] = {op: engine_of(op) for op in ops if isinstance(op, AtenOp)}
    queue = _Queue(ops)
    runs: list[Run] = []
    while queue.waiting:
        host = queue.take([op for op in queue.waiting if op not in engines])
        if host:
            runs.append(Run(None, tuple(host)))
        first = next((op for op in queue.waiting if queue.is_ready(op)), None)
        if first is not None:
            engine = engines[first]
            taken = queue.take([op for op in queue.waiting if engines.get(op) == engine])
            runs.append(Run(engine, tuple(taken)))
    return _postponed(runs)


def _postponed(runs: Sequence[Run]) -> list[Run]:
    """Move what reads weights only, or nothing, to the first run that reads it.

    Earlier, it would be a result to pass on instead of a part of what reads it.
    """
    place = {op: number for number, run in enumerate(runs) for op in run.ops}
    constant = _constants(place)
    later: dict[Op, int] = {}
    for op in reversed(constant):
        readers = [user for result in op.results for user in result.users]
        if readers and all(reader in place for reader in readers):
            first = min(place[reader] for reader in readers)
            if first > place[op] and runs[first].engine == runs[place[op]].engine:
                later[op] = place[op] = first
    moved: list[list[Op]] = [[] for _ in runs]
    for op in constant:
        if op in later:
            moved[later[op]].append(op)
    kept = [
        Run(run.engine, (*ops, *(op for op in run.ops if op not in later)))
        for run, ops in zip(runs, moved, strict=True)
    ]
    return [run for run in kept if run.ops]


def _constants(ops: Iterable[Op]) -> list[Op]:
    """Return the pure ATen ops, in order, that read nothing but weights and each other."""
    found: dict[Op, None] = {}
    for op in ops:
        owners = [value.owner for value in op.operands]
        is_constant = all(isinstance(o, LoadWeight) or o in found for o in owners)
        if isinstance(op, AtenOp) and op.is_pure and is_constant:
            found[op] = None
    return list(found)


def count_calls(ops: Sequence[Op]) -> int:
    """Return how many sub-networks `ops` give if one engine takes all."""
    runs = schedule(ops, lambda op: "any")
    return sum(1 for run in runs if run.engine is not None)


class _Queue:
    """Ops in program order that wait for ops before them."""

    def __init__(self, ops: Sequence[Op]) -> None:
        self.waiting = dict.fromkeys(ops)
        self._after = dict(_dependencies(ops))

    def is_ready(self, op: Op) -> bool:
        """Tell whether nothing that `op` needs still waits."""
        return not any(other in self.waiting for other in self._after[op])

    def take(self, wanted: Iterable[Op]) -> list[Op]:
        """Take those of `wanted`, in program order, that need nothing but what was taken."""
        taken: list[Op] = []
        for op in wanted:
            if self.is_ready(op):
                del self.waiting[op]
                taken.append(op)
        return taken


def _dependencies(ops: Sequence[Op]) -> Iterator[tuple[Op, set[Op]]]:
    """Yield each op with those that must run before it."""
    previous: dict[str, Op] = {}
    for op in ops:
        needed = {value.owner for value in op.operands if isinstance(value.owner, Op)}
        for kind in _effects(op):
            needed |= {previous[kind]} if kind in previous else set()
            previous[kind] = op
        yield op, needed


def _effects(op: Op) -> tuple[str, ...]:
    """Return the kinds of effects of `op`; those of one kind keep their order."""
    if op.is_pure:
        return ()
    if isinstance(op, Invoke):
        return ("random", "host")
    return ("random",) if isinstance(op, AtenOp) else ("host",)
