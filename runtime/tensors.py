"""Tensors of callers to handles of sub-networks and back, without copies where possible."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, cast

import numpy

from .host.values import Handle, from_bfloat16
from .structure import with_article
from .types import DTYPES

_ELEMENT_TYPES = {name: element for element, name in DTYPES.items() if element != "bf16"}


class Unreadable(Exception):
    """Say why a tensor cannot be read; the text completes `given ...`."""


def is_torch(value: Any) -> bool:
    """Whether `value` is a torch tensor; torch is not imported to find out."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def any_torch(values: Sequence[Any]) -> bool:
    """Whether one of `values` is a torch tensor."""
    torch = sys.modules.get("torch")
    if torch is None:
        return False
    tensor = torch.Tensor
    for value in values:  # a loop: the common call has one value
        if isinstance(value, tensor):
            return True
    return False


def read_tensor(value: Any) -> Handle:
    """Return the handle of a torch tensor, a numpy array or anything with `__dlpack__`.

    The handle shares memory with `value` if that lies in CPU memory, row-major; else it is a copy.
    bfloat16 becomes the uint16 of its bits; numpy arrays of uint16 are taken to be such bits.
    Raises Unreadable.
    """
    if type(value) is numpy.ndarray:
        handle: Handle = value
    elif is_torch(value):
        handle = _read_torch(value)
    elif isinstance(value, numpy.ndarray | numpy.generic):
        handle = numpy.asarray(cast(Any, value))
    elif hasattr(value, "__dlpack__"):
        handle = _read_dlpack(value)
    else:
        raise Unreadable(f"{with_article(type(value).__name__)}, which is no tensor")
    flags = handle.flags
    if not (flags.c_contiguous and flags.aligned):
        handle = numpy.array(handle, order="C")
    return handle


def describe_handle(handle: Handle) -> str:
    """Return the type of `handle` in the words of the IR."""
    element = _ELEMENT_TYPES.get(handle.dtype.name, handle.dtype.name)
    element = "bf16" if element == "uint16" else element
    return f"tensor<[{', '.join(map(str, handle.shape))}], {element}>"


def write_tensor(target: Any, handle: Handle) -> None:
    """Store the contents of `handle` in the caller's tensor `target`, of the same type."""
    if is_torch(target):
        torch = sys.modules["torch"]
        with torch.no_grad():
            target.copy_(to_torch(handle, is_bfloat16=target.dtype == torch.bfloat16))
        return
    array = _memory_of(target)
    array[...] = handle.view(array.dtype) if array.dtype.name == "bfloat16" else handle


def is_writable(target: Any) -> bool:
    """Whether `write_tensor` can store something in `target`."""
    if is_torch(target):
        return True
    array = _memory_of(target)
    return bool(array.flags.writeable)


def _memory_of(target: Any) -> Handle:
    return cast(Handle, target if isinstance(target, numpy.ndarray) else numpy.from_dlpack(target))


def to_numpy(handle: Handle, *, is_bfloat16: bool) -> Handle:
    """Return what a caller without torch gets: numpy lacks bfloat16, so float32 stands for it."""
    return from_bfloat16(handle) if is_bfloat16 else handle


def to_torch(handle: Handle, *, is_bfloat16: bool) -> Any:
    """Return a torch tensor over the memory of `handle`; a caller that passed one gets these."""
    torch = sys.modules["torch"]
    if not handle.flags.writeable:
        handle = handle.copy()  # torch has no read-only tensors
    tensor = torch.from_numpy(handle)
    return tensor.view(torch.bfloat16) if is_bfloat16 else tensor


def weight_handle(tensor: Any) -> Handle:
    """Return the handle of a parameter or buffer of a torch module, which must lie on the CPU.

    Its memory is shared if it is row-major. Raises Unreadable.
    """
    return read_tensor(tensor)


def _read_torch(tensor: Any) -> Handle:
    try:
        handle: Handle = tensor.numpy()  # the usual case, without a look at anything else
    except (RuntimeError, TypeError, NotImplementedError):
        handle = _read_unusual_torch(tensor)
    else:
        if handle.dtype == numpy.uint16:  # not to be taken for bits of bfloat16
            raise Unreadable("a tensor of torch.uint16")
    return handle


def _read_unusual_torch(tensor: Any) -> Handle:
    """Read what is not plain memory: with gradients, conjugated, bfloat16; or say why not."""
    torch = sys.modules["torch"]
    if tensor.device.type != "cpu":
        raise Unreadable(f"a tensor on {tensor.device}; move it with .cpu()")
    if tensor.layout is not torch.strided:
        raise Unreadable(f"a tensor of layout {tensor.layout}; make it dense with .to_dense()")
    try:
        if tensor.dtype is torch.bfloat16:
            return tensor.detach().contiguous().view(torch.int16).numpy().view(numpy.uint16)
        return tensor.numpy(force=True)
    except (RuntimeError, TypeError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise Unreadable(f"a {type(tensor).__name__} without readable memory: {reason}") from None


def _read_dlpack(value: Any) -> Handle:
    try:
        return numpy.from_dlpack(value)
    except (RuntimeError, TypeError, BufferError, ValueError, AttributeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        name = with_article(type(value).__name__)
        raise Unreadable(f"{name} that DLPack cannot pass: {reason}") from None
