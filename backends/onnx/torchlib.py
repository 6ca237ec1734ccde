"""All that we use of torch's and onnxscript's private parts to map ATen to ONNX, in one place.

`tests/backends/onnx/test_torchlib.py` states what we assume of them, one test per assumption.
"""
# pyright: reportPrivateUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false
# The parts named above are untyped: everything that leaves this module has a type of its own.

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import onnx_ir
import onnxscript
import onnxscript.evaluator
import torch
from onnxscript.function_libs.torch_lib import ops as _onnxscript_ops
from onnxscript.function_libs.torch_lib import registration
from onnxscript.values import Opset
from torch.onnx._internal.exporter import _building, _tensors
from torch.onnx._internal.exporter._torchlib import _torchlib_registry
from torch.onnx._internal.fx.passes import type_promotion

OPSET = 18
"""The ONNX opset that the library of mappings is written for."""

RUNTIME_DOMAIN = "com.microsoft"
"""The operators that ONNX Runtime adds to those of ONNX."""

IR_VERSION = 10
"""The ONNX file format version; ONNX Runtime 1.20 and later read it."""

Mapped = Callable[..., Any]


@functools.cache
def mappings() -> Mapping[str, Mapped]:
    """Return the function that builds ONNX for each operator name such as `aten::add.Tensor`.

    The functions run under a `Recorder`. Those for complex tensors are left out.
    """
    assert _onnxscript_ops is not None  # importing it is what fills the registry
    table: dict[str, Mapped] = {}
    for entry in _torchlib_registry.get_torchlib_ops():
        if isinstance(entry.fx_target, torch._ops.OpOverload) and not entry.is_complex:
            if entry.opset_introduced <= OPSET:
                table.setdefault(entry.fx_target.name(), entry.onnx_function)
    for name, overloads in registration.default_registry.items():
        if overloads.overloads:
            table.setdefault(name, overloads.overloads[0])
    return table


def opset() -> Any:
    """Return the builder of ONNX nodes, for use under a `Recorder`."""
    return Opset("", OPSET)


def new_value(
    name: str | None, dtype: onnx_ir.DataType | None, shape: Sequence[int | str] | None
) -> onnx_ir.Value:
    """Return a value that mapping functions can compute with."""
    value = _tensors.SymbolicTensor(opset(), name=name)
    if dtype is not None:
        value.dtype = dtype
    value.shape = None if shape is None else onnx_ir.Shape(shape)
    return value


class Recorder(_building.OpRecorder):
    """Collect the nodes and functions that mapping functions ask for.

    It adds to torch's recorder that values inside of a mapping know their element type, without
    which every constant next to them would be taken for a 32-bit number.
    """

    def __init__(self) -> None:
        super().__init__(opset(), {})

    def _call_op(
        self,
        op_signature: Any,
        named_inputs: dict[str, Any],
        named_attrs: dict[str, Any],
        num_outputs: int,
    ) -> Any:
        if (known := self._cast_constant(op_signature, named_inputs, named_attrs)) is not None:
            return [known]
        inputs = dict(named_inputs)
        named_attrs = {name: _attribute(name, value) for name, value in named_attrs.items()}
        outputs = super()._call_op(op_signature, named_inputs, named_attrs, num_outputs)
        types = _building._resolve_parameter_dtypes(op_signature, inputs | named_inputs)
        for formal, value in zip(op_signature.outputs, outputs, strict=False):
            dtype = _result_dtype(op_signature, formal, types, named_attrs)
            if value.dtype is None and dtype is not None:
                value.dtype = dtype
        return outputs

    @property
    def local_functions(self) -> list[onnx_ir.Function]:
        """The functions, fixed graphs of ONNX nodes, that the recorded nodes call."""
        return [_local_function(script) for script in self.functions.values()]

    def share_functions(self, other: Recorder) -> None:
        """Keep functions where `other` keeps its own: both record parts of one model."""
        self.functions = other.functions

    def _cast_constant(
        self, signature: Any, inputs: Mapping[str, Any], attributes: Mapping[str, Any]
    ) -> Any:
        """Make a number that is cast a constant of its type, in full precision."""
        if signature.name == "Cast":
            dtype = onnx_ir.DataType(attributes["to"])
        elif signature.name == "CastLike":
            dtype = getattr(inputs["target_type"], "dtype", None)
        else:
            return None
        if dtype is None or not isinstance(inputs["input"], bool | int | float):
            return None
        return opset().Constant(value=onnx_ir.tensor(inputs["input"], dtype))

    def record(self, build: Callable[[], Any]) -> Any:
        """Return what `build` returns when its nodes go to this recorder."""
        with onnxscript.evaluator.default_as(self):
            return build()


def _local_function(script: Any) -> onnx_ir.Function:
    if isinstance(script, onnx_ir.Function):
        return script
    return onnx_ir.serde.deserialize_function(script.to_function_proto())


def _attribute(name: str, value: Any) -> Any:
    """Give an empty list the type that its elements would tell."""
    return onnx_ir.AttrInt64s(name, []) if value in ([], ()) else value


def _result_dtype(
    signature: Any, formal: Any, types: Mapping[Any, Any], attributes: Mapping[str, Any]
) -> onnx_ir.DataType | None:
    constraint = formal.type_constraint
    if signature.name == "Constant":
        value = attributes.get("value")
        return value.dtype if isinstance(value, onnx_ir.TensorProtocol) else None
    if signature.name in ("Cast", "RandomNormalLike", "RandomUniformLike"):
        to = attributes.get("to", attributes.get("dtype"))
        return onnx_ir.DataType(to) if isinstance(to, int) else None
    if constraint in types:
        return types[constraint].dtype
    allowed = constraint.allowed_types
    only = next(iter(allowed)) if len(allowed) == 1 else None
    return only.dtype if isinstance(only, onnx_ir.TensorType) else None


def promoted_dtypes(
    operator: Any, arguments: Sequence[Any], keywords: Mapping[str, Any]
) -> tuple[Mapping[int, Any], Mapping[str, Any]]:
    """Return the torch dtype in which each argument, by position and by name, takes part.

    Tensors among the arguments are given as meta tensors of their rank.
    """
    rule = _promotion_rules().get_rule(operator.overloadpacket)
    if rule is None:
        return {}, {}
    snapshot = rule.preview_type_promotion(tuple(arguments), dict(keywords))
    return snapshot.args_dtypes, snapshot.kwargs_dtypes


@functools.cache
def _promotion_rules() -> type_promotion.TypePromotionTable:
    return type_promotion.TypePromotionTable()


def is_script(mapped: Mapped) -> bool:
    """Whether a mapping is a fixed ONNX function, whose constants have 32 bits."""
    return isinstance(mapped, onnxscript.OnnxFunction) and not mapped.traceable


def is_sequence(value: onnx_ir.Value) -> bool:
    """Whether a mapping returned a sequence of tensors."""
    producer = value.producer()
    return producer is not None and producer.op_type in ("SplitToSequence", "SequenceMap")
