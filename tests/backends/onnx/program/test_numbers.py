"""Numbers of the host in ONNX: where ONNX has another answer than Python, the session fails."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

import modelc

CASES: list[tuple[Callable[[float], float], float]] = [
    (math.sin, math.inf),
    (math.cos, -math.inf),
    (math.sqrt, -1.0),
    (math.log, 0.0),
    (math.exp, 1e3),
    (int, 1e19),
    (math.floor, -1e19),
    (math.ceil, math.nan),
]


@pytest.mark.parametrize(("function", "wrong"), CASES)
def test_no_answer_is_better_than_another_one(function: Callable[[float], float], wrong: float):
    def program(x: Tensor) -> float:
        return function(x.item()) + 1

    model: Any = modelc.compile(program, (torch.tensor(2.5),), target="onnx", cache=False)
    assert model(torch.tensor(1.75)) == pytest.approx(program(torch.tensor(1.75)))
    with pytest.raises(Exception, match="ONNXRuntimeError"):
        model(torch.tensor(wrong))
