"""The abstract machine: it runs states, forks them, and joins them in order of their position."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, TypeAlias

import sympy
import torch

from ...diagnostics import Diagnostic, DiagnosticError, Location
from ...ir import Block, Successor, Value
from ...ir.host import CondBranch, Raise, Switch
from .back_edges import close_loop
from .failures import LoopRetry, NeedConcrete, ProgramError, Restart, Undecided, refusal
from .foreign import ForeignObjects
from .fork import clone_state
from .hir import Loop, LoopHeader
from .join import join_states
from .knowledge import Knowledge, LoopPlan
from .lists import Lists
from .loop_headers import open_loop
from .loops import may_be_dynamic, observe, run_loop
from .objects import DynamicList, Element
from .origins import JoinPlace, Origins
from .questions import add_answer
from .refusals import NEEDS_VALUE, reason
from .scalars import UnknownExpression, is_number
from .schedule import Scope, Worklist
from .showing import fill_values, text_of_error
from .state import SUSPENDED, Frame, PositionKey, ResultUse, State
from .swap import WeightSwapper
from .torch_internals import (
    DATA_DEPENDENT_ERRORS,
    data_dependent_symbols,
    expression_of,
    is_torch_file,
    is_traced,
)
from .tracer import Tracer
from .traversal import OwnedObjects, Path, StateCopier

OUR_ERRORS = (
    DiagnosticError,
    Restart,
    LoopRetry,
    NeedConcrete,
    ProgramError,
    Undecided,
    UnknownExpression,
)


_SYMBOL = re.compile(r"\bu\d+\b")
"""How torch's messages name a size that depends on data."""


class Outcome(Enum):
    """What the machine does after an instruction."""

    NEXT = auto()
    STAY = auto()
    STOP = auto()


Builtin: TypeAlias = Callable[["Machine", State, list[Any], dict[str, Any]], Outcome]
"""What the machine does instead of calling a function: it delivers the result, or pushes a call."""


@dataclass(frozen=True)
class Limits:
    """Budgets of one capture; `unroll` is the longest range that always becomes straight code.

    `iterations` bounds those of a loop whose end depends on no data, so that one without end ends.
    """

    blocks: int = 4000
    iterations: int = 10_000
    variants: int = 16
    depth: int = 60
    unroll: int = 16


