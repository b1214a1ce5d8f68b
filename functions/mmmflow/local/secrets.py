"""Secrets as files that only their owner can read."""

import re
from pathlib import Path

from mmmflow.ports import NotFoundError, RefusedError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,79}")
_OTHERS = 0o077


class FileSecrets:
    """One file a secret, mode 600, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str) -> str:
        path = self._folder / name
        if not _NAME.fullmatch(name) or not path.is_file():
            raise NotFoundError(f"secret {name}: put it into {self._folder}")
        if path.stat().st_mode & _OTHERS:
            raise RefusedError(f"{path} must be readable by you only: mode 600")
        return path.read_text().strip()
