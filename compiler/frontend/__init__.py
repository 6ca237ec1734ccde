"""Front end: from an unmodified Python program to graph IR and host IR."""

from .capture import Captured, capture
from .knowledge import Explanation
from .machine import Limits
from .signature import Dim

__all__ = ["Captured", "Dim", "Explanation", "Limits", "capture"]
