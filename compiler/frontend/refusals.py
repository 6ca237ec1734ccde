"""Functions that are refused wherever they are called, and what errors of torch really mean.

Some would run once, while compiling, where nobody can see what they do; of others, torch knows no
shapes. Errors that name torch's own classes say nothing to those who wrote the program.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from .machine import Builtin, Machine, Outcome
    from .state import State

_TORCH: Any = torch
_TEXT = "write the code out, or call a function; `getattr(owner, name)` reads an attribute by name"
_NESTED = "pad the tensors with `torch.nn.utils.rnn.pad_sequence`, and mask what was padded"
_QUANTISED = "compute in floats, as by `(x / scale).round().clamp(-128, 127) * scale`"
SPARSE = "use a dense tensor, such as `torch.zeros(shape).index_put((rows, columns), values)`"

_OPTIMISER = "optimise outside of the program: gradients are not computed"
NEEDS_VALUE = "compute it with tensor operations, or make it an input that is not a tensor"
_FALLBACK = ("MC0108", "guard it by a condition, or raise an exception explicitly")


def _refused() -> Iterator[tuple[Any, str, str]]:
    """Yield functions, what they make or do, and what to do instead."""
    for function in (eval, exec, compile):
        yield function, f"`{function.__name__}` of text", _TEXT
    for name in ("nested_tensor", "as_nested_tensor", "nested_tensor_from_jagged"):
        yield getattr(torch.nested, name), "a nested tensor", _NESTED
    for name in ("quantize_per_tensor", "quantize_per_channel"):
        yield getattr(_TORCH, name), "a quantised tensor", _QUANTISED
    for kind in ("coo", "csr", "csc", "bsr", "bsc", "compressed"):
        yield getattr(_TORCH, f"sparse_{kind}_tensor"), "a sparse tensor", SPARSE
    for kind in ("", "_coo", "_csr", "_csc", "_bsr", "_bsc"):
        yield getattr(_TORCH.Tensor, f"to_sparse{kind}"), "a sparse tensor", SPARSE
    for optimiser in ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "LBFGS"):
        yield getattr(_TORCH.optim, optimiser), "an optimiser", _OPTIMISER


def _refuse(what: str, advice: str) -> Builtin:
    def refuse(machine: Machine, state: State, args: list[Any], kwargs: dict[str, Any]) -> Outcome:
        del state, args, kwargs
        raise machine.tracer.refuse("MC0101", f"{what} is not supported", help=advice)

    return refuse


REFUSALS: Mapping[Any, Builtin] = {
    function: _refuse(what, advice) for function, what, advice in _refused()
}
"""The builtin for each such function, which refuses the program."""

_REASONS: Mapping[str, tuple[str, str, str]] = {
    "TorchScript interpreter": (
        "MC0101",
        "a function of TorchScript cannot be interpreted",
        "call the Python function, without `torch.jit.script`",
    ),
    "not compiled with CUDA|No CUDA GPUs|Cannot initialize CUDA": (
        "MC0101",
        "the program moves a tensor to a GPU",
        "leave tensors where they are: programs are compiled for the CPU",
    ),
    r"\bSym(Int|Float|Bool)\b": (
        "MC0102",
        "Python needs a value here that depends on tensor data",
        NEEDS_VALUE,
    ),
}
"""What an error of torch or Python means that matches a pattern: code, message and help."""


def reason(error: BaseException) -> tuple[str, str, str]:
    """Return code, message and help for an error that the program did not raise explicitly."""
    text = str(error).strip() or "no message"
    for pattern, known in _REASONS.items():
        if re.search(pattern, text):
            return known
    code, advice = _FALLBACK
    return code, f"this raises {type(error).__qualname__}: {text.splitlines()[0]}", advice
