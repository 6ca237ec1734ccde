"""Graph functions to torch.fx and back, on graphs of real networks."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch._subclasses import FakeTensor
from torch.fx.experimental.proxy_tensor import make_fx

from modelc.diagnostics import Location
from modelc.ir import (
    I64,
    DType,
    Func,
    Interpreter,
    Module,
    Symbol,
    TensorType,
    from_fx,
    infer_aten,
    parse_module,
    print_module,
    to_fx,
    verify,
)
from modelc.ir.graph import AtenOp
from modelc.ir.graph.fx import result_paths
from modelc.ir.graph.literals import flatten

Graph = torch.fx.GraphModule


class ConvNet(torch.nn.Module):
    """Convolutions, normalisation, pooling, and results of several kinds."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = torch.nn.Conv2d(3, 8, 3, padding=1)
        self.norm = torch.nn.BatchNorm2d(8)
        self.linear = torch.nn.Linear(8, 4)

    def forward(self, x: torch.Tensor) -> Any:
        y = torch.relu(self.norm(self.convolution(x)))
        y = torch.nn.functional.max_pool2d(y, 2).mean((2, 3))
        first, second = self.linear(y).chunk(2, 1)
        return first.to(torch.float64), [second, torch.topk(y, 2)[1]], torch.zeros(2, 3)


def transformer_layer() -> torch.nn.Module:
    """Return a layer that traces to the operators it is made of."""
    return torch.nn.TransformerEncoderLayer(16, 4, 32, batch_first=True)


NETWORKS: dict[str, tuple[Callable[[], torch.nn.Module], tuple[int, ...]]] = {
    "convolutions": (ConvNet, (2, 3, 8, 8)),
    "transformer": (transformer_layer, (2, 5, 16)),
}


Traced = tuple[Graph, dict[str, torch.Tensor], torch.Tensor]
"""A graph, the parameters and the input to call it with."""


def traced(name: str) -> Traced:
    """Return the graph of a network."""
    make, shape = NETWORKS[name]
    network = make().eval()
    random = torch.Generator().manual_seed(0)
    parameters = dict(network.named_parameters()) | dict(network.named_buffers())
    x = torch.rand(shape, generator=random)

    def run(tensors: dict[str, torch.Tensor], x: torch.Tensor) -> Any:
        return torch.func.functional_call(network, tensors, (x,))

    with torch.no_grad():
        graph = make_fx(run, tracing_mode="fake")(parameters, x)
    return graph, parameters, x


def text(func: Func) -> str:
    """Return the text of a module that holds `func`."""
    module = Module("m", level="outlined")
    module.add(func)
    assert verify(module, types=True) == []
    return print_module(module)


@pytest.fixture(params=NETWORKS)
def network(request: pytest.FixtureRequest) -> Traced:
    return traced(request.param)


def test_real_graphs_come_back_as_they_were(network: Traced):
    func = from_fx(network[0], Symbol("net"))
    assert text(from_fx(to_fx(func), Symbol("net"))) == text(func)
    assert text(from_fx(to_fx(func, values=True), Symbol("net"))) == text(func)


def test_real_graphs_compute_the_same(network: Traced):
    graph, parameters, x = network
    tensors = [*parameters.values(), x]
    expected: list[Any] = flatten(graph(parameters, x))
    func = from_fx(graph, Symbol("net"))
    module = Module("m", level="outlined")
    module.add(func)
    with torch.no_grad():
        again = to_fx(func)(*tensors)
        interpreted = Interpreter(module, {}).call(Symbol("net"), tuple(tensors))
    for outputs in (again, interpreted):
        assert len(outputs) == len(expected)
        assert all(map(torch.equal, outputs, expected))


def test_real_graphs_survive_their_text(network: Traced):
    printed = text(from_fx(network[0], Symbol("net")))
    assert print_module(parse_module(printed)) == printed


def graph_func(body: str, params: str = "%x: tensor<[B, 4], f32>, %n: i64") -> Func:
    """Return a graph function of a module with the dim B."""
    source = f"module @m {{level = outlined}} {{dim B graph func @f({params}) {{{body}}}}}"
    return parse_module(source, "graph.mc").graph_funcs[0]


