"""Files that a person drops into the folder of uploads become objects."""

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from mmmflow.local import dropped_files
from mmmflow.local.messages import SqliteMessages
from mmmflow.local.objects import FolderBucket
from mmmflow.local.ports import open_ports
from mmmflow.ports import NotFoundError, Ports

Drop = Callable[[str, bytes], Path]
SETTLED = 5.0


@pytest.fixture
def uploads(ports: Ports) -> FolderBucket:
    assert isinstance(ports.uploads, FolderBucket)
    return ports.uploads


@pytest.fixture
def drop(home: Path, uploads: FolderBucket) -> Drop:
    del uploads  # it makes the folder

    def _drop(name: str, content: bytes) -> Path:
        """As if it had been dropped some seconds ago."""
        path = home / "uploads" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        before = time.time() - SETTLED
        os.utime(path, (before, before))
        return path

    return _drop


def announced(ports: Ports) -> list[str]:
    assert isinstance(ports.messages, SqliteMessages)
    return [d.attributes["objectId"] for d in ports.messages.lease(100)]


def test_a_dropped_file_is_announced_once(
    ports: Ports, uploads: FolderBucket, drop: Drop
) -> None:
    drop("DE/table.csv", b"a\n1\n")
    assert uploads.adopt() == 1
    assert uploads.adopt() == 0
    assert announced(ports) == ["DE/table.csv"]
    assert uploads.read("DE/table.csv") == b"a\n1\n"


def test_a_file_that_was_replaced_is_announced_again(
    ports: Ports, uploads: FolderBucket, drop: Drop
) -> None:
    drop("DE/table.csv", b"a\n1\n")
    uploads.adopt()
    drop("DE/table.csv", b"a\n1\n2\n")
    uploads.adopt()
    assert announced(ports) == ["DE/table.csv", "DE/table.csv"]


def test_a_file_that_is_still_being_written_is_left_alone(
    ports: Ports, uploads: FolderBucket, drop: Drop
) -> None:
    os.utime(drop("DE/table.csv", b"a\n"))
    assert uploads.adopt() == 0
    assert announced(ports) == []


@pytest.mark.parametrize("name", ["DE/.DS_Store", "DE/.table.csv.partial"])
def test_hidden_files_are_nobodys_data(
    uploads: FolderBucket, drop: Drop, name: str
) -> None:
    drop(name, b"x")
    assert uploads.adopt() == 0


def test_an_object_that_the_code_wrote_is_not_announced_twice(
    ports: Ports, uploads: FolderBucket
) -> None:
    uploads.create("DE/table.csv", b"a\n")
    os.utime(uploads.uri("DE/table.csv"), None)
    uploads.adopt()
    assert announced(ports) == ["DE/table.csv"]


def test_a_file_that_vanishes_meanwhile_harms_no_other(
    uploads: FolderBucket, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop("DE/a.csv", b"a\n")
    drop("DE/b.csv", b"b\n")
    at_rest = dropped_files._is_at_rest

    def vanishing(path: Path) -> bool:
        found = at_rest(path)
        if path.name == "a.csv":
            path.unlink()
        return found

    monkeypatch.setattr(dropped_files, "_is_at_rest", vanishing)
    assert uploads.adopt() == 1
    assert uploads.stat("DE/b.csv") is not None


def test_a_link_that_leads_out_of_the_folder_harms_no_other(
    uploads: FolderBucket, drop: Drop, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere.csv"
    elsewhere.write_bytes(b"a\n")
    os.utime(elsewhere, (0, 0))
    beside = drop("DE/b.csv", b"b\n")
    (beside.parent / "a.csv").symlink_to(elsewhere)
    (beside.parent / "broken.csv").symlink_to(tmp_path / "nothing.csv")
    assert uploads.adopt() == 1
    assert uploads.stat("DE/b.csv") is not None


def test_a_name_that_is_not_utf_8_harms_no_other(
    uploads: FolderBucket, drop: Drop
) -> None:
    drop("DE/b.csv", b"b\n")
    drop(os.fsdecode(b"DE/M\xfcnchen.csv"), b"a\n")
    assert uploads.adopt() == 1
    assert uploads.stat("DE/b.csv") is not None


def test_what_can_be_no_object_is_said_once(
    uploads: FolderBucket,
    drop: Drop,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    beside = drop(os.fsdecode(b"DE/M\xfcnchen.csv"), b"a\n")
    (beside.parent / "a.csv").symlink_to(tmp_path / "elsewhere.csv")
    caplog.set_level(logging.WARNING)
    for _ in range(2):
        uploads.adopt()
    link, name = sorted(record.getMessage() for record in caplog.records)
    assert "DE/M\\xfcnchen.csv is left alone: its name is not UTF-8" in link
    assert "DE/a.csv is left alone: it is a link" in name


def test_what_a_dead_writer_left_is_removed_when_the_folder_is_opened(
    home: Path, uploads: FolderBucket
) -> None:
    with uploads.open_write("DE/a.csv") as writer:
        writer.write(b"a\n")
        folder = home / "uploads" / ".partial"
        dead = folder / ".dead"
        dead.touch()
        os.utime(dead, (0, 0))
        open_ports(home)
        assert not dead.exists()
        assert len(list(folder.iterdir())) == 1
    assert uploads.read("DE/a.csv") == b"a\n"
    assert not list(folder.iterdir())


def test_what_is_being_written_is_nobodys_file(
    uploads: FolderBucket, home: Path
) -> None:
    with uploads.open_write("DE/a.csv") as writer:
        writer.write(b"a\n")
        (partial,) = (home / "uploads" / ".partial").iterdir()
        before = time.time() - SETTLED
        os.utime(partial, (before, before))
        assert uploads.adopt() == 0


def test_a_file_of_experiments_gets_a_generation_that_is_said(
    ports: Ports, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = home / "data/batches/october.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"country\nDE\n")
    os.utime(path, (0, 0))
    caplog.set_level(logging.INFO)
    assert isinstance(ports.data, FolderBucket)
    assert ports.data.adopt("batches") == 1
    info = ports.data.stat("batches/october.csv")
    assert info is not None
    said = f"data/batches/october.csv is generation {info.generation}"
    assert said in caplog.messages
    assert announced(ports) == []


def test_a_generation_is_not_read_from_a_file_replaced_in_its_place(
    uploads: FolderBucket, drop: Drop, tmp_path: Path
) -> None:
    drop("DE/table.csv", b"first\n")
    uploads.adopt()
    info = uploads.stat("DE/table.csv")
    assert info is not None
    os.utime(drop("DE/table.csv", b"second"))
    with pytest.raises(NotFoundError):
        uploads.download("DE/table.csv", tmp_path / "f", info.generation)
    with pytest.raises(NotFoundError):
        uploads.read("DE/table.csv", info.generation)


def test_an_object_whose_file_was_removed_is_not_found(
    uploads: FolderBucket, drop: Drop, tmp_path: Path
) -> None:
    path = drop("DE/table.csv", b"first\n")
    uploads.adopt()
    path.unlink()
    with pytest.raises(NotFoundError):
        uploads.read("DE/table.csv")
    with pytest.raises(NotFoundError):
        uploads.download("DE/table.csv", tmp_path / "f")
