"""The packages that compiling needs and running does not: the extra `compile`."""

from __future__ import annotations

from ..diagnostics import Diagnostic

PACKAGES = frozenset({"lark", "onnx", "onnxscript", "sympy", "torch"})
"""What the extra installs, by the names that are imported."""

INSTALL = "pip install 'modelc[compile]'"


def missing_package(error: BaseException) -> Diagnostic | None:
    """Return MC0004 if `error` says that a package of the extra is not there, None otherwise."""
    name = (getattr(error, "name", None) or "").partition(".")[0]
    if not isinstance(error, ModuleNotFoundError) or name not in PACKAGES:
        return None
    message = f"this part of modelc needs {name}, which is not installed"
    return Diagnostic("MC0004", message, help=INSTALL)
