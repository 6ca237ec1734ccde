"""The back end for the engine `numpy`, and when that is the faster one.

A session of ONNX Runtime takes some 3 us for a call and 0.3 us for each small op; NumPy takes what
stands below, in microseconds on one core. `benchmarks/tiny.py` measures both.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

from ...ir import Func, TensorType, Value
from ...ir.graph import AtenOp, FuncReturn
from ..engine import Bid, Miss
from .mappings import MAPPINGS
from .program import ProgramBuilder, Unsupported, name_of, tensor_type

SESSION_CALL = 2.8
SESSION_OP = 0.3

CALL = 0.4
RESULT = 0.15
SCALAR_OP = 0.06
ARRAY_OP = 0.5
ELEMENT = 0.0002
"""What each element of an operation costs beyond what it costs in a session."""

OPS: Mapping[str, float] = {
    "argument": 0.2,
    "cast": 0.2,
    "concatenate": 1.0,
    "expand": 1.5,
    "full": 0.5,
    "index": 0.1,
    "reshape": 0.15,
    "stack": 2.5,
    "where": 1.0,
}
"""Operations that take another time than others, on arrays."""

REDUCTION = 1.2


class NumpyBackend:
    """Take functions of few ops on small tensors, if NumPy computes just what torch does."""

    name: ClassVar[str] = "numpy"
    suffix: ClassVar[str] = ".numpy.json"

    def bid(self, op: AtenOp) -> Bid | Miss:
        """Refuse: only whole sub-networks come here, since what it saves is their session."""
        return Miss(op, "NumPy runs whole sub-networks only")

    def emit(self, func: Func) -> bytes:
        """Return the operations in JSON; see `runtime/engines/numpy.py` for what it looks like."""
        return _built(func).text()

    def is_faster(self, func: Func) -> bool:
        """Tell whether NumPy can compute `func`, and in less time than a session."""
        session = SESSION_CALL + SESSION_OP * sum(isinstance(op, AtenOp) for op in func.ops)
        try:
            return _microseconds(_built(func)) < session
        except Unsupported:
            return False


def _built(func: Func) -> ProgramBuilder:
    """Return the operations for `func`; raises Unsupported."""
    builder = ProgramBuilder(func)
    for param in func.params:
        if isinstance(param.type, TensorType):
            _check(param)
    for op in func.ops:
        if isinstance(op, AtenOp):
            _add(builder, op)
    return builder


def _add(builder: ProgramBuilder, op: AtenOp) -> None:
    mapping = MAPPINGS.get(op.target)
    if mapping is None:
        raise Unsupported(f"NumPy has no {op.target}")
    for value in op.results:
        _check(value)
    found = mapping(builder, op)
    registers = found if isinstance(found, list) else [found]
    builder.registers.update(zip(op.results, registers, strict=True))


def _check(value: Value) -> None:
    kind = tensor_type(value)
    name_of(kind.dtype)
    if not math.prod(map(int, kind.shape)):
        raise Unsupported("a tensor has no elements")


def _microseconds(builder: ProgramBuilder) -> float:
    """Return how long a call takes, roughly."""
    returned = next(op for op in builder.func.ops if isinstance(op, FuncReturn))
    total = CALL + RESULT * len(returned.values)
    for node, elements in zip(builder.nodes, builder.sizes, strict=True):
        total += _cost(node["operation"], scalar=node["scalar"]) + ELEMENT * elements
    return total


def _cost(operation: str, *, scalar: bool) -> float:
    if operation.startswith("reduce."):
        return REDUCTION
    if scalar and operation not in ("argument", "index", "reshape"):
        return OPS["cast"] if operation == "cast" else SCALAR_OP
    return OPS.get(operation, ARRAY_OP)
