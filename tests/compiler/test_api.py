"""`modelc.compile` as users call it: on modules, functions and classes, for several signatures."""

# torch leaves its seeds and norms untyped:
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import dataclasses
import functools
import logging
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import modelc
from modelc.compiler.compiled import Compiled
from modelc.diagnostics import DiagnosticError

RTOL, ATOL = 1e-5, 1e-6  # float32, sums of at most 8 terms


class Gate(nn.Module):
    """Apply a layer where the sum of the input is positive."""

    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.linear = nn.Linear(width, width)

    def forward(self, x: Tensor, scale: float = 1.0) -> dict[str, Tensor | float]:
        if x.sum() > 0:
            x = self.linear(x)
        return {"y": x * scale, "scale": scale}


def double_if_large(x: Tensor) -> Tensor:
    """Double what has a norm above one."""
    return x * 2 if x.norm() > 1 else x


@pytest.fixture
def gate() -> Gate:
    """Make a gate with weights that are always the same."""
    torch.manual_seed(0)
    return Gate().eval()


def check(compiled: Compiled, program: nn.Module, *args: object, **kwargs: object) -> None:
    """Compare one call with eager."""
    with torch.no_grad():
        expected = program(*args, **kwargs)
    torch.testing.assert_close(compiled(*args, **kwargs), expected, rtol=RTOL, atol=ATOL)


def test_compiles_ahead_of_time_with_examples(gate: Gate) -> None:
    compiled = modelc.compile(gate, (torch.ones(2, 4),))
    for x in (torch.ones(2, 4), -torch.ones(2, 4)):
        check(compiled, gate, x)
    assert compiled.stages == ("captured", "optimised", "outlined")
    assert "cf.cond_br" in compiled.ir("captured")
    assert "host.call" in compiled.ir()
    assert "onnxruntime" in compiled.explain()


def test_compiles_each_signature_when_it_comes(
    gate: Gate, caplog: pytest.LogCaptureFixture
) -> None:
    compiled = modelc.compile(gate)
    with caplog.at_level(logging.INFO, "modelc"):
        for rows in (1, 2, 1, 2):
            check(compiled, gate, torch.ones(rows, 4))
        check(compiled, gate, torch.ones(1, 4), scale=2.0)
    compilations = [record for record in caplog.records if record.name == "modelc"]
    assert len(compilations) == 3
    assert "1x4 float32" in compilations[0].getMessage()


def test_bounds_the_number_of_signatures(gate: Gate) -> None:
    compiled = modelc.compile(gate, max_signatures=2)
    compiled(torch.ones(1, 4))
    compiled(torch.ones(2, 4))
    with pytest.raises(DiagnosticError, match="MC0501") as caught:
        compiled(torch.ones(3, 4))
    assert "3x4 float32" in str(caught.value) and "1x4 float32" in str(caught.value)
    check(compiled, gate, torch.ones(2, 4))


def test_compiles_again_when_parameters_change(gate: Gate) -> None:
    compiled = modelc.compile(gate, (torch.ones(2, 4),))
    with torch.no_grad():
        gate.linear.weight.mul_(3)
    check(compiled, gate, torch.ones(2, 4))


def test_compiles_again_when_parameters_or_modules_are_replaced(gate: Gate) -> None:
    x = torch.ones(2, 4)
    compiled = modelc.compile(gate, (x,))
    check(compiled, gate, x)
    gate.linear.weight = nn.Parameter(torch.full((4, 4), 2.0))
    check(compiled, gate, x)
    gate.linear = nn.Linear(4, 4).eval()
    check(compiled, gate, x)
    gate.linear.bias = None  # type: ignore[assignment] # what torch allows
    check(compiled, gate, x)


def test_notices_changes_between_calls_of_several_signatures(gate: Gate) -> None:
    compiled = modelc.compile(gate)
    for scale in (1, 3):
        with torch.no_grad():
            gate.linear.weight.mul_(scale)
        for rows in (1, 2, 1, 2):
            check(compiled, gate, torch.ones(rows, 4))


def test_a_frozen_program_keeps_the_parameters_it_was_compiled_with(gate: Gate) -> None:
    x = torch.ones(2, 4)
    compiled = modelc.compile(gate, (x,), freeze=True)
    before = compiled(x)["y"]
    with torch.no_grad():
        gate.linear.weight.mul_(3)
    torch.testing.assert_close(compiled(x)["y"], before, rtol=0, atol=0)


