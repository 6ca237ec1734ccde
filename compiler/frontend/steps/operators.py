"""Operators and comparisons."""

from __future__ import annotations

import operator
import types
from collections.abc import Mapping
from typing import Any

import numpy
import torch

from .. import prelude
from ..arrays import apply_operator, change_in_place
from ..calls import call, hand_over, refuse_dynamic, refuse_foreign_mutation
from ..checks import check_divisor
from ..code_kinds import is_interpreted
from ..functions import push_function
from ..hir import Binary, BinaryOperator, Compare, CompareOperator, InPlace, Unary, UnaryOperator
from ..indexing import require_known
from ..keys import can_fork_by_key, has_key
from ..list_methods import extend
from ..machine import Machine, Outcome
from ..native import run_native
from ..objects import ABSENT, Array, DynamicList, class_of, is_a
from ..questions import forget_answers
from ..registers import deliver, read, read_all
from ..scalars import is_number, is_symbolic, number_type
from ..state import State
from ..string_methods import concatenate, percent
from ..text_methods import contains
from ..text_operations import compared
from ..texts import Text, is_text, require_no_text
from ..torch_internals import is_traced
from ..truth import TRUTH_METHODS, conjunction, disjunction, negation, number_of, truth

_METHODS = {
    BinaryOperator.ADD: "add",
    BinaryOperator.SUBTRACT: "sub",
    BinaryOperator.MULTIPLY: "mul",
    BinaryOperator.MATRIX_MULTIPLY: "matmul",
    BinaryOperator.DIVIDE: "truediv",
    BinaryOperator.FLOOR_DIVIDE: "floordiv",
    BinaryOperator.MODULO: "mod",
    BinaryOperator.POWER: "pow",
}
_COMPARISON_METHODS = {
    CompareOperator.EQUAL: "__eq__",
    CompareOperator.NOT_EQUAL: "__ne__",
    CompareOperator.LESS: "__lt__",
    CompareOperator.LESS_EQUAL: "__le__",
    CompareOperator.GREATER: "__gt__",
    CompareOperator.GREATER_EQUAL: "__ge__",
}
_DIVISIONS = {
    BinaryOperator.DIVIDE: ("division by zero", "float division by zero"),
    BinaryOperator.FLOOR_DIVIDE: (
        "integer division or modulo by zero",
        "float floor division by zero",
    ),
    BinaryOperator.MODULO: ("integer modulo by zero", "float modulo"),
}
"""Python's messages, for ints and for floats."""

_BITWISE = (BinaryOperator.AND, BinaryOperator.OR, BinaryOperator.XOR)


def binary(machine: Machine, state: State, step: Binary) -> Outcome:
    """Execute `Binary`."""
    left, right = read_all(machine, state, step.uses)
    if isinstance(left, Array) or isinstance(right, Array):
        return deliver(state, apply_operator(machine, step.operator.function, [left, right]))
    return _apply(machine, state, step.operator, step.operator.function, left, right)


def in_place(machine: Machine, state: State, step: InPlace) -> Outcome:
    """Execute `InPlace`."""
    left, right = read_all(machine, state, step.uses)
    if isinstance(left, DynamicList) and step.operator is BinaryOperator.ADD:
        extend(machine, left, right)
        return deliver(state, left)
    if is_a(left, (Array, numpy.ndarray)):
        return deliver(state, change_in_place(machine, step.operator.function, left, right))
    if is_a(left, (list, dict, set)):
        refuse_foreign_mutation(machine, left)
    return _apply(machine, state, step.operator, step.operator.in_place_function, left, right)


