"""Let modules of torch see traced weights while they run natively."""

from __future__ import annotations

from typing import Any

from torch import nn

from .tensors import Tensors


class WeightSwapper:
    """Swap the parameters and buffers of modules for their stand-ins, until `restore`.

    Tensors are found by identity, so shared modules and tied weights stay shared.
    """

    def __init__(self, tensors: Tensors) -> None:
        self._tensors = tensors
        self._saved: list[tuple[dict[str, Any], str, Any]] = []
        self._swapped: set[int] = set()

    def swap(self, module: nn.Module) -> None:
        """Swap the weights of `module` and all below it, once."""
        for part in module.modules():
            if id(part) not in self._swapped:
                self._swapped.add(id(part))
                self._swap_own(part)

    def _swap_own(self, module: Any) -> None:
        for table in (module._parameters, module._buffers):
            for name, data in list(table.items()):
                if data is not None:
                    self._replace(table, name, self._tensors.lift(data))
        if isinstance(module, nn.RNNBase):
            flat: list[Any] = vars(module)["_flat_weights"]
            lifted = [self._tensors.lift(weight) for weight in flat]
            self._replace(vars(module), "_flat_weights", lifted)
            self._replace(vars(module), "_flat_weight_refs", [None] * len(flat))

    def _replace(self, table: dict[str, Any], name: str, value: Any) -> None:
        self._saved.append((table, name, table[name]))
        table[name] = value

    def restore(self) -> None:
        """Put every weight back."""
        for table, name, value in reversed(self._saved):
            table[name] = value
        self._saved.clear()
        self._swapped.clear()