def test_tells_tensors_of_other_types_apart(gate: Gate) -> None:
    compiled = modelc.compile(double_if_large)
    for x in (torch.ones(3), torch.ones(3, dtype=torch.float64), torch.ones(3)):
        torch.testing.assert_close(compiled(x), double_if_large(x), rtol=0, atol=0)


def test_refuses_training_mode_of_a_compiled_module(gate: Gate) -> None:
    compiled = modelc.compile(gate, (torch.ones(2, 4),))
    gate.train()
    with pytest.raises(DiagnosticError, match="MC0110"):
        compiled(torch.ones(2, 4))


def test_decorates_functions_with_and_without_arguments() -> None:
    plain = modelc.compile(double_if_large)
    with_arguments = modelc.compile(target="cpu", threads=1)(double_if_large)
    for scale in (0.1, 1.0):
        x = torch.full((3, 4), scale)
        for compiled in (plain, with_arguments):
            torch.testing.assert_close(compiled(x), double_if_large(x), rtol=0, atol=0)
    assert plain.__name__ == "double_if_large" and plain.__doc__ == double_if_large.__doc__


def test_decorates_module_classes() -> None:
    torch.manual_seed(0)
    compiled_class = modelc.compile(Gate)
    compiled = compiled_class(4).eval()
    assert isinstance(compiled, Gate)
    x = torch.ones(2, 4)
    with torch.no_grad():
        expected = Gate.forward(compiled, x)
    torch.testing.assert_close(compiled(x), expected, rtol=RTOL, atol=ATOL)


def test_saves_what_load_reads(gate: Gate, tmp_path: Path) -> None:
    compiled = modelc.compile(gate, (torch.ones(2, 4),))
    for directory in (False, True):
        path = compiled.save(tmp_path / f"gate-{directory}.modelc", directory=directory)
        loaded = modelc.load(path)
        torch.testing.assert_close(
            loaded(torch.ones(2, 4)), compiled(torch.ones(2, 4)), rtol=0, atol=0
        )


def test_says_that_nothing_is_compiled_yet(gate: Gate) -> None:
    with pytest.raises(DiagnosticError, match="MC0003"):
        modelc.compile(gate).ir()


def test_refuses_unknown_stages_and_targets(gate: Gate) -> None:
    compiled = modelc.compile(gate, (torch.ones(2, 4),))
    with pytest.raises(DiagnosticError, match="MC0006"):
        compiled.ir("outline")
    with pytest.raises(DiagnosticError, match="MC0001"):
        modelc.compile(gate, target="cdua")


def test_compiles_under_inference_mode() -> None:
    with torch.inference_mode():
        torch.manual_seed(0)
        gate = Gate().eval()
        check(modelc.compile(gate), gate, torch.ones(2, 4))


@pytest.mark.parametrize("axis", [0, -2])
def test_varies_the_dims_that_are_named(
    gate: Gate, axis: int, caplog: pytest.LogCaptureFixture
) -> None:
    dims = {"x": {axis: modelc.Dim("B", 1, 8)}}
    with caplog.at_level(logging.INFO, "modelc"):
        compiled = modelc.compile(gate, (torch.ones(2, 4),), dims=dims)
        for rows in (1, 2, 5, 8):
            check(compiled, gate, torch.ones(rows, 4))
            check(compiled, gate, -torch.ones(rows, 4))
    assert sum(record.name == "modelc" for record in caplog.records) == 1
    assert "(Bx4 float32 cpu)" in repr(compiled)
    with pytest.raises(DiagnosticError, match="MC0501"):
        compiled(torch.ones(9, 4))


