"""Runs a module as generated Python and in the reference interpreter, and compares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy
import torch

from modelc.backends.host import host_program
from modelc.ir import Module, Symbol
from modelc.ir.reference import Interpreter
from modelc.ir.verifier import check
from modelc.runtime.host import (
    build_module,
    edge_table,
    read_program,
    verify_program,
    write_program,
)
from modelc.runtime.host.program import Instance, Program

WEIGHTS = {Symbol("w"): torch.tensor([1.5, -0.25])}
INPUTS = [(0, 0.0), (3, -1.0), (-5, 8.5), (11, 2.25)]
TENSOR = torch.tensor([1.0, -2.0])


def outcome(run: Callable[[], Any]) -> Any:
    """Return what `run` returns, or the exception that it raises as text."""
    try:
        return run()
    except IndexError:
        return "IndexError"  # its text depends on what is indexed
    except (ValueError, AssertionError, RuntimeError, OverflowError) as error:
        return f"{type(error).__name__}: {error}"


def plain(value: Any) -> Any:
    """Return tensors and arrays inside of `value` as lists."""
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in cast("list[Any]", value)]
    held: Any = value
    return held.tolist() if isinstance(value, torch.Tensor | numpy.ndarray) else held


def instances(
    module: Module, program: Program, weights: Mapping[Symbol, torch.Tensor]
) -> list[Callable[[Sequence[Any]], Sequence[Any]]]:
    """Return callables that run the sub-networks of `program` in the reference interpreter."""
    interpreter = Interpreter(module, weights)
    from_numpy: Callable[[Any], torch.Tensor] = torch.as_tensor

    def bind(instance: Instance) -> Callable[[Sequence[Any]], Sequence[Any]]:
        def call(arguments: Sequence[Any]) -> Sequence[Any]:
            remaining = iter(arguments)
            held = [
                weights[Symbol(instance.constants[str(position)])]
                if str(position) in instance.constants
                else from_numpy(next(remaining))
                for position in range(instance.parameters)
            ]
            return [r.numpy() for r in interpreter.call(Symbol(instance.callee), tuple(held))]

        return call

    return [bind(instance) for instance in program.instances]


def compare(module: Module) -> str:
    """Compare results and taken edges on `INPUTS`; return the generated text."""
    check(module)
    program = read_program(write_program(host_program(module)))
    assert not verify_program(program)
    edges: set[int] = set()
    weights = {str(symbol): tensor.numpy() for symbol, tensor in WEIGHTS.items()}
    callables = instances(module, program, WEIGHTS)
    generated = build_module(program, callables, weights)
    (function,) = generated.functions
    (traced,) = build_module(program, callables, weights, edges).functions
    reference = Interpreter(module, WEIGHTS)
    for i, f in INPUTS:
        expected = plain(outcome(lambda: reference.run(i, f, TENSOR)))
        for compiled in (function, traced):
            found = outcome(lambda: compiled.call(i, f, TENSOR.numpy())[1])
            assert plain(found) == expected
    assert len(edges) == len(reference.edges)
    assert edges <= {edge.number for edge in edge_table(program)}
    return generated.source
