"""Register code as text: one line per instruction, the same text for the same code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from enum import Enum
from pathlib import PurePath
from types import BuiltinFunctionType, CodeType, FunctionType

from . import instructions as hir
from .code import Code, Parameters

_TEMPLATES: Mapping[type[hir.Instruction], str] = {
    hir.Move: "{source}",
    hir.LoadGlobal: "global {name}",
    hir.StoreGlobal: "global {name} = {value}",
    hir.MakeCell: "cell {initial}",
    hir.LoadCell: "load {cell}",
    hir.StoreCell: "store {cell} = {value}",
    hir.ImportFrom: "{module} import {name}",
    hir.GetAttribute: "{object}.{name}",
    hir.SetAttribute: "{object}.{name} = {value}",
    hir.DeleteAttribute: "delete {object}.{name}",
    hir.GetItem: "{container}[{key}]",
    hir.SetItem: "{container}[{key}] = {value}",
    hir.DeleteItem: "delete {container}[{key}]",
    hir.BuildSlice: "slice {start}:{stop}:{step}",
    hir.Binary: "{left} {operator} {right}",
    hir.InPlace: "{left} {operator}= {right}",
    hir.Unary: "{operator} {operand}",
    hir.Compare: "{left} {operator} {right}",
    hir.BuildSequence: "{kind} ({elements})",
    hir.BuildMapping: "dict ({entries})",
    hir.Append: "append {collection}, {value}",
    hir.AddEntry: "append {collection}, {key}: {value}",
    hir.Extract: "{source} item {index}",
    hir.Unpack: "unpack {value} into {count} star {star}",
    hir.BuildString: "concatenate ({parts})",
    hir.MakeFunction: "function {code}({defaults}; {keyword_defaults}) captures ({captures})",
    hir.FormatValue: "format {value} !{conversion} : {specification}",
    hir.MatchException: "{exception} matches {pattern}",
    hir.EnterContext: "enter {manager}",
    hir.ExitContext: "exit {manager} with {exception}",
    hir.Call: "{function}({arguments})",
    hir.Jump: "jump {target}",
    hir.Branch: "branch {condition} ? {if_true} : {if_false}",
    hir.LoopHeader: "loop {kind} {iterator}",
    hir.ForNext: "next {iterator} ? {body} : {exhausted}",
    hir.GetIterator: "iterator {iterable}",
    hir.Raise: "raise {exception} from {cause}",
}


def format_code(code: Code) -> str:
    """Return the code of a function and of those nested in it, without a final newline."""
    return "\n".join(_lines(code))


def _lines(code: Code) -> Iterator[str]:
    yield f"def {code.qualified_name}({_parameters(code.parameters)})  # {_file(code)}"
    if code.cell_variables:
        yield f"  cells {', '.join(code.cell_variables)}"
    if code.free_variables:
        yield f"  free {', '.join(code.free_variables)}"
    for counter, instruction in enumerate(code.instructions):
        yield _line(code, counter, instruction)
    for nested in _nested(code):
        yield ""
        yield from _lines(nested)


def _nested(code: Code) -> Iterator[Code]:
    seen: dict[Code, None] = {}
    for instruction in code.instructions:
        if isinstance(instruction, hir.MakeFunction):
            seen[instruction.code] = None
    yield from seen


def _file(code: Code) -> str:
    return f"{PurePath(code.filename).name}:{code.location.line}"


def _line(code: Code, counter: int, instruction: hir.Instruction) -> str:
    mark = "*" if counter in code.merge_points else " "
    indent = "  " * len(code.enclosing[counter])
    text = f"{mark}{counter:4}  {indent}{format_instruction(instruction)}"
    handler = code.handlers[counter]
    guard = "" if handler is None else f" !{handler}"
    return f"{text:<60}  # {instruction.location.line}:{instruction.location.column}{guard}"


def format_instruction(instruction: hir.Instruction) -> str:
    """Return one instruction as text, without its place."""
    operands = {
        part.name: _operand(getattr(instruction, part.name))
        for part in fields(instruction)
        if part.name not in ("location", "destination")
    }
    template = _TEMPLATES.get(type(instruction))
    if template is None:
        text = " ".join([_mnemonic(instruction), *operands.values()])
    else:
        text = template.format(**operands)
    return text if instruction.destination is None else f"{instruction.destination} = {text}"


def _mnemonic(instruction: hir.Instruction) -> str:
    return re.sub("(?<=.)([A-Z])", r"-\1", type(instruction).__name__).lower()


def _operand(value: object) -> str:
    match value:
        case Enum():
            return str(value.value)
        case Code():
            return value.qualified_name
        case hir.Element():
            return f"*{value.value}" if value.starred else value.value
        case hir.Entry():
            return f"**{value.value}" if value.key is None else f"{value.key}: {value.value}"
        case hir.Argument():
            return _argument(value)
        case tuple():
            return ", ".join(map(_operand, value))  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType] -- narrowing from object
        case str():
            return value
        case FunctionType() | BuiltinFunctionType():
            return value.__qualname__
        case CodeType():
            return value.co_qualname
        case _:
            return repr(value)


def _argument(argument: hir.Argument) -> str:
    prefixes = {hir.ArgumentKind.STARRED: "*", hir.ArgumentKind.DOUBLE_STARRED: "**"}
    name = f"{argument.name}=" if argument.name else ""
    return f"{prefixes.get(argument.kind, name)}{argument.value}"


def _parameters(parameters: Parameters) -> str:
    parts = [*parameters.positional_only, *(["/"] if parameters.positional_only else [])]
    parts += parameters.positional
    if parameters.variadic:
        parts.append(f"*{parameters.variadic}")
    elif parameters.keyword_only:
        parts.append("*")
    parts += parameters.keyword_only
    parts += [f"**{parameters.variadic_keyword}"] if parameters.variadic_keyword else []
    return ", ".join(parts)
