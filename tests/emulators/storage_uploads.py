"""Resumable uploads: sessions that take an object in parts.

A part may come again, or be cut off; the server answers how much it holds,
and the object is there only once the last byte is.
"""

import re
import secrets
import threading
from dataclasses import dataclass, field

from tests.emulators.storage_objects import (
    Objects,
    Preconditions,
    StorageError,
    Stored,
    crc32c,
)

GRANULE = 256 * 1024  # parts, but for the last, are multiples of it
_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


@dataclass
class Session:
    bucket: str
    name: str
    content_type: str
    conditions: Preconditions
    content: bytearray = field(default_factory=bytearray)
    made: Stored | None = None


class Uploads:
    """The sessions of the server."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()
        self.cuts = 0  # so many parts are stored by half, and refused

    def begin(self, session: Session) -> str:
        """The id of the upload. Raises: StorageError, 412."""
        self._objects.require(session.bucket, session.name, session.conditions)
        id = secrets.token_urlsafe(24)
        self._sessions[id] = session
        return id

    def cancel(self, id: str) -> None:
        self._session(id)
        del self._sessions[id]

    def take(
        self, id: str, content_range: str, part: bytes, checksum: str = ""
    ) -> tuple[Stored | None, int]:
        """The object, once it is whole, and how many bytes are held.

        Args:
            id: of the upload.
            content_range: `bytes 0-99/*`, `bytes 100-149/150`, or
                `bytes */*` to ask how much is held; "" for all at once.
            part: the bytes of that range.
            checksum: crc32c of the whole, where the client sends it.
        """
        session = self._session(id)
        with self._lock:
            if session.made is not None:
                return session.made, len(session.made.content)
            start, total = _parse(content_range, part)
            if start is not None:
                self._append(session, start, part)
            if total is None or len(session.content) < total:
                return None, len(session.content)
            session.made = self._finish(session, checksum)
            session.content = bytearray()
        return session.made, total

    def _append(self, session: Session, start: int, part: bytes) -> None:
        held = len(session.content)
        fresh = part[held - start :] if start <= held else b""
        if self.cuts > 0:
            self.cuts -= 1
            half = len(fresh) // 2 // GRANULE * GRANULE
            session.content += fresh[:half]
            raise StorageError(503, "backendError", "The part was cut off.")
        session.content += fresh

    def _finish(self, session: Session, checksum: str) -> Stored:
        content = bytes(session.content)
        if checksum and checksum != crc32c(content):
            raise StorageError(400, "invalid", "The checksum does not match.")
        return self._objects.put(
            session.bucket,
            session.name,
            content,
            session.content_type,
            session.conditions,
        )

    def _session(self, id: str) -> Session:
        if id not in self._sessions:
            raise StorageError(404, "notFound", "No such upload.")
        return self._sessions[id]


def _parse(header: str, part: bytes) -> tuple[int | None, int | None]:
    """Where the part begins, and the whole's size; None where not said."""
    if not header:
        return 0, len(part)
    match = _RANGE.fullmatch(header)
    if match is None:
        raise StorageError(400, "badRequest", f"Bad range: {header}")
    start = None if match[1] is None else int(match[1])
    return start, None if match[3] == "*" else int(match[3])
