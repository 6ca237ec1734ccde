"""Walk over everything a path may still read: the one traversal behind fork, join and loops.

`StateCopier` copies a state. Containers, iterators, closure cells and objects that the program
made are copied, each once; a function decides about the *leaves* (tensors, numbers, strings of the
host and lists of dynamic length); all else is shared. On the way it lists tokens: two states have
the same *skeleton*, and so can run the same code, if their tokens are equal.
"""

from __future__ import annotations

import types
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any, TypeAlias, cast

import torch

from .objects import (
    ABSENT,
    MUTABLE_RECORDS,
    ClosureCell,
    DynamicList,
    Generator,
    GeneratorMethod,
    InterpretedFunction,
    ListMethod,
    Unread,
    class_of,
)
from .scalars import is_number, number_type
from .state import Frame, State
from .texts import Choice, HostString, Piece, Text, TextMethod
from .torch_internals import is_surely_contiguous, is_traced

Path: TypeAlias = tuple[Any, ...]
"""How a leaf is reached: where its root is, then keys, indices and attribute names."""

LeafRule: TypeAlias = Callable[[Path, Any], Any]

FROZEN = ("frozen",)
"""The token of what must not be changed, since a dynamic list holds its contents."""

_ATOMS = (str, bytes, type(None), type(Ellipsis), torch.dtype, torch.device, type, Unread)


class OwnedObjects:
    """Remember the instances that the program made, which each path has its own copies of.

    Containers and instances that are an element of a dynamic list, or part of one, are *frozen*:
    the list holds their contents, so that changing them would not change the list.
    """

    def __init__(self) -> None:
        self._objects: dict[int, Any] = {}
        self._frozen: dict[int, Any] = {}

    def freeze(self, value: Any) -> None:
        """Forbid to change `value`, and keep it alive."""
        self._frozen[id(value)] = value

    def is_frozen(self, value: object) -> bool:
        """Tell whether a dynamic list holds the contents of `value`."""
        return id(value) in self._frozen

    def add(self, value: Any) -> None:
        """Remember `value`, and keep it alive."""
        self._objects[id(value)] = value

    def __contains__(self, value: object) -> bool:
        return id(value) in self._objects


def keep(path: Path, leaf: Any) -> Any:
    """Return the leaf itself."""
    del path
    return leaf


