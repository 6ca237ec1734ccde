"""What is wrong with a host program is found before code is made of it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from modelc.runtime.codec import Malformed
from modelc.runtime.host import (
    Program,
    generate_source,
    read_program,
    verify_program,
    write_program,
)
from modelc.runtime.host.program import Cell, Instance, WeightReference
from modelc.runtime.signature import Parameter
from modelc.runtime.types import ListType, ScalarType, TensorType

from ..programs import early_exit

Document = dict[str, Any]


def changed(change: Callable[[Document], None]) -> Program:
    """Return the early-exit program after a change of its JSON form."""
    document: Document = json.loads(write_program(early_exit()))
    change(document["program"])
    return read_program(json.dumps(document).encode())


def entry(document: Document) -> Document:
    """Return the only entry."""
    return document["entries"][0]


def instruction(document: Document, position: int) -> Document:
    """Return an instruction of the first block."""
    return entry(document)["blocks"][0]["instructions"][position]


def terminator(document: Document, block: int) -> Document:
    """Return the terminator of a block."""
    return entry(document)["blocks"][block]["terminator"]


def test_a_program_survives_its_json_form():
    assert read_program(write_program(early_exit())) == early_exit()
    assert not verify_program(early_exit())


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda d: instruction(d, 4).update(operation="os.system"), "os.system: unknown operation"),
        (lambda d: instruction(d, 4)["attributes"].clear(), "has the attributes []"),
        (lambda d: instruction(d, 4)["attributes"].update(predicate="=="), "predicate is '=='"),
        (lambda d: instruction(d, 3)["attributes"].update(value="1"), "value is '1'"),
        (lambda d: instruction(d, 4).update(operands=[3]), "takes other operands"),
        (lambda d: instruction(d, 4).update(operands=[1, 4]), "takes other operands"),
        (lambda d: instruction(d, 2).update(operands=[3]), "before it is computed"),
        (lambda d: instruction(d, 4).update(results=[5, 6]), "value 6 is computed twice"),
        (lambda d: instruction(d, 4).update(results=[]), "value 5 is read in block 0 before"),
        (lambda d: instruction(d, 4).update(location=9), "there is no location 9"),
        (lambda d: instruction(d, 4).update(location=-1), "there is no location -1"),
        (lambda d: instruction(d, 4).update(results=[77]), "there is no value 77"),
        (lambda d: instruction(d, 4).update(results=[-1]), "there is no value -1"),
        (lambda d: instruction(d, 0)["attributes"].update(instance=3), "there is no instance 3"),
        (lambda d: instruction(d, 0)["attributes"].update(instance=-1), "there is no instance -1"),
        (lambda d: instruction(d, 0)["attributes"].update(instance=True), "instance is True"),
        (lambda d: instruction(d, 0).update(operands=[0, 0]), "scale takes 2 parameters"),
        (lambda d: terminator(d, 0).update(condition=1), "branches on what is no number"),
        (lambda d: terminator(d, 0)["on_true"].update(block=0), "an edge leads to block 0"),
        (lambda d: terminator(d, 0)["on_true"].update(block=3), "an edge leads to block 3"),
        (lambda d: terminator(d, 0)["on_true"].update(arguments=[1]), "passes 1 values"),
        (lambda d: terminator(d, 1).update(outputs=[1]), "leaf 1 of 1"),
        (lambda d: terminator(d, 1).update(outputs=[6, 3]), "value 6 is read in block 1 before"),
        (lambda d: terminator(d, 1).update(cells=["c"]), "differ in number"),
        (lambda d: terminator(d, 1).update(cleared_cells=["c"]), "there is no cell c"),
        (
            lambda d: terminator(d, 1).update(copied_inputs=[1], copied_values=[1]),
            "there is no input 1",
        ),
        (
            lambda d: terminator(d, 1).update(copied_inputs=[0], copied_values=[3]),
            "only tensors are copied",
        ),
        (lambda d: entry(d).update(absent_cells=["c"]), "there is no cell c"),
        (lambda d: entry(d)["values"][0].update(type=40), "there is no type 40"),
        (lambda d: entry(d)["inputs"].update(keys=["y"]), "has other inputs"),
        (lambda d: d["instances"][0].update(constants={"2": "layer.weight"}), "no parameter 2"),
        (lambda d: d["instances"][0].update(constants={"x": "layer.weight"}), "no parameter x"),
        (lambda d: d["instances"][0].update(constants={"1": "other"}), "unknown weight other"),
        (lambda d: d.update(entries=[]), "there is no entry"),
        (lambda d: entry(d).update(blocks=[]), "there is no block"),
        (lambda d: d["types"][0].update(dtype="f128"), "unknown element type 'f128'"),
    ],
)
def test_a_broken_program_is_found(change: Callable[[Document], None], problem: str):
    assert any(problem in found for found in verify_program(changed(change)))


@pytest.mark.parametrize(
    ("replacement", "problem"),
    [
        ({"parameters": (Parameter("x"), Parameter("x"))}, "two parameters have one name"),
        ({"parameters": (Parameter("import"),)}, "'import' is no parameter name"),
        ({"cells": (Cell("c", "m.c"), Cell("c", "m.c"))}, "two cells have one name"),
        ({"cells": (Cell("c", "m.c", WeightReference("w")),)}, "begins with an unknown weight"),
        ({"weights": {"layer.weight": TensorType(("B",), "f32")}}, "is no tensor of known extents"),
        ({"weights": {"layer.weight": ScalarType("i64")}}, "is no tensor of known extents"),
        ({"types": (ListType(ScalarType("str")),)}, "unknown scalar 'str'"),
        ({"instances": (Instance("f", 1, 1, {"0": "w"}),)}, "bound to an unknown weight w"),
    ],
)
def test_broken_tables_are_found(replacement: dict[str, Any], problem: str):
    broken = dataclasses.replace(early_exit(), **replacement)
    assert any(problem in found for found in verify_program(broken))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"{", "is no JSON"),
        (b"\xff\xfe", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b"[]", "expected an object"),
        (b'{"schema": 2, "program": {}}', "field"),
        (b'{"schema": 1}', "field 'program' is missing"),
        (b'{"schema": 1, "program": {"name": 3}}', "$.program.name: expected str, found 3"),
        (b'{"schema": 1, "program": {"code": "exec()"}}', "unknown field 'code'"),
    ],
)
def test_other_documents_are_refused(text: bytes, problem: str):
    with pytest.raises(Malformed) as caught:
        read_program(text)
    assert problem in str(caught.value)


def test_another_schema_is_refused():
    document = json.loads(write_program(early_exit()))
    with pytest.raises(Malformed, match="expected 1, found 7"):
        read_program(json.dumps({**document, "schema": 7}).encode())


NASTY = "x\n    raise SystemExit\r\x0c\u2028\x00'''\"\"\" # %s {0} \\"


def test_texts_of_the_artifact_stay_texts():
    """Names, messages and source lines from outside cannot become statements."""

    def spoil(document: Document) -> None:
        document["name"] = NASTY
        for value in entry(document)["values"]:
            value["name"] = NASTY
        for location in document["locations"]:
            location.update(file=NASTY, text=NASTY)
        for block in entry(document)["blocks"]:
            block["name"] = NASTY
        entry(document)["symbol"] = NASTY
        for instance in document["instances"]:
            instance["callee"] = NASTY
        raising = {"kind": "raise", "exception": NASTY, "message": NASTY}
        entry(document)["blocks"][2]["terminator"] = raising

    program = changed(spoil)
    assert not verify_program(program)
    source = generate_source(program)
    compile(source, "<host>", "exec")
    assert [line for line in source.splitlines() if line.strip().startswith("raise")] == [
        f"    raise exception({NASTY!r}, {NASTY!r})"
    ]


def test_a_dead_block_is_not_generated():
    def cut(document: Document) -> None:
        jump = {"kind": "jump", "target": {"block": 1, "arguments": []}}
        entry(document)["blocks"][0]["terminator"] = jump

    program = changed(cut)
    assert not verify_program(program)
    assert "halve((" not in generate_source(program)
