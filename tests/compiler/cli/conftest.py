"""Run the command line in this process, in an empty working directory."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from modelc.compiler.cli import app


@dataclass(frozen=True)
class Finished:
    """How a command ended and what it printed."""

    status: int
    stdout: str
    stderr: str


Run = Callable[..., Finished]


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def modelc(
    workplace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Run `modelc ARGUMENTS...`."""

    def run(*arguments: str | Path) -> Finished:
        words = [str(argument) for argument in arguments]
        monkeypatch.setattr(sys, "argv", ["modelc", *words])
        try:
            app(words)
            status: object = 0
        except SystemExit as end:
            status = end.code
        printed = capsys.readouterr()
        return Finished(status if isinstance(status, int) else 0, printed.out, printed.err)

    return run
