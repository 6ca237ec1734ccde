"""The only module that touches private parts of torch; each assumption is one small function.

Tensors of the program under capture are `FunctionalTensor`s around `FakeTensor`s. Three modes are
stacked, from the outermost: `FunctionalTensorMode` (turns mutation into values), a recorder in the
slot of torch's proxy mode (sees functional ATen only), `FakeTensorMode` (shapes and dtypes).
The contract of each assumption is tested in `test_torch_internals.py`: torch 2.11 to 2.14 meet it.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import types
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import SimpleNamespace
from typing import Any, TypeAlias

import sympy
import torch

from .extents import upper_bound

_TRANSFORMER: Any = import_module("torch.nn.modules.transformer")
_C: Any = import_module("torch._C")
_VIEWS: Any = _C._functionalization
_SHAPES: Any = import_module("torch.fx.experimental.symbolic_shapes")
_DISPATCH: Any = import_module("torch.utils._python_dispatch")
_PRIMS: Any = import_module("torch._prims_common")
_FAKE: Any = import_module("torch._subclasses.fake_tensor")
_IMPLEMENTATIONS: Any = import_module("torch._subclasses.fake_impls")
_FUNCTIONAL: Any = import_module("torch._subclasses.functional_tensor")
_MODULE: Any = import_module("torch.nn.modules.module")
_TORCH: Any = torch

FakeTensor: Any = _FAKE.FakeTensor
FunctionalTensor: Any = _FUNCTIONAL.FunctionalTensor
DispatchMode: Any = _DISPATCH.TorchDispatchMode

Tensor: TypeAlias = Any
"""A FunctionalTensor of the program under capture."""
Fake: TypeAlias = Any
"""A FakeTensor: shape, dtype, device and strides without data."""
Symbolic: TypeAlias = torch.SymInt | torch.SymFloat | torch.SymBool

_COMPILE_FILE = import_module("torch._compile").__file__

_SYMPY: Any = sympy
_INEQUALITIES: tuple[type[Any], ...] = (sympy.Ge, sympy.Gt, sympy.Le, sympy.Lt)
_STRICT: tuple[type[Any], ...] = (sympy.Gt, sympy.Lt)

_IDENTITY_VIEWS = ("detach_ViewMeta", "alias_ViewMeta", "lift_fresh_ViewMeta")

SYMBOLIC_TYPES = (torch.SymInt, torch.SymFloat, torch.SymBool)

DATA_DEPENDENT_ERRORS: tuple[type[Exception], ...] = (
    _SHAPES.GuardOnDataDependentSymNode,
    _FAKE.DataDependentOutputException,
    _FAKE.DynamicOutputShapeException,
)
"""What torch raises where Python needs a value that only the data decides."""

MAX_CHOICES = 5
"""How many values a size may have that torch must know, for a way through the program for each."""

statically_known_true = _SHAPES.statically_known_true
sym_or: Callable[..., Any] = _SHAPES.sym_or

GUARD_ERRORS = DATA_DEPENDENT_ERRORS[:1]
"""Those of them that name a condition."""


# --- symbolic numbers ---------------------------------------------------------------------------


@dataclass(frozen=True)
class ShapeFacts:
    """What is known about symbols on one path; `restore` makes it what torch believes."""

    replacements: dict[Any, Any]
    axioms: dict[Any, Any]
    ranges: dict[Any, Any]
    divisible: frozenset[Any]
    asserts: dict[Any, list[Any]]


class PathShapeEnv(_SHAPES.ShapeEnv):
    """A ShapeEnv whose knowledge can be saved and restored, since it differs between paths.

    `on_assert(condition, message)` is called when torch assumes a condition that it cannot prove.
    `branches` tells which conditions the current path branched on, and what held.
    """

    _version_counter: int
    _replacements_version_counter: int = 0  # torch 2.11 has none

    def __init__(self) -> None:
        _SHAPES.ShapeEnv.__init__(self)
        self.on_assert: Callable[[sympy.Basic, str], None] = _ignore_assert
        self.branches: Mapping[Any, bool] = {}
        self._synonyms: dict[Any, Any] = {}

    def evaluate_expr(self, orig_expr: Any, *args: Any, **kwargs: Any) -> Any:
        """Return what the path branched on, if it is that; else ask torch."""
        if self.branches:
            known = self._answered(orig_expr)
            if known is not None:
                return known
        evaluate: Any = _SHAPES.ShapeEnv.evaluate_expr
        return evaluate(self, orig_expr, *args, **kwargs)

    def _answered(self, expression: Any) -> Any:
        """Return what follows from the branches of the path alone, None if nothing does."""
        known = self.branches.get(self.resolve(expression))
        if known is not None:
            return sympy.true if known else sympy.false
        if isinstance(expression, (sympy.Eq, sympy.Ne)) and expression.args[1].is_Integer:
            left = self._possible_values(expression.args[0])
            if len(left) != 1:
                return None
            return sympy.sympify(
                (left[0] == expression.args[1]) == isinstance(expression, sympy.Eq)
            )
        is_number = isinstance(expression, sympy.Expr)
        left = self._values_left(expression) if is_number else []
        return sympy.Integer(left[0]) if len(left) == 1 else None

    def _values_left(self, expression: Any) -> list[int]:
        """Return the values that are left to an int of which the path has asked for some."""
        own = self.resolve(expression)
        asked = (question for question in self.branches if isinstance(question, sympy.Eq))
        is_asked = any(own in question.args for question in asked)
        return self._possible_values(expression) if is_asked else []

    def guard_or_defer_runtime_assert(self, orig_expr: Any, msg: str, fx_node: Any = None) -> bool:
        """Assume `orig_expr` on this path; uncached, since the cache would span paths."""
        before = self.num_deferred_runtime_asserts
        check: Any = _SHAPES.ShapeEnv.guard_or_defer_runtime_assert.__wrapped__
        holds = bool(check(self, orig_expr, msg, fx_node))
        if self.num_deferred_runtime_asserts > before:
            self.on_assert(orig_expr, msg)
        return holds

    def snapshot(self) -> ShapeFacts:
        """Return all path-dependent knowledge."""
        return ShapeFacts(
            dict(self.replacements),
            dict(self.axioms),
            dict(self.var_to_range),
            frozenset(self.divisible),
            {key: list(value) for key, value in self.deferred_runtime_asserts.items()},
        )

    def restore(self, facts: ShapeFacts) -> None:
        """Forget what other paths taught; ranges of symbols that `facts` lacks are kept."""
        if self._knows_exactly(facts):
            return
        _refill(self.replacements, {**self._synonyms, **facts.replacements})
        _refill(self.axioms, facts.axioms)
        self.var_to_range.update(facts.ranges)
        self.divisible.clear()
        self.divisible.update(facts.divisible)
        self.deferred_runtime_asserts.clear()
        for key, value in facts.asserts.items():
            self.deferred_runtime_asserts[key] = list(value)
        self.forget_conclusions()

    def forget_conclusions(self) -> None:
        """Invalidate every cache of conclusions from the knowledge before."""
        self._version_counter += 1
        self._replacements_version_counter += 1
        for clear in _CACHE_CLEARS:
            clear()
        self.fake_tensor_cache.clear()

    def _knows_exactly(self, facts: ShapeFacts) -> bool:
        same_ranges = all(self.var_to_range[key] is kept for key, kept in facts.ranges.items())
        return (
            same_ranges
            and self.replacements == facts.replacements
            and len(self.axioms) == len(facts.axioms)
            and self.axioms == facts.axioms
        )

    def assume(self, condition: Any) -> None:
        """Learn that `condition`, a sympy relation, holds on this path, without an assert."""
        for part in condition.args if isinstance(condition, sympy.And) else (condition,):
            self._assume_one(part)
        self.forget_conclusions()

    def _assume_one(self, condition: Any) -> None:
        self.axioms.update(dict(self.get_implications(self.simplify(condition))))
        if not isinstance(condition, sympy.core.relational.Relational):
            return
        self._refine_ranges(condition)
        self._refine_by_division(condition)
        left, right = map(_untyped, condition.args)
        if isinstance(condition, sympy.Ne) and (left - right).is_integer:
            self._assume_sign(left - right)

    def _refine_by_division(self, condition: Any) -> None:
        """Bound the only symbol of an inequality of ints by what its factor divides.

        Torch leaves out those whose bound is no int, such as `9 - 2 * u >= 2`.
        """
        symbols = condition.free_symbols
        if not isinstance(condition, _INEQUALITIES) or len(symbols) != 1:
            return
        (symbol,) = symbols
        rest = _SYMPY.expand(condition.gts - condition.lts)  # at least 0, or above it
        factor, offset = rest.coeff(symbol), rest.subs(symbol, 0)
        if (
            not (factor.is_Integer and factor and offset.is_Integer)
            or symbol not in self.var_to_range
        ):
            return
        least = int(offset) - isinstance(condition, _STRICT)
        known = self.var_to_range[symbol]
        if factor > 0:
            bounds = max(known.lower, -(least // int(factor))), known.upper
        else:
            bounds = known.lower, min(known.upper, least // -int(factor))
        if rest == factor * symbol + offset and bounds[0] <= bounds[1]:
            self.var_to_range[symbol] = _SHAPES.ValueRanges(*bounds)

    def _assume_sign(self, difference: Any) -> None:
        """Learn that `difference` is not zero, where that leaves one sign."""
        known = self.bound_sympy(self.replace(difference))
        if known.lower == 0:
            self._assume_one(sympy.Lt(0, difference))
        elif known.upper == 0:
            self._assume_one(sympy.Lt(difference, 0))

    def decide(self, condition: Any) -> bool | None:
        """Return the truth of the sympy `condition` on this path, None if unknown."""
        if condition in (sympy.true, sympy.false):
            return condition == sympy.true
        if self.branches:
            known = self._answered(condition)
            if known is not None:
                return known == sympy.true
        result = self._maybe_evaluate_static(self.replace(condition))
        return None if result not in (sympy.true, sympy.false) else result == sympy.true

    def resolve(self, expression: Any) -> Any:
        """Return the sympy `expression` with the symbols that this path has equated."""
        return self.replace(expression)

    def settled(self, expression: Any) -> Any:
        """Return the sympy `expression` of ints with the symbols that can have one value only."""
        resolved = self.replace(expression)
        known = {symbol: self.var_to_range.get(symbol) for symbol in resolved.free_symbols}
        single = {
            symbol: each.lower for symbol, each in known.items() if each and each.is_singleton()
        }
        return resolved.xreplace(single)

    def set_range(self, number: torch.SymInt, minimum: int | None, maximum: int | None) -> None:
        """Declare bounds (inclusive) of a fresh symbol."""
        low = -sympy.oo if minimum is None else minimum
        high = sympy.oo if maximum is None else maximum
        bounds = _SHAPES.ValueRanges.unknown_int()
        low = bounds.lower if minimum is None else low
        high = bounds.upper if maximum is None else high
        self.var_to_range[expression_of(number)] = _SHAPES.ValueRanges(low, high)

    def narrow(self, number: torch.SymInt, minimum: int | None, maximum: int | None) -> None:
        """Declare more bounds of a symbol; what is computed from others has theirs.

        Nothing changes where no number lies within the bounds: no call takes such a path.
        """
        if not isinstance(expression_of(number), sympy.Symbol):
            return
        known = self.var_to_range[expression_of(number)]
        low = known.lower if minimum is None else max(minimum, known.lower)
        high = known.upper if maximum is None else min(maximum, known.upper)
        if low <= high:
            self.var_to_range[expression_of(number)] = _SHAPES.ValueRanges(low, high)

    def use_as_size(self, number: torch.SymInt) -> None:
        """Let the symbol of an int that cannot be negative be a size."""
        self.narrow(number, 0, None)
        self.size_like.add(expression_of(number))

    def equate(self, number: Any, known: Any) -> None:
        """Learn that `number`, if it is a symbol of its own, equals `known` wherever it is used."""
        symbol, expression = expression_of(number), self.resolve(expression_of(known))
        if not isinstance(symbol, sympy.Symbol) or symbol in self.replacements:
            return
        if symbol not in expression.free_symbols:
            self._synonyms[symbol] = expression
            self.replacements[symbol] = expression
            self.forget_conclusions()

    def bounds(self, number: Any) -> tuple[int | None, int | None]:
        """Return the smallest and the largest value of an int on this path, None if unknown."""
        if isinstance(number, int):
            return number, number
        expression = self.replace(expression_of(number))
        low = self.bound_sympy(expression).lower
        return (int(low) if low.is_Integer else None, upper_bound(expression, self._upper))

    def asked_value(self, expression: Any) -> Any:
        """Return whether an int is the largest that it can still be, None if it can be many."""
        left = self._possible_values(expression)
        equal: Any = sympy.Eq
        return equal(expression, left[-1]) if left else None

    def _possible_values(self, expression: Any) -> list[int]:
        """Return the values that the path leaves to an int, none if they may be many."""
        low, high = self.bounds(expression)
        if low is None or high is None or high - low >= MAX_CHOICES:
            return []
        answers = {
            value: self.branches.get(self.resolve(sympy.Eq(expression, value)))
            for value in range(low, high + 1)
        }
        chosen = [value for value, holds in answers.items() if holds]
        return chosen or [value for value, holds in answers.items() if holds is None]

    def _upper(self, expression: Any) -> int | None:
        high = self.bound_sympy(expression).upper
        return int(high) if high.is_Integer else None

    def fresh_int(self) -> torch.SymInt:
        """Return a new symbolic int about which nothing is known."""
        return self.create_unbacked_symint()

    def fresh_size(self, minimum: int = 0, maximum: int | None = None) -> torch.SymInt:
        """Return a new symbolic int that may be a size."""
        size = self.create_unbacked_symint()
        self.set_range(size, minimum, maximum)
        self.size_like.add(expression_of(size))
        return size

    def fresh_float(self) -> torch.SymFloat:
        """Return a new symbolic float."""
        return self.create_unbacked_symfloat()

    def fresh_bool(self) -> torch.SymBool:
        """Return a new symbolic bool: its expression is `symbol == 1`."""
        return self.create_unbacked_symbool()


_SHAPE_ENV: type[Any] = _SHAPES.ShapeEnv
_MEMBERS: dict[str, Any] = dict(vars(_SHAPE_ENV))
_CACHE_CLEARS: tuple[Callable[[], None], ...] = tuple(
    member.cache_clear for member in _MEMBERS.values() if hasattr(member, "cache_clear")
)


def _untyped(expression: Any) -> Any:
    return expression


def _ignore_assert(condition: sympy.Basic, message: str) -> None:
    del condition, message


def _refill(target: dict[Any, Any], source: dict[Any, Any]) -> None:
    target.clear()
    target.update(source)


def common_facts(facts: Sequence[ShapeFacts]) -> ShapeFacts:
    """Return what holds on all of several paths."""
    first, rest = facts[0], facts[1:]
    return ShapeFacts(
        _common_items(first.replacements, [other.replacements for other in rest]),
        _common_items(first.axioms, [other.axioms for other in rest]),
        {key: _widest(key, kept, rest) for key, kept in first.ranges.items()},
        first.divisible.intersection(*(other.divisible for other in rest)),
        {
            key: [item for item in kept if all(item in o.asserts.get(key, ()) for o in rest)]
            for key, kept in first.asserts.items()
        },
    )


def _common_items(first: dict[Any, Any], rest: Sequence[dict[Any, Any]]) -> dict[Any, Any]:
    return {
        key: value
        for key, value in first.items()
        if all(key in other and other[key] == value for other in rest)
    }


def _widest(key: Any, first: Any, rest: Sequence[ShapeFacts]) -> Any:
    ranges = [other.ranges[key] for other in rest if key in other.ranges]
    if all(other is first for other in ranges):
        return first
    return functools.reduce(lambda left, right: left | right, ranges, first)


def expression_of(number: Any) -> Any:
    """Return the sympy expression of a symbolic number, or of a Python one."""
    if isinstance(number, SYMBOLIC_TYPES):
        return _node(number).expr
    if isinstance(number, bool):
        return sympy.true if number else sympy.false
    sympify: Any = sympy.sympify
    return sympify(number)


def _node(number: Any) -> Any:
    return number.node


def python_type(number: Symbolic) -> type:
    """Return `int`, `float` or `bool`, whatever the symbolic number stands for."""
    return _node(number).pytype


def symbolic_int(environment: PathShapeEnv, expression: Any) -> torch.SymInt | int:
    """Return the int that the sympy `expression` means."""
    if expression.is_Integer:
        return int(expression)
    node: Any = import_module("torch.fx.experimental.sym_node").SymNode
    return torch.SymInt(node(expression, environment, int, None))


def data_dependent_symbols(error: Exception) -> frozenset[Any]:
    """Return the symbols whose values torch asked for when it raised `error`."""
    condition = getattr(error, "cond", None)
    return frozenset(getattr(condition, "free_symbols", ()))


def asked_condition(error: Exception, environment: PathShapeEnv) -> torch.SymBool | None:
    """Return the relation of sizes that torch had to know when it raised `error`, if it was one.

    Where it wanted a number that has few values, that is whether it is the largest of them.
    """
    condition: Any = getattr(error, "cond", None)
    if isinstance(condition, sympy.Expr):
        condition = environment.asked_value(condition)
    if not isinstance(condition, sympy.core.relational.Relational):
        return None
    node: Any = import_module("torch.fx.experimental.sym_node").SymNode
    return torch.SymBool(node(condition, environment, bool, None))


def is_surely_contiguous(tensor: torch.Tensor) -> bool:
    """Tell whether the elements of `tensor` are in row-major order, whatever its open sizes are."""
    return bool(_PRIMS.is_contiguous_or_false(tensor))


# --- modes --------------------------------------------------------------------------------------


class ProxySlotMode(DispatchMode):
    """A dispatch mode in the slot of torch's proxy mode: below functionalization.

    Overrides `__torch_dispatch__` (functional ATen on fakes) and `__sym_dispatch__` (arithmetic on
    symbolic numbers). `tracer.tensor_tracker` is what functionalization asks for the node that made
    a tensor; this mode keeps none.
    """

    _mode_key = _C._TorchDispatchModeKey.PROXY
    tracer: Any

    def __init__(self) -> None:
        DispatchMode.__init__(self)
        self.tracer = _NoNotes()

    @classmethod
    def is_infra_mode(cls) -> bool:
        return True


class _NoNotes:
    """Answer functionalization's questions for the node that made a tensor: there is none."""

    def __init__(self) -> None:
        self.tensor_tracker = _NoNodes()


