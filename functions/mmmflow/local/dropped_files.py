"""Files that a person put into a folder, and that can be objects."""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

_SETTLED_NS = 500_000_000


class DroppedFiles:
    """Looks again and again; what can be no object is said once."""

    def __init__(self) -> None:
        self._left_alone: set[Path] = set()

    def at_rest(self, folder: Path) -> Iterator[Path]:
        """Files below the folder that have not changed for half a second.

        Hidden ones are nobody's data.
        """
        for within, _, files in os.walk(folder):
            for file in files:
                path = Path(within, file)
                with suppress(FileNotFoundError):  # gone meanwhile
                    if (
                        not file.startswith(".")
                        and self._can_be_object(path)
                        and _is_at_rest(path)
                    ):
                        yield path

    def _can_be_object(self, path: Path) -> bool:
        if path.is_symlink():
            why = "it is a link: put the file itself there"
        elif not _is_utf8(path):
            why = "its name is not UTF-8: rename it"
        else:
            return True
        if path not in self._left_alone:
            self._left_alone.add(path)
            shown = os.fsencode(path).decode("utf-8", "backslashreplace")
            log.warning("%s is left alone: %s", shown, why)
        return False


def _is_at_rest(path: Path) -> bool:
    return time.time_ns() - path.stat().st_mtime_ns > _SETTLED_NS


def _is_utf8(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True