def _apply(
    machine: Machine, state: State, symbol: BinaryOperator, function: Any, left: Any, right: Any
) -> Outcome:
    name = _METHODS.get(symbol)
    for owner, other, prefix in ((left, right, "__"), (right, left, "__r")):
        method = _python_method(owner, f"{prefix}{name}__")
        if method is not None:
            return call(machine, state, method, [owner, other], {})
    text = _text(machine, symbol, left, right)
    if text is not None:
        return deliver(state, text)
    if isinstance(left, DynamicList) or isinstance(right, DynamicList):
        return _combine_lists(machine, state, symbol, left, right)
    if symbol is BinaryOperator.MULTIPLY and _repeats_list(machine, left, right):
        return _repeat(machine, state, left, right)
    refuse_dynamic(machine, function, [left, right])
    if symbol not in _BITWISE or not (is_number(left) and is_number(right)):
        left, right = _as_int(machine, left), _as_int(machine, right)
    if is_number(left) and is_number(right) and (is_symbolic(left) or is_symbolic(right)):
        stopped = _check_division(machine, state, symbol, left, right)
        if stopped is not None:
            return stopped
        return deliver(state, machine.tracer.scalars.combining(symbol.function)(left, right))
    result = run_native(machine, function, [left, right], {}, repeatable=True)
    forget_answers(state.frame)
    return deliver(state, result)


def _text(machine: Machine, symbol: BinaryOperator, left: Any, right: Any) -> Any:
    """Return text that depends on data, None if the operands make no such text."""
    if symbol is BinaryOperator.ADD:
        return concatenate(left, right)
    if symbol is BinaryOperator.MODULO:
        return machine.python(percent, machine.tracer, left, right)
    return None


def _combine_lists(
    machine: Machine, state: State, symbol: BinaryOperator, left: Any, right: Any
) -> Outcome:
    """Deliver `left + right` or `left * right`, of which one is a dynamic list."""
    if symbol is BinaryOperator.ADD and is_a(left, (DynamicList, list)):
        if is_a(right, (DynamicList, list)):
            lists = machine.lists
            first = lists.as_dynamic(left, getattr(right, "element", None))
            second = lists.as_dynamic(right, first.element)
            return deliver(state, lists.concatenated(first, second))
    if symbol is BinaryOperator.MULTIPLY:
        return _repeat(machine, state, left, right)
    refuse_dynamic(machine, symbol.function, [left, right])
    raise AssertionError("a list is dynamic")


def _repeat(machine: Machine, state: State, left: Any, right: Any) -> Outcome:
    items, count = (left, right) if is_a(left, (DynamicList, list)) else (right, left)
    return push_function(machine, state, prelude.list_repeated, [items, count], {})


def _repeats_list(machine: Machine, left: Any, right: Any) -> bool:
    """Tell whether a list is to be repeated as often as data says, and no join can tell more."""
    items, count = (left, right) if class_of(left) is list else (right, left)
    is_repeated = class_of(items) is list and isinstance(count, torch.SymInt)
    return is_repeated and not machine.origins.is_merged(count)


def _check_division(
    machine: Machine, state: State, symbol: BinaryOperator, left: Any, right: Any
) -> Outcome | None:
    if symbol not in _DIVISIONS:
        return None
    floating = symbol is BinaryOperator.DIVIDE or float in (number_type(left), number_type(right))
    return check_divisor(machine, state, right, _DIVISIONS[symbol][floating])


def _python_method(owner: Any, name: str) -> types.FunctionType | None:
    method = getattr(class_of(owner), name, None)
    if isinstance(method, types.FunctionType) and is_interpreted(method):
        return None if method.__code__.co_filename == "<string>" else method
    return None


def _as_int(machine: Machine, value: Any) -> Any:
    is_flag = isinstance(value, torch.SymBool)
    return machine.tracer.scalars.cast(value, int) if is_flag else value


