"""Objects in a folder, with generations and finalize notifications.

A row of the database says that an object is there; its bytes are the file of
that name, where a person finds them. Row, file and notification change in
one transaction: what a crash leaves without a row was never written.
"""

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from mmmflow.local import messages
from mmmflow.local.database import Database, next_value
from mmmflow.local.messages import SqliteMessages
from mmmflow.messaging import topology
from mmmflow.ports import (
    AlreadyExistsError,
    ConflictError,
    NotFoundError,
    ObjectInfo,
)

_FIELDS = "name, generation, size, updated_at"
_PARTIAL = ".partial"
_SETTLED_NS = 500_000_000


class FolderBucket:
    def __init__(
        self, name: str, folder: Path, database: Database, bus: SqliteMessages
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._name = name
        self._folder = folder.resolve()
        self._database = database
        self._bus = bus

    @property
    def name(self) -> str:
        return self._name

    def uri(self, name: str) -> str:
        return str(self._folder / name)

    def create(self, name: str, content: bytes | Path) -> ObjectInfo:
        return self._store(name, content, "0", AlreadyExistsError)

    def write(
        self, name: str, content: bytes | Path, generation: str | None = None
    ) -> ObjectInfo:
        return self._store(name, content, generation, ConflictError)

    def read(self, name: str, generation: str | None = None) -> bytes:
        with self._open(name, generation) as file:
            return file.read()

    def download(
        self, name: str, path: Path, generation: str | None = None
    ) -> None:
        with self._open(name, generation) as file, path.open("wb") as target:
            shutil.copyfileobj(file, target)

    def stat(self, name: str) -> ObjectInfo | None:
        row = self._row(self._database.connection, name)
        return _info(row) if row else None

    def list(self, prefix: str) -> list[ObjectInfo]:
        end = prefix + "\U0010ffff"
        rows = self._database.connection.execute(
            f"SELECT {_FIELDS} FROM objects"  # noqa: S608
            " WHERE bucket = ? AND name >= ? AND name < ? ORDER BY name",
            (self._name, prefix, end),
        )
        return [_info(row) for row in rows]

    def delete(self, name: str) -> None:
        with self._database.write() as connection:
            connection.execute(
                "DELETE FROM objects WHERE bucket = ? AND name = ?",
                (self._name, name),
            )
            self._path(name).unlink(missing_ok=True)

    def adopt(self, folder: str = "") -> int:
        """Announce files that a person put into the folder; how many.

        A file counts once it has not changed for half a second.
        """
        known = {
            name: (size, mtime)
            for name, size, mtime in self._database.connection.execute(
                "SELECT name, size, mtime_ns FROM objects WHERE bucket = ?",
                (self._name,),
            )
        }
        adopted = 0
        for within, _, files in os.walk(self._folder / folder):
            for path in (Path(within, file) for file in files):
                with contextlib.suppress(FileNotFoundError):  # gone meanwhile
                    if _is_whole(path):
                        adopted += self._adopt_one(path, known)
        if adopted:
            self._bus.wake()
        return adopted

    def _adopt_one(
        self, path: Path, known: Mapping[str, tuple[int, int]]
    ) -> bool:
        name = path.relative_to(self._folder).as_posix()
        if known.get(name) == _size_and_time(path.stat()):
            return False
        with self._database.write() as connection:
            self._finalize(connection, name)
        return True

    def _store(
        self,
        name: str,
        content: bytes | Path,
        generation: str | None,
        refusal: type[Exception],
    ) -> ObjectInfo:
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = _partial_file(path, content)
        try:
            with self._database.write() as connection:
                row = self._row(connection, name)
                present = str(row[1]) if row else "0"
                if generation is not None and generation != present:
                    raise refusal(f"{self._name}/{name}")
                partial.replace(path)
                info = self._finalize(connection, name)
        finally:
            partial.unlink(missing_ok=True)
        self._bus.wake()
        return info

    def _finalize(
        self, connection: sqlite3.Connection, name: str
    ) -> ObjectInfo:
        """The row of the file that is there now, and who is told of it."""
        status = self._path(name).stat()
        generation = next_value(connection, "generation")
        updated_at = datetime.now(UTC).isoformat()
        row = (name, generation, status.st_size, updated_at)
        connection.execute(
            "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?)",
            (self._name, *row[:3], status.st_mtime_ns, updated_at),
        )
        for (bucket, prefix), topic in topology.NOTIFICATIONS.items():
            if bucket == self._name and name.startswith(prefix):
                attributes = {
                    "eventType": "OBJECT_FINALIZE",
                    "bucketId": self._name,
                    "objectId": name,
                    "objectGeneration": str(generation),
                }
                messages.insert(connection, topic, b"{}", attributes)
        return _info(row)

    @contextlib.contextmanager
    def _open(self, name: str, generation: str | None) -> Iterator[BinaryIO]:
        """The object's file, if it is of that generation to the end.

        A person may have replaced the file before anybody took note of it.
        """
        missing = NotFoundError(f"{self._name}/{name}")
        row = self._database.connection.execute(
            "SELECT generation, size, mtime_ns FROM objects"
            " WHERE bucket = ? AND name = ?",
            (self._name, name),
        ).fetchone()
        if row is None or generation not in (None, str(row[0])):
            raise missing
        try:
            file = self._path(name).open("rb")
        except FileNotFoundError:
            raise missing from None
        with file:
            yield file
            status = os.fstat(file.fileno())
            if generation is not None and row[1:] != _size_and_time(status):
                raise missing

    def _row(
        self, connection: sqlite3.Connection, name: str
    ) -> tuple[str, int, int, str] | None:
        row: tuple[str, int, int, str] | None = connection.execute(
            f"SELECT {_FIELDS} FROM objects"  # noqa: S608
            " WHERE bucket = ? AND name = ?",
            (self._name, name),
        ).fetchone()
        return row

    def _path(self, name: str) -> Path:
        path = (self._folder / name).resolve()
        if not path.is_relative_to(self._folder) or path == self._folder:
            raise ValueError(f"{name!r} is no object name")
        return path


def open_run(home: Path, uri: str) -> tuple[FolderBucket, str]:
    """The data bucket, and the name in it of the run's folder.

    Raises:
        ValueError: the URI is not in this home's data bucket.
    """
    home = home.resolve()
    database = Database(home / "state.db")
    folder = (home / "data").resolve()
    bucket = FolderBucket("data", folder, database, SqliteMessages(database))
    return bucket, Path(uri).relative_to(folder).as_posix()


def _partial_file(path: Path, content: bytes | Path) -> Path:
    """The content beside its place, under a name that is never an object."""
    handle, partial = tempfile.mkstemp(
        suffix=_PARTIAL, prefix=".", dir=path.parent
    )
    with os.fdopen(handle, "wb") as file:
        if isinstance(content, bytes):
            file.write(content)
        else:
            with content.open("rb") as source:
                shutil.copyfileobj(source, file)
    os.chmod(partial, 0o644)
    return Path(partial)


def _size_and_time(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns


def _is_whole(path: Path) -> bool:
    """A file, at rest, under a name that an object can have."""
    hidden = path.name.startswith(".")
    if hidden or path.is_symlink() or not _is_utf8(path):
        return False
    age = datetime.now(UTC).timestamp() * 1e9 - path.stat().st_mtime_ns
    return age > _SETTLED_NS


def _is_utf8(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _info(row: tuple[str, int, int, str]) -> ObjectInfo:
    name, generation, size, updated_at = row
    return ObjectInfo(
        name, str(generation), size, datetime.fromisoformat(updated_at)
    )
