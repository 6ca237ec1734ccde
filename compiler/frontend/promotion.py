"""Turn lists of known length into dynamic ones, where paths meet that disagree on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .elements import is_list_token
from .objects import DynamicList, Element
from .state import State
from .traversal import Path, StateCopier

if TYPE_CHECKING:
    from .machine import Machine

MAX_KEPT_APART = 2
"""How many paths that differ in the lengths of lists only go on as versions of the program."""


def promote_lists(
    machine: Machine,
    states: Sequence[State],
    surveys: Sequence[StateCopier],
    fixed: frozenset[Path],
) -> dict[Path, Element]:
    """Make lists dynamic on which too many of `states` disagree; return which.

    `fixed` are the lists that must keep their lengths.
    """
    classes: dict[Any, list[int]] = {}
    for number, survey in enumerate(surveys):
        classes.setdefault(_without_lists(survey), []).append(number)
    promoted: dict[Path, Element] = {}
    for members in classes.values():
        chosen = [surveys[number] for number in members]
        if len({tuple(token for _, token in each.tokens) for each in chosen}) > MAX_KEPT_APART:
            found = machine.lists.elements.differing(chosen, fixed)
            for number in members if found else ():
                _convert(machine, states[number], found)
            promoted |= found
    return promoted


def _without_lists(survey: StateCopier) -> tuple[Any, ...]:
    """Return the skeleton of a state, apart from what lists hold."""
    tokens: list[Any] = []
    roots: set[Path] = set()
    for path, token in survey.tokens:
        if any(path[:end] in roots for end in range(len(path))):
            continue
        if token and is_list_token(token):
            roots.add(path)
            token = "list"
        tokens.append((path, token))
    return tuple(tokens)


def _convert(machine: Machine, state: State, found: Mapping[Path, Element]) -> None:
    machine.tracer.activate(state)
    state.adopt(with_lists(machine, state, found))
    state.knowledge = machine.tracer.shapes.snapshot()


def with_lists(
    machine: Machine, state: State, found: Mapping[Path, Element], *, where_possible: bool = False
) -> State:
    """Return `state`, which is active, with the lists at the paths in `found` dynamic.

    With `where_possible`, those that hold something else stay as they are.
    """
    elements = machine.lists.elements

    def is_left_alone(path: Path, held: Any) -> bool:
        element = found.get(path)
        return element is None or where_possible and not elements.fit(held, element)

    def on_list(path: Path, items: list[Any]) -> DynamicList | None:
        return None if is_left_alone(path, items) else machine.lists.from_items(items, found[path])

    def rule(path: Path, leaf: Any) -> Any:
        if not isinstance(leaf, DynamicList) or is_left_alone(path, leaf):
            return leaf
        return machine.lists.widen(leaf, found[path])

    copier = StateCopier(machine.owned, machine.foreign.objects, rule, on_list)
    return copier.copy_state(state)


def make_dynamic(
    machine: Machine, state: State, container: list[Any], element: Element | None = None
) -> bool:
    """Let `container` be a dynamic list wherever the active `state` holds it; False if it cannot.

    The current instruction is then to be executed again.
    """
    chosen = element or machine.lists.elements.of_items(container)
    if chosen is None or container in machine.foreign or machine.owned.is_frozen(container):
        return False

    def on_list(path: Path, items: list[Any]) -> DynamicList | None:
        del path
        return machine.lists.from_items(items, chosen) if items is container else None

    copier = StateCopier(machine.owned, machine.foreign.objects, on_list=on_list)
    state.adopt(copier.copy_state(state))
    return True
