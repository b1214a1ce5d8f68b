"""The file that a run travels in: a zip with a list of checksums.

    archive.json      documents, and every other file: name, size, SHA-256
    job_config.json   the frozen configuration, byte for byte
    data/…            training data, its quality report, dataset.json
    attempt/…         what the attempt wrote, and its manifest

The same content gives the same bytes: names are sorted, times are those of
1980. What is read was perhaps written by an enemy: names, numbers and sizes
are looked at before anything is unpacked, and no file says where it goes.
"""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from mmmflow import schema
from mmmflow.domain import paths
from mmmflow.domain.errors import InvalidInputError

HEAD = "archive.json"
CONFIG = "job_config.json"
DATA = "data/input_data.parquet"
QUALITY = "data/quality.json"
MARKER = "data/dataset.json"
PREVIOUS = "data/previous.json"
ATTEMPT = "attempt/"
MOST_FILES = 2000
MOST_BYTES = 1 << 30  # unpacked
_MOST_HEAD = 5_000_000
_MOST_RATIO = 200  # what deflate makes of nothing but zeros is five times that
_SMALL = 100_000  # bytes that may be as dense as they like
_PART = 1 << 20
_KINDS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True)
class Archive:
    """An archive whose list of files has been found in order."""

    zip: zipfile.ZipFile
    head: Mapping[str, Any]

    @property
    def names(self) -> list[str]:
        return [file["name"] for file in self.head["files"]]

    def unpack(self, folder: Path) -> dict[str, Path]:
        """Every file under its number, held to its checksum, by its name.

        Raises:
            InvalidInputError: with the first file that is not what the list
                says.
        """
        found = {}
        for index, file in enumerate(self.head["files"]):
            target = folder / f"{index:04}"
            self._unpack(file, target)
            found[file["name"]] = target
        return found

    def _unpack(self, file: Mapping[str, Any], target: Path) -> None:
        checksum, size = hashlib.sha256(), 0
        try:
            with (
                self.zip.open(file["name"]) as source,
                target.open("wb") as out,
            ):
                while part := source.read(_PART):
                    size += len(part)
                    if size > file["size"]:
                        break
                    checksum.update(part)
                    out.write(part)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as broken:
            raise _wrong(file["name"], f"it is damaged: {broken}") from None
        if size != file["size"] or checksum.hexdigest() != file["sha256"]:
            raise _wrong(file["name"], "its checksum is not the archive's")


def write(
    target: Path, documents: Mapping[str, Any], files: Mapping[str, Path]
) -> None:
    """An archive of these documents and files, by their names in it."""
    listed = [
        {"name": name, "size": path.stat().st_size, "sha256": _sha256(path)}
        for name, path in sorted(files.items())
    ]
    head = {"schema_version": 1, **documents, "files": listed}
    schema.require("archive.json", head)
    with zipfile.ZipFile(target, "w") as out:
        text = json.dumps(head, indent=1, sort_keys=True, ensure_ascii=False)
        out.writestr(_entry(HEAD), text.encode(), compresslevel=6)
        for name, path in sorted(files.items()):
            with path.open("rb") as source, out.open(_entry(name), "w") as to:
                while part := source.read(_PART):
                    to.write(part)


@contextmanager
def opened(source: Path | BinaryIO) -> Iterator[Archive]:
    """An archive to be read, its list held against what is in it.

    Raises:
        InvalidInputError: it is no archive, or one that must not be unpacked.
    """
    try:
        file = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, OSError) as broken:
        raise _wrong("", f"it is no zip file: {broken}") from None
    with file:
        found = file.infolist()
        _require_harmless(found)
        head = _head(file)
        sizes = {one["name"]: one["size"] for one in head["files"]}
        inside = {one.filename: one.file_size for one in found}
        inside.pop(HEAD)
        if inside != sizes or len(sizes) != len(head["files"]):
            raise _wrong(HEAD, "it lists other files than the archive has")
        yield Archive(file, head)


def _require_harmless(found: list[zipfile.ZipInfo]) -> None:
    names = [one.filename for one in found]
    if len(found) > MOST_FILES + 1:
        raise _wrong("", f"more than {MOST_FILES} files")
    if len(set(names)) < len(names):
        raise _wrong("", "two files have the same name")
    if HEAD not in names:
        raise _wrong("", f"there is no {HEAD} in it")
    if sum(one.file_size for one in found) > MOST_BYTES:
        raise _wrong("", f"more than {MOST_BYTES} bytes when unpacked")
    for one in found:
        try:
            paths.require_object_name(one.filename)
        except ValueError:
            raise _wrong("", f"{one.filename!r} is no name of a file") from None
        if "\\" in one.filename or ":" in one.filename:
            raise _wrong("", f"{one.filename!r} is no name of a file")
        if one.flag_bits & 1 or one.compress_type not in _KINDS:
            raise _wrong(one.filename, "it is packed in another way than ours")
        if one.file_size > one.compress_size * _MOST_RATIO + _SMALL:
            raise _wrong(one.filename, "it grows too much when unpacked")


def _head(file: zipfile.ZipFile) -> Mapping[str, Any]:
    if file.getinfo(HEAD).file_size > _MOST_HEAD:
        raise _wrong(HEAD, f"more than {_MOST_HEAD} bytes")
    try:
        with file.open(HEAD) as source:
            head = schema.parse(source.read(_MOST_HEAD))
    except (ValueError, zipfile.BadZipFile, zlib.error, EOFError) as broken:
        raise _wrong(HEAD, f"it can't be read: {broken}") from None
    schema.require("archive.json", head)
    known: Mapping[str, Any] = head
    return known


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3  # Unix, wherever it is made
    entry.external_attr = 0o644 << 16
    return entry


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _wrong(where: str, what: str) -> InvalidInputError:
    hint = "export the run once more, and take that file"
    return InvalidInputError.of(where or "archive", what, hint)
