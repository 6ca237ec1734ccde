"""Host scalars: symbolic Python numbers and the `arith.*` ops that compute them.

Ints and bools are sympy expressions, which become ops only where a value is used. Each float
operation is recorded at once and stays opaque: sympy's algebra is not that of IEEE floats.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sympy
import torch

from ...ir import I1, I64, Block, Op, ScalarKind, ScalarType, Type, Value
from ...ir.host import Size, arith
from ...ir.host.arith import Predicate
from .orders import FUNCTIONS, Comparison, Orders
from .torch_internals import (
    SYMBOLIC_TYPES,
    Fake,
    Symbolic,
    expression_of,
    python_type,
    symbolic_int,
)

if TYPE_CHECKING:
    from .tracer import Tracer

NUMBER_TYPES = (bool, int, float)
KINDS: Mapping[type, ScalarKind] = {
    bool: ScalarKind.I1,
    int: ScalarKind.I64,
    float: ScalarKind.F64,
}


@dataclass(frozen=True)
class SizeOf:
    """Stand for the size of a tensor, not yet computed by any op."""

    fake: Fake
    dim: int


class UnknownExpression(Exception):
    """Report a sympy expression that has no host ops."""


def is_number(value: object) -> bool:
    """Tell whether `value` is a Python or symbolic number."""
    return isinstance(value, (*NUMBER_TYPES, *SYMBOLIC_TYPES))


def is_symbolic(value: object) -> bool:
    """Tell whether `value` is a number that depends on data."""
    return isinstance(value, SYMBOLIC_TYPES)


def number_type(number: Any) -> type:
    """Return `bool`, `int` or `float`, for a Python or symbolic number."""
    return python_type(number) if isinstance(number, SYMBOLIC_TYPES) else type(number)


def number_kind(kind: type) -> ScalarType:
    """Return the host type of numbers of a Python type."""
    return ScalarType(KINDS[kind])


def type_of_number(number: Any) -> ScalarType:
    """Return the host type of a Python or symbolic number."""
    return ScalarType(KINDS[number_type(number)])


class Scalars:
    """Know which value each symbol stands for, and emit ops for expressions."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._bindings: dict[Any, Value | SizeOf] = {}
        self._emitted: dict[tuple[Block, Any], Value] = {}
        self.orders = Orders()

    # --- symbols ---

    def bind(self, number: Symbolic, value: Value) -> None:
        """Let the symbol in `number` stand for `value`."""
        for symbol in expression_of(number).free_symbols:
            self._bindings.setdefault(symbol, value)

    def bind_sizes(self, fake: Fake) -> None:
        """Let symbols that first appear in the shape of `fake` stand for its sizes."""
        for dim, extent in enumerate(fake.shape):
            expression = expression_of(extent)
            if isinstance(expression, sympy.Symbol) and expression not in self._bindings:
                self._bindings[expression] = SizeOf(fake, dim)

    def is_bound(self, expression: Any) -> bool:
        """Tell whether every symbol of `expression` stands for something."""
        return all(symbol in self._bindings for symbol in expression.free_symbols)

    def bound_value(self, symbol: Any) -> Value | None:
        """Return the value that `symbol` stands for, or is the size of."""
        bound = self._bindings.get(symbol)
        if isinstance(bound, SizeOf):
            return self._tracer.tensors.value_of_fake(bound.fake)
        return bound

    def symbols(self) -> Iterable[Any]:
        """Return all symbols that stand for something."""
        return self._bindings.keys()

    def symbols_by_value(self) -> dict[Value, Any]:
        """Return the symbols of numbers by the values that they stand for."""
        numbers = self._bindings.items()
        return {value: symbol for symbol, value in numbers if isinstance(value, Value)}

    def owner(self, symbol: Any) -> Op | Block | None:
        """Return what defines the value that `symbol` stands for, or is the size of."""
        bound = self.bound_value(symbol)
        return None if bound is None else bound.owner

    def fresh(self, kind: type, value: Value) -> Any:
        """Return a new symbolic number of Python type `kind` that stands for `value`."""
        shapes = self._tracer.shapes
        if kind is bool:
            number: Any = shapes.fresh_bool()
        else:
            number = shapes.fresh_int() if kind is int else shapes.fresh_float()
        self.bind(number, value)
        return number

    # --- values ---

    def value(self, number: Any) -> Value:
        """Return the value of a Python or symbolic number, usable in the current block."""
        if not isinstance(number, SYMBOLIC_TYPES):
            return self._tracer.emit(arith.Constant(value=number, loc=self._tracer.location())).out
        expression = self._tracer.shapes.resolve(expression_of(number))
        return self.expression(expression)

    def constant_or_value(self, number: Any) -> Any:
        """Return a Python number if `number` is known on this path, else its value."""
        if not isinstance(number, SYMBOLIC_TYPES):
            return number
        known = self.constant_or_symbol(number)
        return known if not isinstance(known, SYMBOLIC_TYPES) else self.value(known)

    def constant_or_symbol(self, number: Any) -> Any:
        """Return a Python number if `number` is known on this path, else `number`."""
        if not isinstance(number, SYMBOLIC_TYPES):
            return number
        expression = self._tracer.shapes.resolve(expression_of(number))
        if expression.free_symbols:
            return number
        kind = python_type(number)
        return expression == sympy.true if kind is bool else kind(expression)

    def expression(self, expression: Any) -> Value:
        """Return the value of a sympy expression, usable in the current block."""
        key = (self._tracer.state.block, expression)
        known = self._emitted.get(key)
        if known is not None and _is_placed(known):
            return known
        value = self._emit_expression(expression)
        self._emitted[key] = value
        return value

    def _emit_expression(self, expression: Any) -> Value:
        if isinstance(expression, sympy.Symbol):
            return self._symbol(expression, I64)
        if expression.is_Integer or expression in (sympy.true, sympy.false):
            number = int(expression) if expression.is_Integer else expression == sympy.true
            return self.value(number)
        opaque = self._opaque_bool(expression)
        if opaque is not None:
            return opaque
        rule = _RULES.get(type(expression).__name__)
        if rule is None:
            raise UnknownExpression(str(expression))
        return rule(self, expression)

    def _opaque_bool(self, expression: Any) -> Value | None:
        """Return the bool value `b` for the expression `b == 1`, or None."""
        if not isinstance(expression, sympy.Eq) or expression.args[1] != 1:
            return None
        bound = self._bindings.get(expression.args[0])
        return bound if isinstance(bound, Value) and bound.type == I1 else None

    def _symbol(self, symbol: Any, wanted: Type) -> Value:
        bound = self._bindings.get(symbol)
        if bound is None:
            raise UnknownExpression(str(symbol))
        if isinstance(bound, SizeOf):
            source = self._tracer.tensors.value_of_fake(bound.fake)
            return self.emit(Size, source=source, dim=bound.dim)
        if bound.type == I1 and wanted == I64:
            return self.emit(arith.Cast, value=bound, kind=ScalarKind.I64)
        return bound

    def emit(self, op_class: type[Op], **fields: Any) -> Value:
        """Append an op with one result to the current block."""
        return self._tracer.emit(op_class(**fields, loc=self._tracer.location())).out

    # --- rules for expressions ---

    def fold(self, op_class: type[arith.Binary], arguments: Sequence[Any]) -> Value:
        """Combine `arguments` from left to right."""
        value = self.expression(arguments[0])
        for argument in arguments[1:]:
            value = self.emit(op_class, left=value, right=self.expression(argument))
        return value

    def emit_sum(self, expression: Any) -> Value:
        """Emit a sum; terms with a negative factor are subtracted."""
        terms = sorted(expression.args, key=_negative_last)
        value = self.expression(terms[0])
        for term in terms[1:]:
            if _is_negated(term):
                value = self.emit(arith.Sub, left=value, right=self.expression(-term))
            else:
                value = self.emit(arith.Add, left=value, right=self.expression(term))
        return value

    def emit_product(self, expression: Any) -> Value:
        """Emit a product; a leading -1 is a negation."""
        if expression.args[0] == -1:
            return self.emit(arith.Neg, value=self.expression(-expression))
        return self.fold(arith.Mul, expression.args)

    def emit_comparison(self, expression: Any, predicate: Predicate) -> Value:
        """Emit a comparison of ints."""
        left, right = (self.expression(argument) for argument in expression.args)
        return self.emit(arith.Compare, left=left, right=right, predicate=predicate)

    # --- arithmetic that stays opaque ---

    def apply(self, function: Callable[..., Any], arguments: Sequence[Any]) -> Any:
        """Record `function(*arguments)` on numbers, of which one is a float or the result is."""
        rule = _OPAQUE.get(function)
        if rule is None:
            raise UnknownExpression(getattr(function, "__name__", str(function)))
        comparison = self._comparison(function, arguments)
        if comparison in self._tracer.state.facts:
            return self._tracer.state.facts[comparison]
        values = [self.value(argument) for argument in arguments]
        result = rule(self, values)
        assert isinstance(result.type, ScalarType)
        kind = next(kind for kind, name in KINDS.items() if name is result.type.kind)
        number = self.fresh(kind, result)
        if comparison is not None:
            self.orders.remember(expression_of(number), comparison)
        return number

    def _comparison(
        self, function: Callable[..., Any], arguments: Sequence[Any]
    ) -> Comparison | None:
        """Return what the path may know of `function(*arguments)`, if that is a comparison."""
        if function not in FUNCTIONS:
            return None
        left, right = (
            self._tracer.shapes.resolve(expression_of(argument))
            if isinstance(argument, SYMBOLIC_TYPES)
            else repr(argument)
            for argument in arguments
        )
        return FUNCTIONS[function], left, right

    def combining(self, function: Callable[..., Any]) -> Callable[[Any, Any], Any]:
        """Return what computes `function` of two numbers, in this order if one is a float."""

        def combine(left: Any, right: Any) -> Any:
            if float not in (number_type(left), number_type(right)):
                return self._tracer.native(function, left, right)
            if not is_symbolic(left) and not is_symbolic(right):
                return function(left, right)
            return self.apply(function, [left, right])

        return combine

    def math_call(self, function: str, kind: type, arguments: Sequence[Any]) -> Any:
        """Record a call of a function of Python's `math`, or of abs or round."""
        values = tuple(self.value(argument) for argument in arguments)
        result = self.emit(arith.MathCall, values=values, function=function, kind=KINDS[kind])
        return self.fresh(kind, result)

    def cast(self, number: Any, kind: type) -> Any:
        """Return `kind(number)`."""
        if number_type(number) is kind:
            return number
        result = self.emit(arith.Cast, value=self.value(number), kind=KINDS[kind])
        return self.fresh(kind, result)

    # --- questions ---

    def truth(self, number: Any) -> bool | torch.SymBool:
        """Return the truth of a number: a Python bool if it is known on this path."""
        if not isinstance(number, SYMBOLIC_TYPES):
            return bool(number)
        if not isinstance(number, torch.SymBool):
            number = self._tracer.native(operator.ne, number, python_type(number)(0))
        if not isinstance(number, torch.SymBool):
            return bool(number)
        expression = self._tracer.shapes.resolve(expression_of(number))
        known = self._tracer.state.facts.get(expression)
        if known is None:
            known = self._tracer.shapes.decide(expression)
        return number if known is None else known

    def settled(self, value: Any) -> Any:
        """Return a flag that this path has decided as a bool, all else as it is."""
        return self.truth(value) if isinstance(value, torch.SymBool) else value

    def size(self, dim: Any) -> Any:
        """Return the int that a dim of an IR type means."""
        by_name = {str(name): name for name in self._bindings}
        own = {name: by_name[str(name)] for name in dim.free_symbols}
        return symbolic_int(self._tracer.shapes, dim.xreplace(own))


