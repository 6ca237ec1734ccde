"""Let paths that meet go on as one: equal skeletons merge, different ones stay apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from ...ir import STR, Block, Successor, Value
from ...ir.host import Branch
from .aliases import record_view
from .failures import NeedConcrete
from .fork import copy_list
from .objects import DynamicList
from .promotion import MAX_KEPT_APART, promote_lists
from .relations import combined, linear_relation
from .scalars import is_symbolic, number_type, type_of_number
from .state import PositionKey, State
from .tensors import tensor_type
from .texts import HostString
from .torch_internals import (
    Tensor,
    common_facts,
    expression_of,
    is_traced,
    storage_key,
    symbolic_int,
    view_chain,
    view_layout,
)
from .traversal import Path, StateCopier

if TYPE_CHECKING:
    from .machine import Machine


Bounds: TypeAlias = tuple[int | None, int | None]
"""The smallest and the largest value of an int, None if unknown."""

Group: TypeAlias = list[tuple[State, StateCopier]]
"""States with one skeleton, and what is known about each."""


def join_states(machine: Machine, key: PositionKey, states: Sequence[State]) -> list[State]:
    """Return the states that go on from `key`, one per skeleton."""
    if len(states) == 1:
        return list(states)
    groups = _group(machine, key, states)
    if len(groups) > MAX_KEPT_APART:
        members = [member for group in groups for member in group]
        surveys = [survey for _, survey in members]
        split = machine.knowledge.split(key)
        if promote_lists(machine, [state for state, _ in members], surveys, split):
            machine.note_lists(states[0])
            groups = _group(machine, key, states)
    if len(groups) > 1:
        machine.note_variants(states, [group[0][1] for group in groups])
    return [_join_group(machine, key, group) for group in groups]


def _group(machine: Machine, key: PositionKey, states: Sequence[State]) -> list[Group]:
    """Return the states with their surveys, those with one skeleton together."""
    groups: dict[Any, Group] = {}
    for state in states:
        survey = StateCopier(
            machine.owned,
            machine.foreign.objects,
            split=machine.knowledge.split(key),
            with_strides=True,
            with_identity=key in machine.knowledge.identities,
        )
        survey.copy_state(state)
        skeleton = tuple(token for _, token in survey.tokens)
        groups.setdefault(skeleton, []).append((state, survey))
    return list(groups.values())


def _join_group(machine: Machine, key: PositionKey, members: Group) -> State:
    if len(members) == 1:
        return members[0][0]
    leaves = [[leaf for _, leaf in survey.leaves] for _, survey in members]
    paths = [path for path, _ in members[0][1].leaves]
    columns = [Column(path, list(row)) for path, *row in zip(paths, *leaves, strict=True)]
    return Merge(machine, key, [state for state, _ in members], columns).run()


@dataclass(eq=False)
class Column:
    """One leaf in each of the states that merge; `result` is what becomes of it."""

    path: Path
    leaves: list[Any]
    fakes: list[Any] = field(default_factory=lambda: [])
    values: list[tuple[Value, ...]] = field(default_factory=list["tuple[Value, ...]"])
    shapes: list[tuple[Any, ...]] = field(default_factory=lambda: [])
    bounds: list[Bounds] = field(default_factory=lambda: [])
    lengths: list[Any] = field(default_factory=lambda: [])
    is_merged: bool = False
    result: Any = None

    @property
    def is_tensor(self) -> bool:
        return is_traced(self.leaves[0])

    @property
    def identity(self) -> tuple[int, ...]:
        """What columns share that hold the same objects."""
        return tuple(map(id, self.leaves))

    @property
    def is_uniform(self) -> bool:
        """Whether all shapes and strides agree."""
        strides = {str(fake.stride()) for fake in self.fakes}
        return len(set(self.shapes)) == 1 and len(strides) == 1


class Merge:
    """Merge states with one skeleton into a state on a new block."""

    def __init__(
        self, machine: Machine, key: PositionKey, states: list[State], columns: list[Column]
    ) -> None:
        self._machine = machine
        self._tracer = machine.tracer
        self._key = key
        self._states = states
        self._columns = columns
        self._arguments: list[list[Value]] = [[] for _ in states]
        self._merged_tensors: dict[tuple[int, ...], Tensor] = {}
        self._merged_numbers: dict[tuple[Any, ...], Any] = {}
        self._lengths: dict[tuple[Any, ...], Any] = {}

    def run(self) -> State:
        """Return the merged state; the blocks of the others branch to its block."""
        self._columns += self._hidden_bases()
        for index, state in enumerate(self._states):
            self._tracer.activate(state)
            self._survey(index)
        for column in self._columns:
            column.is_merged = self._differs(column)
        self._order_lists()
        for index, state in enumerate(self._states):
            self._tracer.activate(state)
            self._pass_arguments(index)
            state.knowledge = self._tracer.shapes.snapshot()
        location = self._tracer.location()
        block = self._machine.new_block(location)
        for state, arguments in zip(self._states, self._arguments, strict=True):
            target = Successor(block, tuple(arguments))
            state.block.append(Branch(target=target, loc=location))
        return self._merged_state(block)

    def _hidden_bases(self) -> list[Column]:
        """Return columns for the bases of views whose variables are gone."""
        groups: dict[tuple[int, ...], dict[tuple[int, ...], Column]] = {}
        for column in self._columns:
            if column.is_tensor:
                storages = tuple(map(storage_key, column.leaves))
                groups.setdefault(storages, {})[column.identity] = column
        hidden: list[Column] = []
        for members in groups.values():
            leaves = [leaf for column in members.values() for leaf in column.leaves]
            if len(members) < 2 or not all(map(view_chain, leaves)):
                continue
            bases = [
                self._tracer.tensors.base_of(leaf) for leaf in next(iter(members.values())).leaves
            ]
            if all(base is not None and not self._tracer.tensors.is_weight(base) for base in bases):
                hidden.append(Column(("base", len(hidden)), bases))
        return hidden

    # --- what differs ---

    def _survey(self, index: int) -> None:
        for column in self._columns:
            leaf = column.leaves[index]
            if is_traced(leaf):
                fake = self._tracer.tensors.fake(leaf)
                column.fakes.append(fake)
                column.values.append((self._tracer.tensors.value_of_fake(fake),))
                column.shapes.append(tuple(expression_of(extent) for extent in fake.shape))
            elif isinstance(leaf, HostString):
                column.values.append(leaf.columns)
            elif isinstance(leaf, DynamicList):
                column.values.append(leaf.columns)
                column.lengths.append(self._tracer.shapes.settled(expression_of(leaf.length)))
                column.bounds.append(self._tracer.shapes.bounds(leaf.length))
            else:
                known = self._tracer.scalars.constant_or_symbol(leaf)
                column.leaves[index] = known
                is_int = number_type(known) is int
                column.bounds.append(self._tracer.shapes.bounds(known) if is_int else (None, None))

    def _differs(self, column: Column) -> bool:
        if column.is_tensor:
            return any(values != column.values[0] for values in column.values)
        numbers = column.leaves
        if isinstance(numbers[0], HostString):
            differ = any(values != column.values[0] for values in column.values)
            if differ and column.path in self._machine.knowledge.split(self._key):
                raise NeedConcrete(_origins(numbers), "text that must be known")
            return differ
        if column.values:
            if all(values == column.values[0] for values in column.values):
                return False
            numbers = [item.length for item in column.leaves]
        elif not _numbers_differ(numbers):
            return False
        if column.path in self._machine.knowledge.split(self._key):
            symbolic = filter(is_symbolic, numbers)
            symbols: list[Any] = [expression_of(number).free_symbols for number in symbolic]
            raise NeedConcrete(frozenset[Any]().union(*symbols), "a value that must be known")
        return True

    def _order_lists(self) -> None:
        """Let lists whose lengths vary least merge first: others may be computed from them."""
        places = [place for place, column in enumerate(self._columns) if column.lengths]
        lists = sorted((self._columns[place] for place in places), key=_spread)
        for place, column in zip(places, lists, strict=True):
            self._columns[place] = column

    def _pass_arguments(self, index: int) -> None:
        seen: set[tuple[int, ...]] = set()
        for column in self._columns:
            if not column.is_merged or (column.is_tensor and column.identity in seen):
                continue
            seen.add(column.identity)
            self._arguments[index] += self._passed(column, index)

    def _passed(self, column: Column, index: int) -> tuple[Value, ...]:
        leaf = column.leaves[index]
        if column.is_tensor:
            if column.is_uniform:
                return column.values[index]
            return (self._tracer.tensors.value(self._tracer.contiguous(leaf)),)
        if isinstance(leaf, (DynamicList, HostString)):
            return column.values[index]
        return (self._tracer.scalars.value(leaf),)

    # --- the merged state ---

    def _merged_state(self, block: Block) -> State:
        facts = [state.knowledge for state in self._states]
        result = State(block, knowledge=common_facts([fact for fact in facts if fact]))
        result.frames = self._states[0].frames
        self._tracer.activate(result)
        self._merge_columns(block)
        self._restore_aliases()
        merged = {column.path: column.result for column in self._columns}
        copier = StateCopier(
            self._machine.owned, self._machine.foreign.objects, lambda path, _: merged[path]
        )
        result = copier.copy_state(self._states[0])
        result.block = block
        result.knowledge = self._tracer.shapes.snapshot()
        self._agree(result)
        return result

    def _agree(self, result: State) -> None:
        """Keep what all states know."""
        others = self._states[1:]
        result.forks = max(state.forks for state in self._states)
        result.facts = _common(result.facts, [other.facts for other in others])
        result.items = _common(result.items, [other.items for other in others])
        result.counts = _common(result.counts, [other.counts for other in others])
        result.numbers = _common(result.numbers, [other.numbers for other in others])
        for depth, frame in enumerate(result.frames):
            frame.forks_at_entry = min(s.frames[depth].forks_at_entry for s in self._states)
            for header in frame.loop_forks:
                counts = [s.frames[depth].loop_forks.get(header, 0) for s in self._states]
                frame.loop_forks[header] = min(counts)

    def _merge_columns(self, block: Block) -> None:
        for column in self._columns:
            if column.is_tensor:
                column.result = self._merge_tensor(column, block)
            elif isinstance(column.leaves[0], DynamicList):
                column.result = self._merge_list(column, block)
            elif column.is_merged and isinstance(column.leaves[0], HostString):
                column.result = self._merge_string(column, block)
            elif column.is_merged:
                column.result = self._merge_number(column, block)
            else:
                column.result = column.leaves[0]

    def _merge_tensor(self, column: Column, block: Block) -> Tensor:
        if column.identity in self._merged_tensors:
            return self._merged_tensors[column.identity]
        if not column.is_merged:
            kept = column.leaves[0]
            is_weight = self._tracer.tensors.is_weight(kept)
            merged = (
                kept
                if is_weight
                else self._tracer.native(self._tracer.functional_mode.wrap, column.fakes[0])
            )
        else:
            fake = self._merged_fake(column)
            merged = self._tracer.tensors.wrap(fake, block.add_argument(tensor_type(fake)))
        self._merged_tensors[column.identity] = merged
        return merged

    def _merged_fake(self, column: Column) -> Any:
        first = column.fakes[0]
        if column.is_uniform:
            return self._tracer.tensors.empty(first.shape, first, strides=first.stride())
        extents = [
            self._merged_extent(tuple(shape[dim] for shape in column.shapes), first.shape[dim])
            for dim in range(first.dim())
        ]
        for dim, (extent, old) in enumerate(zip(extents, first.shape, strict=True)):
            if extent is not old:
                parts = [shape[dim] for shape in column.shapes]
                self._machine.origins.add_join(extent, self._key, column.path, parts)
        return self._tracer.tensors.empty(extents, first)

    def _merged_extent(self, extents: tuple[Any, ...], first: Any) -> Any:
        if all(extent == extents[0] for extent in extents):
            return first
        if extents not in self._merged_numbers:
            known = all(extent.is_Integer for extent in extents)
            bounds = (int(min(extents)), int(max(extents))) if known else (0, None)
            self._merged_numbers[extents] = self._tracer.shapes.fresh_size(*bounds)
        self._tracer.shapes.use_as_size(self._merged_numbers[extents])
        return self._merged_numbers[extents]

    def _merge_list(self, column: Column, block: Block) -> DynamicList:
        lists: list[DynamicList] = column.leaves
        first = lists[0]
        element = self._machine.lists.elements.of_lists(lists) or first.element
        if not column.is_merged:
            return copy_list(first)
        columns = tuple(block.add_argument(value.type) for value in first.columns)
        minimum = min(item.minimum for item in lists)
        lengths = {item.length for item in lists if not is_symbolic(item.length)}
        if len(lengths) == 1 and not any(is_symbolic(item.length) for item in lists):
            return DynamicList(columns, lengths.pop(), element, minimum)
        key = tuple(column.lengths)
        length = self._related_length(key, _widest(column.bounds))
        merged = self._machine.lists.of_columns(columns, element, minimum, first, length)
        self._merged_numbers[key] = merged.length
        if length is None:
            self._lengths[key] = merged.length
            self._tracer.shapes.narrow(merged.length, *_widest(column.bounds))
        self._machine.origins.add_join(merged.length, self._key, column.path, key)
        return merged

    def _related_length(self, key: tuple[Any, ...], bounds: Bounds) -> Any:
        """Return the length that merges as `key` if other numbers give it, else None.

        It must be known to lie within `bounds`, as all lengths that merge do.
        """
        if key in self._merged_numbers:
            return self._merged_numbers[key]
        common = frozenset[Any].intersection(*(frozenset(each.free_symbols) for each in key))
        sources = {
            (symbol,) * len(key): symbolic_int(self._tracer.shapes, symbol)
            for symbol in sorted(common, key=str)
        }
        sources |= self._lengths
        factors = linear_relation([*sources], key)
        if factors is None:
            return None
        length = self._tracer.native(combined, list(sources.values()), factors)
        low, high = self._tracer.shapes.bounds(length)
        return length if low is not None and high is not None and (low, high) == bounds else None

    def _merge_number(self, column: Column, block: Block) -> Any:
        first = column.leaves[0]
        value = block.add_argument(type_of_number(first))
        key = tuple(map(expression_of, column.leaves))
        if number_type(first) is not int:
            number = self._tracer.scalars.fresh(number_type(first), value)
        else:
            if key not in self._merged_numbers:
                self._merged_numbers[key] = self._tracer.scalars.fresh(int, value)
            number = self._merged_numbers[key]
            self._tracer.shapes.narrow(number, *_widest(column.bounds))
        self._machine.origins.add_join(number, self._key, column.path, key)
        return number

    def _merge_string(self, column: Column, block: Block) -> HostString:
        origin = self._machine.origins.new_text_of_join(self._key, column.path)
        return HostString((block.add_argument(STR),), _origins(column.leaves) | {origin})

    # --- aliases ---

    def _restore_aliases(self) -> None:
        """Make views of merged bases again; where groups differ, forbid mutation."""
        groups: dict[tuple[int, ...], dict[tuple[int, ...], Column]] = {}
        for column in self._columns:
            if column.is_tensor:
                storages = tuple(storage_key(leaf) for leaf in column.leaves)
                groups.setdefault(storages, {})[column.identity] = column
        crowded = self._crowded_storages()
        for storages, members in groups.items():
            columns = list(members.values())
            if len(columns) > 1 and self._restore_group(columns):
                lost = any(map(self._has_lost_alias, columns))
            else:
                lost = any(map(self._has_lost_alias, columns)) or any(
                    storage in crowded[index] for index, storage in enumerate(storages)
                )
            for column in columns if lost else ():
                if not self._tracer.tensors.is_weight(column.result):
                    self._tracer.tensors.lose_alias(column.result)
                    self._machine.remember_identity_loss(column.result, self._key)
        for column in self._columns:
            if column.is_tensor:
                column.result = self._merged_tensors[column.identity]

    def _crowded_storages(self) -> list[set[int]]:
        """Return, per state, the storages that several live tensors share."""
        crowded: list[set[int]] = []
        for index in range(len(self._states)):
            members: dict[int, set[tuple[int, ...]]] = {}
            for column in self._columns:
                if column.is_tensor:
                    storage = storage_key(column.leaves[index])
                    members.setdefault(storage, set()).add(column.identity)
            crowded.append({storage for storage, ids in members.items() if len(ids) > 1})
        return crowded

    def _has_lost_alias(self, column: Column) -> bool:
        tensors = self._tracer.tensors
        return any(
            tensors.has_lost_alias(leaf) or tensors.aliases_weight(leaf) for leaf in column.leaves
        )

    def _restore_group(self, columns: list[Column]) -> bool:
        bases = [c for c in columns if not any(view_chain(leaf) for leaf in c.leaves)]
        views = [c for c in columns if all(view_chain(leaf) for leaf in c.leaves)]
        if len(bases) != 1 or len(views) != len(columns) - 1:
            return False
        if not all(_is_same_view(column) for column in views):
            return False
        base = self._merged_tensors[bases[0].identity]
        for column in views:
            self._merged_tensors[column.identity] = record_view(
                self._tracer, base, column.leaves[0]
            )
            column.result = self._merged_tensors[column.identity]
        return True


def _spread(column: Column) -> float:
    low, high = _widest(column.bounds)
    return math.inf if low is None or high is None else high - low


def _is_same_view(column: Column) -> bool:
    return len(set(map(view_layout, column.leaves))) == 1


def _origins(leaves: Sequence[Any]) -> frozenset[Any]:
    return frozenset[Any]().union(*(leaf.origins for leaf in leaves))


def _numbers_differ(numbers: Sequence[Any]) -> bool:
    first = numbers[0]
    if any(is_symbolic(number) for number in numbers):
        expressions = {expression_of(number) for number in numbers if is_symbolic(number)}
        return len(expressions) > 1 or not all(map(is_symbolic, numbers))
    return any(repr(number) != repr(first) for number in numbers)


def _widest(bounds: Sequence[Bounds]) -> Bounds:
    """Return the bounds of what has one of `bounds`."""
    lows = [low for low, _ in bounds if low is not None]
    highs = [high for _, high in bounds if high is not None]
    low = min(lows) if len(lows) == len(bounds) else None
    return low, max(highs) if len(highs) == len(bounds) else None


def _common(first: dict[Any, Any], others: Sequence[dict[Any, Any]]) -> dict[Any, Any]:
    return {
        key: value
        for key, value in first.items()
        if all(other.get(key) is value for other in others)
    }
