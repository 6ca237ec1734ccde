"""What a back end does for the compiler: bid for ops, and write the payloads of sub-networks."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, cast

from ..ir import Func
from ..ir.graph import AtenOp


@dataclass(frozen=True)
class Miss:
    """Say why an engine does not take `op`."""

    op: AtenOp
    reason: str


@dataclass(frozen=True)
class Bid:
    """Offer to execute an op; the engine with the lowest `cost` gets it."""

    cost: float


class Backend(Protocol):
    """Write sub-networks for the engine `name` of the runtime, in files that end in `suffix`."""

    name: str
    suffix: str

    def bid(self, op: AtenOp) -> Bid | Miss:
        """Offer to execute `op`, or say why not. Cheap, and true: what is bid for can be run."""
        ...

    def emit(self, func: Func) -> bytes:
        """Return the payload of the graph function `func`, all ops of which were bid for."""
        ...


BACKENDS: Mapping[str, str] = {
    "numpy": "numpy:NumpyBackend",
    "onnxruntime": "onnx:OnnxRuntimeBackend",
    "torch": "torch:TorchBackend",
}
"""Module, beside this one, and class of the back end for each engine."""


@functools.cache
def load_backend(engine: str) -> Backend:
    """Return the back end that writes for `engine`, a key of `BACKENDS`."""
    module_name, _, class_name = BACKENDS[engine].partition(":")
    module = importlib.import_module(f".{module_name}", __package__)
    return cast(Backend, getattr(module, class_name)())
