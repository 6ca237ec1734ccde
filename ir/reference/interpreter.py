"""Runs modules of both levels: state, entries, control flow, calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

import torch

from ...diagnostics import Diagnostic, DiagnosticError, Note, fill
from ..core import Block, Cell, Func, Initial, Module, Op, Successor, Symbol, Value, map_values
from ..graph.ops import FuncReturn
from ..host.control import Branch, CondBranch, Exit, Raise, Return, Switch
from ..host.program import Call, Invoke, LoadWeight, ReadCell
from .binding import InputBinder, Misfit, cell_reasons
from .edges import Edge, edge_names
from .evaluation import evaluate
from .outputs import make_exception, rebuild

Frame: TypeAlias = dict[Value, Any]


class Interpreter:
    """Run `module` with `weights`, one tensor per weight that the module declares.

    `cells` holds the state between calls, `edges` the names of the control-flow edges that any call
    so far took. Host functions only have edges; `all_edges(module.host_funcs)` are all there are.
    """

    def __init__(self, module: Module, weights: Mapping[Symbol, torch.Tensor]) -> None:
        missing = sorted(set(module.weights) - set(weights))
        if missing:
            raise ValueError(f"no values for the weights {', '.join(missing)}")
        self._module = module
        self._weights = weights
        self._edge_names = {func: edge_names(func) for func in module.host_funcs}
        self.edges: set[Edge] = set()
        self.cells: dict[Symbol, Any] = {}
        self.reset()

    def reset(self) -> None:
        """Give every cell its initial value."""
        self.cells = {name: self._initial(cell) for name, cell in self._module.cells.items()}

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the program returns, or raise what it raises; MC0501 if no entry fits."""
        with torch.no_grad():
            func, inputs = self._choose_entry(args, kwargs)
            return _HostRun(self, func, inputs).finish()

    def call(self, callee: Symbol, arguments: tuple[Any, ...]) -> list[Any]:
        """Return the results of the graph function `callee`."""
        body = self._module.funcs[callee].body.entry
        frame: Frame = dict(zip(body.args, arguments, strict=True))
        for op in body.ops[:-1]:
            self.step(op, frame)
        last = body.terminator
        assert isinstance(last, FuncReturn)
        return [frame[value] for value in last.values]

    def invoke(self, callee: Symbol, arguments: tuple[Any, ...]) -> list[Any]:
        """Return the results of the local function `callee`."""
        return list(_HostRun(self, self._module.funcs[callee], list(arguments)).finish())

    def step(self, op: Op, frame: Frame) -> None:
        """Compute the results of `op` into `frame`."""
        bound = _BOUND.get(type(op))
        if bound is not None:
            values = bound(self, op, frame)
        else:
            values = evaluate(op, lambda argument: map_values(argument, frame.__getitem__))
        frame.update(zip(op.results, values, strict=True))

    def load(self, symbol: Symbol) -> torch.Tensor:
        """Return the weight `symbol`."""
        return self._weights[symbol]

    def take(self, func: Func, block: Block, position: int) -> Block:
        """Record edge number `position` out of `block` and return where it leads."""
        self.edges.add(self._edge_names[func][block, position])
        return block.successors[position].block

    def _initial(self, cell: Cell) -> Any:
        if isinstance(cell.initial, tuple):
            return [self._content(item) for item in cell.initial]
        return self._content(cell.initial)

    def _content(self, initial: Initial) -> Any:
        return self._weights[initial].clone() if isinstance(initial, Symbol) else initial

    def _choose_entry(
        self, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> tuple[Func, list[Any]]:
        notes: list[Note] = []
        for func in self._module.entries:
            try:
                self._guard_cells(func)
                return func, InputBinder(func, self._module.dims).bind(args, kwargs)
            except Misfit as misfit:
                notes += [Note(f"@{func.symbol}: {reason}") for reason in misfit.reasons]
        message = "no entry of the program fits this call"
        raise DiagnosticError(Diagnostic("MC0501", message, notes=tuple(notes)))

    def _guard_cells(self, func: Func) -> None:
        reasons = [
            f"cell @{name} is not none"
            for name in func.absent_cells
            if self.cells[name] is not None
        ]
        for op in func.body.entry.ops:
            if isinstance(op, ReadCell):
                reasons += cell_reasons(self.cells[op.cell], op.out.type, op.cell)
        if reasons:
            raise Misfit(tuple(reasons))


class _HostRun:
    """One call of a host function."""

    def __init__(self, interpreter: Interpreter, func: Func, inputs: list[Any]) -> None:
        self._interpreter = interpreter
        self._func = func
        self._inputs = inputs
        self._frame: Frame = dict(zip(func.params, inputs, strict=True))

    def finish(self) -> Any:
        """Go from block to block until one returns or raises."""
        block = self._func.body.entry
        while True:
            for op in block.ops[:-1]:
                self._interpreter.step(op, self._frame)
            last = block.terminator
            if isinstance(last, (Return, Raise)):
                return self._end(last)
            block = self._branch(last)

    def _branch(self, op: Op) -> Block:
        position = _CHOICE[type(op)](op, self._frame)
        edges = op.successors
        position = range(len(edges))[position]  # IndexError as the program's own list would give
        edge = edges[position]
        block = op.parent
        assert block is not None
        self._pass(edge)
        return self._interpreter.take(self._func, block, position)

    def _pass(self, edge: Successor) -> None:
        values = [self._frame[argument] for argument in edge.arguments]  # read all, then write
        self._frame.update(zip(edge.block.args, values, strict=True))

    def _end(self, op: Exit) -> Any:
        """Write cells and inputs, then return or raise."""
        targets = [self._inputs[number] for number in op.copied_inputs]
        kept = _Kept(targets)
        leaving = op.outputs if isinstance(op, Return) else op.values
        outputs = [kept(self._frame[value]) for value in leaving]
        cells = [kept(self._frame[value]) for value in op.cell_values]
        copies = [kept(self._frame[value]) for value in op.copied_values]
        self._interpreter.cells.update(zip(op.cells, cells, strict=True))
        self._interpreter.cells.update(dict.fromkeys(op.cleared_cells))
        for target, value in zip(targets, copies, strict=True):
            target.copy_(value)
        if isinstance(op, Raise):
            holds_value = bool(outputs) and not op.message
            message = outputs[0] if holds_value else fill(op.message, outputs)
            raise make_exception(op.exception, message)
        return rebuild(op.structure, outputs)


class _Kept:
    """Copy what shares memory with an input that is about to be overwritten."""

    def __init__(self, targets: list[torch.Tensor]) -> None:
        self._overwritten = {target.untyped_storage().data_ptr() for target in targets}

    def __call__(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self(item) for item in cast("list[Any]", value)]
        if isinstance(value, torch.Tensor) and self._is_overwritten(value):
            return value.clone()
        return value

    def _is_overwritten(self, value: torch.Tensor) -> bool:
        return value.untyped_storage().data_ptr() in self._overwritten


def _call(interpreter: Interpreter, op: Call, frame: Frame) -> list[Any]:
    return interpreter.call(op.callee, tuple(frame[value] for value in op.inputs))


def _invoke(interpreter: Interpreter, op: Invoke, frame: Frame) -> list[Any]:
    return interpreter.invoke(op.callee, tuple(frame[value] for value in op.inputs))


def _load_weight(interpreter: Interpreter, op: LoadWeight, frame: Frame) -> list[Any]:
    return [interpreter.load(op.symbol)]


def _read_cell(interpreter: Interpreter, op: ReadCell, frame: Frame) -> list[Any]:
    return [interpreter.cells[op.cell]]


_BOUND: Mapping[type[Op], Callable[[Interpreter, Any, Frame], list[Any]]] = {
    Call: _call,
    Invoke: _invoke,
    LoadWeight: _load_weight,
    ReadCell: _read_cell,
}


def _switch(op: Switch, frame: Frame) -> int:
    return frame[op.index]


def _condition(op: CondBranch, frame: Frame) -> int:
    return 0 if frame[op.condition] else 1


def _only(op: Branch, frame: Frame) -> int:
    return 0


_CHOICE: Mapping[type[Op], Callable[[Any, Frame], int]] = {
    Branch: _only,
    CondBranch: _condition,
    Switch: _switch,
}
