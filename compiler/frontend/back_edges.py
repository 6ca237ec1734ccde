"""The back edge of a loop of the CFG: it reaches a header, or tells what to generalise."""

from __future__ import annotations

import linecache
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...diagnostics import DiagnosticError, Location
from ...ir import Successor
from ...ir.host import Branch
from .elements import by_path, is_below, is_list_token, is_text, is_text_of_data
from .failures import LoopRetry, refusal
from .hir import Loop, LoopKind
from .loop_headers import Instance, alias_pairs, arguments_of, extents_of, view_of
from .loop_sizes import forget_bound, sizes_in, tell_apart
from .objects import DynamicList, Element
from .promotion import with_lists
from .scalars import is_number, is_symbolic
from .schedule import Scope
from .state import State
from .texts import HostString
from .torch_internals import Tensor, expression_of, is_traced
from .traversal import FROZEN, Path, StateCopier

if TYPE_CHECKING:
    from .machine import Machine

MAX_PEEL = 3

MAX_KINDS = 12
"""How many headers a loop may have, one for each kind of what it carries."""


def close_loop(machine: Machine, scope: Scope, state: State) -> bool:
    """Compare with the header: branch to it, or retry the loop with more generalised.

    Return whether that is done; if not, a header of its own is to be opened for the state.
    """
    plan, header = scope.plan, scope.loop.header
    state.adopt(
        with_lists(machine, state, plan.lists, plan.strings, where_possible=plan.alternates)
    )
    survey = StateCopier(machine.owned, machine.foreign.objects)
    survey.copy_state(state)
    own = scope.instances[state.frame.iterations[header] - plan.peel - 1]
    closing = _Closing(machine, scope, own, survey)
    if plan.alternates:
        found = _of_same_kind(closing)
        if found is None and len(scope.instances) < MAX_KINDS:
            state.frame.iterations[header] = plan.peel
            return False
        closing = found or closing
    elif closing.changed:
        scope.changes.append(closing.changes())
        return True
    scope.has_settled = True
    if closing.learn():
        raise LoopRetry(scope)
    _branch_back(machine, state, closing.instance, dict(survey.leaves))
    return True


def settle_kinds(machine: Machine, scope: Scope) -> None:
    """Run the loop in another way if values change their kinds from one iteration to the next.

    If all paths change them alike, one more iteration becomes straight code, which often ends it;
    else the loop gets a header for each kind.
    """
    if not scope.changes:
        return
    plan = scope.plan
    described = _describe_path(min(scope.changes[0], key=str))
    alike = not scope.has_settled and all(each == scope.changes[0] for each in scope.changes)
    plan.alternates = not alike or plan.peel >= MAX_PEEL
    plan.peel = 0 if plan.alternates else plan.peel + 1
    plan.forget_generalisations()
    machine.knowledge.note(
        f"the loop has a header for each kind of {described}"
        if plan.alternates
        else f"iteration {plan.peel} is peeled: {described} changes its kind",
        scope.loop.location,
    )
    raise LoopRetry(scope)


def _of_same_kind(closing: _Closing) -> _Closing | None:
    """Return what compares with the header whose values have the same kinds."""
    others = [each for each in closing.scope.instances if each is not closing.instance]
    each = [closing, *map(closing.with_other, others)]
    return next((candidate for candidate in each if not candidate.changed), None)


def _branch_back(
    machine: Machine, state: State, instance: Instance, leaves: dict[Path, Any]
) -> None:
    for path in instance.parameters:
        if path[0] == "base":
            leaves[path] = machine.tracer.tensors.base_of(leaves[path[1]])
    arguments = [
        value for path in instance.parameters for value in arguments_of(machine, leaves[path])
    ]
    target = Successor(instance.block, tuple(arguments))
    state.block.append(Branch(target=target, loc=machine.tracer.location()))


