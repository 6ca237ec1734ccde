"""Cut the tensor work out of host functions into graph functions."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ..ir import Block, Func, Module, Op, Symbol
from ..ir.graph import FuncReturn
from ..ir.host import Call
from .definition import Pass, PassContext
from .scheduling import schedule

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


def _outline_block(module: Module, func: Func, block: Block, context: PassContext) -> None:
    terminator = block.terminator
    runs = schedule(block.ops[:-1], context.engine)
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
