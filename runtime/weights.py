"""Weights in the safetensors format, written and read without copies.

The format: the length of the header (8 bytes, little endian), the header (JSON: for each tensor its
element type, shape, and first and last byte), then the bytes of all tensors, row-major. The
safetensors package reads what is written here; it is not used since it copies every tensor for
numpy, and knows no bfloat16 there.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy

from . import codec
from .host.values import Handle
from .types import DTYPES, TensorType

ALIGNMENT = 64
"""Bytes at which the first tensor is aligned: a cache line, and the widest vector."""

_STORED: Mapping[str, str] = {
    "f64": "F64",
    "f32": "F32",
    "f16": "F16",
    "bf16": "BF16",
    "i64": "I64",
    "i32": "I32",
    "i16": "I16",
    "i8": "I8",
    "u8": "U8",
    "i1": "BOOL",
    "c64": "C64",
    "c128": "F64",  # the format has no such type: a last dim of 2 holds real and imaginary part
}


@dataclass(frozen=True)
class _Stored:
    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]


def write_weights(
    types: Mapping[str, TensorType], weights: Mapping[str, Handle]
) -> Iterator[memoryview]:
    """Yield the parts of the file, in order, for the weights that `types` lists."""
    header: dict[str, object] = {}
    end = 0
    symbols = sorted(types, key=lambda symbol: (-weights[symbol].itemsize, symbol))
    for symbol in symbols:  # without gaps, so that wide elements first keeps all aligned
        begin, end = end, end + weights[symbol].nbytes
        stored = _Stored(_STORED[types[symbol].dtype], _stored_shape(types[symbol]), (begin, end))
        header[symbol] = codec.encode(stored)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(len(text) + 8) % ALIGNMENT)
    yield memoryview(len(text).to_bytes(8, "little") + text)
    for symbol in symbols:
        yield _bytes_of(weights[symbol])


def read_weights(types: Mapping[str, TensorType], data: memoryview) -> dict[str, Handle]:
    """Return read-only arrays over `data` for the weights that `types` lists.

    Raises codec.Malformed if the file is not of this format or holds other weights.
    """
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > len(data) - 8:
        raise codec.Malformed("$", "is too short")
    try:
        header = json.loads(bytes(data[8 : 8 + length]))
    except (ValueError, RecursionError) as error:
        raise codec.Malformed("$", f"is no JSON: {error}") from None
    stored = codec.decode(_Header, {"tensors": header}).tensors
    if missing := sorted(types.keys() - stored.keys()):
        raise codec.Malformed("$", f"the weight {missing[0]} is missing")
    body = data[8 + length :]
    return {symbol: _read(symbol, types[symbol], stored[symbol], body) for symbol in types}


@dataclass(frozen=True)
class _Header:
    tensors: Mapping[str, _Stored]


def _read(symbol: str, expected: TensorType, stored: _Stored, body: memoryview) -> Handle:
    begin, end = stored.data_offsets
    dtype = numpy.dtype(DTYPES[expected.dtype])
    fits = (stored.dtype, stored.shape) == (_STORED[expected.dtype], _stored_shape(expected))
    size = math.prod(_static(expected)) * dtype.itemsize
    if not fits or not 0 <= begin <= end <= len(body) or end - begin != size:
        raise codec.Malformed(f"$.{symbol}", f"is no {expected}")
    array = numpy.frombuffer(body[begin:end], dtype).reshape(_static(expected))
    array.flags.writeable = False
    return array


def _static(value_type: TensorType) -> tuple[int, ...]:
    return tuple([dim for dim in value_type.shape if isinstance(dim, int)])


def _stored_shape(value_type: TensorType) -> tuple[int, ...]:
    return (*_static(value_type), 2) if value_type.dtype == "c128" else _static(value_type)


def _bytes_of(array: Handle) -> memoryview:
    contiguous: Any = numpy.ascontiguousarray(array).reshape(-1).view(numpy.uint8)
    return memoryview(contiguous)
