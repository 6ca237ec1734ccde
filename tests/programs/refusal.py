"""How a program that must be refused is written down.

A comment `# <- MC0105: random.random()` stands on the line that is to blame; the column is that of
the text behind the code.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from .case import instantiate

Target = TypeVar("Target", bound=Callable[..., Any])


@dataclass(frozen=True)
class Refused:
    """A program, example arguments, and what the diagnostic must say."""

    name: str
    build: Callable[[], Callable[..., Any]]
    args: tuple[Any, ...]
    code: str
    file: str
    line: int
    column: int


def refused(*args: Any) -> Callable[[Target], Target]:
    """Declare a function or module class that cannot be compiled for `args`."""

    def mark(target: Any) -> Any:
        def build() -> Callable[..., Any]:
            return instantiate(target) if inspect.isclass(target) else target

        target.refusal = _refusal(target, build, args)
        return target

    return mark


def refused_maker(*args: Any) -> Callable[[Target], Target]:
    """Declare a function that returns a program that cannot be compiled for `args`."""

    def mark(maker: Any) -> Any:
        maker.refusal = _refusal(maker, lambda: instantiate(maker), args)
        return maker

    return mark


def _refusal(
    target: Any, build: Callable[[], Callable[..., Any]], args: tuple[Any, ...]
) -> Refused:
    lines, first = inspect.getsourcelines(target)
    ((offset, text),) = [(i, line) for i, line in enumerate(lines) if "# <- " in line]
    code, _, blamed = text.partition("# <- ")[2].strip().partition(": ")
    file = inspect.getsourcefile(target)
    assert file and blamed and text.count(blamed) >= 2, f"{blamed!r} must stand on its line"
    return Refused(
        target.__qualname__, build, args, code, file, first + offset, text.index(blamed) + 1
    )
