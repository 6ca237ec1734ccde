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

_STATE = "refused: containers as state"

EXPECTED_FAILURES: Mapping[tuple[str, str], str] = {
    ("beam_search", "captured"): "refused: the contents of Python lists depend on data",
    ("crf_tagger", "captured"): "refused: a list is sliced by a tensor",
    ("deep_equilibrium", "captured"): f"{_STATE}: `self.forward_res` is a list that grows",
    ("kv_cache_decoder", "onnx"): "refused (MC0403): the cache is None before the first call",
    ("skipnet", "captured"): f"{_STATE}: `self.control.hidden` is a tuple of tensors",
    ("speculative_decoding", "captured"): "refused: `nn.TransformerEncoder` looks at its mask",
    ("spinn", "captured"): f"{_STATE}: `self.state` is a list of tensors",
    ("stack_rnn", "captured"): f"{_STATE}: `self.V` is a list that grows",
}
"""(model, configuration) -> why it fails. "captured" stands for all of them."""

UNCOVERED: Mapping[str, tuple[int, str]] = {
    "deebert": (2, "no entropy is below -1, the threshold of the last exit"),
    "kv_cache_decoder": (5, "an entry for a first call without a cache, which clears it anyway"),
    "lstm_jump": (5, "few sentences end within a run of tokens that are read"),
    "neural_ode": (15, "derivatives and errors do not vanish"),
    "pondernet": (2, "all have halted at the last step"),
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
