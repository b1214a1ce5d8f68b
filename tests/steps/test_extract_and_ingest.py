"""Tables of the warehouse and files that people drop become datasets."""

import hashlib
from typing import Any

import pyarrow.parquet as pq
import pytest
from mmmflow import schema
from mmmflow.domain import paths
from mmmflow.ports import Message
from mmmflow.steps.extract import extract
from mmmflow.steps.ingest import ingest

from tests.faults import Fault, Plan, deliver
from tests.steps.world import WEEKS, World, table

TABLE = {"table": "weekly", "country_column": "market"}


def asked(world: World, **changed: Any) -> Message:
    body = {"source": TABLE, "countries": ["DE", "FR"], **changed}
    return world.message("dataset.requested", **body)


@pytest.fixture(autouse=True)
def weekly(world: World) -> None:
    world.put_table("weekly", "DE", "FR")


def markers(world: World) -> list[str]:
    objects = world.ports.data.list("datasets/")
    return [o.name for o in objects if o.name.endswith("dataset.json")]


def test_each_country_is_a_dataset_of_its_own(world: World) -> None:
    extract(asked(world), world.ports)
    datasets = world.all("datasets")
    assert {d["country"] for d in datasets} == {"DE", "FR"}
    for data in datasets:
        raw = world.ports.data.uri(paths.raw_data(data["country"], data["id"]))
        rows = pq.read_table(raw)
        assert set(rows.column("market").to_pylist()) == {data["country"]}


def test_the_marker_describes_what_was_stored(world: World) -> None:
    extract(asked(world, countries=["DE"]), world.ports)
    (data,) = world.all("datasets")
    marker = world.read(paths.dataset_marker("DE", data["id"]))
    schema.require("dataset.json", marker)
    raw = world.ports.data.stat(paths.raw_data("DE", data["id"]))
    assert raw is not None
    assert marker["generation"] == raw.generation
    assert marker["rows"] == WEEKS
    assert [c["name"] for c in marker["columns"]][:2] == ["day", "market"]


def test_the_marker_describes_what_is_stored_though_the_table_has_changed(
    world: World,
) -> None:
    """The handler died between the rows and their marker."""
    message = asked(world, countries=["DE"])
    plan = Plan(Fault.APPLIED, at="data.create")
    deliver(lambda ports: extract(message, ports), world.ports, plan)
    changed = table("DE").splitlines(keepends=True)[:20]
    path = world.home / "warehouse" / "weekly.csv"
    path.write_bytes(b"".join(changed))
    extract(message, world.ports)
    (data,) = world.all("datasets")
    marker = world.read(paths.dataset_marker("DE", data["id"]))
    raw = world.ports.data.read(paths.raw_data("DE", data["id"]))
    assert marker["sha256"] == hashlib.sha256(raw).hexdigest()
    assert marker["rows"] == WEEKS


def test_the_datasets_of_a_request_are_one_batch_however_long_it_takes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = world.clock.now

    def slow() -> Any:
        world.clock.advance(0.7)
        return now()

    monkeypatch.setattr(world.clock, "now", slow)
    extract(asked(world), world.ports)
    assert len({d["batch_id"] for d in world.all("datasets")}) == 1


def test_a_query_is_extracted_with_the_country_bound(world: World) -> None:
    query = "SELECT * FROM weekly WHERE market = {country}"
    extract(asked(world, source={"query": query}), world.ports)
    assert len(markers(world)) == 2


def test_the_same_request_again_makes_nothing(world: World) -> None:
    extract(asked(world), world.ports)
    before = world.all("datasets"), world.ports.data.list("")
    extract(asked(world), world.ports)
    assert (world.all("datasets"), world.ports.data.list("")) == before


def test_another_version_of_the_table_is_another_request(
    world: World,
) -> None:
    extract(asked(world), world.ports)
    extract(asked(world, source={**TABLE, "version": "2"}), world.ports)
    assert len(world.all("datasets")) == 4


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"countries": []}, "countries"),
        ({"source": {"table": "a; drop"}}, "source"),
        ({"source": {"query": "DROP TABLE x"}}, "source.query"),
        ({"train": {"experiment": {"trials": 0}}}, "trials"),
        ({"train": {"experiment": {}, "sweep": {"seed": []}}}, "train"),
    ],
)
def test_a_persons_mistake_is_stored_and_final(
    world: World, changed: dict[str, Any], where: str
) -> None:
    extract(asked(world, **changed), world.ports)
    (refused,) = world.all("requests")
    assert refused["state"] == "REFUSED"
    assert refused["problems"][0]["where"].startswith(where)
    assert world.all("datasets") == []


