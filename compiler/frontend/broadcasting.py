"""Broadcasting of sizes that depend on data, as eager does it: a size that is 1 is stretched.

Torch itself takes an unknown size for one that is not 1, and demands that it equals the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sympy
import torch

from .torch_internals import FakeTensor, expression_of, sym_or

if TYPE_CHECKING:
    from .tracer import Tracer

_ATEN: Any = torch.ops.aten
_TORCH: Any = torch
_SQUEEZES = frozenset([_ATEN.squeeze.default, _ATEN.squeeze.dim, _ATEN.squeeze.dims])
_EXPANSION = "the expanded size of the tensor must match the existing size"


class Broadcasting:
    """Find the sizes of results, and what must hold for them."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def operands(self, func: Any, args: Any, kwargs: Any) -> Any:
        """Return the arguments with which torch finds the type of the result of `func`."""
        if func is _ATEN.copy.default:
            return self._copied(*args), kwargs
        if func is _ATEN.unbind.int:
            return self._counted(*args), kwargs
        if func is _ATEN.expand.default:
            return self._expanded(*args), kwargs
        if func in _SQUEEZES:
            self._ask_what_is_squeezed(*args)
        elif torch.Tag.pointwise in func.tags:
            return self._stretched(args, kwargs)
        return args, kwargs

    def _stretched(self, args: Any, kwargs: Any) -> Any:
        """Replace operands that may be stretched by stand-ins with the size of the result."""
        operands = [part for part in (*args, *kwargs.values()) if isinstance(part, FakeTensor)]
        if not self._is_open([operand.shape for operand in operands]):
            return args, kwargs
        shape = self._common([operand.shape for operand in operands])

        def stretch(value: Any) -> Any:
            if not isinstance(value, FakeTensor) or not value.dim():
                return value
            own = value.shape
            common = shape[len(shape) - len(own) :]
            kept = [x if isinstance(x, int) else y for x, y in zip(own, common, strict=True)]
            if all(map(self._are_equal, kept, own)):
                return value
            return self._tracer.tensors.empty(kept, value)

        return tuple(map(stretch, args)), {name: stretch(kwargs[name]) for name in kwargs}

    def _is_open(self, shapes: Sequence[Any]) -> bool:
        """Tell whether it may depend on data which sizes are stretched."""
        is_symbolic = any(not isinstance(extent, int) for shape in shapes for extent in shape)
        return is_symbolic and any(
            self._may_stretch(shape[-dim], other[-dim])
            for number, shape in enumerate(shapes)
            for other in shapes[:number]
            for dim in range(1, min(len(shape), len(other)) + 1)
        )

    def _may_stretch(self, left: Any, right: Any) -> bool:
        if self._is_one(left) or self._is_one(right) or self._are_equal(left, right):
            return False
        return self._may_be_one(left) or self._may_be_one(right)

    def _common(self, shapes: Sequence[Any]) -> list[Any]:
        rank = max(map(len, shapes))
        common: list[Any] = [1] * rank
        for shape in shapes:
            for dim in range(rank - len(shape), rank):
                extent = shape[dim - rank]
                common[dim] = self.common_extent(common[dim], extent, dim)
        return common

    def common_extent(self, left: Any, right: Any, dim: int) -> Any:
        """Return the size of the result where `left` meets `right`; check that they fit."""
        if self._is_one(left) or self._are_equal(left, right):
            return right
        if self._is_one(right):
            return left
        stretches = (self._may_be_one(left), self._may_be_one(right))
        if stretches == (True, True):
            return self._either(left, right, dim)
        if not any(stretches):
            self._check(left == right, dim)
            return left if isinstance(left, int) else right
        small, large = (left, right) if stretches[0] else (right, left)
        self._check_stretch(small, large, dim)
        return large

    def _check_stretch(self, small: Any, large: Any, dim: int) -> None:
        """Check that `small`, which may be 1, fits `large`, which is not."""
        low, _ = self._tracer.shapes.bounds(large)
        _, high = self._tracer.shapes.bounds(small)
        is_one = small == 1
        if low is not None and high is not None and high < low:
            self._check(is_one, dim)
        else:
            self._check(sym_or(is_one, small == large), dim)

    def _either(self, left: Any, right: Any, dim: int) -> Any:
        """Return the size of the result of two that may both be 1."""
        _, high_left = self._tracer.shapes.bounds(left)
        _, high_right = self._tracer.shapes.bounds(right)
        if high_left == high_right == 1:
            return _TORCH.sym_min(left, right)
        key = ("common extent", *map(self._resolved, (left, right)))
        known = self._tracer.state.numbers.get(key)
        if known is None:
            fits = sym_or(left == right, left == 1, right == 1)
            self._check(fits, dim)
            known = self._tracer.scalars.apply(_TORCH.sym_ite, [left == 1, right, left])
            self._tracer.shapes.use_as_size(known)
            self._tracer.state.numbers[key] = known
        return known

    def _copied(self, target: Any, source: Any, *rest: Any) -> Any:
        """Check that `source` can be stretched to `target`; let its stand-in be that already."""
        shape = target.shape[max(0, target.dim() - source.dim()) :]
        is_stretched = False
        for dim, (extent, wanted) in enumerate(zip(source.shape, shape, strict=False)):
            if self._may_stretch(extent, wanted) and self._may_be_one(extent):
                self._check_stretch(extent, wanted, dim)
                is_stretched = True
        if is_stretched:
            source = self._tracer.tensors.empty(shape, source)
        return target, source, *rest

    def _expanded(self, tensor: Any, target: Any, *rest: Any) -> Any:
        """Ask which of the sizes that may be 1 are, where it decides how memory is laid out."""
        shape = list(tensor.shape)
        first = len(target) - len(shape)
        for dim, wanted in enumerate(target[first:]):
            is_kept = isinstance(wanted, int) and wanted == -1
            if not is_kept and not self._are_equal(shape[dim], wanted):
                if self._is_stretched(shape[dim], wanted):
                    shape[dim] = 1
        is_known = [isinstance(extent, int) for extent in shape]
        if is_known != [isinstance(extent, int) for extent in tensor.shape]:
            tensor = self._tracer.tensors.empty(shape, tensor, strides=tensor.stride())
        return tensor, target, *rest

    def _is_stretched(self, extent: Any, wanted: Any) -> bool:
        """Tell whether a size is 1, and ask for it if it may be."""
        if self._is_one(extent) or not self._may_be_one(extent):
            return self._is_one(extent)
        low, _ = self._tracer.shapes.bounds(wanted)
        _, high = self._tracer.shapes.bounds(extent)
        if low is None or high is None or high >= low:
            return bool(extent == 1)
        _TORCH._check(extent == 1, lambda: _EXPANSION)
        return True

    def _counted(self, tensor: Any, dim: int = 0) -> Any:
        """Ask how many parts there are; let the stand-in have as many."""
        if not tensor.dim() or isinstance(tensor.shape[dim], int):
            return tensor, dim
        shape = list(tensor.shape)
        shape[dim] = int(shape[dim])
        return self._tracer.tensors.empty(shape, tensor), dim

    def _ask_what_is_squeezed(self, tensor: Any, dims: Any = None) -> None:
        """Ask which of the dims, of all if none are named, are dropped."""
        if dims is None:
            dims = range(tensor.dim())
        for dim in (dims,) if isinstance(dims, int) else dims:
            extent = tensor.shape[dim] if tensor.dim() else 1
            if self._may_be_one(extent):
                bool(extent == 1)

    # --- what is known ---

    def _resolved(self, extent: Any) -> Any:
        return self._tracer.shapes.resolve(expression_of(extent))

    def _are_equal(self, left: Any, right: Any) -> bool:
        if isinstance(left, int) and isinstance(right, int):
            return left == right
        return self._holds(left, right) is True

    def _is_one(self, extent: Any) -> bool:
        return self._are_equal(extent, 1)

    def _may_be_one(self, extent: Any) -> bool:
        if isinstance(extent, int):
            return extent == 1
        low, high = self._tracer.shapes.bounds(extent)
        if (low is not None and low > 1) or (high is not None and high < 1):
            return False
        return self._holds(extent, 1) is not False

    def _holds(self, left: Any, right: Any) -> bool | None:
        equal: Any = sympy.Eq
        return self._tracer.shapes.decide(equal(self._resolved(left), self._resolved(right)))

    def _check(self, condition: Any, dim: int) -> None:
        _TORCH._check(condition, lambda: f"sizes of tensors must match in dimension {dim}")
