"""Loops whose exit depends on data: found by running them, then generalised to a fixpoint.

A loop that may be dynamic runs in a scope of its own. If an iteration can both leave and go on,
the attempt is rolled back and the loop becomes a loop of the CFG: everything live at the header is
assumed invariant; what differs at the back edge becomes a block argument, and the next attempt
starts. A value that changes its kind (None becomes a tensor) is dealt with by peeling iterations.
"""

from __future__ import annotations

import linecache
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ...diagnostics import Location
from ...ir import Block, Op, Successor, Value
from ...ir.host import Branch
from .aliases import record_view
from .bounds import is_bounded, iterator_of
from .elements import by_path, is_below, is_list_token
from .failures import LoopRetry, refusal
from .fork import clone_state
from .hir import Loop, LoopHeader, LoopKind
from .knowledge import LoopPlan
from .objects import DynamicList, Element, Generator
from .promotion import with_lists
from .scalars import is_number, is_symbolic, number_type, type_of_number
from .schedule import Scope
from .state import Frame, State, loop_position
from .tensors import tensor_type
from .torch_internals import (
    Tensor,
    expression_of,
    is_traced,
    storage_key,
    view_chain,
    view_layout,
)
from .tracer import drop_ops_after
from .traversal import FROZEN, Path, StateCopier

if TYPE_CHECKING:
    from .machine import Machine

MAX_ATTEMPTS = 40
MAX_PEEL = 3


@dataclass(frozen=True)
class Checkpoint:
    """How much of the function existed before an attempt."""

    block: Block
    last: Op | None
    blocks: int
    diagnostics: int


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


# --- attempts -----------------------------------------------------------------------------------


def may_be_dynamic(machine: Machine, frame: Frame, header: LoopHeader) -> bool:
    """Tell whether the loop at `header` could become a loop of the CFG."""
    if header.iterator is None:
        return True
    return not is_bounded(frame.registers[header.iterator], machine.limits.unroll)


def run_loop(machine: Machine, state: State, loop: Loop) -> None:
    """Run the loop at whose header `state` stands; the paths that leave it are scheduled."""
    plan = machine.knowledge.loop(loop_position(state, len(state.frames) - 1, loop))
    checkpoint: Checkpoint | None = None
    state.knowledge = machine.tracer.shapes.snapshot()  # what attempts learn must be forgotten
    for _ in range(MAX_ATTEMPTS):
        machine.tracer.activate(state)
        candidate = clone_state(machine, state)
        checkpoint = checkpoint or _checkpoint(machine, state)
        scope = Scope(loop, state.frame.activation, len(state.frames) - 1, plan)
        if _attempt(machine, scope, candidate):
            for leaving in scope.exits:
                _generalise_exit(machine, plan, leaving)
                machine.schedule(leaving)
            return
        _roll_back(machine, checkpoint)
    raise machine.tracer.refuse(
        "MC0106",
        f"what this loop carries is still not settled after {MAX_ATTEMPTS} attempts",
        help="carry fewer values from one iteration to the next",
    )


def _generalise_exit(machine: Machine, plan: LoopPlan, state: State) -> None:
    """Make dynamic lists, on a path that left in a peeled iteration, of those that grow later."""
    if plan.peel and plan.lists:
        machine.tracer.activate(state)
        state.adopt(with_lists(machine, state, plan.lists, where_possible=True))
        state.knowledge = machine.tracer.shapes.snapshot()


def _attempt(machine: Machine, scope: Scope, candidate: State) -> bool:
    machine.scopes.append(scope)
    try:
        machine.run_state(candidate)
        machine.drain(scope)
    except LoopRetry as retry:
        if retry.scope is not scope:
            raise
        return False
    finally:
        machine.scopes.pop()
    return True


def _checkpoint(machine: Machine, state: State) -> Checkpoint:
    last = state.block.ops[-1] if state.block.ops else None
    count = len(machine.tracer.region.blocks)
    return Checkpoint(state.block, last, count, len(machine.diagnostics))


def _roll_back(machine: Machine, checkpoint: Checkpoint) -> None:
    blocks = machine.tracer.region.blocks
    for block in reversed(blocks[checkpoint.blocks :]):
        drop_ops_after(block, None)
    del blocks[checkpoint.blocks :]
    drop_ops_after(checkpoint.block, checkpoint.last)
    for diagnostic in list(machine.diagnostics)[checkpoint.diagnostics :]:
        del machine.diagnostics[diagnostic]


