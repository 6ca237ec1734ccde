"""The benchmark: fair turns, honest statistics, failures that are results."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

INPUTS = [(torch.full((2,), float(value)),) for value in range(3)]


class Doubled(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return 2 * x


@pytest.fixture
def bench(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("dynamic")


def test_every_program_runs_on_every_input_and_begins_equally_often(bench: ModuleType):
    calls: list[tuple[str, int]] = []

    def program(name: str) -> Callable[[Tensor], None]:
        return lambda x: calls.append((name, int(x[0])))

    programs = {name: program(name) for name in "abc"}
    times = bench.interleave(programs, INPUTS, rounds=3)
    assert {name: len(own) for name, own in times.items()} == {"a": 3, "b": 3, "c": 3}
    assert Counter(calls) == {(name, value): 3 for name in "abc" for value in range(3)}
    assert [name for name, _ in calls[::3]] == list("abcbcacab")


def test_speedup_is_taken_per_input(bench: ModuleType):
    spread = bench.speedup([1.0, 10.0, 100.0], [2.0, 5.0, 25.0])
    assert spread.median == 2.0
    assert 0.5 < spread.p10 < spread.median < spread.p90 < 4.0


def test_a_wrong_answer_is_a_failure(bench: ModuleType, monkeypatch: pytest.MonkeyPatch):
    def inexact(*_: Any) -> Callable[[Tensor], Tensor]:
        return lambda x: 2 * x + 1e-3

    monkeypatch.setitem(bench.PEERS, "modelc", inexact)
    peer, _ = bench.prepare("modelc", Doubled(), INPUTS, 1, limit=900)
    assert peer.failure.startswith("wrong answer")


def test_an_error_is_a_failure(bench: ModuleType, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: Any) -> None:
        raise RuntimeError("cannot")

    monkeypatch.setitem(bench.PEERS, "modelc", refuse)
    peer, _ = bench.prepare("modelc", Doubled(), INPUTS, 1, limit=900)
    assert peer.failure == "RuntimeError: cannot"


def test_results_are_shown_and_written(bench: ModuleType, tmp_path: Path):
    slow, fast = bench.Spread(10.0, 9.0, 11.0), bench.Spread(2.5, 2.0, 3.0)
    peers = {
        "eager": bench.Peer(0.0, slow, bench.Spread(1.0, 1.0, 1.0)),
        "torch.compile": bench.Peer(failure="RuntimeError: cannot"),
        "modelc": bench.Peer(1.0, fast, bench.Spread(4.0, 3.0, 5.0)),
    }
    results = [bench.Result("doubled", peers)]
    assert bench.table(results).splitlines()[-1] == (
        "| doubled | 10.0 | RuntimeError | 4.00x (3.00-5.00) |"
    )
    bench.write_json(tmp_path / "dynamic.json", results, {"rounds": 7})
    written = json.loads((tmp_path / "dynamic.json").read_text())
    assert written["results"][0]["peers"]["modelc"]["speedup"]["median"] == 4.0
    bench.write_plot(tmp_path / "dynamic.png", results)
    assert (tmp_path / "dynamic.png").read_bytes().startswith(b"\x89PNG")


def test_modelc_is_compared_with_the_fastest_peer_that_is_right(bench: ModuleType):
    def peer(speedup: float, of_modelc: float) -> Any:
        return bench.Peer(2.0, None, *(bench.Spread(x, x, x) for x in (speedup, of_modelc)))

    peers = {
        "eager": peer(1.0, 4.0),
        "TorchScript": peer(3.0, 1.33),
        "trace": bench.Peer(failure="wrong answer: ..."),
        "hand split": peer(2.0, 2.0),
        "modelc": peer(4.0, 1.0),
    }
    results = [bench.Result("doubled", peers)]
    assert bench.comparison_table(results).splitlines()[-1] == (
        "| doubled | TorchScript | 1.33x (1.33-1.33) | 2.00x (2.00-2.00) |"
    )
    assert (
        bench.preparation_table(results).splitlines()[-1] == "| doubled | 2.0 | 0.0 | 2.0 | 2.0 |"
    )


@pytest.mark.parametrize("name", ["captioning", "early_exit"])
def test_splits_by_hand_compute_the_same(bench: ModuleType, name: str):
    sample = bench.load_sample(name)
    model = sample.build()
    with torch.inference_mode():
        program = bench.by_hand(model, sample.inputs(), 1)
        for args in sample.inputs()[:4]:
            torch.testing.assert_close(program(*args), model(*args), rtol=1e-4, atol=1e-5)


def test_other_networks_have_no_split(bench: ModuleType):
    peer, _ = bench.prepare("hand split", Doubled(), INPUTS, 1, limit=900)
    assert peer.failure == "not written"
