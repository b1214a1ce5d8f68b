"""A run travels in a file: elsewhere it is the same, and comes out again."""

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mmmflow.control import commands
from mmmflow.domain import paths
from mmmflow.domain.errors import InvalidInputError, NotAllowedError
from mmmflow.local.messages import SqliteMessages
from mmmflow.local.ports import open_ports
from mmmflow.ports import Json, Ports
from mmmflow.results import champions
from mmmflow.steps.prepare import prepare
from mmmflow.upkeep import archive_file, exports, imports, migration

from tests.steps.world import World

ME = "ann@example.com"


def mmmflow(home: Path, *words: str | Path) -> Any:
    return subprocess.run(
        [sys.executable, "-m", "mmmflow", *map(str, words)],
        env={**os.environ, "MMMFLOW_HOME": str(home), "MMMFLOW_URL": ""},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home where a run of the sample has succeeded."""
    home = tmp_path_factory.mktemp("origin")
    ended = mmmflow(home, "run", "--preset", "test", "--country", "FR")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return home


@pytest.fixture(scope="module")
def packed(origin: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("packed") / "run.zip"
    ended = mmmflow(origin, "export", "last", file)
    assert ended.returncode == 0, ended.stderr
    return file


def head_of(file: Path) -> Any:
    with zipfile.ZipFile(file) as archive:
        return json.loads(archive.read("archive.json"))


def changed(
    packed: Path, target: Path, change: Callable[[dict[str, bytes]], None]
) -> Path:
    """The archive with other contents, and its own list as it was."""
    with zipfile.ZipFile(packed) as archive:
        contents = {n: archive.read(n) for n in archive.namelist()}
    change(contents)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in contents.items():
            out.writestr(name, content)
    return target


def put(contents: dict[str, bytes], name: str, content: bytes) -> None:
    """A file, and its entry in the list."""
    head = json.loads(contents["archive.json"])
    files = [one for one in head["files"] if one["name"] != name]
    checksum = hashlib.sha256(content).hexdigest()
    files.append({"name": name, "size": len(content), "sha256": checksum})
    contents["archive.json"] = json.dumps({**head, "files": files}).encode()
    contents[name] = content


def edit(contents: dict[str, bytes], part: str, **fields: Any) -> None:
    head = json.loads(contents["archive.json"])
    head[part] = {**head[part], **fields}
    contents["archive.json"] = json.dumps(head).encode()


def everything(ports: Ports) -> list[Json]:
    return [
        one.data
        for name in ("experiments", "datasets", "mappings")
        for one in ports.documents.query(name)
    ]


def test_exported_imported_and_reproduced_it_is_the_same_bit_for_bit(
    home: Path, packed: Path, tmp_path: Path
) -> None:
    taken = mmmflow(home, "import", packed)
    assert taken.returncode == 0, taken.stderr
    again = tmp_path / "again.zip"
    assert mmmflow(home, "export", "last", again).returncode == 0
    assert again.read_bytes() == packed.read_bytes()
    reproduced = mmmflow(home, "reproduce", again)
    assert reproduced.returncode == 0, reproduced.stdout + reproduced.stderr
    assert "came out the same, bit for bit" in reproduced.stdout


def test_reproducing_says_what_came_out_differently(
    home: Path, packed: Path, tmp_path: Path
) -> None:
    def other_table(contents: dict[str, bytes]) -> None:
        name = "attempt/results/models.csv"
        manifest = json.loads(contents["attempt/manifest.json"])
        for file in manifest["files"]:
            if file["name"] == "results/models.csv":
                content = contents[name][::-1]
                file["sha256"] = hashlib.sha256(content).hexdigest()
        put(contents, name, content)
        put(contents, "attempt/manifest.json", json.dumps(manifest).encode())

    file = changed(packed, tmp_path / "other.zip", other_table)
    ended = mmmflow(home, "reproduce", file)
    assert ended.returncode == 1
    assert "different: results/models.csv" in ended.stdout
    assert "It was made with Python" in ended.stdout


@pytest.fixture
def elsewhere(home: Path) -> Ports:
    return open_ports(home)


def test_an_import_starts_nothing_and_tells_nobody(
    elsewhere: Ports, packed: Path
) -> None:
    imports.take(elsewhere, packed, actor=ME)
    assert isinstance(elsewhere.messages, SqliteMessages)
    assert elsewhere.messages.lease(100) == []
    assert elsewhere.documents.query("outbox") == []


def test_an_imported_run_is_no_candidate_for_champion(
    elsewhere: Ports, packed: Path
) -> None:
    data, _ = imports.take(elsewhere, packed, actor=ME)
    champions.update(elsewhere, data["country"], data["goal"])
    assert elsewhere.documents.query("champions") == []


def test_who_imported_it_is_kept(elsewhere: Ports, packed: Path) -> None:
    data, _ = imports.take(elsewhere, packed, actor=ME)
    assert data["imported"]["actor"] == ME


def test_the_same_archive_twice_changes_nothing(
    elsewhere: Ports, packed: Path
) -> None:
    imports.take(elsewhere, packed, actor=ME)
    before = everything(elsewhere)
    _, new = imports.take(elsewhere, packed, actor=ME)
    assert not new
    assert everything(elsewhere) == before


def test_where_the_run_was_made_its_archive_is_the_same(
    origin: Path, packed: Path
) -> None:
    _, new = imports.take(open_ports(origin), packed, actor=ME)
    assert not new


def test_another_run_of_the_same_id_is_refused(
    elsewhere: Ports, packed: Path, tmp_path: Path
) -> None:
    imports.take(elsewhere, packed, actor=ME)
    file = changed(
        packed,
        tmp_path / "other.zip",
        lambda contents: edit(contents, "experiment", actor="somebody"),
    )
    with pytest.raises(NotAllowedError, match="another experiment of that id"):
        imports.take(elsewhere, file, actor=ME)


def test_another_mapping_of_the_same_name_is_refused(
    home: Path, packed: Path
) -> None:
    world = World(home)
    mapping = head_of(packed)["mapping"]
    prepare(world.put_mapping(mapping["version"]), world.ports)
    with pytest.raises(NotAllowedError, match="another mapping of that name"):
        imports.take(world.ports, packed, actor=ME)
    assert world.all("experiments") == []


def test_a_mapping_that_was_migrated_is_the_same(
    elsewhere: Ports, packed: Path
) -> None:
    data, _ = imports.take(elsewhere, packed, actor=ME)
    list(migration.every_page(elsewhere, dry_run=False))
    commands.delete(elsewhere, data["id"], actor=ME, keep_objects=False)
    _, new = imports.take(elsewhere, packed, actor=ME)
    assert new


def test_new_data_is_not_prepared_with_an_imported_mapping(
    home: Path, packed: Path
) -> None:
    world = World(home)
    imports.take(world.ports, packed, actor=ME)
    known = world.prepared("FR")
    assert world.document("datasets", known)["prepared_with"] == "v1"


def test_an_object_that_stands_in_its_place_is_not_written_over(
    elsewhere: Ports, packed: Path
) -> None:
    name = head_of(packed)["experiment"]["config"]["name"]
    elsewhere.data.create(name, b"{}")
    with pytest.raises(NotAllowedError, match="another object"):
        imports.take(elsewhere, packed, actor=ME)
    assert everything(elsewhere) == []


def test_an_import_that_died_is_done_again(
    elsewhere: Ports, packed: Path
) -> None:
    with zipfile.ZipFile(packed) as archive:
        content = archive.read("job_config.json")
    name = head_of(packed)["experiment"]["config"]["name"]
    elsewhere.data.create(name, content)
    _, new = imports.take(elsewhere, packed, actor=ME)
    assert new


def test_no_secret_and_no_claim_is_in_an_archive(packed: Path) -> None:
    with zipfile.ZipFile(packed) as archive:
        names = archive.namelist()
    assert not [name for name in names if "claim" in name or "secret" in name]


def test_what_has_not_succeeded_has_nothing_to_export(
    home: Path, tmp_path: Path
) -> None:
    world = World(home)
    world.prepared()
    (id,) = world.queued()
    with pytest.raises(NotAllowedError, match="it is QUEUED"):
        exports.export(world.ports, id, tmp_path)


def test_a_run_whose_data_is_gone_is_not_exported_in_part(
    elsewhere: Ports, packed: Path, tmp_path: Path
) -> None:
    data, _ = imports.take(elsewhere, packed, actor=ME)
    (info,) = (
        info
        for info in elsewhere.data.list("training-data/")
        if info.name.endswith(".parquet")
    )
    elsewhere.data.delete(info.name)
    with pytest.raises(NotAllowedError, match="is gone"):
        exports.export(elsewhere, data["id"], tmp_path)


def rename(old: str, new: str) -> Callable[[dict[str, bytes]], None]:
    def change(contents: dict[str, bytes]) -> None:
        content = contents.pop(old)
        head = json.loads(contents["archive.json"])
        head["files"] = [f for f in head["files"] if f["name"] != old]
        contents["archive.json"] = json.dumps(head).encode()
        put(contents, new, content)

    return change


def bomb(contents: dict[str, bytes]) -> None:
    put(contents, "attempt/results/zeros", bytes(50_000_000))


def damaged(contents: dict[str, bytes]) -> None:
    contents["data/input_data.parquet"] = contents["data/quality.json"]


def unlisted(contents: dict[str, bytes]) -> None:
    contents["attempt/more"] = b"x"


def another_config(contents: dict[str, bytes]) -> None:
    config = json.loads(contents["job_config.json"])
    put(contents, "job_config.json", json.dumps({**config, "seed": 9}).encode())


def moved_away(contents: dict[str, bytes]) -> None:
    head = json.loads(contents["archive.json"])
    result = {**head["experiment"]["result"], "folder": "models/FR/revenue"}
    edit(contents, "experiment", result=result)


def unknown_field(contents: dict[str, bytes]) -> None:
    edit(contents, "experiment", slot="default-0")


def without_head(contents: dict[str, bytes]) -> None:
    del contents["archive.json"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (rename("data/quality.json", "../quality.json"), "no name of a file"),
        (rename("data/quality.json", "/etc/quality"), "no name of a file"),
        (rename("data/quality.json", "..\\quality"), "no name of a file"),
        (rename("data/quality.json", "C:/quality"), "no name of a file"),
        (rename("data/quality.json", "data/other.json"), "it lacks"),
        (bomb, "grows too much"),
        (damaged, "other files than"),
        (unlisted, "other files than"),
        (another_config, "contradict each other"),
        (moved_away, "contradict each other"),
        (unknown_field, "slot"),
        (without_head, "there is no archive.json"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_an_archive_that_is_not_in_order_is_refused_and_nothing_made(
    elsewhere: Ports,
    packed: Path,
    tmp_path: Path,
    change: Callable[[dict[str, bytes]], None],
    why: str,
) -> None:
    file = changed(packed, tmp_path / "changed.zip", change)
    with pytest.raises(InvalidInputError, match=why):
        imports.take(elsewhere, file, actor=ME)
    assert everything(elsewhere) == []
    assert elsewhere.data.list("") == []


def test_a_file_whose_bytes_are_other_than_listed_is_refused(
    elsewhere: Ports, packed: Path, tmp_path: Path
) -> None:
    def one_byte(contents: dict[str, bytes]) -> None:
        name = "data/input_data.parquet"
        contents[name] = contents[name][:-1] + b"x"

    file = changed(packed, tmp_path / "changed.zip", one_byte)
    with pytest.raises(InvalidInputError, match="checksum"):
        imports.take(elsewhere, file, actor=ME)


def test_what_is_no_zip_is_refused(elsewhere: Ports, tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text("day,revenue\n")
    with pytest.raises(InvalidInputError, match="no zip file"):
        imports.take(elsewhere, file, actor=ME)


def test_too_many_files_are_refused(
    elsewhere: Ports,
    packed: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archive_file, "MOST_FILES", 3)
    with pytest.raises(InvalidInputError, match="more than 3 files"):
        imports.take(elsewhere, packed, actor=ME)


def test_too_many_bytes_are_refused(
    elsewhere: Ports,
    packed: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archive_file, "MOST_BYTES", 1000)
    with pytest.raises(InvalidInputError, match="bytes when unpacked"):
        imports.take(elsewhere, packed, actor=ME)


def test_an_imported_run_is_deleted_like_any_other(
    elsewhere: Ports, packed: Path
) -> None:
    data, _ = imports.take(elsewhere, packed, actor=ME)
    commands.delete(elsewhere, data["id"], actor=ME, keep_objects=False)
    run = paths.run_folder("r", 1, "FR", data["id"])
    assert elsewhere.data.list(f"{run}/") == []


@pytest.fixture
def sampled(home: Path) -> Path:
    assert mmmflow(home, "sample", "up").returncode == 0
    return home


def test_the_sample_comes_and_goes_and_what_is_real_stays(
    sampled: Path,
) -> None:
    ports = open_ports(sampled)
    world = World(sampled)
    real = world.prepared("DE")
    names = [info.name for info in ports.uploads.list("sample-")]
    assert names == [
        "sample-DE/mmmflow_sample.csv",
        "sample-FR/mmmflow_sample.csv",
    ]
    gone = mmmflow(sampled, "sample", "down", "--confirm", "sample")
    assert gone.returncode == 0, gone.stderr
    assert ports.uploads.list("sample-") == []
    assert [one["id"] for one in world.all("datasets")] == [real]


def test_the_sample_does_not_go_untyped(sampled: Path) -> None:
    kept = mmmflow(sampled, "sample", "down", "--confirm", "yes")
    assert kept.returncode == 2
    assert "nothing was deleted" in kept.stderr
    assert len(open_ports(sampled).uploads.list("sample-")) == 2
