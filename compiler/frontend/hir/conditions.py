"""Lower conditions straight into control flow, and the expressions made of them."""

from __future__ import annotations

import ast

from ....diagnostics import Location
from .builder import Builder
from .instructions import Branch, Compare, Move, Register, Unary
from .operators import COMPARE_OPERATORS, UnaryOperator


def lower_condition(builder: Builder, node: ast.expr, if_true: int, if_false: int) -> None:
    """Go to one of two labels by the truth of `node`, each operand tested once."""
    match node:
        case ast.BoolOp():
            _lower_connective(builder, node, if_true, if_false)
        case ast.UnaryOp(op=ast.Not()):
            lower_condition(builder, node.operand, if_false, if_true)
        case ast.Compare() if len(node.ops) > 1:
            result = builder.temporary()
            _lower_links(builder, node, result, if_false)
            builder.emit(Branch(builder.locate(node), result, if_true, if_false))
        case ast.IfExp():
            _lower_choice(builder, node, if_true, if_false)
        case ast.Constant():
            builder.jump(if_true if node.value else if_false, builder.locate(node))
        case _:
            value = builder.expression(node)
            builder.emit(Branch(builder.locate(node), value, if_true, if_false))


def _lower_connective(builder: Builder, node: ast.BoolOp, if_true: int, if_false: int) -> None:
    for operand in node.values[:-1]:
        following = builder.label()
        if isinstance(node.op, ast.And):
            lower_condition(builder, operand, following, if_false)
        else:
            lower_condition(builder, operand, if_true, following)
        builder.place(following, builder.locate(operand))
    lower_condition(builder, node.values[-1], if_true, if_false)


def _lower_choice(builder: Builder, node: ast.IfExp, if_true: int, if_false: int) -> None:
    body, otherwise = builder.label(), builder.label()
    lower_condition(builder, node.test, body, otherwise)
    builder.place(body, builder.locate(node.body))
    lower_condition(builder, node.body, if_true, if_false)
    builder.place(otherwise, builder.locate(node.orelse))
    lower_condition(builder, node.orelse, if_true, if_false)


def _lower_links(builder: Builder, node: ast.Compare, result: Register, if_false: int) -> None:
    """Compare link by link into `result`; leave for `if_false` at the first that fails."""
    left = builder.expression(node.left)
    last = len(node.ops) - 1
    for index, (operator, comparator) in enumerate(zip(node.ops, node.comparators, strict=True)):
        right = builder.expression(comparator)
        location = _link_location(builder, node, index)
        builder.emit(Compare(location, result, COMPARE_OPERATORS[type(operator)], left, right))
        if index < last:
            following = builder.label()
            builder.emit(Branch(location, result, following, if_false))
            builder.place(following, location)
        left = right


def _link_location(builder: Builder, node: ast.Compare, index: int) -> Location:
    operands = [node.left, *node.comparators]
    first, second = operands[index], operands[index + 1]
    return builder.locate(spanning(first, second))


def spanning(first: ast.expr, last: ast.expr) -> ast.expr:
    """Return a node that extends from the start of `first` to the end of `last`."""
    return ast.Constant(
        None,
        lineno=first.lineno,
        col_offset=first.col_offset,
        end_lineno=last.end_lineno,
        end_col_offset=last.end_col_offset,
    )


def lower_compare(builder: Builder, node: ast.Compare) -> Register:
    """Lower a comparison, or a chain of them, to its value."""
    result = builder.temporary()
    end = builder.label()
    _lower_links(builder, node, result, end)
    if len(node.ops) > 1:
        builder.place(end, builder.locate(node))
    return result


def lower_connective_value(builder: Builder, node: ast.BoolOp) -> Register:
    """Lower `and` or `or` to the value of the operand that decides."""
    result, end = builder.temporary(), builder.label()
    for operand in node.values[:-1]:
        following = builder.label()
        location = builder.locate(operand)
        builder.emit(Move(location, result, builder.expression(operand)))
        targets = (following, end) if isinstance(node.op, ast.And) else (end, following)
        builder.emit(Branch(location, result, *targets))
        builder.place(following, location)
    last = node.values[-1]
    builder.emit(Move(builder.locate(last), result, builder.expression(last)))
    builder.place(end, builder.locate(node))
    return result


def lower_choice_value(builder: Builder, node: ast.IfExp) -> Register:
    """Lower `body if test else orelse` to its value."""
    result = builder.temporary()
    body, otherwise, end = builder.label(), builder.label(), builder.label()
    lower_condition(builder, node.test, body, otherwise)
    builder.place(body, builder.locate(node.body))
    builder.emit(Move(builder.locate(node.body), result, builder.expression(node.body)))
    builder.jump(end, builder.locate(node))
    builder.place(otherwise, builder.locate(node.orelse))
    builder.emit(Move(builder.locate(node.orelse), result, builder.expression(node.orelse)))
    builder.place(end, builder.locate(node))
    return result


def lower_not(builder: Builder, node: ast.UnaryOp) -> Register:
    """Lower `not operand` to its value."""
    operand = builder.expression(node.operand)
    destination = builder.temporary()
    builder.emit(Unary(builder.locate(node), destination, UnaryOperator.NOT, operand))
    return destination


EXPRESSIONS = {
    ast.Compare: lower_compare,
    ast.BoolOp: lower_connective_value,
    ast.IfExp: lower_choice_value,
}