def test_a_reused_key_changes_nothing_of_the_first_request(
    world: World,
) -> None:
    extract(asked(world, message_id="k"), world.ports)
    extract(asked(world, message_id="k", countries=["ES"]), world.ports)
    assert {d["country"] for d in world.all("datasets")} == {"DE", "FR"}
    states = [r["state"] for r in world.all("requests")]
    assert sorted(states) == ["ACCEPTED", "REFUSED"]


def test_a_table_that_is_not_there_ends_the_dataset_with_the_reason(
    world: World,
) -> None:
    extract(asked(world, source={"table": "monthly"}), world.ports)
    for data in world.all("datasets"):
        assert data["state"] == "FAILED"
        assert "monthly" in data["problems"][0]["what"]


def test_how_to_ask_again_is_said(world: World) -> None:
    extract(asked(world, source={"table": "monthly"}), world.ports)
    hint = world.all("datasets")[0]["problems"][0]["hint"]
    assert "another message_id" in hint


def test_a_country_without_rows_fails_alone(world: World) -> None:
    extract(asked(world, countries=["DE", "ES"]), world.ports)
    states = {d["country"]: d["state"] for d in world.all("datasets")}
    assert states == {"DE": "REQUESTED", "ES": "FAILED"}


@pytest.mark.parametrize("name", ["t.csv", "T.CSV"])
def test_a_dropped_file_becomes_a_dataset(world: World, name: str) -> None:
    ingest(world.drop(f"DE/{name}", table("DE")), world.ports)
    (data,) = world.all("datasets")
    assert data["country"] == "DE"
    assert data["source"] == {"upload": f"DE/{name}"}
    assert markers(world) == [paths.dataset_marker("DE", data["id"])]


def test_the_same_file_told_of_twice_is_one_dataset(world: World) -> None:
    event = world.drop("DE/t.csv", table("DE"))
    ingest(event, world.ports)
    ingest(event, world.ports)
    assert len(world.all("datasets")) == 1


def test_a_file_dropped_again_is_another_dataset(world: World) -> None:
    ingest(world.drop("DE/t.csv", table("DE")), world.ports)
    ingest(world.drop("DE/t.csv", table("DE")), world.ports)
    assert len(world.all("datasets")) == 2


def test_what_was_replaced_before_it_was_read_is_said_to_be(
    world: World,
) -> None:
    first = world.drop("DE/t.csv", table("DE"))
    world.drop("DE/t.csv", table("DE"))
    ingest(first, world.ports)
    (data,) = world.all("datasets")
    assert data["state"] == "FAILED"
    assert "replaced or removed" in data["problems"][0]["what"]


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("DE/t.doc", b"x", "its ending is not understood"),
        ("DE/t.xlsx", b"PK", "it is a spreadsheet (.xlsx)"),
        ("DE/t.csv", b"", "the file is empty"),
        ("DE/t.csv", b"a,b\n", "the file has no rows"),
        ("DE/t.parquet", b"x", "Parquet"),
    ],
)
def test_a_file_that_can_not_be_read_ends_with_the_reason(
    world: World, name: str, content: bytes, what: str
) -> None:
    ingest(world.drop(name, content), world.ports)
    (data,) = world.all("datasets")
    assert data["state"] == "FAILED"
    assert what in data["problems"][0]["what"]
    assert markers(world) == []


def test_a_file_outside_a_countrys_folder_is_refused_with_the_reason(
    world: World,
) -> None:
    ingest(world.drop("t.csv", table("DE")), world.ports)
    assert world.all("datasets") == []
    (refused,) = world.all("requests")
    assert "uploads/<country>/<file>" in refused["problems"][0]["hint"]


def test_a_spreadsheet_that_is_dropped_fails_with_the_way_out(
    world: World,
) -> None:
    ingest(world.drop("DE/plan.xlsx", b"PK\x03\x04"), world.ports)
    (data,) = world.all("datasets")
    assert data["state"] == "FAILED"
    (problem,) = data["problems"]
    assert problem["where"] == "plan.xlsx"
    assert "a spreadsheet (.xlsx)" in problem["what"]
    assert "save its sheet as CSV" in problem["hint"]
