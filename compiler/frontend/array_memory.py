"""Tensors made of real arrays of NumPy: constants, unless the program changes them in place."""

from __future__ import annotations

from typing import Any

import numpy
import torch

from .failures import Restart
from .machine import Machine, Outcome
from .objects import Array, is_a
from .registers import deliver
from .state import State
from .traversal import Path, StateCopier

_TORCH: Any = torch


def tensor_of_array(machine: Machine, state: State, args: list[Any], kwargs: Any) -> Outcome:
    """Deliver `torch.from_numpy(value)`, which shares memory with an array of the program."""
    (value,) = [*args, *kwargs.values()]
    if isinstance(value, Array):
        return deliver(state, value.tensor)
    if not is_a(value, numpy.ndarray):
        return deliver(state, machine.python(_TORCH.from_numpy, value))
    tensors, place = machine.tracer.tensors, machine.tracer.location()
    if place in machine.knowledge.changed_arrays and _is_given_up(machine, state, value):
        constant = tensors.lift(_TORCH.from_numpy(value.copy()))
        return deliver(state, machine.tracer.native(torch.clone, constant))
    data = _TORCH.from_numpy(value)
    machine.foreign.array_places[id(data)] = place
    return deliver(state, tensors.lift(data))


def give_up_array(machine: Machine, data: Any) -> None:
    """Start over if `data` was made of an array: it is the program's own if that is given up."""
    place = machine.foreign.array_places.get(id(data))
    if place is not None and place not in machine.knowledge.changed_arrays:
        machine.knowledge.changed_arrays.add(place)
        raise Restart("a tensor that was made of an array is changed")


def _is_given_up(machine: Machine, state: State, array: Any) -> bool:
    """Tell whether the program made `array`, and cannot read it after the current instruction."""
    if array in machine.foreign or not array.flags.owndata:
        return False
    finder = _ArrayFinder(machine.owned, machine.foreign.objects)
    last = len(state.frames) - 1
    for depth, frame in enumerate(state.frames):
        names = frame.live_registers(depth != last and state.executes_again(depth))
        held = [*(frame.registers[name] for name in names), frame.generator]
        finder.copy([*held, frame.handed, frame.constructed], (depth,))
    finder.copy([*state.overlay.values(), state.inputs, state.containers, state.exception], ())
    return not any(numpy.may_share_memory(array, other) for other in finder.arrays)


class _ArrayFinder(StateCopier):
    """Collect the real arrays that values hold."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.arrays: list[Any] = []

    def _share(self, value: Any, path: Path) -> Any:
        if is_a(value, numpy.ndarray):
            self.arrays.append(value)
        return super()._share(value, path)
