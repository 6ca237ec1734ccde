"""Flattening and rebuilding pytrees, and what is said of those that do not fit."""

from __future__ import annotations

import collections
import dataclasses
import sys
import types
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelc.runtime.codec import Malformed, decode, encode
from modelc.runtime.structure import (
    Constant,
    Leaf,
    Mapping,
    Record,
    Sequence,
    Structure,
    builder,
    check_structure,
    flatten,
    leaf_paths,
)


class Point(NamedTuple):
    x: Any
    y: Any


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    left: Any
    right: Any


@dataclasses.dataclass
class Counted:
    """Has a constructor that must not run a second time."""

    value: Any
    made: int = 0

    def __post_init__(self) -> None:
        self.made += 1


@dataclasses.dataclass
class Holder:
    """A document with a structure in it."""

    held: Structure


HERE = __name__


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this module be found by its name, however the tests were imported."""
    module = sys.modules.get(HERE) or types.ModuleType(HERE)
    for cls in (Point, Frozen, Counted):
        monkeypatch.setattr(module, cls.__name__, cls, raising=False)
    monkeypatch.setitem(sys.modules, HERE, module)


def leaf_free(value: Any) -> Structure:
    return Constant(value)


def structures() -> st.SearchStrategy[Structure]:
    """Structures whose leaves all carry index 0; `numbered` gives them their own."""
    plain = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
    leaves = st.just(Leaf(0)) | plain.map(leaf_free)

    def extend(inner: st.SearchStrategy[Structure]) -> st.SearchStrategy[Structure]:
        items = st.lists(inner, max_size=3).map(tuple)
        pair = st.tuples(inner, inner)
        keyed = st.lists(st.text(max_size=3), max_size=3, unique=True).flatmap(
            lambda keys: st.tuples(*[inner] * len(keys)).map(
                lambda values: Mapping(tuple(keys), tuple(values))
            )
        )
        return (
            st.builds(Sequence, st.sampled_from(["tuple", "list"]), items)
            | keyed
            | pair.map(lambda two: Record("namedtuple", f"{HERE}:Point", ("x", "y"), two))
            | pair.map(lambda two: Record("dataclass", f"{HERE}:Frozen", ("left", "right"), two))
            | pair.map(lambda two: Record("mapping", "collections:OrderedDict", ("a", "b"), two))
        )

    return st.recursive(leaves, extend, max_leaves=12)


def numbered(structure: Structure, count: list[int]) -> Structure:
    """Return `structure` with leaves counted from left to right."""
    if isinstance(structure, Leaf):
        count[0] += 1
        return Leaf(count[0] - 1)
    if isinstance(structure, Constant):
        return structure
    items = tuple([numbered(item, count) for item in structure.items])
    return dataclasses.replace(structure, items=items)


@given(structures())
def test_what_is_built_flattens_to_its_leaves(drawn: Structure):
    count = [0]
    structure = numbered(drawn, count)
    leaves = [object() for _ in range(count[0])]
    flat = flatten(structure, builder(structure)(leaves), "x")
    assert not flat.mismatches
    assert [flat.leaves[index] for index in range(count[0])] == leaves
    assert set(leaf_paths(structure, "x")) == set(range(count[0]))
    assert not list(check_structure(structure, count[0]))


@given(structures())
def test_json_form_is_lossless(structure: Structure):
    assert decode(Holder, encode(Holder(structure))) == Holder(structure)


@pytest.mark.parametrize(
    ("structure", "value", "message"),
    [
        (Constant(2), 3, "x: expected 2, given 3"),
        (Constant(1), True, "x: expected 1, given True"),
        (Constant(1), 1.0, "x: expected 1, given 1.0"),
        (Constant("a"), None, "x: expected 'a', given None"),
        (Sequence("tuple", (Leaf(0),)), [1], "x: expected a tuple of 1, given a list of 1"),
        (Sequence("list", (Leaf(0),)), [1, 2], "x: expected a list of 1, given a list of 2"),
        (Sequence("tuple", (Leaf(0), Leaf(1))), Point(1, 2), "given a Point of 2"),
        (Mapping(("a",), (Leaf(0),)), {"b": 1}, "a dict with the keys ['a'], given the keys ['b']"),
        (Mapping(("a", "b"), (Leaf(0), Leaf(1))), {"b": 1, "a": 2}, "given the keys ['b', 'a']"),
        (Mapping(("a",), (Leaf(0),)), 5, "x: expected a dict with the keys ['a'], given 5"),
        (Record("namedtuple", "m:P", ("x", "z"), (Leaf(0), Leaf(1))), Point(1, 2), "m:P with"),
        (Record("dataclass", "m:F", ("left",), (Leaf(0),)), Frozen(1, 2), "given a Frozen"),
        (Record("mapping", "m:M", ("a",), (Leaf(0),)), [1], "m:M with the keys ['a']"),
    ],
)
def test_a_mismatch_names_path_expected_and_given(structure: Structure, value: Any, message: str):
    (mismatch,) = flatten(structure, value, "x").mismatches
    assert message in str(mismatch)


def test_all_mismatches_are_found_at_once():
    structure = Mapping(
        ("size", "items", "point"),
        (
            Constant(2),
            Sequence("list", (Leaf(0), Constant(None))),
            Record("namedtuple", "m:Point", ("x", "y"), (Leaf(1), Constant("a"))),
        ),
    )
    value = {"size": 3, "items": [1, 5], "point": Point(2, "b")}
    paths = [mismatch.path for mismatch in flatten(structure, value, "batch").mismatches]
    assert paths == ["batch['size']", "batch['items'][1]", "batch['point'].y"]


def test_nan_is_the_same_constant():
    assert not flatten(Constant(float("nan")), float("nan"), "x").mismatches


def test_a_dataclass_is_rebuilt_without_its_constructor():
    record = Record("dataclass", f"{HERE}:Counted", ("value", "made"), (Leaf(0), Constant(1)))
    built = builder(record)(["v"])
    assert isinstance(built, Counted)
    assert (built.value, built.made) == ("v", 1)


def test_a_dataclass_that_is_a_dict_keeps_its_items():
    @dataclasses.dataclass
    class Output(dict[str, Any]):
        logits: Any = None

        def __post_init__(self) -> None:
            self["logits"] = self.logits

    setattr(sys.modules[HERE], "Output", Output)
    built = builder(Record("dataclass", f"{HERE}:Output", ("logits",), (Leaf(0),)))([7])
    assert built["logits"] == built.logits == 7


@pytest.mark.parametrize("form", ["namedtuple", "dataclass"])
def test_a_class_that_is_not_imported_has_a_stand_in(form: str):
    record = Record(form, "not_imported.anywhere:Result", ("a", "b"), (Leaf(0), Leaf(1)))
    built = builder(record)([1, 2])
    assert type(built).__name__ == "Result"
    assert (built.a, built.b) == (1, 2)
    assert "not_imported" not in sys.modules


def test_a_mapping_class_that_is_not_imported_is_a_dict():
    built = builder(Record("mapping", "not_imported:M", ("a",), (Leaf(0),)))([1])
    assert built == {"a": 1} and type(built) is dict


@pytest.mark.parametrize(
    "type_name", ["subprocess:Popen", "builtins:exec", "os:system", "sys:path"]
)
@pytest.mark.parametrize("form", ["namedtuple", "dataclass", "mapping"])
def test_only_classes_of_the_stated_form_are_built(form: str, type_name: str):
    built = builder(Record(form, type_name, ("args",), (Leaf(0),)))(["true"])
    assert type(built).__module__ != "subprocess"
    assert (built["args"] if form == "mapping" else built.args) == "true"


def test_mapping_classes_of_the_standard_library_are_found():
    built = builder(Record("mapping", "collections:OrderedDict", ("a",), (Leaf(0),)))([1])
    assert type(built) is collections.OrderedDict


@pytest.mark.parametrize(
    ("structure", "problem"),
    [
        (Leaf(2), "leaf 2 of 2"),
        (Sequence("set", ()), "unknown sequence 'set'"),
        (Mapping(("a", "a"), (Leaf(0), Leaf(1))), "2 items for 1 distinct keys"),
        (Record("class", "m:C", (), ()), "unknown record 'class'"),
        (Record("namedtuple", "m:C", ("a b",), (Leaf(0),)), "'a b' is no name"),
        (Record("dataclass", "m:1", (), ()), "'1' is no name"),
        (Record("dataclass", "m:C", ("class",), (Leaf(0),)), "'class' is no name"),
        (Record("dataclass", "m:C", ("a",), ()), "0 items for 1 distinct fields"),
    ],
)
def test_broken_structures_are_found(structure: Structure, problem: str):
    assert problem in list(check_structure(structure, 2))


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"kind": "leaf", "index": "0"}, "$.held.index: expected int, found '0'"),
        ({"kind": "leaf", "index": True}, "$.held.index: expected int, found True"),
        ({"kind": "leaf"}, "$.held: field 'index' is missing"),
        ({"kind": "leaf", "index": 0, "more": 1}, "$.held: unknown field 'more'"),
        ({"kind": "branch"}, "$.held: unknown kind 'branch'"),
        (
            {"kind": "sequence", "type_name": "list", "items": [3]},
            "$.held.items[0]: expected an object",
        ),
    ],
)
def test_a_malformed_document_names_the_place(document: Any, path: str):
    with pytest.raises(Malformed) as caught:
        decode(Holder, {"held": document})
    assert path in str(caught.value)


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan"), -0.0, 0.1, 1, True])
def test_numbers_survive_json(value: float):
    restored = decode(Holder, encode(Holder(Constant(value)))).held
    assert isinstance(restored, Constant)
    assert (type(restored.value), repr(restored.value)) == (type(value), repr(value))
