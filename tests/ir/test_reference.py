"""The reference interpreter, against the same programs written in Python."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
import torch

from modelc.diagnostics import DiagnosticError
from modelc.ir import Interpreter, Module, Symbol, all_edges, parse_module
from modelc.ir.reference import WrongType

Load = Callable[[str], Module]


def numbers(tensor: Any) -> Any:
    """Return the elements of `tensor` in nested lists."""
    return tensor.tolist()


def weights(**tensors: torch.Tensor) -> dict[Symbol, torch.Tensor]:
    return {Symbol(name.replace("__", ".")): tensor for name, tensor in tensors.items()}


def early_exit(x: torch.Tensor, w: torch.Tensor) -> tuple[torch.Tensor, int]:
    y = x @ w
    return (y, 1) if y.max().item() > 0.5 else (y * 2.0, 1)


@pytest.mark.parametrize("scale", [0.01, 10.0])
@pytest.mark.parametrize("batch", [1, 5])
def test_both_paths_of_an_early_exit(load: Load, scale: float, batch: int):
    random = torch.Generator().manual_seed(0)
    w = torch.rand(8, 8, generator=random)
    x = torch.rand(batch, 8, generator=random) * scale
    (y, number), (expected, index) = (
        Interpreter(load("early_exit"), weights(fc__weight=w)).run(x),
        early_exit(x, w),
    )
    assert torch.equal(y, expected)
    assert (type(number), number) == (int, index)


def test_taken_edges_are_recorded(load: Load):
    module = load("early_exit")
    interpreter = Interpreter(module, weights(fc__weight=torch.eye(8)))
    assert interpreter.edges == set()
    interpreter.run(torch.ones(1, 8))
    assert interpreter.edges == {("main^bb0", "main^exit")}
    interpreter.run(x=torch.zeros(1, 8))
    assert interpreter.edges == all_edges(module.host_funcs)


def test_edges_to_one_block_are_told_apart(load: Load):
    assert all_edges(load("dispatch").host_funcs) == {
        ("main^bb0", "main^first"),
        ("main^bb0", "main^second#1"),
        ("main^bb0", "main^second#2"),
    }


@pytest.mark.parametrize("limit", [1, 3])
def test_a_loop_that_fills_a_list(load: Load, limit: int):
    x, rows = torch.arange(4.0), list[torch.Tensor]()
    h = x
    for _ in range(limit):
        h = torch.add(h, h, alpha=0.5)
        rows.append(h)
    result = Interpreter(load("loop"), {}).run(x, limit, "sum")
    assert list(result) == ["all", "count"]
    assert torch.equal(result["all"], torch.stack(rows))
    assert result["count"] == limit


def test_the_program_raises_what_it_names(load: Load):
    with pytest.raises(ValueError, match="nothing to stack"):
        Interpreter(load("loop"), {}).run(torch.zeros(4), 0, mode="sum")


def test_state_is_kept_between_calls_and_inputs_are_written(load: Load):
    interpreter = Interpreter(load("state"), weights(start=torch.tensor([1.0, 2.0])))
    x = torch.tensor([3.0, 4.0])
    count, before, nothing = interpreter.run(x)
    assert (count, numbers(before), nothing) == (1, [3.0, 4.0], None)
    assert numbers(x) == [6.0, 8.0]
    assert numbers(interpreter.cells[Symbol("total")]) == [4.0, 6.0]
    assert numbers(interpreter.run(x)) == [3.0, 4.0]  # the other entry: the cache is filled
    assert interpreter.run(x)[0] == 2
    interpreter.reset()
    assert interpreter.run(x)[0] == 1


@pytest.mark.parametrize(
    ("which", "factor", "last"), [(0, 2.0, 12.0), (1, 3.0, 0.0), (2, 2.0, 0.0), (-2, 3.0, 0.0)]
)
def test_subnets_are_called_with_what_the_host_passes(
    load: Load, which: int, factor: float, last: float
):
    tensors = weights(scale=torch.full((3,), 2.0), shift=torch.full((3,), 3.0))
    y, p = Interpreter(load("dispatch"), tensors).run(torch.full((3,), 2.0), which)
    assert (numbers(y), p) == ([2.0 * factor] * 3, last)


def test_a_switch_out_of_range_raises_as_a_list_does(load: Load):
    tensors = weights(scale=torch.ones(3), shift=torch.ones(3))
    with pytest.raises(IndexError):
        Interpreter(load("dispatch"), tensors).run(torch.ones(3), 3)


def test_every_weight_needs_a_value(load: Load):
    with pytest.raises(ValueError, match="no values for the weights fc.weight"):
        Interpreter(load("early_exit"), {})


def refusals(module: Module, *args: Any, **kwargs: Any) -> list[str]:
    """Return why no entry of `module` takes the call."""
    tensors = {name: torch.zeros(8, 8) for name in module.weights}
    with pytest.raises(DiagnosticError) as error:
        Interpreter(module, tensors).run(*args, **kwargs)
    (diagnostic,) = error.value.diagnostics
    assert diagnostic.code == "MC0501"
    return [note.message for note in diagnostic.notes]


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        ((), "missing argument x"),
        ((torch.ones(1, 8), 2), "2 arguments for 1 parameters"),
        ((3,), "x is int, not tensor<[B, 8], f32>"),
        ((torch.ones(1, 8).double(),), "x is tensor<[1, 8], f64>, not tensor<[B, 8], f32>"),
        ((torch.ones(8),), "x is tensor<[8], f32>, not tensor<[B, 8], f32>"),
        ((torch.ones(1, 9),), "x is tensor<[1, 9], f32>, not tensor<[B, 8], f32>"),
        ((torch.ones(65, 8),), "dim B is 65, outside of its range"),
        ((torch.ones(0, 8),), "dim B is 0, outside of its range"),
    ],
)
def test_guards_refuse_other_inputs(load: Load, args: tuple[Any, ...], reason: str):
    assert refusals(load("early_exit"), *args) == [f"@main: {reason}"]


@pytest.mark.parametrize(
    ("kwargs", "reason"),
    [
        ({"limit": True}, "limit is bool, not i64"),
        ({"limit": 1, "mode": "mean"}, "mode is 'mean', not 'sum'"),
        ({"limit": 1, "other": 2}, "unexpected argument other"),
        ({"limit": 1, "x": torch.zeros(4)}, "unexpected argument x"),
    ],
)
def test_guards_refuse_other_arguments(load: Load, kwargs: dict[str, Any], reason: str):
    assert f"@main: {reason}" in refusals(load("loop"), torch.zeros(4), **kwargs)


def test_static_arguments_may_be_left_to_their_default(load: Load):
    assert Interpreter(load("loop"), {}).run(torch.zeros(4), 2)["count"] == 2


DIMS = """module @m {
  dim A {min = 1} dim B {min = 1}
  host func @main(%x: tensor<[A, B], f32>, %y: tensor<[2*A + 1], f32>)
      {inputs = dict(["pair", tuple(leaf(0), leaf(1))])} {
    host.return([]) {structure = none}
  }
}"""


def test_dims_must_agree_across_inputs():
    module = parse_module(DIMS)
    assert Interpreter(module, {}).run((torch.zeros(2, 3), torch.zeros(5))) is None
    assert refusals(module, (torch.zeros(2, 3), torch.zeros(6))) == [
        "@main: pair[1] has size 6 where 2*A + 1 is 5"
    ]
    assert refusals(module, [torch.zeros(2, 3), torch.zeros(5)]) == [
        "@main: pair is list of another structure"
    ]


class Point(NamedTuple):
    x: Any
    y: Any


@dataclass
class Box:
    left: Any
    right: Any


@pytest.mark.parametrize(
    ("structure", "value"),
    [
        ("leaf(0)", 7),
        ("tuple()", ()),
        ("list(leaf(0), none)", [7, None]),
        ('dict(["a", leaf(0)], [1, tuple(true, 2.5)])', {"a": 7, 1: (True, 2.5)}),
        ('namedtuple("%s:Point", ["x", leaf(0)], ["y", "s"])', Point(7, "s")),
        ('dataclass("%s:Box", ["left", leaf(0)], ["right", none])', Box(7, None)),
        ('mapping("collections:OrderedDict", ["a", leaf(0)])', OrderedDict({"a": 7})),
    ],
)
def test_structures_are_taken_apart_and_rebuilt(structure: str, value: Any):
    structure = structure.replace("%s", __name__)
    params = "%n: i64" if "leaf" in structure else ""
    outputs = "[%n]" if params else "[]"
    text = f"""module @m {{ host func @main({params}) {{inputs = dict(["value", {structure}])}} {{
      host.return({outputs}) {{structure = {structure}}} }} }}"""
    result = Interpreter(parse_module(text), {}).run(value)
    assert result == value
    assert type(result) is type(value)


def scalar(op: str, *operands: float | bool) -> Any:
    """Return what the op computes on constants."""
    constants = "".join(
        f"%{number} = arith.constant {{value = {str(value).lower()}}}\n"
        for number, value in enumerate(operands)
    )
    names = ", ".join(f"%{number}" for number in range(len(operands)))
    name, _, attributes = op.partition(" ")
    text = f"""module @m {{ host func @main() {{ {constants}
      %r = arith.{name}({names}) {attributes}
      host.return([%r]) {{structure = leaf(0)}} }} }}"""
    return Interpreter(parse_module(text), {}).run()


@pytest.mark.parametrize(
    ("op", "operands", "expected"),
    [
        ("add", (2, 3), 5),
        ("add", (2, 0.5), 2.5),
        ("sub", (2, 3), -1),
        ("mul", (-2, 3), -6),
        ("truediv", (6, 3), 2.0),
        ("floordiv", (-7, 2), -4),
        ("floordiv", (7.5, 2), 3.0),
        ("mod", (-7, 2), 1),
        ("mod", (7, -2), -1),
        ("mod", (-7.5, 2.0), 0.5),
        ("pow", (2, 10), 1024),
        ("pow", (2.0, -1), 0.5),
        ("min", (3, 2), 2),
        ("max", (3, 2), 3),
        ("neg", (3,), -3),
        ("not", (True,), False),
        ("and", (True, False), False),
        ("or", (True, False), True),
        ("compare {predicate = le}", (2, 2), True),
        ("compare {predicate = ne}", (2, 2.0), False),
        ("cast {kind = i64}", (-2.7,), -2),
        ("cast {kind = f64}", (2,), 2.0),
        ("cast {kind = i1}", (2,), True),
        ('math {function = "sqrt", kind = f64}', (9,), 3.0),
        ('math {function = "floor", kind = i64}', (-0.5,), -1),
        ('math {function = "round", kind = i64}', (2.5,), 2),
        ('math {function = "abs", kind = i64}', (-2,), 2),
        ("select", (True, 1, 2), 1),
        ("select", (False, 1, 2), 2),
    ],
)
def test_scalars_follow_python(op: str, operands: tuple[float, ...], expected: float):
    result = scalar(op, *operands)
    assert (type(result), result) == (type(expected), expected)


def test_division_by_zero_raises():
    with pytest.raises(ZeroDivisionError):
        scalar("floordiv", 1, 0)


LISTS = """module @m { host func @main(%a: i64, %b: i64, %i: i64) {
  %l = list.make(%a, %b) {element = i64}
  %m = list.append(%l, %i)
  %s = list.set(%m, %i, %b)
  %g = list.get(%m, %i)
  %n = list.len(%l)
  %t = list.to_tensor(%s) : tensor<[?u0], f32>
  host.return([%l, %m, %s, %g, %n, %t]) {
    structure = tuple(leaf(0), leaf(1), leaf(2), leaf(3), leaf(4), leaf(5))}
} }"""


@pytest.mark.parametrize("index", [0, 2, -1, -3])
def test_lists_are_values(index: int):
    before, longer, changed, item, length, tensor = Interpreter(parse_module(LISTS), {}).run(
        5, 6, index
    )
    expected = [5, 6, index]
    expected[index] = 6
    assert (before, longer, changed) == ([5, 6], [5, 6, index], expected)
    assert (item, length) == ([5, 6, index][index], 2)
    assert torch.equal(tensor, torch.tensor(expected, dtype=torch.float32))


PARTS = """module @m { host func @main(%a: i64, %b: i64, %i: i64, %x: tensor<[3], f32>) {
  %l = list.make(%a, %b, %i) {element = i64}
  %r = list.reverse(%l)
  %e = list.extend(%l, %r)
  %s = list.slice(%e, %a, %b)
  %o = list.order(%e)
  %d = list.order(%e) {reverse = true}
  %k = list.take(%e, %o)
  %f = list.of_tensor(%x)
  host.return([%r, %e, %s, %o, %d, %k, %f]) {
    structure = tuple(leaf(0), leaf(1), leaf(2), leaf(3), leaf(4), leaf(5), leaf(6))}
} }"""


@pytest.mark.parametrize("stop", [5, 0, -1, 9])
def test_parts_of_lists_follow_python(stop: int):
    numbers = [1, stop, 2, 2, stop, 1]
    found = Interpreter(parse_module(PARTS), {}).run(1, stop, 2, torch.tensor([1.0, 2.5, 3.0]))
    backwards, both, part, order, descending, taken, items = found
    assert (backwards, both, part) == ([2, stop, 1], numbers, numbers[1:stop])
    assert order == sorted(range(6), key=numbers.__getitem__)
    assert descending == sorted(range(6), key=numbers.__getitem__, reverse=True)
    assert (taken, items) == (sorted(numbers), [1.0, 2.5, 3.0])


def test_an_index_out_of_range_raises():
    with pytest.raises(IndexError):
        Interpreter(parse_module(LISTS), {}).run(5, 6, 3)


def test_lists_of_tensors_are_joined():
    text = """module @m { host func @main(%a: tensor<[1, 2], f32>, %b: tensor<[3, 2], f32>) {
      %l = list.make(%a, %b) {element = tensor<[?u0, 2], f32>}
      %c = list.concatenate(%l) {dim = 0} : tensor<[?u1, 2], f32>
      host.return([%c]) {structure = leaf(0)} } }"""
    a, b = torch.ones(1, 2), torch.zeros(3, 2)
    assert torch.equal(Interpreter(parse_module(text), {}).run(a, b), torch.cat([a, b]))


@pytest.mark.parametrize("value", [1, 0])
def test_asserts_raise_what_eager_raises(value: int):
    text = """module @m { host func @main(%n: i64) {
      %z = arith.constant {value = 0}
      %c = arith.compare(%n, %z) {predicate = gt}
      host.assert(%c) {message = "must be positive"}
      host.return([%n]) {structure = leaf(0)} } }"""
    interpreter = Interpreter(parse_module(text), {})
    if value:
        assert interpreter.run(value) == value
    else:
        with pytest.raises(RuntimeError, match="must be positive"):
            interpreter.run(value)


@pytest.mark.parametrize(
    ("tensor", "expected"),
    [(torch.tensor(True), True), (torch.tensor([3], dtype=torch.int8), 3), (torch.ones(1, 1), 1.0)],
)
def test_items_are_python_numbers(tensor: torch.Tensor, expected: float):
    dtype = {torch.bool: "i1", torch.int8: "i8", torch.float32: "f32"}[tensor.dtype]
    text = f"""module @m {{ host func @main(%x: tensor<{list(tensor.shape)}, {dtype}>) {{
      %n = host.item(%x)  host.return([%n]) {{structure = leaf(0)}} }} }}"""
    result = Interpreter(parse_module(text), {}).run(tensor)
    assert (type(result), result) == (type(expected), expected)


def test_sizes_and_data_dependent_shapes():
    text = """module @m { host func @main(%x: tensor<[6], f32>, %k: i64) {
      %z = aten.nonzero.default(%x) : tensor<[?u0, 1], i64>
      %n = host.size(%z) {dim = 0}
      %s = aten.slice.Tensor(%x, 0, %k) : tensor<[?u1], f32>
      %t = aten.full.default([%n], 1.5) {dtype = f64} : tensor<[?u0], f64>
      host.return([%n, %s, %t]) {structure = tuple(leaf(0), leaf(1), leaf(2))} } }"""
    x = torch.tensor([0.0, 1.0, 2.0, 0.0, 3.0, 0.0])
    n, s, t = Interpreter(parse_module(text), {}).run(x, 4)
    assert n == 3
    assert torch.equal(s, x[4:])
    assert torch.equal(t, torch.full([3], 1.5, dtype=torch.float64))


@pytest.mark.parametrize(
    "declared", ["tensor<[3], f32>", "tensor<[4], f64>", "tensor<[4, 1], f32>"]
)
def test_a_result_of_another_type_than_declared_is_an_error(declared: str):
    text = f"""module @m {{ host func @main(%x: tensor<[4], f32>) {{
      %y = aten.relu.default(%x) : {declared}  host.return([%y]) {{structure = leaf(0)}} }} }}"""
    with pytest.raises(WrongType, match="aten.relu.default gives tensor<\\[4\\], f32>, not"):
        Interpreter(parse_module(text), {}).run(torch.zeros(4))


def test_an_output_keeps_its_value_when_its_input_is_overwritten():
    text = """module @m { host func @main(%x: tensor<[2], f32>) {
      %v = aten.view.default(%x, [1, 2]) : tensor<[1, 2], f32>
      %y = aten.add.Tensor(%x, 1) : tensor<[2], f32>
      host.return([%v], [], [%y]) {structure = leaf(0), copied_inputs = [0]} } }"""
    x = torch.zeros(2)
    assert numbers(Interpreter(parse_module(text), {}).run(x)) == [[0.0, 0.0]]
    assert numbers(x) == [1.0, 1.0]


def test_results_carry_no_gradient(load: Load):
    w = torch.eye(8, requires_grad=True)
    y, _ = Interpreter(load("early_exit"), weights(fc__weight=w)).run(torch.ones(1, 8))
    assert not y.requires_grad
