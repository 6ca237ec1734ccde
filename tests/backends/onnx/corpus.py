"""Calls of torch operators with which back ends are tested: each line is one call.

`t(2, 3)` stands for a tensor of that shape whose element type varies; `i(5, 2)` for two indices
below 5, `b(3)` for a mask, `v([...])` for given elements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch

from modelc.ir import DType
from modelc.ir.graph.literals import torch_dtypes

F64, F32, F16 = DType.F64, DType.F32, DType.F16
I64, I32, U8, I1 = DType.I64, DType.I32, DType.U8, DType.I1
FLOATS = (F32, F64, F16)
SINGLE_AND_HALF = (F32, F16)
NUMBERS = (F32, F64, F16, I64, I32)
ALL = (*NUMBERS, U8, I1)
INF, NAN = float("inf"), float("nan")


@dataclass(frozen=True)
class Tensor:
    """Describe a tensor: `dtype` None means the type under test, `below` makes it indices."""

    shape: tuple[int, ...]
    dtype: DType | None = None
    below: int = 0
    lowest: float = -3.0
    elements: tuple[Any, ...] | None = None

    def make(self, dtype: DType, generator: torch.Generator) -> torch.Tensor:
        """Return the tensor, of `dtype` unless it has a type of its own."""
        wanted = torch_dtypes()[self.dtype or dtype]
        if self.elements is not None:
            return torch.tensor(self.elements, dtype=wanted).reshape(self.shape)
        if self.below:
            return torch.randint(0, self.below, self.shape, generator=generator).to(wanted)
        if wanted is torch.bool:
            return torch.rand(self.shape, generator=generator) < 0.5
        lowest = max(self.lowest, 0.0) if wanted is torch.uint8 else self.lowest
        uniform = torch.rand(self.shape, generator=generator, dtype=torch.float64)
        scaled = lowest + (4.0 - lowest) * uniform
        return (scaled if wanted.is_floating_point else scaled.floor()).to(wanted)


@dataclass(frozen=True)
class Case:
    """One call, to be made once for each element type in `dtypes`.

    Of the results only the first `used` are, all if it is None. `miss` is part of the reason why
    ONNX Runtime does not take the call, "" if it does.
    """

    target: str
    arguments: tuple[Any, ...]
    dtypes: tuple[DType, ...] = (F32,)
    keywords: tuple[tuple[str, Any], ...] = ()
    used: int | None = None
    miss: str = ""


def t(*shape: int) -> Tensor:
    """Return a tensor with elements in [-3, 4)."""
    return Tensor(shape)


def p(*shape: int) -> Tensor:
    """Return a tensor with elements in [0.1, 4), or from 1 on if they are integers."""
    return Tensor(shape, lowest=1.0)


def i(below: int, *shape: int) -> Tensor:
    """Return indices."""
    return Tensor(shape, I64, below)


def b(*shape: int) -> Tensor:
    """Return a mask."""
    return Tensor(shape, I1)


def v(elements: Sequence[Any], *shape: int, dtype: DType | None = None) -> Tensor:
    """Return the given elements, as a vector or in a shape."""
    return Tensor(shape or (len(elements),), dtype, elements=tuple(elements))


def cases(
    target: str,
    *calls: tuple[Any, ...],
    dtypes: tuple[DType, ...] = (F32,),
    used: int | None = None,
    miss: str = "",
) -> list[Case]:
    """Return one case per argument list; a dict at its end holds keywords."""
    made: list[Case] = []
    for call in calls:
        has_keywords = bool(call) and isinstance(call[-1], dict)
        arguments = call[:-1] if has_keywords else call
        named = tuple(cast("dict[str, Any]", call[-1]).items()) if has_keywords else ()
        made.append(Case(f"aten.{target}", arguments, dtypes, named, used, miss))
    return made


def many(
    targets: str,
    *calls: tuple[Any, ...],
    dtypes: tuple[DType, ...] = (F32,),
    miss: str = "",
) -> list[Case]:
    """Return the same calls of several operators."""
    return [
        case
        for target in targets.split()
        for case in cases(target, *calls, dtypes=dtypes, miss=miss)
    ]


SPECIAL = v([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.0, 3.7])

ELEMENTWISE = [
    *many(
        "abs.default neg.default relu.default sign.default square.default",
        (t(2, 3),),
        (t(),),
        (t(0, 3),),
        dtypes=NUMBERS,
    ),
    *many(
        "sin.default cos.default tanh.default sigmoid.default exp.default silu.default "
        "hardswish.default hardsigmoid.default hardtanh.default elu.default leaky_relu.default "
        "relu6.default",
        (t(3, 4),),
        dtypes=FLOATS,
    ),
    *many(
        "erf.default atan.default expm1.default softplus.default mish.default selu.default "
        "log_sigmoid_forward.default gelu.default",
        (t(3, 4),),
        dtypes=SINGLE_AND_HALF,
    ),
    *many(
        "erf.default atan.default gelu.default", (t(3, 4),), dtypes=(F64,), miss="implementation"
    ),
    *many(
        "expm1.default softplus.default mish.default selu.default log_sigmoid_forward.default "
        "log1p.default",
        (t(3, 4),),
        dtypes=(F64,),
        miss="32 bits",
    ),
    *many(
        "log.default sqrt.default rsqrt.default reciprocal.default",
        (p(3, 4),),
        dtypes=FLOATS,
    ),
    *many("log1p.default log2.default", (p(3, 4),), dtypes=SINGLE_AND_HALF),
    *cases("log2.default", (p(3, 4),), dtypes=(F64,), miss="32 bits"),
    *many("floor.default ceil.default trunc.default round.default", (SPECIAL,), dtypes=NUMBERS),
    *cases("round.decimals", (SPECIAL, {"decimals": 1})),
    *cases("gelu.default", (t(3, 4), {"approximate": "tanh"}), dtypes=FLOATS),
    *many(
        "isnan.default isinf.default isfinite.default", (v([0.0, INF, -INF, NAN]),), dtypes=FLOATS
    ),
    *cases("logical_not.default", (t(3),), dtypes=ALL),
    *cases("bitwise_not.default", (t(3),), dtypes=(I64, I32, U8, I1)),
    *cases(
        "clamp.default", (t(3, 4), -1, 2), (t(3, 4), None, 1), (t(3, 4), 0, None), dtypes=NUMBERS
    ),
    *many(
        "clamp_min.default clamp_max.default", (v([INF, -INF, 0.5]), 0.25), dtypes=(F32, F64, F16)
    ),
    *cases("clamp.default", (v([INF, -INF]), None, 1.0), (v([INF, -INF]), -1.0)),
    *cases("clamp.Tensor", (t(3, 4), t(4), None)),
    *many("clamp_min.default clamp_max.default", (t(3, 4), 1), dtypes=NUMBERS),
    *cases("nan_to_num.default", (v([NAN, INF, -INF, 1.0]), 0.0)),
    *cases("_to_copy.default", *[(t(3, 4), {"dtype": to}) for to in ALL], dtypes=ALL),
    *many("clone.default detach.default alias.default", (t(3, 4),), dtypes=ALL),
    *cases("threshold.default", (t(3, 4), 0.5, 7.0)),
]

ARITHMETIC = [
    *many(
        "add.Tensor sub.Tensor mul.Tensor maximum.default minimum.default",
        (t(2, 3), t(3)),
        (t(2, 1, 3), t(4, 1)),
        (t(), t(2)),
        (t(0, 3), t(3)),
        dtypes=NUMBERS,
    ),
    *cases("add.Tensor", (t(3), t(3)), dtypes=ALL),
    *cases("add.Tensor", (t(3), t(3), {"alpha": 2}), dtypes=(*NUMBERS, U8)),
    *cases("add.Tensor", (t(3), t(3), {"alpha": 2}), dtypes=(I1,), miss="refuses"),
    *cases("add.Tensor", (t(3), Tensor((3,), I64)), (Tensor((3,), I1), t(3)), dtypes=NUMBERS),
    *cases("sub.Tensor", (t(3), t(3), {"alpha": 2.5})),
    *many("add.Scalar sub.Scalar mul.Scalar", (t(3), 2), (t(3), 1.5), dtypes=NUMBERS),
    *many("add.Tensor mul.Tensor sub.Tensor rsub.Scalar", (t(3), 2), dtypes=NUMBERS),
    *cases("div.Tensor", (t(2, 3), p(3)), (t(3), 2), dtypes=NUMBERS),
    *cases(
        "div.Tensor_mode",
        (v([7, -7, 7, -7]), v([2, 2, -2, -2]), {"rounding_mode": "floor"}),
        (v([7, -7, 7, -7]), v([2, 2, -2, -2]), {"rounding_mode": "trunc"}),
        (v([7.5, -7.5]), v([2.0, 2.0]), {"rounding_mode": None}),
        dtypes=NUMBERS,
    ),
    *cases("floor_divide.default", (v([7, -7, 7, -7]), v([2, 2, -2, -2])), dtypes=NUMBERS),
    *many(
        "remainder.Tensor fmod.Tensor",
        (v([7, -7, 7, -7]), v([3, 3, -3, -3])),
        (v([6, -6, 0, -3]), v([3, 3, -3, -3])),
        dtypes=NUMBERS,
    ),
    *many("remainder.Scalar fmod.Scalar", (v([7, -7, 4]), 3), (v([7, -7, 4]), -3), dtypes=NUMBERS),
    *cases("pow.Tensor_Scalar", *[(p(4), e) for e in (0, 1, 2, 3)], dtypes=NUMBERS),
    *cases("pow.Tensor_Scalar", (p(4), 0.5), (p(4), -2), (p(4), 5), dtypes=FLOATS),
    *cases("pow.Tensor_Scalar", (v([2**12 + 1, 3, -2]), 5), dtypes=(I64,)),
    *cases("pow.Tensor_Tensor", (p(4), t(4)), dtypes=FLOATS),
    *cases("pow.Tensor_Tensor", (p(4), t(4)), dtypes=(I64,), miss="negative power"),
    *cases("pow.Scalar", (2.0, t(4)), dtypes=FLOATS),
    *cases(
        "atan2.default", (v([0.0, 0.0, 1.0]), v([1.0, -1.0, -1.0])), miss="first operand is zero"
    ),
    *many(
        "eq.Tensor ne.Tensor lt.Tensor le.Tensor gt.Tensor ge.Tensor",
        (t(2, 3), t(3)),
        (v([1, 2, 2]), v([2, 2, 1])),
        dtypes=ALL,
    ),
    *many(
        "eq.Scalar ne.Scalar lt.Scalar le.Scalar gt.Scalar ge.Scalar",
        (t(2, 3), 1),
        (t(2, 3), 0.5),
        dtypes=NUMBERS,
    ),
    *many("logical_and.default logical_or.default logical_xor.default", (t(4), t(4)), dtypes=ALL),
    *many(
        "bitwise_and.Tensor bitwise_or.Tensor bitwise_xor.Tensor",
        (t(4), t(4)),
        dtypes=(I64, I32, U8, I1),
    ),
    *cases("where.self", (b(2, 3), t(2, 3), t(3)), (b(3), t(), t(3)), dtypes=ALL),
    *cases("where.ScalarOther", (b(3), t(3), 0.0)),
    *cases("masked_fill.Scalar", (t(2, 3), b(3), 1), (t(2, 3), b(2, 3), -INF), dtypes=FLOATS),
    *cases("masked_fill.Scalar", (t(2, 3), b(3), 1), dtypes=ALL),
    *cases("masked_fill.Tensor", (t(2, 3), b(3), t()), dtypes=ALL),
    *cases("lerp.Scalar", (t(3), t(3), 0.3)),
    *cases("addcmul.default", (t(3), t(3), t(3), {"value": 0.3}), dtypes=(F32, F64)),
    *cases("addcdiv.default", (t(3), t(3), p(3), {"value": 0.3}), dtypes=(F32, F64)),
]

REDUCTIONS = [
    *many(
        "sum.dim_IntList mean.dim amax.default amin.default",
        (t(2, 3, 4), (1,)),
        (t(2, 3, 4), (-1, 0), True),
        (t(2, 3), (0, 1)),
        dtypes=FLOATS,
    ),
    *cases("sum.dim_IntList", (t(2, 3), (1,)), (t(0, 3), (0,)), dtypes=ALL),
    *cases("sum.default", (t(2, 3),), (t(2, 3), {"dtype": F32}), dtypes=ALL),
    *many("amax.default amin.default", (t(2, 3), (-1,)), dtypes=NUMBERS),
    *cases("mean.dim", (t(0, 3), (0,)), (t(2, 3), (1,), False, {"dtype": F64})),
    *many("max.default min.default", (t(2, 3),), dtypes=NUMBERS),
    *many("max.dim min.dim", (t(3, 7), 1), (t(3, 7), -2, True), dtypes=(F32, F64)),
    *many(
        "argmax.default argmin.default",
        (v([1, 3, 3, 2, 3, 1]),),
        (v([1, 3, 3, 2, 2, 2], 2, 3), -1),
        (v([1, 1, 3, 2, 1, 2], 2, 3), 0, True),
        dtypes=NUMBERS,
    ),
    *cases("prod.dim_int", (t(2, 3), 1), dtypes=NUMBERS),
    *cases("prod.default", (t(2, 3),), dtypes=(F32, I64)),
    *many("any.default all.default", (t(2, 3),), (b(0),), (b(3),), dtypes=ALL),
    *many("any.dim all.dim", (t(2, 3), 1), (t(2, 3), -2, True), (t(), 0, True), dtypes=ALL),
    *many(
        "var.correction std.correction var_mean.correction",
        (t(3, 4),),
        (t(3, 4), (1,)),
        (t(3, 4), (-1,), {"correction": 0, "keepdim": True}),
        (t(0, 4), (0,)),
        (t(1, 4), (0,)),
        dtypes=FLOATS,
    ),
    *cases("cumsum.default", (t(3, 4), 1), (t(3, 4), -2), (t(0, 4), 0), dtypes=NUMBERS),
    *cases("cumprod.default", (t(3, 4), 1), miss="no mapping"),
    *cases("logsumexp.default", (t(3, 4), (1,)), dtypes=(F32, F64)),
    *cases(
        "linalg_vector_norm.default",
        (t(3, 4), 2, (1,)),
        (t(3, 4), 1, None, True),
        (t(), 1.2, (0,), True),
    ),
    *cases("count_nonzero.default", (t(3, 4),)),
    *cases(
        "nonzero.default",
        (v([0, 1, 0, 2, 3, 0], 2, 3),),
        (t(0, 2),),
        dtypes=(F32, F16, I64, I32, U8, I1),
    ),
    *cases("nonzero.default", (t(3),), dtypes=(F64,), miss="implementation"),
    *cases("nonzero.default", (t(),), dtypes=ALL, miss="scalar"),
    *cases("topk.default", (v([3, 1, 4, 1.5, 5, 9], 2, 3), 2), (t(4, 9), 3, 0, False)),
    *cases("sort.default", (v([3, 1, 2, 9, 7, 8], 2, 3),), (t(4, 3), 0, True), dtypes=NUMBERS),
    *cases(
        "sort.stable",
        (v([2, 1, 2, 1, 1, 2]), {"stable": True, "dim": 0, "descending": False}),
        (v([2, 1, 2, 1, 1, 2]), {"stable": True, "dim": 0, "descending": True}),
        dtypes=NUMBERS,
    ),
    *cases("_unique2.default", (v([3, 1, 3, 2, 1]), True, True, True), dtypes=(I64,)),
    *cases("_unique2.default", (v([3, 1, 3, 2, 1]), True, True, True), miss="one number"),
    *cases("unique_consecutive.default", (v([3, 3, 1, 1, 3]), True, True), miss="another rank"),
    *cases("unique_dim.default", (v([1, 2, 1, 2, 3, 4], 3, 2), 0, True, True, True), dtypes=(I64,)),
    *cases("unique_dim.default", (v([1, 2, 1, 2, 3, 4], 3, 2), 0), miss="one number"),
    *cases("median.dim", (t(3, 5), 1), miss="no mapping"),
]

SHAPES = [
    *many("view.default _unsafe_view.default", (t(2, 6), (3, 4)), (t(2, 6), (-1, 2)), dtypes=ALL),
    *cases("view.default", (t(0, 6), (0, 2, 3)), (t(0, 6), (-1, 2)), (t(), (1, 1)), (t(1), ())),
    *cases("expand.default", (t(2, 1), (2, 3)), (t(3), (2, -1)), (t(), (2, 2)), dtypes=ALL),
    *cases("repeat.default", (t(2, 3), (2, 1)), (t(3), (2, 2)), (t(3), (0, 1)), dtypes=ALL),
    *cases("permute.default", (t(2, 3, 4), (2, 0, 1)), (t(2, 3), (-1, 0)), dtypes=ALL),
    *cases("transpose.int", (t(2, 3, 4), 1, -1)),
    *cases("t.default", (t(2, 3),)),
    *cases("unsqueeze.default", (t(2, 3), 1), (t(2, 3), -1), (t(), 0)),
    *cases("squeeze.dim", (t(1, 3, 1), 0), (t(1, 3, 1), 1), (t(1, 3, 1), -1)),
    *cases("squeeze.dims", (t(1, 3, 1), (0, -1)), (t(1, 3), ())),
    *cases("squeeze.default", (t(1, 3, 1),)),
    *cases("cat.default", ((t(2, 3), t(1, 3)),), ((t(2, 3), t(2, 1), t(2, 0)), -1), dtypes=ALL),
    *cases("cat.default", ((t(2), Tensor((2,), F64)),)),
    *cases("stack.default", ((t(2, 3), t(2, 3)), 1)),
    *cases("split.Tensor", (t(5, 3), 2), (t(2, 5), 5, -1), (t(4, 4), 2, 1), dtypes=ALL),
    *cases("split_with_sizes.default", (t(5, 3), (1, 0, 4)), dtypes=ALL),
    *cases("unbind.int", (t(2, 3),), (t(2, 3), -1)),
    *cases(
        "slice.Tensor",
        (t(6, 4), 0, 1, 5),
        (t(6, 4), -1, -3, 9223372036854775807),
        (t(6, 4), 0, 0, 6, 2),
        (t(6, 4), 0, 4, 2),
        dtypes=ALL,
    ),
    *cases("select.int", (t(3, 4), 0, 1), (t(3, 4), -1, -2), dtypes=ALL),
    *cases("slice_scatter.default", (t(6, 4), t(2, 4), 0, 1, 5, 2), (t(6, 4), t(6, 1), 1, 3)),
    *cases("select_scatter.default", (t(3, 4), t(4), 0, 1), (t(3, 4), t(3), -1, -1)),
    *cases("flip.default", (t(2, 3), (1,)), (t(2, 3), (0, -1))),
    *cases("roll.default", (t(2, 3), (1,), (1,))),
    *many("tril.default triu.default", (t(3, 4),), (t(3, 4), -1), (t(3, 4), 1), dtypes=NUMBERS),
    *cases("diagonal.default", (t(3, 4),)),
    *cases("constant_pad_nd.default", (t(2, 3), (1, 2)), (t(2, 3), (1, 0, 0, 2), 7.0)),
    *cases("constant_pad_nd.default", (t(2, 3), (-1, 0))),
    *cases("reflection_pad2d.default", (t(1, 2, 4, 4), (1, 2, 1, 0))),
    *cases("replication_pad2d.default", (t(1, 2, 4, 4), (1, 2, 1, 0)), (t(1, 2, 4, 4), (-1,) * 4)),
    *cases("unfold.default", (t(7), 0, 3, 2)),
    *cases("as_strided.default", (t(6), (2, 2), (1, 2)), miss="in memory"),
    *cases("pixel_shuffle.default", (t(1, 4, 2, 2), 2)),
    *cases("pixel_unshuffle.default", (t(1, 1, 4, 4), 2)),
]

CREATION = [
    *cases("full.default", *[((2, 3), 1, {"dtype": dtype}) for dtype in ALL]),
    *many("zeros.default ones.default", *[((2,), {"dtype": dtype}) for dtype in ALL]),
    *many("zeros_like.default ones_like.default", (t(2, 3),), dtypes=ALL),
    *cases("full_like.default", (t(2, 3), 2), dtypes=NUMBERS),
    *cases("new_zeros.default", (t(2), (3, 1))),
    *cases("scalar_tensor.default", (1.5, {"dtype": F32}), (2, {"dtype": I64})),
    *cases("arange.start_step", (0, 7, 2, {"dtype": I64}), (1.0, 2.0, 0.25, {"dtype": F32})),
    *cases("arange.start_step", (5, 0, -2, {"dtype": I64}), (0, 0, 1, {"dtype": I64})),
    *cases("linspace.default", (0.0, 1.0, 5, {"dtype": F32}), (0.1, 0.7, 4, {"dtype": F64})),
    *cases("eye.default", (3, {"dtype": F32})),
]

INDEXING = [
    *cases("embedding.default", (t(7, 3), i(7, 2, 4)), (t(7, 3), i(7)), dtypes=FLOATS),
    *cases("gather.default", (t(3, 4), 1, i(4, 3, 2)), (t(3, 4), -2, i(3, 2, 4)), dtypes=ALL),
    *cases("gather.default", (t(5), 0, i(5, 0))),
    *cases("index_select.default", (t(3, 4), 0, i(3, 5)), (t(3, 4), -1, i(4, 2)), dtypes=ALL),
    *cases("index_add.default", (t(3, 4), 0, v([0, 2], dtype=I64), t(2, 4))),
    *cases("index_add.default", (t(3, 4), 0, v([1, 1], dtype=I64), t(2, 4), {"alpha": 2})),
    *cases(
        "index.Tensor",
        (t(4, 5), (i(4, 3),)),
        (t(4, 5), (i(4, 3), i(5, 3))),
        (t(4, 5), (i(4, 2, 1), i(5, 3))),
        (t(4, 5), (None, i(5, 2))),
        (t(4, 5, 6), (i(4, 2), None, i(6, 2))),
        (t(4, 5), (v([-1, 0], dtype=I64),)),
        (t(4, 5), (i(4),)),
        (t(4, 5), (i(4, 0),)),
        (t(4, 5), (b(4),)),
        (t(4, 5), (b(4, 5),)),
        (t(4, 5), (None, b(5))),
        (t(4, 5, 6), (None, b(5, 6))),
        (t(2, 5), (v([0, 1], dtype=I64), v([True, False, True, False, False], dtype=I1))),
        (t(2, 2), (v([True, False], dtype=I1), v([False, True], dtype=I1))),
        (t(4), (v([False] * 4, dtype=I1),)),
        dtypes=ALL,
    ),
    *cases(
        "index_put.default",
        (t(4, 5), (v([0, 2], dtype=I64),), t(2, 5)),
        (t(4, 5), (v([0, 2], dtype=I64),), t()),
        (t(4, 5), (v([0, 2], dtype=I64), v([1, 1], dtype=I64)), t(2)),
        (t(4, 5), (None, v([0, 2], dtype=I64)), t(4, 2)),
        (t(4, 5), (b(4, 5),), t()),
        (t(4, 5), (b(4),), t()),
        (t(4, 5), (v([True, False, True, False], dtype=I1),), t(2, 5)),
        (t(4), (v([True, False, True, False], dtype=I1),), t(2)),
        dtypes=NUMBERS,
    ),
    *cases(
        "index_put.default",
        (t(4, 5), (v([1, 1], dtype=I64),), t(2, 5), True),
        dtypes=(F32, F64, I64, I32),
    ),
    *cases(
        "index_put.default",
        (t(4, 5), (v([1, 1], dtype=I64),), t(2, 5), True),
        dtypes=(F16,),
        miss="accumulates",
    ),
    *cases("scatter.src", (t(3, 4), 1, v([0, 1, 2, 3, 1, 0], 3, 2, dtype=I64), t(3, 2))),
    *cases("scatter.value", (t(3, 4), 1, v([0, 1, 2, 3, 1, 0], 3, 2, dtype=I64), 7.0)),
    *cases("scatter_add.default", (t(3, 4), 1, v([0, 0, 2, 3, 1, 1], 3, 2, dtype=I64), t(3, 2))),
    *cases(
        "scatter_reduce.two",
        (t(3, 4), 0, i(3, 2, 4), t(2, 4), "sum"),
        (t(3, 4), 0, i(3, 2, 4), t(2, 4), "amax"),
        (t(3, 4), 0, i(3, 2, 4), t(2, 4), "sum", {"include_self": False}),
    ),
    *cases(
        "scatter_reduce.two", (t(3, 4), 0, i(3, 2, 4), t(2, 4), "mean"), miss="no such reduction"
    ),
    *cases(
        "masked_select.default", (t(3, 4), b(3, 4)), (t(3, 4), b(4)), (t(4), b(2, 4)), dtypes=ALL
    ),
    *cases("masked_scatter.default", (t(3, 4), b(3, 4), t(12))),
    *cases("one_hot.default", (i(4, 3), 4), miss="assert"),
    *cases("bucketize.Tensor", (t(4), v([-1.0, 0.0, 2.0]))),
    *cases("take.default", (t(3, 4), i(12, 3))),
    *cases("repeat_interleave.Tensor", (v([1, 0, 2], dtype=I64),)),
]

IMAGE, KERNEL = t(2, 3, 7, 7), t(4, 3, 3, 3)


def convolution(*rest: Any, image: Tensor = IMAGE, kernel: Tensor = KERNEL) -> tuple[Any, ...]:
    """Return arguments of a convolution: bias, stride, padding, dilation, transposed, ..."""
    return (image, kernel, *rest)


NETWORKS = [
    *cases("mm.default", (t(2, 3), t(3, 4)), (t(0, 3), t(3, 4)), dtypes=(*NUMBERS,)),
    *cases("bmm.default", (t(2, 3, 4), t(2, 4, 5)), dtypes=FLOATS),
    *cases("addmm.default", (t(4), t(2, 3), t(3, 4)), (t(2, 4), t(2, 3), t(3, 4)), dtypes=FLOATS),
    *cases(
        "addmm.default", (t(4), t(2, 3), t(3, 4), {"beta": 0.5, "alpha": 2.0}), dtypes=(F32, F64)
    ),
    *cases("baddbmm.default", (t(2, 3, 5), t(2, 3, 4), t(2, 4, 5)), dtypes=FLOATS),
    *cases(
        "baddbmm.default", (t(2, 3, 5), t(2, 3, 4), t(2, 4, 5), {"beta": 0.3}), dtypes=(F32, F64)
    ),
    *many("mv.default", (t(2, 3), t(3))),
    *cases(
        "addmv.default",
        (t(2), t(2, 3), t(3)),
        (t(2), t(2, 3), t(3), {"beta": 2, "alpha": 3}),
        (v([NAN, 1.0], 2), t(2, 3), t(3), {"beta": 0}),
        dtypes=(F32, F64),
    ),
    *many("dot.default", (t(3), t(3))),
    *cases("matmul.default", (t(2, 3, 4), t(4, 5)), (t(4), t(4))),
    *cases("linear.default", (t(2, 3, 4), t(5, 4), t(5)), (t(4), t(5, 4))),
    *cases(
        "convolution.default",
        convolution(t(4), (1, 1), (1, 1), (1, 1), False, (0, 0), 1),
        convolution(None, (2, 2), (0, 1), (2, 1), False, (0, 0), 1),
        convolution(t(6), (1, 1), (0, 0), (1, 1), False, (0, 0), 3, kernel=t(6, 1, 3, 3)),
        convolution(t(2), (2,), (1,), (1,), False, (0,), 1, image=t(1, 3, 9), kernel=t(2, 3, 3)),
        convolution(
            t(2),
            (1, 1, 1),
            (1, 1, 1),
            (1, 1, 1),
            False,
            (0, 0, 0),
            1,
            image=t(1, 2, 4, 4, 4),
            kernel=t(2, 2, 3, 3, 3),
        ),
        convolution(t(4), (2, 2), (1, 1), (1, 1), True, (1, 1), 1, kernel=t(3, 4, 3, 3)),
        dtypes=SINGLE_AND_HALF,
    ),
    *cases(
        "convolution.default",
        convolution(t(4), (1, 1), (1, 1), (1, 1), False, (0, 0), 1),
        dtypes=(F64,),
        miss="implementation",
    ),
    *cases(
        "convolution.default",
        convolution(t(4), (1, 1), (1, 1), (2, 2), True, (1, 1), 1, kernel=t(3, 4, 3, 3)),
        miss="padding",
    ),
    *cases(
        "_native_batch_norm_legit_no_training.default",
        (IMAGE, p(3), t(3), t(3), p(3), 0.1, 1e-5),
        (t(4, 3), None, None, t(3), p(3), 0.1, 1e-5),
        dtypes=SINGLE_AND_HALF,
    ),
    *cases(
        "_native_batch_norm_legit_no_training.default",
        (IMAGE, p(3), t(3), t(3), p(3), 0.1, 1e-5),
        dtypes=(F64,),
        miss="32 bits",
    ),
    *cases(
        "native_batch_norm.default",
        (IMAGE, p(3), t(3), t(3), p(3), True, 0.1, 1e-5),
        miss="statistics",
    ),
    *cases("native_batch_norm.default", (IMAGE, p(3), t(3), t(3), p(3), False, 0.1, 1e-5)),
    *cases("_native_batch_norm_legit.no_stats", (IMAGE, p(3), t(3), True, 0.1, 1e-5)),
    *cases(
        "_batch_norm_with_update_functional.default",
        (IMAGE, p(3), t(3), t(3), p(3), 0.1, 1e-5),
        used=1,
    ),
    *cases(
        "native_layer_norm.default",
        (t(2, 3, 4), (4,), t(4), t(4), 1e-5),
        (t(2, 3, 4), (3, 4), None, None, 1e-12),
        dtypes=FLOATS,
        used=1,
    ),
    *cases("native_layer_norm.default", (t(2, 3, 4), (4,), t(4), t(4), 1e-5)),
    *cases(
        "native_group_norm.default",
        (t(2, 4, 5), t(4), t(4), 2, 4, 5, 2, 1e-5),
        dtypes=SINGLE_AND_HALF,
    ),
    *many(
        "_softmax.default _log_softmax.default",
        (t(3, 4), 1, False),
        (t(3, 4), 0, False),
        dtypes=FLOATS,
    ),
    *many("_softmax.default", (v([0.0, -INF, 1.0]), 0, False), (v([80.0, 90.0]), 0, False)),
    *cases(
        "max_pool2d_with_indices.default",
        (IMAGE, (2, 2)),
        (IMAGE, (3, 3), (2, 2), (1, 1)),
        (IMAGE, (3, 3), (2, 2), (0, 0), (2, 2)),
        (IMAGE, (3, 3), (2, 2), (0, 0), (1, 1), True),
        dtypes=FLOATS,
    ),
    *cases(
        "avg_pool2d.default",
        (IMAGE, (2, 2)),
        (IMAGE, (3, 3), (2, 2), (1, 1)),
        (IMAGE, (3, 3), (2, 2), (1, 1), False, False),
        (IMAGE, (3, 3), (2, 2), (1, 1), True),
        dtypes=SINGLE_AND_HALF,
    ),
    *cases(
        "avg_pool2d.default",
        (IMAGE, (3, 3), (2, 2), (0, 0), False, True, 5),
        dtypes=FLOATS,
        miss="divisor_override",
    ),
    *cases("avg_pool1d.default", (t(2, 3, 8), (2,), (2,))),
    *cases("_adaptive_avg_pool2d.default", (IMAGE, (1, 1)), (IMAGE, (7, 7)), (IMAGE, (3, 2))),
    *cases("adaptive_max_pool2d.default", (t(1, 2, 6, 6), (3, 3))),
    *cases(
        "upsample_nearest2d.vec", (t(1, 2, 3, 3), (6, 6), None), (t(1, 2, 3, 3), None, (2.0, 2.0))
    ),
    *cases(
        "upsample_bilinear2d.vec",
        (t(1, 2, 3, 3), (5, 7), False, None),
        (t(1, 2, 3, 3), (6, 6), True, None),
    ),
    *cases("grid_sampler_2d.default", (t(1, 2, 4, 4), t(1, 3, 3, 2), 0, 0, False)),
    *cases("im2col.default", (t(1, 2, 4, 4), (2, 2), (1, 1), (0, 0), (1, 1))),
    *cases(
        "_scaled_dot_product_flash_attention_for_cpu.default",
        (t(2, 2, 5, 8), t(2, 2, 6, 8), t(2, 2, 6, 8)),
        (t(2, 2, 5, 8), t(2, 2, 5, 8), t(2, 2, 5, 8), 0.0, True),
        (t(1, 2, 5, 8), t(1, 2, 5, 8), t(1, 2, 5, 8), {"attn_mask": t(5, 5), "scale": 0.3}),
        dtypes=(F32, F64),
        used=1,
    ),
    *cases(
        "_scaled_dot_product_flash_attention_for_cpu.default",
        (t(2, 2, 5, 8), t(2, 2, 6, 8), t(2, 2, 6, 8)),
        miss="refuses",
    ),
    *cases("glu.default", (t(3, 4), 1)),
    *cases("_prelu_kernel.default", (t(2, 3), t(1))),
    *cases("native_dropout.default", (t(3), 0.5, False)),
    *cases("rand.default", ((3,),), miss="random"),
    *cases("_cdist_forward.default", (t(3, 4), t(2, 4), 2.0, None), miss="no mapping"),
    *cases("nll_loss_forward.default", (t(3, 4), i(4, 3), None, 1, -100)),
    *cases("mse_loss.default", (t(3, 4), t(3, 4), 1)),
    *cases("cumsum.default", (t(3), 0)),
    *cases("einsum.default", ("ij,jk->ik", (t(2, 3), t(3, 4)))),
]

CASES = [*ELEMENTWISE, *ARITHMETIC, *REDUCTIONS, *SHAPES, *CREATION, *INDEXING, *NETWORKS]
