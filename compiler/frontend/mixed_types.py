"""Whether the kernel of an operator takes operands of different dtypes.

The meta functions of many operators (`mm`, `convolution`, `native_layer_norm`, `index_add`) accept
mixtures of dtypes that their kernels refuse. The kernel is asked, on operands of zeros, so that the
program is refused where it is compiled and not where it is run.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import torch
from torch.utils import _pytree as pytree

from .torch_internals import SYMBOLIC_TYPES, eager, expression_of, python_type

Operator = Any

EXTENT = 2
"""What stands for an integer that is unknown while compiling."""


Convert = Callable[[torch.dtype], torch.dtype]


class MixedTypes:
    """Ask each kernel once per combination of dtypes and ranks."""

    def __init__(self) -> None:
        self._known: set[Hashable] = set()

    def check(self, func: Operator, args: Any, kwargs: Any) -> None:
        """Raise what `func` raises for operands of these dtypes but not for those of one dtype."""
        leaves, layout = pytree.tree_flatten((args, kwargs))
        tensors = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]
        if len({tensor.dtype for tensor in tensors}) < 2 or not _has_fixed_result(func):
            return
        key = (func, tuple((tensor.dtype, tensor.dim()) for tensor in tensors))
        if key not in self._known:
            self._known.add(key)
            self._ask(func, leaves, layout)

    def _ask(self, func: Operator, leaves: list[Any], layout: Any) -> None:
        def error_of(convert: Convert) -> Exception | None:
            stand_ins = [_stand_in(leaf, convert) for leaf in leaves]
            args, kwargs = pytree.tree_unflatten(stand_ins, layout)
            try:
                func(*args, **kwargs)
            except (RuntimeError, IndexError, ValueError) as error:
                return error
            return None

        with eager(), torch.no_grad():
            error = error_of(_unchanged)
            if error is not None and None in map(error_of, (_one_floating_type, _one_type)):
                raise error


def _has_fixed_result(func: Operator) -> bool:
    """Tell whether running `func` changes nothing, not even the state of a generator."""
    return torch.Tag.nondeterministic_seeded not in func.tags and not func._schema.is_mutable


def _unchanged(dtype: torch.dtype) -> torch.dtype:
    return dtype


def _one_floating_type(dtype: torch.dtype) -> torch.dtype:
    """Leave the integers, which may be indices."""
    return torch.float32 if dtype.is_floating_point else dtype


def _one_type(dtype: torch.dtype) -> torch.dtype:
    del dtype
    return torch.float32


def _stand_in(leaf: Any, convert: Convert) -> Any:
    """Return what stands for an argument: of a tensor, an operand that takes no memory."""
    if isinstance(leaf, torch.Tensor):
        shape = [_stand_in(extent, convert) for extent in leaf.shape]
        return torch.zeros((), dtype=convert(leaf.dtype)).expand(shape)
    if isinstance(leaf, SYMBOLIC_TYPES):
        expression = expression_of(leaf)
        symbols = dict.fromkeys(expression.free_symbols, EXTENT)
        return python_type(leaf)(expression.subs(symbols))
    return leaf
