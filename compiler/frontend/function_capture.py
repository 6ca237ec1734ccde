"""Capture the body of a function that calls itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ...diagnostics import DiagnosticError
from ...ir import Func, Value
from ...ir import structure as ir
from ...ir.host import Raise, Return
from .builtins import BUILTINS
from .cell_kinds import MARK, CellKind, cell_tensor, children_of, is_storable, kind_of, values_of
from .entry import Request, register_program
from .guards import is_guarded
from .knowledge import Knowledge
from .machine import Machine
from .objects import is_a
from .open_sizes import open_sizes
from .recursion import Filler, FunctionPlan
from .scalars import is_number, number_kind, number_type
from .state import Frame, State
from .steps import execute
from .tensors import tensor_type
from .torch_internals import Tensor, exact_slices, is_traced, portable_kernels, quiet, storage_key
from .tracer import Tracer
from .traversal import Path


@dataclass(eq=False)
class FunctionCapture:
    """Capture the local function of `plan`; `has_changed` tells whether more is known of it now."""

    request: Request
    plan: FunctionPlan
    knowledge: Knowledge
    has_changed: bool = False
    params: list[tuple[Tensor, Value]] = field(default_factory=lambda: [])
    containers: list[Any] = field(default_factory=lambda: [])

    def __post_init__(self) -> None:
        tracer = Tracer(self.request.names, self.request.decompositions)
        self.machine = Machine(tracer, self.knowledge, self.request.limits, execute, BUILTINS)
        self.machine.is_local = True
        self.machine.finish = self._finish
        self.machine.before_raise = self._note_raise
        tracer.refuses_asserts = lambda: is_guarded(tracer.state)

    @property
    def tracer(self) -> Tracer:
        """What records the function."""
        return self.machine.tracer

    def run(self) -> Func:
        """Return the function; DiagnosticError with all reasons why there is none."""
        machine, plan = self.machine, self.plan
        register_program(machine, self.request.program)
        state = State(self.tracer.new_block())
        self.tracer.activate(state)
        try:
            with portable_kernels(), open_sizes(), exact_slices(), quiet():
                registers = self._fill(state)
                activation = machine.next_activation()
                frame = Frame(
                    plan.code,
                    registers,
                    plan.module_globals,
                    activation,
                    None,
                    plan.module_path,
                    0,
                )
                state.frames.append(frame)
                machine.run(state)
        finally:
            machine.swapper.restore()
        if machine.diagnostics:
            raise DiagnosticError(*machine.diagnostics)
        region = self.tracer.region
        region.blocks[:] = [block for block in region.blocks if block.ops]
        for position, op in enumerate(self.tracer.tensors.preamble):
            region.entry.insert(position, op)
        return Func(plan.symbol, "local", region, loc=plan.place)

    # --- arguments ---

    def _fill(self, state: State) -> dict[str, Any]:
        values = {path: self._argument(path, state) for path in self.plan.arguments.leaves}
        filler = Filler(self.plan.owned, self.machine.foreign.objects, values)
        registers = filler.copy(self.plan.arguments.template, ())
        self.containers = [made for made in filler.made if made is not registers]
        state.containers += self.containers
        return registers

    def _argument(self, path: Path, state: State) -> Any:
        plan = self.plan
        if not plan.passes(path):
            return plan.numbers[path]
        name = ".".join(str(part) for part in path).removeprefix("&")
        if path not in plan.tensors:
            kind = plan.kinds[path]
            return self.tracer.scalars.fresh(
                kind, state.block.add_argument(number_kind(kind), name)
            )
        kind = plan.tensors[path]
        shape = [self.tracer.shapes.fresh_size() if n is None else n for n in kind.shape]
        fake = self.tracer.tensors.fake_of_type(shape, kind.dtype, kind.device)
        argument = state.block.add_argument(tensor_type(fake), name)
        traced = self.tracer.tensors.wrap(fake, argument)
        self.params.append((traced, argument))
        state.inputs.append(traced)
        return traced

    # --- results ---

    def _finish(self, state: State, value: Any) -> None:
        self._check_arguments(state)
        if not is_storable(value) or self._holds_argument(state, value):
            raise self.tracer.refuse(
                "MC0101",
                f"`{self.plan.code.name}`, which calls itself, returns a {type(value).__name__}",
                help="return tensors, numbers, None, and tuples of these",
            )
        kind = kind_of("result", value, self._leaf_kind)
        self.has_changed |= self.plan.absorb_result(kind, self.tracer.location())
        outputs: list[Value] = []
        for part, content in values_of("result", kind, value):
            if part.kind is not MARK:
                outputs.append(self._output(content))
        leaves = tuple(ir.Leaf(number) for number in range(len(outputs)))
        structure = ir.Sequence("tuple", leaves)
        location = self.tracer.location()
        state.block.append(Return(outputs=tuple(outputs), structure=structure, loc=location))

    def _check_arguments(self, state: State) -> None:
        for traced, (_, argument) in zip(state.inputs, self.params, strict=True):
            if self.tracer.tensors.value(traced) is not argument:
                raise self.tracer.refuse(
                    "MC0104",
                    f"`{self.plan.code.name}`, which calls itself, changes an argument in place",
                    help="clone the argument first, or use the out-of-place operation",
                )

    def _holds_argument(self, state: State, value: Any) -> bool:
        if any(value is given for given in state.containers):
            return True
        if not is_a(value, (list, tuple, dict)):
            return False
        return any(self._holds_argument(state, item) for item in children_of(value).values())

    def _leaf_kind(self, where: str, value: Any) -> CellKind:
        del where
        if is_traced(value):
            return cell_tensor(self.tracer.tensors.fake(value))
        if is_number(value):
            return number_type(value)
        if value is not None and not isinstance(value, (list, tuple, dict)):
            raise self.tracer.refuse(
                "MC0101",
                f"`{self.plan.code.name}`, which calls itself, returns a list that grows",
                help="combine it by torch.stack or torch.cat",
            )
        return None

    def _output(self, content: Any) -> Value:
        if not is_traced(content):
            return self.tracer.scalars.value(content)
        self._note_aliases(content)
        return self.tracer.tensors.value(self.tracer.contiguous(content))

    def _note_aliases(self, tensor: Tensor) -> None:
        tensors = self.tracer.tensors
        shares = tensors.aliases_weight(tensor) or tensors.has_lost_alias(tensor)
        storages = {storage_key(param) for param in self.tracer.state.inputs}
        if (shares or storage_key(tensor) in storages) and not self.plan.may_alias:
            self.plan.may_alias = self.has_changed = True

    def _note_raise(self, state: State, op: Raise) -> None:
        del op
        self._check_arguments(state)
        self.has_changed |= not self.plan.may_raise
        self.plan.may_raise = True
