"""Documents of an older schema version become today's, and mean the same."""

import pytest
from mmmflow.domain import mapping, migrations
from mmmflow.ports import Documents, Update, Write
from mmmflow.steps.prepare import prepare
from mmmflow.upkeep import migration

from tests.steps.world import MAPPING, World


def migrate(world: World, *, dry_run: bool = False) -> int:
    pages = migration.every_page(world.ports, dry_run=dry_run)
    return sum(page.changed for page in pages)


@pytest.fixture(autouse=True)
def data(world: World) -> None:
    prepare(world.put_mapping(), world.ports)


def test_a_mapping_of_version_1_becomes_one_of_version_2(world: World) -> None:
    assert migrate(world) == 1
    content = world.document("mappings", "universal~v1")["content"]
    assert content == {**MAPPING, "schema_version": 2}


def test_a_migrated_mapping_means_what_it_meant(world: World) -> None:
    before = world.document("mappings", "universal~v1")["content"]
    migrate(world)
    content = world.document("mappings", "universal~v1")["content"]
    assert mapping.read(content) == mapping.read(before)


def test_a_dry_run_counts_and_changes_nothing(world: World) -> None:
    assert migrate(world, dry_run=True) == 1
    content = world.document("mappings", "universal~v1")["content"]
    assert content == MAPPING


def test_a_second_migration_finds_nothing_to_do(world: World) -> None:
    migrate(world)
    version = world.ports.documents.get("mappings", "universal~v1")
    assert migrate(world) == 0
    assert world.ports.documents.get("mappings", "universal~v1") == version


def test_the_object_of_a_migrated_mapping_still_holds_it(world: World) -> None:
    migrate(world)
    prepare(world.put_mapping(), world.ports)
    assert world.document("mappings", "universal~v1")["problems"] == []


def test_a_refused_mapping_without_content_is_left_alone(world: World) -> None:
    prepare(world.put_mapping("v2", mapping={"no": "mapping"}), world.ports)
    assert migrate(world) == 1


def test_every_page_is_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration, "PAGE", 2)
    for version in ("v2", "v3", "v4", "v5"):
        prepare(world.put_mapping(version), world.ports)
    pages = list(migration.every_page(world.ports, dry_run=False))
    assert [page.seen for page in pages] == [2, 2, 1]
    assert sum(page.changed for page in pages) == 5


def test_what_another_hand_changed_meanwhile_is_migrated_as_it_is_then(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents: Documents = world.ports.documents
    commit = documents.commit
    calls = []

    def overtaken(writes: list[Write]) -> None:
        calls.append(writes)
        if len(calls) == 1:
            known = documents.get("mappings", "universal~v1")
            assert known is not None
            data = {**known.data, "created_at": "2026-01-01T00:00:00+00:00"}
            commit([Update("mappings", known.id, known.version, data)])
        commit(writes)

    monkeypatch.setattr(documents, "commit", overtaken)
    assert migrate(world) == 1
    found = world.document("mappings", "universal~v1")
    assert found["created_at"].startswith("2026-01-01")
    assert found["content"]["schema_version"] == 2


def test_a_collection_without_older_versions_stays_as_it_is() -> None:
    data = {"schema_version": 1, "id": "x"}
    assert migrations.migrated("experiments", data) == data
