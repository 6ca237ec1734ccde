"""modelc compiles PyTorch programs with data-dependent control flow ahead of time."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .compiler.api import compile as compile
    from .compiler.frontend import Dim as Dim
    from .diagnostics import DiagnosticError as DiagnosticError
    from .runtime import Model as Model
    from .runtime import load as load

_PLACES = {
    "Dim": "modelc.compiler.frontend",
    "DiagnosticError": "modelc.diagnostics",
    "Model": "modelc.runtime",
    "compile": "modelc.compiler.api",
    "load": "modelc.runtime",
}

__all__ = ["Dim", "DiagnosticError", "Model", "compile", "load"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import modelc` stays light."""
    if name not in _PLACES:
        raise AttributeError(f"module 'modelc' has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)
