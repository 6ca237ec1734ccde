"""Run register code on plain Python values: the meaning of each instruction, nothing else."""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from types import CellType, FunctionType
from typing import Any, cast

from modelc.compiler.frontend import hir

_UNLIMITED = 100_000
_DONE = object()


class NotLiveError(BaseException):
    """Report a mistake of the liveness analysis, past every `except` of the program."""


@dataclass
class Frame:
    """Hold one activation of a function."""

    code: hir.Code
    global_names: dict[str, Any]
    registers: dict[str, Any]
    counter: int = 0
    exception: BaseException | None = None
    result: Any = _DONE
    visited: list[int] = field(default_factory=list[int])
    results: dict[int, Any] = field(default_factory=dict[int, Any])

    def read(self, register: str) -> Any:
        """Return a value, which liveness must have announced."""
        if register not in self.code.live[self.counter]:
            raise NotLiveError(f"{register} is read at {self.counter}, where it is not live")
        if register not in self.registers:
            raise UnboundLocalError(register)
        return self.registers[register]


def evaluate(function: FunctionType, *args: Any, **kwargs: Any) -> Any:
    """Call `function` through its register code; functions it calls run natively."""
    return interpreted(function)(*args, **kwargs)


def interpreted(function: FunctionType) -> Callable[..., Any]:
    """Return a function that runs the register code of `function`."""
    closure = function.__closure__ or ()
    return _Closure(
        hir.lower_function(function),
        function.__globals__,
        function.__defaults__ or (),
        function.__kwdefaults__ or {},
        closure,
    )


