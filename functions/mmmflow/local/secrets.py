"""Secrets as files that only their owner can read."""

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from mmmflow.domain import secrets
from mmmflow.ports import NotFoundError, RefusedError, SecretState

_OTHERS = 0o077
_NOBODY = "nobody knows"


class FileSecrets:
    """One file a secret, mode 600, in a folder of its own.

    A file that a person put there will do. Who saved it stands beside it; a
    file has one version only.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str) -> str:
        path = self._folder / name
        if not secrets.is_name(name) or not path.is_file():
            raise NotFoundError(f"secret {name}: put it into {self._folder}")
        if path.stat().st_mode & _OTHERS:
            raise RefusedError(f"{path} must be readable by you only: mode 600")
        return path.read_text().strip()

    def state(self, name: str) -> SecretState | None:
        path = self._folder / name
        if not secrets.is_name(name) or not path.is_file():
            return None
        actor = self._actor(name)
        return SecretState(
            created_at=datetime.fromtimestamp(path.stat().st_mtime, UTC),
            created_by=actor.read_text() if actor.is_file() else _NOBODY,
        )

    def save(self, name: str, value: str, actor: str) -> None:
        secrets.require(name, value)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._replace(self._actor(name), actor)
        self._replace(self._folder / name, value)

    def rotate(self, name: str, value: str, actor: str) -> None:
        self.save(name, value, actor)

    def clear(self, name: str) -> None:
        if secrets.is_name(name):
            (self._folder / name).unlink(missing_ok=True)
            self._actor(name).unlink(missing_ok=True)

    def _actor(self, name: str) -> Path:
        return self._folder / f".{name}.saved-by"

    def _replace(self, path: Path, text: str) -> None:
        """The whole new file or the whole old one: mode 600 from the start."""
        handle, partial = tempfile.mkstemp(dir=self._folder, prefix=".")
        with os.fdopen(handle, "w") as file:
            file.write(text)
        Path(partial).replace(path)
