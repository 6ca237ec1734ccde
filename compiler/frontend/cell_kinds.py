"""What state cells hold: numbers, tensors, None, and containers of these.

A container is kept as *parts*, each a cell of its own: its leaves, and marks, which only say that
they are there. Names of parts say all that is static (classes, lengths, keys, strings), so that
the set of parts that are there tells one arrangement from another.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch

from .objects import ABSENT, DynamicList, class_of, is_a
from .scalars import NUMBER_TYPES, is_number
from .torch_internals import Fake, is_traced

_FACTORIES = (int, float, bool, list, dict)


@dataclass(frozen=True)
class CellTensor:
    """The type of a tensor in a cell; an extent of None varies between calls."""

    shape: tuple[int | None, ...]
    dtype: torch.dtype
    device: str


@dataclass(frozen=True)
class CellAtom:
    """A string or None inside of a container."""

    value: str | None


@dataclass(frozen=True)
class CellTree:
    """A list, tuple or dict of a known form; `factory` is that of a defaultdict."""

    cls: type[Any]
    keys: tuple[Any, ...]
    items: tuple[CellKind, ...]
    factory: type[Any] | None = None


@dataclass(frozen=True)
class CellList:
    """A list whose length varies between calls."""

    element: CellTensor | type


CellKind: TypeAlias = "None | type | CellTensor | CellAtom | CellTree | CellList"
"""What a cell holds: None, a number of that Python type, a tensor, or a container."""

MARK = CellAtom("")
"""The kind of a part that only says that it is there."""


@dataclass(frozen=True)
class Part:
    """One cell: `symbol` names it, `path` is what users call it ("" for marks)."""

    symbol: str
    path: str
    kind: CellKind


def parts_of(where: str, kind: CellKind) -> Iterator[Part]:
    """Yield the parts of a cell at the path `where`, in a fixed order."""
    if isinstance(kind, CellAtom):
        yield Part(f"{where}: {kind.value!r}", "", MARK)
    elif isinstance(kind, CellTree):
        yield Part(f"{where}: {_form(kind)}", "", MARK)
        for key, item in zip(kind.keys, kind.items, strict=True):
            yield from parts_of(f"{where}[{key!r}]", item)
    elif kind is not None:
        yield Part(where, where, kind)


def _form(kind: CellTree) -> str:
    name = f"{kind.cls.__module__}.{kind.cls.__qualname__}"
    factory = kind.factory.__name__ if kind.factory else ""
    return f"{name}({factory}) {list(kind.keys)!r}"


def container_form(value: Any) -> tuple[type[Any], type[Any] | None] | None:
    """Return class and factory of a container that cells can keep, None for all else."""
    cls: Any = class_of(value)
    if cls is defaultdict:
        factory: Any = value.default_factory
        return (cls, factory) if factory in _FACTORIES else None
    is_named = is_a(value, tuple) and hasattr(cls, "_fields")
    return (cls, None) if cls in (list, tuple, dict, OrderedDict) or is_named else None


def children_of(value: Any) -> dict[Any, Any]:
    """Return the items of a container by key or index."""
    keys: list[Any] = list(value) if is_a(value, dict) else list(range(len(value)))
    return {key: value[key] for key in keys}


class Unstorable(Exception):
    """Say which part of the state is nothing that can be kept between calls."""


def kind_of(where: str, value: Any, leaf: Callable[[str, Any], CellKind]) -> CellKind:
    """Return what a cell at `where` holds that holds `value`; `leaf` knows numbers and tensors."""
    if value is None or value is ABSENT:
        return None
    known = leaf(where, value)
    if known is not None:
        return known
    form = container_form(value)
    if form is None:
        raise Unstorable(f"`{where}` holds a {class_of(value).__name__} between calls")
    items = children_of(value)
    kinds = tuple(_item_kind(f"{where}[{key!r}]", item, leaf) for key, item in items.items())
    return CellTree(form[0], tuple(items), kinds, form[1])


def _item_kind(where: str, item: Any, leaf: Callable[[str, Any], CellKind]) -> CellKind:
    if item is None or isinstance(item, str):
        return CellAtom(item)
    return kind_of(where, item, leaf)


def build(kind: CellKind, where: str, leaf: Callable[[str, CellKind], Any]) -> Any:
    """Return a fresh value of `kind`; `leaf` makes those of parts."""
    if isinstance(kind, CellAtom):
        return kind.value
    if not isinstance(kind, CellTree):
        return None if kind is None else leaf(where, kind)
    pairs = zip(kind.keys, kind.items, strict=True)
    items = {key: build(item, f"{where}[{key!r}]", leaf) for key, item in pairs}
    make: Any = kind.cls
    if kind.factory is not None:
        return defaultdict(kind.factory, items)
    if kind.cls in (dict, OrderedDict):
        return make(items)
    values = list(items.values())
    return make(*values) if hasattr(make, "_fields") else make(values)


def values_of(where: str, kind: CellKind, value: Any) -> Iterator[tuple[Part, Any]]:
    """Yield each part of a cell with what it holds in `value`; marks hold True."""
    if not isinstance(kind, CellTree):
        yield from ((part, True if part.kind is MARK else value) for part in parts_of(where, kind))
        return
    yield next(parts_of(where, kind)), True
    items = children_of(value)
    for key, inner in zip(kind.keys, kind.items, strict=True):
        yield from values_of(f"{where}[{key!r}]", inner, items[key])


def is_storable(value: Any) -> bool:
    """Tell whether cells can keep `value`."""
    plain = (*NUMBER_TYPES, str, type(None), torch.Tensor, DynamicList)
    if is_traced(value) or is_number(value) or isinstance(value, plain):
        return True
    if container_form(value) is None:
        return False
    keys = value if is_a(value, dict) else ()
    return all(isinstance(key, (str, int, bool, float)) for key in keys) and all(
        map(is_storable, children_of(value).values())
    )


def cell_tensor(fake: Fake) -> CellTensor:
    """Return what a cell holds that holds this tensor."""
    shape = tuple(extent if isinstance(extent, int) else None for extent in fake.shape)
    return CellTensor(shape, fake.dtype, str(fake.device))


# --- widening -----------------------------------------------------------------------------------

DIFFERENT: Any = object()
"""Stands for kinds that no one entry serves."""


def widened(known: CellKind, other: CellKind) -> CellKind:
    """Return a kind that serves both, DIFFERENT if they differ in more than extents."""
    if known == other:
        return known
    if isinstance(known, CellTensor) and isinstance(other, CellTensor):
        return _widened_tensor(known, other)
    if isinstance(known, CellTree) and isinstance(other, CellTree):
        return _widened_tree(known, other)
    if isinstance(known, CellList) and isinstance(other, CellList):
        element: Any = widened(known.element, other.element)
        return DIFFERENT if element is DIFFERENT else CellList(element)
    return DIFFERENT


def _widened_tensor(known: CellTensor, other: CellTensor) -> CellKind:
    same = (known.dtype, known.device) == (other.dtype, other.device)
    if not same or len(known.shape) != len(other.shape):
        return DIFFERENT
    pairs = zip(known.shape, other.shape, strict=True)
    shape = tuple(mine if mine == theirs else None for mine, theirs in pairs)
    return CellTensor(shape, known.dtype, known.device)


def _widened_tree(known: CellTree, other: CellTree) -> CellKind:
    if (known.cls, known.keys, known.factory) != (other.cls, other.keys, other.factory):
        return DIFFERENT
    items = tuple(map(widened, known.items, other.items))
    if DIFFERENT in items:
        return DIFFERENT
    return CellTree(known.cls, known.keys, items, known.factory)


def growing_lists(
    where: str, known: CellKind, other: CellKind
) -> Iterator[tuple[str, CellTensor | type]]:
    """Yield the lists that differ in length between two kinds, with what their elements are."""
    if not isinstance(known, CellTree) or not isinstance(other, CellTree):
        return
    if known.cls is list and other.cls is list and len(known.keys) != len(other.keys):
        element = _common_element([*known.items, *other.items])
        if element is not None:
            yield where, element
    elif known.keys == other.keys:
        for key, mine, theirs in zip(known.keys, known.items, other.items, strict=True):
            yield from growing_lists(f"{where}[{key!r}]", mine, theirs)


def _common_element(kinds: list[CellKind]) -> CellTensor | type | None:
    common = kinds[0]
    for kind in kinds[1:]:
        common = widened(common, kind)
    is_leaf = isinstance(common, (CellTensor, type))
    return common if is_leaf and common is not DIFFERENT else None
