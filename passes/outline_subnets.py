"""Cut the tensor work out of host functions into graph functions."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..ir import Block, Func, Module, Op, Symbol
from ..ir.graph import AtenOp, FuncReturn
from ..ir.host import Call
from .definition import Pass, PassContext

_NO_NAME = re.compile(r"\W")


@dataclass(frozen=True)
class OutlineSubnets(Pass):
    """Replace the ATen ops of each block by calls of as few graph functions as can be.

    Host ops that do not wait for ATen ops run before them; an ATen op starts a new function only
    if it waits for a host op, or if another engine takes it. Random ops keep their order. All
    tensors and scalars from outside are parameters, weights too, in the order of their first use.

    Before: %1 = aten.relu.default(%0); %n = list.len(%l); %2 = aten.neg.default(%1)
    After:  %n = list.len(%l); %2 = host.call(%0) {callee = @main_0}
    """

    name = "outline-subnets"

    def run(self, module: Module, context: PassContext) -> None:
        for func in module.host_funcs:
            for block in func.body.blocks:
                _outline_block(module, func, block, context)
        module.level = "outlined"


@dataclass(frozen=True)
class _Run:
    """Ops to execute one after the other: host ops, or ATen ops of one engine."""

    engine: str | None
    ops: tuple[Op, ...]


def _outline_block(module: Module, func: Func, block: Block, context: PassContext) -> None:
    terminator = block.terminator
    runs = _schedule(block, context)
    block.ops = []
    for run in runs:
        if run.engine is None:
            block.ops += run.ops
        else:
            subnet = _make_subnet(module, func, run.ops, block)
            context.note(
                subnet.loc, f"@{subnet.symbol}: {len(run.ops)} ops for the engine {run.engine}"
            )
    block.ops.append(terminator)


def _schedule(block: Block, context: PassContext) -> list[_Run]:
    """Order the ops of `block` so that they form as few runs as a greedy choice gives."""
    engines: dict[Op, str] = {op: context.engine(op) for op in block.ops if isinstance(op, AtenOp)}
    queue = _Queue(block.ops[:-1])
    runs: list[_Run] = []
    while queue.waiting:
        host = queue.take([op for op in queue.waiting if op not in engines])
        if host:
            runs.append(_Run(None, tuple(host)))
        first = next((op for op in queue.waiting if queue.is_ready(op)), None)
        if first is not None:
            engine = engines[first]
            taken = queue.take([op for op in queue.waiting if engines.get(op) == engine])
            runs.append(_Run(engine, tuple(taken)))
    return runs


class _Queue:
    """Ops in program order that wait for ops before them."""

    def __init__(self, ops: Sequence[Op]) -> None:
        self.waiting = dict.fromkeys(ops)
        self._after = dict(_dependencies(ops))

    def is_ready(self, op: Op) -> bool:
        """Tell whether nothing that `op` needs still waits."""
        return not any(other in self.waiting for other in self._after[op])

    def take(self, wanted: Iterable[Op]) -> list[Op]:
        """Take those of `wanted`, in program order, that need nothing but what was taken."""
        taken: list[Op] = []
        for op in wanted:
            if self.is_ready(op):
                del self.waiting[op]
                taken.append(op)
        return taken


def _dependencies(ops: Sequence[Op]) -> Iterator[tuple[Op, set[Op]]]:
    """Yield each op with those that must run before it."""
    previous: dict[bool, Op] = {}
    for op in ops:
        needed = {value.owner for value in op.operands if isinstance(value.owner, Op)}
        if not op.is_pure:  # random ops among themselves, and checks among themselves
            random = isinstance(op, AtenOp)
            needed |= {previous[random]} if random in previous else set()
            previous[random] = op
        yield op, needed


def _make_subnet(module: Module, func: Func, ops: Sequence[Op], block: Block) -> Func:
    """Move `ops` into a new graph function, and append a call of it to `block`."""
    subnet = Func(_unused_symbol(module, _base_name(func, ops)), "graph", loc=ops[0].loc)
    body = subnet.body.add_block()
    inside = set(ops)
    outside = [value for op in ops for value in op.operands if value.owner not in inside]
    inputs = tuple(dict.fromkeys(outside))
    params = {value: body.add_argument(value.type, value.name) for value in inputs}
    for op in ops:
        op.substitute(params)
        body.append(op)
    results = [result for op in ops for result in op.results if set(result.users) - inside]
    call = Call(
        inputs=inputs,
        callee=subnet.symbol,
        result_types=[result.type for result in results],
        loc=ops[0].loc,
    )
    for inner, outer in zip(results, call.results, strict=True):
        outer.name = inner.name
        for user in set(inner.users) - inside:
            user.substitute({inner: outer})
    block.append(call)
    body.append(FuncReturn(values=tuple(results), loc=ops[-1].loc))
    return module.add(subnet)


def _base_name(func: Func, ops: Sequence[Op]) -> str:
    """Return the path of the module that all of `ops` or, failing that, most of them come from."""
    paths = [op.loc.module_path.split(".") for op in ops]
    shared = _common_start(paths)
    if not any(shared):
        outermost = Counter(path[0] for path in paths if path[0])
        shared = [name for name, _ in outermost.most_common(1)] or [func.symbol]
    name = _NO_NAME.sub("_", "_".join(shared))
    return name if name[0].isalpha() else f"_{name}"


def _common_start(paths: Sequence[Sequence[str]]) -> Sequence[str]:
    shortest = min(paths, key=len)
    for length, name in enumerate(shortest):
        if any(path[length] != name for path in paths):
            return shortest[:length]
    return shortest


def _unused_symbol(module: Module, base: str) -> Symbol:
    numbered = (Symbol(f"{base}_{number}") for number in itertools.count())
    return next(symbol for symbol in numbered if symbol not in module.funcs)
