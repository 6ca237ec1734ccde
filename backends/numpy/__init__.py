"""Graph functions of few and small ops to NumPy, which needs no session."""

from .engine import NumpyBackend

__all__ = ["NumpyBackend"]
