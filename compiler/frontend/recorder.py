"""Append each functional ATen operation to the open block."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

import torch

from ...ir import Type
from ...ir.graph import AtenOp, from_torch
from ...ir.host import Item
from .constants import constant_item
from .fallbacks import FALLBACKS, REPLACEMENTS
from .mixed_types import MixedTypes
from .refusals import SPARSE
from .resizing import RESIZES
from .scalars import FLOAT_RESULTS
from .slices import learn_size
from .tensor_facts import is_inhabited, known_flag
from .tensors import tensor_type
from .torch_internals import (
    DATA_DEPENDENT_ERRORS,
    SYMBOLIC_TYPES,
    ProxySlotMode,
)
from .value_ranges import element_of, range_of

if TYPE_CHECKING:
    from .tracer import Tracer

_ATEN: Any = torch.ops.aten
_PRIM: Any = torch.ops.prim

Operator = Any

UNRECORDED: frozenset[Operator] = frozenset(
    [
        _PRIM.device.default,
        _ATEN.sym_size.int,
        _ATEN.sym_size.default,
        _ATEN.sym_stride.int,
        _ATEN.sym_stride.default,
        _ATEN.sym_numel.default,
        _ATEN.sym_storage_offset.default,
        _ATEN.size.default,
        _ATEN.stride.default,
        _ATEN.is_contiguous.default,
        _ATEN.is_contiguous.memory_format,
        _ATEN.sym_is_contiguous.default,
        _ATEN.is_non_overlapping_and_dense.default,
        _ATEN.is_strides_like_format.default,
        _ATEN.is_same_size.default,
    ]
)
"""Operators that only ask for metadata, which the types know."""

IDENTITIES: frozenset[Operator] = frozenset(
    [
        _ATEN.lift.default,
        _ATEN.lift_fresh.default,
        _ATEN.lift_fresh_copy.default,
        _ATEN.detach.default,
        _ATEN.alias.default,
    ]
)
"""Operators whose result has the value of their argument."""

DROPPED: frozenset[Operator] = frozenset([_ATEN._assert_tensor_metadata.default])
"""Operators that check what the types already say."""

SELECTIONS: frozenset[Operator] = frozenset([_ATEN.nonzero.default, _ATEN.index.Tensor])
"""Operators whose results are as long as one of their arguments has elements that are not zero."""

_COUNT_MEMO = "nonzero_memo"
_MEMOS = (_COUNT_MEMO, "item_memo", "unique_memo", "unique_consecutive_memo")


class Recorder(ProxySlotMode):
    """Record what the functional mode passes on, then let the fake mode compute its types."""

    def __init__(self, tracer: Tracer, decompositions: Mapping[Operator, Callable[..., Any]]):
        super().__init__()
        self._tracer = tracer
        self._decompositions = decompositions
        self._mixed_types = MixedTypes()

    def __sym_dispatch__(self, func: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Any:
        """Compute with symbolic numbers: ints as expressions, floats op by op."""
        del types
        floating = func in FLOAT_RESULTS or any(isinstance(a, torch.SymFloat) for a in args)
        if floating and not kwargs:
            return self._tracer.scalars.apply(func, args)
        return func(*args, **(kwargs or {}))

    def __torch_dispatch__(
        self, func: Operator, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        del types
        kwargs = kwargs or {}
        if func in UNRECORDED or func.namespace == "prim":
            return func(*args, **kwargs)
        if func in DROPPED:
            return None
        if func in self._decompositions:
            with self:
                result = self._decompositions[func](*args, **kwargs)
            if result is not NotImplemented:
                return result
        return self._record(func, args, kwargs)

    def _record(self, func: Operator, args: Any, kwargs: Any) -> Any:
        if func is _ATEN._local_scalar_dense.default:
            return self._record_item(func, args[0])
        replaced = REPLACEMENTS[func](*args, **kwargs) if func in REPLACEMENTS else None
        if replaced is not None:
            with self:
                return replaced()
        selectors = self._recall_counts(func, args)
        try:
            out = self._infer(func, args, kwargs)
        except DATA_DEPENDENT_ERRORS:
            if func not in FALLBACKS:
                raise
            with self:
                return FALLBACKS[func](*args, **kwargs)
        self._remember_counts(selectors)
        if func is _ATEN.slice.Tensor:
            learn_size(self._tracer, out, *args)
        self._mixed_types.check(func, args, kwargs)
        if func in IDENTITIES:
            self._tracer.tensors.alias(out, args[0])
        elif func is _ATEN._scaled_dot_product_flash_attention_for_cpu.default:
            self._record_attention(args, kwargs, out)
        else:
            self.append(func, args, kwargs, out)
        self._tracer.flush_asserts()
        return out

    def _infer(self, func: Operator, args: Any, kwargs: Any) -> Any:
        """Return what has the type of the result of `func`."""
        if func in RESIZES:
            return self._tracer.tensors.empty([*args[0].shape[:2], *args[1]], args[0])
        args, kwargs = self._tracer.broadcasting.operands(func, args, kwargs)
        return func(*args, **kwargs)

    def _record_item(self, func: Operator, source: Any) -> Any:
        """Record `source.item()`, once per path for the same value."""
        known = self._tracer.known_item(source)
        if known is not None:
            return known
        constant = constant_item(self._tracer.tensors, source)
        if constant is None:
            constant = known_flag(self._tracer, source)
        if constant is not None:
            return constant
        self._recall_counts(func, (source,))
        value = self._tracer.tensors.value_of_fake(source)
        element, offset = element_of(value)
        if element in self._tracer.state.numbers:
            return self._tracer.state.numbers[element] + offset
        out = func(source)
        if not isinstance(out, SYMBOLIC_TYPES):
            return out
        op = self._tracer.emit(Item(source=value, loc=self._tracer.location()))
        self._tracer.scalars.bind(out, op.out)
        if isinstance(out, torch.SymInt):
            self._tracer.shapes.set_range(out, *range_of(value))
            self._tracer.state.numbers[element] = out - offset if offset else out
        self._tracer.remember_item(source, out)
        return out

    def _record_attention(self, args: Any, kwargs: Mapping[str, Any], out: Any) -> None:
        """Record the CPU kernel of attention as the operator that it implements.

        The second result, which only a backward pass reads, stays without a value.
        """
        query, key, value, *rest = args
        dropout, causal = [*rest, 0.0, False][:2] if len(rest) < 2 else rest
        positional = (query, key, value, kwargs.get("attn_mask"), dropout, causal)
        scale = kwargs.get("scale")
        keywords = {} if scale is None else {"scale": scale}
        self.append(_ATEN.scaled_dot_product_attention.default, positional, keywords, out[0])

    def append(self, func: Operator, args: Any, kwargs: Mapping[str, Any], out: Any) -> None:
        """Append `func(*args, **kwargs)`, whose results are like `out`."""
        if func._schema.is_mutable:
            raise self._tracer.refuse(
                "MC0101",
                f"the operation {func} changes its arguments in a way that is unknown",
                help="use an operation that returns a new tensor",
            )
        outputs = _flatten(out)
        op = AtenOp(
            target=str(func),
            arguments=tuple(self._argument(argument) for argument in args),
            keywords=tuple((name, self._argument(kwargs[name])) for name in kwargs),
            result_types=tuple(self._result_type(func, output) for output in outputs),
            loc=self._tracer.location(),
        )
        self._tracer.emit(op)
        for output, value in zip(outputs, op.results, strict=True):
            self._tracer.tensors.bind(output, value)

    def _recall_counts(self, func: Operator, args: Any) -> list[Any]:
        """Return the tensors by which `func` selects; torch shall count them as on this path.

        It invents new symbols for all others: those it remembers may belong to another path.
        """
        tensors = [leaf for leaf in _flatten(args) if isinstance(leaf, torch.Tensor)]
        selectors = tensors if func in SELECTIONS else []
        for tensor in tensors:
            for name in _MEMOS:
                if getattr(tensor, name, None) is not None:
                    setattr(tensor, name, None)
        for tensor in selectors:
            count = self._tracer.state.counts.get(self._tracer.tensors.value_of_fake(tensor))
            if count is not None:
                setattr(tensor, _COUNT_MEMO, count)
        return selectors

    def _remember_counts(self, selectors: list[Any]) -> None:
        """Let later selections by these tensors on this path be as long."""
        for tensor in selectors:
            count = getattr(tensor, _COUNT_MEMO, None)
            if isinstance(count, torch.SymInt):
                value = self._tracer.tensors.value_of_fake(tensor)
                self._tracer.state.counts[value] = count
                if is_inhabited(self._tracer, value):
                    self._tracer.shapes.narrow(count, 1, None)
                    self._tracer.shapes.forget_conclusions()

    def _argument(self, argument: Any) -> Any:
        if isinstance(argument, torch.Tensor):
            return self._tracer.tensors.value_of_fake(argument)
        if isinstance(argument, SYMBOLIC_TYPES):
            return self._tracer.scalars.constant_or_value(argument)
        if isinstance(argument, torch.Generator):
            raise self._tracer.refuse(
                "MC0105",
                "a torch.Generator draws the numbers here",
                help="leave it out: the default generator is used, which callers can seed",
            )
        if isinstance(argument, (list, tuple)):
            return tuple(self._argument(item) for item in cast("tuple[Any, ...]", argument))
        return from_torch(argument)

    def _result_type(self, func: Operator, output: Any) -> Type:
        if isinstance(output, torch.Tensor) and output.layout is not torch.strided:
            raise self._tracer.refuse("MC0101", "a sparse tensor is not supported", help=SPARSE)
        if not isinstance(output, torch.Tensor):
            raise self._tracer.refuse(
                "MC0101",
                f"the operation {func} returns a {type(output).__name__}",
                help="leave it out, or use operations that return tensors",
            )
        try:
            return tensor_type(output)
        except KeyError:
            raise self._tracer.refuse(
                "MC0101",
                f"tensors of {output.dtype}",
                help="use a dtype that NumPy has as well, such as float32",
            ) from None


def _flatten(out: Any) -> list[Any]:
    if not isinstance(out, (list, tuple)):
        return [out]
    return [leaf for item in cast("list[Any]", out) for leaf in _flatten(item)]
