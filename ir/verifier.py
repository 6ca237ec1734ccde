"""The rules that every module keeps; a violation of any is reported, not only the first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from ..diagnostics import UNKNOWN, Diagnostic, DiagnosticError
from . import structure
from .core import Block, Func, Module, Op, Successor, Symbol, Value
from .dims import is_data_dependent
from .dominance import Dominance
from .graph.ops import AtenOp, FuncReturn
from .host.control import Raise, Return
from .host.program import Call, Invoke, LoadWeight, ReadCell
from .legality import LEGAL
from .matching import Unifier, fits
from .registry import OPS
from .types import TensorType, Type, free_symbols


def verify(module: Module, *, types: bool = False) -> list[Diagnostic]:
    """Return every violation in `module`; with `types`, let torch judge the ATen ops as well."""
    found = list(_module_rules(module))
    for func in module.funcs.values():
        shape = list(_shape_rules(func))
        found += shape
        if not shape:  # the other rules follow edges and owners
            found += _aten_rules(func) if types else []  # first: wrong types cause the others
            found += _func_rules(module, func)
    return found


def check(module: Module, *, types: bool = False) -> None:
    """Raise a DiagnosticError (MC0203) with every violation in `module`, if there is any."""
    found = verify(module, types=types)
    if found:
        raise DiagnosticError(*found)


def _violation(message: str, where: Op | Func | None = None) -> Diagnostic:
    location = where.loc if where is not None and where.loc != UNKNOWN else None
    return Diagnostic("MC0203", message, location)


def _at(op: Op, message: str) -> Diagnostic:
    func = op.func
    place = f"@{func.symbol}: " if func else ""
    return _violation(f"{place}{op.name}: {message}", op)


def _named(value: Value) -> str:
    return f"%{value.name}" if value.name else f"a value of type {value.type}"


def _module_rules(module: Module) -> Iterator[Diagnostic]:
    if module.level not in LEGAL:
        yield _violation(f"no level is named {module.level}; there are {', '.join(LEGAL)}")
    tables: Mapping[str, Mapping[str, object]] = {
        "dim": {name: dim.name for name, dim in module.dims.items()},
        "weight": {name: weight.symbol for name, weight in module.weights.items()},
        "cell": {name: cell.symbol for name, cell in module.cells.items()},
        "function": {name: func.symbol for name, func in module.funcs.items()},
    }
    for kind, table in tables.items():
        for key, name in table.items():
            if key != name:
                yield _violation(f"the {kind} under the name {key} is named {name}")
    for cell in module.cells.values():
        for name in cell.weights:
            if name not in module.weights:
                yield _violation(f"cell @{cell.symbol} begins as @{name}, which is no weight")
    for weight in module.weights.values():
        for name in sorted(_undeclared_dims(module, weight.type)):
            yield _violation(f"weight @{weight.symbol} has the undeclared dim {name}")


# --- what the other rules rely on ------------------------------------------------------------


def _shape_rules(func: Func) -> Iterator[Diagnostic]:
    """Check that blocks, ops and values know where they stand and that blocks end."""
    if not func.body.blocks:
        yield _violation(f"@{func.symbol} has no block", func)
    blocks = set(func.body.blocks)
    for block in func.body.blocks:
        if block.parent is not func.body:
            yield _violation(f"@{func.symbol}: a block belongs to another region", func)
        yield from _values_rules(func, block, block.args)
        yield from _termination_rules(func, block)
        for op in block.ops:
            if op.parent is not block:
                yield _violation(f"@{func.symbol}: {op.name} belongs to another block", op)
            yield from _values_rules(func, op, op.results)
            for edge in op.successors:
                if edge.block not in blocks:
                    yield _violation(f"@{func.symbol}: {op.name} leaves the function", op)


def _values_rules(func: Func, owner: Op | Block, values: list[Value]) -> Iterator[Diagnostic]:
    for index, value in enumerate(values):
        if value.owner is not owner or value.index != index:
            place = owner if isinstance(owner, Op) else func
            yield _violation(f"@{func.symbol}: {_named(value)} has a wrong owner or index", place)


def _termination_rules(func: Func, block: Block) -> Iterator[Diagnostic]:
    if not block.ops or not block.ops[-1].TERMINATOR:
        place = block.ops[-1] if block.ops else func
        yield _violation(f"@{func.symbol}: a block does not end in a terminator", place)
    for op in block.ops[:-1]:
        if op.TERMINATOR:
            yield _violation(f"@{func.symbol}: {op.name} stands before the end of its block", op)


# --- the rules of one function -----------------------------------------------------------------


def _func_rules(module: Module, func: Func) -> Iterator[Diagnostic]:
    dominance = Dominance(func.body)
    yield from _legality_rules(module, func)
    yield from _use_rules(func)
    yield from _edge_rules(func)
    yield from _dominance_rules(func, dominance)
    yield from _input_rules(func)
    for op in func.ops:
        yield from _op_rules(op)
        yield from _symbol_rules(module, op)
    yield from _dim_rules(module, func)


def _legality_rules(module: Module, func: Func) -> Iterator[Diagnostic]:
    kinds = LEGAL.get(module.level, {})
    if func.kind not in kinds:
        yield _violation(
            f"@{func.symbol}: a {func.kind} function is not legal at level {module.level}", func
        )
        return
    for op in func.ops:
        dialect = op.NAME.split(".")[0]
        if op.NAME not in OPS and dialect != "aten":
            yield _at(op, "the op is not registered")
        elif dialect not in kinds[func.kind]:
            yield _at(op, f"not legal in a {func.kind} function at level {module.level}")
    if func.kind == "graph":
        yield from _graph_rules(func)
    if func.kind == "local":
        yield from _local_rules(func)


def _graph_rules(func: Func) -> Iterator[Diagnostic]:
    if len(func.body.blocks) != 1:
        yield _violation(f"@{func.symbol}: a graph function has one block", func)
    last = func.body.entry.ops[-1]
    if not isinstance(last, FuncReturn):
        yield _at(last, "a graph function ends in func.return")
    if func.inputs is not None or func.absent_cells:
        yield _violation(f"@{func.symbol}: only host functions bind inputs and cells", func)


def _local_rules(func: Func) -> Iterator[Diagnostic]:
    if func.inputs is not None or func.absent_cells:
        yield _violation(f"@{func.symbol}: only host functions bind inputs and cells", func)
    for op in func.ops:
        if isinstance(op, ReadCell):
            yield _at(op, "a local function reads no cells")
        if isinstance(op, (Return, Raise)) and (op.cells or op.cleared_cells or op.copied_inputs):
            yield _at(op, "a local function writes neither cells nor inputs")


def _use_rules(func: Func) -> Iterator[Diagnostic]:
    ops = list(func.ops)
    uses: dict[Value, Counter[Op]] = {}
    for op in ops:
        for value in op.operands:
            uses.setdefault(value, Counter())[op] += 1
    defined = [value for block in func.body.blocks for value in block.args]
    for value in [*defined, *(result for op in ops for result in op.results)]:
        expected = uses.get(value, Counter())
        if dict(expected) != value.users:
            users = {op.name for op in set(expected) | set(value.users)}
            names = ", ".join(sorted(users))
            yield _violation(
                f"@{func.symbol}: {_named(value)} has a wrong list of users ({names})", func
            )


def _edge_rules(func: Func) -> Iterator[Diagnostic]:
    for block in func.body.blocks:
        for edge in block.successors:
            if edge.block is func.body.entry:
                yield _at(block.terminator, "the entry block has a predecessor")
            yield from _argument_rules(block.terminator, edge)


def _argument_rules(op: Op, edge: Successor) -> Iterator[Diagnostic]:
    given, wanted = len(edge.arguments), len(edge.block.args)
    if given != wanted:
        yield _at(op, f"passes {given} arguments to a block that has {wanted}")
        return
    for argument, parameter in zip(edge.arguments, edge.block.args, strict=True):
        if not fits(argument.type, parameter.type):
            yield _at(op, f"passes {argument.type} where the block takes {parameter.type}")


def _dominance_rules(func: Func, dominance: Dominance) -> Iterator[Diagnostic]:
    for block in func.body.blocks:
        if not dominance.is_reachable(block):
            name = f" {block.name}" if block.name else ""
            yield _violation(f"@{func.symbol}: no path leads to the block{name}", block.terminator)
            continue
        for op in block.ops:
            for value in dict.fromkeys(op.operands):
                if not dominance.value_dominates(value, op):
                    yield _at(op, f"{_named(value)} is not defined on every path to this use")


def _input_rules(func: Func) -> Iterator[Diagnostic]:
    if func.inputs is None:
        return
    if not isinstance(func.inputs, structure.Mapping):
        yield _violation(f"@{func.symbol}: inputs are no mapping from parameter names", func)
    numbers = sorted(leaf.index for leaf in structure.leaves(func.inputs))
    if numbers != list(range(len(func.params))):
        yield _violation(
            f"@{func.symbol}: inputs name the parameters {numbers}, "
            f"the entry block has {len(func.params)}",
            func,
        )


def _aten_rules(func: Func) -> Iterator[Diagnostic]:
    from .graph.inference import type_contradictions  # brings torch

    for op in func.ops:
        if isinstance(op, AtenOp):
            yield from _messages(op, lambda op=op: type_contradictions(op))


def _op_rules(op: Op) -> Iterator[Diagnostic]:
    return _messages(op, lambda: list(op.verify()) or _result_rules(op))


def _messages(op: Op, rule: Callable[[], Iterable[str]]) -> Iterator[Diagnostic]:
    """Yield what `rule` finds wrong with `op`, also what it raises because of that."""
    try:
        messages = list(rule())
    except DiagnosticError as error:
        messages = [diagnostic.message for diagnostic in error.diagnostics]
    for message in messages:
        yield _at(op, message)


def _result_rules(op: Op) -> Iterator[str]:
    if op.GIVEN_RESULTS != 0:
        if op.GIVEN_RESULTS is not None and len(op.results) != op.GIVEN_RESULTS:
            yield f"has {len(op.results)} results, not {op.GIVEN_RESULTS}"
        return
    inferred, declared = op.infer(), [result.type for result in op.results]
    if len(inferred) != len(declared):
        yield f"has {len(declared)} results, not {len(inferred)}"
    for given, wanted in zip(inferred, declared, strict=False):
        if not fits(given, wanted):
            yield f"has a result of type {wanted}, not {given}"


def _symbol_rules(module: Module, op: Op) -> Iterator[Diagnostic]:
    rules = _SYMBOL_RULES.get(type(op))
    for message in rules(module, op) if rules else ():
        yield _at(op, message)


def _call_rules(module: Module, op: Op) -> Iterator[str]:
    assert isinstance(op, Call)
    callee = module.funcs.get(op.callee)
    if callee is None or callee.kind != "graph":
        yield f"@{op.callee} is no graph function of the module"
        return
    returned = callee.body.entry.ops[-1:]
    values = [value for last in returned for value in last.operands]
    yield from _signature_rules(op, callee.params, values)


def _signature_rules(op: Call, params: list[Value], values: list[Value]) -> Iterator[str]:
    if len(op.inputs) != len(params):
        yield f"passes {len(op.inputs)} arguments to @{op.callee}, which takes {len(params)}"
        return
    if len(op.results) != len(values):
        yield f"has {len(op.results)} results of @{op.callee}, which returns {len(values)}"
        return
    unifier = Unifier()
    for given, wanted in zip(op.inputs, params, strict=True):
        if not unifier.accepts(given.type, wanted.type):
            yield f"passes {given.type} where @{op.callee} takes {wanted.type}"
    for result, value in zip(op.results, values, strict=True):
        if not unifier.accepts(result.type, value.type):
            yield f"has a result of type {result.type} where @{op.callee} returns {value.type}"


def _invoke_rules(module: Module, op: Op) -> Iterator[str]:
    assert isinstance(op, Invoke)
    callee = module.funcs.get(op.callee)
    if callee is None or callee.kind != "local":
        yield f"@{op.callee} is no local function of the module"
        return
    for last in callee.ops:
        if isinstance(last, Return):
            yield from _invoked_result_rules(op, last)
    if len(op.inputs) != len(callee.params):
        yield f"passes {len(op.inputs)} arguments to @{op.callee}, which takes {len(callee.params)}"
        return
    for given, wanted in zip(op.inputs, callee.params, strict=True):
        if not fits(given.type, wanted.type):
            yield f"passes {given.type} where @{op.callee} takes {wanted.type}"


def _invoked_result_rules(op: Invoke, last: Return) -> Iterator[str]:
    if len(op.results) != len(last.outputs):
        yield f"has {len(op.results)} results of @{op.callee}, which returns {len(last.outputs)}"
        return
    for result, value in zip(op.results, last.outputs, strict=True):
        if not fits(value.type, result.type):
            yield f"has a result of type {result.type} where @{op.callee} returns {value.type}"


def _weight_rules(module: Module, op: Op) -> Iterator[str]:
    assert isinstance(op, LoadWeight)
    weight = module.weights.get(op.symbol)
    if weight is None:
        yield f"@{op.symbol} is no weight of the module"
    elif [result.type for result in op.results] != [weight.type]:
        yield f"@{op.symbol} has type {weight.type}"


def _read_rules(module: Module, op: Op) -> Iterator[str]:
    assert isinstance(op, ReadCell)
    yield from _undeclared_cells(module, [op.cell])
    func = op.func
    if func is not None and op.parent is not func.body.entry:
        yield "stands outside the entry block"
    if func is not None and op.cell in func.absent_cells:
        yield f"reads @{op.cell}, which is None at this entry"


def _exit_rules(module: Module, op: Op) -> Iterator[str]:
    assert isinstance(op, (Return, Raise))
    yield from _undeclared_cells(module, [*op.cells, *op.cleared_cells])
    for name in sorted(set(op.cells) & set(op.cleared_cells)):
        yield f"both sets and clears @{name}"
    params = op.func.params if op.func else []
    for number, value in zip(op.copied_inputs, op.copied_values, strict=False):
        if not 0 <= number < len(params) or not isinstance(params[number].type, TensorType):
            yield f"copies into parameter {number}, which is no tensor"
        elif not fits(value.type, params[number].type):
            yield f"copies {value.type} into a parameter of type {params[number].type}"


def _undeclared_cells(module: Module, names: list[Symbol]) -> Iterator[str]:
    return (f"@{name} is no cell of the module" for name in names if name not in module.cells)


_SYMBOL_RULES: Mapping[type[Op], Callable[[Module, Op], Iterator[str]]] = {
    Call: _call_rules,
    Invoke: _invoke_rules,
    LoadWeight: _weight_rules,
    ReadCell: _read_rules,
    Return: _exit_rules,
    Raise: _exit_rules,
}


def _dim_rules(module: Module, func: Func) -> Iterator[Diagnostic]:
    for name in _undeclared_cells(module, list(func.absent_cells)):
        yield _violation(f"@{func.symbol}: {name}", func)
    args = [value for block in func.body.blocks for value in block.args]
    results = [value for op in func.ops for value in op.results]
    reported: set[str] = set()
    for value in [*args, *results]:
        for name in sorted(_undeclared_dims(module, value.type) - reported):
            reported.add(name)
            yield _violation(f"@{func.symbol}: {_named(value)} has the undeclared dim {name}", func)


def _undeclared_dims(module: Module, value_type: Type) -> set[str]:
    names = free_symbols(value_type)
    return {name for name in names if name not in module.dims and not is_data_dependent(name)}
