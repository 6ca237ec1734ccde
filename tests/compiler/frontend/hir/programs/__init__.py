"""Python functions, each about one construct, with arguments that take different ways through it.

They are data: written to be read by the front end, odd on purpose, and not to be cleaned up.
"""

from . import (
    containers,
    exceptions,
    functions,
    generators,
    loops,
    patterns,
    statements,
    values,
)
from .case import cases

CASES = cases([values, containers, loops, functions, generators, patterns, exceptions, statements])

__all__ = ["CASES"]
