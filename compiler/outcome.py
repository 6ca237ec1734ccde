"""What a call of a program comes to: a result, or an exception."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..diagnostics import DiagnosticError
from .example import Example


@dataclass(frozen=True)
class Raised:
    """An exception that the program raises; it stands where the output would."""

    kind: str
    message: str

    def __str__(self) -> str:
        return f"raises {self.kind}: {self.message}"


def outcome(program: Callable[..., Any], example: Example) -> Any:
    """Return what `program` returns for `example`, or Raised; raises only diagnostics."""
    try:
        return program(*example.args, **example.kwargs)
    except DiagnosticError:
        raise
    except Exception as error:
        return Raised(type(error).__name__, str(error))