def _is_placed(value: Value) -> bool:
    return isinstance(value.owner, Block) or value.owner.parent is not None


def _is_negated(term: Any) -> bool:
    return bool(term.could_extract_minus_sign())


def _negative_last(term: Any) -> tuple[bool, bool, str]:
    return (_is_negated(term), bool(term.is_number), str(term))


def _folding(op_class: type[arith.Binary]) -> Callable[[Scalars, Any], Value]:
    return lambda scalars, expression: scalars.fold(op_class, expression.args)


def _comparing(predicate: Predicate) -> Callable[[Scalars, Any], Value]:
    return lambda scalars, expression: scalars.emit_comparison(expression, predicate)


def _negation(scalars: Scalars, expression: Any) -> Value:
    return scalars.emit(arith.Not, value=scalars.expression(expression.args[0]))


_RULES: Mapping[str, Callable[[Scalars, Any], Value]] = {
    "Add": Scalars.emit_sum,
    "Mul": Scalars.emit_product,
    "Pow": _folding(arith.Pow),
    "PowByNatural": _folding(arith.Pow),
    "Abs": lambda scalars, expression: scalars.emit(
        arith.MathCall,
        values=(scalars.expression(expression.args[0]),),
        function="abs",
        kind=ScalarKind.I64,
    ),
    "FloorDiv": _folding(arith.FloorDiv),
    "CleanDiv": _folding(arith.FloorDiv),
    "Mod": _folding(arith.Mod),
    "PythonMod": _folding(arith.Mod),
    "Max": _folding(arith.Max),
    "Min": _folding(arith.Min),
    "And": _folding(arith.And),
    "Or": _folding(arith.Or),
    "Not": _negation,
    "Equality": _comparing(Predicate.EQ),
    "Unequality": _comparing(Predicate.NE),
    "StrictLessThan": _comparing(Predicate.LT),
    "LessThan": _comparing(Predicate.LE),
    "StrictGreaterThan": _comparing(Predicate.GT),
    "GreaterThan": _comparing(Predicate.GE),
}
"""How to emit each class of sympy expression over ints and bools."""

