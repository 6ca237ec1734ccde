"""Shapes of control flow that are large, deep, or have many ways out, and how they are printed."""

from __future__ import annotations

import ast

import pytest

from modelc.diagnostics import Location
from modelc.ir import F64, I64, DType, Func, Leaf, Module, Symbol, TensorType, Value
from modelc.ir.core import Block, Op, Successor
from modelc.ir.host import Branch, CondBranch, Return, Switch, arith
from modelc.ir.structure import Mapping, Sequence

from .comparison import compare


class Graph:
    """A function over the input `i` under construction, one block after the other."""

    def __init__(self) -> None:
        self.func = Func(Symbol("main"), "host")
        entry = self.func.body.add_block("entry")
        self.i = entry.add_argument(I64, "i")
        entry.add_argument(F64, "f")
        entry.add_argument(TensorType((2,), DType.F32), "t")
        self.func.inputs = Mapping(("i", "f", "t"), tuple(Leaf(number) for number in range(3)))
        self.entry = entry

    def block(self, name: str, *arguments: str) -> Block:
        """Add a block with numbers as arguments."""
        block = self.func.body.add_block(name)
        for argument in arguments:
            block.add_argument(I64, argument)
        return block

    def number(self, block: Block, value: int) -> Value:
        """Return a constant."""
        return self.emit(block, arith.Constant(value=value))

    def plus(self, block: Block, value: Value, number: int) -> Value:
        """Return a sum."""
        return self.emit(block, arith.Add(left=value, right=self.number(block, number)))

    def divides(self, block: Block, value: Value, number: int) -> Value:
        """Return whether `number` divides `value`."""
        rest = self.emit(block, arith.Mod(left=value, right=self.number(block, number)))
        zero = self.number(block, 0)
        return self.emit(block, arith.Compare(left=rest, right=zero, predicate=arith.Predicate.EQ))

    def emit(self, block: Block, op: Op) -> Value:
        """Append an op."""
        op.loc = Location("shape.py", 1)
        return block.append(op).out

    def jump(self, block: Block, target: Block, *values: Value) -> None:
        """End a block by a jump."""
        block.append(Branch(target=Successor(target, values)))

    def branch(self, block: Block, test: Value, then: Successor, other: Successor) -> None:
        """End a block by a branch."""
        block.append(CondBranch(condition=test, on_true=then, on_false=other))

    def finish(self, block: Block, value: Value) -> Module:
        """End a block by returning `value`; return the module."""
        block.append(Return(outputs=(value,), structure=Sequence("tuple", (Leaf(0),))))
        module = Module("shape", level="outlined")
        module.add(self.func)
        return module


def diamonds(count: int) -> Module:
    """Return `count` ifs in a row, each of which changes a number in one arm."""
    graph = Graph()
    block, value = graph.entry, graph.i
    for number in range(count):
        then, join = graph.block("then"), graph.block("join", "n")
        test = graph.divides(block, value, number % 3 + 2)
        graph.branch(block, test, Successor(then), Successor(join, (value,)))
        graph.jump(then, join, graph.plus(then, value, number + 1))
        block, value = join, join.args[0]
    return graph.finish(block, value)


def early_breaks(count: int) -> Module:
    """Return an unrolled loop that `count` breaks leave for one place."""
    graph = Graph()
    join = graph.block("join", "n")
    block, value = graph.entry, graph.i
    for number in range(count):
        following = graph.block("next")
        test = graph.divides(block, value, number + 5)
        graph.branch(block, test, Successor(join, (value,)), Successor(following))
        block, value = following, graph.plus(following, value, 1)
    graph.jump(block, join, value)
    return graph.finish(join, join.args[0])


def cases_in_turn(count: int) -> Module:
    """Return a chain of else-ifs, all of which go on at one place."""
    graph = Graph()
    join = graph.block("join", "n")
    block = graph.entry
    for number in range(count):
        then, other = graph.block("then"), graph.block("else")
        test = graph.divides(block, graph.i, number + 2)
        graph.branch(block, test, Successor(then), Successor(other))
        graph.jump(then, join, graph.plus(then, graph.i, number))
        block = other
    graph.jump(block, join, graph.i)
    return graph.finish(join, join.args[0])