BODY = """
  %y, %i = aten.max.dim(%x, 1, true)
  %parts, %0 = aten.split.Tensor(%x, 2, 1)
  %z = aten.full.default([2, %n], 1.5) {dtype = f16, device = device("cpu")} : tensor<[2, ?u0], f16>
  %c = aten.clone.default(%y) {memory_format = memory("contiguous_format")}
  %e = aten.add.Tensor(%c, %c) {alpha = %n}
  func.return(%y, %parts, %0, %z, %e, %n)"""


def same(func: Func) -> Func:
    return from_fx(to_fx(func), func.symbol)


def test_literals_hints_lists_and_numbers_survive():
    func = graph_func(BODY)
    again = same(func)
    assert print_of(again) == print_of(func)
    assert [op.loc for op in again.ops][:-1] == [op.loc for op in func.ops][:-1]


def print_of(func: Func) -> str:
    module = Module("m", level="outlined")
    module.add(func)
    return print_module(module)


def test_nodes_are_named_after_values_and_carry_metadata():
    graph = to_fx(graph_func(BODY), values=True).graph
    nodes = {node.name: node for node in graph.nodes}
    assert list(nodes)[:2] == ["x", "n"]
    assert nodes["x"].meta["types"][0].dtype is DType.F32
    assert isinstance(nodes["x"].meta["val"], FakeTensor)
    assert isinstance(nodes["n"].meta["val"], torch.SymInt)
    split = next(node for node in graph.nodes if node.target is torch.ops.aten.split.Tensor)
    assert split.meta["loc"] == Location("graph.mc", 3, 16, 33)
    assert split.args == (nodes["x"], 2, 1)


def test_equal_dims_are_equal_in_metadata():
    body = "%y = aten.relu.default(%x) %s = aten.mm.default(%y, %w) func.return(%s)"
    func = graph_func(body, "%x: tensor<[B, 4], f32>, %w: tensor<[4, B], f32>")
    values = [node.meta["val"] for node in list(to_fx(func, values=True).graph.nodes)[:4]]
    sizes = [values[0].shape[0], values[1].shape[1], values[2].shape[0], values[3].shape[1]]
    assert len({size.node.expr for size in sizes}) == 1


def test_tensors_that_the_module_holds_become_parameters():
    graph = torch.fx.Graph()
    x = graph.placeholder("x")
    x.meta["val"] = torch.zeros(2)
    held = graph.get_attr("inner")
    graph.output(graph.call_function(torch.ops.aten.add.Tensor, (x, held)))
    root = torch.nn.Module()
    root.register_buffer("inner", torch.ones(2, dtype=torch.float64))
    func = from_fx(Graph(root, graph), Symbol("f"))
    assert [str(value.type) for value in func.params] == ["tensor<[2], f32>", "tensor<[2], f64>"]
    assert [value.name for value in func.params] == ["x", "inner"]
    assert next(func.ops).out.type == TensorType((2,), DType.F64)  # torch inferred it


def test_symbolic_sizes_become_data_dependent_dims():
    def run(x: torch.Tensor) -> Any:
        return torch.cat([x, x]), x.sum(), x.size(0)

    func = from_fx(make_fx(run, tracing_mode="symbolic")(torch.rand(5, 3)), Symbol("f"))
    assert str(func.params[0].type) == "tensor<[?u0, ?u1], f32>"
    results = [value.type for value in func.body.entry.terminator.operands]
    assert list(map(str, results)) == ["tensor<[2*?u0, ?u1], f32>", "tensor<[], f32>", "i64"]


def test_other_nodes_are_refused():
    def run(x: torch.Tensor) -> Any:
        return x.new_zeros(x.size(0) + 1)

    graph = make_fx(run, tracing_mode="symbolic")(torch.rand(5, 3))
    with pytest.raises(ValueError, match="no operation stands for .*operator.add"):
        from_fx(graph, Symbol("f"))


