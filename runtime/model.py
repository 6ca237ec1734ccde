"""Compiled programs that run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ..diagnostics import Diagnostic, DiagnosticError, Note
from .artifact import Artifact
from .binding import Bound, InputBinder, Misfit, argument_binder, argument_error, signature_text
from .caller import caller_location
from .engines import Engine, Subnet, load_engine
from .host import EdgeInfo, HostFunction, build_module, edge_table
from .host.borrowing import borrowed_values
from .host.program import Exit, Instance, Raise, WeightReference
from .host.values import Handle
from .outputs import OutputBuilder, own
from .structure import Mismatch
from .tensors import Unreadable, any_torch, to_numpy, write_tensor
from .types import ListType, TensorType, Type

LoadEngine = Callable[[str], Engine]


@dataclass(frozen=True)
class _Entry:
    """One host function with its guards and its exits."""

    function: HostFunction
    binder: InputBinder
    exits: list[tuple[OutputBuilder, Exit]]


class Model:
    """Run a compiled program: call it as the original is called.

    Tensors may be torch tensors, numpy arrays, or anything with `__dlpack__`. Outputs are torch
    tensors if an input is one, else numpy arrays; they are never memory of the model or of inputs.
    bfloat16 outputs are float32 for callers without torch.

    A program with state (`cells`) keeps it between calls, and runs one call at a time; others may
    be called from several threads at once. With `coverage`, `taken_edges` collects which edges of
    the control flow any call took.
    """

    def __init__(
        self,
        artifact: Artifact,
        *,
        threads: int | None = None,
        coverage: bool = False,
        engine: LoadEngine | None = None,
    ) -> None:
        self.artifact = artifact
        self.program = artifact.program
        self.edges: tuple[EdgeInfo, ...] = tuple(edge_table(self.program))
        self._taken: set[int] | None = set() if coverage else None
        subnets = _prepare(artifact, engine or (lambda name: load_engine(name, threads)))
        weights: Mapping[str, Handle] = artifact.weights
        module = build_module(self.program, subnets, weights, self._taken)
        self.source = module.source
        self._entries = [self._entry(function) for function in module.functions]
        self._bind = argument_binder(self.program.parameters)
        self._weight_ids = frozenset(map(id, weights.values()))
        self._cells: dict[str, Any] = {}
        self._lock = threading.RLock()
        self.reset()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute what the program computes; MC0501 if the inputs do not fit its signature."""
        try:
            values = self._bind(*args, **kwargs)
        except TypeError:
            raise self._refusal([argument_error(self.program.parameters, args, kwargs)]) from None
        if not self.program.cells:
            return self._run(values)
        with self._lock:
            return self._run(values)

    def __repr__(self) -> str:
        return f"<modelc.Model {self.program.name}{self.signature}>"

    @property
    def signature(self) -> str:
        """The parameters with the types of their tensors."""
        return signature_text(self.program)

    @property
    def cells(self) -> dict[str, Any]:
        """The state between calls, by the path of the attribute; tensors as numpy copies."""
        types = self._cell_types()
        with self._lock:
            return {
                cell.path: _shown(self._cells[cell.symbol], types.get(cell.symbol))
                for cell in self.program.cells
                if cell.path
            }

    @property
    def taken_edges(self) -> tuple[EdgeInfo, ...]:
        """The edges that calls took so far; empty unless the model was made with `coverage`."""
        return tuple([edge for edge in self.edges if edge.number in (self._taken or ())])

    def reset(self) -> None:
        """Give all state the value that it had before the first call."""
        initial = {cell.symbol: self._initial(cell.initial) for cell in self.program.cells}
        with self._lock:
            self._cells = initial

    def _initial(self, held: Any) -> Any:
        if isinstance(held, tuple):
            return [self._initial(item) for item in cast("tuple[Any, ...]", held)]
        if isinstance(held, WeightReference):
            return self.artifact.weights[held.symbol].copy()
        return held

    def _entry(self, function: HostFunction) -> _Entry:
        program, entry = self.program, function.entry
        reads = {
            str(instruction.attribute("cell")): program.type_of(entry, instruction.results[0])
            for instruction in entry.blocks[0].instructions
            if instruction.operation == "host.read_cell"
        }
        borrowed = borrowed_values(entry)
        exits = [(OutputBuilder(program, entry, one, borrowed), one) for one in function.exits]
        return _Entry(function, InputBinder(program, entry, reads), exits)

    def _run(self, values: Sequence[Any]) -> Any:
        misfits: list[Sequence[Mismatch]] = []
        for entry in self._entries:
            try:
                cells = self._read_cells(entry) if self.program.cells else []
                bound = entry.binder.bind(values, cells)
            except Misfit as misfit:
                misfits.append(misfit.mismatches)
                continue
            result = entry.function.call(*bound.handles, *cells)
            return self._finish(entry.exits, bound, cells, result)
        fewest = min(misfits, key=lambda mismatches: (_concerns_state(mismatches), len(mismatches)))
        raise self._refusal(list(map(str, fewest)))

    def _read_cells(self, entry: _Entry) -> list[Any]:
        """Return the state that the entry reads; raises Misfit if it serves another kind."""
        wrong: list[Mismatch] = []
        for name in entry.function.entry.absent_cells:
            if self._cells[name] is not None:
                wrong.append(Mismatch(f"state {name}", "None", "a value"))
        held = [self._cells[name] for name in entry.function.cells]
        for value, reader in zip(held, entry.binder.cell_readers.values(), strict=True):
            try:
                reader.read(value)
            except Unreadable as error:
                wrong.append(reader.mismatch(str(error)))
        if wrong:
            raise Misfit(wrong)
        return held

    def _finish(
        self,
        exits: Sequence[tuple[OutputBuilder, Exit]],
        bound: Bound,
        cells: Sequence[Any],
        result: tuple[int, Sequence[Any], Sequence[Any], Sequence[Any]],
    ) -> Any:
        number, outputs, cell_values, copies = result
        builder, ending = exits[number]
        borrowed: set[int] = set()
        if builder.may_borrow:
            borrowed.update(self._weight_ids, map(id, bound.handles), map(id, cells))
        if self.program.cells:
            self._keep(ending, cell_values, borrowed)
        error = outputs[0] if isinstance(ending, Raise) else None
        built = builder.build(() if error else outputs, any_torch(bound.leaves), borrowed)
        if copies:  # last: what was read above may be what is overwritten here
            values = [own(value, borrowed) for value in copies]
            for leaf, value in zip(ending.copied_inputs, values, strict=True):
                write_tensor(bound.leaves[leaf], value)
        if error is not None:
            raise error
        return built

    def _keep(self, ending: Exit, values: Sequence[Any], borrowed: set[int]) -> None:
        """Store the state after a call; what is stored is added to `borrowed`."""
        kept = [own(value, borrowed) for value in values]
        borrowed.update(map(id, kept))
        self._cells.update(zip(ending.cells, kept, strict=True))
        self._cells.update(dict.fromkeys(ending.cleared_cells))

    def _cell_types(self) -> dict[str, Type]:
        """Return a type of each cell that some entry reads."""
        return {
            name: reader.type
            for entry in self._entries
            for name, reader in entry.binder.cell_readers.items()
        }

    def _refusal(self, reasons: list[str]) -> DiagnosticError:
        count = f"{len(reasons)} inputs do" if len(reasons) > 1 else "an input does"
        message = f"{count} not fit the signature of {self.program.name}"
        if len(reasons) == 1:
            message += f": {reasons[0]}"
        notes = tuple([Note(reason) for reason in reasons] if len(reasons) > 1 else [])
        help_text = f"it was compiled for {self.signature}"
        place = caller_location()
        return DiagnosticError(Diagnostic("MC0501", message, place, notes=notes, help=help_text))


