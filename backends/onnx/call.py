"""One call of a torch operator on ONNX values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import onnx_ir

from ...ir.types import DType, TensorType, Type

if TYPE_CHECKING:
    from .emitter import Emitter


@dataclass(frozen=True)
class Call:
    """`operator(*arguments, **keywords)`, which has results of the types `results`.

    Arguments are ONNX values, literals of the IR, or tuples of these. `types` knows the type of
    every ONNX value among them.
    """

    operator: Any
    arguments: Sequence[Any]
    keywords: Mapping[str, Any]
    results: Sequence[Type]
    types: Mapping[onnx_ir.Value, Type]

    @property
    def name(self) -> str:
        """The operator's qualified name, such as `aten::add.Tensor`."""
        return self.operator.name()

    def __getitem__(self, parameter: str) -> Any:
        """Return the argument that the schema calls `parameter`, or its default."""
        for position, formal in enumerate(self.operator._schema.arguments):
            if formal.name == parameter:
                if not formal.kwarg_only and position < len(self.arguments):
                    return self.arguments[position]
                return self.keywords.get(parameter, formal.default_value)
        raise KeyError(parameter)

    def has(self, parameter: str) -> bool:
        """Whether the schema has the parameter `parameter`."""
        return any(formal.name == parameter for formal in self.operator._schema.arguments)

    def tensor(self, parameter: str) -> TensorType:
        """Return the type of the tensor argument `parameter`."""
        return cast(TensorType, self.types[self[parameter]])

    @property
    def values(self) -> list[onnx_ir.Value]:
        """The ONNX values among the arguments, from left to right."""
        return list(_values((*self.arguments, *self.keywords.values())))

    @property
    def operand_types(self) -> list[TensorType]:
        """The types of the tensors among the arguments."""
        kinds = [self.types[value] for value in self.values]
        return [kind for kind in kinds if isinstance(kind, TensorType)]

    @property
    def dtypes(self) -> set[DType]:
        """The element types of all tensors read and made."""
        tensors = [kind for kind in self.results if isinstance(kind, TensorType)]
        return {kind.dtype for kind in (*self.operand_types, *tensors)}


OwnMapping: TypeAlias = Callable[["Emitter", Call], Sequence[onnx_ir.Value]]
"""Append the nodes of a call; return one value per result. `Unsupported` passes the call on."""


def normal_dim(dim: int, rank: int) -> int:
    """Return the dim that `dim`, possibly counted from the end, stands for."""
    return dim + max(rank, 1) if dim < 0 else dim


def _values(argument: Any) -> Iterator[onnx_ir.Value]:
    if isinstance(argument, onnx_ir.Value):
        yield argument
    elif isinstance(argument, list | tuple):
        for item in cast("Sequence[Any]", argument):
            yield from _values(item)
