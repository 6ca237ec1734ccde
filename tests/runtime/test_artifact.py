"""Artifacts on disk: complete or refused, by code and by the name of the file."""

from __future__ import annotations

import json
import mmap
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest

from modelc.diagnostics import Diagnostic, DiagnosticError
from modelc.runtime import Artifact, Model, Payload
from modelc.runtime.container import entry_of
from modelc.runtime.manifest import FileEntry, Manifest, write_manifest

from .programs import WEIGHTS, artifact_of, early_exit, identity, numpy_engine

X = numpy.ones((2, 3), numpy.float32)
FILES = [
    "host.py",
    "ir/00-captured.mc",
    "manifest.json",
    "program.json",
    "subnets/halve.plain",
    "subnets/mean.plain",
    "subnets/scale.plain",
    "weights.safetensors",
]


@pytest.fixture(params=["zip", "directory"])
def saved(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "net.modelc"
    artifact_of(early_exit(), WEIGHTS).save(path, directory=request.param == "directory")
    return path


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    path = tmp_path / "net.modelc"
    artifact_of(early_exit(), WEIGHTS).save(path, directory=True)
    return path


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "net.modelc"
    artifact_of(early_exit(), WEIGHTS).save(path)
    return path


def refusal(action: Callable[[], Any]) -> Diagnostic:
    """Return the only diagnostic of an action that must fail."""
    with pytest.raises(DiagnosticError) as caught:
        action()
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


def damage(path: Path) -> Diagnostic:
    """Return the diagnostic of loading `path`, which must call it damaged."""
    diagnostic = refusal(lambda: Artifact.load(path))
    assert diagnostic.code == "MC0502"
    assert str(path) in diagnostic.message
    return diagnostic


def test_what_was_saved_is_loaded(saved: Path):
    artifact = Artifact.load(saved)
    assert artifact.program == early_exit()
    assert artifact.files == artifact_of(early_exit(), WEIGHTS).files
    assert artifact.path == saved
    assert Model(artifact, engine=numpy_engine)(X)[1] == 2.0


def test_the_files_are_those_documented(directory: Path, tmp_path: Path):
    found = [str(f.relative_to(directory)) for f in directory.rglob("*") if f.is_file()]
    assert sorted(found) == FILES
    artifact_of(early_exit(), WEIGHTS).save(tmp_path / "zip")
    assert sorted(zipfile.ZipFile(tmp_path / "zip").namelist()) == FILES


def test_weights_are_mapped_and_aligned(saved: Path):
    weight = Artifact.load(saved).weights["layer.weight"]
    owner: Any = weight
    while not isinstance(owner, mmap.mmap):
        owner = owner.obj if isinstance(owner, memoryview) else owner.base
    assert weight.flags.aligned and not weight.flags.writeable
    assert weight.__array_interface__["data"][0] % 64 == 0


def test_equal_artifacts_are_equal_bytes(tmp_path: Path):
    for name in ("first", "second"):
        artifact_of(early_exit(), WEIGHTS).save(tmp_path / name)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_only_weights_of_the_program_are_kept():
    extra = {**WEIGHTS, "unused": numpy.zeros(1000, numpy.float32)}
    assert list(artifact_of(early_exit(), extra).weights) == ["layer.weight"]


def test_a_missing_artifact_is_no_damage(tmp_path: Path):
    diagnostic = refusal(lambda: Artifact.load(tmp_path / "none.modelc"))
    assert diagnostic.code == "MC0506"
    assert diagnostic.message == f"there is no artifact at {tmp_path / 'none.modelc'}"


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.6, 0.9, 0.99, 0.9999])
def test_a_truncated_zip_is_refused(archive: Path, share: float):
    data = archive.read_bytes()
    archive.write_bytes(data[: int(len(data) * share)])
    damage(archive)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(directory: Path, name: str):
    (directory / name).unlink()
    assert f"{name} is missing" in damage(directory).message


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_named(directory: Path, name: str):
    file = directory / name
    file.write_bytes(file.read_bytes()[:-2])
    assert name in damage(directory).message


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("share", [0.0, 0.5, 0.97])
def test_a_flipped_bit_is_found(directory: Path, name: str, share: float):
    file = directory / name
    data = bytearray(file.read_bytes())
    data[int(len(data) * share)] ^= 1
    file.write_bytes(data)
    code = refusal(lambda: Artifact.load(directory)).code
    assert code in (("MC0502", "MC0503") if name == "manifest.json" else ("MC0502",))


def test_no_flipped_bit_of_a_zip_changes_what_is_loaded(archive: Path):
    data = archive.read_bytes()
    original = Artifact.load(archive)
    survived = 0
    for position in range(0, len(data), 7):
        changed = bytearray(data)
        changed[position] ^= 1
        archive.write_bytes(changed)
        try:
            artifact = Artifact.load(archive)
        except DiagnosticError as error:
            assert error.diagnostics[0].code in ("MC0502", "MC0503")
            continue
        survived += 1  # time stamps, padding, and the like
        assert artifact.files == original.files and artifact.program == original.program
    assert survived < len(data) / 7 / 3


