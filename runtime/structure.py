"""Arrangement of the leaves of inputs and outputs: check and flatten a pytree, build one."""

from __future__ import annotations

import dataclasses
import keyword
from collections import namedtuple
from collections.abc import Callable, Iterator
from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence as AnySequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias, cast

from .classes import find_class

Static: TypeAlias = None | bool | int | float | str


@dataclass(frozen=True)
class Leaf:
    """Stand for the leaf number `index`, counted from 0."""

    KIND: ClassVar[str] = "leaf"
    index: int


@dataclass(frozen=True)
class Constant:
    """Stand for a value known at compile time; as an input, one the caller must pass again."""

    KIND: ClassVar[str] = "constant"
    value: Static


@dataclass(frozen=True)
class Sequence:
    """Arrange `items` in a `tuple` or a `list`."""

    KIND: ClassVar[str] = "sequence"
    type_name: str
    items: tuple[Structure, ...]


@dataclass(frozen=True)
class Mapping:
    """Arrange `items` in a dict with `keys`, in that order."""

    KIND: ClassVar[str] = "mapping"
    keys: tuple[Static, ...]
    items: tuple[Structure, ...]


@dataclass(frozen=True)
class Record:
    """Arrange `items` in the class `module:qualified.name` with `fields`.

    `form` is `namedtuple`, `dataclass` or `mapping` (a dict-like class with these keys).
    """

    KIND: ClassVar[str] = "record"
    form: str
    type_name: str
    fields: tuple[str, ...]
    items: tuple[Structure, ...]


@dataclass(frozen=True)
class Array:
    """Turn the only one of `items`, a tensor or a list of tensors, into what NumPy has for it.

    `form` is `array`, or `scalar` for a number with a dtype of NumPy's, which has rank 0.
    """

    KIND: ClassVar[str] = "array"
    form: str
    items: tuple[Structure, ...]


Structure: TypeAlias = Leaf | Constant | Sequence | Mapping | Record | Array


@dataclass(frozen=True)
class Mismatch:
    """Say what stands at `path` of the inputs and what should."""

    path: str
    expected: str
    given: str

    def __str__(self) -> str:
        return f"{self.path}: expected {self.expected}, given {self.given}"


@dataclass(frozen=True)
class Flattened:
    """The leaves by their index, and all that does not fit."""

    leaves: dict[int, Any]
    mismatches: tuple[Mismatch, ...]


def children(structure: Structure) -> tuple[Structure, ...]:
    """Return what `structure` arranges."""
    return () if isinstance(structure, Leaf | Constant) else structure.items


def leaf_paths(structure: Structure, path: str = "") -> dict[int, str]:
    """Return the path (`batch["mask"][0].hidden`) of each leaf by its index."""
    paths: dict[int, str] = {}
    todo: list[tuple[str, Structure]] = [(path, structure)]
    while todo:
        place, node = todo.pop()
        if isinstance(node, Leaf):
            paths[node.index] = place
        todo.extend(zip(_child_paths(node, place), children(node), strict=True))
    return paths


def flatten(structure: Structure, value: Any, path: str) -> Flattened:
    """Return the leaves of `value`, which must be arranged as `structure` says.

    Nothing is raised: every deviation is a Mismatch, and then leaves may be missing.
    """
    leaves: dict[int, Any] = {}
    mismatches: list[Mismatch] = []
    todo: list[tuple[str, Structure, Any]] = [(path, structure, value)]
    while todo:
        place, node, given = todo.pop()
        if isinstance(node, Leaf):
            leaves[node.index] = given
        elif (found := _mismatch(node, given, place)) is not None:
            mismatches.append(found)
        elif not isinstance(node, Constant):
            parts = zip(_child_paths(node, place), node.items, _parts(node, given), strict=True)
            todo.extend(reversed(list(parts)))
    return Flattened(leaves, tuple(mismatches))


def fits(node: Structure, value: Any) -> bool:
    """Whether `value` is a container as `node` is, whatever its parts are."""
    return _mismatch(node, value, "") is None


