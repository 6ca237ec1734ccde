"""The outputs of the model: those of all returns of the program, side by side.

Returns that arrange the same kinds of values alike form one *shape*. Numbers that differ between
returns of a shape are outputs; what is the same in all of them is not. If there are several shapes,
each has outputs of its own where names or types differ, and the output `structure` says which shape
was returned. If the program can raise, the output `error` says so.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from ....diagnostics import Location
from ....ir.core import Func, Symbol, Value
from ....ir.dims import symbol
from ....ir.host import Raise, ReadCell, Return
from ....ir.host.control import Exit
from ....ir.structure import Constant, Leaf, Structure
from ....ir.types import F64, I1, I64, Dim, ListType, TensorType, Type
from .names import OUTPUT, Names, below, output_path, parts

ERROR = "error"
STRUCTURE = "structure"

Held: TypeAlias = Value | bool | int | float
"""What a return gives for an output."""


@dataclass(frozen=True)
class Output:
    """One output of the model."""

    name: str
    type: Type


@dataclass
class Shape:
    """One arrangement of outputs; its leaves are numbers of outputs of the model."""

    number: int
    structure: Structure
    outputs: list[int]


@dataclass(frozen=True)
class Failure:
    """An exception that ends the call; the output `error` is its number, from 1.

    `values` are the outputs that its message shows. Before it, `cells` and `copied_inputs` are
    written.
    """

    exception: str
    message: str
    values: tuple[int, ...]
    cells: tuple[Symbol, ...]
    copied_inputs: tuple[int, ...]
    loc: Location = field(compare=False)


@dataclass
class Results:
    """All outputs, and what each return and each raise gives for them."""

    outputs: list[Output] = field(default_factory=lambda: [])
    shapes: list[Shape] = field(default_factory=lambda: [])
    failures: list[Failure] = field(default_factory=lambda: [])
    given: dict[Exit, dict[int, Held]] = field(default_factory=lambda: {})
    cells: dict[Symbol, int] = field(default_factory=lambda: {})
    copies: dict[int, int] = field(default_factory=lambda: {})
    """The outputs that hold the new values of cells, and of inputs that are mutated."""
    _unknown: Iterator[int] = field(default_factory=itertools.count)

    @property
    def types(self) -> list[Type]:
        """The types of the outputs."""
        return [output.type for output in self.outputs]

    def joined(self, kinds: Sequence[Type]) -> Type:
        """Return the type of which all of `kinds`, which have one rank, are."""
        first = kinds[0]
        if isinstance(first, ListType):
            elements = [kind.element for kind in kinds if isinstance(kind, ListType)]
            return ListType(self.joined(elements))
        if not isinstance(first, TensorType):
            return first
        shapes = [kind.shape for kind in kinds if isinstance(kind, TensorType)]
        extents: list[Dim] = [
            dims[0] if all(dim == dims[0] for dim in dims) else symbol(f"any{next(self._unknown)}")
            for dims in zip(*shapes, strict=True)
        ]
        return dataclasses.replace(first, shape=tuple(extents))

    def number_of(self, name: str) -> int | None:
        """Return the number of the output `name`, None if there is none."""
        names = [output.name for output in self.outputs]
        return names.index(name) if name in names else None


@dataclass(frozen=True)
class _Part:
    """One place of a returned structure that is a value or a number."""

    path: str
    held: Held

    @property
    def kind(self) -> Type:
        """The type, without extents."""
        if not isinstance(self.held, Value):
            return I1 if isinstance(self.held, bool) else I64 if isinstance(self.held, int) else F64
        return _without_extents(self.held.type)


def _without_extents(kind: Type) -> Type:
    if isinstance(kind, ListType):
        return ListType(_without_extents(kind.element))
    if isinstance(kind, TensorType):
        return dataclasses.replace(kind, shape=(0,) * kind.rank)
    return kind


@dataclass
class _Returned:
    """A return, its structure with numbered places, and what stands at these."""

    op: Return
    skeleton: Structure
    parts: list[_Part]

    @property
    def key(self) -> object:
        """What returns of one shape have in common."""
        return self.skeleton, tuple([part.kind for part in self.parts])


def results_of(func: Func, names: Names, input_names: Sequence[str]) -> Results:
    """Return the outputs of the host function `func`; `names` knows the names of its inputs."""
    results = Results()
    ends = [op for op in func.ops if isinstance(op, Return | Raise)]
    results.given = {op: {} for op in ends}
    _Shapes(results, names).add([_returned(op) for op in ends if isinstance(op, Return)])
    _add_cells(func, ends, results, names)
    _add_copies(func, ends, results, names, input_names)
    _add_failures(ends, results, names)
    return results


def _returned(op: Return) -> _Returned:
    found: list[_Part] = []

    def walk(structure: Structure, path: str) -> Structure:
        if isinstance(structure, Leaf):
            found.append(_Part(path, op.outputs[structure.index]))
            return Leaf(len(found) - 1)
        if isinstance(structure, Constant):
            if not isinstance(structure.value, bool | int | float):
                return structure
            found.append(_Part(path, structure.value))
            return Leaf(len(found) - 1)
        items = tuple([walk(part, below(path, key)) for key, part in parts(structure)])
        return dataclasses.replace(structure, items=items)

    return _Returned(op, walk(op.structure, ""), found)


@dataclass
class _Shapes:
    """Sorts returns into shapes, and gives each shape its outputs."""

    results: Results
    names: Names

    def add(self, returns: Sequence[_Returned]) -> None:
        """Add the outputs of all returns."""
        groups: dict[object, list[_Returned]] = {}
        for returned in returns:
            groups.setdefault(returned.key, []).append(returned)
        for number, members in enumerate(groups.values()):
            self._add_shape(number, members)
        if len(groups) > 1:
            self._add_choice(list(groups.values()))

    def _add_shape(self, number: int, members: list[_Returned]) -> None:
        shape = Shape(number, members[0].skeleton, [])
        places: dict[int, Structure] = {}
        for position, part in enumerate(members[0].parts):
            held = [member.parts[position].held for member in members]
            if all(_is_same_number(one, held[0]) for one in held):
                places[position] = Constant(held[0])  # pyright: ignore[reportArgumentType] (no Value)
                continue
            output = self._output(part.path, held, shape)
            places[position] = Leaf(len(shape.outputs))
            shape.outputs.append(output)
            for member, one in zip(members, held, strict=True):
                self.results.given[member.op][output] = one
        shape.structure = _filled(shape.structure, places)
        self.results.shapes.append(shape)

    def _output(self, path: str, held: Sequence[Held], shape: Shape) -> int:
        kind = self.results.joined(
            [one.type if isinstance(one, Value) else _Part("", one).kind for one in held]
        )
        name = output_path(path)
        for number, output in enumerate(self.results.outputs):
            free = number not in shape.outputs
            if (
                output.name == name
                and free
                and _without_extents(output.type) == _without_extents(kind)
            ):
                self.results.outputs[number] = Output(
                    name, self.results.joined([output.type, kind])
                )
                return number
        self.results.outputs.append(Output(self.names.add(name, f"{OUTPUT}.{path}"), kind))
        return len(self.results.outputs) - 1

    def _add_choice(self, groups: Sequence[Sequence[_Returned]]) -> None:
        number = len(self.results.outputs)
        self.results.outputs.append(Output(self.names.add(STRUCTURE), I64))
        for shape, members in enumerate(groups):
            for member in members:
                self.results.given[member.op][number] = shape


def _is_same_number(one: Held, other: Held) -> bool:
    """Whether both are one number; NaN is not."""
    return not isinstance(one, Value) and not isinstance(other, Value) and repr(one) == repr(other)


def _filled(structure: Structure, places: dict[int, Structure]) -> Structure:
    if isinstance(structure, Leaf):
        return places[structure.index]
    if isinstance(structure, Constant):
        return structure
    return dataclasses.replace(
        structure, items=tuple([_filled(item, places) for item in structure.items])
    )


def _add_cells(func: Func, ends: Sequence[Exit], results: Results, names: Names) -> None:
    read = {op.cell: op.out for op in func.ops if isinstance(op, ReadCell)}
    for cell in dict.fromkeys(cell for op in ends for cell in op.cells):
        held: list[Value | None] = []
        for op in ends:
            written = dict(zip(op.cells, op.cell_values, strict=True))
            held.append(written.get(cell) or read.get(cell))
            if held[-1] is None and isinstance(op, Return):
                raise op.error(
                    "MC0403",
                    f"state {cell} is neither read nor written on this path",
                    help="write the attribute on all paths, or read it first",
                )
        results.cells[cell] = _add_values(results, ends, held, names.add(f"next_state.{cell}"))


def _add_copies(
    func: Func,
    ends: Sequence[Exit],
    results: Results,
    names: Names,
    input_names: Sequence[str],
) -> None:
    for leaf in dict.fromkeys(leaf for op in ends for leaf in op.copied_inputs):
        copied = [dict(zip(op.copied_inputs, op.copied_values, strict=True)) for op in ends]
        held = [values.get(leaf) or func.params[leaf] for values in copied]
        name = names.add(f"updated.{input_names[leaf]}")
        results.copies[leaf] = _add_values(results, ends, held, name)


def _add_values(
    results: Results, ends: Sequence[Exit], held: Sequence[Value | None], name: str
) -> int:
    number = len(results.outputs)
    kinds = [value.type for value in held if value is not None]
    results.outputs.append(Output(name, results.joined(kinds)))
    for op, value in zip(ends, held, strict=True):
        if value is not None:
            results.given[op][number] = value
    return number


def _add_failures(ends: Sequence[Exit], results: Results, names: Names) -> None:
    raises = [op for op in ends if isinstance(op, Raise)]
    if not raises:
        return
    error = len(results.outputs)
    results.outputs.append(Output(names.add(ERROR), I64))
    for op in ends:
        results.given[op][error] = 0
    for op in raises:
        values = _message_outputs(op, results, names)
        writes = op.cells, op.copied_inputs
        failure = Failure(op.exception, op.message, values, *writes, op.loc)
        if failure not in results.failures:
            results.failures.append(failure)
        results.given[op][error] = results.failures.index(failure) + 1


def _message_outputs(op: Raise, results: Results, names: Names) -> tuple[int, ...]:
    """Return the outputs that hold the values of a message, which other raises may share."""
    used: list[int] = []
    shared = [number for failure in results.failures for number in failure.values]
    for value in op.values:
        kind = value.type
        free = [n for n in shared if n not in used and results.outputs[n].type == kind]
        if not free:
            free = [len(results.outputs)]
            results.outputs.append(Output(names.add(f"{ERROR}.{len(used)}"), kind))
        used.append(free[0])
        results.given[op][free[0]] = value
    return tuple(used)