class _Closure:
    """A function value of the evaluator."""

    def __init__(
        self,
        code: hir.Code,
        global_names: dict[str, Any],
        defaults: tuple[Any, ...],
        keyword_defaults: dict[str, Any],
        cells: tuple[CellType, ...],
    ) -> None:
        self._code = code
        self._global_names = global_names
        self._cells = cells
        self._signature = _signature(code.parameters, defaults, keyword_defaults)
        self.__name__ = code.name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        registers = self._bind(*args, **kwargs)
        for name, cell in zip(self._code.free_variables, self._cells, strict=True):
            registers["&" + name] = cell
        frame = Frame(self._code, self._global_names, registers)
        return steps(frame) if self._code.is_generator else run(frame)

    def _bind(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        if self._code.name == "<genexpr>":
            return dict(zip(self._code.parameters.names(), args, strict=True))
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return dict(bound.arguments)


def _signature(
    parameters: hir.Parameters, defaults: tuple[Any, ...], keyword_defaults: dict[str, Any]
) -> inspect.Signature:
    kinds = [(name, inspect.Parameter.POSITIONAL_ONLY) for name in parameters.positional_only]
    kinds += [(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in parameters.positional]
    given = dict(zip([name for name, _ in kinds][::-1], defaults[::-1], strict=False))
    if parameters.variadic:
        kinds.append((parameters.variadic, inspect.Parameter.VAR_POSITIONAL))
    kinds += [(name, inspect.Parameter.KEYWORD_ONLY) for name in parameters.keyword_only]
    if parameters.variadic_keyword:
        kinds.append((parameters.variadic_keyword, inspect.Parameter.VAR_KEYWORD))
    given |= keyword_defaults
    empty = inspect.Parameter.empty
    return inspect.Signature(
        [
            inspect.Parameter(name, kind, default=given.get(name, empty))
            for name, kind in kinds
            if name.isidentifier()
        ]
    )


def run(frame: Frame) -> Any:
    """Run the frame of a function that is no generator to its end; return its result."""
    try:
        next(steps(frame))
    except StopIteration as stop:
        return stop.value
    raise AssertionError("only generators yield")


def steps(frame: Frame) -> Generator[Any, Any, Any]:
    """Run a frame to its end; keep only live registers, as a machine that merges would."""
    for _ in range(_UNLIMITED):
        counter = frame.counter
        frame.visited.append(counter)
        _forget_dead(frame)
        instruction = frame.code.instructions[counter]
        try:
            if isinstance(instruction, hir.Yield):
                sent = yield frame.read(instruction.value)
                frame.registers[instruction.destination] = sent
                following = None
            else:
                following = _EXECUTE[type(instruction)](frame, instruction)
        except (Exception, GeneratorExit) as error:
            following = _handle(frame, error)
        if frame.result is not _DONE:
            return frame.result
        frame.counter = counter + 1 if following is None else following
    raise AssertionError("the program does not end")


def _forget_dead(frame: Frame) -> None:
    live = frame.code.live[frame.counter]
    frame.registers = {name: value for name, value in frame.registers.items() if name in live}


def _handle(frame: Frame, error: BaseException) -> int:
    handler = frame.code.handlers[frame.counter]
    if handler is None:
        raise error
    frame.exception = error
    return handler


def _value(compute: Callable[[Frame, Any], Any]) -> Callable[[Frame, Any], None]:
    def execute(frame: Frame, instruction: Any) -> None:
        frame.registers[instruction.destination] = compute(frame, instruction)

    return execute


def _load_global(frame: Frame, instruction: hir.LoadGlobal) -> Any:
    builtins: Any = frame.global_names["__builtins__"]
    namespace: dict[str, Any] = getattr(builtins, "__dict__", builtins)
    if instruction.name in frame.global_names:
        return frame.global_names[instruction.name]
    if instruction.name in namespace:
        return namespace[instruction.name]
    raise NameError(instruction.name)


def _store_global(frame: Frame, instruction: hir.StoreGlobal) -> None:
    frame.global_names[instruction.name] = frame.read(instruction.value)


def _delete_global(frame: Frame, instruction: hir.DeleteGlobal) -> None:
    del frame.global_names[instruction.name]


def _delete_local(frame: Frame, instruction: hir.DeleteLocal) -> None:
    if instruction.required:
        frame.read(instruction.destination)
    frame.registers.pop(instruction.destination, None)


def _make_cell(frame: Frame, instruction: hir.MakeCell) -> Any:
    return CellType() if instruction.initial is None else CellType(frame.read(instruction.initial))


def _load_cell(frame: Frame, instruction: hir.LoadCell | hir.DeleteCell) -> Any:
    try:
        return frame.read(instruction.cell).cell_contents
    except ValueError:
        raise NameError(instruction.cell) from None


def _store_cell(frame: Frame, instruction: hir.StoreCell) -> None:
    frame.read(instruction.cell).cell_contents = frame.read(instruction.value)


def _delete_cell(frame: Frame, instruction: hir.DeleteCell) -> None:
    if instruction.required:
        _load_cell(frame, instruction)
    del frame.read(instruction.cell).cell_contents  # no error if it is empty


def _load_module(frame: Frame, instruction: hir.LoadModule) -> Any:
    names = frame.global_names
    return __import__(instruction.name, names, names, instruction.from_list, instruction.level)


def _import_from(frame: Frame, instruction: hir.ImportFrom) -> Any:
    try:
        return getattr(frame.read(instruction.module), instruction.name)
    except AttributeError as error:
        raise ImportError(instruction.name) from error


def _set_attribute(frame: Frame, instruction: hir.SetAttribute) -> None:
    setattr(frame.read(instruction.object), instruction.name, frame.read(instruction.value))


def _delete_attribute(frame: Frame, instruction: hir.DeleteAttribute) -> None:
    delattr(frame.read(instruction.object), instruction.name)


def _set_item(frame: Frame, instruction: hir.SetItem) -> None:
    container, key, value = map(frame.read, instruction.uses)
    container[key] = value


def _delete_item(frame: Frame, instruction: hir.DeleteItem) -> None:
    container, key = map(frame.read, instruction.uses)
    del container[key]


def _build_sequence(frame: Frame, instruction: hir.BuildSequence) -> Any:
    return {"list": list, "tuple": tuple, "set": set}[instruction.kind.value](
        _elements(frame, instruction.elements)
    )


def _elements(frame: Frame, elements: tuple[hir.Element, ...]) -> Iterator[Any]:
    for element in elements:
        value = frame.read(element.value)
        yield from value if element.starred else [value]


def _build_mapping(frame: Frame, instruction: hir.BuildMapping) -> Any:
    result: dict[Any, Any] = {}
    for entry in instruction.entries:
        value = frame.read(entry.value)
        result.update(value if entry.key is None else {frame.read(entry.key): value})
    return result


def _append(frame: Frame, instruction: hir.Append) -> None:
    collection, value = map(frame.read, instruction.uses)
    add: Callable[[Any], None] = getattr(collection, "add", None) or collection.append
    add(value)


def _add_entry(frame: Frame, instruction: hir.AddEntry) -> None:
    collection, key, value = map(frame.read, instruction.uses)
    collection[key] = value


def _unpack(frame: Frame, instruction: hir.Unpack) -> Any:
    value = frame.read(instruction.value)
    return tuple(_unpacker(instruction.count, instruction.star)(value))


def _unpacker(count: int, star: int | None) -> Callable[[Any], Any]:
    """Return a Python function with the same pattern, so that errors are those of Python."""
    names = [f"{'*' if index == star else ''}x{index}" for index in range(count)]
    scope: dict[str, Any] = {}
    targets, items = ", ".join(names), ", ".join(names).replace("*", "")
    exec(f"def unpack(value):\n    [{targets}] = value\n    return [{items}]", scope)
    return scope["unpack"]


_CONVERT: dict[hir.Conversion, Callable[[Any], Any]] = {
    hir.Conversion.NONE: lambda value: value,
    hir.Conversion.STR: str,
    hir.Conversion.REPR: repr,
    hir.Conversion.ASCII: ascii,
}


def _format_value(frame: Frame, instruction: hir.FormatValue) -> str:
    value = frame.read(instruction.value)
    convert = _CONVERT[instruction.conversion]
    specification = "" if instruction.specification is None else frame.read(instruction.uses[1])
    return format(convert(value), specification)


def _make_function(frame: Frame, instruction: hir.MakeFunction) -> Any:
    return _Closure(
        instruction.code,
        frame.global_names,
        tuple(map(frame.read, instruction.defaults)),
        {name: frame.read(register) for name, register in instruction.keyword_defaults},
        tuple(map(frame.read, instruction.captures)),
    )


def _make_class(frame: Frame, instruction: hir.MakeClass) -> Any:
    cells = tuple(map(frame.read, instruction.captures))
    body = FunctionType(instruction.code, frame.global_names, instruction.name, None, cells)
    bases = map(frame.read, instruction.bases)
    keywords = {name: frame.read(register) for name, register in instruction.keywords}
    build: Any = builtins.__build_class__
    return build(body, instruction.name, *bases, **keywords)


def _call(frame: Frame, instruction: hir.Call) -> Any:
    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    function = frame.read(instruction.function)
    for argument in instruction.arguments:
        value = frame.read(argument.value)
        match argument.kind:
            case hir.ArgumentKind.POSITIONAL:
                positional.append(value)
            case hir.ArgumentKind.STARRED:
                positional.extend(value)
            case hir.ArgumentKind.KEYWORD:
                keywords[argument.name] = value
            case hir.ArgumentKind.DOUBLE_STARRED:
                keywords.update(value)
    result = function(*positional, **keywords)
    needed = frame.code.live_across(frame.counter)
    frame.registers = {name: v for name, v in frame.registers.items() if name in needed}
    return result


def _for_next(frame: Frame, instruction: hir.ForNext) -> int:
    iterator = frame.read(instruction.iterator)
    sent = None if instruction.sent is None else frame.read(instruction.sent)
    try:
        item = next(iterator) if sent is None else iterator.send(sent)
    except StopIteration as stop:
        frame.results[id(iterator)] = stop.value
        return instruction.exhausted
    frame.registers[instruction.destination] = item
    return instruction.body


def _iterator_result(frame: Frame, instruction: hir.IteratorResult) -> Any:
    return frame.results[id(frame.read(instruction.iterator))]


def _close_iterator(frame: Frame, instruction: hir.CloseIterator) -> None:
    iterator = frame.read(instruction.iterator)
    if isinstance(iterator, Generator):
        cast("Generator[Any]", iterator).close()


def _branch(frame: Frame, instruction: hir.Branch) -> int:
    return instruction.if_true if frame.read(instruction.condition) else instruction.if_false


def _return(frame: Frame, instruction: hir.Return) -> None:
    frame.result = frame.read(instruction.value)


def _raise(frame: Frame, instruction: hir.Raise) -> None:
    exception = frame.read(instruction.exception)
    if instruction.cause is None:
        raise exception
    raise exception from frame.read(instruction.cause)


def _reraise(frame: Frame, instruction: hir.Reraise) -> None:
    raise frame.read(instruction.exception)


def _exit_context(frame: Frame, instruction: hir.ExitContext) -> Any:
    manager = frame.read(instruction.manager)
    kind = cast("Any", type(manager))
    if instruction.exception is None:
        return kind.__exit__(manager, None, None, None)
    error = frame.read(instruction.exception)
    return kind.__exit__(manager, type(error), error, error.__traceback__)


def _enter_context(frame: Frame, instruction: hir.EnterContext) -> Any:
    manager = frame.read(instruction.manager)
    kind = cast("Any", type(manager))
    return kind.__enter__(manager)


def _binary(frame: Frame, instruction: hir.Binary | hir.Compare) -> Any:
    return instruction.operator.function(*map(frame.read, instruction.uses))


_EXECUTE: dict[type[hir.Instruction], Callable[[Frame, Any], int | None]] = {
    hir.Constant: _value(lambda _, i: i.value),
    hir.Move: _value(lambda f, i: f.read(i.source)),
    hir.DeleteLocal: _delete_local,
    hir.LoadGlobal: _value(_load_global),
    hir.StoreGlobal: _store_global,
    hir.DeleteGlobal: _delete_global,
    hir.MakeCell: _value(_make_cell),
    hir.LoadCell: _value(_load_cell),
    hir.StoreCell: _store_cell,
    hir.DeleteCell: _delete_cell,
    hir.LoadModule: _value(_load_module),
    hir.ImportFrom: _value(_import_from),
    hir.GetAttribute: _value(lambda f, i: getattr(f.read(i.object), i.name)),
    hir.SetAttribute: _set_attribute,
    hir.DeleteAttribute: _delete_attribute,
    hir.GetItem: _value(lambda f, i: f.read(i.container)[f.read(i.key)]),
    hir.SetItem: _set_item,
    hir.DeleteItem: _delete_item,
    hir.BuildSlice: _value(lambda f, i: slice(*map(f.read, i.uses))),
    hir.Binary: _value(_binary),
    hir.InPlace: _value(lambda f, i: i.operator.in_place_function(*map(f.read, i.uses))),
    hir.Unary: _value(lambda f, i: i.operator.function(f.read(i.operand))),
    hir.Compare: _value(_binary),
    hir.BuildSequence: _value(_build_sequence),
    hir.BuildMapping: _value(_build_mapping),
    hir.Append: _append,
    hir.AddEntry: _add_entry,
    hir.Unpack: _value(_unpack),
    hir.Extract: _value(lambda f, i: f.read(i.source)[i.index]),
    hir.FormatValue: _value(_format_value),
    hir.BuildString: _value(lambda f, i: "".join(map(f.read, i.parts))),
    hir.MakeFunction: _value(_make_function),
    hir.MakeClass: _value(_make_class),
    hir.Call: _value(_call),
    hir.Nop: lambda _, __: None,
    hir.LoopHeader: lambda _, __: None,
    hir.Jump: lambda _, i: i.target,
    hir.Branch: _branch,
    hir.GetIterator: _value(lambda f, i: iter(f.read(i.iterable))),
    hir.ForNext: _for_next,
    hir.IteratorResult: _value(_iterator_result),
    hir.CloseIterator: _close_iterator,
    hir.Return: _return,
    hir.Raise: _raise,
    hir.Reraise: _reraise,
    hir.Catch: _value(lambda f, _: f.exception),
    hir.MatchException: _value(lambda f, i: isinstance(f.read(i.exception), f.read(i.pattern))),
    hir.EnterContext: _value(_enter_context),
    hir.ExitContext: _value(_exit_context),
}