def test_varies_the_dims_of_inputs_without_a_name_of_their_own() -> None:
    def total(*parts: Tensor, **named: Tensor) -> Tensor:
        return sum((part.sum() for part in (*parts, *named.values())), torch.zeros(()))

    dims = {"parts[1]": {0: modelc.Dim("N", 1)}, "last": {0: modelc.Dim("M", 1)}}
    compiled = modelc.compile(total, dims=dims, max_signatures=1)
    for extent in (3, 2, 5):
        parts, last = (torch.ones(2), torch.ones(extent)), torch.ones(extent + 1)
        assert compiled(*parts, last=last) == total(*parts, last=last)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the project warned of."""
    found = [record for record in caplog.records if record.name == "modelc"]
    return [record.getMessage() for record in found if record.levelname == "WARNING"]


def test_warns_of_signatures_that_are_not_saved(
    gate: Gate, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    compiled = modelc.compile(gate, (torch.ones(2, 4),))
    assert repr(compiled) == "<modelc.compile of Gate for (2x4 float32 cpu)>"
    compiled.save(tmp_path / "one.modelc")
    assert not warnings(caplog)
    compiled(torch.ones(3, 4))
    compiled.save(tmp_path / "two.modelc")
    (message,) = warnings(caplog)
    assert "for (3x4 float32 cpu) only, not for (2x4 float32 cpu)" in message


def test_sees_through_compiled_parts() -> None:
    inner = modelc.compile(double_if_large)
    gate_class = modelc.compile(Gate)

    class Outer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gate = gate_class(4)

        def forward(self, x: Tensor) -> Tensor:
            return inner(self.gate(x)["y"])

    torch.manual_seed(0)
    outer = Outer().eval()
    compiled = modelc.compile(outer, (torch.ones(2, 4),))
    for x in (torch.ones(2, 4), -torch.ones(2, 4)):
        check(compiled, outer, x)


def test_takes_one_tensor_for_two_inputs() -> None:
    def mix(x: Tensor, y: Tensor) -> Tensor:
        return x + 2 * y if x.sum() > 0 else y - x

    x, y = torch.ones(3), torch.full((3,), 5.0)
    compiled = modelc.compile(mix, (x, x))
    torch.testing.assert_close(compiled(x, y), mix(x, y), rtol=0, atol=0)


def test_knows_equal_static_inputs_by_what_they_hold() -> None:
    @dataclasses.dataclass(frozen=True)
    class Choice:
        names: tuple[str, ...]

    def choose(x: Tensor, choice: Choice) -> Tensor:
        return x * len(choice.names)

    compiled = modelc.compile(choose, max_signatures=2)
    for names in (("a",), ("a", "b"), ("a",), ("a", "b")):
        x = torch.ones(3)
        expected = choose(x, Choice(names))
        torch.testing.assert_close(compiled(x, Choice(names)), expected, rtol=0, atol=0)


def test_tells_equal_inputs_of_different_kinds_apart() -> None:
    @dataclasses.dataclass(frozen=True)
    class Node:
        value: object
        below: tuple[object, ...] = ()

    def kinds(x: Tensor, node: Node, flag: object = None) -> Tensor:
        x = x * (2 if node.value is True else 3) + len(node.below)
        return x if isinstance(flag, bool) else x + 10

    compiled = modelc.compile(kinds, max_signatures=20)
    x = torch.ones(3)
    nodes = (Node(True), Node(1), Node(1.0), Node(1, (Node(1),)), Node(1, (Node([1]),)))
    for _ in range(2):
        for node in nodes:
            for flag in (1, True, None):
                expected = kinds(x, node, flag=flag)
                torch.testing.assert_close(compiled(x, node, flag=flag), expected, rtol=0, atol=0)


def refuse(program: object, *args: Tensor) -> modelc.DiagnosticError:
    """Return why a program is refused that is not the user's own."""
    with pytest.raises(DiagnosticError) as caught:
        modelc.compile(program, args)  # pyright: ignore[reportCallIssue, reportArgumentType]
    return caught.value


@pytest.mark.parametrize(
    ("program", "inputs", "code"),
    [
        (5, 1, "MC0002"),
        (nn.Linear(3, 3).train(), 1, "MC0110"),
        (nn.Linear(3, 3).eval(), 2, "MC0003"),
        (torch.relu, 1, "MC0109"),
    ],
)
def test_points_at_the_call_if_the_program_is_not_of_the_user(
    program: object, inputs: int, code: str
) -> None:
    (diagnostic,) = refuse(program, *[torch.ones(3)] * inputs).diagnostics
    line = refuse.__code__.co_firstlineno + 3
    assert diagnostic.code == code and diagnostic.help
    assert str(diagnostic.location).endswith(f"{Path(__file__).name}:{line}:9")


def test_compiles_functions_that_are_not_of_the_user() -> None:
    x = torch.tensor([1.0, -2.0])
    linear = nn.Linear(2, 2).eval()
    for program in (abs, linear.forward, functools.partial(nn.functional.softmax, dim=0)):
        compiled = modelc.compile(program, (x,))
        torch.testing.assert_close(compiled(x), program(x), rtol=RTOL, atol=ATOL)
