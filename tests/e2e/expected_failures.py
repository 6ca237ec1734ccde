"""What does not work, and why. An entry that works after all fails the suite: remove it."""

from __future__ import annotations

from collections.abc import Mapping

EVERYWHERE = "*"

_STATE_LOST = "what a program wrote before it raises is lost: `host.raise` carries no cells"
_CAUGHT = "errors of operations that depend on data leave the program, `except` does not see them"
_SCALAR_CELL = "a number that is output and state is copied as if it were an array"
_STAR = "the runtime does not bind variable arguments"

EXPECTED_FAILURES: Mapping[tuple[str, str], str] = {
    ("state.WrittenBeforeRaising", EVERYWHERE): _STATE_LOST,
    ("state.History", EVERYWHERE): "containers cannot be state",
    ("state.CountsInADictionary", EVERYWHERE): "containers cannot be state",
    ("calls.identity", EVERYWHERE): "WRONG: that two inputs are one object is not guarded",
    ("exceptions.context_from_a_generator", EVERYWHERE): "generators are not interpreted",
    ("exceptions.error_of_torch_is_caught", EVERYWHERE): _CAUGHT,
    ("exceptions.input_is_mutated_before_raising", EVERYWHERE): _STATE_LOST,
    ("state.ReadBeforeWritten", "compiled"): _SCALAR_CELL,
    ("state.MovingAverage", "compiled"): _SCALAR_CELL,
    ("state.StateOfAPlainObject", "compiled"): _SCALAR_CELL,
    ("state.StateOfASubmodule", "compiled"): _SCALAR_CELL,
    ("state.StateInALoop", "compiled"): _SCALAR_CELL,
    ("state.BatchStatistics", "compiled"): "WRONG: batch statistics of training are not used",
    ("sizes.sizes_must_agree", "compiled"): "sizes that do not fit raise what onnxruntime raises",
    ("calls.variable_arguments", "compiled"): _STAR,
    ("calls.variable_keywords", "compiled"): _STAR,
    ("samples.tree_lstm", "compiled"): "an equal tree is another signature: static inputs go by id",
    ("layers.Recurrent", "alone"): "weak references of an LSTM point to swapped weights afterwards",
}
"""(program, configuration) -> reason. In "alone", capturing leaves something behind."""


def expected_failure(program: str, configuration: str) -> str:
    """Return why `program` fails in `configuration`, "" if it should not."""
    for place in (configuration, EVERYWHERE):
        if (program, place) in EXPECTED_FAILURES:
            return EXPECTED_FAILURES[program, place]
    return ""
