"""Whole programs as ONNX files: names, metadata, nodes, refusals, and what a failure leaves."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

import modelc
from modelc.compiler import onnx_file
from modelc.diagnostics import DiagnosticError

ort: Any = onnxruntime
checker: Any = onnx.checker


class Answer(NamedTuple):
    """What a network returns."""

    logits: Tensor
    step: int


def compiled(program: Callable[..., Any], *example: Any) -> Any:
    return modelc.compile(program, example, target="onnx", cache=False)


def written(program: Callable[..., Any], path: Path, *example: Any) -> Any:
    """Return the checked model that `program` becomes."""
    compiled(program, *example).save(path)
    library: Any = onnx  # partly untyped
    model = library.load(path)
    checker.check_model(model, full_check=True)
    return model


def nodes(graph: Any) -> Iterator[Any]:
    """Yield the nodes of a graph and of those nested in it."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from nodes(attribute.g)


def kinds(model: Any) -> list[str]:
    return [node.op_type for node in nodes(model.graph) if node.op_type in ("If", "Loop")]


def early_exit(batch: dict[str, Tensor]) -> Answer:
    x = batch["x"]
    for step in range(5):
        x = x * 2
        if x.sum() > 20:
            return Answer(x, step)
    return Answer(x + batch["bias"], -1)


def halve(x: Tensor) -> Tensor:
    while x.sum() > 1:
        x = x / 2
    return x


def breaks_out(x: Tensor) -> tuple[Tensor, Tensor]:
    kept = x
    while True:
        x = x * 1.5
        while x.min() > -100:
            x = x - 1
            if x.max() > 50:
                return x, kept
            if x.sum() < 0:
                break
        kept = kept + x
        if kept.sum() < -10:
            break
    return kept, x


def test_names_follow_the_pytrees(tmp_path: Path):
    path = tmp_path / "exit.onnx"
    model = written(early_exit, path, {"x": torch.ones(3), "bias": torch.ones(3)})
    assert [one.name for one in model.graph.input] == ["batch.x", "batch.bias"]
    assert [one.name for one in model.graph.output] == ["logits", "step"]
    signature = json.loads({one.key: one.value for one in model.metadata_props}["modelc.signature"])
    assert signature["inputs"]["names"] == ["batch.x", "batch.bias"]
    (shape,) = signature["outputs"]
    assert shape["tree"]["type_name"].endswith(":Answer") and shape["names"] == ["logits", "step"]
    session = ort.InferenceSession(str(path))
    for scale in (0.1, 1.0, 10.0):
        x, bias = torch.full((3,), scale), torch.ones(3)
        logits, step = session.run(None, {"batch.x": x.numpy(), "batch.bias": bias.numpy()})
        expected = early_exit({"x": x, "bias": bias})
        assert numpy.allclose(logits, expected.logits.numpy()) and step == expected.step


def test_a_step_of_a_while_loop_needs_no_if(tmp_path: Path):
    model = written(halve, tmp_path / "halve.onnx", torch.ones(3))
    assert kinds(model) == ["Loop"]


def test_loops_in_loops_are_left_from_anywhere():
    run = compiled(breaks_out, torch.ones(2))
    for numbers in ([1.0, 1.0], [40.0, 40.0], [-3.0, 2.0], [0.1, -0.2]):
        x = torch.tensor(numbers)
        torch.testing.assert_close(run(x), breaks_out(x))


def gates(x: Tensor) -> Tensor:
    if x[0] > 0:
        x = x + 1
    if x[1] > 0:
        x = x * 2
    if x[2] > 0:
        x = x - 3
    return x


def test_gates_in_a_row_are_not_copied(tmp_path: Path):
    model = written(gates, tmp_path / "gates.onnx", torch.ones(3))
    found = [node.op_type for node in nodes(model.graph)]
    assert all(found.count(op) <= 1 for op in ("Add", "Mul", "Sub"))
    assert kinds(model).count("If") <= 3


def uneven(x: Tensor) -> Any:
    if x.sum() > 0:
        return {"high": x, "count": 2}
    return [x, x + 1]


def test_structures_that_differ(tmp_path: Path):
    path = tmp_path / "uneven.onnx"
    model = written(uneven, path, torch.ones(2))
    assert [one.name for one in model.graph.output][-1] == "structure"
    again = cast(Any, modelc.load(path))
    for sign in (1, -1):
        x = torch.ones(2) * sign
        torch.testing.assert_close(again(x), uneven(x))


