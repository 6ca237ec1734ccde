"""Arguments of a call to the leaves of an entry, with all checks that the entry asks for."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy

from .host.program import Entry, Program, Raise, Return
from .host.values import Handle
from .matching import matcher
from .signature import Parameter
from .structure import (
    Array,
    Constant,
    Leaf,
    Mismatch,
    Structure,
    builder,
    children,
    describe,
    flatten,
    leaf_paths,
)
from .tensors import Unreadable, describe_handle, is_writable, read_tensor
from .types import (
    DTYPES,
    SCALARS,
    Apply,
    Dim,
    DimRange,
    ListType,
    ScalarType,
    TensorType,
    Type,
    dim_names,
    evaluate,
    solve,
)

_NUMPY_SCALARS: Mapping[str, type[Any]] = {
    "i64": numpy.integer,
    "f64": numpy.floating,
    "i1": numpy.bool_,
}


class Misfit(Exception):
    """Carry everything in which a call differs from what an entry takes."""

    def __init__(self, mismatches: Sequence[Mismatch]) -> None:
        super().__init__("; ".join(map(str, mismatches)))
        self.mismatches = tuple(mismatches)


@dataclass
class Reader:
    """Turn the value of one leaf, or of one cell, into what the host function takes."""

    path: str
    type: Type
    read: Callable[[Any], Any] = field(init=False)

    def __post_init__(self) -> None:
        if isinstance(self.type, TensorType):
            self.read = self._tensor_reader(self.type)
        elif isinstance(self.type, ScalarType):
            self.read = self._scalar_reader(self.type)
        else:
            self.read = self._list_reader(self.type)

    def mismatch(self, given: str) -> Mismatch:
        """Return the mismatch for a value that is described by `given`."""
        return Mismatch(self.path, str(self.type), given)

    def _tensor_reader(self, expected: TensorType) -> Callable[[Any], Handle]:
        dtype = numpy.dtype(DTYPES[expected.dtype])
        shape = expected.shape
        is_static = expected.is_static

        def read(value: Any) -> Handle:
            handle = read_tensor(value)
            fits = handle.shape == shape if is_static else _may_have(handle.shape, shape)
            if handle.dtype != dtype:
                if not (expected.dtype == "bf16" and handle.dtype.name == "bfloat16"):
                    raise Unreadable(describe_handle(handle))
                handle = handle.view(dtype)  # the type that the ml_dtypes package adds to numpy
            if not fits:
                raise Unreadable(describe_handle(handle))
            return handle

        return read

    def _scalar_reader(self, expected: ScalarType) -> Callable[[Any], Any]:
        plain, others = SCALARS[expected.name], _NUMPY_SCALARS[expected.name]

        def read(value: Any) -> Any:
            if type(value) is plain:
                return value
            if isinstance(value, others):
                return plain(value)
            raise Unreadable(describe(value))

        return read

    def _list_reader(self, expected: ListType) -> Callable[[Any], list[Any]]:
        element = Reader(self.path, expected.element)

        def read(value: Any) -> list[Any]:
            if type(value) is not list:
                raise Unreadable(describe(value))
            return [element.read(item) for item in cast("list[Any]", value)]

        return read


class DimChecker:
    """Find the extents of named dims in handles, and compare those that must agree."""

    def __init__(self, readers: Sequence[Reader], ranges: Mapping[str, DimRange]) -> None:
        self.readers = readers
        self.ranges = ranges
        places = [
            (position, axis, dim)
            for position, reader in enumerate(readers)
            if isinstance(reader.type, TensorType)
            for axis, dim in enumerate(reader.type.shape)
            if not isinstance(dim, int)
        ]
        self.places = sorted(places, key=lambda place: isinstance(place[2], Apply))
        self.named = [
            (position, axis, dim, *_bounds(ranges.get(dim, DimRange())))
            for position, axis, dim in self.places
            if isinstance(dim, str)
        ]

    def fits(self, handles: Sequence[Any]) -> bool:
        """Whether there are no mismatches."""
        known: dict[str, int] = {}
        for position, axis, name, low, high in self.named:
            extent = handles[position].shape[axis]
            if known.setdefault(name, extent) != extent or not low <= extent <= high:
                return False
        return len(self.named) == len(self.places) or not self.mismatches(handles)

    def mismatches(self, handles: Sequence[Any]) -> list[Mismatch]:
        """Return what contradicts the declared dims and their ranges."""
        known: dict[str, int] = {}
        for position, axis, dim in self.places:
            extent = handles[position].shape[axis]
            if isinstance(dim, str):
                known.setdefault(dim, extent)
            elif (found := _solved(dim, extent, known)) is not None:
                known.setdefault(*found)
        problems = [
            Mismatch(f"axis {axis} of {self.readers[position].path}", wanted, str(extent))
            for position, axis, dim in self.places
            if (wanted := _contradiction(dim, extent := handles[position].shape[axis], known))
        ]
        return problems + [
            Mismatch(f"dim {name}", _shown(self.ranges[name]), str(extent))
            for name, extent in known.items()
            if name in self.ranges and not _within(self.ranges[name], extent)
        ]


@dataclass(frozen=True)
class Bound:
    """The leaves of one call, and the handles and numbers read from them."""

    leaves: Sequence[Any]
    handles: list[Any]


class InputBinder:
    """Match the arguments of calls with the inputs of one entry and the cells that it reads."""

    def __init__(self, program: Program, entry: Entry, cells: Mapping[str, Type]) -> None:
        arguments = entry.blocks[0].arguments
        items = dict(zip(map(str, entry.inputs.keys), entry.inputs.items, strict=True))
        self.items = [(p.name, items[p.name]) for p in program.parameters]
        paths = {i: path for name, item in self.items for i, path in leaf_paths(item, name).items()}
        self.readers = [
            Reader(paths[index], program.type_of(entry, value))
            for index, value in enumerate(arguments)
        ]
        self.cell_readers = {name: Reader(f"state {name}", kind) for name, kind in cells.items()}
        self.dims = DimChecker([*self.readers, *self.cell_readers.values()], program.dims)
        self.order = _direct_order([item for _, item in self.items], len(arguments))
        self.match = matcher([item for _, item in self.items])
        self.mutated = _mutated_inputs(entry)

    def bind(self, values: Sequence[Any], cells: Sequence[Any]) -> Bound:
        """Return the leaves of `values`, one per parameter; raises Misfit with all mismatches."""
        leaves = self._leaves(values)
        try:
            handles = [reader.read(leaf) for reader, leaf in zip(self.readers, leaves, strict=True)]
        except Unreadable:
            raise Misfit(_unreadable(self.readers, leaves)) from None
        if self.dims.places and not self.dims.fits([*handles, *cells]):
            raise Misfit(self.dims.mismatches([*handles, *cells]))
        if self.mutated and (found := self._overlaps(leaves, handles)):
            raise Misfit(found)
        return Bound(leaves, handles)

    def _leaves(self, values: Sequence[Any]) -> Sequence[Any]:
        if self.order is not None:
            return [values[position] for position in self.order]
        if (found := self.match(values)) is not None:
            return found
        leaves: dict[int, Any] = {}
        mismatches: list[Mismatch] = []
        for (name, item), value in zip(self.items, values, strict=True):
            flat = flatten(item, value, name)
            leaves |= flat.leaves
            mismatches += flat.mismatches
        if mismatches:
            known = [(self.readers[index], leaf) for index, leaf in leaves.items()]
            more = _unreadable([reader for reader, _ in known], [leaf for _, leaf in known])
            raise Misfit([*mismatches, *more])
        return [leaves[index] for index in range(len(self.readers))]

    def _overlaps(self, leaves: Sequence[Any], handles: Sequence[Any]) -> list[Mismatch]:
        """Check inputs that the program writes into: writable, and no other input's memory."""
        found: list[Mismatch] = []
        for number in self.mutated:
            path = self.readers[number].path
            if not is_writable(leaves[number]):
                found.append(Mismatch(path, "a tensor to write into", "a read-only one"))
            for other, reader in enumerate(self.readers):
                if other != number and _share_memory(leaves[number], leaves[other]):
                    expected = "memory of its own, since the program writes into it"
                    found.append(Mismatch(path, expected, f"the memory of {reader.path}"))
        return found


