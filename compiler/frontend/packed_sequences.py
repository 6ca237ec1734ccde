"""Recurrent layers over sequences whose lengths depend on data: one operation for all steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.utils import rnn
from torch.utils import _pytree as pytree

from ...ir.graph.recurrent import packed_results
from . import prelude_sequences as prelude
from .failures import ProgramError
from .functions import push_function
from .machine import Builtin, Machine, Outcome
from .objects import is_a
from .registers import deliver
from .scalars import is_symbolic
from .state import State
from .torch_internals import is_traced
from .truth import item_of, truth

_RNN: Any = rnn


def takes_open_sequences(module: nn.Module, args: list[Any], kwargs: Mapping[str, Any]) -> bool:
    """Tell whether `module` is recurrent and called with sequences of unknown lengths."""
    if not isinstance(module, nn.RNNBase):
        return False
    sequences: Any = args[0] if args else kwargs.get("input")
    if is_a(sequences, rnn.PackedSequence):
        return True
    if not is_traced(sequences) or sequences.dim() not in (2, 3):
        return False
    dim = 1 if module.batch_first and sequences.dim() == 3 else 0
    return is_symbolic(sequences.shape[dim])


def run_open_sequences(
    machine: Machine, state: State, module: nn.Module, args: list[Any], kwargs: dict[str, Any]
) -> Outcome:
    """Begin the interpretation of a recurrent module in place of torch's own `forward`."""
    return push_function(machine, state, prelude.run_recurrent, [module, *args], kwargs)


def _run_packed(machine: Machine, state: State, args: list[Any], kwargs: dict[str, Any]) -> Outcome:
    del kwargs
    module, data, batch_sizes, states = args
    machine.swapper.swap(module)
    tensors = machine.tracer.tensors
    given = states if module.mode == "LSTM" else states[0]
    operands = (data, batch_sizes, given, list(module._flat_weights))

    def fake(tensor: Any) -> Any:
        return tensors.fake(machine.tracer.contiguous(tensor))

    fakes: Any = pytree.tree_map(fake, operands)
    options = (module.bias, module.num_layers, 0.0, False, module.bidirectional)
    with machine.tracer.fake_mode:
        results = packed_results(*fakes, *options)
    operator: Any = getattr(torch.ops.aten, module.mode.lower()).data
    machine.tracer.recorder.append(operator, (*fakes, *options), {}, results)
    wrap = machine.tracer.functional_mode.wrap
    return deliver(state, tuple(machine.tracer.native(wrap, result) for result in results))


def _note_batch(machine: Machine, state: State, args: list[Any], kwargs: dict[str, Any]) -> Outcome:
    del kwargs
    batch_sizes, count = args
    machine.batches[machine.tracer.tensors.value(batch_sizes)] = count
    return deliver(state, None)


def _batch_of(machine: Machine, state: State, args: list[Any], kwargs: dict[str, Any]) -> Outcome:
    del kwargs
    (batch_sizes,) = args
    count = machine.batches.get(machine.tracer.tensors.value(batch_sizes))
    if count is None:
        count = item_of(machine, machine.tracer.native(torch.select, batch_sizes, 0, 0))
    return deliver(state, count)


def _require(machine: Machine, state: State, args: list[Any], kwargs: dict[str, Any]) -> Outcome:
    del kwargs
    condition, message = args
    known = truth(machine, condition)
    if known is False:
        raise ProgramError(RuntimeError(message), explicit=True)
    if known is not True:
        machine.tracer.require(known, message)
    return deliver(state, None)


def _interpreted(replacement: Any) -> Builtin:
    def builtin(machine: Machine, state: State, args: list[Any], kwargs: dict[str, Any]) -> Outcome:
        return push_function(machine, state, replacement, args, kwargs)

    return builtin


PACKED_SEQUENCES: Mapping[Any, Builtin] = {
    _RNN.pack_padded_sequence: _interpreted(prelude.pack_padded_sequence),
    _RNN.pack_sequence: _interpreted(prelude.pack_sequence),
    _RNN.pad_packed_sequence: _interpreted(prelude.pad_packed_sequence),
    _RNN.unpad_sequence: _interpreted(prelude.unpad_sequence),
    _RNN.unpack_sequence: _interpreted(prelude.unpack_sequence),
    prelude.run_packed: _run_packed,
    prelude.note_batch: _note_batch,
    prelude.batch_of: _batch_of,
    prelude.require: _require,
}
