"""One entry of a program: its inputs, its state cells, and what it returns."""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy
import torch
from torch import nn

from ...diagnostics import UNKNOWN, DiagnosticError, Location
from ...ir import I1, Func, ListType, Symbol, TensorType, Type, Value
from ...ir import structure as ir
from ...ir.host import Exit, Raise, ReadCell, Return
from ...ir.structure import Structure
from . import prelude
from .arrays import constant_array
from .builtins import BUILTINS
from .calls import call, is_leaf
from .cell_kinds import (
    MARK,
    CellKind,
    CellList,
    CellTensor,
    Part,
    Unstorable,
    build,
    cell_tensor,
    kind_of,
    parts_of,
    values_of,
)
from .context_variables import refuse_lasting_values
from .dims import Dims
from .elements import can_widen
from .failures import Restart, refusal
from .foreign import named_modules
from .functions import push_function
from .guards import is_guarded
from .knowledge import Knowledge, StateCell
from .machine import Limits, Machine, Outcome
from .module_hooks import refuse_lasting_hooks
from .naming import rename_dims
from .objects import (
    ABSENT,
    ITERATORS,
    UNREAD,
    DynamicList,
    Element,
    Generator,
    InterpretedFunction,
    class_of,
    is_a,
)
from .open_sizes import open_sizes
from .plain_lists import array_in, only_column
from .scalars import KINDS, is_number, is_symbolic, number_kind, type_of_number
from .showing import value_of_text
from .signature import Dim
from .state import AttributeKey, State
from .steps import execute
from .structures import NoStructure, describe, rebuild
from .tensors import tensor_type
from .texts import Text
from .torch_internals import (
    Fake,
    Tensor,
    exact_slices,
    expression_of,
    is_torch_file,
    is_traced,
    portable_kernels,
    quiet,
    storage_key,
)
from .tracer import Tracer

Decompositions: TypeAlias = Mapping[Any, Callable[..., Any]]

_UNKNOWN_TO_CALLERS = (
    (InterpretedFunction, "a function"),
    (Generator, "a generator"),
    (ITERATORS, "an iterator"),
)
"""What only the machine understands, and what it is to the user."""


CellKinds: TypeAlias = Mapping[AttributeKey, CellKind]


@dataclass(frozen=True)
class Request:
    """What is to be captured.

    `values` are the inputs by parameter name, in order; those in `positional` are passed without
    their names, those in `defaults` were not given. `names` are the names of weights, by `id`.
    """

    program: Callable[..., Any]
    values: Mapping[str, Any]
    positional: frozenset[str]
    defaults: frozenset[str]
    dims: Dims
    names: Mapping[int, str]
    decompositions: Decompositions
    limits: Limits


