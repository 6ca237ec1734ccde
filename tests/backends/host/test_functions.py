"""Functions of the host program that invoke each other."""

import dataclasses

import pytest

from modelc.backends.host import host_program
from modelc.ir.text import parse_module
from modelc.runtime.host import build_module
from modelc.runtime.host.program import Entry, Program, Return, read_program, write_program
from modelc.runtime.host.verifier import verify_program

EXAMPLE = """
module @example {
  host func @main(%n: i64) {inputs = dict(["n", leaf(0)])} {
    %r, %s = host.invoke(%n) {callee = @count} : (i64, i64)
    host.return([%r, %s]) {structure = tuple(leaf(0), leaf(1))}
  }

  local func @count(%k: i64) {
    %zero = arith.constant {value = 0} : i64
    %one = arith.constant {value = 1} : i64
    %done = arith.compare(%k, %zero) {predicate = le} : i1
    cf.cond_br(%done, ^stop, ^more)

    ^stop {
      host.return([%k, %zero]) {structure = tuple(leaf(0), leaf(1))}
    }

    ^more {
      %next = arith.sub(%k, %one) : i64
      %last, %depth = host.invoke(%next) {callee = @count} : (i64, i64)
      %deeper = arith.add(%depth, %one) : i64
      host.return([%last, %deeper]) {structure = tuple(leaf(0), leaf(1))}
    }
  }
}
"""


def example() -> Program:
    return host_program(parse_module(EXAMPLE))


def changed(program: Program, function: Entry) -> list[str]:
    return verify_program(dataclasses.replace(program, functions=(function,)))


def test_generated_functions_invoke_each_other():
    program = read_program(write_program(example()))
    assert program == example()
    assert not verify_program(program)
    edges: set[int] = set()
    module = build_module(program, [], {}, edges)
    (main,) = module.functions
    assert main.call(3)[1] == (0, 3)
    assert main.call(-2)[1] == (-2, 0)
    assert len(edges) == 2
    with pytest.raises(RecursionError):
        main.call(10**6)


def test_a_function_that_does_not_exist_is_found():
    program = dataclasses.replace(example(), functions=())
    assert any("there is no function 0" in text for text in verify_program(program))


def test_functions_write_no_state():
    program = example()
    (function,) = program.functions
    *others, last = function.blocks
    assert isinstance(last.terminator, Return)
    ending = dataclasses.replace(last.terminator, copied_inputs=(0,), copied_values=(0,))
    broken = (*others, dataclasses.replace(last, terminator=ending))
    found = changed(program, dataclasses.replace(function, blocks=broken))
    assert any("writes neither cells nor inputs" in text for text in found)


def test_results_are_counted():
    program = example()
    (function,) = program.functions
    first, stop, more = function.blocks
    assert isinstance(stop.terminator, Return)
    ending = dataclasses.replace(stop.terminator, outputs=(0, 0, 0))
    blocks = (first, dataclasses.replace(stop, terminator=ending), more)
    found = changed(program, dataclasses.replace(function, blocks=blocks))
    assert any("has 3 results" in text for text in found)
