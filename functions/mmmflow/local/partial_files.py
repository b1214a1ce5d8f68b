"""Files that are being written, until they take their place."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from mmmflow.ports import ObjectInfo

_STALE_SECONDS = 3600.0  # unchanged for so long, its writer is dead


class Writer:
    """Writes a file that is no object yet."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file = file
        self._info: ObjectInfo | None = None
        self.path = path

    def write(self, data: bytes, /) -> int:
        return self._file.write(data)

    @property
    def info(self) -> ObjectInfo:
        if self._info is None:
            raise ValueError("it is not written yet")
        return self._info

    def flush(self) -> None:
        self._file.flush()

    def finish(self, info: ObjectInfo) -> None:
        self._info = info


@contextmanager
def writing(folder: Path) -> Iterator[Writer]:
    """A new file in the folder, which is gone at the end if nobody moved it.

    Its name is hidden: nobody takes it for one that a person dropped.
    """
    folder.mkdir(exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".", dir=folder)
    path = Path(name)
    try:
        with open(handle, "wb") as file:
            path.chmod(0o644)
            yield Writer(file, path)
    finally:
        path.unlink(missing_ok=True)


def remove_stale(folder: Path) -> None:
    """What writers left behind that were killed."""
    if not folder.is_dir():
        return
    oldest = time.time() - _STALE_SECONDS
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < oldest:
                path.unlink()
