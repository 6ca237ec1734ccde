"""Recurrent layers over packed sequences, as ONNX's operators over padded ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import onnx_ir

from ...ir.types import DType, TensorType
from .call import Call, OwnMapping
from .element_types import Unsupported

if TYPE_CHECKING:
    from .emitter import Emitter


@dataclass(frozen=True)
class _Kind:
    """An operator of ONNX: its name, options, and which of torch's gates each of its gates is."""

    op_type: str
    gates: tuple[int, ...]
    options: Mapping[str, Any]
    activation: str = ""

    def attributes(self, directions: int) -> dict[str, Any]:
        """Return the attributes of a layer of one or two directions."""
        activations = {"activations": [self.activation] * directions} if self.activation else {}
        direction = "bidirectional" if directions == 2 else "forward"
        return {**self.options, **activations, "direction": direction}


_LSTM = _Kind("LSTM", (0, 3, 1, 2), {})
_GRU = _Kind("GRU", (1, 0, 2), {"linear_before_reset": 1})


def _mapping(kind: _Kind) -> OwnMapping:
    def packed(emitter: Emitter, call: Call) -> Sequence[onnx_ir.Value]:
        """Pad the sequences, run layer after layer, and pack the outputs again."""
        if call.tensor("data").dtype is not DType.F32:
            raise Unsupported("the kernel is for f32")
        return _Layers(emitter, call, kind).emit()

    return packed


@dataclass(frozen=True)
class _Layers:
    """The layers of one call: inputs (longest, batch, features), states (directions, ...)."""

    emitter: Emitter
    call: Call
    kind: _Kind

    @property
    def _states(self) -> list[onnx_ir.Value]:
        states = self.call["hx"]
        return [states] if isinstance(states, onnx_ir.Value) else list(states)

    @property
    def _directions(self) -> int:
        return 2 if self.call["bidirectional"] else 1

    @property
    def _hidden_size(self) -> int:
        """The width of the hidden state; `Unsupported` if it is a projection of the cell's."""
        kinds = [cast(TensorType, self.call.types[state]) for state in self._states]
        sizes = {kind.shape[-1] for kind in kinds}
        (size, *others) = sizes
        if others or not isinstance(size, int):
            raise Unsupported("ONNX has no projected states")
        return size

    def emit(self) -> list[onnx_ir.Value]:
        """Append the nodes; return the outputs of all steps and the last states."""
        node, mask = self.emitter.node, self._mask()
        positions = node("Transpose", node("NonZero", mask), perm=[1, 0])
        lengths = node("Cast", mask, to=int(onnx_ir.DataType.INT32))
        lengths = node("ReduceSum", lengths, self.emitter.integers([0]), keepdims=0)
        steps = self._padded(mask, positions)
        last: list[list[onnx_ir.Value]] = []
        for layer in range(self.call["num_layers"]):
            steps, *states = self._layer(layer, steps, lengths)
            last.append(states)
        finals = [node("Concat", *parts, axis=0) for parts in zip(*last, strict=True)]
        return [node("GatherND", steps, positions), *finals]

    def _mask(self) -> onnx_ir.Value:
        """Return which sequences have which steps: (longest, batch)."""
        node, emitter = self.emitter.node, self.emitter
        count = node("Gather", node("Shape", self._states[0]), emitter.constant(1, DType.I64))
        zero, one = (emitter.constant(number, DType.I64) for number in (0, 1))
        sizes = node("Unsqueeze", self.call["batch_sizes"], emitter.integers([1]))
        return node("Less", node("Range", zero, count, one), sizes)

    def _padded(self, mask: onnx_ir.Value, positions: onnx_ir.Value) -> onnx_ir.Value:
        node = self.emitter.node
        features = node("Shape", self.call["data"], start=1)
        shape = node("Concat", node("Shape", mask), features, axis=0)
        padding = node("Expand", self.emitter.constant(0.0, DType.F32), shape)
        return node("ScatterND", padding, positions, self.call["data"])

    def _layer(
        self, layer: int, steps: onnx_ir.Value, lengths: onnx_ir.Value
    ) -> list[onnx_ir.Value]:
        """Return the outputs of a layer and its last states."""
        emitter, count = self.emitter, self._directions
        first, behind = emitter.integers([count * layer]), emitter.integers([count * (layer + 1)])
        states = [
            emitter.node("Slice", state, first, behind, emitter.integers([0]))
            for state in self._states
        ]
        outputs, *last = emitter.nodes(
            self.kind.op_type,
            steps,
            *self._weights(layer),
            lengths,
            *states,
            count=1 + len(states),
            hidden_size=self._hidden_size,
            **self.kind.attributes(count),
        )
        outputs = emitter.node("Transpose", outputs, perm=[0, 2, 1, 3])
        shape = emitter.integers([0, 0, count * self._hidden_size])
        return [emitter.node("Reshape", outputs, shape), *last]

    def _weights(self, layer: int) -> list[onnx_ir.Value]:
        """Return the weights of inputs and states, and the biases, a row for each direction."""
        parameters, has_biases = self.call["params"], self.call["has_biases"]
        count = 4 if has_biases else 2
        first = layer * self._directions * count
        rows: list[list[onnx_ir.Value]] = []
        for direction in range(self._directions):
            start = first + direction * count
            ordered = [self._ordered(each) for each in parameters[start : start + count]]
            rows.append([*ordered[:2], self._bias(ordered[2:], ordered[0])])
        return [self._stacked(parts) for parts in zip(*rows, strict=True)]

    def _ordered(self, weight: onnx_ir.Value) -> onnx_ir.Value:
        """Put the gates into the order of ONNX."""
        gates = self.kind.gates
        if len(gates) == 1:
            return weight
        parts = self.emitter.nodes(
            "Split", weight, count=len(gates), axis=0, num_outputs=len(gates)
        )
        return self.emitter.node("Concat", *(parts[gate] for gate in gates), axis=0)

    def _bias(self, biases: Sequence[onnx_ir.Value], weight: onnx_ir.Value) -> onnx_ir.Value:
        """Return the biases of inputs and states in a row; zeros if there are none."""
        if biases:
            return self.emitter.node("Concat", *biases, axis=0)
        rows = self.emitter.node("Shape", weight, end=1)
        twice = self.emitter.node("Mul", rows, self.emitter.constant(2, DType.I64))
        return self.emitter.node("Expand", self.emitter.constant(0.0, DType.F32), twice)

    def _stacked(self, rows: Sequence[onnx_ir.Value]) -> onnx_ir.Value:
        axes = self.emitter.integers([0])
        return self.emitter.node(
            "Concat", *(self.emitter.node("Unsqueeze", row, axes) for row in rows), axis=0
        )


RECURRENT_MAPPINGS: Mapping[str, OwnMapping] = {
    "aten::lstm.data": _mapping(_LSTM),
    "aten::gru.data": _mapping(_GRU),
    "aten::rnn_tanh.data": _mapping(_Kind("RNN", (0,), {}, "Tanh")),
    "aten::rnn_relu.data": _mapping(_Kind("RNN", (0,), {}, "Relu")),
}
