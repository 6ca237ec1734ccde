"""Compute at compile time what depends on no input."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from ..ir import Func, Module, Op, Symbol, TensorType, Value, Weight, map_values
from ..ir.graph import AtenOp, dtype_from_torch
from ..ir.host import Item, LoadWeight, arith
from ..ir.reference.evaluation import WrongType, evaluate
from .aliasing import escapes, is_view
from .blocks import move_ops
from .constants import known_scalar
from .definition import Pass, PassContext
from .driver import rewrite_to_fixpoint
from .patterns import Miss, Pattern, PatternSet, Replacement, Rewrite, pattern
from .rewrites import BRANCH_PATTERNS, SIZE_PATTERNS

_CPU = "cpu"


@dataclass(frozen=True)
class Fold(Pass):
    """Evaluate arithmetic on constants, and ATen ops on weights that give little.

    Tensors of more than `max_elements` elements are read, if they are weights, but not made.

    Before: %1 = arith.constant {value = 2}; %2 = arith.mul(%1, %1)
    After:  %2 = arith.constant {value = 4}
    """

    name = "fold"
    max_elements: int = 1024
    rewrites_per_op: int = 10

    def run(self, module: Module, context: PassContext) -> None:
        folder = TensorFolder(module, context, self.max_elements)
        patterns = PatternSet((fold_scalars, *folder.patterns(), *BRANCH_PATTERNS, *SIZE_PATTERNS))
        for func in module.host_funcs:
            rewrite_to_fixpoint(func, patterns, context, self.rewrites_per_op)
            _move_weights_to_entry(func)


@pattern(Op)
def fold_scalars(op: Op) -> Rewrite:
    """2 + 3 -> 5."""
    if not op.name.startswith("arith.") or isinstance(op, arith.Constant):
        return Miss("it is no arithmetic on operands")
    operands = [known_scalar(value) for value in op.operands]
    known = [number for number in operands if number is not None]
    if len(known) != len(operands):
        return Miss("an operand is not known")
    results = _evaluate(op, dict(zip(op.operands, known, strict=True)))
    return results if isinstance(results, Miss) else arith.Constant(value=results[0])


@dataclass(frozen=True)
class TensorFolder:
    """Patterns that evaluate ATen ops on weights to at most `max_elements` elements."""

    module: Module
    context: PassContext
    max_elements: int

    def patterns(self) -> tuple[Pattern, ...]:
        """Return the patterns, none if the values of the weights are not at hand."""
        if self.context.weights is None:
            return ()
        fold_item = Pattern(Item, frozenset(), self.fold_item)
        return (fold_item, Pattern(AtenOp, frozenset(), self.fold_tensor))

    def fold_item(self, op: Item) -> Rewrite:
        """item(weight) -> a constant."""
        tensor = self._known_tensor(op.source)
        return tensor if isinstance(tensor, Miss) else arith.Constant(value=tensor.item())

    def fold_tensor(self, op: AtenOp) -> Rewrite:
        """f(weight, ...) -> another weight."""
        if not op.operands:
            return Miss("it reads no weight")
        if is_view(op):
            return Miss("a view costs nothing, and another layout could round differently")
        if any(escapes(result) for result in op.results):
            return Miss("a caller could write to the result, which every call must make anew")
        if not all(self._is_small(result) for result in op.results):
            return Miss("a result is large or of unknown size")
        results = self._evaluate(op)
        if isinstance(results, Miss):
            return results
        loads = tuple(self._load(tensor) for tensor in results)
        names = ", ".join(f"@{load.symbol}" for load in loads)
        self.context.note(op, f"{op.name} is computed once, as {names}")
        return Replacement(loads, tuple(load.out for load in loads))

    def _known_tensor(self, value: Value, readers: tuple[Op, ...] = ()) -> torch.Tensor | Miss:
        """Return what `value` always is; blocks that nothing reaches may read it in a circle."""
        owner = value.owner
        if isinstance(owner, LoadWeight):
            tensor = (self.context.weights or {}).get(owner.symbol)
            return tensor if tensor is not None else Miss(f"@{owner.symbol} is not at hand")
        if owner in readers:
            return Miss("the op reads its own result")
        if isinstance(owner, AtenOp) and (is_view(owner) or self._makes_little(owner)):
            results = self._evaluate(owner, readers)
            return results if isinstance(results, Miss) else results[value.index]
        return Miss("an operand is not known")

    def _makes_little(self, op: AtenOp) -> bool:
        return not op.operands and all(self._is_small(result) for result in op.results)

    def _evaluate(self, op: AtenOp, readers: tuple[Op, ...] = ()) -> list[torch.Tensor] | Miss:
        if not op.is_pure:
            return Miss("it is random")
        known: dict[Value, torch.Tensor] = {}
        for value in op.operands:
            tensor = self._known_tensor(value, (*readers, op))
            if isinstance(tensor, Miss):
                return tensor
            known[value] = tensor
        return _evaluate(op, known)

    def _is_small(self, value: Value) -> bool:
        kind = value.type
        if not isinstance(kind, TensorType) or kind.device != _CPU:
            return False
        return kind.elements is not None and kind.elements <= self.max_elements

    def _load(self, tensor: torch.Tensor) -> LoadWeight:
        tensor = tensor.detach().clone().contiguous()
        value_type = _type_of(tensor)
        digest = hashlib.sha256(_bytes(tensor)).hexdigest()
        kind = f"{value_type}".encode()
        symbol = Symbol(f"folded_{hashlib.sha256(kind + digest.encode()).hexdigest()[:12]}")
        assert self.context.weights is not None
        self.module.weights[symbol] = Weight(symbol, value_type, digest)
        self.context.weights[symbol] = tensor
        return LoadWeight(symbol=symbol, result_types=[value_type])


def _evaluate(op: Op, known: Mapping[Value, Any]) -> list[Any] | Miss:
    try:
        with torch.no_grad():
            return evaluate(op, lambda argument: map_values(argument, known.__getitem__))
    except (ArithmeticError, IndexError, RuntimeError, TypeError, ValueError) as error:
        return Miss(f"it raises {type(error).__name__}: {error}")
    except WrongType as error:
        return Miss(str(error))


def _type_of(tensor: torch.Tensor) -> TensorType:
    return TensorType(tuple(tensor.shape), dtype_from_torch(tensor.dtype), str(tensor.device))


def _bytes(tensor: torch.Tensor) -> bytes:
    return (
        tensor.reshape(-1)
        .clone(memory_format=torch.contiguous_format)
        .view(torch.uint8)
        .numpy()
        .tobytes()
    )


def _move_weights_to_entry(func: Func) -> None:
    """Load each weight once, where every block can read it."""
    entry = func.body.entry
    for block in func.body.blocks[1:]:
        loads = [op for op in block.ops if isinstance(op, LoadWeight)]
        if loads:
            move_ops(block, loads, entry, 0)
