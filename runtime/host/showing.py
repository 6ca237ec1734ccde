"""How values look in text."""

from __future__ import annotations

import sys
from typing import Any

from .values import Handle, from_bfloat16


def shown(handle: Handle, is_bfloat16: bool) -> Any:
    """Return what prints as a tensor: as torch does if the process has loaded it, else as numpy."""
    torch = sys.modules.get("torch")
    if torch is None:
        return from_bfloat16(handle) if is_bfloat16 else handle
    tensor = torch.from_numpy(handle.copy())  # read-only memory makes torch warn
    return tensor.view(torch.bfloat16) if is_bfloat16 else tensor


def error_output() -> Any:
    """Return the standard error output of this moment."""
    return sys.stderr
