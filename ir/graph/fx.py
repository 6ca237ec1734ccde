"""Graph functions as `torch.fx.GraphModule`s and back, without loss."""
# pyright: reportPrivateUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
# The class of operators and their schemas are private, the annotations of torch.fx partial.

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import torch
import torch.fx

from ...diagnostics import UNKNOWN
from ..core import Argument, Block, Func, Symbol, Value, map_values
from ..text.names import value_names
from ..types import Type
from .inference import FakeValues, infer_aten
from .literals import flatten, from_torch, to_torch
from .ops import AtenOp, FuncReturn

Path = tuple[int, ...]
"""Where in the nested result of an operator one of its tensors stands."""


def to_fx(func: Func, *, values: bool = False) -> torch.fx.GraphModule:
    """Return the graph function `func` as a module of torch, which returns a tuple.

    Node metadata: "loc" is the location, "types" and "names" are the types and name hints of the
    results; with `values`, "val" is a fake tensor or a number for each result.
    """
    graph = _GraphWriter(func, FakeValues() if values else None).write()
    return torch.fx.GraphModule(torch.nn.Module(), graph)


def from_fx(module: torch.fx.GraphModule, symbol: Symbol) -> Func:
    """Return the graph function that `module`, a graph of ATen operators, computes.

    Types come from what `to_fx` left, else from "val", as torch's tracers leave it, else from
    torch's meta functions. A tensor that the module holds becomes a parameter, named after its
    attribute. ValueError for other nodes.
    """
    return _GraphReader(module, symbol).read()


def result_paths(op: AtenOp) -> list[Path]:
    """Return where torch's operator returns each result of `op`."""
    returns = op.operator._schema.returns
    if len(returns) == 1 and not _is_list(returns[0]):
        return [()]
    if len(returns) == 1:
        return [(number,) for number in range(len(op.results))]
    length = len(op.results) - len(returns) + 1  # torch has no operator that returns two lists
    paths: list[Path] = []
    for number, returned in enumerate(returns):
        inner = [(number, item) for item in range(length)]
        paths += inner if _is_list(returned) else [(number,)]
    return paths


def _is_list(returned: Any) -> bool:
    return isinstance(returned.type, torch.ListType)


class _GraphWriter:
    """Write one function as a graph of torch."""

    def __init__(self, func: Func, fakes: FakeValues | None) -> None:
        self._func = func
        self._fakes = fakes
        self._names = value_names(func)
        self._graph = torch.fx.Graph()
        self._nodes: dict[Value, torch.fx.Node] = {}

    def write(self) -> torch.fx.Graph:
        """Return the graph."""
        assert len(self._func.body.blocks) == 1, f"@{self._func.symbol} is no graph function"
        for value in self._func.params:
            node = self._graph.placeholder(self._name(value))
            self._define(node, value)
        for op in self._func.body.entry.ops:
            if isinstance(op, AtenOp):
                self._call(op)
            else:
                assert isinstance(op, FuncReturn), f"{op.name} has no form in torch"
                self._graph.output(tuple(self._nodes[value] for value in op.values))
        return self._graph

    def _call(self, op: AtenOp) -> None:
        arguments = tuple(self._argument(argument) for argument in op.arguments)
        keywords = {name: self._argument(argument) for name, argument in op.keywords}
        node = self._graph.call_function(op.operator, arguments, keywords)
        self._describe(node, op.results)
        node.meta["loc"] = op.loc
        for value, path in zip(op.results, result_paths(op), strict=True):
            if path:
                self._define(self._item(node, path), value)
            else:
                self._define(node, value)

    def _item(self, node: torch.fx.Node, path: Path) -> torch.fx.Node:
        for number in path:
            node = self._graph.call_function(operator.getitem, (node, number))
        return node

    def _argument(self, argument: Argument) -> Any:
        return to_torch(map_values(argument, self._nodes.__getitem__))

    def _define(self, node: torch.fx.Node, value: Value) -> None:
        self._describe(node, [value])
        self._nodes[value] = node
        if self._fakes is not None:
            node.meta["val"] = self._fakes.of(value)

    def _describe(self, node: torch.fx.Node, results: Sequence[Value]) -> None:
        node.meta["types"] = [value.type for value in results]
        node.meta["names"] = [value.name for value in results]

    def _name(self, value: Value) -> str:
        name = self._names[value]
        return f"value_{name}" if name[0].isdecimal() else name


