"""Engine `torch`: payloads are torch operators in JSON, interpreted one after the other.

{"parameters": ["f32", "number"],              element types, or a Python number
 "nodes": [{"target": "aten.add.Tensor",       registers are numbered: parameters first,
            "arguments": [{"value": 0}, 1.5],  then the results of the nodes
            "keywords": {"alpha": {"value": 1}},
            "results": 1}],
 "results": [2]}
"""

from __future__ import annotations

import ctypes
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, cast

import numpy
import torch

from ...diagnostics import Diagnostic, DiagnosticError
from .interface import Array, Subnet

DTYPES: Mapping[str, torch.dtype] = {
    "f64": torch.float64,
    "f32": torch.float32,
    "f16": torch.float16,
    "bf16": torch.bfloat16,
    "i64": torch.int64,
    "i32": torch.int32,
    "i16": torch.int16,
    "i8": torch.int8,
    "u8": torch.uint8,
    "i1": torch.bool,
    "c64": torch.complex64,
    "c128": torch.complex128,
}

NUMBER = "number"

_LITERALS: Mapping[str, Callable[[str], Any]] = {
    "dtype": lambda name: DTYPES[name],
    "device": torch.device,
    "layout": lambda name: getattr(torch, name),
    "memory_format": lambda name: getattr(torch, name),
    "float": float,
    "complex": complex,
}

_Fill: TypeAlias = Callable[[list[Any]], Any]


class TorchEngine:
    """Run torch operators without autograd, on as many threads as torch is set to use."""

    name = "torch"

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads  # torch's number of threads is the user's, for all of the process

    def prepare(self, payload: bytes, constants: Mapping[int, Array]) -> Subnet:
        """Return the interpreter of `payload` with weights at the parameters `constants`."""
        try:
            return _Interpreter(json.loads(payload), constants)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            message = f"torch cannot load a sub-network: {error!r}"
            raise DiagnosticError(Diagnostic("MC0502", message)) from error


class _Interpreter:
    """The nodes of one sub-network, each with what it reads, writes and frees."""

    def __init__(self, program: Mapping[str, Any], constants: Mapping[int, Array]) -> None:
        types: list[str] = program["parameters"]
        self._constants = {
            position: _to_torch(array, types[position]) for position, array in constants.items()
        }
        self._inputs = [
            (position, kind) for position, kind in enumerate(types) if position not in constants
        ]
        self._results: list[int] = program["results"]
        self._nodes = list(_nodes(program["nodes"], len(types), self._results))
        self._registers = len(types) + sum(node["results"] for node in program["nodes"])

    def __call__(self, arguments: Sequence[Any]) -> Sequence[Any]:
        registers: list[Any] = [None] * self._registers
        for position, tensor in self._constants.items():
            registers[position] = tensor
        for (position, kind), argument in zip(self._inputs, arguments, strict=True):
            registers[position] = argument if kind == NUMBER else _to_torch(argument, kind)
        taken = {_storage(given) for given in registers if isinstance(given, torch.Tensor)}
        with torch.no_grad():
            for node in self._nodes:
                node.run(registers)
        return [_to_numpy(registers[result], taken) for result in self._results]


class _Node:
    """One call of an operator; results go to consecutive registers."""

    __slots__ = ("_arguments", "_first", "_freed", "_keywords", "_operator")

    def __init__(self, node: Mapping[str, Any], first: int, freed: Sequence[int]) -> None:
        self._operator = _operator(node["target"])
        self._arguments = [_filler(argument) for argument in node["arguments"]]
        self._keywords = {name: _filler(value) for name, value in node["keywords"].items()}
        self._first = first
        self._freed = freed

    def run(self, registers: list[Any]) -> None:
        """Read from and write to `registers`."""
        results = self._operator(
            *[fill(registers) for fill in self._arguments],
            **{name: fill(registers) for name, fill in self._keywords.items()},
        )
        for register, result in enumerate(_flatten(results), self._first):
            registers[register] = result
        for register in self._freed:
            registers[register] = None


def _nodes(
    nodes: Sequence[Mapping[str, Any]], first: int, results: Sequence[int]
) -> Iterator[_Node]:
    """Yield the nodes; each frees the registers that nothing after it reads."""
    last_reader = {
        register: number
        for number, node in enumerate(nodes)
        for register in _read_by([*node["arguments"], *node["keywords"].values()])
    }
    for number, node in enumerate(nodes):
        freed = [r for r, last in last_reader.items() if last == number and r not in results]
        yield _Node(node, first, freed)
        first += node["results"]


def _read_by(argument: Any) -> Iterator[int]:
    if isinstance(argument, dict):
        fields = cast("dict[str, Any]", argument)
        if "value" in fields:
            yield fields["value"]
    elif isinstance(argument, list):
        for item in cast("list[Any]", argument):
            yield from _read_by(item)


def _operator(target: str) -> Any:
    namespace, operator, overload = target.split(".")
    found = getattr(getattr(getattr(torch.ops, namespace), operator), overload)
    if found._schema.is_mutable:
        raise ValueError(f"{target} mutates its arguments")
    return found


def _filler(argument: Any) -> _Fill:
    """Return the function from the registers to what `argument` stands for."""
    if isinstance(argument, list):
        fillers = [_filler(item) for item in cast("list[Any]", argument)]
        return lambda registers: [fill(registers) for fill in fillers]
    if isinstance(argument, dict):
        ((kind, content),) = cast("dict[str, Any]", argument).items()
        if kind == "value":
            return lambda registers: registers[content]
        argument = _LITERALS[kind](content)
    return lambda registers: argument


def _flatten(results: Any) -> Iterator[Any]:
    if isinstance(results, list | tuple):
        for result in cast("Sequence[Any]", results):
            yield from _flatten(result)
    else:
        yield results


def _to_torch(array: Any, kind: str) -> torch.Tensor:
    array = numpy.asarray(array)
    if any(stride < 0 for stride in array.strides):
        array = numpy.ascontiguousarray(array)
    if not array.flags.writeable:
        array = _writable_view(array)
    tensor = cast(Any, torch).from_numpy(array)  # the stubs do not know its parameter
    return tensor.view(torch.bfloat16) if kind == "bf16" else tensor


def _writable_view(array: Array) -> Array:
    """Return the same memory to torch, which warns of the tensors it could not write to.

    No operator that runs here writes to its arguments.
    """
    array = numpy.ascontiguousarray(array)
    memory: Any = (ctypes.c_char * array.nbytes).from_address(array.ctypes.data)
    return numpy.ndarray(array.shape, array.dtype, memory)


def _to_numpy(tensor: torch.Tensor, taken: set[int]) -> Array:
    """Return the elements of a result, copied if they lie in the memory of an argument."""
    if _storage(tensor) in taken:
        tensor = tensor.clone()
    tensor = tensor.resolve_conj().resolve_neg().contiguous()
    if tensor.dtype is torch.bfloat16:
        tensor = tensor.view(torch.uint16)
    return tensor.numpy()


def _storage(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
