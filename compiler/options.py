"""What a user can ask of one compilation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .frontend import Dim


@dataclass(frozen=True)
class Options:
    """Choose target, names and dumps of one compilation.

    `dims` maps a parameter name to its symbolic axes, `{"x": {0: Dim("B", 1, 64)}}`. `pipeline`
    replaces the default pass pipeline. `dump_directory` receives the IR after every step. `freeze`
    says that parameters do not change, and need not be looked at when a call comes. `cache` lets
    earlier compilations be used.
    """

    target: str = "cpu"
    name: str = ""
    dims: Mapping[str, Mapping[int, Dim]] = field(default_factory=lambda: {})
    pipeline: str | None = None
    dump_directory: Path | None = None
    threads: int | None = None
    freeze: bool = False
    cache: bool = True
