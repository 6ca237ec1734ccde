"""Outlined host functions become the data form: instances, weights, types, places, inputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelc.backends.host import host_program
from modelc.diagnostics import Location
from modelc.ir import (
    I64,
    Cell,
    Constant,
    DimRange,
    DType,
    Func,
    Leaf,
    Mapping,
    Module,
    Record,
    Symbol,
    TensorType,
    Value,
    Weight,
)
from modelc.ir.core import Op, Successor
from modelc.ir.dims import floordiv, symbol
from modelc.ir.graph.ops import FuncReturn
from modelc.ir.host import Branch, Call, LoadWeight, ReadCell, Return, arith, lists
from modelc.runtime import Parameter
from modelc.runtime.host import generate_source, verify_program
from modelc.runtime.host import program as data
from modelc.runtime.structure import Constant as Fixed
from modelc.runtime.types import Apply, ListType, ScalarType
from modelc.runtime.types import TensorType as RuntimeTensor

VECTOR = TensorType((2,), DType.F32)


def first_of_two() -> Func:
    """Return the sub-network `pick(x, w) = x`."""
    func = Func(Symbol("pick"), "graph")
    block = func.body.add_block()
    block.add_argument(VECTOR, "x")
    block.add_argument(VECTOR, "w")
    block.append(FuncReturn(values=(block.args[0],)))
    return func


def module_with(func: Func, *weights: str) -> Module:
    """Return a module with one entry, the sub-network `pick`, and these weights."""
    module = Module("net", level="outlined")
    module.add(func)
    module.add(first_of_two())
    for name in weights:
        module.weights[Symbol(name)] = Weight(Symbol(name), VECTOR)
    return module


class Entry:
    """An entry `x -> ...` under construction."""

    def __init__(self) -> None:
        self.func = Func(Symbol("main"), "host", inputs=Mapping(("x",), (Leaf(0),)))
        self.block = self.func.body.add_block()
        self.x = self.block.add_argument(VECTOR, "x")

    def add(self, op: Op) -> Value:
        """Append an op."""
        return self.block.append(op).out

    def weight(self, name: str) -> Value:
        """Load a weight."""
        return self.add(LoadWeight(symbol=Symbol(name), result_types=[VECTOR]))

    def pick(self, *inputs: Value) -> Value:
        """Call the sub-network."""
        return self.add(Call(inputs=inputs, callee=Symbol("pick"), result_types=[VECTOR]))

    def finish(self, *outputs: Value) -> Func:
        """Return the outputs, the first as they are."""
        self.block.append(Return(outputs=outputs, structure=Leaf(0)))
        return self.func


def test_equal_callees_with_equal_weights_are_one_instance():
    entry = Entry()
    a, b = entry.weight("a"), entry.weight("b")
    again = entry.weight("a")
    first = entry.pick(entry.x, a)
    second = entry.pick(first, b)
    third = entry.pick(second, again)
    program = host_program(module_with(entry.finish(third), "a", "b"))
    assert program.instances == (
        data.Instance("pick", 2, 1, {"1": "a"}),
        data.Instance("pick", 2, 1, {"1": "b"}),
    )
    calls = program.entries[0].blocks[0].instructions
    assert [call.attributes["instance"] for call in calls] == [0, 1, 0]
    assert not verify_program(program)


def test_a_weight_that_goes_another_way_is_a_value():
    entry = Entry()
    a = entry.weight("a")
    join = entry.func.body.add_block("join")
    passed = join.add_argument(VECTOR, "w")
    entry.block.append(Branch(target=Successor(join, (a,))))
    entry.block = join
    result = entry.pick(entry.pick(entry.x, passed), a)
    program = host_program(module_with(entry.finish(result), "a"))
    assert [instance.constants for instance in program.instances] == [{}, {"1": "a"}]
    loads = [i for i in program.entries[0].blocks[0].instructions if i.operation == "host.weight"]
    assert [load.attributes["symbol"] for load in loads] == ["a"]
    assert "w = weight_a" in generate_source(program)
    assert not verify_program(program)


def test_types_and_names_are_kept():
    entry = Entry()
    n = entry.add(arith.Constant(value=3))
    items = entry.add(lists.Make(items=(n,), element=I64))
    items.name = "counts"
    program = host_program(module_with(entry.finish(items)))
    (emitted,) = program.entries
    named = {value.name: program.types[value.type] for value in emitted.values}
    assert named["x"] == RuntimeTensor((2,), "f32")
    assert named["counts"] == ListType(ScalarType("i64"))


def test_dims_of_inputs_and_cells_are_kept_and_others_forgotten():
    b, u0 = symbol("B"), symbol("u0")
    shape = (b, 2 * b + 1, floordiv(b, 2), u0 % 3)
    func = Func(Symbol("main"), "host", inputs=Mapping(("x",), (Leaf(0),)))
    block = func.body.add_block()
    x = block.add_argument(TensorType(shape, DType.F32), "x")
    rows = TensorType((u0, 4), DType.BF16)
    cell = block.append(ReadCell(cell=Symbol("cache"), result_types=[rows])).out
    made = lists.Make(items=(cell,), element=rows)
    block.append(made)
    block.append(Return(outputs=(x,), structure=Leaf(0)))
    module = Module("net", level="outlined", dims={"B": DimRange("B", 1, 8)})
    module.add(func)
    module.cells[Symbol("cache")] = Cell(Symbol("cache"), "net.cache", None)
    program = host_program(module)
    (emitted,) = program.entries
    types = [program.types[value.type] for value in emitted.values]
    assert types[0] == RuntimeTensor(
        (
            "B",
            Apply("add", (1, Apply("mul", (2, "B")))),
            Apply("floor", (Apply("mul", (Apply("div", (1, 2)), "B")),)),
            Apply("mod", ("u0", 3)),
        ),
        "f32",
    )
    assert types[1] == RuntimeTensor(("u0", 4), "bf16")
    assert types[2] == ListType(RuntimeTensor(("?", 4), "bf16"))
    assert (program.dims["B"].minimum, program.dims["B"].maximum) == (1, 8)
    assert program.cells == (data.Cell("cache", "net.cache", None),)
    assert not verify_program(program)


def test_the_lines_of_the_source_are_kept(tmp_path: Path):
    source = tmp_path / "model.py"
    source.write_text("def forward(x):\n    return pick(x)  # done\n")
    entry = Entry()
    result = entry.pick(entry.x, entry.weight("a"))
    assert isinstance(result.owner, Op)
    result.owner.loc = Location(str(source), 2, 12)
    program = host_program(module_with(entry.finish(result), "a"))
    assert program.locations == (data.Location(str(source), 2, "return pick(x)  # done"),)
    assert "    # model.py:2: return pick(x)  # done\n" in generate_source(program)


def test_without_parameters_every_input_is_one():
    entry = Entry()
    program = host_program(module_with(entry.finish(entry.x)))
    assert program.parameters == (Parameter("x"),)


def test_an_entry_written_by_hand_binds_its_arguments():
    entry = Entry()
    entry.func.inputs = None
    program = host_program(module_with(entry.finish(entry.x)))
    assert [str(key) for key in program.entries[0].inputs.keys] == ["x"]


def test_a_parameter_that_was_not_passed_keeps_its_default():
    entry = Entry()
    parameters = [
        Parameter("x"),
        Parameter("flag", default=Fixed(True)),
        Parameter("hook"),
        Parameter("rest", "variadic"),
        Parameter("more", "keywords"),
    ]
    program = host_program(module_with(entry.finish(entry.x)), parameters)
    assert [parameter.name for parameter in program.parameters] == ["x", "flag", "rest", "more"]
    inputs = program.entries[0].inputs
    assert dict(zip(inputs.keys, inputs.items, strict=True))["flag"] == Fixed(True)
    assert not verify_program(program)


def test_structures_are_converted():
    entry = Entry()
    point = Record("namedtuple", "m:Point", ("a", "b"), (Leaf(0), Constant(2)))
    entry.func.inputs = Mapping(("x",), (Mapping(("k",), (point,)),))
    program = host_program(module_with(entry.finish(entry.x)))
    inner = program.entries[0].inputs.items[0]
    assert not verify_program(program)
    assert "Point" in repr(inner) and "k" in repr(inner)


@pytest.mark.parametrize("initial", [None, 3, 2.5, True, Symbol("a")])
def test_cells_begin_as_the_program_says(initial: Symbol | None | bool | int | float):
    entry = Entry()
    module = module_with(entry.finish(entry.x), "a")
    module.cells[Symbol("c")] = Cell(Symbol("c"), "net.c", initial)
    (cell,) = host_program(module).cells
    expected = data.WeightReference("a") if isinstance(initial, Symbol) else initial
    assert cell.initial == expected and type(cell.initial) is type(expected)
