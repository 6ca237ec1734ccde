"""The header of a loop of the CFG: a block whose arguments are what the loop changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...ir import STR, Block, Successor, Value
from ...ir.host import Branch
from .aliases import record_view
from .failures import LoopRetry
from .knowledge import LoopPlan
from .loop_sizes import Groups, HeaderSizes
from .objects import DynamicList
from .promotion import with_lists
from .scalars import number_type, type_of_number
from .schedule import Scope
from .state import State
from .tensors import tensor_type
from .texts import HostString
from .torch_internals import (
    Tensor,
    expression_of,
    is_traced,
    storage_key,
    view_chain,
    view_layout,
)
from .traversal import Path, StateCopier

if TYPE_CHECKING:
    from .machine import Machine


@dataclass(frozen=True)
class View:
    """Which elements of which base a tensor shows; `base` is the value that the base holds."""

    layouts: tuple[str, ...]
    base: Value | None


@dataclass(eq=False)
class Instance:
    """One loop of the CFG: its header block, what the arguments are, and what is invariant."""

    block: Block
    parameters: list[Path] = field(default_factory=list[Path])
    tokens: list[tuple[Path, Any]] = field(default_factory=lambda: [])
    leaves: dict[Path, Any] = field(default_factory=dict[Path, Any])
    lists: dict[Path, list[Any]] = field(default_factory=dict[Path, "list[Any]"])
    values: dict[Path, tuple[Value, ...]] = field(default_factory=dict[Path, "tuple[Value, ...]"])
    shapes: dict[Path, tuple[Any, ...]] = field(default_factory=dict[Path, "tuple[Any, ...]"])
    minimums: dict[Path, int] = field(default_factory=dict[Path, int])
    aliases: set[frozenset[Path]] = field(default_factory=set[frozenset[Path]])
    views: dict[Path, View] = field(default_factory=lambda: {})
    groups: Groups = field(default_factory=lambda: [])


def open_loop(machine: Machine, scope: Scope, state: State) -> None:
    """Begin a loop of the CFG: `state` goes on in a header block, with generalised values."""
    plan, tracer = scope.plan, machine.tracer
    state.adopt(
        with_lists(machine, state, plan.lists, plan.strings, where_possible=plan.alternates)
    )
    survey = StateCopier(machine.owned, machine.foreign.objects)
    survey.copy_state(state)
    location = tracer.location()
    opening = _Opening(machine, plan, [*survey.leaves, *_hidden_bases(machine, survey.leaves)])
    if opening.learn():
        raise LoopRetry(scope)
    opening.prepare()
    instance = Instance(machine.new_block(location), opening.parameters)
    instance.groups = opening.sizes.groups
    target = Successor(instance.block, tuple(opening.arguments))
    state.block.append(Branch(target=target, loc=location))
    state.block = instance.block
    leaves = opening.generalise(instance.block)
    copier = StateCopier(
        machine.owned, machine.foreign.objects, lambda path, leaf: leaves.get(path, leaf)
    )
    state.adopt(copier.copy_state(state))
    _describe(machine, instance, state)
    scope.instances.append(instance)
    state.frame.iterations[scope.loop.header] = plan.peel + len(scope.instances)


class _Opening:
    """Decide what the arguments of a header block are, and what replaces the old leaves."""

    def __init__(
        self, machine: Machine, plan: LoopPlan, leaves: Sequence[tuple[Path, Any]]
    ) -> None:
        self._machine = machine
        self._tracer = machine.tracer
        self._plan = plan
        self._leaves = leaves
        self._views: dict[Path, Path] = {}
        self.sizes = HeaderSizes(machine.tracer, plan)
        self.parameters: list[Path] = []
        self.arguments: list[Value] = []

    def learn(self) -> bool:
        """Forget lower bounds that do not hold here; return whether there are any."""
        return self.sizes.learn(self._leaves)

    def prepare(self) -> None:
        """Compute the arguments, in the block before the header."""
        self._find_views()
        self.sizes.find_groups(
            [(path, leaf) for path, leaf in self._leaves if self._is_generalised(path, leaf)]
        )
        for path, leaf in self._leaves:
            if self._is_generalised(path, leaf):
                self.parameters.append(path)
                self.arguments += arguments_of(self._machine, leaf)

    def _is_generalised(self, path: Path, leaf: Any) -> bool:
        if is_traced(leaf):
            is_base = path[0] == "base" and path in self._views.values()
            return is_base or path in self._plan.tensors and path not in self._views
        if isinstance(leaf, DynamicList):
            return path in self._plan.lists
        return path in self._plan.numbers

    def _find_views(self) -> None:
        """Find the leaves that are views of a generalised leaf, or the very same tensor."""
        bases: dict[int, tuple[Path, Tensor]] = {}
        changed = {
            storage_key(leaf)
            for path, leaf in self._leaves
            if is_traced(leaf) and path in self._plan.tensors
        }
        for path, leaf in self._leaves:
            if not is_traced(leaf) or storage_key(leaf) not in changed or view_chain(leaf):
                continue
            if path in self._plan.tensors or path[0] == "base":
                bases.setdefault(storage_key(leaf), (path, leaf))
        for path, leaf in self._leaves:
            if is_traced(leaf) and storage_key(leaf) in bases:
                base_path, _ = bases[storage_key(leaf)]
                if path != base_path and path not in self._plan.lost_aliases:
                    self._views[path] = base_path
            elif is_traced(leaf) and storage_key(leaf) in changed:
                self._plan.lost_aliases.add(path)  # a view that is bound anew, of another base

    def generalise(self, block: Block) -> dict[Path, Any]:
        """Return the new leaves, made of arguments of the header `block`."""
        old = dict(self._leaves)
        new = {path: self._parameter(path, old[path], block) for path in self.parameters}
        for path, base in self._views.items():
            chain = view_chain(old[path])
            new[path] = record_view(self._tracer, new[base], old[path]) if chain else new[base]
        for path, leaf in self._leaves:
            if path in self._plan.lost_aliases and is_traced(leaf):
                self._tracer.tensors.lose_alias(new.get(path, leaf))
            elif path in new and is_traced(leaf) and self._has_uncertain_aliases(leaf):
                self._tracer.tensors.lose_alias(new[path], leaf)
        return new

    def _has_uncertain_aliases(self, old: Tensor) -> bool:
        """Tell whether mutating `old`, before the loop, would have been refused or noted."""
        tensors = self._tracer.tensors
        return tensors.has_lost_alias(old) or tensors.aliases_weight(old)

    def _parameter(self, path: Path, old: Any, block: Block) -> Any:
        if is_traced(old):
            return self._tensor(path, old, block)
        if isinstance(old, DynamicList):
            minimum = 0 if path in self._plan.shrinking else old.minimum
            columns = [block.add_argument(value.type) for value in old.columns]
            length = self.sizes.shared((path, None))
            made = self._machine.lists.of_columns(columns, old.element, minimum, None, length)
            self.sizes.share((path, None), made.length)
            made.home = (self._plan, path)
            return made
        if isinstance(old, HostString):
            return HostString((block.add_argument(STR),), old.origins)
        value = block.add_argument(type_of_number(old))
        number = self.sizes.shared((path, None))
        if number is None:
            number = self._tracer.scalars.fresh(number_type(old), value)
        if number_type(old) is int:
            self._tracer.shapes.narrow(number, self._plan.numbers[path], None)
            self.sizes.share((path, None), number)
        self._machine.origins.add_loop(number, self._plan)
        return number

    def _tensor(self, path: Path, old: Tensor, block: Block) -> Tensor:
        fake = self._tracer.tensors.fake(old)
        varying = self._plan.tensors.get(path, frozenset())
        shape = [
            self.sizes.extent((path, dim)) if dim in varying else extent
            for dim, extent in enumerate(fake.shape)
        ]
        new = self._tracer.tensors.empty(shape, fake)
        return self._tracer.tensors.wrap(new, block.add_argument(tensor_type(new)))


def _hidden_bases(
    machine: Machine, leaves: Sequence[tuple[Path, Any]]
) -> Iterator[tuple[Path, Tensor]]:
    """Yield the bases of several views that no variable holds, under the path of one view."""
    groups: dict[int, dict[int, tuple[Path, Tensor]]] = {}
    for path, leaf in leaves:
        if is_traced(leaf):
            groups.setdefault(storage_key(leaf), {})[id(leaf)] = (path, leaf)
    for group in groups.values():
        members = list(group.values())
        base = machine.tracer.tensors.base_of(members[0][1])
        is_hidden = len(members) > 1 and all(view_chain(leaf) for _, leaf in members)
        if is_hidden and base is not None and not machine.tracer.tensors.is_weight(base):
            yield ("base", members[0][0]), base


def arguments_of(machine: Machine, leaf: Any) -> tuple[Value, ...]:
    if is_traced(leaf):
        return (machine.tracer.tensors.value(machine.tracer.contiguous(leaf)),)
    if isinstance(leaf, (DynamicList, HostString)):
        return leaf.columns
    return (machine.tracer.scalars.value(leaf),)


def _describe(machine: Machine, instance: Instance, state: State) -> None:
    """Remember what the header assumes, to be compared at the back edges."""
    survey = StateCopier(machine.owned, machine.foreign.objects)
    survey.copy_state(state)
    instance.tokens = survey.tokens
    instance.lists = survey.lists
    for path, leaf in survey.leaves:
        instance.leaves[path] = leaf
        if is_traced(leaf):
            fake = machine.tracer.tensors.fake(leaf)
            instance.values[path] = (machine.tracer.tensors.value_of_fake(fake),)
            instance.shapes[path] = extents_of(fake)
            instance.views[path] = view_of(machine, leaf)
        elif isinstance(leaf, HostString):
            instance.values[path] = leaf.columns
        elif isinstance(leaf, DynamicList):
            instance.values[path] = leaf.columns
            instance.minimums[path] = leaf.minimum
    instance.aliases = set(alias_pairs(survey.leaves))


def view_of(machine: Machine, tensor: Tensor) -> View:
    """Return what `tensor` shows of its base, which is None if it is not known."""
    base = machine.tracer.tensors.base_of(tensor)
    members = [tensor] if base is None else [tensor, base]
    value = None if base is None else machine.tracer.tensors.value(base)
    return View(tuple(map(view_layout, members)), value)


def extents_of(fake: Any) -> tuple[Any, ...]:
    return tuple(expression_of(extent) for extent in fake.shape)


def alias_pairs(leaves: Sequence[tuple[Path, Any]]) -> Iterator[frozenset[Path]]:
    """Yield the pairs of paths whose tensors share memory."""
    groups: dict[int, list[Path]] = {}
    for path, leaf in leaves:
        if is_traced(leaf):
            groups.setdefault(storage_key(leaf), []).append(path)
    for paths in groups.values():
        yield from (frozenset([paths[0], other]) for other in paths[1:])