class _NoNodes(dict[Any, Any]):
    def __missing__(self, tensor: Any) -> Any:
        return SimpleNamespace(proxy=SimpleNamespace(node=None))


def fake_mode(environment: PathShapeEnv) -> Any:
    """Return a FakeTensorMode over `environment`, which also takes real tensors."""
    return _FAKE.FakeTensorMode(shape_env=environment, allow_non_fake_inputs=True)


def _ignore_solver_check(condition: Any, name: str) -> None:
    del condition, name


class BaseKeepingMode(_FUNCTIONAL.FunctionalTensorMode):
    """The functionalization mode, which also keeps every tensor that owns its memory alive.

    `bases` finds the owner of a view that outlives the variable of its base.
    `on_solver_check(condition, name)` is called where eager raises unless `condition` holds, since
    the solver of linear algebra of that name has failed.
    """

    def __init__(self) -> None:
        _FUNCTIONAL.FunctionalTensorMode.__init__(self, export=True)
        self.bases: dict[int, Tensor] = {}
        self.on_solver_check: Callable[[Any, str], None] = _ignore_solver_check

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is _TORCH.ops.aten._linalg_check_errors.default:  # an effect, not a value
            info, name = args
            with self:
                self.on_solver_check((info == 0).all().item(), name)
            return None
        dispatch: Any = _FUNCTIONAL.FunctionalTensorMode.__torch_dispatch__
        result = dispatch(self, func, types, args, kwargs)
        for part in result if type(result) in (list, tuple) else (result,):
            self.keep(part)
        return result

    def keep(self, tensor: Any) -> Any:
        """Remember `tensor` if it owns its memory."""
        if isinstance(tensor, FunctionalTensor) and not view_chain(tensor):
            self.bases.setdefault(storage_key(tensor), tensor)
        return tensor

    def wrap(self, fake: Fake) -> Tensor:
        """Return a fresh FunctionalTensor around `fake`; this mode must be active."""
        return self.keep(FunctionalTensor.to_functional(fake))


