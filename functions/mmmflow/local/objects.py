"""Objects in a folder, with generations and finalize notifications.

A row of the database says that an object is there; its bytes are the file of
that name, where a person finds them. Row, file and notification change in
one transaction: what a crash leaves without a row was never written.
"""

import contextlib
import logging
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from mmmflow.domain import paths
from mmmflow.local import messages, partial_files, signatures
from mmmflow.local.database import Database, next_value
from mmmflow.local.dropped_files import DroppedFiles
from mmmflow.local.messages import SqliteMessages
from mmmflow.local.partial_files import Writer
from mmmflow.messaging import topology
from mmmflow.ports import (
    AlreadyExistsError,
    ConflictError,
    NotFoundError,
    ObjectInfo,
    SignedRequest,
)

log = logging.getLogger(__name__)

_FIELDS = "name, generation, size, updated_at"
_PARTIAL = ".partial"


class FolderBucket:
    """`folder` is one of the home's; beside it stand the services' own."""

    def __init__(
        self, name: str, folder: Path, database: Database, bus: SqliteMessages
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._name = name
        self._folder = folder.resolve()
        self._database = database
        self._bus = bus
        self._partial = self._folder / _PARTIAL
        self._dropped = DroppedFiles()
        partial_files.remove_stale(self._partial)

    @property
    def name(self) -> str:
        return self._name

    @property
    def signing_key(self) -> bytes:
        return signatures.key(self._folder.parent)

    def uri(self, name: str) -> str:
        return str(self._folder / name)

    def create(self, name: str, content: bytes | Path) -> ObjectInfo:
        return self._store(name, content, "0", AlreadyExistsError)

    def write(
        self, name: str, content: bytes | Path, generation: str | None = None
    ) -> ObjectInfo:
        return self._store(name, content, generation, ConflictError)

    def open_write(self, name: str) -> AbstractContextManager[Writer]:
        return self._writing(name, "0", AlreadyExistsError)

    def open_replace(self, name: str) -> AbstractContextManager[Writer]:
        """As `open_write`, but over what is there."""
        return self._writing(name, None, ConflictError)

    def read(
        self,
        name: str,
        generation: str | None = None,
        *,
        start: int = 0,
        length: int | None = None,
    ) -> bytes:
        with self.open_read(name, generation) as file:
            file.seek(start)
            return file.read(-1 if length is None else length)

    def download(
        self, name: str, path: Path, generation: str | None = None
    ) -> None:
        opened = self.open_read(name, generation)
        with opened as file, path.open("wb") as target:
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

    def signed_upload(
        self, name: str, size_limit: int, content_type: str, seconds: int
    ) -> SignedRequest:
        self._path(name)
        grant = signatures.Grant(
            "PUT",
            self._name,
            name,
            int(time.time()) + seconds,
            size_limit,
            content_type,
        )
        url = grant.url(self.signing_key)
        return SignedRequest("PUT", url, {"Content-Type": content_type})

    def signed_download(self, name: str, seconds: int) -> SignedRequest:
        self._path(name)
        expires = int(time.time()) + seconds
        grant = signatures.Grant("GET", self._name, name, expires)
        return SignedRequest("GET", grant.url(self.signing_key), {})

    def adopt(self, folder: str = "") -> int:
        """Make objects of files that a person put into the folder; how many.

        See `dropped_files` for which.
        """
        known = {
            name: (size, mtime)
            for name, size, mtime in self._database.connection.execute(
                "SELECT name, size, mtime_ns FROM objects WHERE bucket = ?",
                (self._name,),
            )
        }
        adopted = 0
        for path in self._dropped.at_rest(self._folder / folder):
            with contextlib.suppress(FileNotFoundError):  # gone meanwhile
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
            info = self._finalize(connection, name)
        log.info("%s/%s is generation %s", self._name, name, info.generation)
        return True

    def _store(
        self,
        name: str,
        content: bytes | Path,
        generation: str | None,
        refusal: type[Exception],
    ) -> ObjectInfo:
        with self._writing(name, generation, refusal) as writer:
            if isinstance(content, bytes):
                writer.write(content)
            else:
                with content.open("rb") as source:
                    shutil.copyfileobj(source, writer)
        return writer.info

    @contextlib.contextmanager
    def _writing(
        self, name: str, generation: str | None, refusal: type[Exception]
    ) -> Iterator[Writer]:
        """The content goes to a file of its own, which then takes its place."""
        path = self._path(name)
        with partial_files.writing(self._partial) as writer:
            yield writer
            writer.flush()
            path.parent.mkdir(parents=True, exist_ok=True)
            with self._database.write() as connection:
                row = self._row(connection, name)
                present = str(row[1]) if row else "0"
                if generation is not None and generation != present:
                    raise refusal(f"{self._name}/{name}")
                writer.path.replace(path)
                writer.finish(self._finalize(connection, name))
        self._bus.wake()

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
                    "payloadFormat": "NONE",
                }
                messages.insert(connection, topic, b"{}", attributes)
        return _info(row)

    @contextlib.contextmanager
    def open_read(
        self, name: str, generation: str | None = None
    ) -> Iterator[IO[bytes]]:
        """The object's file, if it is of that generation to the end.

        A person may have replaced the file before anybody took note of it.

        Raises: NotFoundError.
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
        paths.require_object_name(name)
        path = (self._folder / name).resolve()
        if not path.is_relative_to(self._folder):
            raise ValueError(f"{name!r} leads out of the folder")
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


def _size_and_time(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns


def _info(row: tuple[str, int, int, str]) -> ObjectInfo:
    name, generation, size, updated_at = row
    return ObjectInfo(
        name, str(generation), size, datetime.fromisoformat(updated_at)
    )
