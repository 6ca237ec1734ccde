"""Forks and joins: what merges, what stays apart, and what is refused."""

from __future__ import annotations

import time
from typing import Any

import torch
from torch import Tensor

from modelc.ir.host import CondBranch, Item, Raise, Switch

from .evaluation import agree, captured, main, ops, refusals

ONES = torch.ones(3)


def test_only_live_values_are_merged():
    """H3: what is not read after the join is no block argument and keeps no paths apart."""

    def program(x: Tensor) -> Tensor:
        if x.sum() > 0:
            _name, _unused, y = "yes", x * 2, x + 1
        else:
            _name, _unused, y = None, 3, x - 1
        return y * 2

    func = main(captured(program, ONES))
    assert len(func.body.blocks) == 4
    assert [len(block.args) for block in func.body.blocks] == [1, 0, 0, 1]


def test_unequal_numbers_merge():
    def program(x: Tensor) -> tuple[Tensor, int]:
        count = 1
        if x.sum() > 0:
            count = 5
        return x * count, count + 1

    result = captured(program, ONES)
    assert len(main(result).body.blocks) == 4
    agree(program, result, (ONES,), (-ONES,))


def test_a_merged_number_that_must_be_known_keeps_paths_apart():
    def program(x: Tensor) -> Tensor:
        index = 0
        if x.sum() > 0:
            index = 1
        return [x, x * 10][index] + 1

    result = captured(program, ONES)
    assert not ops(main(result), Switch)
    assert any("must be known" in note.message for note in result.notes)
    agree(program, result, (ONES,), (-ONES,))


def test_merged_numbers_keep_their_range():
    """H12: a comparison that no merged value satisfies is no branch."""

    def program(x: Tensor) -> Tensor:
        count = 0
        if x.sum() > 0:
            count = 1
        return x * 7 if count > 1 else x

    assert len(ops(main(captured(program, ONES)), CondBranch)) == 1


def test_different_kinds_stay_apart():
    def program(x: Tensor) -> Tensor:
        y = None
        if x.sum() > 0:
            y = x * 2
        z = x + 1
        return z if y is None else z + y

    result = captured(program, ONES)
    assert any("stay apart: y differs" in note.message for note in result.notes)
    agree(program, result, (ONES,), (-ONES,))


def test_a_condition_is_asked_once():
    """H24: the second `if` knows what the first one found."""

    def program(x: Tensor) -> Tensor:
        flag = x.sum() > 0
        if flag:
            y = x * 2
        z = x + 1
        if flag:
            z = z + y  # pyright: ignore[reportPossiblyUnboundVariable]: bound when flag holds
        return z

    result = captured(program, ONES)
    assert len(ops(main(result), CondBranch)) == 1
    agree(program, result, (ONES,), (-ONES,))


def test_a_variable_bound_on_one_path_only():
    def program(x: Tensor) -> Tensor:
        if x.sum() > 0:
            y = x * 2
        return y  # pyright: ignore[reportPossiblyUnboundVariable]: that is the point

    result = captured(program, ONES)
    (raised,) = ops(main(result), Raise)
    assert raised.exception == "builtins:UnboundLocalError"
    assert "`y` is undefined here on some paths" in {note.message for note in result.notes}


def test_a_variable_bound_on_no_path():
    def program(x: Tensor, flag: bool = False) -> Tensor:
        if flag:
            y = x * 2
        return y  # pyright: ignore[reportPossiblyUnboundVariable]: that is the point

    (diagnostic,) = refusals(program, ONES)
    assert diagnostic.code == "MC0107"


def test_items_are_read_where_they_dominate():
    """`item()` in one arm does not serve the other."""

    def program(x: Tensor, n: Tensor) -> Tensor:
        x = x * n.item() if x.sum() > 0 else x - n.item()
        return x + n.item()

    result = captured(program, ONES, torch.tensor(3.0))
    assert len(ops(main(result), Item)) >= 3
    agree(program, result, (ONES, torch.tensor(3.0)), (-ONES, torch.tensor(2.0)))


def test_sizes_of_one_arm_do_not_hold_in_the_other():
    """H1: the sum in the first arm asserts equal sizes; the second arm asks for them."""

    def program(x: Tensor, y: Tensor) -> Tensor:
        a, b = x[x > 0], y[y > 0]
        if x.sum() > 100:
            return a + b
        return x * 100 if a.shape[0] == b.shape[0] else x

    result = captured(program, ONES, ONES)
    mixed = torch.tensor([1.0, -1.0, 1.0])
    agree(program, result, (ONES, ONES), (ONES, mixed), (ONES * 99, ONES))


def test_a_switch_over_a_list():
    def program(x: Tensor, index: Tensor) -> Tensor:
        return [x, x * 2, x * 3][int(index)] + 1

    result = captured(program, ONES, torch.tensor(1))
    (op,) = ops(main(result), Switch)
    assert len(op.cases) == 3
    agree(program, result, *((ONES, torch.tensor(i)) for i in (-3, -1, 0, 2)))


def test_mutation_where_aliases_differ_is_refused():
    """H4: on one path `y` is a view of `x`, on the other it is not."""

    def program(x: Tensor) -> Tensor:
        x = x + 1
        y = x[:2] if x.sum() > 0 else x[:2] * 2
        y.add_(5)
        return x

    (diagnostic,) = refusals(program, ONES)
    assert diagnostic.code == "MC0104" and diagnostic.help


def test_all_reasons_are_reported():
    def program(x: Tensor) -> Any:
        if x.sum() > 0:
            return x.data_ptr()
        if x.max() > -1:
            return {x.sum().item(): x}
        return x * time.time()

    assert {d.code for d in refusals(program, ONES)} == {"MC0101", "MC0102", "MC0105"}


def test_refusals_name_the_call_chain():
    def inner(x: Tensor) -> Any:
        return x.data_ptr()

    def outer(x: Tensor) -> Any:
        return inner(x * 2)

    (diagnostic,) = refusals(outer, ONES)
    assert diagnostic.location is not None and diagnostic.location.function.endswith("inner")
    (note,) = diagnostic.notes
    assert "inner" in note.message and note.location is not None
    assert note.location.line == diagnostic.location.line + 3