def raising(x: Tensor) -> Tensor:
    total = x.sum()
    if total > 10:
        raise ValueError(f"{total.item():.1f} is too much")
    return x * (6 // int(total.item()))


def test_exceptions_are_an_output_and_come_back(tmp_path: Path):
    path = tmp_path / "raising.onnx"
    written(raising, path, torch.ones(2))
    session = ort.InferenceSession(str(path))
    errors = [
        dict(zip(["output"], session.run(["error"], {"x": x}), strict=True))["output"].item()
        for x in numpy.array([[1, 1], [9, 9], [0, 0]], "float32")
    ]
    assert errors[0] == 0 and errors[1] and errors[2] and errors[1] != errors[2]
    again = cast(Any, modelc.load(path))
    with pytest.raises(ValueError, match=r"18.0 is too much"):
        again(torch.full((2,), 9.0))


class Counting(nn.Module):
    """Keep a sum and a count between calls."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.full((2,), 5.0))
        self.calls = 0

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        self.calls += 1
        self.seen = self.seen + x
        return self.seen * 2, self.calls


def test_state_is_explicit_and_kept_by_modelc(tmp_path: Path):
    path = tmp_path / "counting.onnx"
    model = written(Counting().eval(), path, torch.ones(2))
    inputs = {one.name for one in model.graph.input}
    outputs = {one.name for one in model.graph.output}
    assert inputs == {"x", "state.calls", "state.seen"}
    assert {"next_state.calls", "next_state.seen"} <= outputs
    again, eager = cast(Any, modelc.load(path)), Counting().eval()
    for _ in range(3):
        torch.testing.assert_close(again(torch.ones(2)), eager(torch.ones(2)))


def test_large_weights_stand_beside_the_model(tmp_path: Path):
    layer = nn.Linear(8, 4).eval()
    path = tmp_path / "layer.onnx"
    artifact = compiled(layer, torch.ones(1, 8)).model.artifact
    onnx_file.write_onnx_file(artifact, path, max_bytes=64)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["layer.onnx", "layer.onnx.data"]
    checker.check_model(str(path), full_check=True)
    (result,) = ort.InferenceSession(str(path)).run(None, {"input": numpy.ones((1, 8), "float32")})
    assert numpy.allclose(result, layer(torch.ones(1, 8)).detach().numpy(), atol=1e-5)


def test_other_targets_have_no_onnx_file(tmp_path: Path):
    with pytest.raises(DiagnosticError, match="MC0505"):
        modelc.compile(halve, (torch.ones(3),)).save(tmp_path / "halve.onnx")
    assert not list(tmp_path.iterdir())


def test_foreign_onnx_files_are_refused(tmp_path: Path):
    path = tmp_path / "foreign.onnx"
    for missing in (path, tmp_path.with_suffix(".onnx")):
        with pytest.raises(DiagnosticError, match="MC0506"):
            modelc.load(missing)
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(DiagnosticError, match="MC0502"):
        modelc.load(path)


@pytest.mark.parametrize("state", ["[]", "{}", "nothing", '{"v": 1}'])
def test_damaged_metadata_are_refused(tmp_path: Path, state: str):
    model = written(Counting().eval(), tmp_path / "counts.onnx", torch.ones(2))
    (entry,) = [entry for entry in model.metadata_props if entry.key == "modelc.state"]
    entry.value = state
    (tmp_path / "counts.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(DiagnosticError, match="MC0502"):
        modelc.load(tmp_path / "counts.onnx")


def random(x: Tensor) -> Tensor:
    return x + torch.rand(3) if x.sum() > 0 else x


def sines(x: Tensor) -> Tensor:
    import math

    return x * math.copysign(1.0, x.sum().item())


@pytest.mark.parametrize(("program", "code", "line"), [(random, "MC0401", 1), (sines, "MC0402", 3)])
def test_refused_with_place_and_a_way_out(program: Any, code: str, line: int):
    with pytest.raises(DiagnosticError) as caught:
        compiled(program, torch.ones(3))
    (found, *_) = caught.value.diagnostics
    assert (found.code, bool(found.help)) == (code, True)
    assert found.location and found.location.line == program.__code__.co_firstlineno + line


def _parts(x: Tensor) -> Iterator[Tensor | None]:
    while True:
        yield x if x.sum() > 2 else None
        x = x / 2


def adds_until_none(x: Tensor) -> Tensor:
    total, last = x.sum(), x
    for found in _parts(x):
        if found is None and last is None:
            break
        total = total if found is None else total + found.sum()
        last = found
    return total


def _flagged_parts(x: Tensor) -> Iterator[tuple[bool, Tensor]]:
    while True:
        yield bool(x.sum() > 2), x
        x = x / 2


def adds_until_flag(x: Tensor) -> Tensor:
    total, was_large = x.sum(), True
    for is_large, found in _flagged_parts(x):
        if not is_large and not was_large:
            break
        total = total + found.sum() if is_large else total
        was_large = is_large
    return total


def test_flags_instead_of_none_give_loops_one_entry():
    with pytest.raises(DiagnosticError) as caught:
        compiled(adds_until_none, torch.ones(3))
    (found,) = caught.value.diagnostics
    assert (found.code, "a flag instead of None" in found.help) == ("MC0404", True)
    assert found.location and found.location.file == __file__
    program = compiled(adds_until_flag, torch.ones(3))
    for size in (-1.0, 1.0, 9.0):
        x = torch.full((3,), size)
        assert torch.equal(program(x), adds_until_none(x))
