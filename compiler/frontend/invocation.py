"""Calls of functions that call themselves: when to stop following them, and what stands for one."""

from __future__ import annotations

from typing import Any

from torch.utils import _pytree as pytree

from ...ir import Symbol, Type, Value
from ...ir.host import Invoke
from .cell_kinds import MARK, CellKind, CellTensor, Part, build, parts_of
from .failures import Restart
from .guards import is_guarded
from .machine import Machine, Outcome
from .recursion import MAX_PLANS, Arguments, FunctionPlan, arguments_of
from .registers import deliver
from .scalars import number_kind
from .state import PRELUDE_FILES, Frame, ResultUse, State
from .tensors import tensor_type
from .torch_internals import is_traced

_FOLLOWED = 1
"""How many calls of a function by itself are followed where only data can end them."""

_FOLLOWED_FAR = 5
"""How many are followed where a known number or extent changes from call to call."""


def invoke_instead(machine: Machine, state: State, frame: Frame) -> Outcome | None:
    """Emit an invocation in place of the call `frame`; None if the call is to be followed."""
    plans = machine.knowledge.functions.get(id(frame.code), [])
    outer = [other for other in state.frames if other.code is frame.code]
    takes_result = frame.result_use is ResultUse.DESTINATION and frame.constructed is None
    if not state.frames or not (plans or outer) or not takes_result:
        return None
    arguments = arguments_of(machine.tracer, machine.owned, machine.foreign.objects, frame)
    if arguments is None:
        return None
    for plan in plans:
        if plan.arguments.skeleton == arguments.skeleton:
            return _invoke(machine, state, plan, arguments)
    frame.arguments = arguments
    if _recurs(machine, state, outer, arguments) and len(plans) < MAX_PLANS:
        _make_plan(machine, frame, outer[-1].arguments, arguments)
    return None


def _recurs(machine: Machine, state: State, outer: list[Frame], arguments: Arguments) -> bool:
    """Tell whether following the calls has no end in sight."""
    before = [frame.arguments for frame in outer if frame.arguments is not None]
    if len(before) < _FOLLOWED or outer[0].code.instructions[0].location.file in PRELUDE_FILES:
        return False
    if state.forks <= outer[-1].forks_at_entry:
        return False
    if any(each.skeleton != arguments.skeleton for each in before[-_FOLLOWED:]):
        return False
    if machine.knowledge.follows_calls:
        return len(state.frames) + 2 >= machine.limits.depth
    known = before[-1].known(machine.tracer) == arguments.known(machine.tracer)
    return known or len(before) >= _FOLLOWED_FAR


def _make_plan(
    machine: Machine, frame: Frame, before: Arguments | None, arguments: Arguments
) -> None:
    code = frame.code
    count = sum(map(len, machine.knowledge.functions.values()))
    place = machine.tracer.location()
    plan = FunctionPlan(
        Symbol(f"{code.name.strip('<>')}_{count}"),
        code,
        frame.module_globals,
        frame.module_path,
        place,
        arguments,
        machine.owned,
    )
    if before is not None:
        plan.absorb(machine.tracer, before)
    plan.absorb(machine.tracer, arguments)
    machine.knowledge.functions.setdefault(id(code), []).append(plan)
    machine.knowledge.note(f"`{code.name}` calls itself: it is a function of its own", place)
    raise Restart(f"{code.name} is a function of its own")


def _invoke(machine: Machine, state: State, plan: FunctionPlan, arguments: Arguments) -> Outcome:
    if plan.absorb(machine.tracer, arguments):
        raise Restart(f"{plan.symbol} takes other arguments")
    if not plan.returns:
        return Outcome.STOP  # no path that returns is known yet: this one is left out
    _check_exceptions(machine, state, plan)
    passed = [leaf for path, leaf in arguments.leaves.items() if plan.passes(path)]
    inputs = tuple(_value(machine, leaf) for leaf in passed)
    parts = [part for part in parts_of("result", plan.result) if part.kind is not MARK]
    fakes = {part.symbol: _fake(machine, part.kind) for part in parts}
    op = Invoke(
        inputs=inputs,
        callee=plan.symbol,
        result_types=[_type(part, fakes) for part in parts],
        loc=machine.tracer.location(),
    )
    machine.tracer.emit(op)
    values = dict(zip([part.symbol for part in parts], op.results, strict=True))

    def leaf(where: str, kind: CellKind) -> Any:
        if isinstance(kind, type):
            return machine.tracer.scalars.fresh(kind, values[where])
        return machine.tracer.tensors.wrap(fakes[where], values[where])

    result = build(plan.result, "result", leaf) if parts or plan.result is not None else None
    if plan.may_alias:
        _lose_aliases(machine, passed, result)
    return deliver(state, result)


def _check_exceptions(machine: Machine, state: State, plan: FunctionPlan) -> None:
    """Refuse to invoke what may raise where the program sees more of that than its caller does.

    Errors of operations count for handlers, since no function is known to be free of them.
    """
    guarded = is_guarded(state)
    if not guarded and not (plan.may_raise and machine.has_writes(state)):
        return
    what = "caught" if guarded else "raised after state or an input was written"
    raise machine.tracer.refuse(
        "MC0101",
        f"an exception of `{plan.code.name}`, which calls itself, may be {what}",
        help="return a flag that says what is wrong, instead of raising an exception",
    )


def _value(machine: Machine, leaf: Any) -> Value:
    if is_traced(leaf):
        return machine.tracer.tensors.value(machine.tracer.contiguous(leaf))
    return machine.tracer.scalars.value(leaf)


def _fake(machine: Machine, kind: CellKind) -> Any:
    if not isinstance(kind, CellTensor):
        return None
    shape = [machine.tracer.shapes.fresh_size() if n is None else n for n in kind.shape]
    return machine.tracer.tensors.fake_of_type(shape, kind.dtype, kind.device)


def _type(part: Part, fakes: dict[str, Any]) -> Type:
    if isinstance(part.kind, CellTensor):
        return tensor_type(fakes[part.symbol])
    assert isinstance(part.kind, type)
    return number_kind(part.kind)


def _lose_aliases(machine: Machine, passed: list[Any], result: Any) -> None:
    """Forbid to change in place what may share memory now."""
    for value in [*passed, *pytree.tree_leaves(result)]:
        if is_traced(value):
            machine.tracer.tensors.lose_alias(value)
