"""Local functions: text form, rules, and what the reference interpreter makes of them."""

import pytest

from modelc.ir import Interpreter, Module, verify
from modelc.ir.text import parse_module, print_module
from modelc.passes import run_pipeline
from modelc.passes.definition import PassContext

FACTORIAL = """
module @example {
  host func @main(%n: i64) {inputs = dict(["n", leaf(0)])} {
    %r = host.invoke(%n) {callee = @factorial} : i64
    host.return([%r]) {structure = leaf(0)}
  }

  local func @factorial(%k: i64) {
    %zero = arith.constant {value = 0} : i64
    %done = arith.compare(%k, %zero) {predicate = eq} : i1
    cf.cond_br(%done, ^stop, ^more)

    ^stop {
      %one = arith.constant {value = 1} : i64
      host.return([%one]) {structure = tuple(leaf(0))}
    }

    ^more {
      %c1 = arith.constant {value = 1} : i64
      %next = arith.sub(%k, %c1) : i64
      %below = host.invoke(%next) {callee = @factorial} : i64
      %product = arith.mul(%k, %below) : i64
      host.return([%product]) {structure = tuple(leaf(0))}
    }
  }

  local func @unused(%k: i64) {
    host.return([%k]) {structure = tuple(leaf(0))}
  }
}
"""


def module(old: str = "", new: str = "") -> Module:
    """Return the example with one part replaced."""
    assert old in FACTORIAL
    return parse_module(FACTORIAL.replace(old, new, 1) if old else FACTORIAL)


def test_print_and_parse_are_inverse():
    text = print_module(module())
    assert print_module(parse_module(text)) == text
    assert "local func @factorial" in text
    assert not verify(module())


def test_a_function_can_invoke_itself():
    interpreter = Interpreter(module(), {})
    assert [interpreter.run(n) for n in (0, 1, 5, 20)] == [1, 1, 120, 2432902008176640000]


def test_calls_nested_too_deeply_raise_an_error():
    with pytest.raises(RecursionError):
        Interpreter(module(), {}).run(-1)


def test_dead_code_keeps_what_is_invoked():
    example = module()
    run_pipeline(example, "dce", PassContext(weights={}))
    assert [func.symbol for func in example.local_funcs] == ["factorial"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("callee = @factorial", "callee = @other", "@other is no local function of the module"),
        ("callee = @factorial", "callee = @main", "@main is no local function of the module"),
        ("host.invoke(%n)", "host.invoke(%n, %n)", "passes 2 arguments to @factorial"),
        ("(%k: i64)", "(%k: f64)", "passes i64 where @factorial takes f64"),
        ("host.return([%one])", "host.return([%done])", "has a result of type i64 where"),
        ("%r = host.invoke(%n)", "%s, %r = host.invoke(%n)", "has 2 results of @factorial"),
    ],
)
def test_violations_are_found(old: str, new: str, problem: str):
    if new.startswith("%s"):
        new, old = new + " {callee = @factorial} : (i64, i64)", old + " {callee = @factorial} : i64"
    messages = [diagnostic.message for diagnostic in verify(module(old, new))]
    assert any(problem in message for message in messages), messages
