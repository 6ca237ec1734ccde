"""Which engine executes which ATen op, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..diagnostics import Diagnostic, DiagnosticError, Location, Note, suggest
from ..ir import Block, Func, Module, Op
from ..ir.graph import AtenOp
from ..runtime import TARGETS
from .engine import Backend, Bid, Miss, load_backend
from .numpy import NumpyBackend

HEAVY = frozenset(
    {
        "_scaled_dot_product_flash_attention_for_cpu",
        "addbmm",
        "addmm",
        "baddbmm",
        "bmm",
        "convolution",
        "gru",
        "linear",
        "lstm",
        "matmul",
        "mm",
        "native_layer_norm",
        "rnn_relu",
        "rnn_tanh",
        "scaled_dot_product_attention",
    }
)
"""Operators that stay with the engine that does them best, whatever their neighbours do."""


@dataclass(frozen=True)
class Decision:
    """Name the engine that executes `op`, and the reason."""

    op: AtenOp
    engine: str
    reason: str


@dataclass
class Partition:
    """The engine of each ATen op of a module."""

    target: str
    decisions: dict[Op, Decision] = field(default_factory=lambda: {})

    def engine_of(self, op: Op) -> str:
        """Return the name of the engine that executes `op`."""
        return self.decisions[op].engine

    def engine_of_subnet(self, func: Func) -> str:
        """Return the engine that executes all ops of a graph function; the first if it has none.

        A function of few ops on small tensors runs without a session where that takes less time.
        """
        engines = {self.engine_of(op) for op in func.ops if isinstance(op, AtenOp)}
        assert len(engines) <= 1, f"@{func.symbol} is for {engines}"
        engine = next(iter(engines), TARGETS[self.target][0])
        return NumpyBackend.name if engines and NumpyBackend().is_faster(func) else engine


def check_target(target: str) -> None:
    """Raise MC0001 unless `target` is a key of `TARGETS`."""
    if target not in TARGETS:
        place, text = Location("<target>", 1, 1, 1 + len(target)), suggest(target, list(TARGETS))
        message = f"unknown target {target!r}"
        raise DiagnosticError(Diagnostic("MC0001", message, place, help=text, excerpt=target))


def partition(module: Module, target: str = "cpu") -> Partition:
    """Assign each ATen op of the host functions to the engine of `target` that bids lowest.

    Cheap ops between ops of another engine go with these, if that makes fewer sub-networks.
    Raises MC0401 with all ops that no engine takes.
    """
    check_target(target)
    backends = [load_backend(engine) for engine in TARGETS[target]]
    result = Partition(target)
    refused: list[Diagnostic] = []
    for func in module.host_funcs:
        for block in func.body.blocks:
            bids = {op: _bids(op, backends) for op in block.ops if isinstance(op, AtenOp)}
            missed = {op: offers for op, offers in bids.items() if not _taken(offers)}
            refused += [_refusal(op, offers, target) for op, offers in missed.items()]
            if not refused:
                result.decisions |= _assign(block, bids)
    if refused:
        raise DiagnosticError(*refused)
    return result


_Offers = Mapping[str, Bid | Miss]


def _bids(op: AtenOp, backends: Iterable[Backend]) -> _Offers:
    return {backend.name: backend.bid(op) for backend in backends}


def _taken(offers: _Offers) -> bool:
    return any(isinstance(offer, Bid) for offer in offers.values())


def _refusal(op: AtenOp, offers: _Offers, target: str) -> Diagnostic:
    notes = tuple(
        Note(f"{engine}: {offer.reason}")
        for engine, offer in offers.items()
        if isinstance(offer, Miss)
    )
    others = [
        other
        for other, engines in TARGETS.items()
        if other != target and any(_taken(_bids(op, [load_backend(one)])) for one in engines)
    ]
    help_text = f"compile for target {others[0]}" if others else ""
    message = f"no engine of target {target} takes {op.target}"
    return Diagnostic("MC0401", message, op.loc, notes=notes, help=help_text)


def _assign(block: Block, bids: Mapping[AtenOp, _Offers]) -> dict[Op, Decision]:
    decisions: dict[Op, Decision] = {op: _cheapest(op, offers) for op, offers in bids.items()}
    if len({decision.engine for decision in decisions.values()}) > 1:
        for cluster in _clusters(block, decisions):
            _move_to_neighbours(block, cluster, bids, decisions)
    return decisions


def _cheapest(op: AtenOp, offers: _Offers) -> Decision:
    costs = {engine: offer.cost for engine, offer in offers.items() if isinstance(offer, Bid)}
    engine = min(costs, key=lambda name: costs[name])
    misses = [
        f"not {name}: {offer.reason}" for name, offer in offers.items() if isinstance(offer, Miss)
    ]
    return Decision(op, engine, "; ".join(misses) or "the lowest bid")


def _clusters(block: Block, decisions: Mapping[Op, Decision]) -> list[list[AtenOp]]:
    """Return the connected groups of ops of one engine, in program order of their first op."""
    group: dict[Op, list[AtenOp]] = {}
    for op in block.ops:
        if not isinstance(op, AtenOp):
            continue
        mine = [op]
        for neighbour in _producers(op, decisions):
            other = group[neighbour]
            if decisions[neighbour].engine == decisions[op].engine and other is not mine:
                mine = [*other, *mine]
                group.update(dict.fromkeys(mine, mine))
        group.update(dict.fromkeys(mine, mine))
    return list({id(members): members for members in group.values()}.values())


def _producers(op: Op, decisions: Mapping[Op, Decision]) -> list[Op]:
    owners = dict.fromkeys(value.owner for value in op.operands)
    return [owner for owner in owners if isinstance(owner, Op) and owner in decisions]


def _move_to_neighbours(
    block: Block,
    cluster: Sequence[AtenOp],
    bids: Mapping[AtenOp, _Offers],
    decisions: dict[Op, Decision],
) -> None:
    """Give a cluster without heavy ops to the engine around it, if that saves a sub-network."""
    if any(op.target.split(".")[1] in HEAVY for op in cluster):
        return
    for engine in _engines_around(cluster, decisions):
        if not all(isinstance(bids[op][engine], Bid) for op in cluster):
            continue
        reason = f"between ops of {engine}: one sub-network less"
        moved = {op: Decision(op, engine, reason) for op in cluster}
        if _count_subnets(block, decisions | moved) < _count_subnets(block, decisions):
            decisions |= moved
            return


def _engines_around(cluster: Sequence[AtenOp], decisions: Mapping[Op, Decision]) -> list[str]:
    own = decisions[cluster[0]].engine
    users = [user for op in cluster for result in op.results for user in result.users]
    around = [*users, *(p for op in cluster for p in _producers(op, decisions))]
    engines = dict.fromkeys(decisions[op].engine for op in around if op in decisions)
    return [engine for engine in engines if engine != own]


def _count_subnets(block: Block, decisions: Mapping[Op, Decision]) -> int:
    """Return how many sub-networks `outline-subnets` would make of `block`."""
    waiting = dict.fromkeys(block.ops)
    count = 0
    while waiting:
        _take(waiting, [op for op in waiting if op not in decisions])
        first = next((op for op in waiting if _is_ready(op, waiting)), None)
        if first is None:
            break  # only the terminator's like are left
        engine = decisions[first].engine
        _take(waiting, [op for op in waiting if op in decisions and decisions[op].engine == engine])
        count += 1
    return count


def _take(waiting: dict[Op, None], wanted: Iterable[Op]) -> None:
    for op in wanted:
        if _is_ready(op, waiting):
            del waiting[op]


def _is_ready(op: Op, waiting: Mapping[Op, None]) -> bool:
    return not any(value.owner in waiting for value in op.operands)
