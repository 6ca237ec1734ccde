"""Compilations of earlier processes, found by what determines them.

The capture always runs: it alone knows all that a program depends on, down to the globals and
attributes that its functions read. What it returns, as text with the hashes of all weights, and
the options and versions of everything that works on it, determine the rest of the compilation;
the hash of these is the name of the file that holds the outcome.
"""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import os
import platform
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..diagnostics import DiagnosticError, Location
from ..ir import Module
from ..ir.text import print_module
from ..runtime import Artifact
from .explanation import Explanation

log = logging.getLogger("modelc")

DIRECTORY = "MODELC_CACHE"
"""Variable of the environment that names the directory; `off` means no cache."""

LIMIT = "MODELC_CACHE_MIB"
"""Variable of the environment that bounds the size, in MiB."""

DEFAULT_LIMIT = 512
_SUFFIX = ".modelc"
_EXPLANATIONS = "explanations.json"
_ABANDONED = 3600.0
_PACKAGES = ("torch", "onnxruntime", "onnxscript", "onnx", "onnx-ir", "numpy", "sympy")
_ROOT = Path(__file__).parents[1]
_OWN_PARTS = ("backends", "compiler", "diagnostics", "ir", "passes", "runtime")


@dataclass(frozen=True)
class Outcome:
    """What a compilation makes of a capture."""

    artifact: Artifact
    explanations: Sequence[Explanation]


@dataclass(frozen=True)
class Cache:
    """Outcomes in files of a directory, one each, whose sizes add up to at most `limit` bytes.

    Many processes may read and write at once: a file gets its name when it is whole, and is checked
    against its hashes when it is read. What cannot be read or written is a miss, never an error.
    """

    directory: Path
    limit: int = DEFAULT_LIMIT << 20

    @staticmethod
    def from_environment(environment: Mapping[str, str] = os.environ) -> Cache | None:
        """Return the cache of the user, None if it is switched off."""
        chosen = environment.get(DIRECTORY, "")
        if chosen == "off":
            return None
        limit = environment.get(LIMIT, "")
        mebibytes = int(limit) if limit.isdecimal() else DEFAULT_LIMIT
        return Cache(Path(chosen or Path.home() / ".cache" / "modelc"), mebibytes << 20)

    def load(self, key: str, weights: Mapping[str, Any]) -> Outcome | None:
        """Return what was stored as `key`, with the weights of the capture; None if nothing was."""
        path = self._path(key)
        try:
            if not path.exists():
                return None
            outcome = _read(Artifact.load(path, weights))
            os.utime(path)  # it was used last
        except (DiagnosticError, OSError, ValueError, KeyError, TypeError) as error:
            log.info("nothing of use in the cache at %s: %s", path, error)
            return None
        return outcome

    def store(self, key: str, outcome: Outcome, weights: Mapping[str, Any]) -> None:
        """Keep `outcome` but for the weights of the capture; forget what was not used for long."""
        artifact = outcome.artifact
        text = json.dumps([asdict(explanation) for explanation in outcome.explanations])
        files = {**artifact.files, _EXPLANATIONS: text.encode()}
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace(artifact, files=files).save(self._path(key), known=weights)
            self._make_room()
        except (DiagnosticError, OSError) as error:
            log.info("cannot write to the cache at %s: %s", self.directory, error)

    def _path(self, key: str) -> Path:
        return self.directory / f"{key}{_SUFFIX}"

    def _make_room(self) -> None:
        """Remove what was used least recently, and what writers that were killed have left."""
        files = sorted(
            _stats(self.directory.glob(f"*{_SUFFIX}")), key=lambda item: item[1].st_mtime
        )
        excess = sum(stat.st_size for _, stat in files) - self.limit
        for path, stat in files:
            if excess <= 0:
                break
            path.unlink(missing_ok=True)
            excess -= stat.st_size
        for path, stat in _stats(self.directory.glob(".*")):
            if stat.st_mtime < time.time() - _ABANDONED:
                shutil.rmtree(path, ignore_errors=True)


def key_of(module: Module, *settings: object) -> str:
    """Return the name of what is made of a captured `module` with `settings`.

    It covers all of the capture and where each op comes from, the source files (whose lines the
    host module quotes), and the versions of modelc, its dependencies and Python.
    """
    sources = sorted({place.file for place in _places(module)})
    parts = [
        print_module(module, locations=True),
        *map(repr, settings),
        *(f"{file} {_digest_of_file(Path(file))}" for file in sources),
        *_versions(),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _read(artifact: Artifact) -> Outcome:
    files = dict(artifact.files)
    explanations = [_explanation(fields) for fields in json.loads(files.pop(_EXPLANATIONS))]
    return Outcome(replace(artifact, files=files, path=None), explanations)


def _explanation(fields: dict[str, Any]) -> Explanation:
    return Explanation(fields["stage"], fields["text"], _location(fields["location"]))


def _location(fields: Any) -> Location | None:
    if fields is None:
        return None
    return Location(**(fields | {"caller": _location(fields["caller"])}))


def _places(module: Module) -> Iterator[Location]:
    for func in module.funcs.values():
        for place in (func.loc, *(op.loc for op in func.ops)):
            yield from place.chain()


def _stats(paths: Iterable[Path]) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield the paths that are still there."""
    for path in paths:
        try:
            yield path, path.stat()
        except FileNotFoundError:
            continue


@functools.cache
def _versions() -> tuple[str, ...]:
    """Return what tells one installation from another; of modelc itself, the hash of its code."""
    found = [platform.python_version(), platform.machine()]
    found += [f"{package} {_version(package)}" for package in _PACKAGES]
    for part in _OWN_PARTS:
        files = (path for path in (_ROOT / part).rglob("*") if path.suffix in (".py", ".lark"))
        found += [f"{path.name} {_digest_of_file(path)}" for path in sorted(files)]
    return tuple(found)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _digest_of_file(path: Path) -> str:
    """Return the hash of a file, "" if there is none: code may come from elsewhere."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