class Machine:
    """Run one entry of a program, with what earlier runs learned."""

    def __init__(
        self,
        tracer: Tracer,
        knowledge: Knowledge,
        limits: Limits,
        execute: Callable[[Machine, State], Outcome],
        builtins: Mapping[Any, Builtin],
    ) -> None:
        self.tracer = tracer
        self.knowledge = knowledge
        self.limits = limits
        self.owned = OwnedObjects()
        self.foreign = ForeignObjects(tracer.tensors)
        self.lists = Lists(tracer, self.owned, self.foreign.objects)
        self.origins = Origins(tracer)
        self.lists.inherit_origin = self.origins.inherit
        self.lists.on_misfit = self._generalise_list
        self.swapper = WeightSwapper(tracer.tensors)
        self.worklist = Worklist()
        self.scopes: list[Scope] = []
        self.batches: dict[Value, Any] = {}
        self.diagnostics: dict[Diagnostic, None] = {}
        self.finish: Callable[[State, Any], None] = _no_finish
        self.before_raise: Callable[[State, Raise], None] = _no_check
        self.has_writes: Callable[[State], bool] = _has_none
        self.is_local = False
        self.last_branch: Location | None = None
        self.builtins = builtins
        self._execute = execute
        self._activations = 0
        self._identity_losses: dict[int, PositionKey] = {}
        self._implicit_errors: dict[int, BaseException] = {}

    # --- scheduling ---

    def run(self, state: State) -> None:
        """Run `state` and all that become of it to their ends."""
        self.schedule(state)
        self._drain(self.worklist)

    def drain(self, scope: Scope) -> None:
        """Run everything that waits inside of a loop."""
        self._drain(scope.worklist)

    def _drain(self, worklist: Worklist) -> None:
        while worklist.keys:
            key, states = worklist.pop()
            try:
                joined = join_states(self, key, states)
            except DiagnosticError as error:
                self.report(error)
                continue
            except NeedConcrete as need:
                self._guard(lambda need=need: self.specialise(need))
                continue
            self._check_budgets(joined)
            for state in joined:
                self.run_state(state)

    def schedule(self, state: State) -> None:
        """Let `state`, which need not be active, wait for its turn."""
        if state.knowledge is None:
            state.knowledge = self.tracer.shapes.snapshot()
        if not self.scopes:
            self.worklist.add(state)
        elif self.scopes[-1].contains(state):
            self.scopes[-1].worklist.add(state)
        else:
            self.scopes[-1].exits.append(state)

    def pause(self, state: State) -> Outcome:
        """Let the active `state` wait, unless it would be next anyway."""
        inside = not self.scopes or self.scopes[-1].contains(state)
        worklist = self.scopes[-1].worklist if self.scopes else self.worklist
        if inside and worklist.is_before_all(state):
            return Outcome.STAY
        state.knowledge = self.tracer.shapes.snapshot()
        self.schedule(state)
        return Outcome.STOP

    def run_state(self, state: State) -> None:
        """Run `state` until it waits, forks or ends; what the user did wrong is reported."""
        self._guard(lambda: self._run(state))

    def _guard(self, action: Callable[[], None]) -> None:
        try:
            action()
        except DiagnosticError as error:
            self.report(error)

    def _run(self, state: State) -> None:
        self.tracer.activate(state)
        while True:
            outcome = Outcome.STOP
            try:
                outcome = self._step(state)
            except ProgramError as error:
                outcome = self.throw(state, error)
            except NeedConcrete as need:
                self.specialise(need)
            except UnknownExpression as unknown:
                raise self.tracer.refuse(
                    "MC0102",
                    f"a number that depends on data cannot be computed: {unknown}",
                    help=NEEDS_VALUE,
                ) from None
            except Undecided as question:
                outcome = self._answer(state, question.condition)
            except DATA_DEPENDENT_ERRORS as error:
                self.specialise(NeedConcrete(data_dependent_symbols(error), ""))
            if outcome is Outcome.STOP:
                return
            if self.scopes and not self.scopes[-1].contains(state):
                self.pause(state)
                return

    def _answer(self, state: State, condition: torch.SymBool) -> Outcome:
        """Branch on what torch must know, and execute the instruction again in each arm."""
        asked = self.tracer.shapes.resolve(expression_of(condition))

        def answer(holds: bool) -> Callable[[State], None]:
            return lambda arm: add_answer(arm.frame, asked, holds)

        arms = [(state.frame.counter, answer(holds)) for holds in (True, False)]
        try:
            if asked not in state.facts:
                return self.branch(state, condition, arms)
        except UnknownExpression:
            pass  # a relation of what is not known to the program
        self.specialise(NeedConcrete(frozenset(asked.free_symbols), ""))
        return Outcome.STOP

    def _step(self, state: State) -> Outcome:
        instruction = state.frame.instruction
        if state.pending_error is not None:
            error, state.pending_error = state.pending_error, None
            raise ProgramError(error, explicit=True)
        if isinstance(instruction, LoopHeader):
            return self._enter_loop(state, instruction)
        outcome = self._execute(self, state)
        return self.go_on(state) if outcome is Outcome.NEXT else outcome

    def report(self, error: DiagnosticError) -> None:
        """Remember why a path cannot be compiled; the others go on."""
        self.diagnostics.update(dict.fromkeys(error.diagnostics))

    def _check_budgets(self, states: Sequence[State]) -> None:
        if len(states) > self.limits.variants:
            raise refusal(
                "MC0106",
                f"more than {self.limits.variants} versions of the program result from this",
                self.last_branch or states[0].location(),
                help="keep the same variables, types, keys and lengths of lists on all paths",
            )
        if len(self.tracer.region.blocks) > self.limits.blocks:
            self.tracer.activate(states[0])
            raise self.tracer.refuse(
                "MC0106",
                f"the program has more than {self.limits.blocks} basic blocks",
                help="replace Python branching on single elements by tensor operations",
            )

    # --- control flow ---

    def go_on(self, state: State) -> Outcome:
        """Continue behind the current instruction."""
        frame = state.frame
        following = frame.counter + 1
        if following in frame.code.merge_points:
            return self.go_to(state, following)
        frame.counter = following
        return Outcome.STAY

    def go_to(self, state: State, target: int) -> Outcome:
        """Continue at the program counter `target`."""
        frame = state.frame
        for loop in frame.code.enclosing[frame.counter]:
            if not loop.contains(target):
                self._leave_loop(state, loop)
        if isinstance(frame.code.instructions[target], LoopHeader):
            outcome = self._reach_header(state, target)
            if outcome is Outcome.STOP:
                return outcome
        frame.counter = target
        return self.pause(state) if target in frame.code.merge_points else Outcome.STAY

    def _leave_loop(self, state: State, loop: Loop) -> None:
        observe(self, state, loop, "exit")
        state.frame.iterations.pop(loop.header, None)
        state.frame.loop_forks.pop(loop.header, None)

    def _reach_header(self, state: State, header: int) -> Outcome:
        frame = state.frame
        loop = frame.code.enclosing[header][-1]
        if not loop.contains(frame.counter):
            frame.iterations[header] = 0
            frame.loop_forks[header] = state.forks
            return Outcome.STAY
        observe(self, state, loop, "back")
        scope = self.scope_of(frame, loop)
        iteration = frame.iterations.get(header, 0)
        if iteration == SUSPENDED:
            frame.loop_forks[header] = state.forks
        if scope is not None and scope.plan.dynamic and iteration > scope.plan.peel:
            frame.counter = header
            return Outcome.STOP if close_loop(self, scope, state) else Outcome.STAY
        if iteration == self.limits.iterations:
            raise self.tracer.refuse(
                "MC0106",
                f"this loop has run {iteration} times while compiling, and no tensor ends it",
                help="let its condition, or a `break`, depend on a tensor, or run it less often",
            )
        frame.iterations[header] = iteration + 1
        return Outcome.STAY

    def _enter_loop(self, state: State, header: LoopHeader) -> Outcome:
        frame = state.frame
        loop = frame.code.enclosing[frame.counter][-1]
        scope = self.scope_of(frame, loop)
        iteration = frame.iterations.get(loop.header, 0)
        if scope is None and iteration == 0 and may_be_dynamic(self, frame, header):
            run_loop(self, state, loop)
            return Outcome.STOP
        if scope is not None and scope.plan.dynamic and iteration == scope.plan.peel:
            open_loop(self, scope, state)
        return self.go_on(state)

    def scope_of(self, frame: Frame, loop: Loop) -> Scope | None:
        """Return the scope in which `loop` of this call runs, if it has one."""
        for scope in reversed(self.scopes):
            if scope.is_of(frame, loop):
                return scope
        return None

    def new_block(self, location: Location) -> Block:
        """Append an empty block."""
        del location
        return self.tracer.new_block()

    # --- branches ---

    def branch(
        self,
        state: State,
        condition: torch.SymBool,
        arms: Sequence[tuple[int, Callable[[State], None] | None]],
    ) -> Outcome:
        """Fork at a data-dependent `condition`: go to `arms[0]` if it holds, else to `arms[1]`.

        The action of an arm runs on its state first.
        """
        value = self.tracer.scalars.value(condition)
        expression = self.tracer.shapes.resolve(expression_of(condition))
        location = self.last_branch = self.tracer.location()
        states = self._copies(state, 2)
        blocks = [self.new_block(location) for _ in states]
        state.block.append(
            CondBranch(
                condition=value,
                on_true=Successor(blocks[0]),
                on_false=Successor(blocks[1]),
                loc=location,
            )
        )
        for index, (arm, block) in enumerate(zip(states, blocks, strict=True)):
            arm.block = block
            arm.facts[expression] = index == 0
            arm.facts.update(self.tracer.scalars.orders.implied(expression, holds=index == 0))
            self._enter_arm(arm, expression if index == 0 else sympy.Not(expression), arms[index])
        return Outcome.STOP

    def _copies(self, state: State, count: int) -> list[State]:
        """Return `count` independent states; the last is `state` itself."""
        state.forks += 1
        copies = [clone_state(self, state) for _ in range(count - 1)]
        state.knowledge = self.tracer.shapes.snapshot()
        return [*copies, state]

    def _enter_arm(
        self, state: State, condition: Any, arm: tuple[int, Callable[[State], None] | None]
    ) -> None:
        self.tracer.activate(state)
        self.tracer.shapes.assume(condition)
        state.knowledge = self.tracer.shapes.snapshot()
        target, action = arm
        if action is not None:
            action(state)
        if self.go_to_later(state, target):
            self.schedule(state)

    def go_to_later(self, state: State, target: int) -> bool:
        """Place `state` at `target`; return whether it is still to be scheduled."""
        frame = state.frame
        if target == frame.counter:
            return True
        for loop in frame.code.enclosing[frame.counter]:
            if not loop.contains(target):
                self._leave_loop(state, loop)
        if isinstance(frame.code.instructions[target], LoopHeader):
            if self._reach_header(state, target) is Outcome.STOP:
                return False
        frame.counter = target
        return True

    def switch(
        self, state: State, index: torch.SymInt, count: int, action: Callable[[State, int], None]
    ) -> Outcome:
        """Fork by the value of `index`, 0 to `count - 1`; `action` prepares each case."""
        value = self.tracer.scalars.value(index)
        expression = self.tracer.shapes.resolve(expression_of(index))
        location = self.tracer.location()
        states = self._copies(state, count)
        blocks = [self.new_block(location) for _ in states]
        cases = tuple(Successor(block) for block in blocks)
        state.block.append(Switch(index=value, cases=cases, loc=location))
        for number, (case, block) in enumerate(zip(states, blocks, strict=True)):
            case.block = block
            self.tracer.activate(case)
            action(case, number)
            low, high = self.tracer.shapes.bounds(index)
            if low is not None and 0 <= low <= number and (high is None or number <= high):
                self.tracer.shapes.assume(sympy.Eq(expression, number))
            case.knowledge = self.tracer.shapes.snapshot()
            if self.go_to_later(case, case.frame.counter + 1):
                self.schedule(case)
        return Outcome.STOP

    # --- calls ---

    def push(self, state: State, frame: Frame) -> Outcome:
        """Begin a call."""
        if len(state.frames) >= self.limits.depth:
            raise self.tracer.refuse(
                "MC0106",
                f"calls are nested more than {self.limits.depth} deep",
                help="pass and return tensors, numbers, and tuples of these, or write a loop",
            )
        state.frames.append(frame)
        return Outcome.STAY

    def next_activation(self) -> int:
        """Return a number for a new call."""
        self._activations += 1
        return self._activations

    def leave(self, state: State, value: Any) -> Outcome:
        """End the innermost call with `value`."""
        frame = state.frame
        for loop in frame.code.enclosing[frame.counter]:
            observe(self, state, loop, "exit")
        value = value if frame.constructed is None else frame.constructed
        if len(state.frames) == 1:
            self._refuse_unfinished(state)
            self.finish(state, value)
            return Outcome.STOP
        state.frames.pop()
        if frame.generator is not None:
            return self._end_generator(state, frame, value)
        return self.hand_back(state, frame, value)

    def _refuse_unfinished(self, state: State) -> None:
        """Refuse to end while a generator still owes what its `finally` or `with` does."""
        for generator in state.unfinished:
            raise self.tracer.refuse(
                "MC0101",
                f"the generator `{generator.frame.code.name}` is left inside of a `try` or `with`",
                help="iterate over its call in a `for` loop, or call its `close()`",
            )

    def _end_generator(self, state: State, frame: Frame, value: Any) -> Outcome:
        """End the generator that ran in `frame`, which has left the stack, with `value`."""
        frame.generator.finish(value)
        if frame.result_use is ResultUse.STEP:
            return self.go_on_at(state, frame, state.frame.instruction.targets[1])
        if frame.result_use is ResultUse.CLOSE:
            return Outcome.STAY
        arguments = () if value is None else (value,)
        raise ProgramError(StopIteration(*arguments), explicit=True)

    def go_on_at(self, state: State, frame: Frame, target: int) -> Outcome:
        """Go to `target` in the caller of `frame`; paths that forked in there join first."""
        outcome = self.go_to(state, target)
        forked = state.forks > frame.forks_at_entry
        return self.pause(state) if forked and outcome is Outcome.STAY else outcome

    def hand_back(self, state: State, frame: Frame, value: Any) -> Outcome:
        """Give `value` to the caller of `frame`, which has left the stack."""
        caller = state.frame
        destination = caller.instruction.destination
        forked = state.forks > frame.forks_at_entry
        if frame.result_use is ResultUse.HAND_OVER:
            caller.handed = value
            return self.pause(state) if forked else Outcome.STAY
        if destination is not None and frame.result_use is not ResultUse.DROP:
            caller.registers[destination] = value
        following = caller.counter + 1
        if not forked or following in caller.code.merge_points:
            return self.go_on(state)
        caller.counter = following
        return self.pause(state)

    # --- exceptions ---

    def throw(self, state: State, error: ProgramError) -> Outcome:
        """Go to the handler of an exception; without one, the call ends by raising it."""
        origin = self.tracer.location()
        if not error.explicit:
            self._implicit_errors[id(error.error)] = error.error
        catchable = error.certain or not _may_be_ours(error.error)
        if not catchable or not _is_caught(state, error):
            return self._end_by_raising(state, _seen_by_caller(state, error), origin)
        while (handler := _handler(state.frame)) is None:
            for loop in state.frame.code.enclosing[state.frame.counter]:
                observe(self, state, loop, "exit")
            frame = state.frames.pop()
            if frame.generator is not None:
                frame.generator.finish(None)
                if _is_closed_by(frame, error):
                    return Outcome.STAY
                error = error.outside_of_generator()
        state.exception = error.error
        return self.go_to(state, handler)

    def _end_by_raising(self, state: State, error: ProgramError, origin: Location) -> Outcome:
        name = type(error.error).__qualname__
        if id(error.error) in self._implicit_errors:
            self._split_sizes_in(str(error.error))
            code, message, advice = reason(error.error)
            raise self.tracer.refuse(code, message, help=advice)
        self._refuse_unfinished(state)
        for loop in state.frame.code.enclosing[state.frame.counter]:
            observe(self, state, loop, "exit")
        exception = f"{type(error.error).__module__}:{name}"
        message, values = self.message_of(error.error)
        op = Raise(exception=exception, message=message, values=values, loc=origin)
        self.before_raise(state, op)
        state.block.append(op)
        return Outcome.STOP

    def _split_sizes_in(self, message: str) -> None:
        """Keep paths apart at the joins that made a size which torch complains about."""
        for name in _SYMBOL.findall(message):
            self._split(self.origins.joins(self.origins.named(name)))

    def python(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Return `function(*args, **kwargs)`; what it raises is raised by the program."""
        try:
            return function(*args, **kwargs)
        except (*OUR_ERRORS, *DATA_DEPENDENT_ERRORS):
            raise
        except Exception as error:
            raise ProgramError(error, explicit=False) from error

    def message_of(self, error: BaseException) -> tuple[str, tuple[Value, ...]]:
        """Return the message of an exception: a template and the values in it.

        One that holds a number which it shows in its own way has that value and no message.
        """
        if isinstance(error, KeyError) and len(error.args) == 1 and is_number(error.args[0]):
            return "", (self.tracer.scalars.value(error.args[0]),)
        text = text_of_error(self.tracer, error)
        if isinstance(text, str):
            return text, ()
        return fill_values(self.tracer, text)

    # --- knowledge ---

    def remember_identity_loss(self, tensor: Any, key: PositionKey) -> None:
        """Remember at which join it became unknown which variables hold the same tensor."""
        self._identity_losses[id(tensor)] = key

    def is_same(self, left: Any, right: Any) -> bool:
        """Return `left is right`; paths are kept apart where the answer differs between them."""
        inputs = {id(tensor) for tensor in self.tracer.state.inputs}
        if left is not right and {id(left), id(right)} <= inputs:
            raise self.tracer.refuse(
                "MC0102",
                "whether two inputs are the same tensor depends on the caller",
                help="pass a flag as an input",
            )
        for value in (left, right):
            key = self._identity_losses.get(id(value))
            if key is not None and is_traced(left) and is_traced(right):
                self.knowledge.identities.add(key)
                raise Restart("whether two variables are the same tensor must be known")
        if left is not right and is_traced(left) and is_traced(right):
            if any(map(self.tracer.tensors.has_lost_alias, (left, right))):
                raise self.tracer.refuse(
                    "MC0102",
                    "whether a tensor is the one that a list holds is not known",
                    help="compare positions in the list, or flags",
                )
        return left is right

    def specialise(self, need: NeedConcrete) -> None:
        """Run again such that the symbols have concrete values, or refuse."""
        for symbol in sorted(need.symbols, key=str):
            plan = self.origins.loop(symbol)
            if plan is not None:
                self._unroll(plan)
            self._fork_choice(symbol)
            self._split(self.origins.joins(symbol))
        raise refusal(
            "MC0102",
            need.purpose or "Python needs a value here that depends on tensor data",
            need.place or self.tracer.location(),
            help=NEEDS_VALUE,
        )

    def _fork_choice(self, symbol: Any) -> None:
        """Run again with a path for each string that a container holds, unless there is."""
        place = self.origins.choice(symbol)
        if place is None or place in self.knowledge.forked_choices:
            return
        self.knowledge.forked_choices.add(place)
        self.knowledge.note("a string must be known here: paths fork", self.tracer.location())
        raise Restart("a string must be known")

    def _split(self, origins: Sequence[JoinPlace]) -> None:
        """Run again with the paths apart at the joins that made a number, unless they are."""
        kept = [self.knowledge.splits.setdefault(key, set()) for key, _ in origins]
        if all(path in paths for (_, path), paths in zip(origins, kept, strict=True)):
            return
        for (_, path), paths in zip(origins, kept, strict=True):
            paths.add(path)
        self.knowledge.note("a number must be known here: paths stay apart", self.tracer.location())
        raise Restart("a number must be known")

    def _unroll(self, plan: LoopPlan) -> None:
        plan.dynamic, plan.unroll = False, True
        plan.forget_generalisations()
        self.knowledge.note("a loop is unrolled: its counter must be known", self.tracer.location())
        self._retry(plan)

    def _retry(self, plan: LoopPlan) -> None:
        for scope in self.scopes:
            if scope.plan is plan:
                raise LoopRetry(scope)
        raise Restart("a loop is run differently")

    def _generalise_list(self, value: DynamicList, element: Element) -> None:
        """Let a list that a loop carries hold more general elements from the beginning."""
        if value.home is not None:
            plan, path = value.home
            plan.lists[path] = element
            self._retry(plan)

    def note_lists(self, state: State) -> None:
        """Explain why a list is no longer one of known length."""
        self.knowledge.note("the length of a list depends on data from here on", state.location())

    def note_variants(self, states: Sequence[State], surveys: Sequence[StateCopier]) -> None:
        """Explain why paths that meet do not merge."""
        if any(state.pending_error for state in states):
            return
        state = states[0]
        difference = _first_difference(surveys[0].tokens, surveys[1].tokens)
        self.knowledge.note(
            f"{len(surveys)} paths stay apart: {difference} differs", state.location()
        )


def _first_difference(first: Sequence[tuple[Path, Any]], second: Sequence[tuple[Path, Any]]) -> str:
    for (path, token), (_, other) in zip(first, second, strict=False):
        if token != other:
            return ".".join(str(part) for part in path[1:]) or "the set of variables"
    return "the set of variables"


def _handler(frame: Frame) -> int | None:
    return frame.code.handlers[frame.counter]


def _is_caught(state: State, error: ProgramError) -> bool:
    for frame in reversed(state.frames):
        if _handler(frame) is not None or _is_closed_by(frame, error):
            return True
        error = error if frame.generator is None else error.outside_of_generator()
    return False


def _is_closed_by(frame: Frame, error: ProgramError) -> bool:
    """Tell whether `error` ends a generator that is being closed, and nothing else."""
    ends = isinstance(error.error, (GeneratorExit, StopIteration))
    return frame.result_use is ResultUse.CLOSE and ends


def _seen_by_caller(state: State, error: ProgramError) -> ProgramError:
    inside = any(frame.generator is not None for frame in state.frames)
    return error.outside_of_generator() if inside else error


def _may_be_ours(error: BaseException) -> bool:
    """Tell whether `error` may be a limit of tracing, which eager execution does not know."""
    files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    return isinstance(error, RuntimeError) or any(map(is_torch_file, files))


def _has_none(state: State) -> bool:
    del state
    return False


def _no_check(state: State, op: Raise) -> None:
    del state, op


def _no_finish(state: State, value: Any) -> None:
    raise AssertionError(f"no way to finish {state} with {value}")
