"""Programs and inputs from a user's file: `model.py[:name]`."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from ..diagnostics import Diagnostic, DiagnosticError, Location, suggest
from .example import Example, as_example
from .requirements import missing_package

DEFAULT_ENTRY = "build"
DEFAULT_INPUTS = "inputs"


@dataclass(frozen=True)
class Source:
    """A program that was found in a file, and the examples that stand beside it."""

    name: str
    program: Callable[..., Any]
    examples: tuple[Example, ...]


def load_source(spec: str, inputs_name: str = DEFAULT_INPUTS) -> Source:
    """Load the program `file.py[:name]` and its inputs; raises MC0002 or MC0003.

    Without a name the program is what the file's function `build` returns. A name may be a module,
    a module class that needs no arguments, or a function.
    """
    path, name = _split(spec)
    module = load_file(path)
    program = _find_program(module, path, name)
    examples = load_examples(module, path, inputs_name)
    return Source(path.stem if not name else f"{path.stem}_{name}", program, examples)


def load_inputs(spec: str) -> tuple[Example, ...]:
    """Load the inputs `file.py[:name]`; raises MC0002 or MC0003."""
    path, name = _split(spec)
    return load_examples(load_file(path), path, name or DEFAULT_INPUTS)


def load_file(path: Path) -> ModuleType:
    """Execute a Python file as a module named after it; its folder is importable meanwhile."""
    if not path.is_file():
        raise _unloadable(f"there is no file {path}", help="give the path of a Python file")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise _unloadable(f"{path} is no Python file", help="give a file that ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # so that classes of the file can be found by name
    sys.path.insert(0, str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
    except DiagnosticError:
        raise
    except Exception as error:
        raise _failed(path, f"loading {path} raises", error) from error
    finally:
        sys.path.remove(str(path.resolve().parent))
    return module


def load_examples(module: ModuleType, path: Path, name: str) -> tuple[Example, ...]:
    """Return the inputs that the file offers under `name`: a sequence, or a function of none."""
    if not hasattr(module, name):
        raise DiagnosticError(
            Diagnostic(
                "MC0003",
                f"{path} has no example inputs named {name!r}",
                Location(str(path), 1),
                help="define `def inputs() -> list[tuple]`, or name other inputs with --inputs",
            )
        )
    value: Any = getattr(module, name)
    try:
        items: list[Any] = list(_called(value))
    except Exception as error:
        raise _failed(path, f"{name}() of {path} raises", error) from error
    place = _definition(path, name)
    if not items:
        raise DiagnosticError(Diagnostic("MC0003", f"{name!r} of {path} is empty", place))
    return tuple(replace(as_example(item), place=place) for item in items)


def _definition(path: Path, name: str) -> Location:
    """Return where the file defines `name` at its top level; its first line if it imports it."""
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement]
        for target in targets:
            if name in (getattr(target, "name", None), getattr(target, "id", None)):
                end = target.end_col_offset if target.end_lineno == target.lineno else None
                begin = target.col_offset + 1
                return Location(str(path), target.lineno, begin, (end or begin + 2) + 1)
    return Location(str(path), 1)


def _called(value: Any) -> Any:
    return value() if callable(value) else value


def _split(spec: str) -> tuple[Path, str]:
    file, colon, name = spec.rpartition(":")
    return (Path(file), name) if colon and file.endswith(".py") else (Path(spec), "")


def _find_program(module: ModuleType, path: Path, name: str) -> Callable[..., Any]:
    wanted = name or DEFAULT_ENTRY
    if not hasattr(module, wanted):
        known = [key for key, value in vars(module).items() if callable(value)]
        raise _unloadable(
            f"{path} has no {wanted!r}",
            Location(str(path), 1),
            help=suggest(wanted, known) if name else "define `build()`, or give file.py:name",
        )
    value = getattr(module, wanted)
    if wanted != DEFAULT_ENTRY and not _is_module_class(value):
        return value
    try:
        return value()
    except Exception as error:
        raise _failed(path, f"{wanted}() of {path} raises", error) from error


def _is_module_class(value: Any) -> bool:
    import torch  # heavy: only when a program is loaded

    return inspect.isclass(value) and issubclass(value, torch.nn.Module)


def _failed(path: Path, what: str, error: Exception) -> DiagnosticError:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename) == path.resolve()] or [
        frame for frame in frames if Path(frame.filename).name == path.name
    ]
    place = Location(str(path), 1)
    if isinstance(error, SyntaxError) and error.lineno:
        place = Location(str(path), error.lineno, error.offset or 1, (error.offset or 1) + 1)
    elif own:
        frame = own[-1]
        column, end = (frame.colno or 0) + 1, (frame.end_colno or 0) + 1
        place = Location(str(path), frame.lineno or 1, column, end)
    missing = missing_package(error)
    help_text = missing.help if missing else ""
    return _unloadable(f"{what} {type(error).__name__}: {error}", place, help=help_text)


def _unloadable(message: str, place: Location | None = None, help: str = "") -> DiagnosticError:
    return DiagnosticError(Diagnostic("MC0002", message, place, help=help))
