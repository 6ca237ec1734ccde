"""ATen operations as several simpler ones, by torch's own decompositions."""
# pyright: reportPrivateUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
# Torch's tables of decompositions and its symbolic shapes are private and untyped.

from __future__ import annotations

import functools
import operator as python_operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import onnx_ir
import sympy
import torch
import torch.fx
from torch._decomp import decomposition_table
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx
from torch.fx.experimental.symbolic_shapes import ShapeEnv
from torch.utils import _pytree

from ...ir.graph import dtype_from_torch, to_torch
from ...ir.graph.literals import torch_dtypes
from ...ir.types import F64, I1, I64, Dim, ScalarKind, ScalarType, TensorType, Type, symbol
from .call import Call
from .element_types import Unsupported

NUMBER_OPERATIONS: Mapping[Any, str] = {
    python_operator.add: "Add",
    python_operator.sub: "Sub",
    python_operator.mul: "Mul",
    python_operator.floordiv: "Div",
    python_operator.neg: "Neg",
    torch.sym_max: "Max",
    torch.sym_min: "Min",
}
"""Arithmetic on sizes, which are never negative, and what ONNX calls it."""


@dataclass
class Parts:
    """A graph of torch that computes a call.

    Its placeholders stand for the ONNX values among the arguments of the call, in order. `dims`
    gives torch's symbols the names that they have outside.
    """

    graph: torch.fx.Graph
    dims: dict[sympy.Symbol, Dim]
    prefix: str

    def type_of(self, meta: Any) -> Type:
        """Return the type of what torch's tracing says of a value."""
        if isinstance(meta, torch.Tensor):
            shape = tuple(self._dim(size) for size in meta.shape)
            return TensorType(shape, dtype_from_torch(meta.dtype))
        if isinstance(meta, bool | torch.SymBool):
            return I1
        return F64 if isinstance(meta, float | torch.SymFloat) else I64

    def _dim(self, size: Any) -> Dim:
        if isinstance(size, int):
            return size
        expression: sympy.Expr = size.node.expr
        for inner in cast("set[sympy.Symbol]", expression.free_symbols):
            self.dims.setdefault(inner, symbol(f"{self.prefix}_{inner}"))
        renamed = cast(Any, expression).subs(self.dims, simultaneous=True)
        return int(renamed) if renamed.is_Integer else renamed


def is_functional(operator: Any) -> bool:
    """Whether `operator` is one of torch's that leaves its arguments alone."""
    return isinstance(operator, torch._ops.OpOverload) and not operator._schema.is_mutable


def decompose(call: Call, prefix: sympy.Symbol) -> Parts:
    """Return the parts of `call`; dims that only occur inside are named after `prefix`."""
    body = _body(call.operator)
    leaves, layout = _pytree.tree_flatten((list(call.arguments), dict(call.keywords)))
    environment = ShapeEnv()
    with FakeTensorMode(shape_env=environment, allow_non_fake_inputs=True):
        stand_ins = _StandIns(environment)
        with environment.ignore_fresh_unbacked_symbols():  # inputs bind them, not operators
            inputs = [stand_ins.of(call.types[value]) for value in call.values]

        def run(*given: Any) -> Any:
            remaining = iter(given)
            filled = [
                next(remaining) if isinstance(leaf, onnx_ir.Value) else to_torch(leaf)
                for leaf in leaves
            ]
            positional, named = _pytree.tree_unflatten(filled, layout)
            return tuple(_pytree.tree_leaves(body(*positional, **named)))

        try:
            with torch.no_grad():
                traced = make_fx(run, tracing_mode="symbolic")(*inputs)
        except Exception as error:  # a decomposition that fails to trace is one that we lack
            reason = f"torch's decomposition fails: {error}".splitlines()[0]
            raise Unsupported(reason) from error
    traced.graph.eliminate_dead_code()
    return Parts(traced.graph, stand_ins.dims, str(prefix))


def _body(operator: Any) -> Callable[..., Any]:
    if operator in decomposition_table:
        return cast("Callable[..., Any]", decomposition_table[operator])
    if operator._can_decompose():
        return cast("Callable[..., Any]", operator.decompose)
    raise Unsupported("torch has no decomposition")


_TORCH: Any = torch


def _largest(*sizes: Any) -> Any:
    return functools.reduce(_TORCH.sym_max, sizes)


def _smallest(*sizes: Any) -> Any:
    return functools.reduce(_TORCH.sym_min, sizes)


_SYMBOLIC_FUNCTIONS: Mapping[str, Any] = {"Max": _largest, "Min": _smallest}
"""What Python's functions are for symbolic sizes, which it cannot compare."""


@dataclass
class _StandIns:
    """Fake tensors and symbolic numbers; equal dims become equal symbols."""

    environment: ShapeEnv
    dims: dict[sympy.Symbol, Dim] = field(default_factory=lambda: {})
    sizes: dict[sympy.Symbol, Any] = field(default_factory=lambda: {})

    def of(self, value_type: Type) -> Any:
        if isinstance(value_type, TensorType):
            shape = [self._size(dim) for dim in value_type.shape]
            return torch.empty(shape, dtype=torch_dtypes()[value_type.dtype])
        assert isinstance(value_type, ScalarType)
        make = {
            ScalarKind.I64: self.environment.create_unbacked_symint,
            ScalarKind.F64: self.environment.create_unbacked_symfloat,
            ScalarKind.I1: self.environment.create_unbacked_symbool,
        }
        return make[value_type.kind]()

    def _size(self, dim: Dim) -> Any:
        if isinstance(dim, int):
            return dim
        names = sorted(cast("set[sympy.Symbol]", dim.free_symbols), key=str)
        sizes = [self._symbol(name) for name in names]
        if dim in names:
            return sizes[0]
        return sympy.lambdify(names, dim, [_SYMBOLIC_FUNCTIONS, "math"])(*sizes)

    def _symbol(self, name: sympy.Symbol) -> Any:
        if name not in self.sizes:
            size = self.environment.create_unbacked_symint()
            torch._check(size >= 0)
            self.sizes[name] = size
            self.dims[size.node.expr] = name
        return self.sizes[name]
