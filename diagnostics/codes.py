"""Every diagnostic code and its meaning: `modelc list diagnostics` prints this table.

MC00xx inputs of the command line and API, MC01xx front end, MC02xx IR text and verifier,
MC03xx passes, MC04xx backends and engines, MC05xx artifact and runtime. A code is never reused.
"""

from __future__ import annotations

from collections.abc import Mapping

CODES: Mapping[str, str] = {
    "MC0001": "unknown target",
    "MC0002": "a file, or a name in it, cannot be loaded",
    "MC0003": "example inputs are missing or do not fit the program",
    "MC0004": "a package that only compiling needs is not installed",
    "MC0005": "the named dimensions are malformed or do not fit the example inputs",
    "MC0006": "there is no IR stage of that name",
    "MC0007": "there is no table of that name",
    "MC0101": "unsupported Python construct",
    "MC0102": "a Python value is needed that depends on tensor data",
    "MC0103": "loop-carried values change their kind",
    "MC0104": "a tensor is mutated whose aliases differ between paths",
    "MC0105": "a Python effect at compile time would be frozen into the program",
    "MC0106": "a budget of the front end is exhausted",
    "MC0107": "a local variable may be undefined",
    "MC0108": "the program raises on a path that no explicit `raise` names",
    "MC0109": "the source of a function cannot be found",
    "MC0110": "the module is in training mode",
    "MC0201": "syntax error in an IR file",
    "MC0202": "unknown operation",
    "MC0203": "the IR does not verify",
    "MC0301": "unknown pass",
    "MC0302": "unknown or malformed pass option",
    "MC0303": "a fixpoint was not reached within its bound",
    "MC0304": "two packages provide a pass of the same name",
    "MC0401": "no engine of the target takes an operation",
    "MC0402": "an operation of the host program has no ONNX form",
    "MC0403": "state has no form as inputs and outputs of one ONNX model",
    "MC0404": "the control flow has no form in nested ONNX graphs",
    "MC0405": "the ONNX model of the program is refused",
    "MC0501": "an input does not fit the signature of the compiled model",
    "MC0502": "the artifact is damaged",
    "MC0503": "the artifact has another schema version",
    "MC0504": "an engine that the artifact needs is not installed",
    "MC0505": "a file or directory cannot be written",
    "MC0506": "there is no artifact at the path",
}