@dataclass(eq=False)
class Capture:
    """Capture one entry, for calls before which the cells hold what `kinds` says.

    `replaced` are, for each end of the function, the cells written there that it never read.
    """

    request: Request
    knowledge: Knowledge
    kinds: CellKinds
    outgoing: list[dict[AttributeKey, CellKind]] = field(default_factory=lambda: [])
    replaced: list[tuple[Exit, list[StateCell]]] = field(default_factory=lambda: [])
    dim_names: dict[str, str] = field(default_factory=dict[str, str])
    inputs: list[tuple[Tensor, Value]] = field(default_factory=lambda: [])
    _sizes: dict[str, Any] = field(default_factory=lambda: {})
    initial_values: dict[str, Value] = field(default_factory=dict[str, Value])

    def __post_init__(self) -> None:
        tracer = Tracer(self.request.names, self.request.decompositions)
        limits = self.request.limits
        self.machine = Machine(tracer, self.knowledge, limits, execute, BUILTINS)
        self.machine.finish = self._finish
        tracer.refuses_asserts = lambda: is_guarded(tracer.state)
        self.machine.before_raise = self._finish_raise
        self.machine.has_writes = self._has_writes

    @property
    def tracer(self) -> Tracer:
        """What records the entry."""
        return self.machine.tracer

    def run(self, symbol: Symbol) -> Func:
        """Return the host function; DiagnosticError with all reasons why there is none."""
        register_program(self.machine, self.request.program)
        state = State(self.tracer.new_block())
        self.tracer.activate(state)
        try:
            with portable_kernels(), open_sizes(), exact_slices(), quiet():
                values = self._make_inputs(state)
                structure = self._describe_inputs(values)
                self._make_cells(state)
                self._start(state, values)
        except DiagnosticError as error:
            self.machine.report(error)
            raise DiagnosticError(*self.machine.diagnostics) from None
        finally:
            self.machine.swapper.restore()
        if self.machine.diagnostics:
            raise DiagnosticError(*self.machine.diagnostics)
        return self._function(symbol, structure)

    def _start(self, state: State, values: Mapping[str, Any]) -> None:
        program, machine, positional = self.request.program, self.machine, self.request.positional
        if inspect.isgeneratorfunction(getattr(program, "forward", program)):
            raise refusal(
                "MC0101",
                "the program is a generator",
                program_location(program),
                help="return a list of what it yields",
            )
        args = [value for name, value in values.items() if name in positional]
        kwargs = {name: value for name, value in values.items() if name not in positional}
        if is_leaf(program) if isinstance(program, nn.Module) else user_location(program) is None:
            outcome = push_function(
                machine, state, prelude.run_program, [program, tuple(args), kwargs], {}
            )
        else:
            outcome = call(machine, state, program, args, kwargs)
        assert outcome is Outcome.STAY and state.frames, "a program is a module or a function"
        machine.run(state)

    def _finish_raise(self, state: State, op: Raise) -> None:
        """Let an exception leave behind what was written before."""
        refuse_lasting_values(self.machine, state)
        refuse_lasting_hooks(self.machine, state)
        self._return_cells(state, op)
        self._return_inputs(state, op)

    def _has_writes(self, state: State) -> bool:
        """Tell whether state or inputs were written on this path."""
        for key, cell in self.knowledge.cells.items():
            value = state.overlay[key]
            if value is UNREAD or key in self.knowledge.dropped_cells:
                continue
            if key in self.knowledge.overwritten_cells:
                return True
            kind = kind_of(cell.path, value, self._leaf_kind)
            for part, content in values_of(cell.path, kind, value):
                initial = self.initial_values.get(part.symbol)
                if initial is None or initial is not self._part_value(part, content):
                    return True
        pairs = zip(state.inputs, self.inputs, strict=True)
        return any(self.tracer.tensors.value(t) is not argument for t, (_, argument) in pairs)

    # --- inputs ---

    def _make_inputs(self, state: State) -> dict[str, Any]:
        """Add an argument to the entry block per tensor; return the inputs by name."""
        values = self.request.values.items()
        return {name: self._input(name, value, state) for name, value in values}

    def _describe_inputs(self, values: Mapping[str, Any]) -> ir.Mapping:
        by_tensor = {id(tensor): value.index for tensor, value in self.inputs}

        def leaf(value: Any) -> Structure | None:
            return ir.Leaf(by_tensor[id(value)]) if is_traced(value) else None

        items: dict[str, Structure] = {}
        for name, value in values.items():
            try:
                items[name] = describe(value, leaf)
            except (NoStructure, KeyError) as unknown:
                if name not in self.request.defaults:
                    raise self._refuse_input(name, unknown) from None
        return ir.Mapping(tuple(items), tuple(items.values()))

    def _refuse_input(self, name: str, unknown: Exception) -> DiagnosticError:
        return self.tracer.refuse(
            "MC0101",
            f"the input `{name}` holds {unknown}",
            help="pass tensors, numbers, strings, None, and containers or dataclasses of these",
        )

    def _input(self, name: str, value: Any, state: State) -> Any:
        if name in self.request.defaults:
            return self.machine.foreign.read(value)

        def leaf(tensor: torch.Tensor) -> Tensor:
            fake = self._input_fake(tensor, self.request.dims.get(name, {}))
            argument = state.block.add_argument(tensor_type(fake), name)
            traced = self.tracer.tensors.wrap(fake, argument)
            self.inputs.append((traced, argument))
            state.inputs.append(traced)
            return traced

        def made(container: Any) -> None:
            if isinstance(container, (list, dict)):
                state.containers.append(container)
            elif not isinstance(container, tuple):
                self.machine.owned.add(container)

        rebuilt = rebuild(value, leaf, made)
        return self.machine.foreign.read(rebuilt) if rebuilt is value else rebuilt

    def _input_fake(self, tensor: torch.Tensor, dims: Mapping[int, Dim]) -> Fake:
        named = {axis % tensor.dim(): dim for axis, dim in dims.items()}
        shape = [
            self._named_size(named[axis]) if axis in named else extent
            for axis, extent in enumerate(tensor.shape)
        ]
        return self.tracer.tensors.fake_of_type(shape, tensor.dtype, tensor.device)

    def _named_size(self, dim: Dim) -> Any:
        if dim.name not in self._sizes:
            size = self.tracer.shapes.fresh_size(dim.minimum, dim.maximum)
            self._sizes[dim.name] = size
            self.dim_names[str(expression_of(size))] = dim.name
        return self._sizes[dim.name]

    # --- cells ---

    def _make_cells(self, state: State) -> None:
        """Read the parts of each cell that are there before these calls."""

        def read(where: str, kind: CellKind) -> Any:
            return self._read_part(where, kind, state)

        for key, cell in self.knowledge.cells.items():
            if key in self.knowledge.overwritten_cells:
                state.overlay[key] = UNREAD
                continue
            kind = self.kinds[key]
            for part in parts_of(cell.path, kind):
                if part.kind is MARK:
                    self._read_part(part.symbol, MARK, state)
            absent = kind is None and cell.initial is ABSENT
            state.overlay[key] = ABSENT if absent else build(kind, cell.path, read)

    def _read_part(self, symbol: str, kind: CellKind, state: State) -> Any:
        if isinstance(kind, CellTensor):
            fake = self._cell_fake(kind)
            traced = self.tracer.tensors.wrap(fake, self._read(symbol, tensor_type(fake), state))
            if symbol in self.knowledge.shared_cells:
                self.tracer.tensors.lose_alias(traced)
            return traced
        if isinstance(kind, CellList):
            element = self._cell_element(kind)
            column = self._read(symbol, ListType(element.types[0]), state)
            return self.machine.lists.of_columns((column,), element, 0, None)
        if kind is MARK:
            return self._read(symbol, I1, state)
        assert isinstance(kind, type)
        return self.tracer.scalars.fresh(kind, self._read(symbol, number_kind(kind), state))

    def _cell_element(self, kind: CellList) -> Element:
        if isinstance(kind.element, type):
            prototype: Any = kind.element(0)
        else:
            fake = self._cell_fake(kind.element)
            prototype = self.tracer.native(self.tracer.functional_mode.wrap, fake)
        element = self.machine.lists.elements.of_items([prototype])
        assert element is not None, "a tensor or a number"
        return element

    def _cell_fake(self, kind: CellTensor) -> Fake:
        shape = [self.tracer.shapes.fresh_size() if n is None else n for n in kind.shape]
        return self.tracer.tensors.fake_of_type(shape, kind.dtype, kind.device)

    def _read(self, symbol: str, result: Type, state: State) -> Value:
        op = state.block.append(ReadCell(cell=Symbol(symbol), result_types=(result,)))
        self.initial_values[symbol] = op.out
        return op.out

    # --- outputs ---

    def _finish(self, state: State, value: Any) -> None:
        """End a path: outputs, cells that changed, inputs that were mutated."""
        refuse_lasting_values(self.machine, state)
        refuse_lasting_hooks(self.machine, state)
        outputs: list[Value] = []

        def leaf(part: Any) -> Structure | None:
            if is_a(part, (numpy.ndarray, numpy.generic)):
                part = constant_array(self.machine, part)
            array = array_in(part)
            if array is not None:
                is_scalar = array.kind == "scalar" and not array.tensor.dim()
                outputs.append(self._value_of(part.tensor if part is array else part))
                held = (ir.Leaf(len(outputs) - 1),)
                return ir.Array("scalar" if is_scalar else "array", held)
            for classes, name in _UNKNOWN_TO_CALLERS:
                if isinstance(part, classes):
                    raise NoStructure(part, name)
            if is_traced(part) or isinstance(part, (DynamicList, Text)):
                outputs.append(self._value_of(part))
                return ir.Leaf(len(outputs) - 1)
            known = self.tracer.scalars.constant_or_symbol(part)
            if not is_number(known):
                return None
            if not is_symbolic(known):
                return ir.Constant(known)
            outputs.append(self.tracer.scalars.value(known))
            return ir.Leaf(len(outputs) - 1)

        try:
            structure = describe(value, leaf)
        except NoStructure as unknown:
            raise self.tracer.refuse(
                "MC0101",
                f"the program returns {unknown}",
                help="return tensors, numbers, strings, None, and containers of these",
            ) from None
        op = Return(outputs=tuple(outputs), structure=structure, loc=self.tracer.location())
        self._return_cells(state, op)
        self._return_inputs(state, op)
        state.block.append(op)

    def _value_of(self, part: Any) -> Value:
        if isinstance(part, Text):
            return value_of_text(self.tracer, part)
        return (
            only_column(part) if isinstance(part, DynamicList) else self.tracer.tensors.value(part)
        )

    def _return_cells(self, state: State, op: Exit) -> None:
        held: dict[str, Value] = {}
        kinds: dict[AttributeKey, CellKind] = {}
        storages: dict[int, str] = {}
        replaced: list[StateCell] = []
        for key, cell in self.knowledge.cells.items():
            value = state.overlay[key]
            if value is UNREAD or key in self.knowledge.dropped_cells:
                kinds[key] = None
                continue
            if key in self.knowledge.overwritten_cells:
                replaced.append(cell)
            kinds[key] = self._kind_of(cell, value)
            for part, content in values_of(cell.path, kinds[key], value):
                held[part.symbol] = self._part_value(part, content)
                if is_traced(content):
                    self._note_sharing(part.symbol, content, storages)
        written = [s for s in held if held[s] is not self.initial_values.get(s)]
        op.cells = tuple(map(Symbol, written))
        op.cell_values = tuple(held[symbol] for symbol in written)
        op.cleared_cells = tuple(Symbol(s) for s in self.initial_values if s not in held)
        self.outgoing.append(kinds)
        self.replaced.append((op, replaced))

    def _kind_of(self, cell: StateCell, value: Any) -> CellKind:
        """Return what `cell` holds that holds `value`; what cannot be kept must not be read."""
        try:
            return kind_of(cell.path, value, self._leaf_kind)
        except Unstorable as reason:
            if cell.key not in self.knowledge.read_cells:
                self.knowledge.drop(cell.key)
                raise Restart(f"{reason}: it may be overwritten before it is read") from None
            raise self.tracer.refuse(
                "MC0101",
                str(reason),
                help="keep only tensors, numbers, None, and lists, tuples and dicts as state",
            ) from None

    def _note_sharing(self, symbol: str, tensor: Tensor, storages: dict[int, str]) -> None:
        """Remember parts that share memory: the next call must not change them in place."""
        other = storages.setdefault(storage_key(tensor), symbol)
        if other != symbol and not {symbol, other} <= self.knowledge.shared_cells:
            self.knowledge.shared_cells |= {symbol, other}
            raise Restart("two pieces of state share memory")

    def _part_value(self, part: Part, content: Any) -> Value:
        if part.kind is MARK:
            return self.initial_values.get(part.symbol) or self.tracer.scalars.value(True)
        if isinstance(part.kind, CellList):
            return self._kept_list(part.symbol, part.kind, content)
        return self.tracer.scalars.value(content) if is_number(content) else self._value_of(content)

    def _kept_list(self, symbol: str, kind: CellList, content: Any) -> Value:
        """Return a list as the host keeps it; where the cell is too special, start over."""
        wanted = self._cell_element(kind)
        found = self.machine.lists.elements.of_lists([content, _like(wanted)])
        if found is None or not can_widen(wanted, found):
            raise self._refuse_list(symbol)
        if found != wanted:
            (column,) = found.types
            shape = column.shape if isinstance(column, TensorType) else ()
            extents = tuple(dim if isinstance(dim, int) else None for dim in shape)
            assert isinstance(kind.element, CellTensor), "numbers of one type are alike"
            wider = replace(kind.element, shape=extents)
            self.knowledge.growing_cells[symbol] = CellList(wider)
            raise Restart(f"the elements of {symbol} differ in size")
        kept = self.machine.lists.as_dynamic(content, wanted)
        return only_column(self.machine.lists.widen(kept, wanted))

    def _leaf_kind(self, where: str, value: Any) -> CellKind:
        if where in self.knowledge.growing_cells and (
            class_of(value) is list or isinstance(value, DynamicList)
        ):
            return self.knowledge.growing_cells[where]
        if isinstance(value, DynamicList):
            element = self._element_kind(value.element.prototype)
            if element is None:
                raise Unstorable(f"`{where}` becomes a list whose length depends on data")
            self.knowledge.growing_cells[where] = CellList(element)
            raise Restart(f"{where} becomes a list whose length depends on data")
        return self._element_kind(value)

    def _element_kind(self, value: Any) -> CellTensor | type | None:
        """Return what a number or a tensor is kept as, None for all else."""
        if is_number(value):
            kind = type_of_number(value).kind
            return next(python for python, name in KINDS.items() if name is kind)
        if is_traced(value):
            return cell_tensor(self.tracer.tensors.fake(value))
        return None

    def _refuse_list(self, where: str) -> DiagnosticError:
        return self.tracer.refuse(
            "MC0101",
            f"`{where}` becomes a list whose length depends on data",
            help="keep a list of tensors of one dtype and rank, or of numbers of one type",
        )

    def _return_inputs(self, state: State, op: Exit) -> None:
        copied: list[tuple[int, Value]] = []
        for traced, (_, argument) in zip(state.inputs, self.inputs, strict=True):
            value = self.tracer.tensors.value(traced)
            if value is not argument:
                copied.append((argument.index, value))
        if copied:
            self.knowledge.note("inputs are mutated: they are copied back", op.loc)
        op.copied_inputs = tuple(index for index, _ in copied)
        op.copied_values = tuple(value for _, value in copied)

    # --- the function ---

    def _function(self, symbol: Symbol, structure: ir.Mapping) -> Func:
        region = self.tracer.region
        region.blocks[:] = [block for block in region.blocks if block.ops]
        for position, op in enumerate(self.tracer.tensors.preamble):
            region.entry.insert(position, op)
        place = program_location(self.request.program)
        func = Func(symbol, "host", region, structure, loc=place)
        rename_dims(func, self.dim_names)
        return func


