"""Inputs, outputs, weights, state and names of a capture."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn

from modelc.compiler.frontend import Dim, capture
from modelc.diagnostics import DiagnosticError
from modelc.ir import Constant, Leaf, Mapping, Record, Sequence, TensorType
from modelc.ir.host import Assert, LoadWeight, ReadCell, Return
from modelc.ir.text import print_module

from .evaluation import agree, captured, main, ops, refusals

ONES = torch.ones(3)


class Gated(nn.Module):
    """A linear layer that one of two others follows."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 3)
        self.yes = nn.Linear(3, 2)
        self.no = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        y = self.first(x)
        return self.yes(y) if y.sum() > 0 else self.no(y)


def gated() -> Gated:
    torch.manual_seed(0)  # pyright: ignore[reportUnknownMemberType]: torch leaves it untyped
    return Gated().eval()


# --- weights ---


def test_weights_have_their_qualified_names():
    model = gated()
    result = captured(model, ONES)
    symbols = ["first", "yes", "no"]
    assert sorted(result.weights) == sorted(f"{s}.{p}" for s in symbols for p in ("weight", "bias"))
    assert result.weights["first.bias"].data_ptr() == model.first.bias.data_ptr()  # pyright: ignore[reportArgumentType]: a Symbol is a str
    agree(model, result, (ONES,), (-ONES,))


def test_shared_weights_are_one():
    model = gated()
    model.no = model.yes
    result = captured(model, ONES)
    assert "yes.weight" in result.weights and "no.weight" not in result.weights
    agree(model, result, (ONES,), (-ONES,))


def test_equal_constants_are_one_and_unused_ones_none():
    def program(x: Tensor) -> Tensor:
        torch.tensor([9.0])
        return x * torch.tensor([1.0, 2.0, 3.0]) + torch.tensor([1.0, 2.0, 3.0])

    result = captured(program, ONES)
    assert list(result.weights) == ["constant_0"]
    assert len(ops(main(result), LoadWeight)) == 2


def test_digests_name_contents():
    result = captured(gated(), ONES)
    digests = {str(weight.symbol): weight.digest for weight in result.module.weights.values()}
    assert len(set(digests.values())) == len(digests) == 6
    assert all(len(digest) == 64 for digest in digests.values())


def test_the_model_is_as_before():
    model = gated()
    before = {name: id(parameter) for name, parameter in model.named_parameters()}
    captured(model, ONES)
    assert {name: id(parameter) for name, parameter in model.named_parameters()} == before


def test_the_model_is_as_before_after_a_refusal():
    class Refused(Gated):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x + x.data_ptr())

    model = Refused().eval()
    before = {name: id(parameter) for name, parameter in model.named_parameters()}
    assert refusals(model, ONES)
    assert {name: id(parameter) for name, parameter in model.named_parameters()} == before


# --- inputs and outputs ---


class Pair(NamedTuple):
    left: Any
    right: Any


@dataclasses.dataclass
class Batch:
    values: Tensor
    scale: float = 2.0


def test_structures_of_inputs():
    def program(batch: Batch, options: dict[str, Any], flag: bool = True) -> Tensor:
        return batch.values * batch.scale + options["shift"][0] if flag else batch.values

    inputs = main(captured(program, Batch(ONES), {"shift": [ONES, 4]})).inputs
    assert isinstance(inputs, Mapping) and inputs.keys == ("batch", "options", "flag")
    batch, options, flag = inputs.items
    assert isinstance(batch, Record) and batch.items == (Leaf(0), Constant(2.0))
    assert options == Mapping(("shift",), (Sequence("list", (Leaf(1), Constant(4))),))
    assert flag == Constant(True)


def test_structures_of_outputs():
    def program(x: Tensor) -> Any:
        y = x + 1
        return Pair(y, [None, 3]), {"a": y, "b": "text"}, Batch(x), x.sum().item()

    (op,) = ops(main(captured(program, ONES)), Return)
    pair, mapping, batch, number = op.structure.items
    assert isinstance(pair, Record) and pair.kind == "namedtuple"
    assert pair.items == (Leaf(0), Sequence("list", (Constant(None), Constant(3))))
    assert mapping == Mapping(("a", "b"), (Leaf(1), Constant("text")))
    assert isinstance(batch, Record) and batch.kind == "dataclass"
    assert number == Leaf(3)
    assert str(op.outputs[3].type) == "f64"


def test_variadic_inputs_have_names_of_their_own():
    def program(first: Tensor, *rest: Tensor, **named: Tensor) -> Tensor:
        return first + sum(rest) + named["last"]

    result = captured(program, ONES, ONES, ONES, kwargs={"last": ONES})
    inputs = main(result).inputs
    assert isinstance(inputs, Mapping)
    assert inputs.keys == ("first", "rest[0]", "rest[1]", "last")


