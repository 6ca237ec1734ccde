"""What a program does when it is called: results, exceptions, changed arguments, changed state."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch

from ..programs import Call, seed


@dataclass(frozen=True)
class Outcome:
    """What one call returned or raised, and its arguments afterwards."""

    output: Any
    error: Exception | None
    call: Call


def observe(run: Callable[..., Any], calls: Iterable[Call]) -> list[Outcome]:
    """Make each of `calls` in turn, on a copy of its arguments and with a seed of its own."""
    return [_observe_one(run, call, number) for number, call in enumerate(calls)]


def _observe_one(run: Callable[..., Any], call: Call, number: int) -> Outcome:
    own = copy.deepcopy(call)
    seed(number)
    try:
        with torch.no_grad():
            output = run(*own.args, **own.kwargs)
    except Exception as error:
        return Outcome(None, error, own)
    return copy.deepcopy(Outcome(output, None, own))  # later calls may change what was returned