def nested_ifs(depth: int) -> Module:
    """Return ifs inside of both arms' joins: each level joins on its own."""
    graph = Graph()
    block = graph.entry
    joins: list[Block] = []
    for number in range(depth):
        then, join = graph.block("then"), graph.block("join", "n")
        test = graph.divides(block, graph.i, number % 4 + 1)
        graph.branch(block, test, Successor(then), Successor(join, (graph.i,)))
        joins.append(join)
        block = then
    value = graph.plus(block, graph.i, 1)
    for join in reversed(joins):
        graph.jump(block, join, value)
        block, value = join, graph.plus(join, join.args[0], 1)
    return graph.finish(block, value)


def loops(count: int, *, nested: bool) -> Module:
    """Return loops that count to 2, in a row or one inside of the other."""
    graph = Graph()
    block, total = graph.entry, graph.i
    ends: list[tuple[Block, Block, Value]] = []
    for _ in range(count):
        header, body = graph.block("header", "n", "total"), graph.block("body")
        after = graph.block("after")
        graph.jump(block, header, graph.number(block, 0), total)
        n, total = header.args
        going = graph.emit(
            header,
            arith.Compare(left=n, right=graph.number(header, 2), predicate=arith.Predicate.LT),
        )
        graph.branch(header, going, Successor(body), Successor(after))
        if nested:
            ends.append((header, after, n))
            block = body
        else:
            graph.jump(body, header, graph.plus(body, n, 1), graph.plus(body, total, 3))
            block = after
    for header, after, n in reversed(ends):
        graph.jump(block, header, graph.plus(block, n, 1), graph.plus(block, total, 1))
        block, total = after, header.args[1]
    return graph.finish(block, total)


def wide_switch(count: int) -> Module:
    """Return a choice among `count` cases that join."""
    graph = Graph()
    join = graph.block("join", "n")
    index = graph.emit(graph.entry, arith.Mod(left=graph.i, right=graph.number(graph.entry, count)))
    arms = [graph.block(f"case{number}") for number in range(count)]
    graph.entry.append(Switch(index=index, cases=tuple(Successor(arm) for arm in arms)))
    for number, arm in enumerate(arms):
        graph.jump(arm, join, graph.plus(arm, graph.i, number))
    return graph.finish(join, join.args[0])


def depth_of(source: str) -> int:
    """Return the deepest indentation, in levels."""
    return max((len(line) - len(line.lstrip())) // 4 for line in source.splitlines())


def loops_in(source: str) -> int:
    """Return how many loops the text has."""
    return sum(isinstance(node, ast.While) for node in ast.walk(ast.parse(source)))


def test_ifs_in_a_row_stay_flat():
    source = compare(diamonds(400))
    assert depth_of(source) == 2
    assert loops_in(source) == 0 and "state" not in source


def test_breaks_to_one_place_stay_flat():
    source = compare(early_breaks(300))
    assert depth_of(source) == 3
    assert loops_in(source) == 1 and "state" not in source


def test_else_ifs_stay_flat():
    source = compare(cases_in_turn(150))
    assert depth_of(source) <= 4
    assert loops_in(source) == 1 and "state" not in source


def test_nested_ifs_nest_like_the_source():
    source = compare(nested_ifs(12))
    assert depth_of(source) == 13
    assert loops_in(source) == 0


def test_loops_in_a_row_do_not_nest():
    source = compare(loops(60, nested=False))
    assert loops_in(source) == 60 and depth_of(source) <= 3


def test_nested_loops_nest_like_the_source():
    source = compare(loops(4, nested=True))
    assert loops_in(source) == 4 and "state" not in source


@pytest.mark.parametrize("module", [loops(10, nested=True), nested_ifs(150)])
def test_deep_programs_run(module: Module):
    compare(module)


def test_a_loop_with_two_entries_is_dispatched():
    source = compare(irreducible())
    assert "state = " in source and loops_in(source) == 1


def irreducible() -> Module:
    """Return a loop with two entries."""
    graph = Graph()
    left, right = graph.block("left", "n"), graph.block("right", "n")
    last = graph.block("last")
    test = graph.divides(graph.entry, graph.i, 2)
    zero = graph.number(graph.entry, 0)
    graph.branch(graph.entry, test, Successor(left, (zero,)), Successor(right, (zero,)))
    graph.jump(left, right, graph.plus(left, left.args[0], 1))
    more = graph.plus(right, right.args[0], 2)
    done = graph.divides(right, more, 5)
    graph.branch(right, done, Successor(last), Successor(left, (more,)))
    return graph.finish(last, more)


def test_a_switch_is_a_balanced_tree():
    source = compare(wide_switch(64))
    assert depth_of(source) <= 8
