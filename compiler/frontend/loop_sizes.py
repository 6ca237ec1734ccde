"""Sizes that a loop changes: which of them are always equal, and how small they can be.

Sizes and ints that are equal before a loop share a symbol at its header, until a back edge tells
them apart: a list of hypotheses and the tensor of their scores have one length in all iterations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from .knowledge import LoopPlan, Member
from .objects import DynamicList
from .scalars import is_number, is_symbolic, number_type
from .torch_internals import expression_of, is_traced
from .traversal import Path

if TYPE_CHECKING:
    from .tracer import Tracer

Groups: TypeAlias = list[list[Member]]


def sizes_in(tracer: Tracer, plan: LoopPlan, path: Path, leaf: Any) -> dict[Member, Any]:
    """Return the sizes in `leaf` that the loop changes, and the int that it is."""
    if is_traced(leaf):
        shape = tracer.tensors.fake(leaf).shape
        return {(path, dim): shape[dim] for dim in sorted(plan.tensors.get(path, ()))}
    if isinstance(leaf, DynamicList):
        return {(path, None): leaf.length} if path in plan.lists else {}
    is_int = is_number(leaf) and number_type(leaf) is int and path in plan.numbers
    return {(path, None): tracer.scalars.constant_or_symbol(leaf)} if is_int else {}


class HeaderSizes:
    """The sizes at one header; `groups` are those that share a symbol."""

    def __init__(self, tracer: Tracer, plan: LoopPlan) -> None:
        self._tracer = tracer
        self._plan = plan
        self._symbols: dict[int, Any] = {}
        self._numbers: dict[Member, int] = {}
        self.groups: Groups = []

    def learn(self, leaves: Iterable[tuple[Path, Any]]) -> bool:
        """Forget lower bounds that do not hold before the loop; return whether there are any."""
        sizes = _all_sizes(self._tracer, self._plan, leaves)
        return any([forget_bound(self._tracer, self._plan, *item) for item in sizes.items()])

    def find_groups(self, leaves: Iterable[tuple[Path, Any]]) -> None:
        """Find the sizes that are equal before the loop, as far as they are not told apart."""
        equal: dict[Any, list[tuple[Member, Any]]] = {}
        is_size: dict[Member, bool] = {
            (path, None): False for path, leaf in leaves if is_number(leaf)
        }
        for member, size in _all_sizes(self._tracer, self._plan, leaves).items():
            apart = self._plan.apart.get(member, ())
            equal.setdefault((_known(self._tracer, size), apart), []).append((member, size))
        for members in equal.values():
            group = [member for member, _ in members]
            if len(group) > 1 and any(is_size.get(member, True) for member in group):
                self._numbers.update(dict.fromkeys(group, len(self.groups)))
                self.groups.append(group)

    def shared(self, member: Member) -> Any:
        """Return the symbol that another member of its group has already, None if there is none."""
        return self._symbols.get(self._numbers.get(member, -1))

    def share(self, member: Member, symbol: Any) -> None:
        """Let the others in the group of `member` have its symbol."""
        if member in self._numbers:
            self._symbols[self._numbers[member]] = symbol

    def extent(self, member: Member) -> Any:
        """Return the symbol of a size of a tensor."""
        size = self.shared(member)
        if size is None:
            size = self._tracer.shapes.fresh_size()
        self._tracer.shapes.use_as_size(size)
        self._tracer.shapes.narrow(size, self._plan.minimums.get(member, 0), None)
        self.share(member, size)
        return size


def tell_apart(tracer: Tracer, plan: LoopPlan, groups: Groups, leaves: Mapping[Path, Any]) -> bool:
    """Part the groups whose members differ at a back edge; return whether there are any."""
    learned = False
    sizes = _all_sizes(tracer, plan, leaves.items())
    for group in groups:
        known = [_known(tracer, sizes[member]) for member in group]
        classes = list(dict.fromkeys(known))
        if len(classes) > 1:
            learned = True
            for member, expression in zip(group, known, strict=True):
                place = classes.index(expression)
                plan.apart[member] = (*plan.apart.get(member, ()), place)
    return learned


def forget_bound(tracer: Tracer, plan: LoopPlan, member: Member, size: Any) -> bool:
    """Forget the lower bound of a size, or of an int, that `size` does not keep."""
    path, dim = member
    is_int = dim is None and path in plan.numbers
    bound = plan.numbers[path] if is_int else plan.minimums.get(member)
    if bound is None:
        return False
    low, _ = tracer.shapes.bounds(size)
    if low is not None and low >= bound:
        return False
    if is_int:
        plan.numbers[path] = None
    else:
        del plan.minimums[member]
    return True


def _all_sizes(
    tracer: Tracer, plan: LoopPlan, leaves: Iterable[tuple[Path, Any]]
) -> dict[Member, Any]:
    sizes: dict[Member, Any] = {}
    for path, leaf in leaves:
        if path[0] != "base":
            sizes |= sizes_in(tracer, plan, path, leaf)
    return sizes


def _known(tracer: Tracer, size: Any) -> Any:
    expression = expression_of(size)
    return tracer.shapes.resolve(expression) if is_symbolic(size) else expression