def unary(machine: Machine, state: State, step: Unary) -> Outcome:
    """Execute `Unary`."""
    value = read(machine, state, step.operand)
    if step.operator is UnaryOperator.NOT:
        begun, result = hand_over(machine, state, value, TRUTH_METHODS)
        if begun is not None:
            return begun
        return deliver(
            state, negation(machine, truth(machine, value if result is ABSENT else result))
        )
    method = _python_method(value, f"__{operator_name(step.operator)}__")
    if method is not None:
        return call(machine, state, method, [value], {})
    function = step.operator.function
    if isinstance(value, Array):
        return deliver(state, apply_operator(machine, function, [value]))
    return deliver(state, run_native(machine, function, [_as_int(machine, value)], {}))


def operator_name(symbol: UnaryOperator) -> str:
    """Return the name of the method of a prefix operator."""
    return symbol.function.__name__.strip("_")


def compare(machine: Machine, state: State, step: Compare) -> Outcome:
    """Execute `Compare`."""
    left, right = read_all(machine, state, step.uses)
    match step.operator:
        case CompareOperator.IS:
            return deliver(state, _is_same(machine, state, left, right))
        case CompareOperator.IS_NOT:
            return deliver(state, negation(machine, _is_same(machine, state, left, right)))
        case CompareOperator.IN | CompareOperator.NOT_IN:
            return _contains(machine, state, step.operator, left, right)
        case _:
            pass
    method = _python_method(left, _COMPARISON_METHODS[step.operator])
    if method is not None:
        return call(machine, state, method, [left, right], {})
    if isinstance(left, Array) or isinstance(right, Array):
        return deliver(state, apply_operator(machine, step.operator.function, [left, right]))
    if isinstance(left, Text) or isinstance(right, Text):
        return deliver(state, compared(machine, step.operator.function, left, right))
    if _are_lists_of_data(left, right) and step.operator in _EQUALITIES:
        return _compare_lists(machine, state, step, left, right)
    if isinstance(left, torch.SymBool) or isinstance(right, torch.SymBool):
        if all(is_number(each) and number_type(each) is bool for each in (left, right)):
            return _compare_flags(machine, state, step, left, right)
    refuse_dynamic(machine, step.operator.function, [left, right])
    left, right = _as_int(machine, left), _as_int(machine, right)
    return deliver(state, run_native(machine, step.operator.function, [left, right], {}))


_EQUALITIES = (CompareOperator.EQUAL, CompareOperator.NOT_EQUAL)


def _are_lists_of_data(left: Any, right: Any) -> bool:
    """Tell whether these are lists, one of run-time length or with numbers that are data."""
    if not all(is_a(value, (list, DynamicList)) for value in (left, right)):
        return False
    return any(
        isinstance(value, DynamicList)
        or any(is_symbolic(item) or is_traced(item) or isinstance(item, Text) for item in value)
        for value in (left, right)
    )


def _compare_lists(machine: Machine, state: State, step: Compare, left: Any, right: Any) -> Outcome:
    is_equality = step.operator is CompareOperator.EQUAL
    function = prelude.list_equal if is_equality else prelude.list_different
    return push_function(machine, state, function, [left, right], {})


def _is_same(machine: Machine, state: State, left: Any, right: Any) -> Any:
    """Return `left is right`, a flag that may be symbolic: there is one True and one False."""
    _refuse_identity_of_inputs(machine, state, left, right)
    if is_text(left) and is_text(right):
        require_no_text([left, right])
    if not (is_symbolic(left) or is_symbolic(right)) or left is right:
        return machine.is_same(left, right)
    if not (is_number(left) and is_number(right)) or number_type(left) is not number_type(right):
        return False
    if number_type(left) is bool:
        return _equal_flags(machine, left, right)
    raise machine.tracer.refuse(
        "MC0102",
        "whether two numbers are the same object depends on tensor data",
        help="compare them by `==`",
    )


def _compare_flags(machine: Machine, state: State, step: Compare, left: Any, right: Any) -> Outcome:
    if step.operator is CompareOperator.EQUAL:
        return deliver(state, _equal_flags(machine, left, right))
    if step.operator is CompareOperator.NOT_EQUAL:
        return deliver(state, negation(machine, _equal_flags(machine, left, right)))
    numbers = [_as_int(machine, left), _as_int(machine, right)]
    return deliver(state, run_native(machine, step.operator.function, numbers, {}))


