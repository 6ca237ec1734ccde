"""The back end for the engine `torch`."""

from __future__ import annotations

import json
import math
from typing import Any, ClassVar, cast

from ...ir import DType, Func, ScalarType, TensorType, Value
from ...ir.graph import AtenOp, Device, FuncReturn, Layout, MemoryFormat
from ..engine import Bid, Miss


class TorchBackend:
    """Take whatever torch itself can run on the CPU."""

    name: ClassVar[str] = "torch"
    suffix: ClassVar[str] = ".torch.json"
    COST: ClassVar[float] = 2.0

    def bid(self, op: AtenOp) -> Bid | Miss:
        reason = next(op.verify(), None)
        return Bid(self.COST) if reason is None else Miss(op, reason)

    def emit(self, func: Func) -> bytes:
        """Return the ops in JSON; see `runtime/engines/torch.py` for what it looks like."""
        registers: dict[Value, int] = {param: index for index, param in enumerate(func.params)}
        nodes: list[dict[str, Any]] = []
        results: list[int] = []
        for op in func.ops:
            if isinstance(op, FuncReturn):
                results = [registers[value] for value in op.values]
            else:
                assert isinstance(op, AtenOp), f"{op.name} in a graph function"
                nodes.append(_node(op, registers))
                registers.update({r: len(registers) + i for i, r in enumerate(op.results)})
        program = {
            "parameters": [_parameter(param) for param in func.params],
            "nodes": nodes,
            "results": results,
        }
        return json.dumps(program, allow_nan=False).encode()


def _parameter(param: Value) -> str:
    if isinstance(param.type, TensorType):
        return str(param.type.dtype)
    assert isinstance(param.type, ScalarType), "sub-networks take no lists"
    return "number"


def _node(op: AtenOp, registers: dict[Value, int]) -> dict[str, Any]:
    return {
        "target": op.target,
        "arguments": [_argument(argument, registers) for argument in op.arguments],
        "keywords": {name: _argument(value, registers) for name, value in op.keywords},
        "results": len(op.results),
    }


def _argument(argument: Any, registers: dict[Value, int]) -> Any:
    if isinstance(argument, tuple):
        return [_argument(item, registers) for item in cast("tuple[Any, ...]", argument)]
    match argument:
        case Value():
            return {"value": registers[argument]}
        case DType():
            return {"dtype": str(argument)}
        case Device():
            return {"device": str(argument)}
        case Layout():
            return {"layout": str(argument)}
        case MemoryFormat():
            return {"memory_format": str(argument)}
        case float() if not math.isfinite(argument):
            return {"float": str(argument)}
        case complex():
            return {"complex": str(argument)}
        case _:
            return argument
