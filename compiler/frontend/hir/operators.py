"""The operators of Python, each with the function that it means."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any


def _contains(element: Any, container: Any) -> Any:
    return element in container


def _lacks(element: Any, container: Any) -> Any:
    return element not in container


class BinaryOperator(Enum):
    """Name an arithmetic operator by its symbol."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    MATRIX_MULTIPLY = "@"
    DIVIDE = "/"
    FLOOR_DIVIDE = "//"
    MODULO = "%"
    POWER = "**"
    SHIFT_LEFT = "<<"
    SHIFT_RIGHT = ">>"
    AND = "&"
    OR = "|"
    XOR = "^"

    @property
    def function(self) -> Callable[[Any, Any], Any]:
        """Return the function that computes `left <operator> right`."""
        return _BINARY[self][0]

    @property
    def in_place_function(self) -> Callable[[Any, Any], Any]:
        """Return the function that computes the result of `left <operator>= right`."""
        return _BINARY[self][1]


class UnaryOperator(Enum):
    """Name a prefix operator by its symbol."""

    NEGATE = "-"
    PLUS = "+"
    INVERT = "~"
    NOT = "not"

    @property
    def function(self) -> Callable[[Any], Any]:
        """Return the function that computes `<operator> operand`."""
        return _UNARY[self]


class CompareOperator(Enum):
    """Name a comparison, an identity or a membership test by its symbol."""

    EQUAL = "=="
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_EQUAL = "<="
    GREATER = ">"
    GREATER_EQUAL = ">="
    IS = "is"
    IS_NOT = "is not"
    IN = "in"
    NOT_IN = "not in"

    @property
    def function(self) -> Callable[[Any, Any], Any]:
        """Return the function that computes `left <operator> right`."""
        return _COMPARE[self]


_BINARY: Mapping[BinaryOperator, tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]] = {
    BinaryOperator.ADD: (operator.add, operator.iadd),
    BinaryOperator.SUBTRACT: (operator.sub, operator.isub),
    BinaryOperator.MULTIPLY: (operator.mul, operator.imul),
    BinaryOperator.MATRIX_MULTIPLY: (operator.matmul, operator.imatmul),
    BinaryOperator.DIVIDE: (operator.truediv, operator.itruediv),
    BinaryOperator.FLOOR_DIVIDE: (operator.floordiv, operator.ifloordiv),
    BinaryOperator.MODULO: (operator.mod, operator.imod),
    BinaryOperator.POWER: (operator.pow, operator.ipow),
    BinaryOperator.SHIFT_LEFT: (operator.lshift, operator.ilshift),
    BinaryOperator.SHIFT_RIGHT: (operator.rshift, operator.irshift),
    BinaryOperator.AND: (operator.and_, operator.iand),
    BinaryOperator.OR: (operator.or_, operator.ior),
    BinaryOperator.XOR: (operator.xor, operator.ixor),
}

_UNARY: Mapping[UnaryOperator, Callable[[Any], Any]] = {
    UnaryOperator.NEGATE: operator.neg,
    UnaryOperator.PLUS: operator.pos,
    UnaryOperator.INVERT: operator.invert,
    UnaryOperator.NOT: operator.not_,
}

_COMPARE: Mapping[CompareOperator, Callable[[Any, Any], Any]] = {
    CompareOperator.EQUAL: operator.eq,
    CompareOperator.NOT_EQUAL: operator.ne,
    CompareOperator.LESS: operator.lt,
    CompareOperator.LESS_EQUAL: operator.le,
    CompareOperator.GREATER: operator.gt,
    CompareOperator.GREATER_EQUAL: operator.ge,
    CompareOperator.IS: operator.is_,
    CompareOperator.IS_NOT: operator.is_not,
    CompareOperator.IN: _contains,
    CompareOperator.NOT_IN: _lacks,
}

BINARY_OPERATORS: Mapping[type[ast.operator], BinaryOperator] = {
    ast.Add: BinaryOperator.ADD,
    ast.Sub: BinaryOperator.SUBTRACT,
    ast.Mult: BinaryOperator.MULTIPLY,
    ast.MatMult: BinaryOperator.MATRIX_MULTIPLY,
    ast.Div: BinaryOperator.DIVIDE,
    ast.FloorDiv: BinaryOperator.FLOOR_DIVIDE,
    ast.Mod: BinaryOperator.MODULO,
    ast.Pow: BinaryOperator.POWER,
    ast.LShift: BinaryOperator.SHIFT_LEFT,
    ast.RShift: BinaryOperator.SHIFT_RIGHT,
    ast.BitAnd: BinaryOperator.AND,
    ast.BitOr: BinaryOperator.OR,
    ast.BitXor: BinaryOperator.XOR,
}

UNARY_OPERATORS: Mapping[type[ast.unaryop], UnaryOperator] = {
    ast.USub: UnaryOperator.NEGATE,
    ast.UAdd: UnaryOperator.PLUS,
    ast.Invert: UnaryOperator.INVERT,
    ast.Not: UnaryOperator.NOT,
}

COMPARE_OPERATORS: Mapping[type[ast.cmpop], CompareOperator] = {
    ast.Eq: CompareOperator.EQUAL,
    ast.NotEq: CompareOperator.NOT_EQUAL,
    ast.Lt: CompareOperator.LESS,
    ast.LtE: CompareOperator.LESS_EQUAL,
    ast.Gt: CompareOperator.GREATER,
    ast.GtE: CompareOperator.GREATER_EQUAL,
    ast.Is: CompareOperator.IS,
    ast.IsNot: CompareOperator.IS_NOT,
    ast.In: CompareOperator.IN,
    ast.NotIn: CompareOperator.NOT_IN,
}
