"""The reference interpreter: what a module means, op by op, with plain torch."""

from .binding import Misfit
from .edges import all_edges
from .evaluation import WrongType
from .interpreter import Interpreter

__all__ = ["Interpreter", "Misfit", "WrongType", "all_edges"]
