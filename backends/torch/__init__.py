"""Graph functions to lists of torch operators, for everything that no other engine takes."""

from .engine import TorchBackend

__all__ = ["TorchBackend"]
