"""Host IR: the control flow around sub-networks."""

from . import arith, lists
from .control import Branch, CondBranch, Raise, Return, Switch
from .program import Assert, Call, Item, LoadWeight, ReadCell, Size

__all__ = [
    "Assert",
    "Branch",
    "Call",
    "CondBranch",
    "Item",
    "LoadWeight",
    "Raise",
    "ReadCell",
    "Return",
    "Size",
    "Switch",
    "arith",
    "lists",
]
