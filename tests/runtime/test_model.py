"""Running compiled programs: outputs, memory, state, mutation, edges."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy
import pytest
import torch

from modelc.diagnostics import DiagnosticError
from modelc.runtime import Model
from modelc.runtime.host.program import (
    Block,
    Cell,
    Edge,
    Entry,
    Instance,
    Instruction,
    Jump,
    Program,
    Raise,
    Value,
    WeightReference,
)
from modelc.runtime.structure import Leaf, Mapping, Sequence
from modelc.runtime.types import ListType, ScalarType, TensorType

from .programs import F32, WEIGHTS, early_exit, identity, model_of, numpy_engine, program, returning

Array = numpy.ndarray[Any, Any]
X: Array = numpy.ones((2, 3), numpy.float32)
I64 = ScalarType("i64")


def adding() -> Instance:
    """Return the sub-network that adds two tensors."""
    return Instance("add", 2, 1, {})


def call_add(result: int, left: int, right: int) -> Instruction:
    """Return the call of instance 0 on two values."""
    return Instruction("host.call", (result,), (left, right), {"instance": 0})


def test_both_ways_give_what_the_program_computes():
    model = model_of(early_exit(), WEIGHTS)
    scaled, confidence = model(X)
    assert (scaled.tolist(), confidence) == ([[1, 2, 3]] * 2, 2.0)
    halved, confidence = model(-X)
    assert (halved.tolist(), confidence) == ([[-0.5, -1, -1.5]] * 2, -2.0)
    assert type(confidence) is float


@pytest.mark.parametrize("value", [torch.ones(2, 3), torch.ones(2, 3, requires_grad=True)])
def test_torch_in_gives_torch_out(value: torch.Tensor):
    output, _ = model_of(early_exit(), WEIGHTS)(value)
    assert isinstance(output, torch.Tensor) and not output.requires_grad


def test_outputs_are_not_memory_of_inputs():
    model = model_of(identity())
    value = X.copy()
    model(value)[:] = 5
    assert value.tolist() == X.tolist()
    tensor: Any = torch.ones(2, 3)
    model(tensor).fill_(5)
    assert tensor.tolist() == X.tolist()


def test_outputs_are_not_memory_of_weights():
    first = Block(
        (
            Instruction("host.weight", (1,), (), {"symbol": "w"}),
            Instruction("list.make", (2,), (1, 0)),
        ),
        returning(1, 2),
        (0,),
    )
    vector = TensorType((3,), "f32")
    made = program(
        [first],
        [("x", vector), ("w", vector), ("both", ListType(vector))],
        {"x": Leaf(0)},
        weights={"w": vector},
    )
    weight = numpy.ones(3, numpy.float32)
    model = model_of(made, {"w": weight})
    values: list[Any] = [X[0].copy(), torch.ones(3)]
    for value in values:
        output, (also, given) = model(value)
        output[:], also[:], given[:] = 5, 6, 7
        assert weight.tolist() == value.tolist() == [1, 1, 1]


def test_a_borrowed_value_is_found_through_blocks_and_selects():
    blocks = [
        Block(
            (
                Instruction("arith.constant", (1,), (), {"value": True}),
                Instruction("arith.select", (2,), (1, 0, 0)),
            ),
            Jump(Edge(1, (2,))),
            (0,),
        ),
        Block((), returning(3), (3,)),
    ]
    values = [("x", F32), ("c", ScalarType("i1")), ("s", F32), ("y", F32)]
    value = X.copy()
    model_of(program(blocks, values, {"x": Leaf(0)}))(value)[:] = 5
    assert value.tolist() == X.tolist()


def counting() -> Program:
    """Return a program that adds its input to the state `total` and counts its calls."""
    first = Block(
        (
            Instruction("host.read_cell", (1,), (), {"cell": "total"}),
            Instruction("host.read_cell", (2,), (), {"cell": "calls"}),
            call_add(3, 0, 1),
            Instruction("arith.constant", (4,), (), {"value": 1}),
            Instruction("arith.add", (5,), (2, 4)),
        ),
        returning(3, 5, cells=("total", "calls"), cell_values=(3, 5)),
        (0,),
    )
    values = [("x", F32), ("total", F32), ("calls", I64), ("t", F32), ("one", I64), ("n", I64)]
    return program(
        [first],
        values,
        {"x": Leaf(0)},
        instances=[adding()],
        weights={"zero": F32},
        cells=[
            Cell("total", "model.total", WeightReference("zero")),
            Cell("calls", "model.calls", 0),
        ],
    )


def test_state_is_kept_between_calls_and_reset():
    zero = numpy.zeros((2, 3), numpy.float32)
    model = model_of(counting(), {"zero": zero})
    for number in (1, 2, 3):
        total, calls = model(X)
        assert (total[0, 0], calls) == (number, number)
        total[:] = 100  # the caller's own
    assert model.cells["model.calls"] == 3
    model.cells["model.total"][:] = 100  # a copy
    assert model(X)[0][0, 0] == 4
    model.reset()
    assert model(X)[0][0, 0] == 1
    assert zero.max() == 0


def test_state_does_not_alias_inputs():
    first = Block((), returning(0, cells=("kept",), cell_values=(0,)), (0,))
    model = model_of(
        program([first], [("x", F32)], {"x": Leaf(0)}, cells=[Cell("kept", "model.kept")])
    )
    value = X.copy()
    model(value)
    value[:] = 5
    assert model.cells["model.kept"].max() == 1


def test_calls_from_several_threads_keep_the_count():
    model = model_of(counting(), {"zero": numpy.zeros((2, 3), numpy.float32)})
    threads = [threading.Thread(target=lambda: [model(X) for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert model.cells["model.calls"] == 200


def with_cache() -> Program:
    """Return a program with an entry for an empty cache and one for a cache of any length."""
    rows = TensorType(("n", 3), "f32")
    empty = Entry(
        symbol="main",
        inputs=Mapping(("x",), (Leaf(0),)),
        values=(Value(0, "x"),),
        blocks=(Block((), returning(0, cells=("cache",), cell_values=(0,)), (0,)),),
        absent_cells=("cache",),
    )
    clearing = Block(
        (Instruction("host.read_cell", (1,), (), {"cell": "cache"}),),
        returning(1, cleared_cells=("cache",)),
        (0,),
    )
    full = Entry(
        symbol="main_1",
        inputs=Mapping(("x",), (Leaf(0),)),
        values=(Value(0, "x"), Value(1, "cache")),
        blocks=(clearing,),
    )
    made = program([Block((), returning(0), (0,))], [("x", F32)], {"x": Leaf(0)})
    return Program(
        name="cached",
        parameters=made.parameters,
        types=(F32, rows),
        entries=(empty, full),
        instances=(),
        weights={},
        cells=(Cell("cache", "model.cache"),),
        dims={},
        locations=(),
    )


def test_the_entry_is_chosen_by_the_state():
    model = model_of(with_cache())
    assert model.cells == {"model.cache": None}
    model(X)
    assert model.cells["model.cache"].tolist() == X.tolist()
    assert model(2 * X).tolist() == X.tolist()
    assert model.cells == {"model.cache": None}


def test_a_call_that_no_entry_serves_is_refused_for_its_inputs():
    model = model_of(with_cache())
    model(X)
    with pytest.raises(DiagnosticError, match="x: expected tensor") as caught:
        model(X[0])
    assert caught.value.diagnostics[0].code == "MC0501"


def writing_back() -> Program:
    """Return `x, y -> x` that leaves `x + y` in `x` and the old `x` in `y`."""
    first = Block(
        (call_add(2, 0, 1),),
        returning(0, copied_inputs=(0, 1), copied_values=(2, 0)),
        (0, 1),
    )
    values = [("x", F32), ("y", F32), ("sum", F32)]
    return program([first], values, {"x": Leaf(0), "y": Leaf(1)}, instances=[adding()])


def as_array(value: Array) -> Array:
    return value.copy()


def as_tensor(value: Array) -> torch.Tensor:
    return torch.tensor(value)


@pytest.mark.parametrize("make", [as_tensor, as_array])
def test_mutated_inputs_are_written_back(make: Callable[[Array], Any]):
    x, y = make(X), make(2 * X)
    output = model_of(writing_back())(x, y)
    assert (output.tolist(), x.tolist(), y.tolist()) == (
        X.tolist(),
        (3 * X).tolist(),
        X.tolist(),
    )


def test_a_strided_input_is_written_back():
    base: Any = torch.zeros(3, 2)
    model_of(writing_back())(base.T, torch.ones(2, 3))
    assert base.tolist() == [[1, 1]] * 3


def test_a_read_only_input_that_is_mutated_is_refused():
    value = X.copy()
    value.flags.writeable = False
    with pytest.raises(DiagnosticError, match="x: expected a tensor to write into"):
        model_of(writing_back())(value, X.copy())


BASE = torch.ones(2, 3)


@pytest.mark.parametrize("other", [BASE, BASE.T.T, BASE.view(3, 2).view(2, 3)])
def test_a_mutated_input_that_another_shares_is_refused(other: torch.Tensor):
    with pytest.raises(DiagnosticError, match="x: expected memory of its own"):
        model_of(writing_back())(BASE, other)


def test_interleaved_inputs_do_not_overlap():
    base: Any = torch.ones(2, 6)
    model_of(writing_back())(base[:, ::2], base[:, 1::2])
    assert base.tolist() == [[2, 1] * 3] * 2


@pytest.mark.parametrize(
    ("name", "expected", "message"),
    [
        ("builtins:ValueError", ValueError, "no good"),
        ("torch:OutOfMemoryError", torch.OutOfMemoryError, "no good"),
        ("builtins:SystemExit", RuntimeError, "SystemExit: no good"),
        ("builtins:print", RuntimeError, "print: no good"),
        ("builtins:UnicodeDecodeError", RuntimeError, "UnicodeDecodeError: no good"),
        ("not_imported:MyError", RuntimeError, "MyError: no good"),
    ],
)
def test_the_programs_own_exceptions_are_raised(name: str, expected: type[Exception], message: str):
    model = model_of(
        program([Block((), Raise(name, "no good"), (0,))], [("x", F32)], {"x": Leaf(0)})
    )
    with pytest.raises(expected) as caught:
        model(X)
    assert type(caught.value) is expected and str(caught.value) == message


def test_taken_edges_are_recorded_and_named():
    model = model_of(early_exit(), WEIGHTS, coverage=True)
    assert [str(edge) for edge in model.edges] == [
        "@main entry -> early if true (model.py:4: if h.mean() > 0.5:)",
        "@main entry -> late if false (model.py:4: if h.mean() > 0.5:)",
    ]
    assert model.taken_edges == ()
    model(X)
    assert model.taken_edges == model.edges[:1]
    model(-X)
    assert model.taken_edges == model.edges


def test_without_coverage_nothing_is_recorded():
    model = model_of(early_exit(), WEIGHTS)
    model(X)
    assert model.taken_edges == () and "edges" not in model.source


def test_the_same_tensor_twice_in_the_output_is_one_object():
    twice = Sequence("tuple", (Leaf(0), Leaf(0)))
    made = program([Block((), returning(0, structure=twice), (0,))], [("x", F32)], {"x": Leaf(0)})
    first, second = model_of(made)(X)
    assert first is second


def test_repr_names_program_and_signature():
    assert repr(model_of(identity())) == "<modelc.Model example(x: tensor<[2, 3], f32>)>"


def test_weights_stay_where_they_are():
    model = Model(model_of(early_exit(), WEIGHTS).artifact, engine=numpy_engine)
    held = model.artifact.weights["layer.weight"]
    assert numpy.shares_memory(held, WEIGHTS["layer.weight"])
