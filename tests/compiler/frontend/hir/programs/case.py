"""What the programs have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import FunctionType, ModuleType
from typing import Any, TypeVar

_Function = TypeVar("_Function", bound=Callable[..., Any])


def case(*arguments: tuple[Any, ...]) -> Callable[[_Function], _Function]:
    """Mark a function as a program, to be called with each of the tuples of arguments."""

    def mark(function: _Function) -> _Function:
        vars(function)["calls"] = arguments
        return function

    return mark


def cases(modules: Iterable[ModuleType]) -> list[tuple[FunctionType, list[tuple[Any, ...]]]]:
    """Return the programs of some modules, each with its calls."""
    functions = [value for module in modules for value in vars(module).values()]
    return [
        (function, list(vars(function)["calls"]))
        for function in functions
        if isinstance(function, FunctionType) and "calls" in vars(function)
    ]


class Box:
    """Hold any attributes."""

    def __init__(self, **values: object) -> None:
        vars(self).update(values)


class Recorder:
    """Record how a context is entered and left, and swallow some exceptions."""

    def __init__(self, log: list[object], swallow: tuple[type[Exception], ...] = ()) -> None:
        self.log, self.swallow = log, swallow

    def __enter__(self) -> Recorder:
        self.log.append("enter")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> bool:
        self.log.append(("exit", kind, str(error)))
        return kind is not None and issubclass(kind, self.swallow)
