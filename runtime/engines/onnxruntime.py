"""Engine `onnxruntime`: payloads are ONNX models, whose inputs are the parameters in order.

Measured with ONNX Runtime 1.32 (2 cores, single precision):

- A call costs 3.8 us in all for a trivial graph, of numpy arrays, by the method of the wrapped
  session that `InferenceSession.run` calls after 2.4 us of checks (IO binding: 8.6 us; OrtValues:
  7.2 us). Neither way copies arguments or results.
- Ten sessions whose thread pools spin make each other ten times slower (34 ms instead of 3.4 ms for
  a product of 128x1024x1024); hence threads that sleep, which cost 8 us for a small product (42 us
  instead of 34 us). One pool for all sessions would need a call after which ONNX Runtime refuses
  all other sessions of the process, the user's too.
- A weight that is an initializer is copied once per session, by ONNX Runtime, in the form that its
  kernels want. That form makes products with 8 rows 1.6 to 2.3 times faster, with 1 or 128 rows
  1.05 times. So a large weight is an initializer of the first session that has it; further
  sessions, and operators that read it in place, get the one array with each call (1 us).
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy
import onnxruntime as _onnxruntime

from ...diagnostics import Diagnostic, DiagnosticError
from .interface import Array, Subnet
from .onnx_model import Initializer, consumers, input_names, with_initializers
from .processors import usable_processors

ort: Any = _onnxruntime  # it has no types of its own

SHARED_BYTES = 16 << 20
"""From this size on, a weight has at most one copy in the form that kernels want."""

READ_IN_PLACE = frozenset({"Gather", "GatherElements", "GatherND"})
"""Operators for which ONNX Runtime has no other form of a weight."""

_ONLY_ERRORS = 3
_CPU = ("CPUExecutionProvider",)

_NUMBERS: Mapping[str, str] = {
    "tensor(int64)": "int64",
    "tensor(double)": "float64",
    "tensor(bool)": "bool",
}
"""What Python numbers become, which are inputs of rank 0."""

_Place: TypeAlias = tuple[int, tuple[int, ...], str]


class OnnxRuntimeEngine:
    """Run ONNX models on the CPU."""

    name = "onnxruntime"

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads or usable_processors()
        self._owners: weakref.WeakValueDictionary[_Place, Subnet] = weakref.WeakValueDictionary()

    def prepare(self, payload: bytes, constants: Mapping[int, Array]) -> Subnet:
        """Return the loaded model with weights at the input positions `constants`."""
        try:
            names = input_names(payload)
            given = {names[position]: array for position, array in constants.items()}
            readers = consumers(payload, given)
            fed = {name: given[name] for name in given if self._is_fed(given[name], readers[name])}
            bound = {name: given[name] for name in given if readers[name] and name not in fed}
            model = with_initializers(payload, _initializers(bound), given.keys() - fed.keys())
            subnet = _caller(self._make_session(model, bound), fed, bound)
        except Exception as error:  # ONNX Runtime has a dozen classes of errors, without a base
            message = f"ONNX Runtime cannot load a sub-network: {error}"
            raise DiagnosticError(Diagnostic("MC0502", message)) from error
        self._owners.update({_place(array): subnet for array in bound.values()})
        return subnet

    def _is_fed(self, weight: Array, readers: set[str]) -> bool:
        """Tell whether to pass a weight that `readers` read with each call."""
        if weight.nbytes < SHARED_BYTES or not readers:
            return False
        return readers <= READ_IN_PLACE or _place(weight) in self._owners

    def _make_session(self, model: bytes, bound: Mapping[str, Array]) -> Any:
        options = self._options()
        if bound:
            values = [ort.OrtValue.ortvalue_from_numpy(_plain(array)) for array in bound.values()]
            options.add_external_initializers(list(bound), values)
        return open_session(model, options)

    def _options(self) -> Any:
        options = ort.SessionOptions()
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = _ONLY_ERRORS
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return options


def _caller(session: Any, fed: Mapping[str, Array], bound: Mapping[str, Array]) -> Subnet:
    """Return the function that runs `session`, written for its inputs: it is called very often.

    It passes `fed`, the weights that go with each call, and keeps `bound` alive, those that the
    session took in when it was made: they are known by their addresses.
    """
    inputs = [formal for formal in session.get_inputs() if formal.name not in fed]
    places = [f"a{position}" for position in range(len(inputs))]
    feeds = [
        f"{formal.name!r}: {_feed(formal, place)}"
        for formal, place in zip(inputs, places, strict=True)
    ]
    feeds += ["**fed"] if fed else []
    source = (
        "def subnet(arguments):\n"
        f"    {''.join(f'{place}, ' for place in places) or '()'} = arguments\n"
        f"    return run(outputs, {{{', '.join(feeds)}}}, options)\n"
    )
    scope: dict[str, Any] = {
        "run": _quick_run(session),
        "outputs": [formal.name for formal in session.get_outputs()],
        "options": ort.RunOptions(),
        "fed": {name: _plain(array) for name, array in fed.items()},
        "bound": bound,
        "asarray": numpy.asarray,
    }
    exec(source, scope)
    return scope.pop("subnet")


def _feed(formal: Any, place: str) -> str:
    """Return the text of what is passed for `formal`, for the argument in the local `place`."""
    if formal.shape == [] and formal.type in _NUMBERS:
        return f"asarray({place}, {_NUMBERS[formal.type]!r})"
    return place


def _quick_run(session: Any) -> Callable[..., Sequence[Any]]:
    """Return the method that `session.run` ends in, or that one if there is no such method."""
    return getattr(session, "_sess", session).run


def _initializers(bound: Mapping[str, Array]) -> list[Initializer]:
    return [Initializer(name, array.shape, array.dtype.name) for name, array in bound.items()]


def _plain(array: Array) -> Array:
    return numpy.require(array, requirements=("C", "A"))


def _place(array: Array) -> _Place:
    """Return what identifies the elements of `array` as long as it lives."""
    return array.__array_interface__["data"][0], array.shape, str((array.dtype, array.strides))


def open_session(model: bytes, options: Any) -> Any:
    """Return a session on the CPU, with threads of its own unless the process wants otherwise."""
    try:
        return ort.InferenceSession(model, options, providers=_CPU)
    except RuntimeError as error:
        if "global thread pool" not in str(error):
            raise
    options.use_per_session_threads = False
    options.intra_op_num_threads = options.inter_op_num_threads = 0
    return ort.InferenceSession(model, options, providers=_CPU)