class StateCopier:
    """Copy states, leaf by leaf; `tokens` describe what was met, by path, `lists` are those met."""

    def __init__(
        self,
        owned: OwnedObjects,
        foreign: Mapping[int, Any],
        rule: LeafRule = keep,
        on_list: Callable[[Path, list[Any]], Any] | None = None,
        on_text: Callable[[Path, str | Text], Any] | None = None,
        split: frozenset[Path] = frozenset(),
        *,
        with_strides: bool = False,
        with_identity: bool = False,
    ) -> None:
        self.tokens: list[tuple[Path, Any]] = []
        self.leaves: list[tuple[Path, Any]] = []
        self._owned = owned
        self._foreign = foreign
        self._rule = rule
        self._on_list = on_list
        self._on_text = on_text
        self._split = split
        self._with_strides = with_strides
        self._with_identity = with_identity
        self._tensors: dict[int, int] = {}
        self._methods: tuple[tuple[Any, Callable[[Any, Path], Any]], ...] = (
            (list, self._copy_list),
            (tuple, self._copy_tuple),
            (dict, self._copy_dict),
            (set, self._copy_set),
            (slice, self._copy_slice),
            (MUTABLE_RECORDS, self._copy_record),
            (BaseException, self._copy_exception),
            (Generator, self._copy_generator),
            (InterpretedFunction, self._copy_function),
            ((ListMethod, GeneratorMethod, TextMethod), self._copy_bound_method),
            ((types.MethodType, types.BuiltinMethodType), self._copy_method),
        )
        self._copies: dict[int, tuple[Any, Any]] = {}
        self._first: dict[int, Path] = {}
        self.lists: dict[Path, list[Any]] = {}

    # --- states ---

    def copy_state(self, state: State) -> State:
        """Return a copy of `state`, on the same block."""
        self.tokens.append(((), ("pending", id(state.pending_error))))
        return State(
            state.block,
            [self._copy_frame(state, depth) for depth in range(len(state.frames))],
            self._copy_overlay(state),
            dict(state.facts),
            dict(state.items),
            dict(state.counts),
            dict(state.numbers),
            self.copy(state.inputs, ("inputs",)),
            self.copy(state.containers, ("containers",)),
            state.knowledge,
            state.forks,
            self.copy(state.exception, ("exception",)),
            state.pending_error,
            self.copy(state.unfinished, ("unfinished",)),
        )

    def _copy_frame(self, state: State, depth: int) -> Frame:
        frame = state.frames[depth]
        names = frame.live_registers(state.executes_again(depth))
        use = (frame.generator is not None, frame.result_use)
        self.tokens.append(((depth,), (id(frame.code), frame.activation, use, tuple(names))))
        copied = self._copy_registers(frame, names, (depth,))
        if frame.generator is not None:
            copied.generator = self.copy(frame.generator, (depth, "<generator>"))
        if frame.handed is not ABSENT:
            copied.handed = self.copy(frame.handed, (depth, "<handed>"))
        if frame.constructed is not None:
            copied.constructed = self.copy(frame.constructed, (depth, "<constructed>"))
        return copied

    def _copy_registers(self, frame: Frame, names: Iterable[str], path: Path) -> Frame:
        copied = frame.copy()
        for name in names:
            copied.registers[name] = self.copy(frame.registers[name], (*path, name))
        return copied

    def _copy_overlay(self, state: State) -> dict[Any, Any]:
        self.tokens.append((("overlay",), tuple(state.overlay)))
        return {key: self.copy(value, ("overlay", key)) for key, value in state.overlay.items()}

    # --- values ---

    def copy(self, value: Any, path: Path) -> Any:
        """Return the copy of `value`, which is reached by `path`."""
        if is_traced(value) or is_number(value) or isinstance(value, (DynamicList, HostString)):
            return self._copy_leaf(value, path)
        if isinstance(value, (str, Text)) and self._on_text is not None:
            replaced = self._on_text(path, value)
            value = value if replaced is None else replaced
        if isinstance(value, Text):
            return self._copy_text(value, path)
        if isinstance(value, Choice):
            return self._copy_choice(value, path)
        if isinstance(value, _ATOMS) or id(value) in self._foreign:
            return self._share(value, path)
        if id(value) in self._copies:
            return self._again(value, path)
        self._first[id(value)] = path
        for classes, method in self._methods:
            if isinstance(value, classes):
                return method(value, path)
        return self._copy_object(value, path)

    def _copy_leaf(self, leaf: Any, path: Path) -> Any:
        if isinstance(leaf, DynamicList) and id(leaf) in self._copies:
            return self._again(leaf, path)
        self.tokens.append((path, self._leaf_token(leaf, path)))
        if isinstance(leaf, DynamicList):
            self._first[id(leaf)] = path
            self._mark_frozen(leaf, path)
        self.leaves.append((path, leaf))
        copied = self._rule(path, leaf)
        if isinstance(leaf, DynamicList):
            self._remember(leaf, copied)
        return copied

    def _leaf_token(self, leaf: Any, path: Path) -> Any:
        if is_traced(leaf):
            number = self._tensors.setdefault(id(leaf), len(self._tensors))
            identity = number if self._with_identity else None
            strides = self._with_strides and layout(leaf)
            if path in self._split:
                strides = (strides, str(tuple(leaf.shape)))
            return ("tensor", leaf.dtype, str(leaf.device), leaf.dim(), identity, strides)
        if isinstance(leaf, DynamicList):
            return ("list", leaf.element)
        if isinstance(leaf, HostString):
            return ("string",)
        kind = number_type(leaf)
        if path in self._split and isinstance(leaf, (bool, int, float)):
            return ("number", kind, repr(leaf))
        return ("number", kind)

    def _share(self, value: Any, path: Path) -> Any:
        is_text = isinstance(value, (str, bytes, type(None), torch.dtype, torch.device))
        self.tokens.append((path, ("atom", value) if is_text else ("object", id(value))))
        return value

    def _again(self, value: Any, path: Path) -> Any:
        _, copied = self._copies[id(value)]
        self.tokens.append((path, ("again", self._first[id(value)])))
        return copied

    def _mark_frozen(self, value: Any, path: Path) -> None:
        if self._owned.is_frozen(value):
            self.tokens.append((path, FROZEN))

    @property
    def sources(self) -> list[Any]:
        """All containers and instances that were met."""
        return [value for value, _ in self._copies.values()]

    @property
    def containers(self) -> list[Any]:
        """The copies of all containers and instances that were met."""
        return [copied for _, copied in self._copies.values()]

    def _remember(self, value: Any, copied: Any) -> Any:
        if self._owned.is_frozen(value):
            self._owned.freeze(copied)
        self._copies[id(value)] = (value, copied)
        return copied

    def _copy_list(self, value: list[Any], path: Path) -> Any:
        replaced = None if self._on_list is None else self._on_list(path, value)
        if replaced is not None:
            return self._remember(value, self.copy(replaced, path))
        self.tokens.append((path, ("list", type(value), len(value))))
        self._mark_frozen(value, path)
        self.lists[path] = value
        copied: list[Any] = self._remember(value, [])
        copied.extend(self.copy(item, (*path, index)) for index, item in enumerate(value))
        return copied

    def _copy_tuple(self, value: tuple[Any, ...], path: Path) -> Any:
        self.tokens.append((path, ("tuple", type(value), len(value))))
        items = [self.copy(item, (*path, index)) for index, item in enumerate(value)]
        if all(item is old for item, old in zip(items, value, strict=True)):
            return value
        if isinstance(value, torch.Size):
            return tuple(items)
        if hasattr(value, "n_sequence_fields"):
            return type(value)(items)
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)

    def _copy_dict(self, value: dict[Any, Any], path: Path) -> Any:
        keys = tuple(map(_key_token, value))
        self.tokens.append((path, ("dict", type(value), keys)))
        self._mark_frozen(value, path)
        copied = self._remember(value, type(value).__new__(type(value)))
        kind: Any = OrderedDict if isinstance(value, OrderedDict) else dict
        set_item = kind.__setitem__
        for key, item in value.items():
            set_item(copied, key, self.copy(item, (*path, key)))
        if isinstance(value, defaultdict):
            copied.default_factory = value.default_factory
        if value in self._owned:
            self._owned.add(copied)
        if hasattr(value, "__dict__"):
            self._copy_attributes(value, copied, path)
        return copied

    def _copy_set(self, value: set[Any], path: Path) -> Any:
        self.tokens.append((path, ("set", frozenset(map(_key_token, value)))))
        self._mark_frozen(value, path)
        return self._remember(value, set(value))

    def _copy_slice(self, value: slice, path: Path) -> Any:
        self.tokens.append((path, ("slice",)))
        parts: list[Any] = [value.start, value.stop, value.step]
        return slice(*(self.copy(part, (*path, index)) for index, part in enumerate(parts)))

    def _copy_record(self, value: Any, path: Path) -> Any:
        kind = ClosureCell if isinstance(value, ClosureCell) else class_of(value)
        self.tokens.append((path, ("record", kind)))
        copied = self._remember(value, object.__new__(class_of(value)))
        for field in fields(value):
            part = self.copy(getattr(value, field.name), (*path, field.name))
            setattr(copied, field.name, part)
        return copied

    def _copy_text(self, value: Text, path: Path) -> Any:
        """Copy a text: it cannot change, so that it does not matter who else has it."""
        self.tokens.append((path, ("text", len(value.parts))))
        parts = [self._copy_part(part, (*path, index)) for index, part in enumerate(value.parts)]
        return Text(tuple(parts), value.place)

    def _copy_choice(self, value: Choice, path: Path) -> Any:
        self.tokens.append((path, ("choice", value.items)))
        return Choice(value.items, self.copy(value.index, (*path, "index")), value.origins)

    def _copy_part(self, part: str | Piece, path: Path) -> Any:
        if isinstance(part, str):
            return self._share(part, path)
        self.tokens.append((path, ("piece", part.conversion, part.specification)))
        return Piece(self.copy(part.value, path), part.conversion, part.specification)

    def _copy_exception(self, value: Any, path: Path) -> Any:
        cls: Any = class_of(value)
        attributes = cast("dict[str, Any]", vars(value))
        self.tokens.append((path, ("exception", cls, tuple(attributes))))
        args = self.copy(value.args, (*path, "args"))
        held = {name: self.copy(part, (*path, name)) for name, part in attributes.items()}
        cause = self.copy(value.__cause__, (*path, "__cause__"))
        is_plain = args is value.args and not held and cause is None
        if value not in self._owned and is_plain:
            return self._remember(value, value)
        copied: Any = self._remember(value, cls.__new__(cls, *args))
        copied.__dict__.update(held)
        copied.__cause__ = cause
        self._owned.add(copied)
        return copied

    def _copy_generator(self, value: Generator, path: Path) -> Any:
        frame: Frame | None = value.frame
        flags = (value.is_started, value.is_finished, value.is_named)
        copied = self._remember(value, Generator(None, *flags))
        if frame is None:
            self.tokens.append((path, ("generator", flags)))
        else:
            names = frame.live_registers(not value.is_started)
            place = (id(frame.code), frame.counter, tuple(names))
            self.tokens.append((path, ("generator", flags, place)))
            copied.frame = self._copy_registers(frame, names, (*path, "frame"))
        copied.returned = self.copy(value.returned, (*path, "returned"))
        return copied

    def _copy_function(self, value: InterpretedFunction, path: Path) -> Any:
        self.tokens.append((path, ("function", id(value.code), value.given_name)))
        return self._remember(
            value,
            InterpretedFunction(
                value.code,
                self.copy(value.defaults, (*path, "defaults")),
                self.copy(dict(value.keyword_defaults), (*path, "keyword_defaults")),
                self.copy(value.cells, (*path, "cells")),
                value.module_globals,
                value.given_name,
            ),
        )

    def _copy_method(self, value: Any, path: Path) -> Any:
        function = getattr(value, "__func__", None)
        self.tokens.append((path, ("method", value.__name__, id(function) if function else None)))
        owner = self.copy(value.__self__, (*path, "self"))
        if owner is value.__self__:
            return value
        if isinstance(owner, DynamicList):
            return ListMethod(owner, value.__name__)
        return types.MethodType(function, owner) if function else getattr(owner, value.__name__)

    def _copy_bound_method(
        self, value: ListMethod | GeneratorMethod | TextMethod, path: Path
    ) -> Any:
        self.tokens.append((path, ("method", value.name)))
        return class_of(value)(self.copy(value.owner, (*path, "self")), value.name)

    def _copy_object(self, value: Any, path: Path) -> Any:
        if value not in self._owned:
            return self._share(value, path)
        self.tokens.append((path, ("instance", type(value))))
        self._mark_frozen(value, path)
        copied = self._remember(value, object.__new__(cast("type[Any]", type(value))))
        self._owned.add(copied)
        self._copy_attributes(value, copied, path)
        return copied

    def _copy_attributes(self, value: Any, copied: Any, path: Path) -> None:
        names = sorted(attribute_names(value))
        self.tokens.append((path, ("attributes", *names)))
        for name in names:
            part = self.copy(getattr(value, name), (*path, name))
            object.__setattr__(copied, name, part)


def attribute_names(value: Any) -> Iterable[str]:
    """Return the names of the attributes that an instance holds, in its dict or in slots."""
    names = set[str](getattr(value, "__dict__", ()))
    for base in type(value).__mro__:
        slots: Any = base.__dict__.get("__slots__", ())
        names.update([slots] if isinstance(slots, str) else slots)
    return [name for name in names if hasattr(value, name) and not name.startswith("__")]


def layout(tensor: Any) -> str:
    """Return how the elements of a tensor are ordered; all contiguous ones are alike."""
    return "" if is_surely_contiguous(tensor) else str(tensor.stride())


def _key_token(key: Any) -> Any:
    return (type(key), key)
