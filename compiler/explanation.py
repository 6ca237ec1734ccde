"""Why the compiler did what it did, one sentence at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..diagnostics import Location
from ..runtime import TARGETS

if TYPE_CHECKING:
    from ..backends import Partition
    from ..ir import Module

PARTITION = "partition"


@dataclass(frozen=True)
class Explanation:
    """A decision of one stage, and the user's line it is about."""

    stage: str
    text: str
    location: Location | None = None

    def __str__(self) -> str:
        place = f"{self.location}: " if self.location else ""
        return f"{place}{self.stage}: {self.text}"


def explain_partition(split: Partition) -> Iterator[Explanation]:
    """Say which ops go elsewhere than to the first engine and why; then how many go to that."""
    first = TARGETS[split.target][0]
    decisions = list(split.decisions.values())
    for decision in decisions:
        if decision.engine != first:
            text = f"{decision.op.name} goes to {decision.engine}: {decision.reason}"
            yield Explanation(PARTITION, text, decision.op.loc)
    kept = Counter(decision.reason for decision in decisions if decision.engine == first)
    for reason, count in kept.items():
        goes = "operation goes" if count == 1 else "operations go"
        yield Explanation(PARTITION, f"{count} {goes} to {first}: {reason}")


def explain_tiny(module: Module, split: Partition) -> Iterator[Explanation]:
    """Say which sub-networks are so small that they run without their engine."""
    for func in module.graph_funcs:
        engine = split.engine_of_subnet(func)
        if engine not in TARGETS[split.target]:
            text = f"@{func.symbol} is tiny: {engine} computes it without a session"
            yield Explanation(PARTITION, text, func.loc)


def report(explanations: Iterable[Explanation]) -> list[str]:
    """Return the decisions, a line for each kind, those about engines first."""
    counts = Counter(map(str, sorted(explanations, key=lambda one: one.stage != PARTITION)))
    return [f"{line} ({count} times)" if count > 1 else line for line, count in counts.items()]


def verdict(module: Module, split: Partition) -> str:
    """Return a line that says for which engines the sub-networks of `module` are."""
    engines = Counter(split.engine_of_subnet(func) for func in module.graph_funcs)
    total = engines.total()
    subnets = "1 sub-network" if total == 1 else f"{total} sub-networks"
    if len(engines) < 2:
        all_of = "" if total < 2 else "all "
        return f"compiles: {subnets}" + "".join(f", {all_of}for {engine}" for engine in engines)
    shares = [f"{count} for {engine}" for engine, count in engines.most_common()]
    return f"compiles: {subnets}, {' and '.join(shares)}"
