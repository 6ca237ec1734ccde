"""Programs and inputs from a user's file: `model.py[:name]`."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from ..diagnostics import Diagnostic, DiagnosticError, Location, close_names, suggest
from .example import Example, as_example
from .requirements import missing_package

DEFAULT_ENTRY = "build"
DEFAULT_INPUTS = "inputs"

_INPUTS_FORM = "let it be a list, or a function that returns one, with a tuple of inputs per call"
_INPUTS_HELP = f"define `def {DEFAULT_INPUTS}() -> list[tuple]`, or name others with --inputs"
_PROGRAM_HELP = f"define `def {DEFAULT_ENTRY}()` that returns the module, or write FILE.py:NAME"


@dataclass(frozen=True)
class Source:
    """A program that was found in a file, and the examples that stand beside it.

    `entry` is what the program is called in the file, `name` what the artifact is called.
    """

    name: str
    entry: str
    program: Callable[..., Any]
    examples: tuple[Example, ...]


def load_source(spec: str, inputs_name: str = DEFAULT_INPUTS) -> Source:
    """Load the program `file.py[:name]` and its inputs; raises MC0002 or MC0003.

    Without a name the program is what the file's function `build` returns. A name may be a module,
    a module class that needs no arguments (its instance is put into `eval()` mode), or a function.
    """
    path, name = _split(spec)
    module = load_file(path)
    program = _find_program(module, path, name or DEFAULT_ENTRY, _PROGRAM_HELP)
    examples = load_examples(module, path, inputs_name)
    title = f"{path.stem}_{name}" if name else path.stem
    return Source(title, name or DEFAULT_ENTRY, program, examples)


def load_inputs(spec: str) -> tuple[Example, ...]:
    """Load the inputs `file.py[:name]`; raises MC0002 or MC0003."""
    path, name = _split(spec)
    return load_examples(load_file(path), path, name or DEFAULT_INPUTS)


def load_comparison(
    inputs: str, program: str, entry: str
) -> tuple[Callable[..., Any], tuple[Example, ...]]:
    """Load the inputs `file.py[:name]`, and the program with which they are to be run.

    That is `program`, if given: a name in the same file, or `file.py[:name]`; else it is called
    `entry` in the same file. Raises MC0002 or MC0003.
    """
    path, name = _split(inputs)
    module = load_file(path)
    program_path, program_name = _split(program)
    if program_path.suffix != ".py":
        program_path, program_name = path, program
    program_name = program_name or entry or DEFAULT_ENTRY
    holder = module if program_path == path else load_file(program_path)
    help_text = "name the program with --program [FILE.py:]NAME"
    found = _find_program(holder, program_path, program_name, help_text)
    return found, load_examples(module, path, name or DEFAULT_INPUTS)


def load_file(path: Path) -> ModuleType:
    """Execute a Python file as a module named after it; its folder is importable meanwhile."""
    if not path.is_file():
        raise _unloadable(f"there is no file {path}", help="give the path of a Python file")
    name = _module_name(path)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise _unloadable(f"{path} is no Python file", help="give a file that ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # so that classes of the file can be found by name
    _loaded.add(name)
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


_loaded: set[str] = set()
"""Names of modules that `load_file` has made, which a later file may take."""


def _module_name(path: Path) -> str:
    """Return the name of the file, changed if others import another module by that name."""
    name = path.stem
    taken = name in sys.stdlib_module_names or name in sys.modules
    return f"{name}_file" if taken and name not in _loaded else name


def load_examples(module: ModuleType, path: Path, name: str) -> tuple[Example, ...]:
    """Return the inputs that the file offers under `name`: a sequence, or a function of none."""
    if not hasattr(module, name):
        close = close_names(name, list(_names(module)))
        help_text = suggest(name, close) if close else _INPUTS_HELP
        raise _no_inputs(f"{path} has no example inputs named {name!r}", None, help_text)
    try:
        items = list(_items(getattr(module, name)))
    except _NoItems as error:
        message = f"{name!r} of {path} is {error}, not a list of inputs"
        raise _no_inputs(message, _definition(path, name), _INPUTS_FORM) from None
    except Exception as error:
        raise _failed(path, f"{name}() of {path} raises", error) from error
    place = _definition(path, name)
    if not items:
        raise _no_inputs(f"{name!r} of {path} is empty", place, _INPUTS_FORM)
    return tuple(replace(as_example(item), place=place) for item in items)


class _NoItems(Exception):
    """Report what stands where a list of inputs should."""


def _items(value: Any) -> Iterable[Any]:
    """Return the members of a list or the like, or of what a function of none returns."""
    made: Any = value() if callable(value) else value
    kind = cast("type[Any]", type(made))
    if issubclass(kind, (Mapping, str, bytes)) or hasattr(made, "shape") or not _iterates(kind):
        raise _NoItems(f"{'an' if kind.__name__[0] in 'aeiou' else 'a'} {kind.__name__}")
    return made


def _iterates(kind: type[Any]) -> bool:
    return issubclass(kind, Iterable) or hasattr(kind, "__getitem__")


def _no_inputs(message: str, place: Location | None, help: str) -> DiagnosticError:
    return DiagnosticError(Diagnostic("MC0003", message, place, help=help))


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


def _split(spec: str) -> tuple[Path, str]:
    file, colon, name = spec.rpartition(":")
    return (Path(file), name) if colon and file.endswith(".py") else (Path(spec), "")


def _find_program(module: ModuleType, path: Path, name: str, help: str) -> Callable[..., Any]:
    if not hasattr(module, name):
        close = close_names(name, [key for key in _names(module) if callable(vars(module)[key])])
        raise _unloadable(f"{path} has no {name!r}", help=suggest(name, close) if close else help)
    value = getattr(module, name)
    is_class = _is_module_class(value)
    if name != DEFAULT_ENTRY and not is_class:
        return _program(value, name, path)
    try:
        made = value().eval() if is_class else value()
    except Exception as error:
        raise _failed(path, f"{name}() of {path} raises", error) from error
    return _program(made, f"{name}()", path)


def _program(value: Any, name: str, path: Path) -> Callable[..., Any]:
    if callable(value):
        return value
    message = f"{name} of {path} is a {type(value).__name__}, not a module or a function"
    raise _unloadable(message, _definition(path, name.removesuffix("()")), help=_PROGRAM_HELP)


def _names(module: ModuleType) -> Iterator[str]:
    return (name for name in vars(module) if not name.startswith("_"))


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