@contextlib.contextmanager
def eager() -> Generator[None]:
    """Leave all modes: what is computed inside is real data."""
    with _DISPATCH._disable_current_modes():
        yield


def _is_told_to_be_causal(mask: Any, is_causal: bool | None = None, size: Any = None) -> bool:
    """Return whether the caller says that `mask` is causal, without a look at its elements.

    To know it from the elements only chooses a faster kernel; it would be a branch on data.
    """
    del mask, size
    return is_causal is True


@contextlib.contextmanager
def exact_slices() -> Generator[None]:
    """Let slices between bounds of known distance, inside of the tensor, have a known size."""
    table: dict[Any, Callable[..., Any]] = _IMPLEMENTATIONS.op_implementations_dict
    slice_of: Any = _TORCH.ops.aten.slice.Tensor
    original = table[slice_of]
    table[slice_of] = functools.partial(_exact_slice, original)
    try:
        yield
    finally:
        table[slice_of] = original


def _exact_slice(
    original: Callable[..., Any],
    mode: Any,
    func: Any,
    tensor: Fake,
    dim: int = 0,
    start: Any = None,
    end: Any = None,
    step: int = 1,
) -> Fake:
    out = original(mode, func, tensor, dim, start, end, step)
    if isinstance(out.shape[dim], int) or start is None or end is None:
        return out
    distance = mode.shape_env.resolve(expression_of(end) - expression_of(start))
    is_inside = distance.is_Integer and distance >= 0 and statically_known_true(start >= 0)
    if not is_inside or not statically_known_true(end <= tensor.shape[dim]):
        return out
    shape = list(out.shape)
    shape[dim] = -(-int(distance) // step)
    return tensor.as_strided(shape, out.stride(), out.storage_offset())


@contextlib.contextmanager
def portable_kernels() -> Generator[None]:
    """Keep torch from fused kernels that only its CPU library has."""
    fast_path = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    mkldnn = _C._get_mkldnn_enabled()
    _C._set_mkldnn_enabled(False)
    detect = _TRANSFORMER._detect_is_causal_mask
    _TRANSFORMER._detect_is_causal_mask = _is_told_to_be_causal
    try:
        yield
    finally:
        _TRANSFORMER._detect_is_causal_mask = detect
        _C._set_mkldnn_enabled(mkldnn)
        torch.backends.mha.set_fastpath_enabled(fast_path)


# --- functional tensors -------------------------------------------------------------------------


def is_traced(value: object) -> bool:
    """Tell whether `value` is a tensor of the program under capture."""
    return isinstance(value, FunctionalTensor)


def is_raw_tensor(value: object) -> bool:
    """Tell whether `value` is a real tensor, which the capture has not wrapped yet."""
    return isinstance(value, torch.Tensor) and not isinstance(value, (FunctionalTensor, FakeTensor))


def current_fake(tensor: Tensor) -> Fake:
    """Return the value of `tensor` now, pending mutations applied; the lower modes are active."""
    before = _TORCH._functionalize_enable_reapply_views(True)
    try:
        _TORCH._sync(tensor)
    finally:
        _TORCH._functionalize_enable_reapply_views(before)
    return _TORCH._from_functional_tensor(tensor.elem)


def storage_key(tensor: Tensor) -> int:
    """Return what tensors that alias each other share."""
    storage: Any = tensor.untyped_storage()
    return storage._cdata


_TORCH_DIRECTORY = os.path.join(os.path.dirname(torch.__file__), "")


def view_chain(tensor: Tensor) -> Sequence[Any]:
    """Return the views that lead from the base of `tensor` to it; empty for a base.

    Factories such as `torch.zeros` return a detached view of a base of their own: identities count
    as no view.
    """
    chain = _VIEWS.get_view_meta_sequence(tensor.elem)
    return [view for view in chain if type(view).__name__ not in _IDENTITY_VIEWS]


def is_torch_file(name: str) -> bool:
    """Tell whether a source file is part of torch."""
    return name.startswith(_TORCH_DIRECTORY)


def view_layout(tensor: Tensor) -> str:
    """Return which elements of its storage `tensor` shows, and how."""
    numbers = (tuple(tensor.shape), tensor.stride(), tensor.storage_offset())
    return f"{numbers} {tensor.dtype} {tensor.is_conj()} {tensor.is_neg()}"


def replay_views(base: Tensor, chain: Sequence[Any], mode: Any) -> Tensor:
    """Return the view of `base` that `chain` describes; it aliases `base`."""
    before = _TORCH._functionalize_enable_reapply_views(True)
    try:
        element = _VIEWS.apply_view_meta_sequence(base.elem, chain)
    finally:
        _TORCH._functionalize_enable_reapply_views(before)
    view = FunctionalTensor(element, mode)
    _TORCH._functionalize_unsafe_set(view, base)
    return view


def fake_of_view(tensor: Tensor) -> Fake:
    """Return the fake inside `tensor` without applying mutations."""
    return _TORCH._from_functional_tensor(tensor.elem)


def has_data_mutation(tensor: Tensor) -> bool:
    """Tell whether the contents of `tensor` were changed since it was wrapped."""
    return bool(_TORCH._functionalize_has_data_mutation(tensor.elem))


def grad_mode_of_decorator(function: Any) -> type | None:
    """Return the class of the context that a torch context decorator wraps `function` in."""
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    factory = cells["ctx_factory"].cell_contents if "ctx_factory" in cells else None
    manager: Any = getattr(factory, "__self__", None)
    return None if factory is None else manager.__class__


def undisabled(function: Any) -> Any:
    """Return the function that `torch._dynamo`, once imported, replaced by a wrapper."""
    code = getattr(function, "__code__", None)
    is_wrapper = code is not None and code.co_filename == _COMPILE_FILE
    return function.__wrapped__ if is_wrapper else function


def is_left_to_dynamo(function: Any) -> bool:
    """Tell whether `torch.compile` or `torch.compiler.disable` made `function` of another."""
    return "_torchdynamo_orig_callable" in vars(function)


def without_dynamo(function: Any) -> Any:
    """Return what `torch.compile` or `torch.compiler.disable` would run in place of `function`."""
    while isinstance(function, types.FunctionType) and is_left_to_dynamo(function):
        function = vars(function)["_torchdynamo_orig_callable"]
    if isinstance(function, torch.nn.Module) and is_left_to_dynamo(function):
        return without_dynamo(vars(function)["_modules"]["_orig_mod"])
    return function


def runs_by_dynamo(module: torch.nn.Module) -> bool:
    """Tell whether `module.compile()` was called."""
    return vars(module).get("_compiled_call_impl") is not None


Hooks: TypeAlias = list[tuple[Any, bool]]
"""Hooks in the order of their calls, and whether each takes keyword arguments."""


def forward_hooks(module: torch.nn.Module) -> tuple[Hooks, Hooks]:
    """Return the hooks that run before and after `forward` when `module` is called."""
    state: Any = module
    before = _hooks(_MODULE._global_forward_pre_hooks, {})
    before += _hooks(state._forward_pre_hooks, state._forward_pre_hooks_with_kwargs)
    after = _hooks(_MODULE._global_forward_hooks, _MODULE._global_forward_hooks_with_kwargs)
    after += _hooks(state._forward_hooks, state._forward_hooks_with_kwargs)
    return before, after


def _hooks(hooks: dict[int, Any], with_kwargs: dict[int, bool]) -> Hooks:
    return [(hook, number in with_kwargs) for number, hook in hooks.items()]


def has_forward_hooks(module: torch.nn.Module) -> bool:
    """Tell whether calling `module` runs hooks."""
    return any(forward_hooks(module))


@contextlib.contextmanager
def quiet() -> Generator[None]:
    """Keep torch from printing the errors of kernels that the capture handles itself."""
    logger = logging.getLogger("torch._subclasses.fake_tensor")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before
