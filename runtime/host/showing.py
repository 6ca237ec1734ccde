"""How values look in text."""

from __future__ import annotations

import string
import sys
from collections.abc import Iterator
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


def template_problems(template: str, count: int) -> Iterator[str]:
    """Yield what is wrong with a template for `count` values; without values it is plain text."""
    if not count:
        return
    try:
        fields = list(string.Formatter().parse(template))
    except ValueError as error:
        yield f"the template is malformed: {error}"
        return
    for _, name, specification, _ in fields:
        if name is not None and not (name.isdecimal() and int(name) < count):
            yield f"the template names the value {name!r} of {count}"
        if specification and "{" in specification:
            yield "a format specification holds a field"
