"""Packed sequences and recurrent layers in Python: what the machine interprets of torch's.

Lengths depend on data here. As in torch, the sequences are in order of falling length, and a step
of all sequences that have it comes after the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pad_sequence

_NOT_SORTED = (
    "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can "
    "pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this "
    "requirement if you do not need ONNX exportability."
)
_EMPTY = (
    "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0"
)


# --- what the machine does itself ---------------------------------------------------------------


def batch_of(batch_sizes: Tensor) -> Any:
    """Return how many sequences there are."""
    return int(batch_sizes[0])


def note_batch(batch_sizes: Tensor, count: Any) -> None:
    """Remember what `batch_of` is to return."""


def require(condition: Any, message: str) -> None:
    """Raise RuntimeError unless `condition` holds, without a branch."""
    if not condition:
        raise RuntimeError(message)


def run_packed(module: Any, data: Tensor, batch_sizes: Tensor, states: Any) -> tuple[Any, ...]:
    """Return the outputs of a recurrent module and its last states."""
    raise NotImplementedError


# --- packing ------------------------------------------------------------------------------------


def pack_padded_sequence(
    input: Tensor, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> Any:
    """Return `torch.nn.utils.rnn.pack_padded_sequence`."""
    sizes = torch.as_tensor(lengths).to(torch.int64)
    order = None
    if not enforce_sorted:
        sizes, order = torch.sort(sizes, descending=True)
        input = input.index_select(0 if batch_first else 1, order)
    steps = input.transpose(0, 1) if batch_first else input
    check_lengths(sizes, steps.shape[0], steps.shape[1], not enforce_sorted)
    possible = sizes.clamp(1, steps.shape[0])  # kernels trust them, and may run before the checks
    mask = torch.arange(steps.shape[0]).unsqueeze(1) < possible
    counts = mask.sum(1)
    batch_sizes = counts[counts > 0]
    note_batch(batch_sizes, steps.shape[1])
    return PackedSequence(steps[mask], batch_sizes, order, inverted(order))


def check_lengths(sizes: Tensor, longest: int, batch: int, are_sorted: bool) -> None:
    """Raise what torch raises for lengths that cannot be."""
    if sizes.shape[0] != batch:
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {sizes.shape[0]} "
            f"(batch_size={batch})"
        )
    require(sizes[-1] > 0, _EMPTY)
    if not are_sorted:
        require((sizes[1:] <= sizes[:-1]).all(), _NOT_SORTED)
    require(sizes[0] <= longest, "a sequence is longer than the steps that there are")


def inverted(order: Tensor | None) -> Tensor | None:
    """Return the permutation that undoes `order`."""
    if order is None:
        return None
    return torch.zeros_like(order).scatter(0, order, torch.arange(order.shape[0]))


def pack_sequence(sequences: Any, enforce_sorted: bool = True) -> Any:
    """Return `torch.nn.utils.rnn.pack_sequence`."""
    lengths = [sequence.shape[0] for sequence in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def pad_packed_sequence(
    sequence: Any,
    batch_first: bool = False,
    padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Return `torch.nn.utils.rnn.pad_packed_sequence`."""
    data, sizes, _, back = sequence
    batch = batch_of(sizes) if back is None else back.shape[0]
    if total_length is not None:
        sizes = extended(sizes, total_length)
    mask = torch.arange(batch) < sizes.unsqueeze(1)
    shape = (sizes.shape[0], batch, *data.shape[1:])
    padding = torch.full(shape, padding_value, dtype=data.dtype)
    padded = torch.index_put(padding, (mask,), data)
    padded = padded.transpose(0, 1) if batch_first else padded
    lengths = mask.sum(0)
    if back is None:
        return padded, lengths
    return padded.index_select(0 if batch_first else 1, back), lengths[back]


def extended(sizes: Tensor, total: int) -> Tensor:
    """Return batch sizes with a zero for each step that is padding."""
    longest = sizes.shape[0]
    if total < longest:
        raise ValueError(
            "Expected total_length to be at least the length of the longest sequence in input, "
            f"but got total_length={total} and max sequence length being {longest}"
        )
    return torch.cat([sizes, torch.zeros(total - longest, dtype=torch.int64)])