def builder(structure: Structure) -> Callable[[AnySequence[Any]], Any]:
    """Return a function that arranges leaves in new containers as `structure` says.

    A class is looked up among the modules that the process has imported, at the first call; an
    artifact never imports one. If it is not there, or not of the stated form, a stand-in with the
    same name and fields takes its place: a named tuple, a dataclass, or a plain dict.
    """
    match structure:
        case Leaf(index=index):
            return lambda leaves: leaves[index]
        case Constant(value=value):
            return lambda leaves: value
        case Sequence(type_name="list"):
            return _list_builder(structure)
        case Sequence():
            items = [builder(item) for item in structure.items]
            return lambda leaves: tuple([item(leaves) for item in items])
        case Mapping():
            pairs = [(k, builder(v)) for k, v in zip(structure.keys, structure.items, strict=True)]
            return lambda leaves: {key: item(leaves) for key, item in pairs}
        case Record():
            return _record_builder(structure)
        case Array(form=form):
            item = builder(structure.items[0])
            return lambda leaves: _as_numpy(item(leaves), form)


def check_structure(structure: Structure, leaf_count: int) -> Iterator[str]:
    """Yield what is wrong with `structure` as an arrangement of `leaf_count` leaves."""
    todo: list[Structure] = [structure]
    while todo:
        node = todo.pop()
        todo.extend(children(node))
        if isinstance(node, Leaf) and not 0 <= node.index < leaf_count:
            yield f"leaf {node.index} of {leaf_count}"
        elif isinstance(node, Sequence) and node.type_name not in ("tuple", "list"):
            yield f"unknown sequence {node.type_name!r}"
        elif isinstance(node, Array):
            if node.form not in ("array", "scalar") or len(node.items) != 1:
                yield f"{node.form!r} of {len(node.items)} items"
        elif isinstance(node, Mapping) and len(set(node.keys)) != len(node.items):
            yield f"{len(node.items)} items for {len(set(node.keys))} distinct keys"
        elif isinstance(node, Record):
            yield from _check_record(node)


def describe(value: Any) -> str:
    """Return how a message calls a given value."""
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value)
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:37] + "...")
    if isinstance(value, (tuple, list, dict)):
        sized = cast("AnySequence[Any]", value)
        return f"{with_article(type(sized).__name__)} of {len(sized)}"
    return with_article(type(value).__name__)


def with_article(name: str) -> str:
    """Return `name` with `a` or `an` before it."""
    return f"an {name}" if name[0] in "aeiouAEIOU" else f"a {name}"


def _check_record(node: Record) -> Iterator[str]:
    if node.form not in ("namedtuple", "dataclass", "mapping"):
        yield f"unknown record {node.form!r}"
    if len(set(node.fields)) != len(node.items):
        yield f"{len(node.items)} items for {len(set(node.fields))} distinct fields"
    if node.form != "mapping":
        for name in (_class_name(node), *node.fields):
            if not name.isidentifier() or keyword.iskeyword(name):
                yield f"{name!r} is no name"


def _child_paths(node: Structure, path: str) -> list[str]:
    match node:
        case Leaf() | Constant():
            return []
        case Array():
            return [path for _ in node.items]
        case Sequence():
            return [f"{path}[{index}]" for index in range(len(node.items))]
        case Mapping():
            return [f"{path}[{key!r}]" for key in node.keys]
        case Record(form="mapping"):
            return [f"{path}[{key!r}]" for key in node.fields]
        case Record():
            return [f"{path}.{name}" for name in node.fields]


def _mismatch(node: Structure, given: Any, path: str) -> Mismatch | None:
    """Compare the container itself; its parts are the caller's business."""
    match node:
        case Leaf() | Array():
            return None
        case Constant(value=value):
            fits = type(given) is type(value) and (given == value or value != value)
            return None if fits else Mismatch(path, repr(value), describe(given))
        case Sequence():
            return _sequence_mismatch(node, given, path)
        case Mapping():
            expected = f"a dict with the keys {list(node.keys)}"
            return _keys_mismatch(node.keys, type(given) is dict, given, path, expected)
        case Record(form="mapping"):
            expected = f"{node.type_name} with the keys {list(node.fields)}"
            return _keys_mismatch(node.fields, isinstance(given, AnyMapping), given, path, expected)
        case Record():
            fits = _field_names(node.form, given) == node.fields
            expected = f"{node.type_name} with the fields {', '.join(node.fields)}"
            return None if fits else Mismatch(path, expected, describe(given))


def _sequence_mismatch(node: Sequence, given: Any, path: str) -> Mismatch | None:
    if node.type_name == "list":
        fits = isinstance(given, list)
    else:
        fits = isinstance(given, tuple) and _field_names("namedtuple", given) is None
    if fits and len(cast("AnySequence[Any]", given)) == len(node.items):
        return None
    return Mismatch(path, f"a {node.type_name} of {len(node.items)}", describe(given))


