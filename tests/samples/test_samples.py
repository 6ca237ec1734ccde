"""What every sample must offer: the same weights each time, inputs that take every path."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any, Protocol

import pytest
import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

SAMPLES = Path(__file__).parents[2] / "samples"
NAMES = sorted(path.stem for path in SAMPLES.glob("*.py") if path.stem != "report")
NOT_FORWARD = {"__init__", "make_shortcut"}

Load = Callable[[str], ModuleType]
Build = Callable[[str], nn.Module]

each_sample = pytest.mark.parametrize("name", NAMES)


class Recorder(Protocol):
    """The part of the decision recorder that the tests read."""

    thresholds: list[float]
    rankings: list[float]

    def __enter__(self) -> object: ...
    def __exit__(self, *error: object) -> None: ...


def methods(code: CodeType, owner: str = "") -> Iterator[CodeType]:
    """Yield the code of each method that a forward pass may run, nested functions included."""
    for constant in code.co_consts:
        if not isinstance(constant, CodeType):
            continue
        if owner and constant.co_name not in NOT_FORWARD:
            yield constant
        is_class = constant.co_name[0].isupper()
        if is_class or owner:
            yield from methods(constant, constant.co_name)


def forward_lines(path: str) -> set[int]:
    """Return the lines that forward passes can execute in the sample at `path`."""
    module = compile(Path(path).read_text(), path, "exec")
    return {
        line
        for code in methods(module)
        for _, _, line in code.co_lines()
        if line and line != code.co_firstlineno
    }


def executed_lines(path: str, run: Callable[[], object]) -> set[int]:
    """Return the lines of `path` that `run` executes."""
    lines: set[int] = set()

    def trace(frame: FrameType, event: str, _: object) -> Any:
        if frame.f_code.co_filename != path:
            return None
        if event == "line":
            lines.add(frame.f_lineno)
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        run()
    finally:
        sys.settrace(previous)
    return lines


def outputs(model: nn.Module, inputs: list[tuple[Any, ...]]) -> list[Any]:
    """Return what `model` answers in eager mode to each of `inputs`."""
    with torch.inference_mode():
        return [model(*args) for args in inputs]


def signature(args: tuple[Any, ...]) -> Any:
    """Return `args` with each tensor replaced by its shape and dtype."""

    def abstract(value: Any) -> Any:
        return (tuple(value.shape), value.dtype) if isinstance(value, Tensor) else value

    return pytree.tree_map(abstract, args)


def equal(left: Any, right: Any) -> bool:
    """Return whether two outputs of one structure hold the same values."""
    leaves = zip(pytree.tree_leaves(left), pytree.tree_leaves(right), strict=True)
    return all(torch.equal(torch.as_tensor(a), torch.as_tensor(b)) for a, b in leaves)


def test_there_are_nine_samples():
    assert len(NAMES) == 9


@each_sample
def test_two_builds_are_equal(name: str, load: Load, build: Build):
    first, second = build(name).state_dict(), load(name).build().state_dict()
    assert first.keys() == second.keys()
    assert all(torch.equal(first[key], second[key]) for key in first)


@each_sample
def test_model_is_in_eval_mode(name: str, build: Build):
    assert not any(module.training for module in build(name).modules())


@each_sample
def test_inputs_have_one_signature(name: str, load: Load):
    inputs = load(name).inputs()
    assert len(inputs) == 16
    assert all(signature(args) == signature(inputs[0]) for args in inputs)


@each_sample
def test_inputs_run_every_line_and_differ(name: str, load: Load, build: Build):
    module, model = load(name), build(name)
    path = module.__file__
    assert path
    answers: list[Any] = []
    ran = executed_lines(path, lambda: answers.extend(outputs(model, module.inputs())))
    assert sorted(forward_lines(path) - ran) == []
    assert not any(equal(answers[0], answer) for answer in answers[1:])


@each_sample
def test_decisions_are_not_close(name: str, load: Load, build: Build, recorder: Recorder):
    """Rounding must not send an input another way, else no comparison with eager is fair."""
    inputs = load(name).inputs()
    with recorder:
        outputs(build(name), inputs)
    assert recorder.thresholds or recorder.rankings
    assert min(recorder.thresholds, default=1.0) > 1e-3
    assert min(recorder.rankings, default=1.0) > 1e-4