def unpad_sequence(padded: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """Return `torch.nn.utils.rnn.unpad_sequence`."""
    rows = padded if batch_first else padded.transpose(0, 1)
    return [row[:length] for row, length in zip(rows, lengths)]


def unpack_sequence(sequence: Any) -> list[Tensor]:
    """Return `torch.nn.utils.rnn.unpack_sequence`."""
    padded, lengths = pad_packed_sequence(sequence, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)


# --- recurrent modules --------------------------------------------------------------------------


def run_recurrent(module: Any, input: Any, hx: Any = None) -> tuple[Any, Any]:
    """Call an `nn.LSTM`, `nn.GRU` or `nn.RNN` with sequences of lengths that depend on data."""
    if isinstance(input, PackedSequence):
        return run_on_packed(module, input, hx)
    if input.dim() == 2:
        given = None if hx is None else each(hx, insert_batch)
        output, last = run_on_steps(module, input.unsqueeze(1), given)
        return output.squeeze(1), each(last, remove_batch)
    if module.batch_first:
        output, last = run_on_steps(module, input.transpose(0, 1), hx)
        return output.transpose(0, 1), last
    return run_on_steps(module, input, hx)


def run_on_packed(module: Any, packed: Any, hx: Any) -> tuple[Any, Any]:
    """Call a recurrent module with packed sequences; its states are in the caller's order."""
    data, batch_sizes, order, back = packed
    batch = batch_of(batch_sizes) if order is None else order.shape[0]
    if hx is not None and order is not None:
        hx = each(hx, reordered(order))
    states = initial_states(module, data, batch, hx)
    output, *last = run_packed(module, data, batch_sizes, states)
    if back is not None:
        last = [state.index_select(1, back) for state in last]
    return PackedSequence(output, batch_sizes, order, back), as_states(module, last)


def run_on_steps(module: Any, steps: Tensor, hx: Any) -> tuple[Tensor, Any]:
    """Call a recurrent module with sequences of one length, the steps being the first dim."""
    longest, batch, width = steps.shape
    if longest == 0:
        raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
    states = initial_states(module, steps, batch, hx)
    batch_sizes = torch.full((longest,), batch)
    note_batch(batch_sizes, batch)
    output, *last = run_packed(module, steps.reshape(longest * batch, width), batch_sizes, states)
    return output.reshape(longest, batch, output.shape[-1]), as_states(module, last)


def initial_states(module: Any, like: Tensor, batch: Any, hx: Any) -> list[Tensor]:
    """Return the states that a recurrent module begins with."""
    if like.shape[-1] != module.input_size:
        raise RuntimeError(
            "input.size(-1) must be equal to input_size. "
            f"Expected {module.input_size}, got {like.shape[-1]}"
        )
    rows = module.num_layers * (2 if module.bidirectional else 1)
    widths = [module.proj_size or module.hidden_size]
    if module.mode == "LSTM":
        widths = [*widths, module.hidden_size]
    if hx is None:
        return [torch.zeros(rows, batch, width, dtype=like.dtype) for width in widths]
    given = list(hx) if module.mode == "LSTM" else [hx]
    for state, width in zip(given, widths):
        if state.shape[0] != rows or state.shape[1] != batch or state.shape[2] != width:
            raise RuntimeError(
                f"Expected hidden size ({rows}, {batch}, {width}), got {list(state.shape)}"
            )
    return given


def as_states(module: Any, last: list[Tensor]) -> Any:
    """Return the last states as a module of that kind returns them."""
    return tuple(last) if module.mode == "LSTM" else last[0]


def each(states: Any, function: Callable[[Tensor], Tensor]) -> Any:
    """Apply `function` to the state, or to each of two."""
    if isinstance(states, Tensor):
        return function(states)
    return tuple([function(state) for state in states])


def reordered(order: Tensor) -> Callable[[Tensor], Tensor]:
    """Return a function that puts the sequences of a state into an order."""
    return lambda state: state.index_select(1, order)


def insert_batch(state: Tensor) -> Tensor:
    """Give the state of one sequence a batch of one."""
    return state.unsqueeze(1)


def remove_batch(state: Tensor) -> Tensor:
    """Return the state of the only sequence of a batch."""
    return state.squeeze(1)
