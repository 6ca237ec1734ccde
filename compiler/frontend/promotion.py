"""Turn lists of known length into dynamic ones, where paths meet that disagree on them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .elements import by_path, is_list_token, is_text, is_text_of_data
from .objects import DynamicList, Element
from .showing import as_host_text
from .state import State
from .texts import Text
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
) -> bool:
    """Make lists dynamic on which too many of `states` disagree; return whether there are any.

    Strings that differ are then those of the host. `fixed` are the lists that must keep their
    lengths, and the strings that must be known.
    """
    texts = _differing_texts(surveys, fixed, with_known=len(surveys) > machine.limits.variants)
    classes: dict[Any, list[int]] = {}
    for number, survey in enumerate(surveys):
        classes.setdefault(_without_lists(survey, texts), []).append(number)
    is_changed = False
    for members in classes.values():
        chosen = [surveys[number] for number in members]
        if len({tuple(token for _, token in each.tokens) for each in chosen}) > MAX_KEPT_APART:
            found = machine.lists.elements.differing(chosen, fixed)
            for number in members if found or texts else ():
                _convert(machine, states[number], found, texts)
            is_changed |= bool(found or texts)
    return is_changed


def _differing_texts(
    surveys: Sequence[StateCopier], fixed: frozenset[Path], *, with_known: bool
) -> frozenset[Path]:
    """Return the strings that differ and depend on data, or all that differ if `with_known`."""
    tokens = [by_path(survey.tokens) for survey in surveys]
    found: set[Path] = set()
    for path in tokens[0]:
        held = {each[path] for each in tokens if path in each}
        decides = all(map(is_text, held)) if with_known else is_text_of_data(*held)
        if len(held) > 1 and decides and (*path, 0) not in fixed:
            found.add(path)
    return frozenset(found)


def _without_lists(survey: StateCopier, texts: frozenset[Path]) -> tuple[Any, ...]:
    """Return the skeleton of a state, apart from what lists hold, and from `texts`."""
    tokens: list[Any] = []
    roots: set[Path] = set()
    for path, token in survey.tokens:
        if any(path[:end] in roots for end in range(len(path))):
            continue
        if token and is_list_token(token):
            roots.add(path)
            token = "list"
        if path in texts and is_text((token,)):
            roots.add(path)
            token = "text"
        tokens.append((path, token))
    return tuple(tokens)


def _convert(
    machine: Machine, state: State, found: Mapping[Path, Element], texts: frozenset[Path]
) -> None:
    machine.tracer.activate(state)
    state.adopt(with_lists(machine, state, found, texts))
    state.knowledge = machine.tracer.shapes.snapshot()


def with_lists(
    machine: Machine,
    state: State,
    found: Mapping[Path, Element],
    strings: Collection[Path] = (),
    *,
    where_possible: bool = False,
) -> State:
    """Return `state`, which is active, with the lists at the paths in `found` dynamic.

    Strings at the paths `strings` become those of the host. With `where_possible`, those that hold
    something else stay as they are.
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

    def on_text(path: Path, held: str | Text) -> Text | None:
        return as_host_text(machine.tracer, held) if path in strings else None

    copier = StateCopier(machine.owned, machine.foreign.objects, rule, on_list, on_text)
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
