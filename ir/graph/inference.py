"""Result types of ATen ops, by torch's own meta functions on fake tensors."""
# pyright: reportPrivateUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
# Torch's symbolic shapes are private, and sympy's and its annotations are partial.

from __future__ import annotations

import itertools
import logging
import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import sympy
import torch
from torch._guards import Source
from torch._subclasses import fake_tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.symbolic_shapes import DimDynamic, ShapeEnv
from torch.utils._sympy import functions

from ..core import Func, Op, Value, map_values
from ..dims import Dim, canonical_dim, dim_symbols, evaluate_dim, is_data_dependent, symbol
from ..host import arith
from ..host.program import Size
from ..types import F64, I1, I64, ScalarType, TensorType, Type, free_symbols
from .literals import dtype_from_torch, flatten, to_torch, torch_dtypes
from .ops import AtenOp
from .recurrent import PACKED_RECURRENT, packed_results

_SIZE = 5040
"""The size that stands for every symbolic dim: larger than static ones, with many divisors."""


@dataclass(frozen=True)
class _DimSource(Source):
    """Tell torch where a symbol comes from: a dim of that name."""

    dim: str

    @property
    def _name_template(self) -> str:
        return self.dim


class FakeValues:
    """Fake tensors and symbolic numbers of torch for values of the IR, and types for the former."""

    def __init__(self) -> None:
        self._shapes = ShapeEnv(duck_shape=False)
        self.mode = FakeTensorMode(shape_env=self._shapes, allow_non_fake_inputs=True)
        self._ours: dict[sympy.Symbol, sympy.Symbol] = {}
        self._theirs: dict[sympy.Symbol, sympy.Symbol] = {}

    def of(self, value: Value) -> Any:
        """Return what stands for `value`: a fake tensor or a number."""
        known = self._known(value)
        return self.of_type(value.type) if known is None else known

    def of_type(self, value_type: Type) -> Any:
        """Return what stands for any value of `value_type`."""
        if isinstance(value_type, TensorType):
            shape = [self._size(dim) for dim in value_type.shape]
            dtype = torch_dtypes()[value_type.dtype]
            with self.mode:
                return torch.empty(shape, dtype=dtype, device=value_type.device)
        assert isinstance(value_type, ScalarType), f"torch has no {value_type}"
        if value_type == I64:
            return self._shapes.create_unbacked_symint()
        return 0.5 if value_type == F64 else True

    def type_of(self, result: Any, fresh: Iterator[str]) -> Type:
        """Return the type of what torch returned; `fresh` names dims that are not known outside."""
        if isinstance(result, torch.Tensor):
            shape = tuple(self._dim(size, fresh) for size in result.shape)
            return TensorType(shape, dtype_from_torch(result.dtype), str(result.device))
        if isinstance(result, (bool, torch.SymBool)):
            return I1
        return F64 if isinstance(result, (float, torch.SymFloat)) else I64

    def are_same(self, left: Dim, right: Dim) -> bool:
        """Tell whether the dims are equal, given what the ops so far need to be equal."""
        unknown = (dim_symbols(left) | dim_symbols(right)) - {str(name) for name in self._theirs}
        if any(map(is_data_dependent, unknown)):
            return True  # the run decides
        return self._shapes.simplify(self._expression(left)) == self._shapes.simplify(
            self._expression(right)
        )

    def in_our_names(self, message: str) -> str:
        """Return what torch says, with our names for dims."""
        for theirs, ours in self._ours.items():
            message = re.sub(rf"\b{theirs}\b", str(ours), message)
        return message

    def _known(self, value: Value) -> Any:
        """Return the number that `value` is known to be, from where it comes from."""
        owner = value.owner
        if isinstance(owner, arith.Constant):
            return owner.value
        if isinstance(owner, Size) and isinstance(owner.source.type, TensorType):
            return self._size(owner.source.type.shape[owner.dim])
        return None

    def _size(self, dim: Dim) -> Any:
        if isinstance(dim, int):
            return dim
        hint = evaluate_dim(dim, dict.fromkeys(dim_symbols(dim), _SIZE))
        return self._shapes.create_symintnode(self._expression(dim), hint=hint, source=None)

    def _expression(self, dim: Dim) -> Any:
        names = {symbol(name): self._symbol(name) for name in sorted(dim_symbols(dim))}
        ours: Any = sympy.sympify(canonical_dim(dim))
        return (
            ours.replace(sympy.floor, _floor_div).replace(sympy.Mod, functions.Mod).xreplace(names)
        )

    def _symbol(self, name: str) -> Any:
        if symbol(name) not in self._theirs:
            theirs = self._shapes.create_symbol(
                _SIZE,
                source=_DimSource(name),
                dynamic_dim=DimDynamic.DYNAMIC,
                constraint_dim=None,
                do_not_specialize_zero_one=True,
            )
            self._bind(cast(sympy.Symbol, theirs), name)
        return self._theirs[symbol(name)]

    def _bind(self, theirs: sympy.Symbol, name: str) -> None:
        self._theirs[symbol(name)] = theirs
        self._ours[theirs] = symbol(name)

    def _dim(self, size: Any, fresh: Iterator[str]) -> Dim:
        if isinstance(size, int):
            return size
        expression = size.node.expr
        for theirs in sorted(expression.free_symbols - set(self._ours), key=str):
            self._bind(theirs, next(fresh))
        return canonical_dim(expression.xreplace(self._ours))


