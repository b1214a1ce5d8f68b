"""Secrets of one machine: files that only their owner reads."""

from pathlib import Path

import pytest
from mmmflow.local.secrets import FileSecrets
from mmmflow.ports import NotFoundError, RefusedError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "secrets"
    path.mkdir()
    return path


def store(folder: Path, mode: int = 0o600) -> None:
    path = folder / "chat-url"
    path.write_text("https://example.com/hook\n")
    path.chmod(mode)


def test_a_secret_is_the_text_of_its_file(folder: Path) -> None:
    store(folder)
    assert FileSecrets(folder).get("chat-url") == "https://example.com/hook"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660])
def test_a_secret_that_others_can_read_is_refused(
    folder: Path, mode: int
) -> None:
    store(folder, mode)
    with pytest.raises(RefusedError, match="600"):
        FileSecrets(folder).get("chat-url")


@pytest.mark.parametrize("name", ["other", "../secrets/chat-url", "", "."])
def test_there_is_no_secret_of_another_name(folder: Path, name: str) -> None:
    store(folder)
    with pytest.raises(NotFoundError):
        FileSecrets(folder).get(name)
