"""Remove what nothing needs."""

from __future__ import annotations

from dataclasses import dataclass

from ..ir import (
    Block,
    Func,
    Module,
    Op,
    Symbol,
    Type,
    Value,
    free_symbols,
    walk_values,
)
from ..ir.host import Call, Invoke, LoadWeight, Raise, ReadCell, Return
from .blocks import (
    Predecessors,
    drop_arguments,
    forget_operands,
    incoming_edges,
    predecessor_blocks,
    remove_unreachable,
)
from .definition import Pass, PassContext
from .effects import Effects


@dataclass(frozen=True)
class DeadCode(Pass):
    """Remove unread ops and block arguments, unreachable blocks, and unused symbols.

    Values that only feed each other around a loop are unread. Random ops stay: without one, those
    that follow would draw other numbers.

    Before: ^a(%0): %1 = aten.relu.default(%0); cf.br ^b
    After:  ^a: cf.br ^b
    """

    name = "dce"

    def run(self, module: Module, context: PassContext) -> None:
        effects = Effects(module)
        for func in module.funcs.values():
            removed = _remove_dead(func, effects)
            if removed:
                context.note(func.loc, f"removed {removed} unread ops of @{func.symbol}")
        _remove_unused_symbols(module)


def _remove_dead(func: Func, effects: Effects) -> int:
    remove_unreachable(func.body)
    predecessors = predecessor_blocks(func.body)
    live_ops, live_values = _mark(func, effects, predecessors)
    removed = sum(_remove_ops(block, live_ops) for block in func.body.blocks)
    dead = {
        block: [value.index for value in block.args if value not in live_values]
        for block in func.body.blocks[1:]
    }
    drop_arguments({block: indices for block, indices in dead.items() if indices}, predecessors)
    return removed


def _mark(func: Func, effects: Effects, predecessors: Predecessors) -> tuple[set[Op], set[Value]]:
    """Return the ops and values on which effects, results and the way through blocks depend."""
    roots = [op for op in func.ops if not effects.may_remove(op)]
    live_ops = set(roots)
    todo = [value for op in roots for value in _own_operands(op)]
    live: set[Value] = set()
    while todo:
        value = todo.pop()
        if value in live:
            continue
        live.add(value)
        if isinstance(value.owner, Op):
            live_ops.add(value.owner)
            todo += value.owner.operands
        elif value.owner is not func.body.entry:
            edges = incoming_edges(value.owner, predecessors)
            todo += [edge.arguments[value.index] for edge in edges]
    return live_ops, live


def _own_operands(op: Op) -> list[Value]:
    """Return what `op` reads itself, without what it passes on to other blocks."""
    slots = type(op).slot_names("operand")
    return [value for slot in slots for value in walk_values(getattr(op, slot))]


def _remove_ops(block: Block, live_ops: set[Op]) -> int:
    dead = [op for op in block.ops if op not in live_ops]
    for op in dead:
        forget_operands(op)
        op.parent = None
    block.ops = [op for op in block.ops if op in live_ops]
    return len(dead)


def _remove_unused_symbols(module: Module) -> None:
    if not module.host_funcs:
        return  # a library of graph functions: each is wanted
    invoked = _invoked(module)
    for func in module.local_funcs:
        if func.symbol not in invoked:
            del module.funcs[func.symbol]
    callees = {op.callee for op in _ops(module) if isinstance(op, Call)}
    for func in module.graph_funcs:
        if func.symbol not in callees:
            del module.funcs[func.symbol]
    cells = _mentioned_cells(module)
    module.cells = {name: cell for name, cell in module.cells.items() if name in cells}
    weights = {op.symbol for op in _ops(module) if isinstance(op, LoadWeight)}
    weights |= {name for cell in module.cells.values() for name in cell.weights}
    module.weights = {name: w for name, w in module.weights.items() if name in weights}
    dims = {name for value_type in _types(module) for name in free_symbols(value_type)}
    module.dims = {name: dim for name, dim in module.dims.items() if name in dims}


def _invoked(module: Module) -> set[Symbol]:
    """Return the local functions that the entries reach."""
    found: set[Symbol] = set()
    todo = list(module.entries)
    while todo:
        called = {op.callee for op in todo.pop().ops if isinstance(op, Invoke)} - found
        found |= called
        todo += [module.funcs[symbol] for symbol in called]
    return found


def _mentioned_cells(module: Module) -> set[Symbol]:
    mentioned = {cell for func in module.funcs.values() for cell in func.absent_cells}
    for op in _ops(module):
        if isinstance(op, ReadCell):
            mentioned.add(op.cell)
        elif isinstance(op, (Return, Raise)):
            mentioned.update(op.cells, op.cleared_cells)
    return mentioned


def _ops(module: Module) -> list[Op]:
    return [op for func in module.funcs.values() for op in func.ops]


def _types(module: Module) -> list[Type]:
    values = [value for op in _ops(module) for value in op.results]
    for func in module.funcs.values():
        values += [value for block in func.body.blocks for value in block.args]
    return [value.type for value in values] + [w.type for w in module.weights.values()]
