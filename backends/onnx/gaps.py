"""Where torchlib's mapping, or ONNX Runtime's kernel, is known to differ from torch.

A call that falls into a gap of `GAPS` is taken apart by torch's own decomposition, if there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ...ir.types import DType
from .call import Call


@dataclass(frozen=True)
class Gap:
    """A set of calls whose mapping is wrong, and what is wrong with it."""

    holds: Callable[[Call], bool]
    reason: str


def gap_of(call: Call) -> str | None:
    """Return why the mapping of the call's operator cannot be used, None if it can."""
    gap = GAPS.get(call.name)
    return gap.reason if gap is not None and gap.holds(call) else None


def refusal_of(call: Call) -> str | None:
    """Return why ONNX Runtime cannot take the call in any form, None if it may."""
    if DType.BF16 in call.dtypes:
        return "ONNX Runtime computes nothing with bf16 on the CPU"
    gap = REFUSED.get(call.name)
    return gap.reason if gap is not None and gap.holds(call) else None


def _always(call: Call) -> bool:
    return True


def _has(*dtypes: DType) -> Callable[[Call], bool]:
    return lambda call: bool(call.dtypes & set(dtypes))


def _given(parameter: str) -> Callable[[Call], bool]:
    return lambda call: call[parameter] not in (None, (), [])


def _integers_to_integers(call: Call) -> bool:
    return not any(dtype.is_floating for dtype in call.dtypes)


def _takes_integers(call: Call) -> bool:
    return not any(kind.dtype.is_floating for kind in call.operand_types)


def _takes_floats(call: Call) -> bool:
    return any(kind.dtype.is_floating for kind in call.operand_types)


def _accumulates_halves(call: Call) -> bool:
    return bool(call["accumulate"]) and DType.F16 in call.dtypes


def _reduces_unsupported(call: Call) -> bool:
    halves = bool(call.dtypes & {DType.F16, DType.I1})
    return call["reduce"] == "mean" or halves


def _accumulates_unsupported(call: Call) -> bool:
    return bool(call.dtypes & {DType.F16, DType.I1}) or call.tensor("self").rank == 0


def _pads_output_beyond_stride(call: Call) -> bool:
    pads = zip(call["output_padding"], call["stride"], strict=False)
    return bool(call["transposed"]) and any(padding >= stride for padding, stride in pads)


def _rank_zero(call: Call) -> bool:
    return call.tensor("self").rank == 0


def _norm_of_scalar_or_all(call: Call) -> bool:
    if not call.tensor("self").rank:
        return bool(call["dim"])
    return bool(call["keepdim"]) and not call["dim"]


def _crops(call: Call) -> bool:
    return any(padding < 0 for padding in call["padding"])


def _trains(call: Call) -> bool:
    return bool(call["training"])


_WHOLE_NUMBERS = "ONNX Runtime gives another integer for a negative power of 0"
_HALF_SUMS = "ONNX Runtime accumulates neither f16 nor i1 nor scalars"
_ONE_NAN = "to ONNX Runtime all NaN are one number"
_ROUNDING = "ONNX Runtime rounds interpolated integers differently"
_ANTIALIASING = "ONNX Runtime's antialiasing differs from torch's"
_SCALES = "its mapping ignores the scales"

_STATISTICS = "its mapping ignores the statistics of the batch"

GAPS: Mapping[str, Gap] = {
    "aten::_native_batch_norm_legit": Gap(_trains, _STATISTICS),
    "aten::_native_batch_norm_legit_functional": Gap(_trains, _STATISTICS),
    "aten::angle": Gap(_takes_integers, "its mapping truncates pi"),
    "aten::atan2": Gap(_always, "its mapping is wrong where the first operand is zero"),
    "aten::avg_pool2d": Gap(_given("divisor_override"), "ONNX has no divisor_override"),
    "aten::avg_pool3d": Gap(_given("divisor_override"), "ONNX has no divisor_override"),
    "aten::convolution": Gap(_pads_output_beyond_stride, "ONNX Runtime refuses the padding"),
    "aten::index_add": Gap(_has(DType.F16, DType.I1), _HALF_SUMS),
    "aten::index_put": Gap(_accumulates_halves, _HALF_SUMS),
    "aten::linalg_vector_norm": Gap(_norm_of_scalar_or_all, "its mapping drops all dims"),
    "aten::native_batch_norm": Gap(_trains, _STATISTICS),
    "aten::nll_loss_forward": Gap(_always, "its mapping gives a wrong total weight"),
    "aten::nonzero": Gap(_rank_zero, "ONNX counts a scalar as a vector"),
    "aten::pow.Scalar": Gap(_integers_to_integers, _WHOLE_NUMBERS),
    "aten::pow.Tensor_Tensor": Gap(_integers_to_integers, _WHOLE_NUMBERS),
    "prims::pow": Gap(_integers_to_integers, _WHOLE_NUMBERS),
    "aten::replication_pad2d": Gap(_crops, "ONNX Runtime refuses negative padding"),
    "aten::scatter_add": Gap(_accumulates_unsupported, _HALF_SUMS),
    "aten::scatter_reduce.two": Gap(_reduces_unsupported, "ONNX has no such reduction"),
    "aten::special_erfcx": Gap(_always, "its mapping overflows"),
    "aten::special_log_ndtr": Gap(_always, "its mapping overflows"),
    "aten::unique_consecutive": Gap(_always, "its mapping gives results of another rank"),
    "aten::upsample_linear1d": Gap(_given("scales"), _SCALES),
}

REFUSED: Mapping[str, Gap] = {
    "aten::_upsample_bicubic2d_aa": Gap(_always, _ANTIALIASING),
    "aten::_upsample_bilinear2d_aa": Gap(_always, _ANTIALIASING),
    "aten::_unique2": Gap(_takes_floats, _ONE_NAN),
    "aten::as_strided": Gap(_always, "ONNX does not know how its input lies in memory"),
    "aten::linspace.Tensor_Scalar": Gap(_always, "its mapping gives rank 0 for one step"),
    "aten::linspace.Tensor_Tensor": Gap(_always, "its mapping gives rank 0 for one step"),
    "aten::unique_dim": Gap(_takes_floats, _ONE_NAN),
    "aten::upsample_bicubic2d": Gap(_has(DType.U8), _ROUNDING),
    "aten::upsample_bilinear2d": Gap(_has(DType.U8), _ROUNDING),
}
"""Calls that no form in ONNX computes as torch does, decomposed or not."""
