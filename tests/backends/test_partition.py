"""Ops go to the engine that bids lowest, but not back and forth for little."""

from __future__ import annotations

from typing import Any

import pytest

from modelc.backends import TARGETS, check_target, load_backend, partition
from modelc.diagnostics import DiagnosticError, Location
from modelc.ir import Constant, DType, Func, Mapping, Module, Symbol, TensorType, Value
from modelc.ir.graph import AtenOp
from modelc.ir.host import Item, Return

F32 = TensorType((4, 4), DType.F32)
ORT, TORCH = "onnxruntime", "torch"


class Host:
    """A module with one host function of one block, in the making."""

    def __init__(self) -> None:
        self.func = Func(Symbol("main"), "host", inputs=Mapping((), ()))
        self.block = self.func.body.add_block()
        self.x = self.block.add_argument(F32)

    def op(self, target: str, *arguments: Any, to: TensorType = F32) -> Value:
        operator = f"aten.{target}.default" if "." not in target else f"aten.{target}"
        location = Location("model.py", len(self.block.ops) + 1)
        made = AtenOp(arguments=arguments, target=operator, result_types=[to], loc=location)
        return self.block.append(made).out

    def rand(self, value: Value) -> Value:
        """Append an op that only torch takes."""
        return self.op("rand_like", value)

    def engines(self, *returned: Value, target: str = "cpu") -> list[str]:
        """Return the engine of each op in order."""
        self.block.append(Return(outputs=returned, structure=Constant(None)))
        module = Module("test")
        module.add(self.func)
        found = partition(module, target)
        return [found.engine_of(op) for op in self.block.ops if isinstance(op, AtenOp)]


@pytest.fixture
def host() -> Host:
    return Host()


def test_ops_go_to_onnx_runtime_if_it_takes_them(host: Host):
    assert host.engines(host.op("relu", host.op("mm", host.x, host.x))) == [ORT, ORT]


def test_random_ops_go_to_torch(host: Host):
    product = host.op("mm", host.x, host.x)
    assert host.engines(host.op("mm", host.rand(product), product)) == [ORT, TORCH, ORT]


def test_cheap_op_between_ops_of_another_engine_goes_with_them(host: Host):
    first = host.rand(host.x)
    assert (
        host.engines(host.op("add.Tensor", host.rand(host.op("neg", first)), first)) == [TORCH] * 4
    )


def test_heavy_op_stays_whatever_its_neighbours_do(host: Host):
    first = host.rand(host.x)
    second = host.rand(host.op("mm", first, first))
    assert host.engines(host.op("mm", second, second)) == [TORCH, ORT, TORCH, ORT]


def test_cheap_op_that_joins_other_ops_of_its_engine_stays(host: Host):
    product = host.op("mm", host.x, host.x)
    drawn = host.rand(product)
    assert host.engines(host.op("mm", host.op("neg", drawn), product)) == [ORT, TORCH, ORT, ORT]


def test_cheap_op_apart_moves_only_if_that_saves_a_subnet(host: Host):
    """A sub-network for onnxruntime is there anyway: the negation is part of it."""
    product = host.op("mm", host.x, host.x)
    drawn = host.rand(host.op("neg", host.x))
    assert host.engines(product, drawn) == [ORT, ORT, TORCH]


def test_engine_of_a_subnet_is_that_of_its_ops(host: Host):
    value = host.rand(host.x)
    host.block.append(Return(outputs=(value,), structure=Constant(None)))
    module = Module("test")
    module.add(host.func)
    found = partition(module)
    subnet = Func(Symbol("subnet"), "graph")
    block = subnet.body.add_block()
    assert found.engine_of_subnet(subnet) == ORT
    block.append(host.block.ops[0])
    assert found.engine_of_subnet(subnet) == TORCH


def test_every_decision_states_its_reason(host: Host):
    drawn = host.rand(host.op("mm", host.x, host.x))
    host.block.append(Return(outputs=(drawn,), structure=Constant(None)))
    module = Module("test")
    module.add(host.func)
    first, second = partition(module).decisions.values()
    assert first.reason == "the lowest bid"
    assert "random" in second.reason
    assert second.op.target == "aten.rand_like.default"


def test_ops_that_no_engine_takes_are_all_named_with_their_places(host: Host):
    for _ in range(2):
        host.op("no_such_operator", host.x)
    with pytest.raises(DiagnosticError) as caught:
        host.engines(host.x)
    assert [found.code for found in caught.value.diagnostics] == ["MC0401", "MC0401"]
    assert [str(found.location) for found in caught.value.diagnostics] == [
        "model.py:1:1",
        "model.py:2:1",
    ]
    notes = [note.message for note in caught.value.diagnostics[0].notes]
    assert [note.split(":")[0] for note in notes] == [ORT, TORCH]


def test_unknown_target_is_a_diagnostic():
    with pytest.raises(DiagnosticError, match="MC0001.*'cpux'") as caught:
        check_target("cpux")
    assert "cpu" in caught.value.diagnostics[0].help


@pytest.mark.parametrize("target", TARGETS)
def test_engines_of_targets_have_back_ends(target: str):
    check_target(target)
    for engine in TARGETS[target]:
        assert load_backend(engine).name == engine


def test_host_ops_are_left_to_the_host(host: Host):
    total = host.op("sum", host.x, to=TensorType((), DType.F32))
    host.block.append(Item(source=total))
    assert host.engines() == [ORT]