class _Closing:
    """Compare the values at a back edge with those that the header assumed."""

    def __init__(
        self, machine: Machine, scope: Scope, instance: Instance, survey: StateCopier
    ) -> None:
        self.scope = scope
        self.instance = instance
        self._machine = machine
        self._tracer = machine.tracer
        self._plan = scope.plan
        self._leaves = dict(survey.leaves)
        self._survey = survey
        self._grown: dict[Path, Element] = {}
        self._texts: set[Path] = set()
        self.changed = self._compare_tokens()

    def with_other(self, instance: Instance) -> _Closing:
        """Return what compares the same values with another header."""
        return _Closing(self._machine, self.scope, instance, self._survey)

    def learn(self) -> bool:
        """Extend the plan by what differs; return whether anything does."""
        if self.changed:
            self._learn_texts()
        self._plan.lists |= self._grown
        self._plan.strings |= self._texts
        learned = bool(self._grown or self._texts)
        for path, leaf in self._survey.leaves:
            if not is_below(path, self._grown) and not is_below(path, self._texts):
                learned |= self._compare_leaf(path, leaf)
        if not self._grown and not self._texts:
            groups = self.instance.groups
            learned |= tell_apart(self._tracer, self._plan, groups, self._leaves)
        return learned | self._compare_aliases() | self._compare_losses()

    def _compare_tokens(self) -> list[Path]:
        """Find the lists that grew; return where else the skeleton changed."""
        before, now = by_path(self.instance.tokens), by_path(self._survey.tokens)
        changed: list[Path] = []
        for path in dict.fromkeys([*before, *now]):
            if before.get(path) == now.get(path) or is_below(path, self._grown):
                continue
            if is_below(path, self._texts):
                continue
            if is_text_of_data(before.get(path), now.get(path)):
                self._texts.add(path)
                continue
            element = self._element_of_grown(before.get(path), now.get(path), path)
            if element is None:
                changed.append(path)
            else:
                self._grown[path] = element
        return [path for path in changed if not is_below(path, self._grown)]

    def _learn_texts(self) -> None:
        """Let strings be those of the host that are others in each iteration, if that is all."""
        before, now = by_path(self.instance.tokens), by_path(self._survey.tokens)
        if not all(is_text(before.get(path)) and is_text(now.get(path)) for path in self.changed):
            raise self._refuse()
        self._plan.strings.update(self.changed)
        self._plan.alternates = False
        raise LoopRetry(self.scope)

    def _element_of_grown(self, before: Any, now: Any, path: Path) -> Element | None:
        if before is None or now is None or FROZEN in before or FROZEN in now:
            return None
        if not is_list_token(before[0]) or not is_list_token(now[0]):
            return None
        lists = [
            self.instance.lists.get(path, self.instance.leaves.get(path)),
            self._survey.lists.get(path, self._leaves.get(path)),
        ]
        return self._machine.lists.elements.of_lists(lists)

    def changes(self) -> dict[Path, Any]:
        """Return the kinds that have changed, by path."""
        now = by_path(self._survey.tokens)
        return {path: now.get(path) for path in self.changed}

    def _refuse(self) -> DiagnosticError:
        return refusal(
            "MC0103",
            f"{_describe_path(min(self.changed, key=str))} changes its kind from one iteration to"
            " the next",
            _keyword(self.scope.loop, self._tracer.location()),
            help="give it the same type, dtype and rank in every iteration",
        )

    def _compare_leaf(self, path: Path, leaf: Any) -> bool:
        if is_traced(leaf):
            return self._compare_tensor(path, leaf)
        if is_number(leaf):
            return self._compare_number(path, leaf)
        if isinstance(leaf, HostString):
            return self._compare_string(path, leaf)
        if leaf.minimum < self.instance.minimums[path]:
            self._plan.shrinking.add(path)
            return True
        if self._holds_shorter_lists(path, leaf):
            return True
        if path in self.instance.parameters or leaf.columns == self.instance.values[path]:
            return False
        self._plan.lists[path] = leaf.element
        return True

    def _holds_shorter_lists(self, path: Path, leaf: DynamicList) -> bool:
        """Learn that lists inside of a list may be shorter than at the header."""
        before = self.instance.leaves[path].element
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
        same_value = (self._tracer.tensors.value_of_fake(fake),) == self.instance.values[path]
        before, now = self.instance.shapes[path], extents_of(fake)
        if same_value or self._is_recorded_again(path, leaf):
            return False
        known = self._plan.tensors.get(path)
        varying = {dim for dim in range(len(now)) if before[dim] != now[dim]}
        if known is not None and varying <= known:
            sizes = sizes_in(self._tracer, self._plan, path, leaf)
            return any([forget_bound(self._tracer, self._plan, *item) for item in sizes.items()])
        self._plan.tensors[path] = (known or frozenset()) | varying
        for dim in varying - (known or frozenset()):
            if before[dim].is_Integer:
                self._plan.minimums[path, dim] = int(before[dim])
        return True

    def _is_recorded_again(self, path: Path, leaf: Tensor) -> bool:
        """Tell whether a view differs only by the op that makes it, its base being the same."""
        view = self.instance.views[path]
        return view.base is not None and view == view_of(self._machine, leaf)

    def _compare_number(self, path: Path, leaf: Any) -> bool:
        before = self.instance.leaves[path]
        if path in self._plan.numbers:
            known = self._tracer.scalars.constant_or_symbol(leaf)
            return forget_bound(self._tracer, self._plan, (path, None), known)
        if _is_same_number(self._tracer.scalars.constant_or_symbol(leaf), before):
            return False
        is_int = isinstance(before, int) and not isinstance(before, bool)
        self._plan.numbers[path] = before if is_int else None
        return True

    def _compare_string(self, path: Path, leaf: HostString) -> bool:
        if path in self._plan.numbers or leaf.columns == self.instance.values[path]:
            return False
        self._plan.numbers[path] = None
        return True

    def _compare_aliases(self) -> bool:
        """Where tensors share memory only at the header, or only here, forbid mutation.

        So it is where they share it at both, but show other parts of it.
        """
        now = set(alias_pairs(self._survey.leaves))
        generalised = self._plan.tensors.keys()
        differing = now ^ self.instance.aliases
        differing |= {pair for pair in now if any(map(self._shows_another_part, pair))}
        lost = {path for pair in differing if pair & generalised for path in pair}
        learned = not lost <= self._plan.lost_aliases
        self._plan.lost_aliases |= lost
        return learned

    def _shows_another_part(self, path: Path) -> bool:
        before = self.instance.views.get(path)
        return (
            before is not None
            and before.layouts != view_of(self._machine, self._leaves[path]).layouts
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
