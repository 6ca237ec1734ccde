"""Fixtures for functions whose source the test itself writes."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any, TypeAlias

import pytest

Define: TypeAlias = Callable[[str], FunctionType]


@pytest.fixture
def define(tmp_path: Path) -> Define:
    """Return a function that writes a source to `program.py` and returns its `f`."""

    def write_and_run(source: str) -> FunctionType:
        path = tmp_path / "program.py"
        path.write_text(textwrap.dedent(source).removeprefix("\n"), encoding="utf-8")
        namespace: dict[str, Any] = {"__name__": "program"}
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), namespace)
        return namespace["f"]

    return write_and_run
