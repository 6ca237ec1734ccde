"""Named dimensions that are malformed, or do not fit the example inputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

import modelc
from modelc import DiagnosticError, Dim

HERE = Path(__file__).name
B = Dim("B", 1, 64)


def choose(x: torch.Tensor, y: torch.Tensor, z: torch.Tensor | None = None) -> torch.Tensor:
    """Return one of the inputs."""
    return x if x.sum() > 0 else y


def refusal(dims: Any) -> DiagnosticError:
    """Return why `dims` are refused for inputs of the shapes [4, 3] and [5]."""
    with pytest.raises(DiagnosticError) as caught:
        modelc.compile(choose, (torch.ones(4, 3), [torch.ones(5)]), dims=dims)
    return caught.value


@pytest.mark.parametrize(
    ("dims", "message", "advice"),
    [
        ({"x": {2: B}}, "axis 2 of 'x', whose example has shape [4, 3]", "its axes are 0 to 1"),
        ({"x": {-3: B}}, "axis -3 of 'x'", "its axes are 0 to 1"),
        ({"y": {1: B}}, "axis 1 of 'y', whose example has shape [5]", "its axes are 0 to 0"),
        ({"x": {0: B, -2: B}}, "axis -2 of 'x' twice", "counts from the end"),
        ({"x1": {0: B}}, "'x1', which is no input", "did you mean x?"),
        ({"z": {0: B}}, "'z', of which the example inputs hold no tensor", "that are given"),
        ({"x": {0: Dim("B", 8, 64)}}, "axis 0 of 'x' is 4 in the example", "widen the bounds"),
        ({"x": {0: Dim("B", 1, 3)}}, "axis 0 of 'x' is 4 in the example", "widen the bounds"),
        ({"x": {0: B}, "y": {0: B}}, "'B' is 4 as axis 0 of 'x', and 5 as", "names of their own"),
    ],
)
def test_points_at_the_program_whose_inputs_dims_do_not_fit(
    dims: Any, message: str, advice: str
) -> None:
    (diagnostic,) = refusal(dims).diagnostics
    assert diagnostic.code == "MC0005" and diagnostic.location is not None
    line = choose.__code__.co_firstlineno
    assert str(diagnostic.location).endswith(f"{HERE}:{line}:1")
    assert message in diagnostic.message and advice in diagnostic.help


@pytest.mark.parametrize(
    ("dims", "message", "advice"),
    [
        (["x"], "`dims` is a list", '{"x": {0: modelc.Dim("B", 1, 64)}}'),
        ({"x": ["B"]}, "`dims['x']` is a list", '{"x": {0: modelc.Dim("B", 1, 64)}}'),
        ({"x": {0: "B"}}, "`dims['x'][0]` is a str, not a modelc.Dim", "modelc.Dim"),
        ({"x": {"0": B}}, "an axis is an int, not a str", "modelc.Dim"),
        ({"x": {0: Dim("B", 9, 3)}}, "no extent lies between", "modelc.Dim('B', 3, 9)"),
        ({"x": {0: Dim("B", -1)}}, "are no extents", "give ints from 0"),
        ({"x": {0: Dim("B", 1, 2.5)}}, "are no extents", "give ints from 0"),  # type: ignore[arg-type]
        ({"x": {0: Dim("")}}, "'' is no name of a dimension", "name it like"),
        ({"x": {0: Dim(3)}}, "3 is no name of a dimension", "name it like"),  # type: ignore[arg-type]
        ({"x": {0: B, 1: Dim("B", 2)}}, "but 'B' is Dim(name='B', minimum=1", "another name"),
    ],
)
def test_points_at_the_call_whose_dims_are_malformed(dims: Any, message: str, advice: str) -> None:
    (diagnostic,) = refusal(dims).diagnostics
    assert diagnostic.code == "MC0005" and diagnostic.location is not None
    line = refusal.__code__.co_firstlineno + 3
    assert str(diagnostic.location).endswith(f"{HERE}:{line}:9")
    assert message in diagnostic.message and advice in diagnostic.help


def test_reports_all_reasons_at_once() -> None:
    error = refusal({"x": {0: Dim("D", 8), 7: Dim("C")}, "w": {0: B}})
    assert [diagnostic.code for diagnostic in error.diagnostics] == ["MC0005"] * 3


def test_refuses_malformed_dims_before_there_are_examples() -> None:
    with pytest.raises(DiagnosticError, match="MC0005"):
        modelc.compile(choose, dims={"x": {0: Dim("B", 9, 3)}})


@pytest.mark.parametrize("dims", [{"x": {-2: B}}, {"x": {0: Dim("B", 4, 4)}}, {"y": {0: Dim("N")}}])
def test_takes_dims_that_fit(dims: Any) -> None:
    x, y = torch.ones(4, 3), torch.ones(5)
    compiled = modelc.compile(choose, (x, y), dims=dims)
    assert torch.equal(compiled(x, y), x) and torch.equal(compiled(-x, y), y)
