"""Loops: unrolled, rolled, generalised to a fixpoint, peeled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn, tensor

from modelc.compiler.frontend import Limits
from modelc.ir import Block, Func
from modelc.ir.host import CondBranch, lists

from .evaluation import agree, captured, main, names, ops, refusals

ONES = torch.ones(3)


def headers(func: Func) -> list[Block]:
    """Return the targets of back edges."""
    order = {block: number for number, block in enumerate(func.body.blocks)}
    return [
        edge.block
        for block in func.body.blocks
        for edge in block.successors
        if order[edge.block] <= order[block]
    ]


def halve(x: Tensor) -> tuple[Tensor, int]:
    steps = 0
    while x.sum() > 1:
        x = x / 2
        steps += 1
    return x, steps


def test_only_what_changes_is_carried():
    def program(x: Tensor, scale: Tensor) -> Tensor:
        y = scale * 2
        while x.sum() > 1:
            x = x * scale
        return x + y

    result = captured(program, ONES, ONES / 2)
    (header,) = headers(main(result))
    assert [str(value.type) for value in header.args] == ["tensor<[3], f32>"]
    agree(program, result, (ONES, ONES / 2), (-ONES, ONES), (ONES * 9, ONES / 3))


def test_numbers_are_carried():
    result = captured(halve, ONES)
    (header,) = headers(main(result))
    assert sorted(str(value.type) for value in header.args) == ["i64", "tensor<[3], f32>"]
    agree(halve, result, (ONES,), (ONES * 100,), (-ONES,))


def test_a_static_loop_is_straight_code():
    def program(x: Tensor) -> Tensor:
        for step in range(4):
            x = x * step + 1
        count = 0
        while count < 3:
            x, count = x + 1, count + 1
        return x

    result = captured(program, ONES)
    assert len(main(result).body.blocks) == 1
    assert names(main(result)).count("aten.add.Tensor") == 7


@pytest.mark.parametrize(("length", "rolled"), [(16, False), (17, True)])
def test_long_ranges_with_an_exit_are_rolled(length: int, rolled: bool):
    def program(x: Tensor) -> Tensor:
        for _ in range(length):
            x = x / 2
            if x.sum() < 1:
                break
        return x

    result = captured(program, ONES)
    assert bool(headers(main(result))) is rolled
    agree(program, result, (ONES,), (ONES * 1e9,), (-ONES,))


def test_a_counter_that_selects_modules_unrolls():
    class Layers(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList(nn.Linear(3, 3) for _ in range(20))

        def forward(self, x: Tensor) -> Tensor:
            for index in range(20):
                x = self.layers[index](x)
                if x.sum() > 3:
                    break
            return x

    torch.manual_seed(0)  # pyright: ignore[reportUnknownMemberType]: torch leaves it untyped
    model = Layers().eval()
    result = captured(model, ONES)
    assert not headers(main(result))
    assert any("unrolled" in note.message for note in result.notes)
    agree(model, result, (ONES,), (ONES * 5,))


def test_a_kind_that_settles_is_peeled():
    def program(x: Tensor) -> Tensor:
        last = None
        while x.sum() > 1:
            x = x / 2 if last is None else x / 2 + last * 0.1
            last = x
        return x

    result = captured(program, ONES)
    assert any("peeled" in note.message for note in result.notes)
    agree(program, result, (ONES,), (ONES * 50,), (-ONES,))


def test_a_kind_that_never_settles_is_refused():
    def program(x: Tensor) -> Any:
        y: Any = x
        while x.sum() > 1:
            x = x / 2
            y = (y,)
        return y

    (diagnostic,) = refusals(program, ONES)
    assert diagnostic.code == "MC0103" and "`y`" in diagnostic.message
    assert diagnostic.location is not None and diagnostic.location.column == 9


def test_sizes_that_grow_become_unknown():
    def program(x: Tensor) -> Tensor:
        while x.sum() < 20:
            x = torch.cat([x, x[:1] + 1])
        return x

    result = captured(program, ONES)
    (header,) = headers(main(result))
    assert [str(value.type) for value in header.args] == ["tensor<[?u0], f32>"]
    agree(program, result, (ONES,), (ONES * 9,))


def test_lists_that_grow_are_host_lists():
    def program(x: Tensor) -> tuple[Tensor, int]:
        parts: list[Tensor] = []
        while x.sum() > 1:
            x = x / 2
            parts.append(x)
        parts.append(x)
        return torch.stack(parts), len(parts)

    result = captured(program, ONES)
    assert len(ops(main(result), lists.Append)) == 2
    agree(program, result, (ONES,), (ONES * 40,), (-ONES,))


def test_a_counter_keeps_its_lower_bound():
    def program(x: Tensor) -> Tensor:
        step = 1
        while x.sum() > 1:
            if step < 1:
                x = x * 0
            x, step = x / 2, step + 1
        return x

    assert len(ops(main(captured(program, ONES)), CondBranch)) == 1


def test_a_counter_that_falls_has_no_lower_bound():
    def program(x: Tensor) -> Tensor:
        step = 1
        while x.sum() > 1:
            if step < 1:
                x = x / 8
            x, step = x / 2, step - 1
        return x

    result = captured(program, ONES)
    assert len(ops(main(result), CondBranch)) == 2
    agree(program, result, (ONES * 100,), (-ONES,))


def test_nested_loops():
    def program(x: Tensor, count: Tensor) -> tuple[Tensor, int]:
        rounds = 0
        for _ in range(int(count)):
            while x.sum() > 2:
                x = x / 2
                rounds += 1
                if rounds > 9:
                    return x, rounds
            x = x * 3
        return x, rounds

    result = captured(program, ONES, tensor(2))
    assert len(headers(main(result))) >= 2
    agree(program, result, (ONES, tensor(2)), (ONES, tensor(0)), (ONES * 99, tensor(9)))


def test_views_of_a_carried_tensor_stay_views():
    """H4: the row and the matrix are one memory, in every iteration."""

    def program(x: Tensor, count: Tensor) -> Tensor:
        y = torch.zeros(2, 3)
        row, flat = y[1], y.view(-1)
        for _ in range(int(count)):
            row.add_(x)
            flat[0] += 1
        return y

    result = captured(program, ONES, tensor(2))
    agree(program, result, (ONES, tensor(2)), (ONES, tensor(0)))


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_names_that_change_places(count: int):
    def program(x: Tensor, n: Tensor) -> tuple[Tensor, Tensor]:
        a, b = x, x * 2
        for _ in range(int(n)):
            a, b = b, a + b
        return a, b

    agree(program, captured(program, ONES, tensor(2)), (ONES, tensor(count)))


def test_too_many_blocks_are_refused():
    def program(x: Tensor) -> Tensor:
        for index in range(12):
            if x[index % 3] > index:
                x = x + 1
        return x

    found = refusals(program, ONES, limits=Limits(blocks=20))
    assert [diagnostic.code for diagnostic in found] == ["MC0106"]


def test_a_loop_without_end_is_refused():
    def program(x: Tensor) -> Tensor:
        while True:
            x = x + 1

    (found,) = refusals(program, ONES, limits=Limits(iterations=50))
    assert found.code == "MC0106" and "50 times" in found.message
    assert found.location and found.location.line == program.__code__.co_firstlineno + 1


def test_attempts_leave_nothing_behind():
    """Blocks of attempts that were rolled back are gone."""
    func = main(captured(halve, ONES))
    reached, pending = set[Block](), [func.body.entry]
    while pending:
        block = pending.pop()
        if block not in reached:
            reached.add(block)
            pending += [edge.block for edge in block.successors]
    assert reached == set(func.body.blocks)


def test_tail_of_a_loop_with_else():
    def program(x: Tensor) -> Tensor:
        while x.sum() > 1:
            x = x / 2
            if x.max() > 40:
                break
        else:
            x = x + 100
        return x

    agree(program, captured(program, ONES), (ONES,), (ONES * 100,), (-ONES,))


Program = Callable[..., Any]
