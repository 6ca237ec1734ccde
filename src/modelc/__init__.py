"""modelc compiles PyTorch programs with data-dependent control flow ahead of time."""

from dataclasses import replace
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
    try:
        return getattr(import_module(_PLACES[name]), name)
    except ModuleNotFoundError as error:
        _explain(error)
        raise


def _explain(error: ModuleNotFoundError) -> None:
    """Raise a diagnostic instead of `error` if the extra `compile` would help."""
    from .compiler.requirements import missing_package
    from .diagnostics import DiagnosticError
    from .runtime import caller_location

    if missing := missing_package(error):
        raise DiagnosticError(replace(missing, location=caller_location())) from None
