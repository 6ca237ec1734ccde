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


_functions: Any = operator  # typed in typeshed with parameters of unknown type

_BINARY: Mapping[BinaryOperator, tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]] = {
    BinaryOperator.ADD: (_functions.add, _functions.iadd),
    BinaryOperator.SUBTRACT: (_functions.sub, _functions.isub),
    BinaryOperator.MULTIPLY: (_functions.mul, _functions.imul),
    BinaryOperator.MATRIX_MULTIPLY: (_functions.matmul, _functions.imatmul),
    BinaryOperator.DIVIDE: (_functions.truediv, _functions.itruediv),
    BinaryOperator.FLOOR_DIVIDE: (_functions.floordiv, _functions.ifloordiv),
    BinaryOperator.MODULO: (_functions.mod, _functions.imod),
    BinaryOperator.POWER: (_functions.pow, _functions.ipow),
    BinaryOperator.SHIFT_LEFT: (_functions.lshift, _functions.ilshift),
    BinaryOperator.SHIFT_RIGHT: (_functions.rshift, _functions.irshift),
    BinaryOperator.AND: (_functions.and_, _functions.iand),
    BinaryOperator.OR: (_functions.or_, _functions.ior),
    BinaryOperator.XOR: (_functions.xor, _functions.ixor),
}

_UNARY: Mapping[UnaryOperator, Callable[[Any], Any]] = {
    UnaryOperator.NEGATE: _functions.neg,
    UnaryOperator.PLUS: _functions.pos,
    UnaryOperator.INVERT: _functions.invert,
    UnaryOperator.NOT: _functions.not_,
}

_COMPARE: Mapping[CompareOperator, Callable[[Any, Any], Any]] = {
    CompareOperator.EQUAL: _functions.eq,
    CompareOperator.NOT_EQUAL: _functions.ne,
    CompareOperator.LESS: _functions.lt,
    CompareOperator.LESS_EQUAL: _functions.le,
    CompareOperator.GREATER: _functions.gt,
    CompareOperator.GREATER_EQUAL: _functions.ge,
    CompareOperator.IS: _functions.is_,
    CompareOperator.IS_NOT: _functions.is_not,
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
