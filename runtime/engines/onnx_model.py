"""As much of the ONNX file format as it takes to turn inputs of a model into initializers.

An ONNX model is a protocol buffer: fields, each a key (number and wire type) and contents. Only
the fields named below are looked into; all others are passed on as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

MODEL_GRAPH, MODEL_METADATA = 7, 14
GRAPH_NODE, GRAPH_INITIALIZER, GRAPH_INPUT = 1, 5, 11
NODE_INPUT, NODE_OPERATOR, NODE_ATTRIBUTE = 1, 4, 5
ATTRIBUTE_GRAPH = 6
VALUE_NAME = 1
TENSOR_DIMS, TENSOR_TYPE, TENSOR_NAME, TENSOR_EXTERNAL, TENSOR_LOCATION = 1, 2, 8, 13, 14
ENTRY_KEY, ENTRY_VALUE = 1, 2
EXTERNAL = 1

ELEMENT_TYPES: Mapping[str, int] = {
    "float32": 1,
    "uint8": 2,
    "int8": 3,
    "int16": 5,
    "int32": 6,
    "int64": 7,
    "bool": 9,
    "float16": 10,
    "float64": 11,
}
"""ONNX's number for each numpy dtype that handles have."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True)
class Initializer:
    """A constant whose elements are given when the session is made."""

    name: str
    shape: tuple[int, ...]
    dtype: str


def input_names(model: bytes) -> list[str]:
    """Return the names of the inputs of the graph, in order; ValueError if it is no model."""
    graph = _only(model, MODEL_GRAPH)
    return [_name(value) for number, value in _contents(graph) if number == GRAPH_INPUT]


def metadata(model: bytes) -> dict[str, str]:
    """Return the metadata properties by key; ValueError if it is no model."""
    _only(model, MODEL_GRAPH)
    entries = [dict(_contents(value)) for key, value in _contents(model) if key == MODEL_METADATA]
    return {
        bytes(entry.get(ENTRY_KEY, b"")).decode(): bytes(entry.get(ENTRY_VALUE, b"")).decode()
        for entry in entries
    }


def consumers(model: bytes, names: Collection[str]) -> dict[str, set[str]]:
    """Return the kinds of operators that read each of `names`."""
    found: dict[str, set[str]] = {name: set() for name in names}
    for operator, inputs in _nodes(_only(model, MODEL_GRAPH)):
        for name in inputs:
            if name in found:
                found[name].add(operator)
    return found


def _nodes(graph: memoryview) -> Iterator[tuple[str, list[str]]]:
    """Yield operator and inputs of each node, of nested graphs too."""
    for number, node in _contents(graph):
        if number == GRAPH_NODE:
            fields = list(_contents(node))
            operator = next(bytes(value) for key, value in fields if key == NODE_OPERATOR)
            inputs = [bytes(value).decode() for key, value in fields if key == NODE_INPUT]
            yield operator.decode(), inputs
            for attribute in (value for key, value in fields if key == NODE_ATTRIBUTE):
                for key, value in _contents(attribute):
                    if key == ATTRIBUTE_GRAPH and len(value):
                        yield from _nodes(value)


def with_initializers(
    model: bytes, initializers: Sequence[Initializer], removed: Collection[str]
) -> bytes:
    """Return `model` with `initializers` instead of inputs; `removed` names these inputs."""
    rewritten = bytearray()
    for number, field, value in _fields(model):
        if number != MODEL_GRAPH:
            rewritten += field
            continue
        graph = bytearray()
        for inner, inner_field, inner_value in _fields(value):
            if inner != GRAPH_INPUT or _name(inner_value) not in removed:
                graph += inner_field
        for initializer in initializers:
            graph += _length_delimited(GRAPH_INITIALIZER, _tensor(initializer))
        rewritten += _length_delimited(MODEL_GRAPH, bytes(graph))
    return bytes(rewritten)


def _tensor(initializer: Initializer) -> bytes:
    place = _length_delimited(ENTRY_KEY, b"location")
    place += _length_delimited(ENTRY_VALUE, initializer.name.encode())
    return b"".join(
        [
            *(_number(TENSOR_DIMS, extent) for extent in initializer.shape),
            _number(TENSOR_TYPE, ELEMENT_TYPES[initializer.dtype]),
            _length_delimited(TENSOR_NAME, initializer.name.encode()),
            _length_delimited(TENSOR_EXTERNAL, place),
            _number(TENSOR_LOCATION, EXTERNAL),
        ]
    )


def _only(message: bytes, number: int) -> memoryview:
    found = [value for field, value in _contents(message) if field == number]
    if len(found) != 1:
        raise ValueError(f"field {number} occurs {len(found)} times")
    return found[0]


def _name(value_info: memoryview) -> str:
    return next(bytes(v).decode() for number, v in _contents(value_info) if number == VALUE_NAME)


def _contents(message: bytes | memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield number and contents of each field of `message`, empty if it is a number."""
    return ((number, value) for number, _, value in _fields(message))


def _fields(
    message: bytes | memoryview,
) -> Iterator[tuple[int, memoryview, memoryview]]:
    """Yield number, whole field and contents (empty if a number) of each field of `message`."""
    view = memoryview(message)
    position = 0
    while position < len(view):
        start = position
        key, position = _read_varint(view, position)
        begin, position = _skip(view, key & 7, position)
        if position > len(view):
            raise ValueError("the model ends in the middle of a field")
        yield key >> 3, view[start:position], view[begin:position]


def _skip(view: memoryview, wire_type: int, position: int) -> tuple[int, int]:
    """Return where the contents of a field begin and end."""
    if wire_type == _BYTES:
        length, begin = _read_varint(view, position)
        return begin, begin + length
    if wire_type == _VARINT:
        _, end = _read_varint(view, position)
        return end, end
    if wire_type in (_FIXED32, _FIXED64):
        end = position + (4 if wire_type == _FIXED32 else 8)
        return end, end
    raise ValueError(f"unknown wire type {wire_type}")


def _read_varint(view: memoryview, position: int) -> tuple[int, int]:
    result = shift = 0
    while position < len(view) and shift < 64:
        byte = view[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, position
        shift += 7
    raise ValueError("the model ends in the middle of a number")


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3 | _VARINT) + _varint(value)


def _length_delimited(number: int, contents: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(contents)) + contents