class _GraphReader:
    """Read one graph of torch as a function."""

    def __init__(self, module: torch.fx.GraphModule, symbol: Symbol) -> None:
        self._module = module
        self._func = Func(symbol, "graph")
        self._block: Block = self._func.body.add_block()
        self._results: dict[torch.fx.Node, Any] = {}
        self._fakes = FakeValues()
        self._fresh = (f"u{number}" for number in itertools.count())

    def read(self) -> Func:
        """Return the function."""
        for node in self._module.graph.nodes:
            reader = _READERS.get(node.op)
            if reader is None:
                raise ValueError(f"no operation stands for {node.format_node()}")
            reader(self, node)
        return self._func

    def placeholder(self, node: torch.fx.Node) -> None:
        types = self._types(node, node.meta.get("val"))
        if len(types) != 1:
            raise ValueError(f"the type of {node.format_node()} is not known")
        (value_type,) = types
        self._results[node] = self._block.add_argument(value_type, self._hints(node)[0])

    def get_attr(self, node: torch.fx.Node) -> None:
        held = operator.attrgetter(cast(str, node.target))(self._module)
        (value_type,) = self._types(node, held)
        self._results[node] = self._block.add_argument(value_type, self._hints(node)[0])

    def call_function(self, node: torch.fx.Node) -> None:
        if node.target is operator.getitem:
            self._getitem(node)
        elif isinstance(node.target, torch._ops.OpOverload):
            self._operator(node, node.target)
        else:
            raise ValueError(f"no operation stands for {node.format_node()}")

    def output(self, node: torch.fx.Node) -> None:
        self._block.append(FuncReturn(tuple(flatten(self._argument(node.args[0])))))

    def _operator(self, node: torch.fx.Node, target: torch._ops.OpOverload) -> None:
        op = AtenOp(
            tuple(self._argument(argument) for argument in node.args),
            _target_name(target),
            tuple((name, self._argument(argument)) for name, argument in node.kwargs.items()),
            result_types=self._types(node, node.meta.get("val")),
            loc=node.meta.get("loc", UNKNOWN),
        )
        self._block.append(op)
        if "types" not in node.meta and "val" not in node.meta:
            op.set_results(infer_aten(op))
        for result, hint in zip(op.results, self._hints(node), strict=False):
            result.name = hint
        self._results[node] = _nested(op)

    def _getitem(self, node: torch.fx.Node) -> None:
        source, number = node.args
        found = self._results[cast(torch.fx.Node, source)][number]
        self._results[node] = found
        if isinstance(found, Value) and not found.name:
            found.name = self._hints(node)[0]

    def _types(self, node: torch.fx.Node, held: Any) -> list[Type]:
        known = node.meta.get("types")
        if known is not None:
            return known
        return [self._fakes.type_of(item, self._fresh) for item in flatten(held)]

    def _hints(self, node: torch.fx.Node) -> Sequence[str]:
        """Return the names that `to_fx` left, else that of the node."""
        return node.meta.get("names") or [node.name]

    def _argument(self, argument: Any) -> Argument:
        if isinstance(argument, torch.fx.Node):
            return self._results[argument]
        if isinstance(argument, (list, tuple)):
            return tuple(self._argument(item) for item in cast("Sequence[Any]", argument))
        return from_torch(argument)


_READERS: Mapping[str, Callable[[_GraphReader, torch.fx.Node], None]] = {
    "placeholder": _GraphReader.placeholder,
    "get_attr": _GraphReader.get_attr,
    "call_function": _GraphReader.call_function,
    "output": _GraphReader.output,
}


def _target_name(target: torch._ops.OpOverload) -> str:
    return f"{target.namespace}.{target._schema.name.split('::')[1]}.{target._overloadname}"


def _nested(op: AtenOp) -> Any:
    """Return the results of `op`, arranged as torch's operator arranges them."""
    paths = result_paths(op)
    if paths == [()]:
        return op.out
    tree: dict[int, Any] = {}
    for value, path in zip(op.results, paths, strict=True):
        if len(path) == 1:
            tree[path[0]] = value
        else:
            tree.setdefault(path[0], {})[path[1]] = value
    return tree
