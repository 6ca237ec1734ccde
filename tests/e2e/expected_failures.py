"""What does not work, and why. An entry that works after all fails the suite: remove it."""

from __future__ import annotations

from collections.abc import Mapping

EVERYWHERE = "*"

_CAUGHT = "errors of operations that depend on data leave the program, `except` does not see them"

EXPECTED_FAILURES: Mapping[tuple[str, str], str] = {
    (
        "calls.identity",
        EVERYWHERE,
    ): "refused: only a caller knows whether two inputs are one object",
    ("exceptions.error_of_torch_is_caught", EVERYWHERE): _CAUGHT,
    ("sizes.sizes_must_agree", "compiled"): "sizes that do not fit raise what onnxruntime raises",
}
"""(program, configuration) -> reason. In "alone", capturing leaves something behind."""


def expected_failure(program: str, configuration: str) -> str:
    """Return why `program` fails in `configuration`, "" if it should not."""
    for place in (configuration, EVERYWHERE):
        if (program, place) in EXPECTED_FAILURES:
            return EXPECTED_FAILURES[program, place]
    return ""
