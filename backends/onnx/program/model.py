"""The ONNX model of a whole program: If, Loop and sequences around its tensor operations."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import onnx_ir
import onnx_ir.passes.common as onnx_passes

from ....diagnostics import Diagnostic, DiagnosticError
from ....ir.cloning import clone_func
from ....ir.core import Func, Module, Symbol, Value
from ....ir.host import Raise, ReadCell, Return
from ....ir.types import Type
from .. import torchlib
from ..element_types import element_type, onnx_shape
from .failures import with_explicit_failures
from .flow import Flow
from .names import Names, input_names
from .operations import refusals
from .results import Results, results_of
from .scope import Scope, Shared
from .structurer import Structurer

PRODUCER = "modelc"


@dataclass
class Whole:
    """The model of a program: its inputs are those of the program, then state, then weights."""

    model: onnx_ir.Model
    entry: Func
    inputs: list[str]
    cells: dict[Symbol, Value]
    weights: dict[Symbol, Type]
    results: Results


def convert_program(module: Module) -> Whole:
    """Return the ONNX model of `module`, at level `captured`, which has one entry.

    Inputs and outputs are named after their paths (`x`, `batch.mask`, `logits`, `output.1`). Raises
    MC0401 to MC0404 with all that has no form in ONNX.
    """
    func = _only_entry(module)
    flow = Flow(func)
    if flow.layout is None:
        raise _entered_twice(flow)
    found = [diagnostic for error in refusals(func) for diagnostic in error.diagnostics]
    if found:
        raise DiagnosticError(*dict.fromkeys(found))
    return _Writer(module.name, func, flow).write()


def _entered_twice(flow: Flow) -> DiagnosticError:
    """Return the error that names the loop which control enters at two places."""
    assert flow.graph.second_entry is not None
    return flow.blocks[flow.graph.second_entry].terminator.error(
        "MC0404",
        "a loop is entered at two places, as it is where what it carries is None at times",
        help="carry a tensor and a flag instead of None, or compile for target cpu",
    )


def _only_entry(module: Module) -> Func:
    """Return a copy of the only entry, without assertions; MC0403 if state changes its kind."""
    first, *others = module.entries
    if others or _clears_what_matters(first):
        cells = ", ".join(cell.path for cell in module.cells.values() if cell.path)
        raise DiagnosticError(
            Diagnostic(
                "MC0403",
                f"state changes its type between calls: {cells}",
                first.loc,
                help="give the attributes a tensor of the final shape and type before the first "
                "call, or pass the state in and return it",
            )
        )
    func = clone_func(first, first.symbol)
    with_explicit_failures(func)
    return func


def _clears_what_matters(func: Func) -> bool:
    """Tell whether some exit clears a cell that `func` reads, demands to be None, or writes."""
    matters = set(func.absent_cells)
    matters.update(op.cell for op in func.ops if isinstance(op, ReadCell))
    exits = [op for op in func.ops if isinstance(op, (Return, Raise))]
    matters.update(cell for op in exits for cell in op.cells)
    return any(matters.intersection(op.cleared_cells) for op in exits)


@dataclass
class _Writer:
    """Writes one function into a model."""

    name: str
    func: Func
    flow: Flow
    names: Names = field(default_factory=Names)
    weights: dict[Symbol, onnx_ir.Value] = field(default_factory=lambda: {})
    cells: dict[Symbol, Value] = field(default_factory=lambda: {})

    def write(self) -> Whole:
        """Return the model."""
        scope = Scope(Shared(self._weight))
        inputs = self._inputs(scope)
        results = results_of(self.func, self.names, inputs)
        payload = Structurer(self.flow, results).function(scope)
        outputs = [
            scope.unused(output.type) if value is None else value
            for value, output in zip(payload, results.outputs, strict=True)
        ]
        names = [str(value.name) for value in scope.inputs]
        scope.inputs += self.weights.values()
        kinds = {symbol: scope.shared.types[value] for symbol, value in self.weights.items()}
        model = self._model(scope, outputs, results)
        return Whole(model, self.func, names, self.cells, kinds, results)

    def _inputs(self, scope: Scope) -> list[str]:
        """Make parameters and the state that is read inputs; return the names of parameters."""
        params = self.func.params
        if self.func.inputs is None:
            named = {p.index: self.names.add(p.name or f"arg{p.index}") for p in params}
        else:
            named = input_names(self.func.inputs, self.names)
        names = [named[value.index] for value in params]
        scope.bind(params, [scope.add_input(p.type, named[p.index]) for p in params])
        bound: dict[Symbol, onnx_ir.Value] = {}
        for op in self.func.ops:
            if isinstance(op, ReadCell):
                if op.cell not in bound:
                    self.cells[op.cell] = op.out
                    name = self.names.add(f"state.{op.cell}")
                    bound[op.cell] = scope.add_input(op.out.type, name)
                scope.values[op.out] = bound[op.cell]
        return names

    def _weight(self, symbol: Symbol, kind: Type) -> onnx_ir.Value:
        if symbol not in self.weights:
            name = self.names.add(str(symbol))
            self.weights[symbol] = torchlib.new_value(name, element_type(kind), onnx_shape(kind))
        return self.weights[symbol]

    def _model(
        self, scope: Scope, outputs: Sequence[onnx_ir.Value], results: Results
    ) -> onnx_ir.Model:
        graph = scope.graph(outputs, self.name or "program")
        for output, declared in zip(graph.outputs, results.outputs, strict=True):
            scope.declare(output, declared.type)
        functions = scope.emitter.recorder.local_functions
        domains = {node.domain for function in functions for node in function}
        domains |= {function.domain for function in functions}
        graph.opset_imports.update({domain: 1 for domain in domains if domain})
        model = onnx_ir.Model(
            graph, ir_version=torchlib.IR_VERSION, functions=functions, producer_name=PRODUCER
        )
        onnx_passes.RemoveUnusedNodesPass()(model)
        self._name(graph, [output.name for output in results.outputs])
        return model

    def _name(self, graph: onnx_ir.Graph, outputs: Sequence[str]) -> None:
        """Give all values of the model names of their own, nested graphs included."""
        for output, name in zip(graph.outputs, outputs, strict=True):
            output.name = name
        numbers = itertools.count()
        named = {*graph.inputs, *graph.outputs}
        for inner in _graphs(graph):
            for value in _defined(inner):
                if value not in named:
                    value.name = self.names.add(f"v{next(numbers)}")


def _graphs(graph: onnx_ir.Graph) -> Iterator[onnx_ir.Graph]:
    todo = [graph]
    while todo:
        current = todo.pop()
        yield current
        for node in current:
            for attribute in node.attributes.values():
                if attribute.type == onnx_ir.AttributeType.GRAPH:
                    todo.append(attribute.as_graph())


def _defined(graph: onnx_ir.Graph) -> Iterator[onnx_ir.Value]:
    yield from graph.inputs
    for node in graph:
        yield from node.outputs
