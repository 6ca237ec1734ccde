"""Tensors of the program under capture and the IR values they stand for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from ...ir import Symbol, TensorType, Value, Weight
from ...ir.dims import canonical_dim
from ...ir.graph import dtype_from_torch
from ...ir.host import LoadWeight
from .torch_internals import (
    Fake,
    FakeTensor,
    Tensor,
    current_fake,
    eager,
    expression_of,
    is_raw_tensor,
    storage_key,
)

if TYPE_CHECKING:
    from .tracer import Tracer


def tensor_type(fake: Fake) -> TensorType:
    """Return the IR type of a fake tensor; KeyError if the IR has no such dtype."""
    shape = tuple(
        extent if isinstance(extent, int) else canonical_dim(expression_of(extent))
        for extent in fake.shape
    )
    return TensorType(shape, dtype_from_torch(fake.dtype), str(fake.device))


@dataclass(eq=False)
class TracedWeight:
    """A parameter, buffer or constant: real data, its stand-in, and the op that loads it."""

    data: torch.Tensor
    name: str | None
    tensor: Tensor = None
    op: LoadWeight | None = None


@dataclass(eq=False)
class Tensors:
    """Map fakes to values, and real tensors to weights.

    `names` gives the first qualified name of each parameter and buffer, by `id`.
    `preamble` are the ops that load the weights used so far; they open the entry block.
    """

    tracer: Tracer
    names: Mapping[int, str]
    preamble: list[LoadWeight] = field(default_factory=list[LoadWeight])
    weights: dict[int, TracedWeight] = field(default_factory=dict[int, TracedWeight])
    wrappers: dict[int, TracedWeight] = field(default_factory=dict[int, TracedWeight])
    _values: dict[int, tuple[Value | TracedWeight, Fake]] = field(
        default_factory=lambda: {}, repr=False
    )
    _weight_storages: dict[int, TracedWeight] = field(
        default_factory=dict[int, TracedWeight], repr=False
    )
    base_of_view: dict[int, TracedWeight] = field(default_factory=dict[int, TracedWeight])
    _alias_lost: dict[int, Tensor] = field(default_factory=lambda: {}, repr=False)

    # --- values ---

    def bind(self, fake: Fake, value: Value) -> None:
        """Let `fake` stand for `value`."""
        self._values[id(fake)] = (value, fake)
        self.tracer.scalars.bind_sizes(fake)

    def alias(self, fake: Fake, original: Fake) -> None:
        """Let `fake` stand for what `original` stands for."""
        self.value_of_fake(original)
        self._values[id(fake)] = (self._values[id(original)][0], fake)
        self.tracer.scalars.bind_sizes(fake)

    def wrap(self, fake: Fake, value: Value | TracedWeight) -> Tensor:
        """Return a tensor for the program that stands for `value`."""
        self._values[id(fake)] = (value, fake)
        self.tracer.scalars.bind_sizes(fake)
        return self.tracer.native(self.tracer.functional_mode.wrap, fake)

    def rewrap(self, tensor: Tensor) -> Tensor:
        """Return a new tensor with the contents of `tensor`, which does not alias it."""
        return self.tracer.native(self.tracer.functional_mode.wrap, self.fake(tensor))

    def fake(self, tensor: Tensor) -> Fake:
        """Return the fake that holds the contents of `tensor` now."""
        with self.tracer.lower_modes():
            return current_fake(tensor)

    def value(self, tensor: Tensor) -> Value:
        """Return the value that `tensor` holds now."""
        return self.value_of_fake(self.fake(tensor))

    def knows(self, fake: Any) -> bool:
        """Tell whether `fake` stands for a value."""
        return id(fake) in self._values

    def value_of_fake(self, fake: Any) -> Value:
        """Return the value of a fake; a real tensor becomes a constant."""
        if id(fake) not in self._values:
            assert not isinstance(fake, FakeTensor), "a tensor of unknown origin"
            with eager():
                self._values[id(fake)] = (TracedWeight(fake.detach().clone(), None), fake)
        value, _ = self._values[id(fake)]
        return self._load(value) if isinstance(value, TracedWeight) else value

    def empty(self, shape: Any, like: Fake, *, strides: Any = None) -> Fake:
        """Return a fake of `shape`, with dtype and device of `like`, contiguous by default."""
        with self.tracer.fake_mode:
            if strides is None:
                return torch.empty(shape, dtype=like.dtype, device=like.device)
            return torch.empty_strided(shape, strides, dtype=like.dtype, device=like.device)

    def fake_of_type(self, shape: Any, dtype: torch.dtype, device: Any) -> Fake:
        """Return a contiguous fake."""
        with self.tracer.fake_mode:
            return torch.empty(shape, dtype=dtype, device=device)

    # --- weights ---

    def lift(self, value: Any) -> Any:
        """Return the stand-in of a real tensor; other values are returned unchanged."""
        return self.lift_tensor(value) if is_raw_tensor(value) else value

    def lift_tensor(self, data: torch.Tensor) -> Tensor:
        """Return the stand-in of a real tensor, always the same one."""
        known = self.weights.get(id(data))
        if known is None:
            known = TracedWeight(data, self.names.get(id(data)))
            self.weights[id(data)] = known
            fake = self.tracer.fake_mode.from_tensor(data.detach(), static_shapes=True)
            known.tensor = self.wrap(fake, known)
            self._weight_storages[storage_key(known.tensor)] = known
            self.wrappers[id(known.tensor)] = known
        return known.tensor

    def is_weight(self, tensor: Tensor) -> bool:
        """Tell whether `tensor` stands for a weight, which paths share."""
        return id(tensor) in self.wrappers

    def base_of(self, tensor: Tensor) -> Tensor:
        """Return the tensor that owns the memory of `tensor`, None if it is not known."""
        return self.tracer.functional_mode.bases.get(storage_key(tensor))

    def weight_under(self, tensor: Tensor) -> TracedWeight | None:
        """Return the weight that `tensor` is, or is a view of."""
        return self._weight_storages.get(storage_key(tensor))

    def aliases_weight(self, tensor: Tensor) -> bool:
        """Tell whether `tensor` is a weight or a view of one."""
        return storage_key(tensor) in self._weight_storages

    def is_parameter(self, tensor: Tensor) -> bool:
        """Tell whether `tensor` stands for an `nn.Parameter`."""
        known = self.wrappers.get(id(tensor))
        return known is not None and isinstance(known.data, torch.nn.Parameter)

    def _load(self, weight: TracedWeight) -> Value:
        if weight.op is None:
            value_type = tensor_type(weight.data)
            weight.op = LoadWeight(symbol=Symbol(weight.name or ""), result_types=(value_type,))
            self.preamble.append(weight.op)
        return weight.op.out

    def constant_of(self, op: LoadWeight) -> torch.Tensor | None:
        """Return the data of a constant that the program makes; callers know nothing of it."""
        weights = (weight for weight, _ in self._values.values())
        found = (w for w in weights if isinstance(w, TracedWeight) and w.op is op)
        return next((w.data for w in found if w.name is None and w.tensor is None), None)

    def all_weights(self) -> list[TracedWeight]:
        """Return every weight and constant that has an op."""
        known = [*self.wrappers.values(), *(value for value, _ in self._values.values())]
        return [weight for weight in known if isinstance(weight, TracedWeight) and weight.op]

    # --- aliases ---

    def lose_alias(self, tensor: Tensor, original: Tensor = None) -> None:
        """Remember that what `tensor` aliases differs between paths: it must not be mutated.

        If `original`, of which it is a copy, is a view of a weight, that is remembered too.
        """
        self._alias_lost[storage_key(tensor)] = tensor
        if original is not None:
            known = self.weight_under(original) or self.base_of_view.get(storage_key(original))
            if known is not None:
                self.base_of_view[storage_key(tensor)] = known

    def has_lost_alias(self, tensor: Tensor) -> bool:
        """Tell whether mutating `tensor` would have effects that are not known."""
        return bool(self._alias_lost) and storage_key(tensor) in self._alias_lost

    def loses_aliases(self) -> bool:
        """Tell whether there is any tensor that must not be mutated."""
        return bool(self._alias_lost)


def digest(data: torch.Tensor) -> str:
    """Return the SHA-256 of the elements of `data`, in row-major order."""
    elements = data.detach().cpu().reshape(-1).clone(memory_format=torch.contiguous_format)
    raw = elements.view(torch.uint8) if elements.numel() else elements
    contents: Any = raw.numpy()
    return hashlib.sha256(contents).hexdigest()


def describe_weight(symbol: Symbol, data: torch.Tensor) -> Weight:
    """Return the entry of the module for a weight."""
    return Weight(symbol, tensor_type(data), digest(data))
