"""Checks that Python or the program makes, as branches to blocks that raise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ....ir.cloning import split_block
from ....ir.core import Block, Func, Op, Successor, Value
from ....ir.host import Assert, CondBranch, Raise, arith
from ....ir.host.arith import Predicate

_DIVISIONS: Mapping[type[Op], Callable[[Any, Any], Any]] = {
    arith.FloorDiv: lambda left, right: left // right,
    arith.Mod: lambda left, right: left % right,
    arith.TrueDiv: lambda left, right: left / right,
}


def with_explicit_failures(func: Func) -> None:
    """Let each assertion of `func`, and each division by what may be zero, be a branch."""
    for op in [op for op in func.ops if _may_fail(op)]:
        assert op.parent is not None
        _branch_at(func, op.parent, op)


def _may_fail(op: Op) -> bool:
    if type(op) not in _DIVISIONS:
        return isinstance(op, Assert)
    divisor = op.operands[1].owner
    return not isinstance(divisor, arith.Constant) or divisor.value == 0


def _branch_at(func: Func, block: Block, op: Op) -> None:
    rest = split_block(block, block.ops.index(op))
    failing = func.body.add_block("failing")
    if isinstance(op, Assert):
        condition = op.condition
        failing.append(Raise("builtins:RuntimeError", op.message, loc=op.loc))
        op.drop()
    else:
        condition = _is_not_zero(block, op)
        failing.append(Raise("builtins:ZeroDivisionError", _message(op), loc=op.loc))
    targets = Successor(rest), Successor(failing)
    block.append(CondBranch(condition, *targets, loc=op.loc))


def _is_not_zero(block: Block, op: Op) -> Value:
    divisor = op.operands[1]
    zero = block.append(arith.Constant(0, loc=op.loc)).out
    return block.append(arith.Compare(divisor, zero, Predicate.NE, loc=op.loc)).out


def _message(op: Op) -> str:
    """Return what Python says of the division `op` by zero."""
    left, right = (0.0 if arith.is_float(value) else 0 for value in op.operands)
    try:
        _DIVISIONS[type(op)](left, right)
    except ZeroDivisionError as error:
        return str(error)
    raise AssertionError("a division by zero raises")
