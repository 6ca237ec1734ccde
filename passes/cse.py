"""Compute once what is computed twice."""

from __future__ import annotations

from dataclasses import dataclass

from ..ir import Block, Func, Module, Op, ScalarType
from ..ir.dominance import Dominance
from ..ir.host import LoadWeight, ReadCell, arith, lists
from .aliasing import escapes, is_view
from .definition import Pass, PassContext
from .effects import Effects
from .structure import Key, structural_key


@dataclass(frozen=True)
class CommonSubexpressions(Pass):
    """Read the results of an equal op that dominates, and drop the second one.

    Random ops are never merged, nor are two tensors or lists that both leave the function: a caller
    may write to one of them.

    Before: %1 = aten.relu.default(%0); %2 = aten.relu.default(%0)
    After:  uses of %2 read %1.
    """

    name = "cse"

    def run(self, module: Module, context: PassContext) -> None:
        effects = Effects(module)
        for func in module.funcs.values():
            merged = _merge_equal_ops(func, effects)
            if merged:
                context.note(func.loc, f"merged {merged} equal ops of @{func.symbol}")


def _merge_equal_ops(func: Func, effects: Effects) -> int:
    """Walk the dominator tree with the ops seen on the way down; return how many went."""
    dominance = Dominance(func.body)
    seen: dict[Key, Op] = {}
    merged = 0
    todo: list[Block | list[Key]] = [func.body.entry]
    while todo:
        item = todo.pop()
        if isinstance(item, Block):
            new_keys, dropped = _merge_in_block(item, seen, effects)
            merged += dropped
            todo.append(new_keys)
            todo.extend(reversed(dominance.children[item]))
        else:
            for key in item:
                del seen[key]
    return merged


def _merge_in_block(block: Block, seen: dict[Key, Op], effects: Effects) -> tuple[list[Key], int]:
    """Merge ops with those `seen`; return the keys added to `seen` and how many ops went."""
    added: list[Key] = []
    dropped: set[Op] = set()
    for op in block.ops:
        if not effects.may_move(op) or op.regions:
            continue
        key = structural_key(op)
        first = seen.get(key)
        if first is None:
            seen[key] = op
            added.append(key)
        elif not _both_escape(first, op):
            _read_instead(op, first)
            dropped.add(op)
    for op in dropped:
        op.drop()
    return added, len(dropped)


def _both_escape(first: Op, second: Op) -> bool:
    """Tell whether a caller could get two objects, each of its own memory, from the two ops."""
    if isinstance(first, (LoadWeight, ReadCell, lists.Get, arith.Select)) or is_view(first):
        return False  # the same object at both places
    return any(
        escapes(one) and escapes(other)
        for one, other in zip(first.results, second.results, strict=True)
        if not isinstance(one.type, ScalarType)
    )


def _read_instead(old: Op, new: Op) -> None:
    for old_result, new_result in zip(old.results, new.results, strict=True):
        new_result.name = new_result.name or old_result.name
        old_result.replace_all_uses_with(new_result)
