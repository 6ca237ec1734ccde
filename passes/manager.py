"""The pass manager: runs the passes of a pipeline in order and tells observers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ..ir import Module
from .definition import Pass, PassContext
from .pipelines import parse_pipeline


@dataclass(frozen=True)
class Step:
    """The state of `module` after pass number `number`; number 0, `input`, is before the first."""

    number: int
    name: str
    module: Module
    seconds: float = 0.0


Observer: TypeAlias = Callable[[Step], None]
"""Sees every step, and changes nothing."""


def run_pipeline(
    module: Module,
    pipeline: str | Sequence[Pass],
    context: PassContext | None = None,
    observers: Sequence[Observer] = (),
) -> None:
    """Run the passes of `pipeline` on `module`, in place."""
    passes = parse_pipeline(pipeline) if isinstance(pipeline, str) else pipeline
    context = context or PassContext()
    _tell(observers, Step(0, "input", module))
    for number, each in enumerate(passes, 1):
        start = time.perf_counter()
        each.run(module, context.running(each.name))
        _tell(observers, Step(number, each.name, module, time.perf_counter() - start))


def _tell(observers: Sequence[Observer], step: Step) -> None:
    for observer in observers:
        observer(step)
