"""The contract with torch: one test per assumption about its private parts."""

import importlib
import logging
from collections.abc import Callable
from typing import Any

import pytest
import sympy
import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook

from modelc.compiler.frontend import torch_internals as internals
from modelc.compiler.frontend.torch_internals import (
    BaseKeepingMode,
    PathShapeEnv,
    ProxySlotMode,
    common_facts,
    current_fake,
    data_dependent_symbols,
    expression_of,
    fake_mode,
    has_data_mutation,
    is_raw_tensor,
    is_traced,
    replay_views,
    storage_key,
    symbolic_int,
    view_chain,
)

check: Any = vars(torch)["_check"]
"""With which torch's kernels assume conditions."""


class Listing(ProxySlotMode):
    """A recorder that lists what it sees."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.numbers: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.seen.append(str(func))
        return func(*args, **(kwargs or {}))

    def __sym_dispatch__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        self.numbers.append(func.__name__)
        return func(*args)


class Modes:
    """The stack of modes, and functions that run under it."""

    def __init__(self) -> None:
        self.shapes = PathShapeEnv()
        self.fakes = fake_mode(self.shapes)
        self.recorder = Listing()
        self.functional = BaseKeepingMode()

    def run(self, function: Callable[..., Any], *args: Any) -> Any:
        with torch.no_grad(), self.fakes, self.recorder, self.functional:
            return function(*args)

    def lower(self, function: Callable[..., Any], *args: Any) -> Any:
        with torch.no_grad(), self.fakes, self.recorder:
            return function(*args)

    def tensor(self, *shape: int) -> Any:
        fake = self.fakes.from_tensor(torch.zeros(shape), static_shapes=True)
        return self.run(self.functional.wrap, fake)


@pytest.fixture
def modes() -> Modes:
    return Modes()


# --- modes and functional tensors ---


def test_the_recorder_sees_functional_operators_only(modes: Modes):
    x = modes.tensor(2, 3)
    modes.run(lambda: x[0].mul_(2))
    modes.lower(current_fake, x)
    mutable = [name for name in modes.recorder.seen if name.rpartition(".")[0].endswith("_")]
    assert "aten.mul.Tensor" in modes.recorder.seen
    assert "aten.select_scatter.default" in modes.recorder.seen
    assert not mutable


def test_results_are_traced_tensors(modes: Modes):
    y = modes.run(torch.add, modes.tensor(2), 1)
    assert is_traced(y) and not is_raw_tensor(y)
    assert is_raw_tensor(torch.zeros(1)) and not is_traced(torch.zeros(1))


def test_arithmetic_on_symbolic_numbers_reaches_the_recorder(modes: Modes):
    number: Any = modes.shapes.fresh_float()
    modes.run(lambda: number * 2 - 1)
    assert modes.recorder.numbers == ["mul", "sub"]


def test_views_share_storage_with_their_base(modes: Modes):
    x = modes.tensor(2, 3)
    row, other = modes.run(lambda: x[0]), modes.run(lambda: x + 1)
    assert storage_key(row) == storage_key(x) != storage_key(other)
    assert len(view_chain(row)) == 1 and not view_chain(x)


def test_factories_own_their_memory(modes: Modes):
    """torch returns a detached view of an anonymous base from them."""
    made = modes.run(torch.zeros, 2, 3)
    row = modes.run(lambda: made[0])
    assert not view_chain(made) and len(view_chain(row)) == 1
    base = modes.functional.bases[storage_key(row)]
    before = modes.lower(current_fake, base)
    modes.run(lambda: row.add_(1))
    assert storage_key(base) == storage_key(made)
    assert modes.lower(current_fake, base) is not before


def test_replayed_views_alias_their_new_base(modes: Modes):
    x = modes.tensor(2, 3)
    row = modes.run(lambda: x[1])
    copy = modes.tensor(2, 3)
    view = modes.lower(replay_views, copy, view_chain(row), modes.functional)
    before, untouched = modes.lower(current_fake, copy), modes.lower(current_fake, x)
    modes.run(lambda: view.add_(1))
    assert modes.lower(current_fake, copy) is not before
    assert modes.lower(current_fake, x) is untouched


def test_the_value_changes_with_each_mutation_only(modes: Modes):
    x = modes.tensor(3)
    first = modes.lower(current_fake, x)
    modes.run(lambda: x + 1)
    assert modes.lower(current_fake, x) is first and not has_data_mutation(x)
    modes.run(lambda: x.add_(1))
    assert modes.lower(current_fake, x) is not first and has_data_mutation(x)


def test_mutation_of_a_view_marks_the_base(modes: Modes):
    x = modes.tensor(2, 3)
    modes.run(lambda: x[0].add_(1))
    assert has_data_mutation(x)


def test_eager_leaves_all_modes(modes: Modes):
    def real() -> Any:
        with internals.eager():
            return torch.ones(2) + 1

    result = modes.run(real)
    assert is_raw_tensor(result) and result.tolist() == [2.0, 2.0]


def test_portable_kernels_restore_the_settings():
    fast_path = torch.backends.mha.get_fastpath_enabled()
    with internals.portable_kernels():
        assert not torch.backends.mha.get_fastpath_enabled()
        assert not torch.backends.mkldnn.enabled
    assert torch.backends.mha.get_fastpath_enabled() is fast_path
    assert torch.backends.mkldnn.enabled


def test_quiet_restores_the_logger():
    logger = logging.getLogger("torch._subclasses.fake_tensor")
    with internals.quiet():
        assert logger.disabled
    assert not logger.disabled


# --- symbolic numbers ---


def test_an_item_is_a_fresh_symbol(modes: Modes):
    x = modes.tensor(1)
    number = modes.run(x.item)
    assert internals.python_type(number) is float
    assert isinstance(expression_of(number), sympy.Symbol)


def test_a_symbolic_bool_is_a_symbol_that_equals_one():
    expression = expression_of(PathShapeEnv().fresh_bool())
    assert isinstance(expression, sympy.Eq) and expression.args[1] == 1


def test_truth_of_unknown_numbers_raises_with_their_symbols(modes: Modes):
    number = modes.shapes.fresh_int()
    with pytest.raises(internals.DATA_DEPENDENT_ERRORS) as caught:
        modes.run(lambda: bool(number > 3))
    assert data_dependent_symbols(caught.value) == expression_of(number).free_symbols


def test_restored_facts_are_forgotten_by_every_cache():
    shapes = PathShapeEnv()
    number = shapes.fresh_size()
    condition = expression_of(number) > 3
    before = shapes.snapshot()
    assert shapes.decide(condition) is None
    shapes.assume(condition)
    assert shapes.decide(condition) is True
    shapes.restore(before)
    assert shapes.decide(condition) is None


def test_equated_sizes_are_told_apart_again():
    """H1: an equality that one arm assumes must not hold in the other."""
    shapes = PathShapeEnv()
    first, second = shapes.fresh_size(), shapes.fresh_size()
    before = shapes.snapshot()
    check(first == second)
    equation: Any = sympy.Eq
    equal = equation(expression_of(first), expression_of(second))
    assert shapes.decide(equal) is True
    shapes.restore(before)
    assert shapes.decide(equal) is None


def test_assumptions_are_reported_on_every_path():
    """H14: torch caches what it has checked, but each path needs its own assert."""
    shapes = PathShapeEnv()
    seen: list[sympy.Basic] = []
    shapes.on_assert = lambda condition, message: seen.append(condition)
    first, second = shapes.fresh_size(), shapes.fresh_size()
    before = shapes.snapshot()
    for _ in range(2):
        shapes.restore(before)
        check(first == second)
    assert len(seen) == 2


def test_joined_facts_are_those_of_all_paths():
    shapes = PathShapeEnv()
    number = shapes.fresh_int()
    shapes.set_range(number, 0, 10)
    start = shapes.snapshot()
    shapes.assume(expression_of(number) > 5)
    first = shapes.snapshot()
    shapes.restore(start)
    shapes.assume(expression_of(number) > 7)
    shapes.restore(common_facts([first, shapes.snapshot()]))
    assert shapes.bounds(number) == (6, 10)


def test_bounds_of_expressions():
    shapes = PathShapeEnv()
    number = shapes.fresh_int()
    assert shapes.bounds(number) == (None, None)
    shapes.set_range(number, 2, 4)
    assert shapes.bounds(number + 1) == (3, 5)
    assert shapes.bounds(7) == (7, 7)


INEQUALITIES: list[Callable[[Any], Any]] = [
    lambda u: 9 - 2 * u >= 2,
    lambda u: 9 - 2 * u > 1,
    lambda u: 3 * u - 7 <= 6,
    lambda u: 3 * u < 12,
    lambda u: 3 * u - 2 > 4,
    lambda u: -5 * u <= -11,
    lambda u: u + 3 >= 5,
]


@pytest.mark.parametrize("condition", INEQUALITIES)
def test_inequalities_bound_their_symbol(condition: Callable[[Any], Any]):
    shapes = PathShapeEnv()
    size = shapes.fresh_size(0, 9)
    shapes.assume(condition(expression_of(size)))
    held = [number for number in range(10) if condition(sympy.Integer(number)) == sympy.true]
    assert shapes.bounds(size) == (held[0], held[-1])


def test_expressions_become_numbers_again():
    shapes = PathShapeEnv()
    number = shapes.fresh_int()
    expression = expression_of(number) * 2
    assert expression_of(symbolic_int(shapes, expression)) == expression
    assert symbolic_int(shapes, sympy.Integer(3)) == 3


# --- Python objects of torch ---


def test_context_decorators_show_their_context():
    @torch.no_grad()
    def decorated(x: Any) -> Any:
        return x

    assert internals.grad_mode_of_decorator(decorated) is torch.no_grad


def test_hooks_are_seen_in_their_order():
    def before(*_: Any) -> None: ...
    def after(*_: Any) -> None: ...

    module = nn.Linear(1, 1)
    assert not internals.has_forward_hooks(module)
    module.register_forward_pre_hook(before, with_kwargs=True)
    module.register_forward_hook(after)
    module.register_forward_hook(before, prepend=True)
    with register_module_forward_hook(after):
        hooks = internals.forward_hooks(module)
    assert hooks == ([(before, True)], [(after, False), (before, False), (after, False)])
    assert internals.has_forward_hooks(module)


def test_functions_that_dynamo_replaced_are_found():
    original = internals.undisabled(torch.manual_seed)  # pyright: ignore[reportUnknownMemberType]
    importlib.import_module("torch._dynamo")  # replaces torch.manual_seed by a wrapper
    assert internals.undisabled(torch.manual_seed) is original  # pyright: ignore[reportUnknownMemberType]


def test_encoders_ask_by_one_function_whether_a_mask_is_causal():
    transformer: Any = importlib.import_module("torch.nn.modules.transformer")
    detect = transformer._detect_is_causal_mask
    causal = torch.triu(torch.full((3, 3), float("-inf")), diagonal=1)
    assert detect(causal, None, 3) and not detect(causal * 0 + 1, None, 3)
    with internals.portable_kernels():
        told = transformer._detect_is_causal_mask
        assert not told(causal, None, 3) and told(causal, True, 3)
    assert transformer._detect_is_causal_mask is detect


def test_cached_types_are_of_one_path(modes: Modes):
    size = modes.shapes.fresh_size()
    before = modes.shapes.snapshot()
    ranks: list[int] = []
    with modes.fakes:
        tensor = torch.empty(size, 3)
        for relation in ("Eq", "Ne"):
            modes.shapes.restore(before)
            modes.shapes.assume(getattr(sympy, relation)(expression_of(size), 1))
            ranks.append(tensor.squeeze(0).dim())
    assert ranks == [1, 2]


def test_equal_symbols_stay_equal(modes: Modes):
    before = modes.shapes.snapshot()
    size, other = modes.shapes.fresh_size(), modes.shapes.fresh_size()
    modes.shapes.equate(other, size)
    modes.shapes.restore(before)
    assert modes.shapes.resolve(expression_of(other)) == expression_of(size)


def test_slices_of_known_length(modes: Modes):
    place = modes.shapes.fresh_size()
    modes.shapes.set_range(place, 0, 4)
    with modes.fakes, internals.exact_slices():
        tensor = torch.empty(6, 3)
        inside = torch.ops.aten.slice.Tensor(tensor, 0, place, place + 2)
        assert inside.shape == (2, 3)
        beyond = torch.ops.aten.slice.Tensor(tensor, 0, place, place + 3)
        assert not isinstance(beyond.shape[0], int)


def test_numbers_with_few_values(modes: Modes):
    size = modes.shapes.fresh_size()
    modes.shapes.set_range(size, 1, 3)
    symbol = expression_of(size)
    modes.shapes.branches = {}
    asked = modes.shapes.asked_value(symbol)
    assert asked == sympy.Eq(symbol, 3)
    modes.shapes.branches = {asked: False, sympy.Eq(symbol, 2): False}
    assert int(size) == 1
    assert modes.shapes.decide(sympy.Eq(symbol, 1)) is True
    modes.shapes.set_range(size, 0, None)
    assert modes.shapes.asked_value(symbol) is None
