"""Random control-flow graphs, of any shape: each block counts down, computes and goes anywhere."""

from __future__ import annotations

import random

from modelc.diagnostics import Location
from modelc.ir import F64, I64, DType, Func, Leaf, Module, Symbol, TensorType, Value
from modelc.ir.core import Block, Op, Successor
from modelc.ir.host import Branch, CondBranch, Return, Switch, arith
from modelc.ir.structure import Mapping, Sequence

FUEL = 40


def random_graph(seed: int, size: int) -> Module:
    """Return a module whose only entry has up to `size` blocks with random edges.

    Arguments are `i`, and `f` and `t`, which nothing reads. Every block reads the entry's `i`
    directly, and passes all else on.
    """
    choose = random.Random(seed)
    func = Func(Symbol("main"), "host")
    entry = func.body.add_block("entry")
    i = entry.add_argument(I64, "i")
    entry.add_argument(F64, "f")
    entry.add_argument(TensorType((2,), DType.F32), "t")
    blocks = [func.body.add_block(f"b{number}") for number in range(size)]
    for block in blocks:
        block.add_argument(I64, "n")
        block.add_argument(I64, "fuel")
    fuel = emit(entry, arith.Constant(value=FUEL))
    terminate(entry, Branch(target=Successor(blocks[0], (i, fuel))))
    for number, block in enumerate(blocks):
        fill(choose, blocks, number, i)
    func.inputs = Mapping(("i", "f", "t"), tuple(Leaf(number) for number in range(3)))
    module = Module("graph", level="outlined")
    module.add(func)
    keep_reachable(func)
    return module


def fill(choose: random.Random, blocks: list[Block], number: int, i: Value) -> None:
    """Write a block that returns when the fuel is spent, and else goes on somewhere."""
    block = blocks[number]
    n, fuel = block.args
    one = emit(block, arith.Constant(value=number + 1))
    left = emit(block, arith.Sub(left=fuel, right=emit(block, arith.Constant(value=1))))
    total = emit(block, arith.Add(left=emit(block, arith.Mul(left=n, right=one)), right=i))
    modulus = emit(block, arith.Constant(value=97))
    total = emit(block, arith.Mod(left=total, right=modulus))
    zero = emit(block, arith.Constant(value=0))
    spent = emit(block, arith.Compare(left=left, right=zero, predicate=arith.Predicate.LE))
    parent = block.parent
    assert parent is not None
    last, following = parent.add_block("last"), parent.add_block("next")
    terminate(
        block, CondBranch(condition=spent, on_true=Successor(last), on_false=Successor(following))
    )
    structure = Sequence("tuple", (Leaf(0), Leaf(1)))
    terminate(last, Return(outputs=(total, n), structure=structure))
    targets = [anywhere(choose, blocks, number, total, left) for _ in range(choose.randint(1, 4))]
    terminate(following, go_on(following, total, targets))


def anywhere(
    choose: random.Random, blocks: list[Block], number: int, total: Value, left: Value
) -> Successor:
    """Return an edge, mostly forwards and not far."""
    reach = choose.choice([1, 1, 2, 3, len(blocks)])
    low = max(0, number - reach) if choose.random() < 0.2 else number + 1
    target = choose.randint(low, number + reach) % len(blocks)
    return Successor(blocks[target], (total, left))


def go_on(block: Block, total: Value, targets: list[Successor]) -> Op:
    """Return a terminator that chooses among `targets` by `total`."""
    if len(targets) == 1:
        return Branch(target=targets[0])
    size = emit(block, arith.Constant(value=len(targets)))
    index = emit(block, arith.Mod(left=total, right=size))
    if len(targets) > 2:
        return Switch(index=index, cases=tuple(targets))
    zero = emit(block, arith.Constant(value=0))
    test = emit(block, arith.Compare(left=index, right=zero, predicate=arith.Predicate.EQ))
    return CondBranch(condition=test, on_true=targets[0], on_false=targets[1])


def keep_reachable(func: Func) -> None:
    """Remove the blocks that no path leads to."""
    seen = {func.body.entry}
    todo = [func.body.entry]
    while todo:
        for edge in todo.pop().successors:
            if edge.block not in seen:
                seen.add(edge.block)
                todo.append(edge.block)
    for block in [block for block in func.body.blocks if block not in seen]:
        for op in block.ops:
            for value in op.operands:
                value.users.pop(op, None)
        func.body.blocks.remove(block)


def emit(block: Block, op: Op) -> Value:
    """Append `op`; return its only result."""
    op.loc = Location("graph.py", len(block.ops) + 1)
    return block.append(op).out


def terminate(block: Block, op: Op) -> None:
    """End `block`."""
    op.loc = Location("graph.py", len(block.ops) + 1)
    block.append(op)
