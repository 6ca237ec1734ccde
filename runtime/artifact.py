"""Artifacts: compiled programs as files, in memory, in a directory or in a zip file."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeVar

from . import codec
from .binding import signature_text
from .container import MANIFEST, Source, entry_of, open_artifact, writing
from .host import Program, generate_source, read_program, verify_program, write_program
from .host.names import UniqueNames
from .host.values import Handle
from .manifest import (
    FileEntry,
    Manifest,
    SubnetFile,
    damaged,
    modelc_version,
    read_manifest,
    write_manifest,
)
from .onnx_file import SUFFIX, read_onnx_file
from .types import TensorType
from .weights import read_weights, write_weights

T = TypeVar("T")

PROGRAM = "program.json"
HOST = "host.py"
WEIGHTS = "weights.safetensors"
_SUFFIXES: Mapping[str, str] = {
    "numpy": "numpy.json",
    "onnxruntime": "onnx",
    "torch": "torch.json",
}


@dataclass(frozen=True)
class Payload:
    """What `engine` needs to run one sub-network."""

    engine: str
    data: bytes


@dataclass(frozen=True)
class Artifact:
    """A compiled program.

    `files` holds all files but manifest and weights, `weights` the handles of all weights by
    symbol, read-only. `path` is where it was loaded from; `source` is what the program is called in
    the file that it was compiled from, "" if that is not known.
    """

    program: Program
    target: str
    subnets: Mapping[str, SubnetFile]
    files: Mapping[str, bytes]
    weights: Mapping[str, Handle]
    path: Path | None = None
    source: str = ""

    @staticmethod
    def create(
        program: Program,
        payloads: Mapping[str, Payload],
        weights: Mapping[str, Handle],
        *,
        stages: Mapping[str, str] | None = None,
        target: str = "cpu",
    ) -> Artifact:
        """Return the artifact of a program, its sub-networks by symbol, and its weights.

        `stages` maps names such as `02-outlined` to the IR of that stage. Weights that the program
        does not mention are left out.
        """
        problems = verify_program(program)
        assert not problems, f"the host program does not verify: {problems}"
        subnets = dict(_subnet_files(payloads))
        files = {
            **{f"ir/{name}.mc": text.encode() for name, text in (stages or {}).items()},
            **{subnets[symbol].file: payload.data for symbol, payload in payloads.items()},
            PROGRAM: write_program(program),
            HOST: generate_source(program).encode(),
        }
        kept = {symbol: _frozen(weights[symbol]) for symbol in sorted(program.weights)}
        return Artifact(program, target, subnets, files, kept)

    @staticmethod
    def load(path: str | Path, known: Mapping[str, Handle] | None = None) -> Artifact:
        """Read and verify the artifact at `path`, but for the weights that are `known`.

        A path that ends in `.onnx` names a whole program in one ONNX file. MC0502 if it is damaged,
        MC0503 if it has another schema version, MC0506 if it is not there.
        """
        path = Path(path)
        return _load_onnx(path) if path.suffix == SUFFIX else _load(path, known or {})

    def save(
        self, path: str | Path, *, directory: bool = False, known: Collection[str] = ()
    ) -> None:
        """Write the artifact at `path`, as a zip file or a directory; MC0505 if that fails.

        Without the weights that are `known`: who loads it must have them.
        """
        types = _unknown(weight_types(self.program), known)
        entries: dict[str, FileEntry] = {}
        with writing(Path(path), directory=directory) as sink:
            parts = write_weights(types, self.weights)
            entries[WEIGHTS] = sink.add(WEIGHTS, parts, mapped=True)
            for name, data in self.files.items():
                entries[name] = sink.add(name, [data])
            sink.add(MANIFEST, [write_manifest(self._manifest(entries))])

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def engines(self) -> tuple[str, ...]:
        """The engines that the artifact needs, by name."""
        return tuple(sorted({subnet.engine for subnet in self.subnets.values()}))

    def _manifest(self, entries: Mapping[str, FileEntry]) -> Manifest:
        return Manifest(
            name=self.name,
            target=self.target,
            signature=signature_text(self.program),
            compiler=modelc_version(),
            engines=self.engines,
            subnets=self.subnets,
            files=dict(sorted(entries.items())),
            source=self.source,
        )


def weight_types(program: Program) -> dict[str, TensorType]:
    """Return the types of the weights of `program`, which are tensors of known extents."""
    return {
        symbol: value_type
        for symbol, value_type in program.weights.items()
        if isinstance(value_type, TensorType)
    }


def _subnet_files(payloads: Mapping[str, Payload]) -> Iterator[tuple[str, SubnetFile]]:
    unique = UniqueNames()
    for symbol, payload in payloads.items():
        name = unique.add(re.sub(r"[^\w.-]", "_", symbol))
        suffix = _SUFFIXES.get(payload.engine, payload.engine)
        yield symbol, SubnetFile(payload.engine, f"subnets/{name}.{suffix}")


def _frozen(weight: Handle) -> Handle:
    view = weight.view()
    view.flags.writeable = False
    return view


def _unknown(types: Mapping[str, TensorType], known: Collection[str]) -> dict[str, TensorType]:
    return {symbol: kind for symbol, kind in types.items() if symbol not in known}


def _load(path: Path, known: Mapping[str, Handle]) -> Artifact:
    opened = open_artifact(path)
    manifest = read_manifest(bytes(opened.read(MANIFEST)), path)
    contents = {name: _verified(path, opened, name, e) for name, e in manifest.files.items()}
    for name in (PROGRAM, WEIGHTS, *(subnet.file for subnet in manifest.subnets.values())):
        if name not in contents:
            raise damaged(path, f"{name} is missing")
    program = _parsed(path, PROGRAM, lambda: _program(bytes(contents[PROGRAM])))
    if lacking := {i.callee for i in program.instances} - manifest.subnets.keys():
        raise damaged(path, f"the sub-network {min(lacking)} is missing")
    types = weight_types(program)
    unknown = _unknown(types, known)
    weights = _parsed(path, WEIGHTS, lambda: read_weights(unknown, contents.pop(WEIGHTS)))
    weights |= {symbol: _frozen(known[symbol]) for symbol in sorted(types.keys() & known.keys())}
    files = {name: bytes(data) for name, data in contents.items()}
    subnets, target, source = manifest.subnets, manifest.target, manifest.source
    return Artifact(program, target, subnets, files, weights, path, source)


def _load_onnx(path: Path) -> Artifact:
    read = read_onnx_file(path)
    target = SUFFIX.removeprefix(".")
    return Artifact(read.program, target, read.subnets, read.files, read.weights, path)


def _verified(path: Path, source: Source, name: str, entry: FileEntry) -> memoryview:
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts or not re.fullmatch(r"[\w./@$+-]+", name):
        raise damaged(path, f"{name!r} is no name of a file of an artifact")
    data = source.read(name)
    if entry_of(data) != entry:
        raise damaged(path, f"{name} does not match its hash")
    return data


def _parsed(path: Path, name: str, parse: Callable[[], T]) -> T:
    try:
        return parse()
    except codec.Malformed as error:
        raise damaged(path, f"{name}: {error}") from None


def _program(data: bytes) -> Program:
    program = read_program(data)
    if problems := verify_program(program):
        raise codec.Malformed("$", "; ".join(problems))
    return program
