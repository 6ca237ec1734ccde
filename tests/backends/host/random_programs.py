"""Random host functions with branches, loops, multi-level exits, switches, lists and calls."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from modelc.diagnostics import Location
from modelc.ir import F64, I64, Func, Leaf, ListType, Module, Symbol, TensorType, Value, Weight
from modelc.ir.core import Block, Op, Successor
from modelc.ir.graph import AtenOp
from modelc.ir.graph.ops import FuncReturn
from modelc.ir.host import (
    Branch,
    Call,
    CondBranch,
    LoadWeight,
    Raise,
    Return,
    Size,
    Switch,
    arith,
    lists,
)
from modelc.ir.structure import Mapping, Sequence
from modelc.ir.types import DType

from .random_graphs import keep_reachable

TENSOR = TensorType((2,), DType.F32)
LISTS = ListType(I64)


@dataclass
class Loop:
    """A loop under construction; environments of its two ways out are passed as arguments."""

    header: Block
    after: Block
    fuel: Value


@dataclass
class Builder:
    """Builds one random function; `scope` maps variables to their current values."""

    random: random.Random
    func: Func = field(default_factory=lambda: Func(Symbol("main"), "host"))
    loops: list[Loop] = field(default_factory=lambda: [])
    line: int = 0

    def __post_init__(self) -> None:
        self.block = self.func.body.add_block("entry")

    def emit(self, op: Op) -> Value:
        """Append `op` to the current block; return its first result."""
        self.line += 1
        op.loc = Location("program.py", self.line)
        self.block.append(op)
        if op.results:
            op.results[0].name = self.random.choice(["a", "b", "h", "class", "x"])
        return op.results[0] if op.results else Value(I64, op, 0)

    def terminate(self, op: Op) -> None:
        """End the current block."""
        op.loc = Location("program.py", self.line)
        self.block.append(op)

    def join(self, scope: dict[str, Value], name: str) -> tuple[Block, dict[str, Value]]:
        """Return a new block with an argument for each variable, and the scope inside of it."""
        block = self.func.body.add_block(name)
        inner = {key: block.add_argument(value.type, key) for key, value in scope.items()}
        return block, inner


def random_module(seed: int, size: int = 12) -> Module:
    """Return a verified module with one random entry of about `size` statements."""
    builder = Builder(random.Random(seed))
    entry = builder.block
    scope = {
        "i": entry.add_argument(I64, "i"),
        "f": entry.add_argument(F64, "f"),
        "t": entry.add_argument(TENSOR, "t"),
    }
    weight = builder.emit(LoadWeight(symbol=Symbol("w"), result_types=[TENSOR]))
    weight.name = "weight"
    scope["l"] = builder.emit(lists.Make(items=(), element=I64))
    scope["n"] = builder.emit(arith.Constant(value=0))
    final = statements(builder, scope, weight, size)
    if final is not None:
        end(builder, final)
    names = ("i", "f", "t")
    builder.func.inputs = Mapping(names, tuple(Leaf(number) for number in range(3)))
    module = Module("random", level="outlined")
    module.add(builder.func)
    module.add(add_func())
    module.weights[Symbol("w")] = Weight(Symbol("w"), TENSOR)
    keep_reachable(builder.func)
    return module


def add_func() -> Func:
    """Return the sub-network `add(x, y) = x + y, x * 0.5`."""
    func = Func(Symbol("add"), "graph")
    block = func.body.add_block()
    x, y = block.add_argument(TENSOR, "x"), block.add_argument(TENSOR, "y")
    add = AtenOp(target="aten.add.Tensor", arguments=(x, y), result_types=[TENSOR])
    half = AtenOp(target="aten.mul.Tensor", arguments=(x, 0.5), result_types=[TENSOR])
    block.append(add)
    block.append(half)
    block.append(FuncReturn(values=(add.out, half.out)))
    return func


def statements(
    builder: Builder, scope: dict[str, Value], weight: Value, count: int
) -> dict[str, Value] | None:
    """Emit statements; return the scope behind them, None if control never gets there."""
    current: dict[str, Value] | None = dict(scope)
    while count > 0 and current is not None:
        kind = builder.random.choice(
            ["scalar"] * 4 + ["list", "list", "call", "if", "if", "if", "loop", "leave", "switch"]
        )
        inner = builder.random.randint(1, max(1, count // 2))
        if kind == "scalar":
            scalar(builder, current)
        elif kind == "list":
            change_list(builder, current)
        elif kind == "call":
            call(builder, current, weight)
        elif kind == "if":
            current = branch(builder, current, weight, inner)
            count -= inner
        elif kind == "switch":
            current = switch(builder, current, weight, inner)
            count -= inner
        elif kind == "loop":
            current = loop(builder, current, weight, inner)
            count -= inner
        elif builder.random.random() < 0.4:
            leave(builder, current)
            current = None
        count -= 1
    return current


def scalar(builder: Builder, scope: dict[str, Value]) -> None:
    """Change a number."""
    choice = builder.random.randrange(6)
    if choice == 0:
        scope["i"] = builder.emit(arith.Add(left=scope["i"], right=scope["n"]))
    elif choice == 1:
        one = builder.emit(arith.Constant(value=builder.random.randint(-3, 3)))
        scope["n"] = builder.emit(arith.Sub(left=scope["n"], right=one))
    elif choice == 2:
        total = builder.emit(arith.Add(left=scope["f"], right=scope["i"]))
        half = builder.emit(arith.Constant(value=0.5))
        scope["f"] = builder.emit(arith.Mul(left=total, right=half))
    elif choice == 3:
        scope["n"] = builder.emit(lists.Len(source=scope["l"]))
    elif choice == 4:
        scope["i"] = builder.emit(arith.Min(left=scope["i"], right=scope["n"]))
    else:
        negative = builder.emit(arith.Neg(value=scope["i"]))
        seven = builder.emit(arith.Constant(value=7))
        scope["i"] = builder.emit(arith.Mod(left=negative, right=seven))


def change_list(builder: Builder, scope: dict[str, Value]) -> None:
    """Append, or keep an old list alive beside its extension."""
    extended = builder.emit(lists.Append(source=scope["l"], item=scope["i"]))
    if builder.random.random() < 0.3:
        scope["n"] = builder.emit(lists.Len(source=scope["l"]))
        return
    if builder.random.random() < 0.3:
        last = builder.emit(arith.Constant(value=-1))
        extended = builder.emit(lists.Set(source=extended, index=last, item=scope["n"]))
    scope["l"] = extended


def call(builder: Builder, scope: dict[str, Value], weight: Value) -> None:
    """Run the sub-network on a tensor and the weight, or on two tensors."""
    other = weight if builder.random.random() < 0.5 else scope["t"]
    op = Call(inputs=(scope["t"], other), callee=Symbol("add"), result_types=[TENSOR, TENSOR])
    builder.emit(op)
    scope["t"] = op.results[builder.random.randrange(2)]
    if builder.random.random() < 0.3:
        scope["n"] = builder.emit(Size(source=scope["t"], dim=0))


def condition(builder: Builder, scope: dict[str, Value]) -> Value:
    """Compare two numbers of the scope."""
    left, right = builder.random.choice([("i", "n"), ("n", "i"), ("f", "i")])
    predicate = builder.random.choice(list(arith.Predicate))
    test = builder.emit(arith.Compare(left=scope[left], right=scope[right], predicate=predicate))
    return builder.emit(arith.Not(value=test)) if builder.random.random() < 0.3 else test


def branch(
    builder: Builder, scope: dict[str, Value], weight: Value, size: int
) -> dict[str, Value] | None:
    """Emit an if with zero, one or two arms of statements."""
    test = condition(builder, scope)
    arms = [builder.func.body.add_block(name) for name in ("then", "else")]
    builder.terminate(
        CondBranch(condition=test, on_true=Successor(arms[0]), on_false=Successor(arms[1]))
    )
    return arms_and_join(builder, scope, weight, arms, size)


def switch(
    builder: Builder, scope: dict[str, Value], weight: Value, size: int
) -> dict[str, Value] | None:
    """Emit a switch over one to five cases, some of which may share a target."""
    cases = builder.random.randint(1, 5)
    modulus = builder.emit(arith.Constant(value=builder.random.randint(cases, cases + 1)))
    index = builder.emit(arith.Mod(left=scope["i"], right=modulus))
    offset = builder.emit(arith.Constant(value=builder.random.choice([0, 0, -cases])))
    index = builder.emit(arith.Add(left=index, right=offset))
    arms = [builder.func.body.add_block(f"case{number}") for number in range(cases)]
    targets = [arms[builder.random.randint(0, number)] for number in range(cases)]
    builder.terminate(Switch(index=index, cases=tuple(Successor(target) for target in targets)))
    return arms_and_join(builder, scope, weight, list(dict.fromkeys(targets)), size // 2)


def arms_and_join(
    builder: Builder, scope: dict[str, Value], weight: Value, arms: list[Block], size: int
) -> dict[str, Value] | None:
    """Fill `arms`; those that do not leave meet in a new block."""
    join, inner = builder.join(scope, "join")
    arrived = False
    for arm in arms:
        builder.block = arm
        behind = statements(builder, scope, weight, builder.random.randint(0, size))
        if behind is not None:
            arrived = True
            builder.terminate(Branch(target=Successor(join, tuple(behind[key] for key in scope))))
    builder.block = join
    if not arrived:
        builder.terminate(Raise(exception="builtins:AssertionError", message="not reached"))
        return None
    return keep_some(builder, scope, inner)


def keep_some(
    builder: Builder, outer: dict[str, Value], inner: dict[str, Value]
) -> dict[str, Value]:
    """Sometimes read a value of a dominating block instead of the argument."""
    return {
        key: outer[key] if builder.random.random() < 0.15 else value for key, value in inner.items()
    }


def loop(
    builder: Builder, scope: dict[str, Value], weight: Value, size: int
) -> dict[str, Value] | None:
    """Emit a loop that counts its iterations down and may be left anywhere."""
    after, behind = builder.join(scope, "after")
    header, inner = builder.join(scope, "header")
    fuel = header.add_argument(I64, "fuel")
    start = builder.emit(arith.Constant(value=builder.random.randint(1, 4)))
    arguments = tuple(scope[key] for key in scope)
    builder.terminate(Branch(target=Successor(header, (*arguments, start))))
    builder.block = header
    zero = builder.emit(arith.Constant(value=0))
    going = builder.emit(arith.Compare(left=fuel, right=zero, predicate=arith.Predicate.GT))
    body = builder.func.body.add_block("body")
    leaving = Successor(after, tuple(inner[key] for key in scope))
    builder.terminate(CondBranch(condition=going, on_true=Successor(body), on_false=leaving))
    builder.block = body
    one = builder.emit(arith.Constant(value=1))
    left = builder.emit(arith.Sub(left=fuel, right=one))
    builder.loops.append(Loop(header, after, left))
    last = statements(builder, inner, weight, size)
    builder.loops.pop()
    if last is not None:
        back = (*(last[key] for key in scope), left)
        builder.terminate(Branch(target=Successor(header, back)))
    builder.block = after
    return behind


def leave(builder: Builder, scope: dict[str, Value]) -> None:
    """Return, raise, or break out of or continue any of the loops around."""
    if builder.loops and builder.random.random() < 0.8:
        target = builder.random.choice(builder.loops)
        values = tuple(scope[key] for key in ("i", "f", "t", "l", "n"))
        if builder.random.random() < 0.5:
            builder.terminate(Branch(target=Successor(target.after, values)))
        else:
            back = Successor(target.header, (*values, target.fuel))
            builder.terminate(Branch(target=back))
    elif builder.random.random() < 0.2:
        builder.terminate(Raise(exception="builtins:ValueError", message="as the program says"))
    else:
        end(builder, scope)


def end(builder: Builder, scope: dict[str, Value]) -> None:
    """Return everything."""
    outputs = tuple(scope[key] for key in ("i", "f", "t", "l", "n"))
    leaves = tuple(Leaf(number) for number in range(len(outputs)))
    builder.terminate(Return(outputs=outputs, structure=Sequence("tuple", leaves)))
