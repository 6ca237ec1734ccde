"""The weights file: what the safetensors package reads, and nothing else is accepted."""

from __future__ import annotations

from typing import Any

import numpy
import pytest
import torch
from safetensors.torch import load

from modelc.runtime.codec import Malformed
from modelc.runtime.tensors import read_tensor
from modelc.runtime.types import TensorType
from modelc.runtime.weights import read_weights, write_weights

TENSORS = {
    "conv.weight": torch.arange(24.0).reshape(2, 3, 2, 2).to(memory_format=torch.channels_last),
    "scale": torch.tensor(2.0),
    "half": torch.tensor([1.5, -2.0], dtype=torch.float16),
    "brain": torch.tensor([1.5, -2.0], dtype=torch.bfloat16),
    "double": torch.tensor([1e-300], dtype=torch.float64),
    "mask": torch.tensor([True, False, True]),
    "index": torch.tensor([[1, -(2**40)]]),
    "byte": torch.tensor([255], dtype=torch.uint8),
    "complex": torch.tensor([1 + 2j]),
    "empty": torch.zeros(0, 4),
}
NAMES = {
    torch.float32: "f32",
    torch.float16: "f16",
    torch.bfloat16: "bf16",
    torch.float64: "f64",
    torch.bool: "i1",
    torch.int64: "i64",
    torch.uint8: "u8",
    torch.complex64: "c64",
}
TYPES = {name: TensorType(tuple(t.shape), NAMES[t.dtype]) for name, t in TENSORS.items()}
HANDLES = {name: read_tensor(tensor) for name, tensor in TENSORS.items()}


def written(types: dict[str, TensorType] = TYPES, handles: dict[str, Any] = HANDLES) -> bytes:
    return b"".join(write_weights(types, handles))


def test_the_safetensors_package_reads_the_file():
    loaded = load(written())
    assert loaded.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert loaded[name].dtype == tensor.dtype
        assert loaded[name].equal(tensor)


def test_what_was_written_is_read_without_copies():
    data = memoryview(written())
    read = read_weights(TYPES, data)
    for name, handle in HANDLES.items():
        assert read[name].dtype == handle.dtype
        numpy.testing.assert_array_equal(read[name], handle)
        assert not read[name].flags.writeable
        assert read[name].size == 0 or numpy.shares_memory(read[name], numpy.frombuffer(data, "u1"))


def test_wide_complex_numbers_survive():
    types = {"c": TensorType((2,), "c128")}
    handles = {"c": numpy.array([1 + 2j, 3e300 - 4j])}
    data = written(types, handles)
    assert load(data)["c"].shape == (2, 2)
    numpy.testing.assert_array_equal(read_weights(types, memoryview(data))["c"], handles["c"])


@pytest.mark.parametrize(
    ("types", "message"),
    [
        ({"other": TensorType((1,), "f32")}, "the weight other is missing"),
        ({"scale": TensorType((1,), "f32")}, "$.scale: is no tensor<[1], f32>"),
        ({"scale": TensorType((), "i32")}, "$.scale: is no tensor<[], i32>"),
    ],
)
def test_other_weights_are_refused(types: dict[str, TensorType], message: str):
    with pytest.raises(Malformed) as caught:
        read_weights(types, memoryview(written()))
    assert message in str(caught.value)


@pytest.mark.parametrize("length", [0, 4, 8, 60, 400, -1])
def test_a_part_of_the_file_is_refused(length: int):
    with pytest.raises(Malformed):
        read_weights(TYPES, memoryview(written()[:length]))


@pytest.mark.parametrize(
    "entry",
    [
        '{"dtype":"F32","shape":[2],"data_offsets":[0,4]}',
        '{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}',
        '{"dtype":"F32","shape":[2],"data_offsets":[8,16]}',
        '{"dtype":"F32","shape":[2]}',
        "[]",
    ],
)
def test_offsets_outside_of_the_file_are_refused(entry: str):
    header = f'{{"a":{entry}}}'.encode()
    data = len(header).to_bytes(8, "little") + header + bytes(8)
    with pytest.raises(Malformed):
        read_weights({"a": TensorType((2,), "f32")}, memoryview(data))
