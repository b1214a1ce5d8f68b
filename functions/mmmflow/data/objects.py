"""Objects as files: read in ranges and written in parts, never whole."""

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

from mmmflow.ports import Bucket, NotFoundError, ObjectWriter

if TYPE_CHECKING:
    from typing_extensions import Buffer

_RANGE = 8 * 1024 * 1024
_PART = 1024 * 1024


class _Reader(io.RawIOBase):
    """One generation of an object, each read a request of its own."""

    def __init__(
        self, bucket: Bucket, name: str, generation: str, size: int
    ) -> None:
        self._bucket = bucket
        self._name = name
        self._generation = generation
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        starts = {
            io.SEEK_SET: 0,
            io.SEEK_CUR: self._at,
            io.SEEK_END: self._size,
        }
        self._at = max(0, starts[whence] + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: "Buffer") -> int:
        target = memoryview(buffer)
        length = min(len(target), self._size - self._at)
        if length <= 0:
            return 0
        content = self._bucket.read(
            self._name, self._generation, start=self._at, length=length
        )
        target[: len(content)] = content
        self._at += len(content)
        return len(content)


def open_read(bucket: Bucket, name: str, generation: str) -> io.BufferedReader:
    """A seekable file of that generation of the object.

    Raises: NotFoundError, here or at any read: it was replaced or removed.
    """
    info = bucket.stat(name)
    if info is None or info.generation != generation:
        raise NotFoundError(f"{name} of generation {generation}")
    raw = _Reader(bucket, name, generation, info.size)
    return io.BufferedReader(raw, _RANGE)


class _Writer(io.RawIOBase):
    """What is written goes on to the object, and into its checksum."""

    def __init__(self, writer: ObjectWriter) -> None:
        self._writer = writer
        self._at = 0
        self.sha256 = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def write(self, data: "Buffer", /) -> int:
        content = bytes(data)
        self._writer.write(content)
        self.sha256.update(content)
        self._at += len(content)
        return len(content)


class Written:
    """A new object: its file while it is open, then what identifies it."""

    def __init__(self, bucket: Bucket, name: str) -> None:
        self._bucket = bucket
        self._name = name
        self.generation = ""
        self.sha256 = ""

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """The object is there once the block has ended without a failure.

        Raises: AlreadyExistsError.
        """
        with self._bucket.open_write(self._name) as writer:
            sink = _Writer(writer)
            buffered = io.BufferedWriter(sink, _PART)
            yield cast(BinaryIO, buffered)
            buffered.flush()
        self.generation = writer.info.generation
        self.sha256 = sink.sha256.hexdigest()


def sha256(file: io.BufferedReader) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()
