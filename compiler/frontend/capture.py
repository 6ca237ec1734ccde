"""From a program and example inputs to a module of the IR."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from torch import nn

from ...diagnostics import Diagnostic, DiagnosticError
from ...ir import Cell, DimRange, Func, Module, Symbol, name_results
from ...ir.host import LoadWeight
from .cell_kinds import (
    DIFFERENT,
    CellKind,
    CellList,
    Unstorable,
    growing_lists,
    parts_of,
    values_of,
    widened,
)
from .dims import Dims, check_dims_fit
from .entry import (
    Capture,
    CellKinds,
    Decompositions,
    Request,
    kind_of_initial,
    program_location,
    user_location,
)
from .failures import Restart, refusal
from .foreign import named_modules
from .function_capture import FunctionCapture
from .knowledge import Explanation, Knowledge, StateCell
from .machine import Limits
from .objects import ABSENT
from .recursion import FunctionPlan
from .state import AttributeKey
from .tensors import TracedWeight, describe_weight

MAX_RESTARTS = 60
MAX_ENTRIES = 8


@dataclass(frozen=True)
class Captured:
    """A module at level `captured`, the values of its weights, and why it looks like that."""

    module: Module
    weights: dict[Symbol, torch.Tensor]
    notes: list[Explanation]


def capture(
    program: Callable[..., Any],
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    name: str,
    dims: Dims | None = None,
    decompositions: Decompositions | None = None,
    limits: Limits | None = None,
) -> Captured:
    """Capture `program`, a module or a function, for inputs like the given ones.

    `dims` maps a parameter name to its symbolic axes, `{"x": {0: Dim("B", 1, 64)}}`.
    `decompositions` maps ATen overloads to functions that replace them while recording.
    Raises DiagnosticError with all reasons why the program cannot be captured.
    """
    _check_mode(program)
    values, positional, defaults = _arguments(program, args, kwargs or {})
    check_dims_fit(dims or {}, values, defaults, user_location(program))
    request = Request(
        program,
        values,
        positional,
        defaults,
        dims or {},
        _weight_names(program),
        decompositions or {},
        limits or Limits(),
    )
    return _Entries(request, name).run()


def _check_mode(program: Any) -> None:
    if not isinstance(program, nn.Module):
        return
    training = [path for path, module in named_modules(program) if module.training]
    if training:
        where = f"the module `{training[0]}`" if training[0] else "the program"
        raise DiagnosticError(
            Diagnostic(
                "MC0110",
                f"{where} is in training mode",
                user_location(program),
                help="call `eval()` before compiling",
            )
        )


def _signature(program: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(program.forward if isinstance(program, nn.Module) else program)
    except ValueError as error:
        help_text = "call it in a function of your own, and compile that"
        raise DiagnosticError(Diagnostic("MC0109", str(error), help=help_text)) from None


def _arguments(
    program: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[dict[str, Any], frozenset[str], frozenset[str]]:
    """Return the inputs by name, which of them are positional, and which are defaults."""
    signature = _signature(program)
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as error:
        raise DiagnosticError(
            Diagnostic(
                "MC0003",
                f"the example inputs do not fit the program: {error}",
                user_location(program),
                help=f"its parameters are {signature}",
            )
        ) from None
    given = set(bound.arguments)
    bound.apply_defaults()
    values: dict[str, Any] = {}
    positional: set[str] = set()
    for name, value in bound.arguments.items():
        kind = signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_POSITIONAL:
            members = {f"{name}[{index}]": item for index, item in enumerate(value)}
            positional |= members.keys()
            values |= members
        elif kind is inspect.Parameter.VAR_KEYWORD:
            values |= value
        else:
            values[name] = value
            positional |= set() if kind is inspect.Parameter.KEYWORD_ONLY else {name}
    defaults = values.keys() & (bound.arguments.keys() - given)
    return values, frozenset(positional), frozenset(defaults)


def _weight_names(program: Any) -> dict[int, str]:
    """Return the first qualified name of each parameter and buffer, by `id`."""
    names: dict[int, str] = {}
    if isinstance(program, nn.Module):
        for path, tensor in program.named_parameters(remove_duplicate=False):
            names.setdefault(id(tensor), path)
        for path, tensor in program.named_buffers(remove_duplicate=False):
            names.setdefault(id(tensor), path)
    return names


@dataclass(eq=False)
class _Entries:
    """Capture one entry per combination of what the state cells can hold."""

    request: Request
    name: str
    knowledge: Knowledge = field(default_factory=Knowledge)
    grows: bool = True
    bodies: dict[Symbol, Knowledge] = field(default_factory=dict[Symbol, Knowledge])

    def run(self) -> Captured:
        """Return the finished module."""
        refused: DiagnosticError | None = None
        for _ in range(MAX_RESTARTS):
            try:
                return self._capture_all()
            except Restart:
                continue
            except DiagnosticError as error:
                refused = refused or error
                if not self._try_without():
                    raise refused from None
        raise DiagnosticError(
            Diagnostic(
                "MC0106",
                f"the program is still not settled after {MAX_RESTARTS} attempts",
                program_location(self.request.program),
                help="simplify how values depend on data",
            )
        )

    def _try_without(self) -> bool:
        """Undo a generalisation that may be why the program is refused; tell if there was one."""
        knowledge = self.knowledge
        if knowledge.functions and not knowledge.follows_calls:
            knowledge.follows_calls = True  # as long as the budget allows
            knowledge.functions.clear()
            self.bodies.clear()
        elif knowledge.growing_cells:
            self.grows = False  # one entry for each length
            knowledge.growing_cells.clear()
        else:
            return False
        return True

    def _capture_all(self) -> Captured:
        functions = self._capture_functions()
        cells = self.knowledge.cells
        initial = {key: self._initial_kind(cell) for key, cell in cells.items()}
        wanted: list[CellKinds] = [self._relevant(initial)]
        captures: list[Capture] = []
        funcs: list[Func] = []
        while len(captures) < len(wanted):
            number = len(captures)
            entry = Capture(self.request, self.knowledge, wanted[number])
            func = entry.run(Symbol("main" if number == 0 else f"main_{number}"))
            captures.append(entry)
            funcs.append(func)
            for outgoing in entry.outgoing:
                if self._add_kinds(wanted, self._relevant(outgoing)):
                    captures, funcs = [], []
                    break
        return _assemble(self.name, self.request, self.knowledge, captures, funcs, functions)

    def _initial_kind(self, cell: StateCell) -> CellKind:
        """Return what `cell` holds at first: nothing that is read if that cannot be kept."""
        try:
            return kind_of_initial(cell, self.knowledge.growing_cells)
        except Unstorable as reason:
            if cell.key not in self.knowledge.read_cells:
                self.knowledge.drop(cell.key)
                return None
            raise DiagnosticError(
                Diagnostic(
                    "MC0101",
                    f"{reason}, and is read before it is written",
                    program_location(self.request.program),
                    help="keep only tensors, numbers, None, and lists, tuples and dicts as state",
                )
            ) from None

    def _capture_functions(self) -> list[tuple[FunctionCapture, Func]]:
        """Return the functions that call themselves, captured until nothing new is known."""
        plans = [plan for plans in self.knowledge.functions.values() for plan in plans]
        while True:
            captured = [self._capture_function(plan) for plan in plans]
            if not any(capture.has_changed for capture, _ in captured):
                break
        for plan in plans:
            if not plan.returns:
                raise refusal(
                    "MC0106",
                    f"`{plan.code.name}` calls itself on every path, and never returns",
                    plan.place,
                    help="return without another call on some path",
                )
        return captured

    def _capture_function(self, plan: FunctionPlan) -> tuple[FunctionCapture, Func]:
        knowledge = self.bodies.setdefault(plan.symbol, self.knowledge.of_function())
        capture = FunctionCapture(self.request, plan, knowledge)
        return capture, capture.run()

    def _relevant(self, kinds: CellKinds) -> CellKinds:
        """Return `kinds` without those of cells that are never read."""
        overwritten = self.knowledge.overwritten_cells
        return {key: None if key in overwritten else kind for key, kind in kinds.items()}

    def _find_overwritten(self, initial: CellKinds, outgoing: CellKinds) -> None:
        """Start over if it is worth a try that a cell of changing type is written before read."""
        knowledge = self.knowledge
        changing = {
            key for key, kind in initial.items() if widened(kind, outgoing[key]) != kind
        } - knowledge.read_cells
        if changing:
            knowledge.overwritten_cells |= changing
            raise Restart("state may be overwritten before it is read")

    def _add_kinds(self, wanted: list[CellKinds], outgoing: CellKinds) -> bool:
        """Make sure that some entry serves `outgoing`; return whether an old one was widened."""
        for position, known in enumerate(wanted):
            wider = _widen(known, outgoing)
            if wider == known:
                return False
            if wider is not None and position > 0:
                wanted[position] = wider
                return True
        self._find_overwritten(wanted[0], outgoing)
        if self.grows:
            self._find_growing(wanted, outgoing)
        if len(wanted) >= MAX_ENTRIES:
            raise DiagnosticError(
                Diagnostic(
                    "MC0106",
                    f"the state between calls takes more than {MAX_ENTRIES} forms",
                    program_location(self.request.program),
                    help="keep the dtype and rank of state the same in all calls",
                )
            )
        wanted.append(outgoing)
        self.knowledge.note("state changes its type between calls: there is one entry for each")
        return False

    def _find_growing(self, wanted: list[CellKinds], outgoing: CellKinds) -> None:
        """Start over if a list in a cell has another length than in some entry."""
        for known in wanted:
            for key, cell in self.knowledge.cells.items():
                for where, element in growing_lists(cell.path, known[key], outgoing[key]):
                    self.knowledge.growing_cells[where] = CellList(element)
                    self.knowledge.note(f"`{where}` is a list that grows from call to call")
                    raise Restart(f"{where} grows")


def _widen(known: CellKinds, other: CellKinds) -> dict[AttributeKey, CellKind] | None:
    """Return kinds that serve both, None if they differ in more than extents."""
    merged = {key: widened(kind, other[key]) for key, kind in known.items()}
    return None if DIFFERENT in merged.values() else merged


# --- the module ---------------------------------------------------------------------------------


def _assemble(
    name: str,
    request: Request,
    knowledge: Knowledge,
    captures: list[Capture],
    funcs: list[Func],
    functions: list[tuple[FunctionCapture, Func]],
) -> Captured:
    module = Module(name)
    weights: dict[Symbol, torch.Tensor] = {}
    constants: dict[str, Symbol] = {}
    every = [*zip(captures, funcs, strict=True), *functions]
    for entry, func in every:
        module.add(func)
        _drop_unused_weights(func)
        for known in _used_weights(entry, func):
            _name_weight(known, module, weights, constants)
    for dims in request.dims.values():
        for dim in dims.values():
            module.dims[dim.name] = DimRange(dim.name, dim.minimum, dim.maximum)
    _add_cells(module, weights, knowledge, captures)
    for _, func in every:
        name_results(func)
    return Captured(module, weights, list(knowledge.notes))


def _drop_unused_weights(func: Func) -> None:
    for op in list(func.body.entry.ops):
        if isinstance(op, LoadWeight) and not op.out.users:
            op.drop()


def _used_weights(entry: Capture | FunctionCapture, func: Func) -> list[TracedWeight]:
    """Return the weights that `func` loads, in the order of its ops."""
    by_op = {id(known.op): known for known in entry.tracer.tensors.all_weights()}
    return [by_op[id(op)] for op in func.body.entry.ops if isinstance(op, LoadWeight)]


def _name_weight(
    known: TracedWeight,
    module: Module,
    weights: dict[Symbol, torch.Tensor],
    constants: dict[str, Symbol],
) -> None:
    assert known.op is not None
    symbol = Symbol(known.name) if known.name else None
    if symbol is None or symbol not in weights:
        described = describe_weight(symbol or Symbol(""), known.data)
        if symbol is None:
            content = f"{described.type} {described.digest}"
            symbol = constants.setdefault(content, Symbol(f"constant_{len(constants)}"))
        described = type(described)(symbol, described.type, described.digest)
        module.weights[symbol] = described
        weights[symbol] = known.data.detach()
    known.op.symbol = symbol


def _add_cells(
    module: Module,
    weights: dict[Symbol, torch.Tensor],
    knowledge: Knowledge,
    captures: list[Capture],
) -> None:
    paths: dict[str, str] = {}
    symbols: dict[AttributeKey, dict[str, None]] = {}
    for key, cell in knowledge.cells.items():
        if key in knowledge.dropped_cells:
            knowledge.note(f"`{cell.path}` is written before it is read, and not kept")
            continue
        kinds = [kind_of_initial(cell, knowledge.growing_cells)]
        kinds += [kinds[cell.key] for entry in captures for kinds in (entry.kinds, *entry.outgoing)]
        parts = [part for kind in kinds for part in parts_of(cell.path, kind)]
        paths.update((part.symbol, part.path) for part in parts)
        symbols[cell.key] = dict.fromkeys(part.symbol for part in parts)
        held = None if cell.initial is ABSENT else cell.initial
        initial = {part.symbol: value for part, value in values_of(cell.path, kinds[0], held)}
        if kinds == [None]:
            paths[cell.path] = cell.path
        for symbol in [symbol for symbol in paths if symbol not in module.cells]:
            content = _initial_content(symbol, initial.get(symbol), module, weights)
            module.cells[Symbol(symbol)] = Cell(Symbol(symbol), paths[symbol], content)
    kept = knowledge.overwritten_cells - knowledge.dropped_cells
    for key in kept:
        knowledge.note(f"`{knowledge.cells[key].path}` is written before it is read")
    overwritten = {symbol for key in kept for symbol in symbols[key]}
    for entry, func in zip(captures, module.entries, strict=True):
        known = overwritten.union(entry.initial_values)
        func.absent_cells = tuple(symbol for symbol in module.cells if symbol not in known)
        for op, replaced in entry.replaced:
            rest = [s for cell in replaced for s in symbols[cell.key] if s not in op.cells]
            op.cleared_cells += tuple(map(Symbol, rest))


def _initial_content(
    name: str, value: Any, module: Module, weights: dict[Symbol, torch.Tensor]
) -> Any:
    """Return what a cell holds before the first call; tensors become weights."""
    if isinstance(value, list):
        items = cast("list[Any]", value)
        named = [(f"{name}[{number}]", item) for number, item in enumerate(items)]
        return tuple(_initial_content(symbol, item, module, weights) for symbol, item in named)
    if not isinstance(value, torch.Tensor):
        return value
    symbol = Symbol(name)
    if symbol not in weights:
        module.weights[symbol] = describe_weight(symbol, value)
        weights[symbol] = value.detach()
    return symbol
