"""The manifest of an artifact: what it is, what it needs, and the hash of every file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ..diagnostics import Diagnostic, DiagnosticError
from . import codec

SCHEMA = 1
"""Version of the artifact format; a runtime reads no other."""


@dataclass(frozen=True)
class FileEntry:
    """Size in bytes and SHA-256 (hex) of one file."""

    size: int
    sha256: str


@dataclass(frozen=True)
class SubnetFile:
    """Which engine runs a sub-network, and the file that holds its payload."""

    engine: str
    file: str


@dataclass(frozen=True)
class Manifest:
    """What `manifest.json` says; `files` has every file but the manifest itself.

    `source` is what the program is called in the file that it was compiled from, if that is known.
    """

    name: str
    target: str
    signature: str
    compiler: str
    engines: tuple[str, ...]
    subnets: Mapping[str, SubnetFile]
    files: Mapping[str, FileEntry]
    source: str = ""


def damaged(path: object, message: str) -> DiagnosticError:
    """Return the error for an artifact that is not as it was written."""
    help_text = "copy or compile it again"
    return DiagnosticError(Diagnostic("MC0502", f"{path}: {message}", help=help_text))


def write_manifest(manifest: Manifest) -> bytes:
    """Return the text of `manifest.json`, which carries a hash of itself."""
    encoded = codec.encode(manifest)
    document = {"schema": SCHEMA, "sha256": _digest(encoded), "manifest": encoded}
    return (json.dumps(document, indent=1) + "\n").encode()


def read_manifest(data: bytes, path: object) -> Manifest:
    """Return the manifest in `data`; MC0503 if it has another schema, MC0502 if it is damaged."""
    try:
        document: Any = json.loads(data)
        schema = document["schema"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise damaged(path, "manifest.json is no manifest") from None
    if schema != SCHEMA:
        raise _other_schema(schema, path)
    try:
        read = codec.decode(_Document, document)
    except codec.Malformed as error:
        raise damaged(path, f"manifest.json: {error}") from None
    if _digest(document["manifest"]) != read.sha256:
        raise damaged(path, "manifest.json does not match its own hash")
    return read.manifest


def modelc_version() -> str:
    """Return the version of modelc that runs."""
    try:
        return version("modelc")
    except PackageNotFoundError:
        return "unknown"


@dataclass(frozen=True)
class _Document:
    schema: int
    sha256: str
    manifest: Manifest


def _digest(encoded: Any) -> str:
    text = json.dumps(encoded, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _other_schema(schema: object, path: object) -> DiagnosticError:
    newer = isinstance(schema, int) and schema > SCHEMA
    advice = "upgrade modelc" if newer else "install the version of modelc that compiled it"
    diagnostic = Diagnostic(
        "MC0503",
        f"{path} has artifact schema {schema!r}; modelc {modelc_version()} reads schema {SCHEMA}",
        help=f"{advice}, or compile the program again with this version",
    )
    return DiagnosticError(diagnostic)