def _keys_mismatch(
    keys: tuple[Static, ...], is_mapping: bool, given: Any, path: str, expected: str
) -> Mismatch | None:
    """Compare keys in order: a program may iterate over them."""
    if not is_mapping:
        return Mismatch(path, expected, describe(given))
    found = tuple(cast("AnyMapping[Static, Any]", given))
    return None if found == keys else Mismatch(path, expected, f"the keys {list(found)}")


def _field_names(form: str, given: Any) -> tuple[str, ...] | None:
    if form == "namedtuple":
        is_tuple = isinstance(given, tuple)
        return getattr(cast(Any, given), "_fields", None) if is_tuple else None
    if dataclasses.is_dataclass(given) and not isinstance(given, type):
        return tuple(field.name for field in dataclasses.fields(given))
    return None


def _parts(node: Structure, given: Any) -> list[Any]:
    match node:
        case Record(form="dataclass"):
            return [getattr(given, name) for name in node.fields]
        case Record(form="mapping"):
            return [given[name] for name in node.fields]
        case Mapping():
            return [given[key] for key in node.keys]
        case Array():
            return [given for _ in node.items]
        case _:
            return list(given)


def _as_numpy(value: Any, form: str) -> Any:
    """Return a tensor of torch or NumPy, or each of a list, as an array or scalar of NumPy."""
    if isinstance(value, list):
        return [_as_numpy(item, form) for item in cast("list[Any]", value)]
    array: Any = getattr(value, "numpy", lambda: value)()
    return array if form == "array" else array[()]


def _list_builder(structure: Sequence) -> Callable[[AnySequence[Any]], Any]:
    items = [builder(item) for item in structure.items]
    return lambda leaves: [item(leaves) for item in items]


def _record_builder(record: Record) -> Callable[[AnySequence[Any]], Any]:
    items = [builder(item) for item in record.items]
    found: list[Callable[[list[Any]], Any]] = []

    def build(leaves: AnySequence[Any]) -> Any:
        if not found:
            found.append(_constructor(record))
        return found[0]([item(leaves) for item in items])

    return build


def _constructor(record: Record) -> Callable[[list[Any]], Any]:
    cls = find_class(record.type_name)
    fields = record.fields
    if record.form == "namedtuple":
        made: Any = cls if _is_namedtuple(cls, fields) else _stand_in_tuple(record)
        return made._make
    if record.form == "dataclass":
        return _dataclass_constructor(record, cls)
    if cls is not None and issubclass(cls, dict):
        return lambda values: _filled_mapping(cast("type[Any]", cls), fields, values)
    return lambda values: dict(zip(fields, values, strict=True))


def _dataclass_constructor(record: Record, cls: Any) -> Callable[[list[Any]], Any]:
    fields = record.fields
    if cls is None or not _is_dataclass(cls, fields):
        return lambda values, made=_stand_in_dataclass(record): made(*values)
    is_dict: bool = issubclass(cls, dict)
    if is_dict:  # keeps its fields as items too, which only its constructor can do
        return lambda values: cls(**dict(zip(fields, values, strict=True)))
    return lambda values: _filled(cls, fields, values)


def _is_namedtuple(cls: Any, fields: tuple[str, ...]) -> bool:
    return getattr(cls, "_fields", None) == fields and issubclass(cls, tuple)


def _is_dataclass(cls: type[Any] | None, fields: tuple[str, ...]) -> bool:
    if cls is None or not dataclasses.is_dataclass(cls):
        return False
    return tuple(field.name for field in dataclasses.fields(cls)) == fields


def _stand_in_tuple(record: Record) -> type[Any]:
    name, fields = _class_name(record), record.fields
    return namedtuple(name, fields, rename=True)  # pyright: ignore[reportUntypedNamedTuple] (fields known only now)


def _stand_in_dataclass(record: Record) -> type[Any]:
    return dataclasses.make_dataclass(_class_name(record), record.fields)


def _class_name(record: Record) -> str:
    return record.type_name.rpartition(":")[2].rpartition(".")[2]


def _filled(cls: Any, fields: tuple[str, ...], values: list[Any]) -> Any:
    """Return an instance of a dataclass with its fields set, without running its constructor."""
    made = object.__new__(cls)
    for name, value in zip(fields, values, strict=True):
        object.__setattr__(made, name, value)
    return made


def _filled_mapping(cls: type[Any], fields: tuple[str, ...], values: list[Any]) -> Any:
    made = cls()
    for name, value in zip(fields, values, strict=True):
        made[name] = value
    return made
