"""Graph IR: what a sub-network computes."""

from .literals import Device, Layout, MemoryFormat, dtype_from_torch, from_torch, to_torch
from .ops import AtenOp, FuncReturn, overload

__all__ = [
    "AtenOp",
    "Device",
    "FuncReturn",
    "Layout",
    "MemoryFormat",
    "dtype_from_torch",
    "from_torch",
    "overload",
    "to_torch",
]