def test_parameters_need_a_type():
    graph = torch.fx.Graph()
    graph.output(graph.placeholder("x"))
    with pytest.raises(ValueError, match="the type of .*x.* is not known"):
        from_fx(Graph(torch.nn.Module(), graph), Symbol("f"))


@pytest.mark.parametrize(
    ("target", "count", "paths"),
    [
        ("aten.relu.default", 1, [()]),
        ("aten.max.dim", 2, [(0,), (1,)]),
        ("aten.split.Tensor", 3, [(0,), (1,), (2,)]),
        ("aten.histogramdd.default", 3, [(0,), (1, 0), (1, 1)]),
    ],
)
def test_results_are_found_in_what_torch_returns(target: str, count: int, paths: list[Any]):
    assert result_paths(AtenOp((), target, result_types=[I64] * count)) == paths


# --- inference ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("op", "types"),
    [
        ("%r = aten.mul.Tensor(%x, 2.0)", ["tensor<[B, 4], f32>"]),
        ("%r = aten.add.Tensor(%x, %w)", ["tensor<[B, 4], f32>"]),
        ("%r = aten.view.default(%x, [-1, 2])", ["tensor<[2*B, 2], f32>"]),
        ("%r = aten.cat.default([%x, %u])", ["tensor<[B + ?u0, 4], f32>"]),
        ("%r = aten.slice.Tensor(%x, 0, 1)", ["tensor<[B - 1, 4], f32>"]),
        ("%r = aten.avg_pool1d.default(%x, [3], [2])", ["tensor<[B, 1], f32>"]),
        ("%r = aten.to.dtype(%x, f16)", ["tensor<[B, 4], f16>"]),
        ("%r = aten.eq.Tensor(%x, %x)", ["tensor<[B, 4], i1>"]),
        ("%r = aten.sym_size.int(%x, 0)", ["i64"]),
        ("%r = aten.sym_numel.default(%x)", ["i64"]),
        ("%r, %s = aten.split.Tensor(%x, 3, 1)", ["tensor<[B, 3], f32>", "tensor<[B, 1], f32>"]),
        ("%r, %s = aten.max.dim(%u, 0)", ["tensor<[4], f32>", "tensor<[4], i64>"]),
        ("%r = aten.mul.Scalar(%x, %f)", ["tensor<[B, 4], f32>"]),
    ],
)
def test_result_types_are_inferred(op: str, types: list[str]):
    params = "%x: tensor<[B, 4], f32>, %w: tensor<[4], f32>, %u: tensor<[?u0, 4], f32>, %f: f64"
    func = graph_func(f"{op} func.return", params)
    assert [str(result.type) for result in next(func.ops).results] == types


def test_every_other_slice_keeps_its_formula():
    func = graph_func("%r = aten.slice.Tensor(%x, 0, 0, 9223372036854775807, 2) func.return")
    assert str(next(func.ops).out.type) == "tensor<[floordiv(B + 1, 2), 4], f32>"


def test_new_dims_get_names_that_the_function_does_not_use():
    func = graph_func("func.return", "%x: tensor<[?u0], f32>, %y: tensor<[?u2], f32>, %n: i64")
    block, (x, _, n) = func.body.entry, func.params
    found = block.insert(0, AtenOp((x,), "aten.nonzero.default", result_types=()))
    assert list(map(str, infer_aten(found))) == ["tensor<[?u1, 1], i64>"]
    made = block.insert(0, AtenOp(((n, n),), "aten.zeros.default", result_types=()))
    assert list(map(str, infer_aten(made))) == ["tensor<[?u1, ?u1], f32>"]


def test_sizes_of_known_origin_are_known():
    source = """module @m { dim B host func @main(%x: tensor<[B, 6], f32>) {
      %b = host.size(%x) {dim = 0}
      %three = arith.constant {value = 3}
      %y = aten.view.default(%x, [%b, 2, %three])
      host.return([%y]) {structure = leaf(0)} } }"""
    (*_, view, _) = parse_module(source).host_funcs[0].ops
    assert str(view.out.type) == "tensor<[B, 2, 3], f32>"
