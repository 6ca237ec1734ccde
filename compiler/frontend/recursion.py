"""Functions that call themselves as often as the data says: they become functions of the IR.

Where a function keeps calling itself with arguments of one *skeleton* (see `traversal`), a plan for
it is made, and the run starts over: from then on such a call is one `host.invoke`, and the body is
captured once, for arguments of the types that all calls together need. What the body returns is
found by iteration: at first, paths that invoke it are left out, so that the others say what comes
back; then the body is captured again until nothing changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...diagnostics import Location
from ...ir import Symbol
from .cell_kinds import DIFFERENT, CellKind, CellTensor, cell_tensor, widened
from .failures import refusal
from .hir import Code
from .objects import ClosureCell, DynamicList, SealedCell, class_of, is_a
from .scalars import is_symbolic, number_type
from .state import Frame
from .torch_internals import is_traced
from .tracer import Tracer
from .traversal import OwnedObjects, Path, StateCopier

MAX_PLANS = 8


class Varying:
    """Stand for a number that differs between calls."""

    def __repr__(self) -> str:
        return "<varying>"


VARYING = Varying()


@dataclass(eq=False, frozen=True)
class Hole:
    """Stand in a template for a tensor or a number."""

    path: Path


@dataclass(eq=False)
class Arguments:
    """What a call passes: the skeleton, a template with holes, and what fills them."""

    skeleton: tuple[Any, ...]
    template: dict[str, Any]
    leaves: dict[Path, Any]

    def known(self, tracer: Tracer) -> tuple[Any, ...]:
        """Return what is known of the leaves without data: numbers, and extents of tensors."""
        return tuple(
            cell_tensor(tracer.tensors.fake(leaf))
            if is_traced(leaf)
            else (None if is_symbolic(leaf) else repr(leaf))
            for leaf in self.leaves.values()
        )


@dataclass(eq=False)
class FunctionPlan:
    """A local function: for which calls it is, and what is known of its body so far.

    `numbers` holds the numbers that are equal in all calls, VARYING for others. `result` is what it
    returns, once a path is known to return (`returns`). A result may share memory with an argument
    or weight if `may_alias`; exceptions may leave it if `may_raise`.
    """

    symbol: Symbol
    code: Code
    module_globals: Mapping[str, Any]
    module_path: str
    place: Location
    arguments: Arguments
    owned: OwnedObjects
    tensors: dict[Path, CellTensor] = field(default_factory=dict[Path, CellTensor])
    kinds: dict[Path, type] = field(default_factory=dict[Path, type])
    numbers: dict[Path, Any] = field(default_factory=dict[Path, Any])
    returns: bool = False
    result: CellKind = None
    may_alias: bool = False
    may_raise: bool = False

    def absorb(self, tracer: Tracer, arguments: Arguments) -> bool:
        """Make sure that the function serves a call; return whether it changed for that."""
        before = (dict(self.tensors), dict(self.numbers))
        for path, leaf in arguments.leaves.items():
            if is_traced(leaf):
                self._absorb_tensor(path, cell_tensor(tracer.tensors.fake(leaf)))
                continue
            self.kinds[path] = number_type(leaf)
            known = self.numbers.setdefault(path, leaf)
            if is_symbolic(leaf) or repr(known) != repr(leaf):
                self.numbers[path] = VARYING
        return before != (self.tensors, self.numbers)

    def _absorb_tensor(self, path: Path, kind: CellTensor) -> None:
        wider = widened(self.tensors.setdefault(path, kind), kind)
        assert isinstance(wider, CellTensor), "the skeleton tells dtypes and ranks apart"
        self.tensors[path] = wider

    def absorb_result(self, kind: CellKind, place: Location) -> bool:
        """Make sure that the result serves what a path returns; return whether it changed."""
        wider = widened(self.result, kind) if self.returns else kind
        if wider is DIFFERENT:
            raise refusal(
                "MC0103",
                f"`{self.code.name}` calls itself and returns values of different structure",
                place,
                help="return the same structure, with the same types of tensors, on all paths",
            )
        changed = not self.returns or wider != self.result
        self.returns, self.result = True, wider
        return changed

    def passes(self, path: Path) -> bool:
        """Tell whether the leaf at `path` is passed at run time."""
        return path in self.tensors or self.numbers[path] is VARYING


def arguments_of(
    tracer: Tracer, owned: OwnedObjects, foreign: Mapping[int, Any], frame: Frame
) -> Arguments | None:
    """Return what the call `frame` was given, None if a function cannot be passed that."""
    leaves: dict[Path, Any] = {}

    def dig(path: Path, leaf: Any) -> Any:
        leaf = leaf if is_traced(leaf) else tracer.scalars.constant_or_symbol(leaf)
        leaves[path] = leaf
        return Hole(path)

    copier = _Digger(owned, foreign, dig)
    template = copier.copy(dict(frame.registers), ())
    skeleton = tuple(token for _, token in copier.tokens)
    unfit = any(isinstance(leaf, DynamicList) for leaf in leaves.values())
    return None if unfit or not copier.is_fit else Arguments(skeleton, template, leaves)


class _Digger(StateCopier):
    """Copy arguments with holes in them; note what only one path of one call may have."""

    is_fit = True

    def _copy_record(self, value: Any, path: Path) -> Any:
        self.is_fit &= is_a(value, ClosureCell)
        return super()._copy_record(value, path)

    def _copy_text(self, value: Any, path: Path) -> Any:
        self.is_fit = False
        return super()._copy_text(value, path)

    def _copy_object(self, value: Any, path: Path) -> Any:
        self.is_fit &= value not in self._owned
        return super()._copy_object(value, path)

    def _copy_generator(self, value: Any, path: Path) -> Any:
        self.is_fit = False
        return super()._copy_generator(value, path)

    def _copy_exception(self, value: Any, path: Path) -> Any:
        self.is_fit = False
        return super()._copy_exception(value, path)


class Filler(StateCopier):
    """Copy a template with values in its holes; `foreign` learns of all objects it refers to.

    `made` are the lists and dicts, which the function must not change.
    """

    def __init__(
        self, owned: OwnedObjects, foreign: dict[int, Any], values: Mapping[Path, Any]
    ) -> None:
        super().__init__(owned, foreign)
        self._values = values
        self._known = foreign
        self.made: list[Any] = []

    def copy(self, value: Any, path: Path) -> Any:
        """Return the copy of `value`, which is reached by `path`."""
        if isinstance(value, Hole):
            return self._values[value.path]
        copied = super().copy(value, path)
        if is_a(copied, (list, dict, set)) and copied is not value:
            self.made.append(copied)
        return copied

    def _share(self, value: Any, path: Path) -> Any:
        if is_a(value, (list, dict, set)) or hasattr(value, "__dict__"):
            self._known.setdefault(id(value), value)
        return super()._share(value, path)

    def _copy_record(self, value: Any, path: Path) -> Any:
        copied = super()._copy_record(value, path)
        if class_of(copied) is ClosureCell:
            copied.__class__ = SealedCell
        return copied
