"""What does not work, and why. An entry that works after all fails the suite: remove it."""

from __future__ import annotations

from collections.abc import Mapping

EVERYWHERE = "*"

_CAUGHT = "errors of operations that depend on data leave the program, `except` does not see them"

_TYPES_CHANGE = "refused (MC0403): state changes its type between calls"
_RANDOM = "refused (MC0401): ONNX has no random numbers that are torch's"
_LISTS_IN_LISTS = "refused (MC0402): ONNX has no lists of lists"
_STRINGS = "refused (MC0402): ONNX has no strings that depend on data"
_RECURSION = "refused (MC0402): ONNX has no functions that call themselves"
_NO_OUTPUTS = "refused (MC0405): a model without outputs is none"
_WORDED_BY_ENGINE = "sizes that do not fit raise what onnxruntime raises"
_TWO_ENTRIES = "refused (MC0404): ONNX has no loops that are entered at two places"
_NOTHING_TO_STACK = "a stack of an empty list raises what onnxruntime raises"

EXPECTED_FAILURES: Mapping[tuple[str, str], str] = {
    (
        "calls.identity",
        EVERYWHERE,
    ): "refused: only a caller knows whether two inputs are one object",
    ("exceptions.error_of_torch_is_caught", EVERYWHERE): _CAUGHT,
    ("sizes.sizes_must_agree", "compiled"): _WORDED_BY_ENGINE,
    ("algorithms.UnboundedBeamSearch", "onnx"): _LISTS_IN_LISTS,
    ("filters.lists_in_a_list", "onnx"): _LISTS_IN_LISTS,
    ("kinds.generator_with_two_yields", "onnx"): _TWO_ENTRIES,
    ("generators.skips_steps_of_its_own", "onnx"): _NOTHING_TO_STACK,
    ("generators.steps_stacked", "onnx"): _NOTHING_TO_STACK,
    ("calls.equal_random_numbers_differ", "onnx"): _RANDOM,
    ("calls.random_numbers", "onnx"): _RANDOM,
    ("calls.random_ops", "onnx"): _RANDOM,
    ("algorithms.clusters", "onnx"): "refused (MC0401): ONNX has no cdist",
    ("layers.solves_equations", "onnx"): "refused (MC0401): ONNX solves no equations",
    ("libraries.RegistersABuffer", "onnx"): _TYPES_CHANGE,
    ("libraries.complex_numbers", "onnx"): "refused (MC0401): ONNX has no complex numbers",
    ("outputs.nothing", "onnx"): _NO_OUTPUTS,
    ("sizes.unique_floats", "onnx"): "refused (MC0401): to ONNX Runtime all NaN are one number",
    ("prints.InALoop", "onnx"): _RANDOM,
    ("prints.only_prints", "onnx"): _NO_OUTPUTS,
    ("recursion.effects_keep_their_order", "onnx"): _RANDOM,
    ("recursion.AdaptiveQuadrature", "onnx"): _RECURSION,
    ("recursion.ChosenLayers", "onnx"): _RECURSION,
    ("recursion.PrefixParser", "onnx"): _RECURSION,
    ("recursion.containers", "onnx"): _RECURSION,
    ("recursion.function_as_argument", "onnx"): _RECURSION,
    ("recursion.halved", "onnx"): _RECURSION,
    ("recursion.mutual", "onnx"): _RECURSION,
    ("recursion.nested_function", "onnx"): _RECURSION,
    ("recursion.quicksort", "onnx"): _RECURSION,
    ("recursion.raises_inside", "onnx"): _RECURSION,
    ("scalars.large_integers", "onnx"): "refused (MC0402): an int of more than 64 bits",
    ("scalars.rounding", "onnx"): "refused (MC0402): ONNX does not round to digits",
    ("scalars.special_floats", "onnx"): "refused (MC0402): ONNX has no copysign",
    ("sequences.ProjectedStates", "onnx"): "refused (MC0401): ONNX has no projected states",
    ("sizes.sizes_must_agree", "onnx"): _WORDED_BY_ENGINE,
    ("sizes.torch_asks_whether_a_size_is_zero", "onnx"): "refused (MC0401): ONNX has no cdist",
    **{
        (f"texts.{name}", "onnx"): _STRINGS
        for name in """comparisons formatted greedy_ctc LayerByName letter_that_is_missing
        letters_of_branches list_of_words looks_into_text message_with_a_word methods missing_index
        missing_key missing_key_is_caught more_words_than_versions name_of_a_class NameSampler
        none_or_a_word position_of_what_is_missing positions sentence state_machine
        strings_of_a_batch TranslationDecoder words_without_marks""".split()
    },
    ("state.Cache", "onnx"): _TYPES_CHANGE,
    ("state.CacheThatIsCleared", "onnx"): _TYPES_CHANGE,
    ("state.IntegerThatBecomesFloat", "onnx"): _TYPES_CHANGE,
    ("state.KeptForOthers", "onnx"): _TYPES_CHANGE,
    ("state.KeyValueCache", "onnx"): _TYPES_CHANGE,
    ("state.KeysAndValues", "onnx"): _TYPES_CHANGE,
    ("state.ReadOnOnePath", "onnx"): _TYPES_CHANGE,
    ("state.Trace", "onnx"): _TYPES_CHANGE,
}
"""(program, configuration) -> reason. In "alone", capturing leaves something behind."""


def expected_failure(program: str, configuration: str) -> str:
    """Return why `program` fails in `configuration`, "" if it should not."""
    for place in (configuration, EVERYWHERE):
        if (program, place) in EXPECTED_FAILURES:
            return EXPECTED_FAILURES[program, place]
    return ""
