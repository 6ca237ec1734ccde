"""How a program and the calls that are made with it are written down."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from modelc import Dim

Target = TypeVar("Target", bound=Callable[..., Any])


@dataclass(frozen=True)
class Call:
    """The arguments of one call."""

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=lambda: {})


@dataclass(frozen=True)
class Program:
    """A program and calls that are made one after the other with one instance of it.

    `build` returns a fresh instance, always with the same weights. The first call is the example
    that the program is captured with. `raises_like_torch` marks programs whose errors torch words,
    so that only the class of the error can be compared. `dims` names axes whose extent varies
    between the calls.
    """

    name: str
    build: Callable[[], Callable[..., Any]]
    calls: tuple[Call, ...]
    raises_like_torch: bool = False
    dims: Mapping[str, Mapping[int, Dim]] = field(default_factory=lambda: {})


def program(
    *calls: tuple[Any, ...] | Call, raises_like_torch: bool = False, weights: int = 0
) -> Callable[[Target], Target]:
    """Declare a function or a module class to be a program that is called with each of `calls`.

    `weights` is the seed of a module's parameters: with those of some seeds, no input takes a path.
    """

    def mark(target: Target) -> Target:
        def build() -> Callable[..., Any]:
            return instantiate(target, weights) if inspect.isclass(target) else target

        _attach(target, Program(_name(target), build, _calls(calls), raises_like_torch))
        return target

    return mark


def made_by(
    *calls: tuple[Any, ...] | Call, raises_like_torch: bool = False
) -> Callable[[Target], Target]:
    """Declare a function without parameters to return a program, called with each of `calls`."""

    def mark(maker: Target) -> Target:
        def build() -> Callable[..., Any]:
            return instantiate(maker)

        _attach(maker, Program(_name(maker), build, _calls(calls), raises_like_torch))
        return maker

    return mark


def programs(modules: Iterable[ModuleType]) -> list[Program]:
    """Return the programs declared in `modules`, in the order of their declarations."""
    return [
        vars(value)["declared_program"]
        for module in modules
        for value in vars(module).values()
        if hasattr(value, "__dict__") and "declared_program" in vars(value)
        if value.__module__ == module.__name__
    ]


def instantiate(maker: Callable[[], Any], weights: int = 0) -> Any:
    """Call `maker` with the seed `weights`; put modules into evaluation mode."""
    seed(weights)
    made = maker()
    return made.eval() if isinstance(made, nn.Module) else made


def seed(number: int) -> None:
    """Seed torch's default generator."""
    torch.manual_seed(number)  # pyright: ignore[reportUnknownMemberType]: torch leaves it untyped


def normal(number: int, *shape: int) -> Tensor:
    """Return normally distributed numbers that depend on the seed `number` only."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(number))


def _attach(target: Any, declared: Program) -> None:
    target.declared_program = declared


def _name(target: Any) -> str:
    return f"{target.__module__.rpartition('.')[2]}.{target.__qualname__}"


def _calls(calls: Iterable[tuple[Any, ...] | Call]) -> tuple[Call, ...]:
    return tuple(call if isinstance(call, Call) else Call(call) for call in calls)
