"""Each pattern fires, misses for the reason that it states, and keeps what programs mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import torch

from modelc.ir import DType, Module, Op, ScalarKind, ScalarType, TensorType, Type
from modelc.ir.reference import Interpreter
from modelc.ir.text import parse_module
from modelc.ir.verifier import check
from modelc.passes.blocks import remove_unreachable
from modelc.passes.definition import PassContext
from modelc.passes.fold import fold_scalars
from modelc.passes.patterns import Miss, Pattern, PatternSet, apply_first
from modelc.passes.rewrites import (
    BRANCH_PATTERNS,
    IDENTITY_PATTERNS,
    ITEM_PATTERNS,
    JOIN_PATTERNS,
    LIST_PATTERNS,
    SCALAR_PATTERNS,
    SIZE_PATTERNS,
    VIEW_PATTERNS,
)

ALL_PATTERNS = {
    pattern.name: pattern
    for patterns in (
        BRANCH_PATTERNS,
        IDENTITY_PATTERNS,
        ITEM_PATTERNS,
        JOIN_PATTERNS,
        LIST_PATTERNS,
        SCALAR_PATTERNS,
        SIZE_PATTERNS,
        VIEW_PATTERNS,
        (fold_scalars,),
    )
    for pattern in patterns
}


@dataclass(frozen=True)
class Case:
    """The last op of the program that `pattern` may look at is the one under test.

    The program computes `%y`; `reason` is empty where the pattern fires.
    """

    pattern: str
    params: str
    body: str
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.pattern}{': ' if self.reason else ''}{self.reason}"

    def module(self) -> Module:
        """Return the program, which returns `%y` unless it says otherwise."""
        last = "" if "host.return" in self.body else _RETURN
        return parse_module(_MODULE.format(params=self.params, body=self.body + last), "case")


_RETURN = "\nhost.return([%y]) {structure = tuple(leaf(0))}"
_MODULE = """
module @case {{level = captured}} {{
  host func @main({params}) {{
{body}
  }}
}}
"""

_T = "tensor<[2, 3], f32>"
_I = "tensor<[2, 3], i64>"
_B = "tensor<[2, 3], i1>"
_ZERO = "%zero = arith.constant {value = 0} : i64\n"
_ONE = "%one = arith.constant {value = 1} : i64\n"
_TRUE = "%true = arith.constant {value = true} : i1\n"
_FALSE = "%false = arith.constant {value = false} : i1\n"
_MAKE = f"%l = list.make(%a, %b) {{element = {_T}}} : list<{_T}>\n"
_ARMS = f"""
^left {{
  %p = aten.relu.default(%x) : {_T}
  host.return([%p]) {{structure = tuple(leaf(0))}}
}}
^right {{
  %q = aten.neg.default(%x) : {_T}
  host.return([%q]) {{structure = tuple(leaf(0))}}
}}
"""


def scalar_cases() -> Iterator[Case]:
    """Yield cases of `arith.*`."""
    yield Case("add-zero", "%x: i64", _ZERO + "%y = arith.add(%x, %zero) : i64")
    add = "%y = arith.add(%x, %zero) : f64"
    yield Case("add-zero", "%x: f64", _ZERO + add, "-0.0 + 0 is 0.0, and True + 0 is 1")
    add = "%y = arith.add(%x, %one) : i64"
    yield Case("add-zero", "%x: i64", _ONE + add, "the right operand is not the int 0")
    yield Case("subtract-zero", "%x: f64", _ZERO + "%y = arith.sub(%x, %zero) : f64")
    sub = "%y = arith.sub(%x, %zero) : i64"
    yield Case("subtract-zero", "%x: i1", _ZERO + sub, "True - 0 is 1")
    yield Case("multiply-by-one", "%x: f64", _ONE + "%y = arith.mul(%x, %one) : f64")
    mul = "%y = arith.mul(%x, %one) : i64"
    yield Case("multiply-by-one", "%x: i1", _ONE + mul, "True * 1 is 1")
    yield Case("multiply-by-zero", "%x: i64", _ZERO + "%y = arith.mul(%x, %zero) : i64")
    mul = "%y = arith.mul(%x, %zero) : f64"
    yield Case("multiply-by-zero", "%x: f64", _ZERO + mul, "nan * 0 is nan")
    yield Case("divide-by-one", "%x: i64", _ONE + "%y = arith.floordiv(%x, %one) : i64")
    div = "%y = arith.floordiv(%x, %one) : f64"
    yield Case("divide-by-one", "%x: f64", _ONE + div, "1.5 // 1 is 1.0")
    yield Case("constant-to-the-right", "%x: i64", _ONE + "%y = arith.add(%one, %x) : i64")
    less = "%y = arith.compare(%one, %x) {predicate = lt} : i1"
    yield Case("constant-to-the-right", "%x: f64", _ONE + less)
    sub = "%y = arith.sub(%one, %x) : i64"
    yield Case("constant-to-the-right", "%x: i64", _ONE + sub, "the operands do not commute")
    add = "%y = arith.add(%x, %one) : i64"
    reason = "the left operand is not the only constant"
    yield Case("constant-to-the-right", "%x: i64", _ONE + add, reason)
    neg = "%n = arith.neg(%x) : f64\n%y = arith.neg(%n) : f64"
    yield Case("negate-twice", "%x: f64", neg)
    neg = "%n = arith.neg(%x) : i64\n%y = arith.neg(%n) : i64"
    yield Case("negate-twice", "%x: i1", neg, "-(-True) is 1")


def boolean_cases() -> Iterator[Case]:
    """Yield cases of host bools and selections."""
    twice = "%n = arith.not(%x) : i1\n%y = arith.not(%n) : i1"
    yield Case("not-twice", "%x: i1", twice)
    yield Case("not-twice", "%x: i64", twice, "`not not x` of a number is a bool")
    compare = "%c = arith.compare(%x, %z) {predicate = %s} : i1\n%y = arith.not(%c) : i1"
    yield Case("not-of-compare", "%x: i64, %z: i64", compare.replace("%s", "lt"))
    yield Case("not-of-compare", "%x: f64, %z: f64", compare.replace("%s", "eq"))
    reason = "both a < b and a >= b are false for nan"
    yield Case("not-of-compare", "%x: f64, %z: i64", compare.replace("%s", "le"), reason)
    yield Case("cast-to-same", "%x: f64", "%y = arith.cast(%x) {kind = f64} : f64")
    cast = "%y = arith.cast(%x) {kind = f64} : f64"
    yield Case("cast-to-same", "%x: i64", cast, "the cast changes the type")
    yield Case("and-with-known", "%x: i1", _TRUE + "%y = arith.and(%x, %true) : i1")
    yield Case("and-with-known", "%x: i1", _FALSE + "%y = arith.and(%x, %false) : i1")
    reason = "no operand is a known bool, and they differ"
    yield Case("and-with-known", "%x: i1, %z: i1", "%y = arith.and(%x, %z) : i1", reason)
    yield Case("or-with-known", "%x: i1", _FALSE + "%y = arith.or(%false, %x) : i1")
    yield Case("or-with-known", "%x: i1", "%y = arith.or(%x, %x) : i1")
    yield Case("or-with-known", "%x: i1, %z: i1", "%y = arith.or(%x, %z) : i1", reason)
    select = "%y = arith.select(%c, %x, %z) : i64"
    yield Case("select-one", "%c: i1, %x: i64", select.replace("%z", "%x"))
    yield Case("select-one", "%x: i64, %z: i64", _FALSE + select.replace("%c", "%false"))
    reason = "the condition is not known and the values differ"
    yield Case("select-one", "%c: i1, %x: i64, %z: i64", select, reason)
    bools = _TRUE + _FALSE + "%y = arith.select(%c, %true, %false) : i1"
    yield Case("select-bool", "%c: i1", bools)
    reason = "the values are not True and False"
    yield Case("select-bool", "%c: i1, %x: i64, %z: i64", select, reason)
    negated = "%n = arith.not(%c) : i1\n" + select.replace("%c", "%n")
    yield Case("select-by-negation", "%c: i1, %x: i64, %z: i64", negated)
    reason = "the condition is no `not`"
    yield Case("select-by-negation", "%c: i1, %x: i64, %z: i64", select, reason)
    yield Case("fold-scalars", "", _ONE + "%y = arith.add(%one, %one) : i64")
    power = "%two = arith.constant {value = 2.5} : f64\n%y = arith.pow(%two, %two) : f64"
    yield Case("fold-scalars", "", power)
    unknown = _ONE + "%y = arith.add(%x, %one) : i64"
    yield Case("fold-scalars", "%x: i64", unknown, "an operand is not known")
    raising = _ONE + _ZERO + "%z = arith.floordiv(%one, %zero) : i64\n%y = aten.relu.default(%x)"
    reason = "it raises ZeroDivisionError: integer division or modulo by zero"
    yield Case("fold-scalars", f"%x: {_T}", f"{raising} : {_T}", reason)


def branch_cases() -> Iterator[Case]:
    """Yield cases of terminators."""
    branch = f"cf.cond_br(%true, ^left, ^right)\n{_ARMS}"
    yield Case("branch-on-constant", f"%x: {_T}", _TRUE + branch)
    branch = f"cf.cond_br(%c, ^left, ^right)\n{_ARMS}"
    yield Case("branch-on-constant", f"%c: i1, %x: {_T}", branch, "the condition is not known")
    reason = "the ways differ"
    yield Case("branch-to-one-place", f"%c: i1, %x: {_T}", branch, reason)
    one = f"cf.cond_br(%c, ^end(%x), ^end(%x))\n^end(%y: {_T}) {{{_RETURN}\n}}"
    yield Case("branch-to-one-place", f"%c: i1, %x: {_T}", one)
    reason = "the condition is no `not`"
    yield Case("branch-on-negation", f"%c: i1, %x: {_T}", branch, reason)
    negated = "%n = arith.not(%c) : i1\n" + branch.replace("%c", "%n")
    yield Case("branch-on-negation", f"%c: i1, %x: {_T}", negated)
    switch = f"cf.switch(%i, [^left, ^right])\n{_ARMS}"
    yield Case("switch-on-constant", f"%x: {_T}", _ONE + switch.replace("%i", "%one"))
    reason = "the index is not known"
    yield Case("switch-on-constant", f"%i: i64, %x: {_T}", switch, reason)
    two = "%i = arith.constant {value = 2} : i64\n"
    reason = "the index is out of range and must raise"
    yield Case("switch-on-constant", f"%x: {_T}", two + switch, reason)


def list_cases() -> Iterator[Case]:
    """Yield cases of `list.*`."""
    ab, abx = f"%a: {_T}, %b: {_T}", f"%l: list<{_T}>, %x: {_T}"
    length = "%y = list.len(%m) : i64"
    append = f"%m = list.append(%l, %x) : list<{_T}>\n"
    yield Case("length-of-known-list", ab, _MAKE + length.replace("%m", "%l"))
    unknown = "the list is not made of known items"
    yield Case("length-of-known-list", abx, append + length, unknown)
    yield Case("length-of-longer-list", abx, append + length)
    yield Case("length-of-longer-list", abx + ", %i: i64", _SET + length)
    plain = length.replace("%m", "%l")
    yield Case("length-of-longer-list", abx, plain, "the list comes from no append or set")
    shorter = _MAKE + append.replace("%x", "%a") + length
    yield Case("append-to-known-list", ab, shorter)
    twice = shorter + "\n%n = list.len(%l) : i64"
    yield Case("append-to-known-list", ab, twice, "the shorter list is read elsewhere")
    get = f"%y = list.get(%l, %one) : {_T}"
    yield Case("item-of-known-list", ab, _ONE + _MAKE + get)
    yield Case("item-of-known-list", abx, _ONE + get, unknown)
    minus = "%one = arith.constant {value = -1} : i64\n"
    last = append + get.replace("%l", "%m")
    yield Case("last-item-after-append", abx, minus + last)
    yield Case("last-item-after-append", abx, _ONE + last, "the index is not -1")
    out = "tensor<[2, 2, 3], f32>"
    stack = f"%y = list.stack(%l) {{dim = 0}} : {out}"
    yield Case("stack-known-list", ab, _MAKE + stack)
    yield Case("stack-known-list", f"%l: list<{_T}>", stack, unknown)
    joined = "%y = list.concatenate(%l) {dim = 0} : tensor<[4, 3], f32>"
    yield Case("concatenate-known-list", ab, _MAKE + joined)
    yield Case("concatenate-known-list", f"%l: list<{_T}>", joined, unknown)


_SET = f"%m = list.set(%l, %i, %x) : list<{_T}>\n"


def size_cases() -> Iterator[Case]:
    """Yield cases of `host.size`."""
    yield Case("known-size", f"%x: {_T}", "%y = host.size(%x) {dim = 1} : i64")
    dynamic = "%x: tensor<[u0, 3], f32>"
    size = "%y = host.size(%x) {dim = 0} : i64"
    yield Case("known-size", dynamic, size, "the size depends on data")
    relu = "%r = aten.relu.default(%x) : tensor<[u0, 3], f32>\n"
    yield Case("size-of-operand", dynamic, relu + size.replace("%x", "%r"))
    yield Case("size-of-operand", dynamic, size, "no ATen op makes the tensor")
    pick = "%r = aten.nonzero.default(%x) : tensor<[u1, 2], i64>\n"
    reason = "no operand of the ATen op has this size"
    yield Case("size-of-operand", dynamic, pick + size.replace("%x", "%r"), reason)


def item_cases() -> Iterator[Case]:
    """Yield cases of `host.item`."""
    one, number, flag = "%x: tensor<[1, 1], f32>", "tensor<[1, 1], f32>", "tensor<[1, 1], i1>"
    item = "%y = host.item(%r) : f64"
    view = "%r = aten.view.default(%x, []) : tensor<[], f32>\n"
    yield Case("item-of-view", one, view + item)
    select = "%r = aten.select.int(%x, 0, 1) : tensor<[], f32>\n"
    reason = "the view shows one element of several, or as another type"
    yield Case("item-of-view", "%x: tensor<[2], f32>", select + item, reason)
    yield Case("item-of-view", one, item.replace("%r", "%x"), "the element comes from no view")
    every = "%r = aten.all.default(%x) : tensor<[], i1>\n%y = host.item(%r) : i1"
    yield Case("item-of-view", f"%x: {flag}", every)
    yield Case("item-of-view", one, every, reason)
    for name, operand in (("gt.Scalar", "0.1"), ("le.Scalar", "1"), ("eq.Tensor", "%z")):
        compare = f"%r = aten.{name}(%x, {operand}) : {flag}\n%y = host.item(%r) : i1"
        yield Case("item-of-compare", f"{one}, %z: {number}", compare)
    compare = f"%r = aten.lt.Scalar(%x, 3) : {flag}\n%y = host.item(%r) : i1"
    yield Case("item-of-compare", "%x: tensor<[1, 1], i64>", compare)
    exact = "the number is not exact in the type of the tensor"
    yield Case("item-of-compare", "%x: tensor<[1, 1], i64>", compare.replace("3", "3.5"), exact)
    yield Case("item-of-compare", one, compare.replace("3", "1.0e300"), exact)
    twice = f"{compare}\n%s = aten.logical_not.default(%r) : {flag}"
    yield Case("item-of-compare", one, twice, "the comparison is needed as a tensor, too")
    sides = compare.replace("lt.Scalar(%x, 3)", "lt.Tensor(%x, %z)")
    reason = "the sides are of different types"
    yield Case("item-of-compare", f"{one}, %z: tensor<[], f64>", sides, reason)
    sums = f"{_T.replace('f32', 'i1')}\n%r = aten.any.default(%s) : tensor<[], i1>\n"
    sums = f"%s = aten.lt.Scalar(%x, 3) : {sums}%y = host.item(%r) : i1"
    yield Case("item-of-compare", f"%x: {_T}", sums, "the element comes from no comparison")
    both = f"%r = aten.logical_and.default(%x, %z) : {flag}\n%y = host.item(%r) : i1"
    yield Case("item-of-connective", f"%x: {flag}, %z: {flag}", both)
    reason = "the operands are not one bool each"
    yield Case("item-of-connective", f"{one}, %z: {flag}", both, reason)
    either = both.replace("logical_and.default", "bitwise_or.Tensor")
    yield Case("item-of-connective", f"%x: {flag}, %z: {flag}", either)
    inverse = f"%r = aten.logical_not.default(%x) : {flag}\n%y = host.item(%r) : i1"
    yield Case("item-of-negation", f"%x: {flag}", inverse)
    yield Case("item-of-negation", one, inverse, "the operand is not one bool")


def view_cases() -> Iterator[Case]:
    """Yield cases of ATen views."""
    x, other = f"%x: {_T}", "tensor<[3, 2], f32>"
    yield Case("known-argument", x, _ONE + f"%y = aten.add.Tensor(%x, %one) : {_T}")
    add = f"%y = aten.add.Tensor(%x, %n) : {_T}"
    yield Case("known-argument", f"{x}, %n: i64", add, "no argument is a constant")
    yield Case("view-to-same-shape", x, f"%y = aten.view.default(%x, [2, -1]) : {_T}")
    view = f"%y = aten.view.default(%x, [3, 2]) : {other}"
    reason = "the result has another type than the operand"
    yield Case("view-to-same-shape", x, view, reason)
    flat = "%f = aten.view.default(%x, [6]) : tensor<[6], f32>\n"
    yield Case("view-of-view", x, flat + view.replace("%x", "%f"))
    yield Case("view-of-view", x, view, "the operand is no view")
    yield Case("permute-nothing", x, f"%y = aten.permute.default(%x, [0, -1]) : {_T}")
    permute = f"%y = aten.permute.default(%x, [1, 0]) : {other}"
    yield Case("permute-nothing", x, permute, "the order of the axes changes")
    yield Case("permute-of-permute", x, permute, "the operand is no permute")
    cube = "%x: tensor<[2, 3, 4], f32>"
    yield Case("permute-of-permute", cube, _PERMUTES)
    swap = f"%t = aten.transpose.int(%x, 0, 1) : {other}\n"
    back = f"%y = aten.transpose.int(%t, -1, 0) : {_T}"
    yield Case("transpose-twice", x, swap + back)
    yield Case("transpose-twice", x, swap.replace("%t", "%y"), "the operand is no transpose")
    added = "%u = aten.unsqueeze.default(%x, -1) : tensor<[2, 3, 1], f32>\n"
    yield Case("squeeze-of-unsqueeze", x, added + f"%y = aten.squeeze.dim(%u, 2) : {_T}")
    squeeze = f"%y = aten.squeeze.dim(%x, 0) : {_T}"
    yield Case("squeeze-of-unsqueeze", x, squeeze, "the operand is no unsqueeze")
    end = 2**63 - 1
    yield Case("slice-of-all", x, f"%y = aten.slice.Tensor(%x, 0, 0, {end}) : {_T}")
    part = "%y = aten.slice.Tensor(%x, 1, 1) : tensor<[2, 2], f32>"
    yield Case("slice-of-all", x, part, "the slice has bounds or a step")


_PERMUTES = """
%p = aten.permute.default(%x, [2, 0, 1]) : tensor<[4, 2, 3], f32>
%y = aten.permute.default(%p, [2, 0, 1]) : tensor<[3, 4, 2], f32>
"""


def identity_cases() -> Iterator[Case]:
    """Yield cases of ATen ops that copy."""
    x, relu = f"%x: {_T}", f"\n%y = aten.relu.default(%c) : {_T}"
    clone = f"%c = aten.clone.default(%x) : {_T}"
    yield Case("copy-of-tensor", x, clone + relu)
    reason = "the copy leaves the function, and what it copies is used elsewhere"
    yield Case("copy-of-tensor", x, clone.replace("%c", "%y"), reason)
    view = "\n%y = aten.view.default(%c, [6]) : tensor<[6], f32>\n%z = aten.neg.default(%y)"
    view += " : tensor<[6], f32>\nhost.return([%z]) {structure = tuple(leaf(0))}"
    yield Case("copy-of-tensor", x, clone + view, "a view needs the strides that the copy has")
    keyword = '{memory_format = memory("contiguous_format")}'
    packed = clone.replace(" : ", f" {keyword} : ")
    yield Case("copy-of-tensor", x, packed + relu, "the copy changes the memory layout")
    add = f"%c = aten.add.Tensor(%x, 0) : {_I}\n%y = aten.neg.default(%c) : {_I}"
    yield Case("add-zero-to-tensor", f"%x: {_I}", add)
    yield Case("add-zero-to-tensor", x, add.replace(_I, _T), "-0.0 + 0 is 0.0")
    sub = f"%c = aten.sub.Tensor(%x, 0) : {_T}{relu}"
    yield Case("subtract-zero-from-tensor", x, sub)
    one = sub.replace("%x, 0", "%x, 1")
    yield Case("subtract-zero-from-tensor", x, one, "the second operand is not 0")
    mul = f"%c = aten.mul.Tensor(%x, 1.0) : {_T}{relu}"
    yield Case("scale-by-one", x, mul)
    yield Case("scale-by-one", x, mul.replace("1.0", "2.0"), "the second operand is not 1")
    as_float = mul.replace(f"1.0) : {_T}", "1.0) : tensor<[2, 3], f32>")
    reason = "the result has another type than the operand"
    yield Case("scale-by-one", f"%x: {_I}", as_float, reason)
    power = f"%c = aten.pow.Tensor_Scalar(%x, 1) : {_T}{relu}"
    yield Case("first-power", x, power)
    yield Case("first-power", x, power.replace("1)", "2)"), "the exponent is not 1")
    twice = f"%a = aten.logical_not.default(%x) : {_B}\n%c = aten.logical_not.default(%a) : {_B}"
    out = f"\n%y = aten.logical_or.default(%c, %c) : {_B}"
    yield Case("invert-twice", f"%x: {_B}", twice + out)
    yield Case("invert-twice", x, twice + out, "the result has another type than the operand")
    once = f"%y = aten.neg.default(%x) : {_T}"
    yield Case("invert-twice", x, once, "the operand is no such op")
    dropout = f"%c, %m = aten.native_dropout.default(%x, 0.5, false) : ({_T}, {_B})"
    yield Case("dropout-of-nothing", x, dropout + relu)
    mask = dropout.replace("%c", "%a").replace("%m", "%y")
    yield Case("dropout-of-nothing", x, mask, "the mask is used")
    cat = f"%c = aten.cat.default([%x]) : {_T}{relu}"
    yield Case("concatenate-one", x, cat)
    both = "%y = aten.cat.default([%x, %x]) : tensor<[4, 3], f32>"
    yield Case("concatenate-one", x, both, "there are several tensors")


CASES = [
    *scalar_cases(),
    *boolean_cases(),
    *branch_cases(),
    *list_cases(),
    *size_cases(),
    *item_cases(),
    *view_cases(),
    *identity_cases(),
]


def op_under_test(module: Module, pattern: Pattern) -> Op:
    """Return the last op of `module` that `pattern` may look at."""
    patterns = PatternSet([pattern])
    (func,) = module.funcs.values()
    candidates = [op for op in func.ops if patterns.applicable(op)]
    scalars = [op for op in candidates if op.name.startswith("arith.")]
    return (scalars if pattern.root is Op else candidates)[-1]


def random_value(value_type: Type, generator: torch.Generator) -> object:
    """Return a value of `value_type`; now and then a special one. Lists have two items."""
    if isinstance(value_type, TensorType):
        return random_tensor(value_type, generator)
    if not isinstance(value_type, ScalarType):
        return [random_value(value_type.element, generator) for _ in range(2)]
    number = int(torch.randint(-2, 3, (), generator=generator))
    if value_type.kind is ScalarKind.I1:
        return number > 0
    special = {-2: float("nan"), -1: -0.0}
    return special.get(number, number / 2) if value_type.kind is ScalarKind.F64 else number


def random_tensor(value_type: TensorType, generator: torch.Generator) -> torch.Tensor:
    """Return a tensor with some zeros of both signs, and nan."""
    shape = [dim if isinstance(dim, int) else 4 for dim in value_type.shape]
    numbers = torch.randint(-3, 4, shape, generator=generator)
    if value_type.dtype is DType.I64:
        return numbers
    if value_type.dtype is DType.I1:
        return numbers > 0
    floats = torch.randn(shape, generator=generator)
    floats = torch.where(numbers == 1, 0.1, floats)
    floats = torch.where(numbers == 3, torch.nan, floats)
    return torch.where(numbers == 2, -0.0, floats)


def is_same(left: object, right: object) -> bool:
    """Tell whether two results are equal bit by bit."""
    if isinstance(left, torch.Tensor) and isinstance(right, torch.Tensor):
        bits = [each.contiguous().reshape(-1).view(torch.uint8) for each in (left, right)]
        return left.dtype == right.dtype and left.shape == right.shape and torch.equal(*bits)
    return type(left) is type(right) and repr(left) == repr(right)


def case_inputs(module: Module, generator: torch.Generator) -> list[object]:
    """Return random arguments of the only function."""
    (func,) = module.funcs.values()
    values = [random_value(param.type, generator) for param in func.params]
    indices = [number for number, param in enumerate(func.params) if param.name == "i"]
    return [1 if number in indices else value for number, value in enumerate(values)]


@pytest.mark.parametrize("case", [case for case in CASES if not case.reason], ids=str)
def test_pattern_fires_and_keeps_meaning(case: Case):
    original, rewritten = case.module(), case.module()
    pattern = ALL_PATTERNS[case.pattern]
    op = op_under_test(rewritten, pattern)
    assert apply_first(op, PatternSet([pattern]), PassContext()) is not None
    for func in rewritten.funcs.values():
        remove_unreachable(func.body)
    check(rewritten)
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        inputs = case_inputs(original, generator)
        (expected,), (actual,) = (Interpreter(m, {}).run(*inputs) for m in (original, rewritten))
        assert is_same(actual, expected), f"{inputs}: {actual} instead of {expected}"


@pytest.mark.parametrize("case", [case for case in CASES if case.reason], ids=str)
def test_pattern_misses_and_says_why(case: Case):
    pattern = ALL_PATTERNS[case.pattern]
    assert pattern(op_under_test(case.module(), pattern)) == Miss(case.reason)


@pytest.mark.parametrize("name", ALL_PATTERNS)
def test_every_pattern_has_cases(name: str):
    kinds = {bool(case.reason) for case in CASES if case.pattern == name}
    assert kinds == {False, True}


@pytest.mark.parametrize(("left", "right"), [(0.0, -0.0), (1, True), (1, 1.0), (0, 1)])
def test_comparison_rejects(left: float, right: float):
    assert not is_same(left, right)
    assert not is_same(torch.tensor([left]), torch.tensor([right]))