Rule = Callable[[Scalars, Sequence[Value]], Value]


def _binary(op_class: type[arith.Binary]) -> Rule:
    return lambda scalars, values: scalars.emit(op_class, left=values[0], right=values[1])


def _compare(predicate: Predicate) -> Rule:
    return lambda scalars, values: scalars.emit(
        arith.Compare, left=values[0], right=values[1], predicate=predicate
    )


def _math(name: str, kind: ScalarKind = ScalarKind.F64) -> Rule:
    return lambda scalars, values: scalars.emit(
        arith.MathCall, values=tuple(values), function=name, kind=kind
    )


def _cast(kind: ScalarKind) -> Rule:
    return lambda scalars, values: scalars.emit(arith.Cast, value=values[0], kind=kind)


_TORCH: Any = torch
_OPERATOR: Any = operator

_OPAQUE: Mapping[Callable[..., Any], Rule] = {
    _OPERATOR.add: _binary(arith.Add),
    _OPERATOR.sub: _binary(arith.Sub),
    _OPERATOR.mul: _binary(arith.Mul),
    _OPERATOR.truediv: _binary(arith.TrueDiv),
    _OPERATOR.floordiv: _binary(arith.FloorDiv),
    _OPERATOR.mod: _binary(arith.Mod),
    _OPERATOR.pow: _binary(arith.Pow),
    _TORCH.sym_max: _binary(arith.Max),
    _TORCH.sym_min: _binary(arith.Min),
    _OPERATOR.eq: _compare(Predicate.EQ),
    _OPERATOR.ne: _compare(Predicate.NE),
    _OPERATOR.lt: _compare(Predicate.LT),
    _OPERATOR.le: _compare(Predicate.LE),
    _OPERATOR.gt: _compare(Predicate.GT),
    _OPERATOR.ge: _compare(Predicate.GE),
    _OPERATOR.neg: lambda scalars, values: scalars.emit(arith.Neg, value=values[0]),
    _OPERATOR.pos: lambda scalars, values: values[0],
    _OPERATOR.abs: _math("abs"),
    abs: _math("abs"),
    _TORCH.sym_float: _cast(ScalarKind.F64),
    math.floor: _math("floor", ScalarKind.I64),
    math.ceil: _math("ceil", ScalarKind.I64),
    math.trunc: _math("trunc", ScalarKind.I64),
    **{
        getattr(_TORCH, f"_sym_{name}"): _math(name)
        for name in ("sqrt", "cos", "cosh", "sin", "sinh", "tan", "tanh", "asin", "acos", "atan")
    },
    getattr(_TORCH, "_sym_log2"): _math("log2"),
    _TORCH.sym_ite: lambda scalars, values: scalars.emit(
        arith.Select, condition=values[0], on_true=values[1], on_false=values[2]
    ),
}
"""How to record each function that torch applies to symbolic numbers."""

FLOAT_RESULTS: frozenset[Any] = frozenset([_OPERATOR.truediv, _TORCH.sym_float])
