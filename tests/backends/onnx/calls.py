"""Graph functions of one call, and what torch computes for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch.utils import _pytree

from modelc.ir import DType, Func, Symbol, TensorType
from modelc.ir.graph import AtenOp, FuncReturn, dtype_from_torch, from_torch, overload
from modelc.ir.graph.literals import torch_dtypes

from .corpus import Case, Tensor


@dataclass(frozen=True)
class Call:
    """A graph function of one op, its inputs, and the results that torch gives for them."""

    func: Func
    inputs: list[torch.Tensor]
    expected: list[torch.Tensor]

    @property
    def op(self) -> AtenOp:
        return cast(AtenOp, next(self.func.ops))


def tensor_type(tensor: torch.Tensor) -> TensorType:
    """Return the type of `tensor`."""
    return TensorType(tuple(tensor.shape), dtype_from_torch(tensor.dtype))


def make_call(case: Case, dtype: DType, seed: int = 0) -> Call:
    """Return `case` with tensors of `dtype`; the seed determines their elements."""
    generator = torch.Generator().manual_seed(seed)

    def make(argument: Any) -> Any:
        if isinstance(argument, Tensor):
            return argument.make(dtype, generator)
        if isinstance(argument, tuple):
            return [make(item) for item in cast("tuple[Any, ...]", argument)]
        return torch_dtypes()[argument] if isinstance(argument, DType) else argument

    arguments = [make(argument) for argument in case.arguments]
    keywords = {name: make(argument) for name, argument in case.keywords}
    results: list[torch.Tensor] = _pytree.tree_leaves(overload(case.target)(*arguments, **keywords))
    return graph_of(case.target, arguments, keywords, results, case.used)


def graph_of(
    target: str,
    arguments: Sequence[Any],
    keywords: dict[str, Any],
    results: Sequence[torch.Tensor],
    used: int | None = None,
) -> Call:
    """Return a graph function of one op whose tensors are parameters."""
    func = Func(Symbol("one"), "graph")
    block = func.body.add_block()
    inputs: list[torch.Tensor] = []

    def argument_of(argument: Any) -> Any:
        if isinstance(argument, torch.Tensor):
            inputs.append(argument)
            return block.add_argument(tensor_type(argument))
        if isinstance(argument, list | tuple):
            return tuple(argument_of(item) for item in cast("Sequence[Any]", argument))
        return from_torch(argument)

    op = AtenOp(
        arguments=tuple(argument_of(argument) for argument in arguments),
        target=target,
        keywords=tuple((name, argument_of(argument)) for name, argument in keywords.items()),
        result_types=[tensor_type(result) for result in results],
    )
    block.append(op)
    block.append(FuncReturn(values=tuple(op.results[:used])))
    return Call(func, inputs, list(results[:used]))
