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


def put(document: Any, path: str, value: Any) -> None:
    """Store `value` at a path such as `entries.0.blocks`."""
    *parents, last = [int(key) if key.isdecimal() else key for key in path.split(".")]
    for key in parents:
        document = document[key]
    document[last] = value


ENTRY = "entries.0"
FIRST = "entries.0.blocks.0.instructions"
BRANCH = "entries.0.blocks.0.terminator"
EARLY = "entries.0.blocks.1.terminator"


def test_a_program_survives_its_json_form():
    assert read_program(write_program(early_exit())) == early_exit()
    assert not verify_program(early_exit())


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (f"{FIRST}.4.operation", "os.system", "os.system: unknown operation"),
        (f"{FIRST}.4.attributes", {}, "has the attributes []"),
        (f"{FIRST}.4.attributes.predicate", "==", "predicate is '=='"),
        (f"{FIRST}.3.attributes.value", "1", "value is '1'"),
        (f"{FIRST}.4.operands", [3], "takes other operands"),
        (f"{FIRST}.4.operands", [1, 4], "takes other operands"),
        (f"{FIRST}.2.operands", [3], "before it is computed"),
        (f"{FIRST}.4.results", [5, 6], "value 6 is computed twice"),
        (f"{FIRST}.4.results", [], "value 5 is read in block 0 before"),
        (f"{FIRST}.4.location", 9, "there is no location 9"),
        (f"{FIRST}.4.location", -1, "there is no location -1"),
        (f"{FIRST}.4.results", [77], "there is no value 77"),
        (f"{FIRST}.4.results", [-1], "there is no value -1"),
        (f"{FIRST}.0.attributes.instance", 3, "there is no instance 3"),
        (f"{FIRST}.0.attributes.instance", -1, "there is no instance -1"),
        (f"{FIRST}.0.attributes.instance", True, "instance is True"),
        (f"{FIRST}.0.operands", [0, 0], "scale takes 2 parameters"),
        (f"{BRANCH}.condition", 1, "branches on what is no number"),
        (f"{BRANCH}.on_true.block", 0, "an edge leads to block 0"),
        (f"{BRANCH}.on_true.block", 3, "an edge leads to block 3"),
        (f"{BRANCH}.on_true.arguments", [1], "passes 1 values"),
        (f"{EARLY}.outputs", [1], "leaf 1 of 1"),
        (f"{EARLY}.outputs", [6, 3], "value 6 is read in block 1 before"),
        (f"{EARLY}.cells", ["c"], "differ in number"),
        (f"{EARLY}.cleared_cells", ["c"], "there is no cell c"),
        (f"{EARLY}.copied_inputs", [0], "differ in number"),
        (f"{ENTRY}.absent_cells", ["c"], "there is no cell c"),
        (f"{ENTRY}.values.0.type", 40, "there is no type 40"),
        (f"{ENTRY}.inputs.keys", ["y"], "has other inputs"),
        (f"{ENTRY}.blocks", [], "there is no block"),
        ("instances.0.constants", {"2": "layer.weight"}, "no parameter 2"),
        ("instances.0.constants", {"x": "layer.weight"}, "no parameter x"),
        ("instances.0.constants", {"1": "other"}, "unknown weight other"),
        ("entries", [], "there is no entry"),
        ("types.0.dtype", "f128", "unknown element type 'f128'"),
    ],
)
def test_a_broken_program_is_found(path: str, value: Any, problem: str):
    found = verify_program(changed(lambda document: put(document, path, value)))
    assert any(problem in text for text in found)


@pytest.mark.parametrize(
    ("inputs", "values", "problem"),
    [([1], [1], "there is no input 1"), ([0], [3], "only tensors are copied into inputs")],
)
def test_broken_copies_are_found(inputs: list[int], values: list[int], problem: str):
    def change(document: Document) -> None:
        put(document, f"{EARLY}.copied_inputs", inputs)
        put(document, f"{EARLY}.copied_values", values)

    assert any(problem in text for text in verify_program(changed(change)))


@pytest.mark.parametrize(
    ("replacement", "problem"),
    [
        ({"parameters": (Parameter("x"), Parameter("x"))}, "two parameters have one name"),
        ({"parameters": (Parameter("import"),)}, "'import' is no parameter name"),
        ({"cells": (Cell("c", "m.c"), Cell("c", "m.c"))}, "two cells have one name"),
        ({"cells": (Cell("c", "m.c", WeightReference("w")),)}, "begins with an unknown weight"),
        ({"weights": {"layer.weight": TensorType(("B",), "f32")}}, "is no tensor of known extents"),
        ({"weights": {"layer.weight": ScalarType("i64")}}, "is no tensor of known extents"),
        ({"types": (ListType(ScalarType("text")),)}, "unknown scalar 'text'"),
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
    with pytest.raises(Malformed, match="expected 2, found 7"):
        read_program(json.dumps({**document, "schema": 7}).encode())


NASTY = "x\n    raise SystemExit\r\x0c\u2028\x00'''\"\"\" # %s {0} \\"


def test_texts_of_the_artifact_stay_texts():
    """Names, messages and source lines from outside cannot become statements."""

    def spoil(document: Document) -> None:
        document["name"] = NASTY
        entry = document["entries"][0]
        entry["symbol"] = NASTY
        for value in entry["values"]:
            value["name"] = NASTY
        for location in document["locations"]:
            location.update(file=NASTY, text=NASTY)
        for block in entry["blocks"]:
            block["name"] = NASTY
        for instance in document["instances"]:
            instance["callee"] = NASTY
        raising = {"kind": "raise", "exception": NASTY, "message": NASTY}
        put(document, f"{ENTRY}.blocks.2.terminator", raising)

    program = changed(spoil)
    assert not verify_program(program)
    source = generate_source(program)
    compile(source, "<host>", "exec")
    assert [line for line in source.splitlines() if line.strip().startswith("raise")] == [
        f"    raise exception({NASTY!r}, {NASTY!r})"
    ]


def test_a_dead_block_is_not_generated():
    def cut(document: Document) -> None:
        put(document, BRANCH, {"kind": "jump", "target": {"block": 1, "arguments": []}})

    program = changed(cut)
    assert not verify_program(program)
    assert "halve((" not in generate_source(program)
