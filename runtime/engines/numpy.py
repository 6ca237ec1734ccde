"""Engine `numpy`: payloads are a few operations on small arrays, in JSON, run without a session.

{"parameters": ["f32[]", "f32[2, 3]", "number"],      element type and shape, or a Python number
 "nodes": [{"operation": "add", "arguments": [{"value": 0}, {"number": 0.5, "dtype": "float32"}]},
           {"operation": "reduce.add", "arguments": [{"value": 1}], "axes": [0], "keep": false}],
 "results": [{"value": 3, "dtype": "float32", "scalar": true}]}

Registers are numbered: parameters first, then one for each node. All operands of a node have one
element type, numbers too, so that no rule of promotion is needed.

Tensors of rank 0 are NumPy scalars between the operations, whose arithmetic takes 0.05 us instead
of the 0.4 us of an array; a call of a session takes 4 us and more. A payload becomes one Python
function, written here from the table of operations.
"""

from __future__ import annotations

import contextvars
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, cast

import numpy

from ...diagnostics import Diagnostic, DiagnosticError
from .interface import Array, Subnet

NUMBER = "number"

INFIX: Mapping[str, str] = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "div": "/",
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "and": "&",
    "or": "|",
    "xor": "^",
}
"""Operations of two operands that Python writes between them."""

PREFIX: Mapping[str, str] = {"neg": "-", "not": "~"}

UFUNCS = frozenset(
    {
        "absolute",
        "ceil",
        "exp",
        "floor",
        "isinf",
        "isnan",
        "log",
        "logical_not",
        "maximum",
        "minimum",
        "rint",
        "sqrt",
        "tanh",
    }
)
"""NumPy's own functions of elements."""

REDUCTIONS = frozenset({"add", "maximum", "minimum", "multiply", "logical_and", "logical_or"})
"""NumPy's functions of two elements that `reduce.NAME` applies along axes."""

DTYPES = frozenset({"float64", "float32", "int64", "int32", "bool"})

_Node: TypeAlias = Mapping[str, Any]


class NumpyEngine:
    """Run small sub-networks in this thread, as NumPy computes them."""

    name = "numpy"

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads  # there is nothing to share out

    def prepare(self, payload: bytes, constants: Mapping[int, Array]) -> Subnet:
        """Return the function that `payload` says, with weights at the parameters `constants`."""
        try:
            writer = _Writer(json.loads(payload), constants)
            source = writer.source()
            scope = {"numpy": numpy, **writer.constants}
            exec(compile(source, "<modelc sub-network>", "exec"), scope)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            message = f"NumPy cannot load a sub-network: {error!r}"
            raise DiagnosticError(Diagnostic("MC0502", message)) from error
        return _quietly(cast("Subnet", scope.pop("subnet")))


def _quietly(subnet: Subnet) -> Subnet:
    """Let no infinity or NaN that `subnet` makes become a warning.

    A copied context costs 0.1 us; `numpy.errstate` costs a microsecond.
    """
    context = contextvars.copy_context()
    context.run(numpy.seterr, all="ignore")
    copy = context.copy
    return lambda arguments: copy().run(subnet, arguments)


