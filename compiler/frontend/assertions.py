"""Assertions that do not branch: `torch._assert` and the like."""

from __future__ import annotations

import torch

from ...ir.host import Assert
from .failures import ProgramError
from .machine import Machine


def assert_condition(machine: Machine, condition: bool | torch.SymBool, message: str) -> None:
    """Let the host raise RuntimeError unless `condition` holds."""
    if isinstance(condition, bool):
        if not condition:
            raise ProgramError(AssertionError(message), explicit=True)
        return
    tracer = machine.tracer
    value = tracer.scalars.value(condition)
    tracer.emit(Assert(condition=value, message=message, loc=tracer.location()))
