"""Front end: from an unmodified Python program to graph IR and host IR."""

from .calls import COMPILED_PROGRAM
from .capture import Captured, capture
from .dims import Dims, check_dims_form
from .knowledge import Explanation
from .machine import Limits
from .signature import Dim

__all__ = [
    "COMPILED_PROGRAM",
    "Captured",
    "Dim",
    "Dims",
    "Explanation",
    "Limits",
    "capture",
    "check_dims_form",
]
