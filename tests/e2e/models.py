"""The models of `tests/models`, as programs, and what does not hold for each of them."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from modelc import Dim

from ..programs import Call, Program, seed
from .configurations import CONFIGURATIONS, ROUNDED, Configuration, interpreted

DIRECTORY = Path(__file__).parents[1] / "models"

MODEL_CONFIGURATIONS: Mapping[str, Configuration] = {
    # Eager calls fused kernels for attention and recurrences; sums come in another order.
    "captured": Configuration(lambda _, captured: interpreted(captured), ROUNDED),
    "compiled": CONFIGURATIONS["compiled"],
    "onnx": CONFIGURATIONS["onnx"],
}
"""How every model is run and compared with eager."""

EXPECTED_FAILURES: Mapping[tuple[str, str], str] = {
    ("beam_search", "onnx"): "refused (MC0402): ONNX has no lists of lists",
    ("deep_equilibrium", "onnx"): "refused (MC0401): ONNX solves no equations",
}
"""(model, configuration) -> why it fails. "captured" stands for all of them."""

UNCOVERED: Mapping[str, tuple[int, str]] = {
    "beam_search": (
        2,
        "dead: each step completes at most as many hypotheses as are missing, and `break` ends the"
        " loop when none is",
    ),
}
"""Model -> how many edges of its capture no input takes, and why."""


def expected_failure(model: str, configuration: str) -> str:
    """Return why `model` fails in `configuration`, "" if it should not."""
    for place in (configuration, "captured"):
        if (model, place) in EXPECTED_FAILURES:
            return EXPECTED_FAILURES[model, place]
    return ""


def models() -> list[Program]:
    """Return each model with the calls that are to take all its paths."""
    return [_program(path) for path in sorted(DIRECTORY.glob("*.py"))]


def _program(path: Path) -> Program:
    module = importlib.import_module(f"..{DIRECTORY.name}.{path.stem}", __package__)
    calls = tuple(Call(arguments) for arguments in module.inputs())
    seed(0)
    return Program(path.stem, module.build, calls, dims=_dims(module))


def _dims(module: ModuleType) -> Mapping[str, Mapping[int, Dim]]:
    """Return the axes whose extent varies, as the table `DIMS` of a model has them."""
    table: Mapping[str, Mapping[int, tuple[str, int, int | None]]] = getattr(module, "DIMS", {})
    return {
        name: {axis: Dim(symbol, low, high) for axis, (symbol, low, high) in axes.items()}
        for name, axes in table.items()
    }
