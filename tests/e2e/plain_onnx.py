"""A program in one ONNX file, run by a plain ONNX Runtime session and by what the file says.

Nothing of modelc's runtime runs here but the arrangement of leaves in pytrees.
"""

from __future__ import annotations

import base64
import importlib
import inspect
import json
from collections.abc import Callable, Mapping
from functools import reduce
from pathlib import Path
from typing import Any, cast

import numpy
import onnxruntime
import torch

from modelc.runtime import codec, structure

ort: Any = onnxruntime
_TORCH: Any = torch  # untyped where it takes numpy's arrays

_DTYPES: Mapping[str, Any] = {
    "tensor(bool)": numpy.bool_,
    "tensor(double)": numpy.float64,
    "tensor(float)": numpy.float32,
    "tensor(int64)": numpy.int64,
}


def _tree(written: Any) -> structure.Structure:
    return codec.decode(cast("type[structure.Structure]", structure.Structure), written)


class PlainSession:
    """Call the model at `path` as `program`, the source that it was compiled from, is called."""

    def __init__(self, path: Path, program: Callable[..., Any]) -> None:
        options = ort.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = 1
        self.session = ort.InferenceSession(str(path), options)
        self.parameters = inspect.signature(getattr(program, "forward", program))
        metadata = self.session.get_modelmeta().custom_metadata_map
        self.signature = json.loads(metadata["modelc.signature"])
        self.state = {
            cell["input"]: self._initial(cell, metadata)
            for cell in self.signature["state"]
            if cell["input"]
        }

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute what the program computes, and raise what it raises."""
        leaves = self._leaves(args, kwargs)
        names = self.signature["inputs"]["names"]
        feeds = {name: _array(leaves[number]) for number, name in enumerate(names)}
        values = self.session.run(None, {**feeds, **self.state})
        outputs = dict(zip([one.name for one in self.session.get_outputs()], values, strict=True))
        number = int(outputs["error"]) if self.signature["errors"] else 0
        error = self.signature["errors"][number - 1] if number else None
        for name, output in self.signature["updated_inputs"].items():
            if error is None or output in error["writes"]:
                leaves[names.index(name)].copy_(_TORCH.from_numpy(outputs[output]))
        for cell in self.signature["state"]:
            written = outputs if error is None else error["writes"]
            if cell["input"] and cell["output"] in written:
                self.state[cell["input"]] = outputs[cell["output"]]
        if error is not None:
            raise _exception(error, outputs)
        return self._arranged(outputs)

    def _leaves(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[int, Any]:
        tree = _tree(self.signature["inputs"]["tree"])
        assert isinstance(tree, structure.Mapping)
        bound = self.parameters.bind(*args, **kwargs)
        bound.apply_defaults()
        given = {str(key): bound.arguments[str(key)] for key in tree.keys}
        flat = structure.flatten(tree, given, "")
        assert not flat.mismatches, flat.mismatches
        return flat.leaves

    def _arranged(self, outputs: Mapping[str, Any]) -> Any:
        shapes = self.signature["outputs"]
        shape = shapes[int(outputs["structure"]) if len(shapes) > 1 else 0]
        leaves = [
            _leaf(outputs[name], kind)
            for name, kind in zip(shape["names"], shape["types"], strict=True)
        ]
        return structure.builder(_tree(shape["tree"]))(leaves)

    def _initial(self, cell: Any, metadata: Mapping[str, str]) -> Any:
        initial = cell["initial"]
        if isinstance(initial, list):
            return [numpy.asarray(item) for item in cast("list[Any]", initial)]
        if not isinstance(initial, dict):
            return numpy.asarray(initial)
        held = json.loads(metadata["modelc.state"])[cast("dict[str, str]", initial)["symbol"]]
        place = next(one for one in self.session.get_inputs() if one.name == cell["input"])
        return numpy.frombuffer(base64.b64decode(held), _DTYPES[place.type]).reshape(place.shape)


def _array(leaf: Any) -> Any:
    return leaf.detach().numpy() if isinstance(leaf, torch.Tensor) else numpy.asarray(leaf)


def _leaf(value: Any, kind: str) -> Any:
    if kind.startswith("list<"):
        return [_leaf(item, kind[len("list<") : -1]) for item in value]
    return _TORCH.from_numpy(value.copy()) if kind.startswith("tensor<") else value.item()


def _exception(error: Mapping[str, Any], outputs: Mapping[str, Any]) -> Exception:
    module, _, name = error["exception"].partition(":")
    kind = reduce(getattr, name.split("."), importlib.import_module(module))
    named = zip(error["values"], error["types"], strict=True)
    values = [_leaf(outputs[name], kind) for name, kind in named]
    holds_value = bool(values) and not error["message"]
    text = error["message"].format(*values) if values else error["message"]
    return cast(Any, kind).__new__(
        kind, values[0] if holds_value else text
    )  # its constructor may want something else
