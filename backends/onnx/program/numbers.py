"""Arithmetic on host numbers: tensors of rank 0, with Python's meaning.

Ints have 64 bits and wrap around; a power whose exponent depends on data is exact up to 2**53.
Divisors are not zero: a branch has tested them. Where Python raises otherwise (the int of an
infinite float, the root of a negative number) the session fails, and where a float is an int of
more bits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import onnx_ir

from ....ir.core import Op
from ....ir.host import arith
from ....ir.host.arith import Predicate
from ....ir.types import F64, I1, I64, Type
from .outcome import select
from .scope import Scope

Values: TypeAlias = Sequence[onnx_ir.Value]
Emit: TypeAlias = Callable[[Scope, Op, Values], onnx_ir.Value]

_LEAST_TOO_LARGE = 2.0**63

MAX_EXPONENT = 64
"""Up to this constant exponent, a power of an int is a product."""


def _kind(op: Op) -> Type:
    return op.results[0].type


def _casted(scope: Scope, operands: Values, kind: Type) -> list[onnx_ir.Value]:
    return [scope.cast(operand, kind) for operand in operands]


def _plain(op_type: str) -> Emit:
    """Return how to emit an op for which ONNX has an operator of the same meaning."""

    def emit(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
        kind = _kind(op)
        return scope.node(op_type, *_casted(scope, operands, kind), kind=kind)

    return emit


def _constant(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    assert isinstance(op, arith.Constant)
    return scope.number(op.value, _kind(op))


def _extreme(comparison: str) -> Emit:
    """Return how to emit min or max: as Python, the first operand unless the second is beyond."""

    def emit(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
        kind = _kind(op)
        left, right = _casted(scope, operands, kind)
        beyond = scope.node(comparison, right, left, kind=I1)
        return scope.node("Where", beyond, right, left, kind=kind)

    return emit


def _truediv(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    return scope.node("Div", *_casted(scope, operands, F64), kind=F64)


def _divide(scope: Scope, op: Op, operands: Values) -> tuple[onnx_ir.Value, onnx_ir.Value]:
    """Return quotient and remainder, of which the latter has the sign of the divisor."""
    kind = _kind(op)
    left, right = _casted(scope, operands, kind)
    zero = scope.cast(scope.integer(0), kind)
    remainder = scope.node("Mod", left, right, kind=kind, fmod=1)
    rest = scope.node("Sub", left, remainder, kind=kind)
    quotient = scope.node("Div", rest, right, kind=kind)
    is_rest = scope.inverse(scope.node("Equal", remainder, zero, kind=I1))
    signs = [scope.node("Less", value, zero, kind=I1) for value in (remainder, right)]
    differ = scope.node("And", is_rest, scope.node("Xor", *signs, kind=I1), kind=I1)
    one = scope.cast(scope.cast(differ, I64), kind)
    moved = scope.node("Where", differ, right, zero, kind=kind)
    return (
        scope.node("Sub", quotient, one, kind=kind),
        scope.node("Add", remainder, moved, kind=kind),
    )


def _floordiv(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    quotient, _ = _divide(scope, op, operands)
    return quotient if _kind(op) == I64 else scope.node("Round", quotient, kind=F64)


def _mod(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    return _divide(scope, op, operands)[1]


def constant_exponent(op: Op) -> int | None:
    """Return the exponent of a power of ints, if it is known and small."""
    owner = op.operands[1].owner
    if not isinstance(owner, arith.Constant) or isinstance(owner.value, float):
        return None
    return int(owner.value) if 0 <= owner.value <= MAX_EXPONENT else None


def _pow(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    kind = _kind(op)
    base, exponent = _casted(scope, operands, kind)
    if kind == F64:
        return _float_power(scope, base, exponent)
    times = constant_exponent(op)
    if times is None:
        negative = scope.node("Less", exponent, scope.integer(0), kind=I1)
        checked = scope.node("Add", exponent, scope.failing_if(negative), kind=I64)
        return scope.node("Pow", base, checked, kind=kind)
    power = scope.integer(1)
    for bit in f"{times:b}":
        power = scope.node("Mul", power, power, kind=kind)
        if bit == "1":
            power = scope.node("Mul", power, base, kind=kind)
    return power


def _float_power(scope: Scope, base: onnx_ir.Value, exponent: onnx_ir.Value) -> onnx_ir.Value:
    result = scope.node("Pow", base, exponent, kind=F64)
    known = [scope.inverse(_is_no_number(scope, value)) for value in (base, exponent)]
    regular = scope.node("And", *known, kind=I1)
    wrong = scope.node("And", regular, _is_no_number(scope, result), kind=I1)
    return _checked(scope, result, wrong)


_PREDICATES: Mapping[Predicate, str] = {
    Predicate.EQ: "Equal",
    Predicate.NE: "Equal",
    Predicate.LT: "Less",
    Predicate.LE: "LessOrEqual",
    Predicate.GT: "Greater",
    Predicate.GE: "GreaterOrEqual",
}


def _compare(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    assert isinstance(op, arith.Compare)
    kind = F64 if arith.is_float(op.left) or arith.is_float(op.right) else I64
    left, right = _casted(scope, operands, kind)
    result = scope.node(_PREDICATES[op.predicate], left, right, kind=I1)
    return scope.inverse(result) if op.predicate is Predicate.NE else result


def _cast(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    (value,), kind = operands, _kind(op)
    if kind == I64 and scope.shared.types[value] == F64:
        return _to_int(scope, value)
    return scope.cast(value, kind)


def _to_int(scope: Scope, value: onnx_ir.Value) -> onnx_ir.Value:
    """Return the float `value` without its fraction."""
    size = scope.node("Abs", value, kind=F64)
    fits = scope.node("Less", size, scope.number(_LEAST_TOO_LARGE, F64), kind=I1)
    nothing = scope.failing_if(scope.inverse(fits))
    return scope.node("Add", scope.cast(value, I64), nothing, kind=I64)


def _is_no_number(scope: Scope, value: onnx_ir.Value) -> onnx_ir.Value:
    infinite = scope.node("IsInf", value, kind=I1)
    return scope.node("Or", infinite, scope.node("IsNaN", value, kind=I1), kind=I1)


def _select(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    return select(scope, *operands, kind=_kind(op))


def _not(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    return scope.inverse(operands[0])


def _rounded(op_type: str) -> Emit:
    def emit(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
        if scope.shared.types[operands[0]] != F64:
            return scope.cast(operands[0], I64)
        return _to_int(scope, scope.node(op_type, operands[0], kind=F64))

    return emit


def _truncated(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    if scope.shared.types[operands[0]] != F64:
        return scope.cast(operands[0], I64)
    return _to_int(scope, operands[0])


def _absolute(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    return _plain("Abs")(scope, op, operands)


def _root(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    value = scope.cast(operands[0], F64)
    wrong = scope.node("Less", value, scope.number(0.0, F64), kind=I1)
    return scope.node("Sqrt", _checked(scope, value, wrong), kind=F64)


def _logarithm(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    value = scope.cast(operands[0], F64)
    wrong = scope.node("LessOrEqual", value, scope.number(0.0, F64), kind=I1)
    return scope.node("Log", _checked(scope, value, wrong), kind=F64)


def _exponential(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    value = scope.cast(operands[0], F64)
    result = scope.node("Exp", value, kind=F64)
    overflows = scope.node(
        "And",
        scope.node("IsInf", result, kind=I1),
        scope.inverse(scope.node("IsInf", value, kind=I1)),
        kind=I1,
    )
    return _checked(scope, result, overflows)


def _checked(scope: Scope, value: onnx_ir.Value, wrong: onnx_ir.Value) -> onnx_ir.Value:
    """Return the float `value`; the session fails if `wrong` holds."""
    nothing = scope.cast(scope.failing_if(wrong), F64)
    return scope.node("Add", value, nothing, kind=F64)


def _float_function(op_type: str) -> Emit:
    def emit(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
        return scope.node(op_type, scope.cast(operands[0], F64), kind=_kind(op))

    return emit


def _circular(op_type: str) -> Emit:
    def emit(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
        value = scope.cast(operands[0], F64)
        infinite = scope.node("IsInf", value, kind=I1)
        return scope.node(op_type, _checked(scope, value, infinite), kind=F64)

    return emit


def _power(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    return _float_power(scope, *_casted(scope, operands, F64))


def _is_finite(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    return scope.inverse(_is_no_number(scope, scope.cast(operands[0], F64)))


MATH: Mapping[str, Emit] = {
    "abs": _absolute,
    "ceil": _rounded("Ceil"),
    "cos": _circular("Cos"),
    "exp": _exponential,
    "fabs": _float_function("Abs"),
    "floor": _rounded("Floor"),
    "isfinite": _is_finite,
    "isinf": _float_function("IsInf"),
    "isnan": _float_function("IsNaN"),
    "log": _logarithm,
    "pow": _power,
    "round": _rounded("Round"),
    "sin": _circular("Sin"),
    "sqrt": _root,
    "tanh": _float_function("Tanh"),
    "trunc": _truncated,
}
"""How each function is computed, of one number unless it is named below."""

_BINARY = {"pow"}


def _math(scope: Scope, op: Op, operands: Values) -> onnx_ir.Value:
    assert isinstance(op, arith.MathCall)
    return scope.cast(MATH[op.function](scope, op, operands), _kind(op))


def math_refusal(op: arith.MathCall) -> str | None:
    """Return why ONNX cannot compute a function of numbers, None if it can."""
    if op.function not in MATH or len(op.values) != 1 + (op.function in _BINARY):
        given = f"{len(op.values)} number{'s' * (len(op.values) != 1)}"
        return f"ONNX has no form of {op.function} of {given} that Python agrees with"
    return None


ARITHMETIC: Mapping[type[Op], Emit] = {
    arith.Add: _plain("Add"),
    arith.And: _plain("And"),
    arith.Cast: _cast,
    arith.Compare: _compare,
    arith.Constant: _constant,
    arith.FloorDiv: _floordiv,
    arith.MathCall: _math,
    arith.Max: _extreme("Greater"),
    arith.Min: _extreme("Less"),
    arith.Mod: _mod,
    arith.Mul: _plain("Mul"),
    arith.Neg: _plain("Neg"),
    arith.Not: _not,
    arith.Or: _plain("Or"),
    arith.Pow: _pow,
    arith.Select: _select,
    arith.Sub: _plain("Sub"),
    arith.TrueDiv: _truediv,
}
"""How each op on numbers is computed."""