def observe(machine: Machine, state: State, loop: Loop, event: str) -> None:
    """Note that an iteration of `loop` was left or goes on; if both, the loop is dynamic."""
    frame = state.frame
    scope = machine.scope_of(frame, loop)
    if scope is None or scope.plan.dynamic or scope.plan.unroll:
        return
    if state.forks <= frame.loop_forks.get(loop.header, 0):
        return
    events = scope.events.setdefault(frame.iterations.get(loop.header, 0), set())
    events.add(event)
    if event == "back" and _is_over_bounded(machine, frame, loop):
        events.add("bounded")
    if events == {"exit", "back"}:
        scope.plan.dynamic = True
        machine.knowledge.note(
            "the exit of this loop depends on data: it stays a loop", loop.location
        )
        raise LoopRetry(scope)


def _is_over_bounded(machine: Machine, frame: Frame, loop: Loop) -> bool:
    """Tell whether the generator that the loop iterates over will end by itself."""
    if loop.kind is LoopKind.WHILE:
        return False
    iterator = iterator_of(frame, loop.header)
    return isinstance(iterator, Generator) and is_bounded(iterator, machine.limits.unroll)


# --- the header ---------------------------------------------------------------------------------


def open_loop(machine: Machine, scope: Scope, state: State) -> None:
    """Begin a loop of the CFG: `state` goes on in a header block, with generalised values."""
    plan, tracer = scope.plan, machine.tracer
    state.adopt(with_lists(machine, state, plan.lists))
    survey = StateCopier(machine.owned, machine.foreign.objects)
    survey.copy_state(state)
    location = tracer.location()
    opening = _Opening(machine, plan, [*survey.leaves, *_hidden_bases(machine, survey.leaves)])
    opening.prepare()
    instance = Instance(machine.new_block(location), opening.parameters)
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
        self.parameters: list[Path] = []
        self.arguments: list[Value] = []

    def prepare(self) -> None:
        """Compute the arguments, in the block before the header."""
        self._find_views()
        for path, leaf in self._leaves:
            if self._is_generalised(path, leaf):
                self.parameters.append(path)
                self.arguments += _arguments(self._machine, leaf)

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
            made = self._machine.lists.of_columns(columns, old.element, minimum, None)
            made.home = (self._plan, path)
            return made
        value = block.add_argument(type_of_number(old))
        number = self._tracer.scalars.fresh(number_type(old), value)
        if number_type(old) is int:
            self._tracer.shapes.set_range(number, self._plan.numbers[path], None)
        self._machine.remember_loop_origin(number, self._plan)
        return number

    def _tensor(self, path: Path, old: Tensor, block: Block) -> Tensor:
        fake = self._tracer.tensors.fake(old)
        varying = self._plan.tensors.get(path, frozenset())
        shape = [
            self._tracer.shapes.fresh_size() if dim in varying else extent
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


def _arguments(machine: Machine, leaf: Any) -> tuple[Value, ...]:
    if is_traced(leaf):
        return (machine.tracer.tensors.value(machine.tracer.contiguous(leaf)),)
    if isinstance(leaf, DynamicList):
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
            instance.shapes[path] = _extents(fake)
            instance.views[path] = _view(machine, leaf)
        elif isinstance(leaf, DynamicList):
            instance.values[path] = leaf.columns
            instance.minimums[path] = leaf.minimum
    instance.aliases = set(_alias_pairs(survey.leaves))


def _view(machine: Machine, tensor: Tensor) -> View:
    """Return what `tensor` shows of its base, which is None if it is not known."""
    base = machine.tracer.tensors.base_of(tensor)
    members = [tensor] if base is None else [tensor, base]
    value = None if base is None else machine.tracer.tensors.value(base)
    return View(tuple(map(view_layout, members)), value)


def _extents(fake: Any) -> tuple[Any, ...]:
    return tuple(expression_of(extent) for extent in fake.shape)


def _alias_pairs(leaves: Sequence[tuple[Path, Any]]) -> Iterator[frozenset[Path]]:
    """Yield the pairs of paths whose tensors share memory."""
    groups: dict[int, list[Path]] = {}
    for path, leaf in leaves:
        if is_traced(leaf):
            groups.setdefault(storage_key(leaf), []).append(path)
    for paths in groups.values():
        yield from (frozenset([paths[0], other]) for other in paths[1:])


# --- the back edge ------------------------------------------------------------------------------


def close_loop(machine: Machine, scope: Scope, state: State, instance: Instance) -> None:
    """Compare with the header: branch to it, or retry the loop with more generalised."""
    state.adopt(with_lists(machine, state, scope.plan.lists))
    survey = StateCopier(machine.owned, machine.foreign.objects)
    survey.copy_state(state)
    closing = _Closing(machine, scope, instance, survey)
    if closing.learn():
        raise LoopRetry(scope)
    leaves = dict(survey.leaves)
    for path in instance.parameters:
        if path[0] == "base":
            leaves[path] = machine.tracer.tensors.base_of(leaves[path[1]])
    arguments = [
        value for path in instance.parameters for value in _arguments(machine, leaves[path])
    ]
    target = Successor(instance.block, tuple(arguments))
    state.block.append(Branch(target=target, loc=machine.tracer.location()))


class _Closing:
    """Compare the values at a back edge with those that the header assumed."""

    def __init__(
        self, machine: Machine, scope: Scope, instance: Instance, survey: StateCopier
    ) -> None:
        self._machine = machine
        self._tracer = machine.tracer
        self._plan = scope.plan
        self._scope = scope
        self._instance = instance
        self._leaves = dict(survey.leaves)
        self._survey = survey

    def learn(self) -> bool:
        """Extend the plan by what differs; return whether anything does."""
        grown, changed = self._compare_tokens()
        changed = [path for path in changed if not is_below(path, grown)]
        if changed:
            self._peel(changed)
            return True
        learned = bool(grown)
        for path, leaf in self._survey.leaves:
            if not is_below(path, grown):
                learned |= self._compare_leaf(path, leaf)
        return learned | self._compare_aliases() | self._compare_losses()

    def _compare_tokens(self) -> tuple[list[Path], list[Path]]:
        """Return the lists that grew, and where else the skeleton changed."""
        before, now = by_path(self._instance.tokens), by_path(self._survey.tokens)
        grown: list[Path] = []
        changed: list[Path] = []
        for path in dict.fromkeys([*before, *now]):
            if before.get(path) == now.get(path) or is_below(path, grown):
                continue
            element = self._element_of_grown(before.get(path), now.get(path), path)
            if element is None:
                changed.append(path)
            else:
                self._plan.lists[path] = element
                grown.append(path)
        return grown, changed

    def _element_of_grown(self, before: Any, now: Any, path: Path) -> Element | None:
        if before is None or now is None or FROZEN in before or FROZEN in now:
            return None
        if not is_list_token(before[0]) or not is_list_token(now[0]):
            return None
        lists = [
            self._instance.lists.get(path, self._instance.leaves.get(path)),
            self._survey.lists.get(path, self._leaves.get(path)),
        ]
        return self._machine.lists.elements.of_lists(lists)

    def _peel(self, changed: list[Path]) -> None:
        if self._plan.peel >= MAX_PEEL:
            path = min(changed, key=str)
            raise refusal(
                "MC0103",
                f"{_describe_path(path)} changes its kind from one iteration to the next",
                _keyword(self._scope.loop, self._tracer.location()),
                help="give it the same type, dtype and rank in every iteration",
            )
        self._plan.peel += 1
        self._plan.forget_generalisations()
        self._machine.knowledge.note(
            f"iteration {self._plan.peel} is peeled: {_describe_path(min(changed, key=str))}"
            " changes its kind",
            self._scope.loop.location,
        )

    def _compare_leaf(self, path: Path, leaf: Any) -> bool:
        if is_traced(leaf):
            return self._compare_tensor(path, leaf)
        if is_number(leaf):
            return self._compare_number(path, leaf)
        if leaf.minimum < self._instance.minimums[path]:
            self._plan.shrinking.add(path)
            return True
        if self._holds_shorter_lists(path, leaf):
            return True
        if path in self._instance.parameters or leaf.columns == self._instance.values[path]:
            return False
        self._plan.lists[path] = leaf.element
        return True

    def _holds_shorter_lists(self, path: Path, leaf: DynamicList) -> bool:
        """Learn that lists inside of a list may be shorter than at the header."""
        before = self._instance.leaves[path].element
        shorter = {
            inner: 0
            for inner, minimum in before.minimums.items()
            if leaf.element.minimums.get(inner, 0) < minimum
        }
        if shorter:
            self._plan.lists[path] = replace(before, minimums={**before.minimums, **shorter})
        return bool(shorter)

    def _compare_tensor(self, path: Path, leaf: Tensor) -> bool:
        fake = self._tracer.tensors.fake(leaf)
        same_value = (self._tracer.tensors.value_of_fake(fake),) == self._instance.values[path]
        before, now = self._instance.shapes[path], _extents(fake)
        if same_value or self._is_recorded_again(path, leaf):
            return False
        known = self._plan.tensors.get(path)
        varying = {dim for dim in range(len(now)) if before[dim] != now[dim]}
        if known is not None and varying <= known:
            return False
        self._plan.tensors[path] = (known or frozenset()) | varying
        return True

    def _is_recorded_again(self, path: Path, leaf: Tensor) -> bool:
        """Tell whether a view differs only by the op that makes it, its base being the same."""
        view = self._instance.views[path]
        return view.base is not None and view == _view(self._machine, leaf)

    def _compare_number(self, path: Path, leaf: Any) -> bool:
        before = self._instance.leaves[path]
        if path in self._plan.numbers:
            return self._lower_bound_fails(path, leaf)
        if _is_same_number(self._tracer.scalars.constant_or_symbol(leaf), before):
            return False
        is_int = isinstance(before, int) and not isinstance(before, bool)
        self._plan.numbers[path] = before if is_int else None
        return True

    def _lower_bound_fails(self, path: Path, leaf: Any) -> bool:
        bound = self._plan.numbers[path]
        if bound is None:
            return False
        low, _ = self._tracer.shapes.bounds(leaf)
        if low is not None and low >= bound:
            return False
        self._plan.numbers[path] = None
        return True

    def _compare_aliases(self) -> bool:
        """Where tensors share memory only at the header, or only here, forbid mutation.

        So it is where they share it at both, but show other parts of it.
        """
        now = set(_alias_pairs(self._survey.leaves))
        generalised = self._plan.tensors.keys()
        differing = now ^ self._instance.aliases
        differing |= {pair for pair in now if any(map(self._shows_another_part, pair))}
        lost = {path for pair in differing if pair & generalised for path in pair}
        learned = not lost <= self._plan.lost_aliases
        self._plan.lost_aliases |= lost
        return learned

    def _shows_another_part(self, path: Path) -> bool:
        before = self._instance.views.get(path)
        return (
            before is not None
            and before.layouts != _view(self._machine, self._leaves[path]).layouts
        )

    def _compare_losses(self) -> bool:
        """What must not be mutated at a back edge must not be at the header, either."""
        tensors = self._tracer.tensors
        lost = {
            path
            for path, leaf in self._survey.leaves
            if is_traced(leaf) and tensors.has_lost_alias(leaf) and not tensors.is_weight(leaf)
        }
        learned = not lost <= self._plan.lost_aliases
        self._plan.lost_aliases |= lost
        return learned


def _keyword(loop: Loop, location: Location) -> Location:
    """Return where the keyword of a loop stands, if it is on the line of `location`."""
    text = linecache.getline(location.file, location.line)
    word = "while" if loop.kind is LoopKind.WHILE else "for"
    column = text.rfind(word, 0, location.column) + 1
    return replace(location, column=column, end_column=column + len(word)) if column else location


def _is_same_number(now: Any, before: Any) -> bool:
    if is_symbolic(now) and is_symbolic(before):
        return expression_of(now) == expression_of(before)
    return not is_symbolic(now) and not is_symbolic(before) and repr(now) == repr(before)


def _describe_path(path: Path) -> str:
    """Return what a user calls the place that `path` names."""
    if path[0] == "overlay":
        return f"`{path[1][1]}`"
    name = str(path[1]) if len(path) > 1 else "%"
    return "a value" if name.startswith("%") else f"`{name.removeprefix('&').partition('@')[0]}`"