class _Writer:
    """Writes the function of one payload."""

    def __init__(self, program: Mapping[str, Any], constants: Mapping[int, Array]) -> None:
        self.parameters: list[str] = program["parameters"]
        self.nodes: list[_Node] = program["nodes"]
        self.results: list[Mapping[str, Any]] = program["results"]
        self.constants = {
            f"v{position}": array[()] if array.ndim == 0 else array
            for position, array in constants.items()
        }
        self.given = [p for p in range(len(self.parameters)) if p not in constants]

    def source(self) -> str:
        """Return the text of the function; the numbers in it are added to `constants`."""
        places = "".join(f"v{position}, " for position in self.given) or "()"
        lines = [f"{places} = arguments"]
        lines += [f"v{p} = v{p}[()]" for p in self.given if self.parameters[p].endswith("[]")]
        for register, node in enumerate(self.nodes, len(self.parameters)):
            lines.append(f"v{register} = {self._text(node)}")
        results = "".join(f"{self._result(result)}, " for result in self.results) or "()"
        lines.append(f"return {results}")
        return "\n    ".join(["def subnet(arguments):", *lines]) + "\n"

    def _result(self, result: Mapping[str, Any]) -> str:
        """Return the text of a result, which shares memory with nothing else."""
        value = self._operand({"value": result["value"]})
        if result["scalar"]:
            return f"numpy.array({value}, {_dtype(result['dtype'])!r})"
        return value if self._is_fresh(result["value"]) else f"{value}.copy()"

    def _is_fresh(self, register: int) -> bool:
        """Whether a register holds a new, row-major array that is one result only."""
        number = register - len(self.parameters)
        if number < 0 or self.nodes[number]["operation"] in _VIEWS:
            return False
        viewed = {
            node["arguments"][0]["value"] for node in self.nodes if node["operation"] in _VIEWS
        }
        return register not in viewed and [r["value"] for r in self.results].count(register) == 1

    def _text(self, node: _Node) -> str:
        """Return the expression for one node."""
        operation = node["operation"]
        operands = [self._operand(argument) for argument in node["arguments"]]
        if operation in INFIX:
            left, right = operands
            return f"{left} {INFIX[operation]} {right}"
        if operation in PREFIX:
            return f"{PREFIX[operation]}{operands[0]}"
        if operation in UFUNCS:
            return f"numpy.{operation}({', '.join(operands)})"
        if operation.startswith("reduce."):
            return _reduction(operation.removeprefix("reduce."), operands[0], node)
        return _OTHERS[operation](operands, node)

    def _operand(self, argument: Mapping[str, Any]) -> str:
        """Return the name of a register or of a number."""
        if "value" in argument:
            return f"v{int(argument['value'])}"
        name = f"n{len(self.constants)}"
        number = argument["number"]
        make = getattr(numpy, _scalar(argument["dtype"]))
        self.constants[name] = make(float(number) if isinstance(number, str) else number)
        return name


def _reduction(function: str, operand: str, node: _Node) -> str:
    if function not in REDUCTIONS:
        raise ValueError(function)
    axes = tuple(map(int, node["axes"]))
    axis = axes[0] if len(axes) == 1 else axes
    return f"numpy.{function}.reduce({operand}, {axis}, keepdims={bool(node['keep'])})"


def _cast(operands: Sequence[str], node: _Node) -> str:
    if node["scalar"]:
        return f"numpy.{_scalar(node['dtype'])}({operands[0]})"
    return f"{operands[0]}.astype({_dtype(node['dtype'])!r})"


def _where(operands: Sequence[str], node: _Node) -> str:
    condition, chosen, other = operands
    if node["scalar"]:
        return f"{chosen} if {condition} else {other}"
    return f"numpy.where({condition}, {chosen}, {other})"


def _full(operands: Sequence[str], node: _Node) -> str:
    return f"numpy.full({_shape(node)}, {operands[0]}, {_dtype(node['dtype'])!r})"


def _position(operands: Sequence[str], node: _Node) -> str:
    axis = node["axis"]
    function = "argmax" if node["largest"] else "argmin"
    return f"{operands[0]}.{function}({'' if axis is None else int(axis)})"


def _join(function: str) -> Callable[[Sequence[str], _Node], str]:
    return lambda operands, node: f"numpy.{function}([{', '.join(operands)}], {int(node['axis'])})"


def _reshape(operands: Sequence[str], node: _Node) -> str:
    return f"{operands[0]}.reshape({_shape(node)})" + ("[()]" if node["scalar"] else "")


def _index(operands: Sequence[str], node: _Node) -> str:
    return f"{operands[0]}[{':, ' * int(node['axis'])}{int(node['index'])}]"


def _expand(operands: Sequence[str], node: _Node) -> str:
    return f"numpy.broadcast_to({operands[0]}, {_shape(node)}).copy()"


_VIEWS: Mapping[str, Callable[[Sequence[str], _Node], str]] = {"reshape": _reshape, "index": _index}
"""Operations whose result may lie in the memory of their operand."""

_OTHERS: Mapping[str, Callable[[Sequence[str], _Node], str]] = {
    **_VIEWS,
    "argument": _position,
    "cast": _cast,
    "concatenate": _join("concatenate"),
    "expand": _expand,
    "full": _full,
    "stack": _join("stack"),
    "where": _where,
}


def _shape(node: _Node) -> tuple[int, ...]:
    return tuple(map(int, node["shape"]))


def _dtype(name: str) -> str:
    if name not in DTYPES:
        raise ValueError(name)
    return name


def _scalar(dtype: str) -> str:
    """Return the name of the class of numbers of `dtype`."""
    return "bool_" if dtype == "bool" else _dtype(dtype)