def load(path: str | Path, *, threads: int | None = None, coverage: bool = False) -> Model:
    """Return the program in the artifact at `path`, ready to be called.

    Nothing from the artifact is executed but its sub-networks, by their engines, and Python that is
    generated here from verified data. `threads` bounds the threads of each sub-network. Raises
    DiagnosticError: MC0502 damaged, MC0503 other schema, MC0504 missing engine, MC0506 no artifact.
    """
    return Model(Artifact.load(path), threads=threads, coverage=coverage)


def _prepare(artifact: Artifact, engine: LoadEngine) -> list[Subnet]:
    engines = {name: engine(name) for name in artifact.engines}
    return [_instantiate(artifact, instance, engines) for instance in artifact.program.instances]


def _instantiate(artifact: Artifact, instance: Instance, engines: Mapping[str, Engine]) -> Subnet:
    subnet = artifact.subnets[instance.callee]
    constants = {int(p): artifact.weights[symbol] for p, symbol in instance.constants.items()}
    return engines[subnet.engine].prepare(artifact.files[subnet.file], constants)


def _concerns_state(mismatches: Sequence[Mismatch]) -> bool:
    return any(mismatch.path.startswith("state ") for mismatch in mismatches)


def _shown(value: Any, kind: Type | None) -> Any:
    if isinstance(value, (type(None), bool, int, float)):
        return value
    if isinstance(value, list):
        element = kind.element if isinstance(kind, ListType) else None
        return [_shown(item, element) for item in cast("list[Any]", value)]
    is_bfloat16 = isinstance(kind, TensorType) and kind.dtype == "bf16"
    return to_numpy(value.copy(), is_bfloat16=is_bfloat16)