def test_a_file_in_place_of_another_is_found(directory: Path):
    (directory / "subnets/mean.plain").write_bytes((directory / "subnets/halve.plain").read_bytes())
    assert "subnets/mean.plain does not match its hash" in damage(directory).message


@pytest.mark.parametrize(
    ("schema", "advice"), [(2, "upgrade modelc"), (0, "install the version"), ("x", "install")]
)
def test_another_schema_is_named_before_anything_else(directory: Path, schema: Any, advice: str):
    manifest = json.loads((directory / "manifest.json").read_text())
    (directory / "manifest.json").write_text(json.dumps({**manifest, "schema": schema}))
    (directory / "program.json").unlink()
    diagnostic = refusal(lambda: Artifact.load(directory))
    assert diagnostic.code == "MC0503"
    assert f"has artifact schema {schema!r}" in diagnostic.message
    assert advice in diagnostic.help and "compile the program again" in diagnostic.help


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"schema": 1}', "{" * 5000])
def test_a_manifest_that_is_none_is_refused(directory: Path, text: str):
    (directory / "manifest.json").write_text(text)
    assert "manifest.json" in damage(directory).message


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a\\b", "ir/../../outside", "C:x"])
def test_files_outside_of_the_artifact_are_not_read(directory: Path, name: str):
    (directory.parent / "outside").write_text("secret")
    rewrite_manifest(directory, {name: FileEntry(6, "0" * 64)})
    assert "is no name of a file of an artifact" in damage(directory).message


def rewrite_manifest(directory: Path, changed: dict[str, FileEntry]) -> None:
    """Add or change entries of a manifest and give it a valid hash."""
    files = json.loads((directory / "manifest.json").read_text())["manifest"]["files"]
    entries = {name: FileEntry(**entry) for name, entry in files.items()} | changed
    subnets = artifact_of(early_exit(), WEIGHTS).subnets
    manifest = Manifest("n", "cpu", "()", "0", ("plain",), subnets, entries)
    (directory / "manifest.json").write_bytes(write_manifest(manifest))


def test_a_program_that_does_not_verify_is_refused(directory: Path):
    text = (directory / "program.json").read_text().replace('"arith.compare"', '"os.system"')
    (directory / "program.json").write_text(text)
    rewrite_manifest(directory, {"program.json": entry_of(text.encode())})
    assert "os.system: unknown operation" in damage(directory).message


def breaking(artifact: Artifact) -> Artifact:
    """Return an artifact that cannot be written to its end."""
    files: Any = {**artifact.files, "broken": None}
    return Artifact(artifact.program, "cpu", artifact.subnets, files, artifact.weights)


@pytest.mark.parametrize("as_directory", [True, False])
def test_nothing_is_left_behind_when_writing_fails(tmp_path: Path, as_directory: bool):
    broken = breaking(artifact_of(early_exit(), WEIGHTS))
    with pytest.raises(TypeError):
        broken.save(tmp_path / "net.modelc", directory=as_directory)
    assert not list(tmp_path.iterdir())


def test_an_earlier_artifact_survives_a_failure(saved: Path):
    artifact = Artifact.load(saved)
    with pytest.raises(TypeError):
        breaking(artifact).save(saved, directory=saved.is_dir())
    assert Artifact.load(saved).program == artifact.program
    assert list(saved.parent.iterdir()) == [saved]


def test_an_artifact_is_replaced_while_it_is_in_use(saved: Path):
    model = Model(Artifact.load(saved), engine=numpy_engine)
    heavier = {"layer.weight": 2 * WEIGHTS["layer.weight"]}
    artifact_of(early_exit(), heavier).save(saved, directory=saved.is_dir())
    assert model(X)[1] == 2.0
    assert Model(Artifact.load(saved), engine=numpy_engine)(X)[1] == 4.0
    assert list(saved.parent.iterdir()) == [saved]


@pytest.mark.parametrize("as_directory", [True, False])
def test_a_directory_that_is_no_artifact_is_not_replaced(tmp_path: Path, as_directory: bool):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    artifact = artifact_of(early_exit(), WEIGHTS)
    diagnostic = refusal(lambda: artifact.save(tmp_path / "mine", directory=as_directory))
    assert diagnostic.code == "MC0505"
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "years of work"


def test_a_place_that_is_not_there_is_refused(tmp_path: Path):
    artifact = artifact_of(early_exit(), WEIGHTS)
    diagnostic = refusal(lambda: artifact.save(tmp_path / "none" / "net.modelc"))
    assert diagnostic.code == "MC0505"
    assert "No such file or directory" in diagnostic.message


def test_an_unknown_engine_is_named(archive: Path):
    diagnostic = refusal(lambda: Model(Artifact.load(archive)))
    assert diagnostic.code == "MC0504"
    assert "plain" in diagnostic.message


def test_symbols_that_are_no_file_names_get_others():
    artifact = Artifact.create(identity(), {"a/b": Payload("e", b""), "a_b": Payload("e", b"")}, {})
    assert [subnet.file for subnet in artifact.subnets.values()] == [
        "subnets/a_b.e",
        "subnets/a_b_1.e",
    ]
