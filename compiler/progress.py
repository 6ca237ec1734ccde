"""Telling the user which step of a compilation runs."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console

Progress = Callable[[str], None]
"""Called with the name of each step as it starts."""


def silent(step: str) -> None:
    """Show nothing."""


@contextmanager
def shown_on_terminal(console: Console) -> Generator[Progress]:
    """Show the running step on `console`, but only if that is a terminal."""
    if not console.is_terminal:
        yield silent
        return
    with console.status("starting") as status:
        yield status.update
