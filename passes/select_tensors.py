"""Select small tensors within sub-networks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from ..ir import Argument, Block, DType, Module, Op, TensorType, Value
from ..ir.graph import AtenOp
from ..ir.host import Item, Size, arith
from .aliasing import escapes, readers
from .blocks import forget_operands
from .constants import as_element, known_scalar
from .definition import Pass, PassContext
from .patterns import Miss
from .scheduling import count_calls

_CONNECTIVES: Mapping[type[Op], str] = {
    arith.And: "logical_and.default",
    arith.Or: "logical_or.default",
}
_COMPARED = (DType.F64, DType.F32, DType.I64, DType.I32)


@dataclass(frozen=True)
class SelectTensors(Pass):
    """Select a tensor by `where` instead of on the host, if a sub-network then goes on.

    A selection on the host ends the sub-network that computes the condition. Tensors of at most
    `max_elements` elements are selected for less than what another call costs, if the condition is
    made of elements of tensors, numbers, comparisons and connectives.

    Before: %1 = host.item(%t); %2 = arith.compare(%1, %zero) {predicate = gt};
            %3 = arith.select(%2, %a, %b); %4 = aten.relu.default(%3)
    After:  %2 = aten.gt.Scalar(%t, 0.0); %3 = aten.where.self(%2, %a, %b);
            %4 = aten.relu.default(%3)
    """

    name = "select-tensors"
    max_elements: int = 4096

    def run(self, module: Module, context: PassContext) -> None:
        for func in module.host_funcs:
            for block in func.body.blocks:
                for condition, selections in self._selections(block).items():
                    _convert(block, condition, selections, context)

    def _selections(self, block: Block) -> dict[Value, list[arith.Select]]:
        """Return the selections of small tensors in `block` that tensor work needs."""
        found: dict[Value, list[arith.Select]] = {}
        for op in block.ops:
            if isinstance(op, arith.Select) and self._is_small(op) and not _is_seen_elsewhere(op):
                found.setdefault(op.condition, []).append(op)
        return {condition: some for condition, some in found.items() if any(map(_is_read, some))}

    def _is_small(self, op: arith.Select) -> bool:
        kind = op.out.type
        if not isinstance(kind, TensorType) or kind.elements is None:
            return False
        return kind.elements <= self.max_elements and kind == op.on_true.type == op.on_false.type


def _is_read(op: arith.Select) -> bool:
    return any(isinstance(user, AtenOp) and user.parent is op.parent for user in op.out.users)


def _is_seen_elsewhere(op: arith.Select) -> bool:
    """Whether the result could be recognised as one of the selected tensors, not a copy."""
    users = {user for value in (op.on_true, op.on_false) for user in readers(value)}
    return not all(user is op or _is_private(user) for user in users)


def _is_private(user: Op) -> bool:
    if isinstance(user, arith.Select):
        return not escapes(user.out)
    return isinstance(user, (AtenOp, Item, Size))


def _convert(
    block: Block, condition: Value, selections: list[arith.Select], context: PassContext
) -> None:
    """Replace `selections`, which have one `condition`, if `block` then needs fewer calls."""
    tensors = _Tensors()
    chooser = tensors.of(condition)
    if isinstance(chooser, Miss):
        tensors.forget()
        if context.on_miss is not None:
            context.on_miss(SelectTensors.name, selections[0], chooser.reason)
        return
    chosen = {op: _where(chooser, op) for op in selections}
    before = block.ops
    calls = count_calls(before[:-1])
    for op, where in chosen.items():
        op.out.replace_all_uses_with(where.results[0])
    block.ops = list(_with_replacements(block, tensors.ops, chosen))
    if count_calls(block.ops[:-1]) < calls:
        for op in chosen:
            forget_operands(op)
        count = "1 tensor is" if len(chosen) == 1 else f"{len(chosen)} tensors are"
        context.note(selections[0].loc, f"{count} selected within a sub-network")
        return
    block.ops = before
    for op, where in chosen.items():
        where.results[0].replace_all_uses_with(op.out)
        forget_operands(where)
    tensors.forget()


def _where(condition: Value, op: arith.Select) -> AtenOp:
    arguments = (condition, op.on_true, op.on_false)
    where = AtenOp(
        target="aten.where.self", arguments=arguments, result_types=[op.out.type], loc=op.loc
    )
    where.results[0].name = op.out.name
    return where


def _with_replacements(
    block: Block, condition: list[AtenOp], chosen: Mapping[arith.Select, AtenOp]
) -> Iterator[Op]:
    """Yield the ops of `block` with `chosen` ones replaced, and `condition` before the first."""
    waiting = condition
    for op in block.ops:
        if isinstance(op, arith.Select) and op in chosen:
            yield from (*waiting, chosen[op])
            waiting = []
        else:
            yield op
    for op in (*condition, *chosen.values()):
        op.parent = block


@dataclass
class _Tensors:
    """Writes conditions of the host as tensors of rank 0; `ops` compute them, in order."""

    ops: list[AtenOp] = field(default_factory=lambda: [])

    def forget(self) -> None:
        """Take the ops out of the users of what they read: they are not used."""
        for op in reversed(self.ops):
            forget_operands(op)

    def of(self, condition: Value) -> Value | Miss:
        """Return the tensor of bool that holds `condition`."""
        made = condition.owner
        if isinstance(made, Item):
            return self._element(made)
        if isinstance(made, arith.Compare):
            return self._compare(made)
        if isinstance(made, arith.Not):
            inner = self.of(made.value)
            return inner if isinstance(inner, Miss) else self._bool("logical_not.default", inner)
        if isinstance(made, (arith.And, arith.Or)):
            left, right = self.of(made.left), self.of(made.right)
            if isinstance(left, Value) and isinstance(right, Value):
                return self._bool(_CONNECTIVES[type(made)], left, right)
            return left if isinstance(left, Miss) else right
        return Miss("the condition is not computed from elements of tensors alone")

    def _compare(self, compare: arith.Compare) -> Value | Miss:
        if not isinstance(compare.left.owner, Item):
            return Miss("the compared number is no element of a tensor")
        left = self._element(compare.left.owner)
        name = compare.predicate.value
        if isinstance(compare.right.owner, Item):
            right = self._element(compare.right.owner)
            if left.type != right.type:
                return Miss("elements of different types are compared")
            return self._bool(f"{name}.Tensor", left, right)
        number, dtype = known_scalar(compare.right), _type(left).dtype
        if number is None or dtype not in _COMPARED:
            return Miss("an element is compared with something else than a number")
        element = as_element(number, dtype)
        if element != number and dtype is DType.F32:
            wide = replace(_type(left), dtype=DType.F64)
            left = self._add("_to_copy.default", wide, left, dtype=DType.F64)
            element = as_element(number, DType.F64)
        if element is None or element != number:
            return Miss("the number is not exact in the type of the tensor")
        return self._bool(f"{name}.Scalar", left, element)

    def _element(self, item: Item) -> Value:
        kind = _type(item.source)
        if not kind.shape:
            return item.source
        return self._add("view.default", replace(kind, shape=()), item.source, ())

    def _bool(self, name: str, *arguments: Argument) -> Value:
        kind = next(_type(a) for a in arguments if isinstance(a, Value))
        return self._add(name, replace(kind, dtype=DType.I1), *arguments)

    def _add(
        self, name: str, kind: TensorType, *arguments: Argument, **keywords: Argument
    ) -> Value:
        op = AtenOp(
            target=f"aten.{name}",
            arguments=arguments,
            keywords=tuple(keywords.items()),
            result_types=[kind],
        )
        self.ops.append(op)
        return op.results[0]


def _type(value: Value) -> TensorType:
    assert isinstance(value.type, TensorType)
    return value.type
