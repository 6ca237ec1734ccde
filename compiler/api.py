"""`modelc.compile`, as a function and as a decorator."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypedDict, TypeVar, Unpack, overload

from ..diagnostics import Diagnostic, DiagnosticError
from ..runtime import caller_location
from .compiled import MAX_SIGNATURES, Compiled
from .driver import check_options
from .example import as_example
from .frontend import COMPILED_PROGRAM, Dim
from .options import Options

Class = TypeVar("Class")


class CompileOptions(TypedDict, total=False):
    """The keyword arguments of `compile`, which says what they mean."""

    target: str
    dims: Mapping[str, Mapping[int, Dim]] | None
    pipeline: str | None
    threads: int | None
    max_signatures: int
    freeze: bool
    cache: bool


@overload
def compile(  # pyright: ignore[reportOverlappingOverload]: a class is callable too
    program: type[Class], /, **options: Unpack[CompileOptions]
) -> type[Class]: ...
@overload
def compile(
    program: Callable[..., Any], example_inputs: Any = None, **options: Unpack[CompileOptions]
) -> Compiled: ...
@overload
def compile(
    program: None = None, example_inputs: Any = None, **options: Unpack[CompileOptions]
) -> Callable[[Callable[..., Any]], Any]: ...
def compile(
    program: Callable[..., Any] | None = None,
    example_inputs: Any = None,
    *,
    target: str = "cpu",
    dims: Mapping[str, Mapping[int, Dim]] | None = None,
    pipeline: str | None = None,
    threads: int | None = None,
    max_signatures: int = MAX_SIGNATURES,
    freeze: bool = False,
    cache: bool = True,
) -> Any:
    """Compile a `torch.nn.Module` or a function of tensors, unchanged, for `target`.

    `example_inputs` is a tuple of positional arguments, a dict of keyword arguments, or a single
    argument; with it the program is compiled at once, without it at its first call, and again for
    each new input signature up to `max_signatures`. `dims` names axes whose extent may vary:
    `{"x": {0: modelc.Dim("B", 1, 64)}}`. `threads` bounds the threads of each sub-network; None
    leaves it to the engine. `freeze` promises that parameters never change, so that calls need not
    look for changes (1 to 2 us for each module). `cache` False ignores earlier compilations, which
    lie in the directory MODELC_CACHE, `~/.cache/modelc` if it is not set. Works as a decorator,
    with and without arguments, on functions and on module classes (each instance is then compiled
    at its first call).

    Raises DiagnosticError, with every reason, if the program cannot be compiled.
    """
    options = Options(
        target,
        dims={} if dims is None else dims,
        pipeline=pipeline,
        threads=threads,
        freeze=freeze,
        cache=cache,
    )
    check_options(options)
    if program is None:
        return functools.partial(_compile, options, example_inputs, max_signatures)
    return _compile(options, example_inputs, max_signatures, program)


def _compile(
    options: Options, example_inputs: Any, max_signatures: int, program: Callable[..., Any]
) -> Any:
    if not callable(program):
        raise _uncallable(program)
    if inspect.isclass(program):
        return _compiled_class(program, options, max_signatures)
    compiled = Compiled(program, options, max_signatures=max_signatures)
    if example_inputs is not None:
        compiled.prepare(as_example(example_inputs))
    return compiled


def _uncallable(program: object) -> DiagnosticError:
    message = f"an object of class {type(program).__name__!r} cannot be compiled"
    help_text = "give a torch.nn.Module, or a function of tensors"
    return DiagnosticError(Diagnostic("MC0002", message, caller_location(), help=help_text))


def _compiled_class(cls: type[Any], options: Options, max_signatures: int) -> type[Any]:
    """Return a subclass of the module class `cls` whose instances run compiled when called."""

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        compiled = self.__dict__.get("_modelc_compiled")
        if compiled is None:
            compiled = Compiled(self, options, max_signatures=max_signatures)
            self.__dict__["_modelc_compiled"] = compiled
        return compiled(*args, **kwargs)

    setattr(call, COMPILED_PROGRAM, cls.__call__)
    body = {"__call__": call, "__module__": cls.__module__, "__doc__": cls.__doc__}
    compiled_class = type(cls.__name__, (cls,), body)
    compiled_class.__qualname__ = cls.__qualname__
    return compiled_class
