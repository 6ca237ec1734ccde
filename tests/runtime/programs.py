"""Small host programs written by hand, and an engine that runs numpy functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy

from modelc.runtime import Artifact, Model, Parameter, Payload
from modelc.runtime.host.program import (
    Block,
    Branch,
    Cell,
    Edge,
    Entry,
    Instance,
    Instruction,
    Location,
    Program,
    Return,
    Value,
)
from modelc.runtime.structure import Leaf, Structure
from modelc.runtime.structure import Mapping as Arranged
from modelc.runtime.structure import Sequence as Row
from modelc.runtime.types import DimRange, ScalarType, TensorType, Type

F32 = TensorType((2, 3), "f32")
SOME_ROWS = TensorType(("B", 3), "f32")
FLOAT = ScalarType("f64")

Array = numpy.ndarray[Any, Any]


def scale(x: Array, w: Array) -> Sequence[Array]:
    """Return x * w."""
    return (x * w,)


def mean(x: Array) -> Sequence[Array]:
    """Return the mean, of rank 0."""
    return (numpy.asarray(x.mean(), numpy.float32),)


def halve(x: Array) -> Sequence[Array]:
    """Return x / 2."""
    return (x * numpy.float32(0.5),)


def add(x: Array, y: Array) -> Sequence[Array]:
    """Return x + y."""
    return (x + y,)


FUNCTIONS: Mapping[bytes, Callable[..., Sequence[Array]]] = {
    b"scale": scale,
    b"mean": mean,
    b"halve": halve,
    b"add": add,
}


class NumpyEngine:
    """Runs the function that a payload names."""

    name = "plain"

    def prepare(self, payload: bytes, constants: Mapping[int, Any]) -> Callable[..., Any]:
        """Return the function with its constants in place."""
        function = FUNCTIONS[bytes(payload)]

        def call(arguments: Sequence[Any]) -> Sequence[Any]:
            values = list(arguments)
            for position in sorted(constants):
                values.insert(position, constants[position])
            return function(*values)

        return call


def numpy_engine(name: str) -> NumpyEngine:
    """Return the engine of the tests, whatever the name."""
    return NumpyEngine()


def program(
    blocks: Sequence[Block],
    values: Sequence[tuple[str, Type]],
    inputs: Mapping[str, Structure],
    *,
    parameters: Sequence[Parameter] = (),
    instances: Sequence[Instance] = (),
    weights: Mapping[str, Type] | None = None,
    cells: Sequence[Cell] = (),
    dims: Mapping[str, DimRange] | None = None,
    locations: Sequence[Location] = (),
) -> Program:
    """Return a program with one entry; types are numbered here."""
    types = list(dict.fromkeys(value_type for _, value_type in values))
    entry = Entry(
        symbol="main",
        inputs=Arranged(tuple(inputs), tuple(inputs.values())),
        values=tuple(Value(types.index(value_type), name) for name, value_type in values),
        blocks=tuple(blocks),
    )
    return Program(
        name="example",
        parameters=tuple(parameters or [Parameter(name) for name in inputs]),
        types=tuple(types),
        entries=(entry,),
        instances=tuple(instances),
        weights=weights or {},
        cells=tuple(cells),
        dims=dims or {},
        locations=tuple(locations),
    )


def model_of(
    made: Program, weights: Mapping[str, Any] | None = None, *, coverage: bool = False
) -> Model:
    """Return the program as a model that runs in the engine of the tests."""
    return Model(artifact_of(made, weights), engine=numpy_engine, coverage=coverage)


def artifact_of(made: Program, weights: Mapping[str, Any] | None = None) -> Artifact:
    """Return the program as an artifact; the payload of each sub-network is its name."""
    callees = {instance.callee for instance in made.instances}
    payloads = {callee: Payload("plain", callee.encode()) for callee in sorted(callees)}
    return Artifact.create(made, payloads, weights or {}, stages={"00-captured": "module"})


def returning(*outputs: int, structure: Structure | None = None, **more: Any) -> Return:
    """Return the terminator that gives `outputs` as a tuple, or one of them alone."""
    row = Row("tuple", tuple(Leaf(number) for number in range(len(outputs))))
    alone = Leaf(0) if len(outputs) == 1 else row
    return Return(outputs, structure or alone, **more)


def identity(kind: Type = F32, **inputs: Structure) -> Program:
    """Return the program `x -> x`."""
    return program([Block((), returning(0), (0,))], [("x", kind)], inputs or {"x": Leaf(0)})


def early_exit() -> Program:
    """Return `x -> x * w` if the mean of that is above 0.5, else `(x * w) / 2`, and the mean."""
    scale = Instance("scale", 2, 1, {"1": "layer.weight"})
    mean, halve = Instance("mean", 1, 1, {}), Instance("halve", 1, 1, {})
    first = Block(
        (
            Instruction("host.call", (1,), (0,), {"instance": 0}, 0),
            Instruction("host.call", (2,), (1,), {"instance": 1}, 1),
            Instruction("host.item", (3,), (2,), {}, 1),
            Instruction("arith.constant", (4,), (), {"value": 0.5}, 1),
            Instruction("arith.compare", (5,), (3, 4), {"predicate": "gt"}, 1),
        ),
        Branch(5, Edge(1), Edge(2), 1),
        (0,),
        "entry",
    )
    early = Block((), returning(1, 3, location=2), (), "early")
    late = Block(
        (Instruction("host.call", (6,), (1,), {"instance": 2}, 3),), returning(6, 3), (), "late"
    )
    scalar = TensorType((), "f32")
    values = [
        ("x", SOME_ROWS),
        ("h", SOME_ROWS),
        ("p", scalar),
        ("confidence", FLOAT),
        ("threshold", FLOAT),
        ("sure", ScalarType("i1")),
        ("y", SOME_ROWS),
    ]
    lines = ["h = self.layer(x)", "if h.mean() > 0.5:", "return h, p", "return h / 2, p"]
    return program(
        [first, early, late],
        values,
        {"x": Leaf(0)},
        instances=[scale, mean, halve],
        weights={"layer.weight": TensorType((3,), "f32")},
        dims={"B": DimRange(1, 8)},
        locations=[Location("model.py", 3 + n, line) for n, line in enumerate(lines)],
    )


WEIGHTS = {"layer.weight": numpy.array([1.0, 2.0, 3.0], numpy.float32)}