def argument_binder(parameters: Sequence[Parameter]) -> Callable[..., tuple[Any, ...]]:
    """Return a function with these parameters that returns their values, one for each.

    It raises TypeError for arguments that do not match, as any Python function does.
    """
    defaults = [None if p.default is None else builder(p.default)(()) for p in parameters]
    signature = inspect.Signature([parameter.to_inspect() for parameter in parameters])
    shown = [
        str(p if p.default is p.empty else p.replace(default=_Default(number)))
        for number, p in enumerate(signature.parameters.values())
    ]
    markers = _markers(parameters, shown)
    names = "".join(f"{parameter.name}, " for parameter in parameters)
    scope: dict[str, Any] = {"default_values": defaults}
    exec(f"def bind({markers}): return ({names})", scope)
    return scope["bind"]


class _Default:
    """Prints as a reference to a default value."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __repr__(self) -> str:
        return f"default_values[{self.number}]"


def _markers(parameters: Sequence[Parameter], shown: Sequence[str]) -> str:
    """Return a parameter list with its `/` and `*` in place."""
    parts: list[str] = []
    for number, parameter in enumerate(parameters):
        previous = parameters[number - 1].kind if number else ""
        if previous == "positional" and parameter.kind != "positional":
            parts.append("/")
        if parameter.kind == "keyword" and previous not in ("keyword", "variadic"):
            parts.append("*")
        parts.append(shown[number])
    if parameters and parameters[-1].kind == "positional":
        parts.append("/")
    return ", ".join(parts)


def argument_error(parameters: Sequence[Parameter], args: Any, kwargs: Any) -> str:
    """Return in which way arguments do not match `parameters`."""
    signature = inspect.Signature([parameter.to_inspect() for parameter in parameters])
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        return str(error)
    return "the arguments do not match the parameters"


def signature_text(program: Program) -> str:
    """Return the parameters of `program` with the types of the leaves of its first entry."""
    entry = program.entries[0]
    types = [program.type_of(entry, value) for value in entry.blocks[0].arguments]
    items = dict(zip(map(str, entry.inputs.keys), entry.inputs.items, strict=True))
    shown: list[str] = []
    for parameter in program.parameters:
        default = "" if parameter.default is None else f" = {builder(parameter.default)(())!r}"
        shown.append(f"{parameter.name}: {structure_text(items[parameter.name], types)}{default}")
    return f"({_markers(program.parameters, shown)})"


def structure_text(structure: Structure, types: Sequence[Type]) -> str:
    """Return how a structure arranges leaves of `types`, as Python writes it."""
    if isinstance(structure, Leaf):
        return str(types[structure.index])
    if isinstance(structure, Constant):
        return repr(structure.value)
    parts = [structure_text(child, types) for child in children(structure)]
    if isinstance(structure, Array):
        return f"{structure.form}({parts[0]})"
    labels = getattr(structure, "keys", None) or getattr(structure, "fields", None)
    if labels is not None:
        named = ", ".join(f"{key!r}: {part}" for key, part in zip(labels, parts, strict=True))
        return f"{{{named}}}"
    is_list = getattr(structure, "type_name", "") == "list"
    return f"[{', '.join(parts)}]" if is_list else f"({', '.join(parts)})"


def _may_have(extents: Sequence[int], shape: Sequence[Dim]) -> bool:
    """Whether rank and static dims agree; named dims are compared when all inputs are known."""
    if len(extents) != len(shape):
        return False
    for extent, dim in zip(extents, shape, strict=True):
        if extent != dim and isinstance(dim, int):
            return False
    return True


def _unreadable(readers: Sequence[Reader], leaves: Sequence[Any]) -> list[Mismatch]:
    found: list[Mismatch] = []
    for reader, leaf in zip(readers, leaves, strict=True):
        try:
            reader.read(leaf)
        except Unreadable as error:
            found.append(reader.mismatch(str(error)))
    return found


def _direct_order(items: Sequence[Structure], count: int) -> list[int] | None:
    """Return which parameter is which leaf, if all parameters are leaves themselves."""
    if len(items) != count or not all(isinstance(item, Leaf) for item in items):
        return None
    places = {item.index: n for n, item in enumerate(items) if isinstance(item, Leaf)}
    return [places[index] for index in range(count)]


def _mutated_inputs(entry: Entry) -> list[int]:
    exits = [b.terminator for b in entry.blocks if isinstance(b.terminator, Return | Raise)]
    return sorted({number for one in exits for number in one.copied_inputs})


def _share_memory(left: Any, right: Any) -> bool:
    first, second = _view_of(left), _view_of(right)
    if first is None or second is None or not numpy.may_share_memory(first, second):
        return False
    return numpy.shares_memory(first, second)


def _view_of(value: Any) -> Handle | None:
    """Return an array over the very memory of a tensor, None for numbers."""
    if isinstance(value, numpy.ndarray):
        return cast(Handle, value)
    detach = getattr(value, "detach", None)
    try:
        return numpy.asarray(detach()) if detach else numpy.from_dlpack(value)
    except (TypeError, AttributeError, RuntimeError):
        return None


def _solved(dim: Apply, extent: int, known: Mapping[str, int]) -> tuple[str, int] | None:
    try:
        return solve(dim, extent, known)
    except (ZeroDivisionError, OverflowError):
        return None


def _contradiction(dim: Dim, extent: int, known: Mapping[str, int]) -> str:
    """Return what `extent` should be, "" if it is."""
    if not dim_names(dim) <= known.keys():
        return f"a multiple as {dim} asks"
    try:
        wanted = evaluate(dim, known)
    except (ZeroDivisionError, OverflowError):
        return f"{dim}, which has no value"
    return "" if wanted == extent else f"{dim} = {wanted}"


def _bounds(limits: DimRange) -> tuple[float, float]:
    return limits.minimum, math.inf if limits.maximum is None else limits.maximum


def _within(limits: DimRange, extent: int) -> bool:
    low, high = _bounds(limits)
    return low <= extent <= high


def _shown(bounds: DimRange) -> str:
    if bounds.maximum is None:
        return f"at least {bounds.minimum}"
    return f"{bounds.minimum} to {bounds.maximum}"