def _equal_flags(machine: Machine, left: Any, right: Any) -> Any:
    """Return whether two flags, at least one of them symbolic, are equal."""
    both = conjunction(machine, [left, right])
    neither = conjunction(machine, [negation(machine, left), negation(machine, right)])
    return disjunction(machine, [both, neither])


def _refuse_identity_of_inputs(machine: Machine, state: State, left: Any, right: Any) -> None:
    """Refuse to answer from the example whether a caller passes one tensor for two inputs."""
    are_inputs = [any(each is given for given in state.inputs) for each in (left, right)]
    if left is not right and all(are_inputs):
        raise machine.tracer.refuse(
            "MC0102",
            "whether two inputs are the same tensor is known only when the program is called",
            help="compare their contents with torch.equal, or pass a flag",
        )


def _contains(
    machine: Machine, state: State, symbol: CompareOperator, element: Any, container: Any
) -> Outcome:
    method = _python_method(container, "__contains__")
    if method is not None:
        return call(machine, state, method, [container, element], {})
    element = number_of(machine, element) if isinstance(element, Array) else element
    if isinstance(container, DynamicList):
        return _contained(machine, state, symbol, element, container)
    if is_text(element) and _holds_text(element, container):
        return _deliver_found(machine, state, symbol, contains(machine, container, element))
    if is_a(container, Mapping) and is_symbolic(element):
        found = has_key(machine, container, element)
        if found is not None:
            return _deliver_found(machine, state, symbol, found)
        if can_fork_by_key(container, element):
            return _compare_with_items(machine, state, symbol, element, list(container))
        require_known(machine, [element], "a key")
    if is_a(container, Mapping) and not is_traced(element):
        return deliver(state, machine.python(symbol.function, element, container))
    refuse_dynamic(machine, symbol.function, [container])
    if is_a(container, (list, tuple, set, frozenset, range)):
        items: list[Any] = list(container)
        if any(map(is_traced, [element, *items])) or any(map(is_symbolic, [element, *items])):
            return _compare_with_items(machine, state, symbol, element, items)
    return deliver(state, run_native(machine, symbol.function, [element, container], {}))


def _holds_text(element: Any, container: Any) -> bool:
    """Tell whether a string or what may contain it, of known length, depends on data."""
    if isinstance(container, Text):
        return True
    if not is_a(container, (str, list, tuple, set, frozenset, Mapping)):
        return False
    return isinstance(element, Text) or any(isinstance(item, Text) for item in container)


def _deliver_found(machine: Machine, state: State, symbol: CompareOperator, found: Any) -> Outcome:
    return deliver(state, found if symbol is CompareOperator.IN else negation(machine, found))


def _compare_with_items(
    machine: Machine, state: State, symbol: CompareOperator, element: Any, items: list[Any]
) -> Outcome:
    return _deliver_found(machine, state, symbol, _found(machine, element, items))


def _contained(
    machine: Machine, state: State, symbol: CompareOperator, element: Any, container: DynamicList
) -> Outcome:
    is_positive = symbol is CompareOperator.IN
    function = prelude.list_contains if is_positive else prelude.list_lacks
    return push_function(machine, state, function, [container, element], {})


def _found(machine: Machine, element: Any, items: list[Any]) -> Any:
    """Return whether some item is or equals `element`."""
    if any(item is element for item in items):
        return True
    value = number_of(machine, element)
    equal = [
        truth(machine, machine.tracer.native(operator.eq, number_of(machine, item), value))
        for item in items
        if is_number(item) or is_traced(item)
    ]
    return disjunction(machine, equal)


STEPS: dict[type, Any] = {Binary: binary, InPlace: in_place, Unary: unary, Compare: compare}
