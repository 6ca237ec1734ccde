"""The pass manager and what watches it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from modelc.diagnostics import DiagnosticError
from modelc.ir import Module, Op
from modelc.ir.host import arith
from modelc.ir.text import parse_module, print_module
from modelc.passes import (
    Counts,
    Pass,
    PassContext,
    Record,
    Recorder,
    Step,
    dump_passes,
    run_pipeline,
    time_passes,
    verify_passes,
)

SOURCE = """
module @m {level = captured} {
  host func @main(%x: i64) {
    %0 = arith.constant {value = 0} : i64
    %1 = arith.add(%x, %0) : i64
    host.return([%1]) {structure = tuple(leaf(0))}
  }
}
"""


@pytest.fixture(name="module")
def module_fixture() -> Module:
    return parse_module(SOURCE, "m.mc")


@dataclass(frozen=True)
class Break(Pass):
    """Return what is defined only after it is read."""

    name = "break"

    def run(self, module: Module, context: PassContext) -> None:
        ops = next(iter(module.funcs.values())).body.entry.ops
        ops[0], ops[1] = ops[1], ops[0]


@dataclass(frozen=True)
class Note(Pass):
    """Say something about every op."""

    name = "note"

    def run(self, module: Module, context: PassContext) -> None:
        for func in module.funcs.values():
            for op in func.ops:
                context.note(op, op.name)
            context.note(func.loc, "done")


def test_observers_see_every_step(module: Module):
    steps: list[Step] = []
    run_pipeline(module, "cse,dce", observers=[steps.append])
    assert [(step.number, step.name) for step in steps] == [(0, "input"), (1, "cse"), (2, "dce")]
    assert all(step.module is module for step in steps)


def test_verification_names_the_pass(module: Module):
    with pytest.raises(DiagnosticError) as caught:
        run_pipeline(module, [Note(), Break()], observers=[verify_passes])
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "MC0203"
    assert [note.message for note in diagnostic.notes] == ["found after the pass break"]


def test_verification_looks_at_the_input(module: Module):
    Break().run(module, PassContext())
    with pytest.raises(DiagnosticError) as caught:
        run_pipeline(module, "cse", observers=[verify_passes])
    assert "found before the first pass" in str(caught.value)


def test_dump_writes_each_step(module: Module, tmp_path: Path):
    before = print_module(module)
    run_pipeline(module, "canonicalize,dce", observers=[dump_passes(tmp_path / "ir")])
    names = ["00-input.mc", "01-canonicalize.mc", "02-dce.mc"]
    assert sorted(path.name for path in (tmp_path / "ir").iterdir()) == names
    assert (tmp_path / "ir" / "00-input.mc").read_text() == before
    assert (tmp_path / "ir" / "02-dce.mc").read_text() == print_module(module)


def test_times_are_reported(module: Module):
    lines: list[str] = []
    run_pipeline(module, "canonicalize,dce", observers=[time_passes(lines.append)])
    assert [line.split()[1:] for line in lines] == [["ms", "canonicalize"], ["ms", "dce"]]


def test_sizes_are_recorded(module: Module):
    recorder = Recorder()
    run_pipeline(module, "canonicalize,dce", observers=[recorder])
    three, two, one = (Counts(funcs=1, blocks=1, ops=ops) for ops in (3, 2, 1))
    found = [(record.name, record.before, record.after) for record in recorder.records]
    assert found == [("canonicalize", three, two), ("dce", two, one)]
    assert all(isinstance(record, Record) and record.seconds > 0 for record in recorder.records)


def test_decisions_name_pass_and_place(module: Module):
    context = PassContext()
    run_pipeline(module, [Note()], context)
    found = [(each.pass_name, each.location.line, each.text) for each in context.decisions]
    assert found == [
        ("note", 4, "arith.constant"),
        ("note", 5, "arith.add"),
        ("note", 6, "host.return"),
        ("note", 3, "done"),
    ]


def test_misses_are_heard(module: Module):
    heard: list[tuple[str, str, str]] = []

    def hear(pattern: str, op: Op, reason: str) -> None:
        heard.append((pattern, op.name, reason))

    run_pipeline(module, "canonicalize", PassContext(on_miss=hear))
    reason = "the left operand is not the only constant"
    assert ("constant-to-the-right", "arith.add", reason) in heard


def test_rewrites_keep_locations(module: Module):
    (func,) = module.funcs.values()
    add = func.body.entry.ops[1]
    assert isinstance(add, arith.Add)
    place = add.loc
    add.left, add.right = add.right, add.left
    add.left.replace_all_uses_with(func.body.entry.insert(0, arith.Constant(value=7)).out)
    run_pipeline(module, "canonicalize", PassContext())
    assert func.body.entry.ops[2].loc == place


def test_a_fixpoint_is_bounded(module: Module):
    with pytest.raises(DiagnosticError) as caught:
        run_pipeline(module, "canonicalize{rewrites-per-op=0}")
    (diagnostic,) = caught.value.diagnostics
    place = diagnostic.location
    assert place is not None
    assert (diagnostic.code, place.file, place.line) == ("MC0303", "m.mc", 3)
    assert diagnostic.message == "canonicalize found no fixpoint of @main within its bound"