def _like(element: Element) -> DynamicList:
    """Return a list of such elements, to be compared with others."""
    return DynamicList((), 0, element)


def register_program(machine: Machine, program: Any) -> None:
    """Let the machine know the modules of the program, or the object whose method it is."""
    foreign = machine.foreign
    if isinstance(program, nn.Module):
        for name, module in named_modules(program):
            foreign.objects[id(module)] = module
            foreign.paths[id(module)] = name
    else:
        foreign.objects[id(program)] = program
        foreign.paths[id(program)] = ""
    owner = getattr(program, "__self__", None)
    if owner is not None and not isinstance(owner, nn.Module):
        foreign.objects[id(owner)] = owner
        foreign.paths[id(owner)] = ""


def kind_of_initial(cell: StateCell, growing: Mapping[str, CellList]) -> CellKind:
    """Return what a cell holds before the first call."""

    def leaf(where: str, value: Any) -> CellKind:
        if where in growing and class_of(value) is list:
            return growing[where]
        if is_a(value, torch.Tensor):
            return cell_tensor(value)
        return class_of(value) if is_number(value) else None

    return kind_of(cell.path, cell.initial, leaf)


def user_location(program: Any) -> Location | None:
    """Return where the user defines the function that is compiled, None if the user does not."""
    place = program_location(program)
    return None if place == UNKNOWN or is_torch_file(place.file) else place


def program_location(program: Any) -> Location:
    """Return where the function that is compiled begins."""
    function = getattr(program, "forward", program)
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    if code is None:
        return UNKNOWN
    lines = linecache.getlines(code.co_filename)[code.co_firstlineno - 1 :]
    for offset, text in enumerate(lines):
        column = text.find("def ")
        if column >= 0:
            line = code.co_firstlineno + offset
            end = len(text.rstrip())
            return Location(code.co_filename, line, column + 1, end + 1, code.co_qualname)
    return Location(code.co_filename, code.co_firstlineno, function=code.co_qualname)
