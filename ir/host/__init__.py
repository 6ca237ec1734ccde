"""Host IR: the control flow around sub-networks."""

from . import arith, lists, texts
from .control import Branch, CondBranch, Exit, Raise, Return, Switch
from .program import Assert, Call, Invoke, Item, LoadWeight, Print, ReadCell, Size

__all__ = [
    "Assert",
    "Branch",
    "Call",
    "CondBranch",
    "Exit",
    "Invoke",
    "Item",
    "LoadWeight",
    "Print",
    "Raise",
    "ReadCell",
    "Return",
    "Size",
    "Switch",
    "arith",
    "lists",
    "texts",
]
