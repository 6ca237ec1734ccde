"""The cache of compilations: what is found is what would be made, and nothing else is found."""

from __future__ import annotations

import io
import os
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from modelc.compiler.cache import Cache
from modelc.compiler.driver import Build, build
from modelc.compiler.example import Example
from modelc.compiler.options import Options
from modelc.runtime import Model

EXAMPLE = Example((torch.ones(2, 4),))


class Gate(nn.Module):
    """Reads a global, an attribute, and a constant that is computed when it is compiled."""

    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.threshold = 0.0
        self.register_buffer("scale", torch.tensor([2.0, 3.0, 4.0, 5.0]))

    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > self.threshold:
            x = self.linear(x) * torch.arange(4).float().exp()
        return x * self.scale + SHIFT


SHIFT = 1.0


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MODELC_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def gate() -> Gate:
    torch.manual_seed(0)  # pyright: ignore[reportUnknownMemberType]: untyped
    return Gate().eval()


def is_hit(built: Build) -> bool:
    return "emit" not in built.seconds


def compiled(program: Callable[..., Any], **options: Any) -> Build:
    built = build(program, EXAMPLE, Options(**options))
    model = Model(built.artifact)
    with torch.no_grad():
        for x in (torch.ones(2, 4), -torch.ones(2, 4)):
            torch.testing.assert_close(model(x), program(x), rtol=1e-5, atol=1e-6)
    return built


def test_the_second_compilation_is_found_and_is_the_same(directory: Path, gate: Gate):
    first, second = compiled(gate), compiled(gate)
    assert not is_hit(first) and is_hit(second)
    assert second.stages == first.stages
    assert list(map(str, second.explanations)) == list(map(str, first.explanations))
    assert second.artifact.files == first.artifact.files
    assert second.artifact.program == first.artifact.program
    assert second.artifact.weights.keys() == first.artifact.weights.keys()
    (file,) = directory.iterdir()
    assert file.stat().st_size < 40_000


def test_what_is_found_can_be_saved_and_loaded(directory: Path, gate: Gate, tmp_path: Path):
    compiled(gate)
    compiled(gate).artifact.save(tmp_path / "gate.modelc")
    x = torch.ones(2, 4)
    loaded = Model(type(compiled(gate).artifact).load(tmp_path / "gate.modelc"))
    torch.testing.assert_close(loaded(x), gate(x).detach(), rtol=1e-5, atol=1e-6)


def change_weight(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    with torch.no_grad():
        gate.linear.weight.mul_(2)


def change_attribute(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    gate.threshold = 100.0


def change_global(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "SHIFT", 2.0)


def change_method(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    def forward(self: Gate, x: Tensor) -> Tensor:
        return x * self.scale if x.sum() > 0 else x

    monkeypatch.setattr(Gate, "forward", forward)


@pytest.mark.parametrize("change", [change_weight, change_attribute, change_global, change_method])
def test_a_changed_program_is_not_found(
    directory: Path,
    gate: Gate,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Gate, pytest.MonkeyPatch], None],
):
    compiled(gate)
    change(gate, monkeypatch)
    assert not is_hit(compiled(gate))


def test_other_options_and_inputs_are_not_found(directory: Path, gate: Gate):
    compiled(gate)
    assert not is_hit(compiled(gate, pipeline="canonicalize"))
    assert not is_hit(build(gate, Example((torch.ones(3, 4),)), Options()))
    assert is_hit(compiled(gate))


def test_another_default_is_not_found(directory: Path):
    def scaled(x: Tensor, factor: float = 1.0) -> Tensor:
        return x * 2

    def other(x: Tensor, factor: float = 3.0) -> Tensor:
        return x * 2

    other.__code__ = scaled.__code__
    compiled(scaled, name="scaled")
    assert not is_hit(compiled(other, name="scaled"))


def emptied(data: bytes) -> bytes:
    return b""


def cut(data: bytes) -> bytes:
    return data[:-99]


def flipped(data: bytes) -> bytes:
    """Change one bit of what the largest member holds; other bits may mean nothing."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        member = max(archive.infolist(), key=lambda info: info.compress_size)
    header = data[member.header_offset : member.header_offset + 30]
    names = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    place = member.header_offset + len(header) + names + member.compress_size // 2
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


@pytest.mark.parametrize("damage", [emptied, cut, flipped])
def test_damaged_files_are_made_again(
    directory: Path, gate: Gate, damage: Callable[[bytes], bytes]
):
    compiled(gate)
    (file,) = directory.iterdir()
    file.write_bytes(damage(file.read_bytes()))
    assert not is_hit(compiled(gate))
    assert is_hit(compiled(gate))


def test_what_was_not_used_for_longest_makes_room(directory: Path, gate: Gate):
    artifact = compiled(gate)
    (file,) = directory.iterdir()
    size = file.stat().st_size
    cache = Cache(directory, limit=3 * size + 99)
    outcome = cache.load(file.stem, artifact.artifact.weights)
    assert outcome
    file.unlink()
    for second, name in enumerate("abc"):
        cache.store(name, outcome, artifact.artifact.weights)
        os.utime(directory / f"{name}.modelc", (second, second))
    assert cache.load("a", artifact.artifact.weights)
    cache.store("d", outcome, artifact.artifact.weights)
    assert sorted(path.stem for path in directory.iterdir()) == ["a", "c", "d"]


def test_leavings_of_killed_writers_are_removed(directory: Path, gate: Gate):
    abandoned, fresh = directory / ".abandoned", directory / ".fresh"
    for path in (abandoned, fresh):
        path.mkdir(parents=True)
    os.utime(abandoned, (0, 0))
    compiled(gate)
    assert not abandoned.exists() and fresh.exists()


def test_many_may_write_and_read_at_once(directory: Path, gate: Gate):
    built = compiled(gate)
    (file,) = directory.iterdir()
    cache, weights = Cache(directory), built.artifact.weights
    outcome = cache.load(file.stem, weights)
    assert outcome
    file.unlink()
    found: list[bool] = []

    def work() -> None:
        for _ in range(8):
            cache.store("same", outcome, weights)
            loaded = cache.load("same", weights)
            found.append(loaded is not None and loaded.artifact.files == outcome.artifact.files)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 32
    assert [path.name for path in directory.iterdir()] == ["same.modelc"]


def test_a_cache_that_cannot_be_written_is_no_cache(directory: Path, gate: Gate):
    directory.write_text("a file in the way")
    assert not is_hit(compiled(gate))
    assert not is_hit(compiled(gate))


def test_can_be_switched_off(directory: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch):
    compiled(gate, cache=False)
    monkeypatch.setenv("MODELC_CACHE", "off")
    compiled(gate)
    assert not directory.exists()


def test_lies_in_the_home_of_the_user_unless_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", "/home/someone")
    default = Cache.from_environment({})
    assert default and default.directory == Path("/home/someone/.cache/modelc")
    chosen = Cache.from_environment({"MODELC_CACHE": "/x", "MODELC_CACHE_MIB": "3"})
    assert chosen == Cache(Path("/x"), 3 << 20)
