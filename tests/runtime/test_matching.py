"""Code that finds leaves: whatever it takes, the walk takes too, with the same leaves."""

from __future__ import annotations

import copy
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest

from modelc.runtime.matching import matcher
from modelc.runtime.structure import Constant, Leaf, Mapping, Record, Sequence, Structure, flatten


@dataclass(frozen=True)
class Tree:
    word: Any
    children: Any = ()


@dataclass(frozen=True)
class Other:
    word: Any


class Pair(NamedTuple):
    left: Any
    right: Any


def tree(word: Structure, *children: Structure) -> Record:
    fields, items = ("word", "children"), (word, Sequence("tuple", children))
    return Record("dataclass", f"{__name__}:Tree", fields, items)


PAIR = Record("namedtuple", f"{__name__}:Pair", ("left", "right"), (Leaf(1), Leaf(0)))
DICT_LIKE = Record("mapping", "collections:OrderedDict", ("a", "b c"), (Leaf(0), Constant(1)))
CASES: list[tuple[Structure, Any]] = [
    (Leaf(0), 3),
    (Constant(None), None),
    (Constant(True), True),
    (Constant(1), 1),
    (Constant(1.5), 1.5),
    (Constant("inf"), "inf"),
    (Constant(float("inf")), float("inf")),
    (Sequence("tuple", ()), ()),
    (Sequence("list", (Leaf(1), Leaf(0))), [7, 8]),
    (Mapping(("a", 2), (Leaf(0), Sequence("tuple", (Constant(3),)))), {"a": 1, 2: (3,)}),
    (PAIR, Pair(1, 2)),
    (DICT_LIKE, OrderedDict({"a": 5, "b c": 1})),
    (
        tree(Constant(1), tree(Leaf(0)), tree(Constant(2), tree(Leaf(1)))),
        Tree(1, (Tree(7), Tree(2, (Tree(8),)))),
    ),
]
STRANGERS: list[Any] = [
    None, True, False, 0, 1, 1.0, 1.5, "a", (), [], {}, (1,), [1, 2], [1, 2, 3], Pair(1, 2), (1, 2),
    {"a": 1, 2: (3,)}, {2: (3,), "a": 1}, {"a": 1, 2: (4,)}, {"a": 1, 2: [3]}, Other(1), Tree(1),
    Tree(1, (Tree(7), Tree(2, (Tree(8),)))), Tree(True, (Tree(7), Tree(2, (Tree(8),)))),
    Tree(1, [Tree(7), Tree(2, (Tree(8),))]), Tree(1, (Tree(7), Tree(2, (Other(8),)))),
    OrderedDict({"a": 5, "b c": 1}), OrderedDict({"b c": 1, "a": 5}), {"a": 5, "b c": 1},
]  # fmt: skip


@pytest.mark.parametrize(("structure", "value"), CASES)
def test_finds_the_leaves_of_what_fits(structure: Structure, value: Any):
    match = matcher([structure])
    expected = flatten(structure, value, "x")
    assert not expected.mismatches
    for given in (value, copy.deepcopy(value)):
        leaves = match([given])
        assert leaves == [expected.leaves[index] for index in range(len(expected.leaves))]


@pytest.mark.parametrize(("structure", "value"), CASES)
def test_takes_nothing_that_the_walk_refuses(structure: Structure, value: Any):
    match = matcher([structure])
    for stranger in [*STRANGERS, value]:
        if flatten(structure, stranger, "x").mismatches:
            assert match([stranger]) is None


def test_leaves_of_several_parameters_come_in_the_order_of_their_numbers():
    match = matcher([Sequence("tuple", (Leaf(2), Leaf(0))), Constant("sum"), Leaf(1)])
    assert match([("c", "a"), "sum", "b"]) == ["a", "b", "c"]
    assert match([("c", "a"), "mean", "b"]) is None


def test_numbers_that_are_not_equal_to_themselves_are_left_to_the_walk():
    assert matcher([Constant(float("nan"))])([float("nan")]) is None
