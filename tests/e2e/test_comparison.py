"""The comparison finds what differs."""

from collections import OrderedDict
from typing import Any

import pytest
import torch
from torch import tensor

from ..programs import Call
from ..programs.outputs import Answer, Pair
from .comparison import EXACT, difference
from .observation import Outcome

CLOSE = {torch.float32: (1e-4, 1e-5)}


def returned(output: Any, *args: Any) -> Outcome:
    return Outcome(output, None, Call(args))


def raised(error: Exception) -> Outcome:
    return Outcome(None, error, Call(()))


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (tensor([1.0]), tensor([1.0000001])),
        (tensor([1.0]), tensor([1.0], dtype=torch.float64)),
        (tensor([1.0]), tensor(1.0)),
        (tensor([1.0]), tensor([float("nan")])),
        (tensor([True]), tensor([1])),
        ((tensor(1), tensor(2)), [tensor(1), tensor(2)]),
        ((tensor(1), tensor(2)), (tensor(1),)),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"a": 1}, OrderedDict([("a", 1)])),
        (Pair(tensor(1), 2), (tensor(1), 2)),
        (Answer(tensor(1), 2), Answer(tensor(1), 2, True)),
        (1, 1.0),
        (1, True),
        (0.0, -0.0),
        (0.1, 0.1 + 1e-9),
        (None, tensor(0)),
        ("a", "b"),
    ],
)
def test_different_outputs(actual: Any, expected: Any):
    assert difference(returned(actual), returned(expected), EXACT)
    assert not difference(returned(expected), returned(expected), EXACT)


def test_tolerance_is_that_of_the_dtype():
    near, far = tensor([1.0]), tensor([1.00005])
    assert not difference(returned(near), returned(far), CLOSE)
    assert difference(returned(near.double()), returned(far.double()), CLOSE)
    assert difference(returned(near), returned(tensor([1.001])), CLOSE)
    assert not difference(returned(1.0), returned(1.00005), CLOSE)
    assert difference(returned(1.0), returned(1.001), CLOSE)


def test_not_a_number_equals_itself():
    nan = float("nan")
    assert not difference(returned((tensor([nan]), nan)), returned((tensor([nan]), nan)), EXACT)


def test_changed_arguments_differ():
    assert difference(returned(None, tensor(1)), returned(None, tensor(2)), CLOSE)


def test_exceptions_differ_by_class_and_message():
    assert difference(raised(ValueError("a")), raised(TypeError("a")), EXACT)
    assert difference(raised(ValueError("a")), raised(ValueError("b")), EXACT)
    assert difference(raised(ValueError("a")), returned(None), EXACT)
    assert difference(returned(None), raised(ValueError("a")), EXACT)
    assert not difference(raised(ValueError("a")), raised(ValueError("b")), EXACT, messages=False)
