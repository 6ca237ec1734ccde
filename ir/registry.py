"""Every operation by name."""

from __future__ import annotations

from collections.abc import Mapping

from .core import Op
from .graph.ops import AtenOp, FuncReturn
from .host import arith, control, lists, program, texts

_CLASSES: tuple[type[Op], ...] = (
    FuncReturn,
    arith.Constant,
    arith.Add,
    arith.Sub,
    arith.Mul,
    arith.TrueDiv,
    arith.FloorDiv,
    arith.Mod,
    arith.Pow,
    arith.Min,
    arith.Max,
    arith.Compare,
    arith.And,
    arith.Or,
    arith.Not,
    arith.Neg,
    arith.Cast,
    arith.MathCall,
    arith.Select,
    lists.Make,
    lists.Append,
    lists.Get,
    lists.Set,
    lists.Extend,
    lists.Slice,
    lists.Reverse,
    lists.Take,
    lists.Order,
    lists.OfTensor,
    lists.Len,
    lists.Stack,
    lists.Concatenate,
    lists.ToTensor,
    texts.Format,
    texts.CallMethod,
    texts.Slice,
    texts.Characters,
    texts.Get,
    texts.Find,
    control.Branch,
    control.CondBranch,
    control.Switch,
    control.Return,
    control.Raise,
    program.Call,
    program.Invoke,
    program.LoadWeight,
    program.ReadCell,
    program.Item,
    program.Size,
    program.Assert,
    program.Print,
)

OPS: Mapping[str, type[Op]] = {cls.NAME: cls for cls in _CLASSES}
"""All ops but ATen's, which are one class for every operator that torch registers."""


def op_class(name: str) -> type[Op]:
    """Return the class of the op `name`: three dotted parts name an operator of torch."""
    return AtenOp if name.count(".") == 2 else OPS[name]