def infer_aten(op: AtenOp) -> Sequence[Type]:
    """Return the result types of `op`; DiagnosticError (MC0203) if torch refuses its operands.

    Sizes that only the run can tell get names that neither the operands nor the function use.
    """
    return _infer(op, FakeValues())


def type_contradictions(op: AtenOp) -> Iterator[str]:
    """Yield how the declared result types of `op` contradict torch."""
    fakes = FakeValues()
    inferred, declared = _infer(op, fakes), [result.type for result in op.results]
    if len(inferred) != len(declared):
        yield f"has {len(declared)} results, not {len(inferred)}"
    for given, wanted in zip(inferred, declared, strict=False):
        if not _agree(given, wanted, fakes):
            yield f"has a result of type {wanted}, not {given}"


def _infer(op: AtenOp, fakes: FakeValues) -> list[Type]:
    try:
        results = _run(op, fakes)
    except Exception as error:  # whatever torch raises, it refuses this op
        message = fakes.in_our_names(str(error).partition("\n")[0])
        raise op.error("MC0203", f"torch refuses the operands: {message}") from error
    fresh = _fresh_names(op)
    return [fakes.type_of(result, fresh) for result in results]


def _run(op: AtenOp, fakes: FakeValues) -> list[Any]:
    stand_ins = {value: fakes.of(value) for value in dict.fromkeys(op.operands)}
    arguments = to_torch(map_values(op.arguments, stand_ins.__getitem__))
    keywords = {
        name: to_torch(map_values(argument, stand_ins.__getitem__))
        for name, argument in op.keywords
    }
    with fakes.mode, torch.no_grad(), _quiet(logging.getLogger(fake_tensor.__name__)):
        if op.target in PACKED_RECURRENT:
            return packed_results(*arguments)
        return flatten(op.operator(*arguments, **keywords))


@contextmanager
def _quiet(logger: logging.Logger) -> Generator[None]:
    """Keep torch from printing the errors that it raises as well."""
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


def _agree(given: Type, declared: Type, fakes: FakeValues) -> bool:
    if not isinstance(given, TensorType) or not isinstance(declared, TensorType):
        return given == declared
    kinds = [(t.rank, t.dtype, t.device) for t in (given, declared)]
    return kinds[0] == kinds[1] and all(map(fakes.are_same, given.shape, declared.shape))


def _fresh_names(op: Op) -> Iterator[str]:
    """Yield `u0`, `u1`, ... without those that the function of `op`, or its operands, mention."""
    func = op.func
    values = op.operands if func is None else list(_values(func))
    used = {name for value in values for name in free_symbols(value.type)}
    names = (f"u{number}" for number in itertools.count())
    return (name for name in names if name not in used)


def _values(func: Func) -> Iterator[Value]:
    for block in func.body.blocks:
        yield from block.args
    for op in func.ops:
        yield from op.results


def _floor_div(inner: Any) -> Any:
    return functions.FloorDiv(*sympy.fraction(sympy.together(inner)))