def test_mutated_inputs_are_copied_back():
    def program(x: Tensor) -> Tensor:
        x += 1
        return x * 2

    (op,) = ops(main(captured(program, ONES.clone())), Return)
    assert op.copied_inputs == (0,) and len(op.copied_values) == 1


def test_inputs_that_do_not_fit():
    with pytest.raises(DiagnosticError) as caught:
        capture(gated(), (ONES, ONES), {}, name="program")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "MC0003" and "too many positional arguments" in diagnostic.message


# --- dims ---


def test_named_dims_vary():
    def program(x: Tensor) -> tuple[Tensor, int]:
        if x.shape[0] > 3:
            x = x * 2
        return x.reshape(-1), x.shape[0]

    result = captured(program, torch.ones(2, 4), dims={"x": {0: Dim("B", 1, 64)}})
    (argument,) = main(result).params
    assert str(argument.type) == "tensor<[B, 4], f32>"
    assert result.module.dims["B"].maximum == 64
    agree(program, result, (torch.ones(2, 4),), (torch.ones(7, 4),), (torch.ones(1, 4),))


def test_a_name_is_one_extent():
    def program(x: Tensor, y: Tensor) -> Tensor:
        return x + y

    dims = {"x": {0: Dim("B")}, "y": {0: Dim("B")}}
    result = captured(program, torch.ones(2), torch.ones(2), dims=dims)
    assert not ops(main(result), Assert)


def test_unknown_sizes_are_numbered_by_appearance():
    def program(x: Tensor) -> Tensor:
        return torch.cat([x[x > 2], x[x > 0]])

    func = main(captured(program, ONES))
    types = [value.type for op in func.ops for value in op.results]
    texts = [str(t) for t in types if isinstance(t, TensorType) and not t.is_static]
    assert texts[0] == "tensor<[?u0, 1], i64>" or texts[0] == "tensor<[?u0], f32>"
    assert not any("u2" in text for text in texts)


# --- state ---


class Cached(nn.Module):
    """A cache that is None at first and grows from call to call."""

    def __init__(self) -> None:
        super().__init__()
        self.cache: Tensor | None = None
        self.calls = 0

    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        self.calls += 1
        self.cache = x if self.cache is None else torch.cat([self.cache, x])
        return self.cache.sum(), self.calls


def test_state_has_an_entry_per_type():
    result = captured(Cached().eval(), ONES)
    first, second = result.module.host_funcs
    assert [str(name) for name in first.absent_cells] == ["cache"]
    assert second.absent_cells == ()
    types = {str(op.cell): str(op.out.type) for op in ops(second, ReadCell)}
    assert types == {"calls": "i64", "cache": "tensor<[?u0], f32>"}
    assert {str(n): c.initial for n, c in result.module.cells.items()} == {
        "calls": 0,
        "cache": None,
    }


def test_state_is_carried_from_call_to_call():
    model = Cached().eval()
    result = captured(model, ONES)
    assert model.cache is None and model.calls == 0
    agree(model, result, (ONES,), (ONES * 2,), (ONES * 3,), (ONES * 4,))


def test_state_that_takes_too_many_forms():
    class Growing(nn.Module):
        state: Any = None

        def forward(self, x: Tensor) -> Tensor:
            self.state = x if self.state is None else self.state.unsqueeze(0)
            return x

    (diagnostic,) = refusals(Growing().eval(), ONES)
    assert diagnostic.code == "MC0106" and diagnostic.location is not None


# --- determinism ---


PROGRAM = """
from tests.compiler.frontend.test_capture import Cached, gated, ONES
from modelc.compiler.frontend import capture
from modelc.ir.text import print_module
for model in (gated(), Cached().eval()):
    print(print_module(capture(model, (ONES,), {}, name="program").module))
"""


def test_dumps_of_two_processes_are_equal():
    def dump(seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", PROGRAM]
        return subprocess.run(
            command, check=True, capture_output=True, text=True, env=environment
        ).stdout

    assert dump("1") == dump("2")


def test_ops_know_their_module_and_call_chain():
    func = main(captured(gated(), ONES))
    places = [op.loc for op in func.ops if op.name == "aten.addmm.default"]
    assert [place.module_path for place in places] == ["first", "yes", "no"]
    assert all(place.function.endswith("Gated.forward") for place in places)


def test_a_program_of_torch_itself():
    model = nn.Sequential(nn.Linear(3, 2), nn.ReLU()).eval()
    agree(model, captured(model, ONES), (ONES,), (-ONES,))
    layer = nn.Linear(3, 2).eval()
    agree(layer, captured(layer, ONES), (ONES,))


def test_print_is_the_same_twice():
    texts = {print_module(captured(gated(), ONES).module) for _ in range(2)}
    assert len(texts) == 1
