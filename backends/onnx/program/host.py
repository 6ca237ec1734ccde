"""The host function around the model of a whole program, as the runtime runs it.

It passes inputs and state to the model, raises what the output `error` names, and arranges outputs
as the program does.
"""

from __future__ import annotations

from collections.abc import Sequence

from ....ir.core import Block, Cell, Func, Module, Successor, Symbol, Value, Weight
from ....ir.graph import AtenOp, FuncReturn
from ....ir.host import Call, Item, LoadWeight, Raise, ReadCell, Return, Switch
from ....ir.types import DType, ScalarKind, ScalarType, TensorType, Type
from .model import Whole
from .results import ERROR, STRUCTURE, Failure, Shape

MODEL = Symbol("program")
"""The symbol of the model among the sub-networks of the host function."""

_ELEMENTS = {ScalarKind.I64: DType.I64, ScalarKind.F64: DType.F64, ScalarKind.I1: DType.I1}


def host_module(module: Module, whole: Whole) -> Module:
    """Return the module, at level `outlined`, whose entry calls the model of `module`."""
    initial = {symbol for cell in module.cells.values() for symbol in cell.weights}
    weights: dict[Symbol, Weight] = {
        symbol: module.weights[symbol] for symbol in [*whole.weights, *sorted(initial)]
    }
    result = Module(
        module.name,
        "outlined",
        module.target,
        dict(module.dims),
        weights,
        dict[Symbol, Cell](module.cells),
    )
    result.add(_Host(whole).func())
    result.add(_stand_in(whole))
    return result


def _stand_in(whole: Whole) -> Func:
    """Return a graph function with the parameters and results of the model."""
    func = Func(MODEL, "graph")
    block = func.body.add_block()
    kinds = [value.type for value in (*whole.entry.params, *whole.cells.values())]
    params = [block.add_argument(kind) for kind in (*kinds, *whole.weights.values())]
    results = [as_tensor(output.type) for output in whole.results.outputs]
    op = block.append(AtenOp(arguments=tuple(params), target="onnx.model", result_types=results))
    block.append(FuncReturn(values=tuple(op.results)))
    return func


def as_tensor(kind: Type) -> Type:
    """Return the type that a sub-network has for values of type `kind`: numbers are tensors."""
    if isinstance(kind, ScalarType):
        return TensorType((), _ELEMENTS[kind.kind])
    return kind


class _Host:
    """Writes the host function."""

    def __init__(self, whole: Whole) -> None:
        self.whole = whole
        self.results = whole.results
        self.entry = whole.entry
        self.outputs: Sequence[Value] = ()
        self.made = Func(
            self.entry.symbol,
            "host",
            inputs=self.entry.inputs,
            absent_cells=self.entry.absent_cells,
            loc=self.entry.loc,
        )

    def func(self) -> Func:
        """Return the host function."""
        block = self.made.body.add_block()
        self._call(block)
        block = self._raise(block)
        shapes = self.results.shapes
        if len(shapes) == 1:
            self._return(block, shapes[0])
            return self.made
        chosen = self._number(block, STRUCTURE)
        targets = [self.made.body.add_block() for _ in shapes]
        block.append(Switch(index=chosen, cases=tuple(map(Successor, targets))))
        for target, shape in zip(targets, shapes, strict=True):
            self._return(target, shape)
        return self.made

    def _call(self, block: Block) -> None:
        inputs = [block.add_argument(value.type, value.name) for value in self.entry.params]
        for cell, value in self.whole.cells.items():
            inputs.append(block.append(ReadCell(cell, result_types=[value.type])).out)
        for symbol, kind in self.whole.weights.items():
            inputs.append(block.append(LoadWeight(symbol, result_types=[kind])).out)
        kinds = [as_tensor(output.type) for output in self.results.outputs]
        call = block.append(Call(inputs=tuple(inputs), callee=MODEL, result_types=kinds))
        for value, output in zip(call.results, self.results.outputs, strict=True):
            value.name = output.name.replace(".", "_")
        self.outputs = call.results

    def _raise(self, block: Block) -> Block:
        """Raise what the output `error` says; return the block in which all is well."""
        if not self.results.failures:
            return block
        number = self._number(block, ERROR)
        well = self.made.body.add_block()
        failing: list[Block] = []
        for failure in self.results.failures:
            failing.append(self.made.body.add_block())
            self._fail(failing[-1], failure)
        block.append(Switch(index=number, cases=tuple(map(Successor, (well, *failing)))))
        return well

    def _fail(self, block: Block, failure: Failure) -> None:
        cells = [self.results.cells[cell] for cell in failure.cells]
        copies = [self.results.copies[leaf] for leaf in failure.copied_inputs]
        block.append(
            Raise(
                failure.exception,
                failure.message,
                values=tuple([self._value(block, number) for number in failure.values]),
                cells=failure.cells,
                cell_values=tuple([self._value(block, number) for number in cells]),
                copied_inputs=failure.copied_inputs,
                copied_values=tuple([self._value(block, number) for number in copies]),
                loc=failure.loc,
            )
        )

    def _number(self, block: Block, output: str) -> Value:
        number = self.results.number_of(output)
        assert number is not None
        return block.append(Item(self.outputs[number])).out

    def _return(self, block: Block, shape: Shape) -> None:
        cells, copies = self.results.cells, self.results.copies
        block.append(
            Return(
                outputs=tuple([self._value(block, number) for number in shape.outputs]),
                structure=shape.structure,
                cells=tuple(cells),
                cell_values=tuple([self._value(block, number) for number in cells.values()]),
                copied_inputs=tuple(copies),
                copied_values=tuple([self._value(block, n) for n in copies.values()]),
            )
        )

    def _value(self, block: Block, number: int) -> Value:
        """Return an output of the model as the program has it."""
        value, kind = self.outputs[number], self.results.outputs[number].type
        return block.append(Item(value)).out if isinstance(kind, ScalarType) else value
