"""Passes keep what random programs compute: branches, bounded loops, early returns, lists."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from modelc.ir import (
    I64,
    Block,
    DType,
    Func,
    Leaf,
    ListType,
    Module,
    Op,
    Sequence,
    Successor,
    Symbol,
    TensorType,
    Type,
    Value,
)
from modelc.ir.graph import AtenOp
from modelc.ir.host import Branch, CondBranch, Item, Return, Size, arith, lists
from modelc.ir.reference import Interpreter
from modelc.ir.text import parse_module, print_module
from modelc.passes import (
    DEFAULT_PIPELINE,
    LOWERING_PIPELINE,
    PassContext,
    run_pipeline,
    verify_passes,
)

TENSOR = TensorType((4,), DType.F32)
LIST = ListType(TENSOR)
VARIABLES: dict[str, Type] = {"a": TENSOR, "b": TENSOR, "m": I64, "n": I64, "l": LIST}

Statement: TypeAlias = tuple[Any, ...]

TENSORS, INTS = st.sampled_from("ab"), st.sampled_from("mn")
SIMPLE = st.one_of(
    st.tuples(st.just("unary"), TENSORS, TENSORS, st.sampled_from(["relu", "neg", "clone"])),
    st.tuples(st.just("binary"), TENSORS, TENSORS, TENSORS, st.sampled_from(["add", "mul"])),
    st.tuples(st.just("scale"), TENSORS, TENSORS, INTS),
    st.tuples(st.just("shape"), TENSORS, TENSORS),
    st.tuples(st.just("random"), TENSORS, TENSORS),
    st.tuples(st.just("int"), INTS, INTS, INTS, st.sampled_from(["Add", "Sub", "Min", "Max"])),
    st.tuples(st.just("constant"), INTS, st.integers(-1, 2)),
    st.tuples(st.just("item"), INTS, TENSORS),
    st.tuples(st.just("size"), INTS, TENSORS),
    st.tuples(st.just("append"), TENSORS),
    st.tuples(st.just("length"), INTS),
    st.tuples(st.just("last"), TENSORS),
)


def blocks_of(inner: st.SearchStrategy[Statement]) -> st.SearchStrategy[Statement]:
    """Return statements that hold lists of `inner`."""
    body = st.lists(inner, max_size=4)
    predicate = st.sampled_from(list(arith.Predicate))
    return st.one_of(
        st.tuples(st.just("if"), INTS, INTS, predicate, body, body),
        st.tuples(st.just("twins"), INTS, INTS, predicate, body, body, body),
        st.tuples(st.just("loop"), st.integers(0, 3), body),
        st.tuples(st.just("exit"), INTS, INTS, predicate, body),
    )


STATEMENTS = st.recursive(SIMPLE, blocks_of, max_leaves=12)
PROGRAMS = st.lists(STATEMENTS, min_size=1, max_size=8)


@dataclass
class Emitter:
    """Emit statements into a module; joins have a block argument per variable, needed or not."""

    func: Func
    block: Block
    variables: dict[str, Value] = field(default_factory=lambda: {})

    def add(self, op: Op) -> Value:
        """Append `op` and return its only result."""
        return self.block.append(op).out

    def aten(self, name: str, *arguments: Any, result: Type = TENSOR) -> Value:
        """Append an ATen op."""
        op = AtenOp(arguments=arguments, target=f"aten.{name}", result_types=[result])
        return self.add(op)

    def number(self, value: int) -> Value:
        """Append a constant."""
        return self.add(arith.Constant(value=value))

    def emit(self, statements: list[Statement]) -> None:
        """Emit `statements` one after the other."""
        for kind, *rest in statements:
            getattr(self, f"_{kind}")(*rest)

    def leave(self) -> None:
        """Return all variables."""
        structure = Sequence("tuple", tuple(Leaf(i) for i in range(len(VARIABLES))))
        outputs = tuple(self.variables[name] for name in VARIABLES)
        self.block.append(Return(outputs=outputs, structure=structure))

    def _unary(self, to: str, source: str, name: str) -> None:
        self.variables[to] = self.aten(f"{name}.default", self.variables[source])

    def _binary(self, to: str, left: str, right: str, name: str) -> None:
        operands = (self.variables[left], self.variables[right])
        self.variables[to] = self.aten(f"{name}.Tensor", *operands)

    def _scale(self, to: str, source: str, by: str) -> None:
        operands = (self.variables[source], self.variables[by])
        self.variables[to] = self.aten("mul.Tensor", *operands)

    def _shape(self, to: str, source: str) -> None:
        square = TensorType((2, 2), DType.F32)
        inner = self.aten("view.default", self.variables[source], (2, 2), result=square)
        swapped = self.aten("permute.default", inner, (1, 0), result=square)
        back = self.aten("permute.default", swapped, (1, 0), result=square)
        self.variables[to] = self.aten("view.default", back, (4,))

    def _random(self, to: str, source: str) -> None:
        odds = self.aten("sigmoid.default", self.variables[source])
        odds = self.aten("nan_to_num.default", odds, 0.5)
        first, second = (self.aten("bernoulli.default", odds) for _ in range(2))
        self.variables[to] = self.aten("sub.Tensor", first, second)

    def _int(self, to: str, left: str, right: str, name: str) -> None:
        operands = {"left": self.variables[left], "right": self.variables[right]}
        total = self.add(getattr(arith, name)(**operands))
        self.variables[to] = self.add(arith.Mod(left=total, right=self.number(7)))

    def _constant(self, to: str, value: int) -> None:
        self.variables[to] = self.number(value)

    def _item(self, to: str, source: str) -> None:
        count = self.aten(
            "count_nonzero.default", self.variables[source], result=TensorType((), DType.I64)
        )
        self.variables[to] = self.add(Item(source=count))

    def _size(self, to: str, source: str) -> None:
        self.variables[to] = self.add(Size(source=self.variables[source], dim=0))

    def _append(self, item: str) -> None:
        source = self.variables["l"]
        self.variables["l"] = self.add(lists.Append(source=source, item=self.variables[item]))

    def _length(self, to: str) -> None:
        self.variables[to] = self.add(lists.Len(source=self.variables["l"]))

    def _last(self, to: str) -> None:
        index = self.number(-1)
        self.variables[to] = self.add(lists.Get(source=self.variables["l"], index=index))

    def _branch(self, left: str, right: str, predicate: arith.Predicate) -> tuple[Block, Block]:
        one, other = self.variables[left], self.variables[right]
        return self._fork(self.add(arith.Compare(left=one, right=other, predicate=predicate)))

    def _fork(self, condition: Value) -> tuple[Block, Block]:
        yes, no = self.func.body.add_block(), self.func.body.add_block()
        on_true, on_false = Successor(yes), Successor(no)
        self.block.append(CondBranch(condition=condition, on_true=on_true, on_false=on_false))
        return yes, no

    def _go_to(self, target: Block, *more: Value) -> None:
        passed = tuple(self.variables[name] for name in VARIABLES)
        self.block.append(Branch(target=Successor(target, (*passed, *more))))

    def _enter(self, block: Block) -> None:
        """Go on in `block`, with an argument for every variable."""
        self.block = block
        for name, kind in VARIABLES.items():
            self.variables[name] = block.add_argument(kind, name)

    def _if(self, *parts: Any) -> None:
        *test, then, other = parts
        arms = self._branch(*test)
        join, before = self.func.body.add_block(), dict(self.variables)
        for arm, statements in zip(arms, (then, other), strict=True):
            self.block, self.variables = arm, dict(before)
            self.emit(statements)
            self._go_to(join)
        self._enter(join)

    def _twins(self, *parts: Any) -> None:
        *test, start, then, other = parts
        self._if(*test, [*start, *then], [*start, *other])

    def _loop(self, trips: int, body: list[Statement]) -> None:
        head = self.func.body.add_block()
        self._go_to(head, self.number(0))
        self._enter(head)
        counter = head.add_argument(I64, "i")
        limit = self.number(trips)
        less = arith.Compare(left=counter, right=limit, predicate=arith.Predicate.LT)
        inside, after = self._fork(self.add(less))
        at_head = dict(self.variables)
        self.block = inside
        self.emit(body)
        self._go_to(head, self.add(arith.Add(left=counter, right=self.number(1))))
        self.block, self.variables = after, at_head

    def _exit(self, *parts: Any) -> None:
        *test, statements = parts
        leaving, staying = self._branch(*test)
        before = dict(self.variables)
        self.block = leaving
        self.emit(statements)
        self.leave()
        self.block, self.variables = staying, before


def build(statements: list[Statement]) -> Module:
    """Return the program of two tensors and an int that runs `statements`."""
    module = Module("random")
    func = module.add(Func(Symbol("main"), "host"))
    emitter = Emitter(func, func.body.add_block())
    for name in "abm":
        argument = emitter.block.add_argument(VARIABLES[name], name)
        emitter.variables[name] = argument
    emitter.variables["n"] = emitter.number(1)
    items = (emitter.variables["a"],)
    emitter.variables["l"] = emitter.add(lists.Make(items=items, element=TENSOR))
    emitter.emit(statements)
    emitter.leave()
    return module


def run(module: Module) -> Iterator[list[Any]]:
    """Yield the results for a few inputs, flattened, with the random numbers of one seed."""
    interpreter = Interpreter(module, {})
    for m in (0, 1, 3):
        torch.manual_seed(m)  # pyright: ignore[reportUnknownMemberType]: torch leaves it untyped
        a, b = torch.tensor([1.0, -0.0, 2.0, -1.0]), torch.tensor([0.5, 0.0, -2.0, 1.0])
        *rest, items = interpreter.run(a, b, m)
        yield [*rest, *items]


def same(left: list[Any], right: list[Any]) -> bool:
    """Tell whether two lists of results are equal bit by bit."""
    pairs = itertools.zip_longest(left, right)
    return all(type(one) is type(other) and _bits(one) == _bits(other) for one, other in pairs)


def _bits(value: Any) -> Any:
    return value.numpy().tobytes() if isinstance(value, torch.Tensor) else value


PIPELINES = [
    "canonicalize",
    "fold",
    "cse",
    "dce",
    "merge-blocks",
    "if-convert",
    "hoist-common",
    "hoist-equivalent",
    "sink-into-arms",
    "compute-before-joins",
    "outline-subnets",
    "outline-subnets,deduplicate-subnets,dce,cse,canonicalize,fold",
    f"{DEFAULT_PIPELINE},{LOWERING_PIPELINE}",
]


@pytest.mark.parametrize("pipeline", PIPELINES)
@settings(max_examples=25, deadline=None)
@given(statements=PROGRAMS)
def test_pipeline_keeps_meaning(pipeline: str, statements: list[Statement]):
    original, changed = build(statements), build(statements)
    run_pipeline(changed, pipeline, PassContext(weights={}), [verify_passes])
    for expected, actual in zip(run(original), run(changed), strict=True):
        assert same(actual, expected)


@settings(max_examples=25, deadline=None)
@given(statements=PROGRAMS)
def test_text_is_kept_and_stable(statements: list[Statement]):
    texts: list[str] = []
    for _ in range(2):
        module = build(statements)
        run_pipeline(module, f"{DEFAULT_PIPELINE},{LOWERING_PIPELINE}")
        texts.append(print_module(module))
    assert texts[0] == texts[1]
    assert print_module(parse_module(texts[0], "random.mc")) == texts[0]


@settings(max_examples=25, deadline=None)
@given(statements=PROGRAMS)
def test_default_pipeline_comes_to_rest(statements: list[Statement]):
    """Two rounds do for almost all programs; arms of one condition, thrice in a row, take three."""
    module = build(statements)
    run_pipeline(module, ",".join([DEFAULT_PIPELINE] * 4))
    once = print_module(module)
    run_pipeline(module, DEFAULT_PIPELINE)
    assert print_module(module) == once


def test_comparison_rejects():
    one = torch.tensor([0.0])
    assert same([one, 1], [one.clone(), 1])
    assert not same([one], [torch.tensor([-0.0])])
    assert not same([1], [1.0])
    assert not same([1], [1, 1])
