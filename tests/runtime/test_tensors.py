"""Tensors of callers become handles, with copies only where they must."""

from __future__ import annotations

from typing import Any

import numpy
import pytest
import torch

from modelc.runtime.host.values import from_bfloat16, to_bfloat16
from modelc.runtime.tensors import (
    Unreadable,
    describe_handle,
    is_writable,
    read_tensor,
    to_numpy,
    to_torch,
    write_tensor,
)


class OnlyDlpack:
    """A tensor of another library."""

    def __init__(self, tensor: Any) -> None:
        self.tensor = tensor

    def __dlpack__(self, **options: Any) -> Any:
        return self.tensor.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.tensor.__dlpack_device__()


@pytest.mark.parametrize(
    "value",
    [
        torch.arange(6.0).reshape(2, 3),
        torch.arange(6.0).reshape(2, 3).requires_grad_(),
        numpy.arange(6, dtype=numpy.float32).reshape(2, 3),
        OnlyDlpack(torch.arange(6.0).reshape(2, 3)),
    ],
    ids=["torch", "gradient", "numpy", "dlpack"],
)
def test_row_major_memory_is_shared(value: Any):
    first, second = read_tensor(value), read_tensor(value)
    assert first.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert numpy.shares_memory(first, second)


@pytest.mark.parametrize(
    "value",
    [
        torch.arange(6.0).reshape(3, 2).T,
        numpy.arange(6, dtype=numpy.float32).reshape(3, 2).T,
        numpy.arange(12, dtype=numpy.float32).reshape(2, 6)[:, ::2],
        numpy.arange(6, dtype=numpy.float32)[::-1],
        torch.ones(1).expand(4),
        numpy.frombuffer(bytes(9), numpy.uint8)[1:].view(numpy.float32),
    ],
    ids=["transposed torch", "transposed", "strided", "reversed", "expanded", "unaligned"],
)
def test_other_memory_is_copied_to_row_major(value: Any):
    handle = read_tensor(value)
    assert handle.flags.c_contiguous and handle.flags.aligned
    assert handle.tolist() == value.tolist()


def test_rank_0_stays_rank_0():
    assert read_tensor(torch.tensor(2.0)).shape == ()
    assert read_tensor(numpy.float32(2)).shape == ()
    assert read_tensor(torch.tensor([[1.0, 2.0]]).T[0, 0]).shape == ()


def test_lazily_conjugated_and_negated_tensors_are_resolved():
    value = torch.tensor([1 + 2j, 3 - 4j])
    assert read_tensor(value.conj()).tolist() == [1 - 2j, 3 + 4j]
    assert read_tensor(value.conj().imag).tolist() == [-2, 4]


def test_bfloat16_is_held_as_its_bits():
    value: Any = torch.tensor([1.0, -2.5, 0.1]).to(torch.bfloat16)
    handle = read_tensor(value)
    assert handle.dtype == numpy.uint16
    assert to_torch(handle, is_bfloat16=True).equal(value)
    assert to_numpy(handle, is_bfloat16=True).tolist() == value.float().tolist()
    assert describe_handle(handle) == "tensor<[3], bf16>"


def test_bfloat16_of_rank_0_stays_an_array():
    handle = read_tensor(torch.tensor(2.5, dtype=torch.bfloat16))
    assert to_numpy(handle, is_bfloat16=True).shape == ()


def test_bfloat16_is_rounded_as_torch_rounds_it():
    values = [0.1, 1 / 3, -2.7, 1e-40, 3.4e38, float("inf"), float("nan"), 1.00390625, 1.01171875]
    expected = torch.tensor(values, dtype=torch.bfloat16).float().numpy()
    numpy.testing.assert_array_equal(from_bfloat16(to_bfloat16(values)), expected)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "an int, which is no tensor"),
        ([1.0], "a list, which is no tensor"),
        (torch.ones(2, device="meta"), "a tensor on meta"),
        (torch.eye(2).to_sparse(), "a tensor of layout torch.sparse_coo"),
        (torch.ones(2).to(torch.uint16), "a tensor of torch.uint16"),
        (OnlyDlpack(torch.ones(2).to(torch.bfloat16)), "an OnlyDlpack that DLPack cannot pass"),
    ],
)
def test_what_cannot_be_read_is_described(value: Any, text: str):
    with pytest.raises(Unreadable) as caught:
        read_tensor(value)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    "target",
    [
        torch.zeros(2, 3),
        torch.zeros(3, 2).T,
        numpy.zeros((2, 3), numpy.float32),
        OnlyDlpack(torch.zeros(2, 3)),
    ],
)
def test_contents_are_written_into_the_callers_tensor(target: Any):
    handle = numpy.arange(6, dtype=numpy.float32).reshape(2, 3)
    assert is_writable(target)
    write_tensor(target, handle)
    assert read_tensor(target).tolist() == handle.tolist()


def test_a_tensor_that_wants_gradients_can_be_written():
    target: Any = torch.zeros(2, requires_grad=True)
    write_tensor(target, numpy.ones(2, numpy.float32))
    assert target.tolist() == [1, 1]


def test_a_read_only_array_is_not_writable():
    array = numpy.zeros(2)
    array.flags.writeable = False
    assert not is_writable(array)
    assert is_writable(numpy.zeros(2))


def test_a_read_only_handle_is_copied_for_torch():
    handle = numpy.zeros(2, numpy.float32)
    handle.flags.writeable = False
    to_torch(handle, is_bfloat16=False).add_(1)
    assert handle.tolist() == [0, 0]
