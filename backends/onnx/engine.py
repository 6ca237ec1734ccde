"""The back end for the engine `onnxruntime`."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from ...ir import Func, Symbol, Value, map_values
from ...ir.graph import AtenOp, FuncReturn
from ...runtime.engines.onnxruntime import open_session, ort
from ..engine import Bid, Miss
from .convert import convert
from .element_types import Unsupported


class OnnxRuntimeBackend:
    """Take what has an ONNX form that ONNX Runtime has CPU kernels for.

    Whether an op has one is found by converting it alone and making a session of it (1 to 2 ms,
    once per operator, literals and types), so that no list of ops can be out of date.
    """

    name: ClassVar[str] = "onnxruntime"
    suffix: ClassVar[str] = ".onnx"
    COST: ClassVar[float] = 1.0

    def __init__(self) -> None:
        self._reasons: dict[str, str | None] = {}

    def bid(self, op: AtenOp) -> Bid | Miss:
        reason = self.reason_against(op)
        return Bid(self.COST) if reason is None else Miss(op, reason)

    def emit(self, func: Func) -> bytes:
        """Return an ONNX model whose inputs are all parameters of `func`, in order."""
        return convert(func)

    def reason_against(self, op: AtenOp) -> str | None:
        """Return why ONNX Runtime cannot execute `op`, None if it can."""
        key = describe(op)
        if key not in self._reasons:
            self._reasons[key] = _try_alone(op)
        return self._reasons[key]


def describe(op: AtenOp) -> str:
    """Return a text that is equal for ops that convert alike."""
    numbers: dict[Value, int] = {}

    def show(argument: Any) -> str:
        if isinstance(argument, Value):
            return f"%{numbers.setdefault(argument, len(numbers))}: {argument.type}"
        if isinstance(argument, tuple):
            return f"({', '.join(map(show, cast('tuple[Any, ...]', argument)))})"
        return f"{type(argument).__name__} {argument!r}"

    keywords = ", ".join(f"{name}={show(argument)}" for name, argument in op.keywords)
    results = ", ".join(f"{r.type}{'' if r.users else ' unused'}" for r in op.results)
    return f"{op.target}{show(op.arguments)} {keywords} -> {results}"


def alone(op: AtenOp) -> Func:
    """Return a graph function of a copy of `op` that returns those of its results that are used."""
    func = Func(Symbol("alone"), "graph")
    block = func.body.add_block()
    params = {value: block.add_argument(value.type) for value in dict.fromkeys(op.operands)}
    copy = block.append(
        AtenOp(
            arguments=map_values(op.arguments, params.__getitem__),
            target=op.target,
            keywords=map_values(op.keywords, params.__getitem__),
            result_types=[result.type for result in op.results],
        )
    )
    used = [inner for inner, outer in zip(copy.results, op.results, strict=True) if outer.users]
    block.append(FuncReturn(values=tuple(used or copy.results[:1])))
    return func


def _try_alone(op: AtenOp) -> str | None:
    if (mistake := next(op.verify(), None)) is not None:
        return mistake
    if not op.is_pure and not _drops_nothing(op):
        return "its random numbers must be torch's"
    if any(device != "cpu" for device in _devices(op)):
        return "its tensors are not on the CPU"
    try:
        load_model(convert(alone(op)))
    except Unsupported as refusal:
        return str(refusal)
    return None


def _drops_nothing(op: AtenOp) -> bool:
    """Whether the op is tagged as random only because it could drop elements, but does not."""
    names = [formal.name for formal in op.operator._schema.arguments]
    given = dict(zip(names, op.arguments, strict=False)) | dict(op.keywords)
    if "train" in names:
        return given["train"] is False
    return "dropout_p" in names and given.get("dropout_p", 0.0) == 0


def _devices(op: AtenOp) -> list[str]:
    types = [value.type for value in (*op.operands, *op.results)]
    return [getattr(value_type, "device", "cpu") for value_type in types]


def load_model(model: bytes) -> None:
    """Raise `Unsupported` if ONNX Runtime lacks a kernel, or finds other types than torch did."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        open_session(model, options)
    except Exception as error:  # ONNX Runtime has a dozen classes of errors, without a base
        reason = str(error).splitlines()[0].rpartition(" : ")[2]
        raise Unsupported(f"ONNX Runtime refuses it: {reason}") from error
