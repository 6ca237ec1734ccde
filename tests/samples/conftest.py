"""Load the samples, and measure how far their decisions are from going the other way."""

import functools
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

SAMPLES = Path(__file__).parents[2] / "samples"
COMPARISONS = frozenset({"__gt__", "__ge__", "__lt__", "__le__", "gt", "ge", "lt", "le"})


def relative_gap(left: Tensor, right: Tensor) -> float:
    """Return the smallest elementwise |left - right| relative to the larger magnitude."""
    scale = torch.maximum(left.abs(), right.abs()).clamp(min=1e-30)
    return float(((left - right).abs() / scale).min())


class WatchedFloat(float):
    """A Python float that reports the margin of each comparison."""

    report: Callable[[float, float], None]

    def __gt__(self, other: float) -> bool:
        self.report(float(self), other)
        return float(self) > other

    def __ge__(self, other: float) -> bool:
        self.report(float(self), other)
        return float(self) >= other

    def __lt__(self, other: float) -> bool:
        self.report(float(self), other)
        return float(self) < other

    def __le__(self, other: float) -> bool:
        self.report(float(self), other)
        return float(self) <= other


class DecisionRecorder(TorchFunctionMode):
    """Collect relative margins: of comparisons with thresholds, and of rankings.

    A ranking is an arg-max or a top-k; its margin is the gap between the last element that was
    chosen and the first that was not.
    """

    def __init__(self) -> None:
        super().__init__()
        self.thresholds: list[float] = []
        self.rankings: list[float] = []

    def __torch_function__(
        self,
        func: Any,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        name = getattr(func, "__name__", "")
        if not (args and isinstance(args[0], Tensor) and args[0].is_floating_point()):
            return result
        if name in COMPARISONS:
            self.thresholds.append(relative_gap(args[0], torch.as_tensor(args[1])))
        elif name in ("argmax", "max") and (len(args) > 1 or kwargs):
            self.rankings.append(last_gap(args[0], 1))
        elif name == "topk":
            self.rankings.append(last_gap(args[0], args[1]))
        elif name == "item":
            return self.watch(result)
        return result

    def watch(self, value: float) -> WatchedFloat:
        watched = WatchedFloat(value)
        watched.report = lambda left, right: self.thresholds.append(
            abs(left - right) / max(abs(left), abs(right), 1e-30)
        )
        return watched


def last_gap(values: Tensor, chosen: int) -> float:
    """Return the gap between the `chosen`-th and the next largest along the last axis."""
    if values.shape[-1] <= chosen:
        return float("inf")
    largest = values.sort(dim=-1, descending=True).values
    return relative_gap(largest[..., chosen - 1], largest[..., chosen])


@functools.cache
def load_sample(name: str) -> ModuleType:
    """Return the module of `samples/NAME.py`."""
    spec = importlib.util.spec_from_file_location(name, SAMPLES / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@functools.cache
def build_sample(name: str) -> torch.nn.Module:
    """Return the sample's model, built once for all tests."""
    return load_sample(name).build()


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def load() -> Callable[[str], ModuleType]:
    return load_sample


@pytest.fixture
def build() -> Callable[[str], torch.nn.Module]:
    return build_sample


@pytest.fixture
def recorder() -> DecisionRecorder:
    return DecisionRecorder()
