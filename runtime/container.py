"""Where the files of an artifact lie: a directory or a zip file, written atomically."""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Generator, Iterable, Mapping
from pathlib import Path
from typing import IO, Protocol

from ..diagnostics import Diagnostic, DiagnosticError
from .manifest import FileEntry, damaged
from .weights import ALIGNMENT

MANIFEST = "manifest.json"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_PADDING_ID = 0xD935
"""Header ID of the extra field that aligns data in a zip file, as Android's zipalign has it."""

_MAKE_ONE = "make one with `modelc compile`, or with save() of a compiled program"

Parts = Iterable[bytes | memoryview]


class Sink(Protocol):
    """Takes the files of an artifact one by one."""

    def add(self, name: str, parts: Parts, *, mapped: bool = False) -> FileEntry:
        """Write a file; `mapped` asks for a form in which readers can map it into memory."""
        ...


class Source(Protocol):
    """Gives the files of an artifact."""

    def read(self, name: str) -> memoryview:
        """Return the contents of a file, mapped if possible; MC0502 if it is not there."""
        ...


@contextlib.contextmanager
def writing(path: Path, *, directory: bool) -> Generator[Sink]:
    """Write an artifact at `path`, which gets its name only when all is written.

    If anything fails, nothing is left behind, and what was at `path` before is still there.
    Raises MC0505 if the place cannot be written.
    """
    with _reporting(path):
        _check_replaceable(path, directory)
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        with _reporting(path):
            if directory:
                content = temporary / "content"
                content.mkdir()
                yield _DirectorySink(content)
                _replace_directory(content, path, temporary / "previous")
            else:
                archive = temporary / "content"
                with zipfile.ZipFile(archive, "x") as opened:
                    yield _ZipSink(opened)
                os.replace(archive, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def open_artifact(path: Path) -> Source:
    """Return the files at `path`; MC0506 if there is nothing, MC0502 if it is no artifact."""
    if any((path / name).is_file() for name in (MANIFEST, "program.json")):
        return _DirectorySource(path)
    if not path.is_file():
        message = f"there is no artifact {'in' if path.is_dir() else 'at'} {path}"
        raise DiagnosticError(Diagnostic("MC0506", message, help=_MAKE_ONE))
    return _ZipSource(path)


def unwritable(path: Path, error: OSError) -> DiagnosticError:
    """Return the error for a place that cannot be written, MC0505."""
    advice = "give a path where you may write, with enough space"
    if not path.parent.is_dir():
        advice = f"make the directory {path.parent} first"
    elif path.is_dir():
        advice = "give another name, or move away what is there"
    message = f"cannot write {path}: {error.strerror or error}"
    return DiagnosticError(Diagnostic("MC0505", message, help=advice))


def entry_of(data: bytes | memoryview) -> FileEntry:
    """Return size and hash of `data`."""
    return FileEntry(len(data), hashlib.sha256(data).hexdigest())


class _Hashing:
    """Counts and hashes what is written."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._size = 0
        self._hash = hashlib.sha256()

    def write_all(self, parts: Parts) -> FileEntry:
        for part in parts:
            self._stream.write(part)
            self._hash.update(part)
            self._size += len(part)
        return FileEntry(self._size, self._hash.hexdigest())


class _DirectorySink:
    def __init__(self, root: Path) -> None:
        self._root = root

    def add(self, name: str, parts: Parts, *, mapped: bool = False) -> FileEntry:
        target = self._root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as stream:
            return _Hashing(stream).write_all(parts)


class _ZipSink:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def add(self, name: str, parts: Parts, *, mapped: bool = False) -> FileEntry:
        info = zipfile.ZipInfo(name, _EPOCH)
        info.compress_type = zipfile.ZIP_STORED if mapped else zipfile.ZIP_DEFLATED
        if mapped:
            info.extra = self._padding(name)
        with self._archive.open(info, "w", force_zip64=mapped) as stream:
            return _Hashing(stream).write_all(parts)

    def _padding(self, name: str) -> bytes:
        """Return an extra field after which the data of the next file begins aligned."""
        zip64_field = 20
        fixed = 30 + len(name.encode()) + zip64_field + 4
        position = self._archive.fp.tell() if self._archive.fp else 0
        length = -(position + fixed) % ALIGNMENT
        return _PADDING_ID.to_bytes(2, "little") + length.to_bytes(2, "little") + bytes(length)


class _DirectorySource:
    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, name: str) -> memoryview:
        path = self._root / name
        try:
            return _map(path)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise damaged(self._root, f"{name} is missing") from None
        except OSError as error:
            raise damaged(self._root, f"{name} cannot be read ({error.strerror})") from None


class _ZipSource:
    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._mapped = _map(path)
            with zipfile.ZipFile(path) as archive:
                self._infos: Mapping[str, zipfile.ZipInfo] = {
                    info.filename: info for info in archive.infolist()
                }
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise damaged(path, f"is no artifact, or only a part of one ({error})") from None

    def read(self, name: str) -> memoryview:
        info = self._infos.get(name)
        if info is None:
            raise damaged(self._path, f"{name} is missing")
        try:
            if info.compress_type == zipfile.ZIP_STORED:
                return self._stored(info)
            with zipfile.ZipFile(self._path) as archive:
                return memoryview(archive.read(info))
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
            raise damaged(self._path, f"{name} cannot be read ({error})") from None
        except (ValueError, NotImplementedError) as error:
            raise damaged(self._path, f"{name} cannot be read ({error})") from None

    def _stored(self, info: zipfile.ZipInfo) -> memoryview:
        """Return the part of the mapped file that holds the data of `info`."""
        header = self._mapped[info.header_offset : info.header_offset + 30]
        if bytes(header[:4]) != b"PK\x03\x04":
            raise zipfile.BadZipFile("bad magic number for file header")
        begin = info.header_offset + 30
        begin += int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        data = self._mapped[begin : begin + info.file_size]
        if len(data) != info.file_size:
            raise zipfile.BadZipFile("the file ends early")
        return data


def _map(path: Path) -> memoryview:
    with path.open("rb") as stream:
        if os.fstat(stream.fileno()).st_size == 0:
            return memoryview(b"")
        return memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))


def _check_replaceable(path: Path, directory: bool) -> None:
    """Refuse to replace what is no artifact of the same form."""
    if path.is_dir() and not (directory and (path / MANIFEST).is_file()):
        if any(path.iterdir()) or not directory:
            raise FileExistsError(17, "a directory that is no artifact is in the way", str(path))


def _replace_directory(content: Path, path: Path, previous: Path) -> None:
    if path.exists():
        os.replace(path, previous)
    try:
        os.replace(content, path)
    except OSError:
        if previous.exists():
            os.replace(previous, path)
        raise


@contextlib.contextmanager
def _reporting(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise unwritable(path, error) from error
