"""Generators: frames that are suspended, resumed and closed.

A generator holds the frame of its call while that does not run; forks and joins treat it like any
other object, so that paths on which it stands at different places stay apart. While it runs, its
frame is on the stack of the state and refers to the generator. A generator that is suspended inside
of a `try` or `with` owes a clean-up; it is listed in `State.unfinished` until that has run.
"""

from __future__ import annotations

from typing import Any

from .bounds import iterator_of
from .failures import ProgramError
from .loops import observe
from .machine import Machine, Outcome
from .objects import Generator, GeneratorMethod
from .registers import deliver
from .state import SUSPENDED, Frame, ResultUse, State

_EXIT = GeneratorExit()


def make_generator(state: State, frame: Frame, use: ResultUse) -> Outcome:
    """Deliver the generator that a call of a generator function returns."""
    generator = Generator(frame)
    if use is ResultUse.HAND_OVER:
        state.frame.handed = generator
        return Outcome.STAY
    return deliver(state, generator) if use is ResultUse.DESTINATION else Outcome.NEXT


# --- resuming -----------------------------------------------------------------------------------


def resume(
    machine: Machine, state: State, generator: Generator, use: ResultUse, sent: Any = None
) -> Outcome:
    """Go on with a generator that is suspended; `use` says what becomes of what it yields."""
    frame = _take_frame(machine, state, generator, use)
    outcome = machine.push(state, frame)
    if not generator.is_started:
        generator.is_started = True
        return outcome
    deliver(state, sent)
    return machine.go_on(state)


def _take_frame(machine: Machine, state: State, generator: Generator, use: ResultUse) -> Frame:
    frame: Frame | None = generator.frame
    if frame is None:
        error = ValueError("generator already executing")
        raise ProgramError(error, explicit=True)
    _forget(state, generator)
    generator.frame = None
    frame.generator, frame.result_use = generator, use
    frame.caller, frame.forks_at_entry = state.location(), state.forks
    return frame


def step(machine: Machine, state: State, generator: Generator, sent: Any) -> Outcome:
    """Execute `ForNext` over a generator."""
    if generator.is_finished:
        return machine.go_to(state, state.frame.instruction.targets[1])
    return resume(machine, state, generator, ResultUse.STEP, sent)


def send(machine: Machine, state: State, generator: Generator, sent: Any = None) -> Outcome:
    """Deliver `generator.send(sent)`; StopIteration at its end."""
    if generator.is_finished:
        raise ProgramError(StopIteration(), explicit=True)
    if sent is not None and not generator.is_started:
        message = "can't send non-None value to a just-started generator"
        raise ProgramError(TypeError(message), explicit=True)
    return resume(machine, state, generator, ResultUse.NEXT, sent)


def throw_into(
    machine: Machine, state: State, generator: Generator, error: BaseException
) -> Outcome:
    """Deliver `generator.throw(error)`."""
    handler = _handler(generator)
    if handler is None:
        _finish(state, generator)
        raise ProgramError(error, explicit=True).outside_of_generator()
    return _raise_inside(machine, state, generator, ResultUse.NEXT, error)


def _raise_inside(
    machine: Machine, state: State, generator: Generator, use: ResultUse, error: BaseException
) -> Outcome:
    handler = _handler(generator)
    assert handler is not None, "there is an exception handler"
    machine.push(state, _take_frame(machine, state, generator, use))
    state.exception = error
    return machine.go_to(state, handler)


def _handler(generator: Generator) -> int | None:
    """Return where an exception goes that is raised where the generator is suspended."""
    frame: Frame | None = generator.frame
    if frame is None or not generator.is_started:
        return None
    return frame.code.handlers[frame.counter]


# --- closing ------------------------------------------------------------------------------------


def close(machine: Machine, state: State, generator: Generator) -> Outcome | None:
    """Let a generator clean up; None if that is done, else the instruction is executed again."""
    inner = _inner_generator(generator)
    if inner is not None:
        begun = close(machine, state, inner)
        if begun is not None:
            return begun
    if _handler(generator) is not None:
        return _raise_inside(machine, state, generator, ResultUse.CLOSE, _EXIT)
    if not generator.is_finished:
        _finish(state, generator)
    return None


def _inner_generator(generator: Generator) -> Generator | None:
    """Return the unfinished generator over which the loop around the suspension iterates."""
    frame: Frame | None = generator.frame
    if frame is None:
        return None
    handler = _handler(generator)
    for loop in reversed(frame.code.enclosing[frame.counter]):
        if handler is not None and loop.contains(handler):
            return None
        inner = iterator_of(frame, loop.header)
        if isinstance(inner, Generator) and not inner.is_finished and not inner.is_named:
            return inner
    return None


def close_temporary(machine: Machine, state: State, iterator: Any) -> Outcome | None:
    """Close what only the loop that is left refers to; a generator in a variable lives on."""
    if not isinstance(iterator, Generator) or iterator.is_named:
        return None
    return close(machine, state, iterator)


def _finish(state: State, generator: Generator) -> None:
    _forget(state, generator)
    generator.finish(None)


def _forget(state: State, generator: Generator) -> None:
    state.unfinished = [other for other in state.unfinished if other is not generator]


def call_method(
    machine: Machine, state: State, method: GeneratorMethod, args: list[Any]
) -> Outcome:
    """Call a method of a generator."""
    generator = method.owner
    match method.name, args:
        case "__iter__", []:
            return deliver(state, generator)
        case "__next__", []:
            return send(machine, state, generator)
        case "send", [sent]:
            return send(machine, state, generator, sent)
        case "throw", [error]:
            raised = machine.python(error) if isinstance(error, type) else error
            return throw_into(machine, state, generator, raised)
        case "close", []:
            begun = close(machine, state, generator)
            return deliver(state, None) if begun is None else begun
        case _:
            raise machine.tracer.refuse(
                "MC0101",
                f"`{method.name}` of a generator",
                help="iterate over it, or call `send`, `throw` or `close`",
            )


# --- suspending ---------------------------------------------------------------------------------


def suspend(machine: Machine, state: State, value: Any) -> Outcome:
    """Execute `Yield`: take the innermost frame off the stack, and hand `value` to its caller."""
    frame = state.frame
    if frame.result_use is ResultUse.CLOSE:
        raise ProgramError(RuntimeError("generator ignored GeneratorExit"), explicit=True)
    for loop in frame.code.enclosing[frame.counter]:
        observe(machine, state, loop, "exit")
        frame.iterations[loop.header] = SUSPENDED
        frame.loop_forks.pop(loop.header, None)
    state.frames.pop()
    generator, frame.generator = frame.generator, None
    generator.frame = frame
    if _handler(generator) is not None:
        state.unfinished.append(generator)
    if frame.result_use is ResultUse.NEXT:
        return machine.hand_back(state, frame, value)
    caller = state.frame
    destination = caller.instruction.destination
    if destination is not None:
        caller.registers[destination] = value
    return machine.go_on_at(state, frame, caller.instruction.targets[0])
