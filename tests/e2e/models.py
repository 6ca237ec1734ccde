"""The models of `tests/models`, as programs, and what does not hold for each of them."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path

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
    ("deep_equilibrium", "captured"): "refused: `self.forward_res` is a list that grows, as state",
}
"""(model, configuration) -> why it fails. "captured" stands for all of them."""

UNCOVERED: Mapping[str, tuple[int, str]] = {
    "attend_infer_repeat": (2, "no random image has three objects"),
    "beam_search": (4, "random texts hardly complete three hypotheses within six steps"),
    "block_drop": (2, "no random image drops the third block"),
    "calm": (10, "random tokens hardly end a text within five steps"),
    "convnet_aig": (2, "no random image closes the second gate"),
    "deebert": (2, "no entropy is below -1, the threshold of the last exit"),
    "dynamic_vit": (4, "no random image loses all tokens"),
    "glance_and_focus": (4, "no random image is classified at the first or second look"),
    "lstm_jump": (5, "few sentences end within a run of tokens that are read"),
    "mixture_of_depths": (10, "torch asks about sizes that three tokens hardly have"),
    "neural_ode": (15, "derivatives and errors do not vanish"),
    "point_net": (1, "no random cloud has one point in the unit ball"),
    "pondernet": (2, "all have halted at the last step"),
    "proposal_network": (2, "boxes that overlap less than half are never the last"),
    "spinn": (25, "random parses are shallow"),
    "speculative_decoding": (4, "torch asks about sizes that three tokens hardly have"),
    "stack_rnn": (23, "the stack is emptied first, and its strengths hardly sum to one"),
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
    return Program(path.stem, module.build, calls)
