"""An experiment names its data by where it is: a table, a query, a file."""

from typing import Any

import pytest
from mmmflow.ports import Message
from mmmflow.queueing import training
from mmmflow.steps.enqueue import enqueue
from mmmflow.steps.extract import extract
from mmmflow.steps.ingest import ingest
from mmmflow.steps.prepare import prepare
from mmmflow.submit import batches, data_requests

from tests.steps.world import World, table

TABLE = {"table": "sales", "country_column": "market"}


def ask(world: World, **asked: Any) -> Message:
    """One experiment or, with `sweep`, several."""
    sweep = {"sweep": asked.pop("sweep")} if "sweep" in asked else {}
    experiment = {"country": "DE", "preset": "test", **asked}
    body: dict[str, Any] = {"experiment": experiment, **sweep}
    message = world.message("experiment.requested", **body)
    enqueue(message, world.ports)
    return message


def extracted(world: World) -> None:
    """What was asked of the warehouse is there, and prepared."""
    for body in world.sent("dataset.requested"):
        extract(Message("dataset.requested", "1", body), world.ports)
    for dataset in world.all("datasets"):
        if dataset["state"] != "FAILED":
            prepare(world.marker_event(dataset["id"]), world.ports)


def test_the_table_is_asked_for_with_the_experiment(world: World) -> None:
    ask(world, source=TABLE, mapping_version="v1")
    (body,) = world.sent("dataset.requested")
    assert (body["source"], body["countries"]) == (TABLE, ["DE"])
    assert body["mapping_version"] == "v1"
    (waiting,) = world.all("experiments")
    assert waiting["state"] == "WAITING"


def test_it_waits_for_that_dataset_though_others_are_there(
    world: World,
) -> None:
    world.prepared()
    world.put_table("sales", "DE")
    ask(world, source=TABLE)
    assert world.states() == ["WAITING"]
    world.clock.advance(1)
    extracted(world)
    (queued,) = world.all("experiments")
    dataset = world.document("datasets", queued["config"]["dataset_id"])
    assert queued["state"] == "QUEUED"
    assert dataset["source"] == TABLE


def test_the_same_submission_twice_asks_for_the_data_once(
    world: World,
) -> None:
    ask(world, source=TABLE)
    ask(world, source=TABLE)
    assert len(world.sent("dataset.requested")) == 1


def test_a_sweep_asks_for_each_country_once(world: World) -> None:
    countries = {"country": ["DE", "FR"], "seed": [1, 2, 3]}
    ask(world, source=TABLE, sweep=countries)
    asked = [body["countries"] for body in world.sent("dataset.requested")]
    assert sorted(asked) == [["DE"], ["FR"]]
    assert len({e["data_request"] for e in world.all("experiments")}) == 2


def test_a_large_batch_asks_once_and_its_experiments_find_the_data(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "CHUNK", 2)
    monkeypatch.setattr(training, "CHUNK", 2)
    world.prepared()
    world.put_table("sales", "DE")
    ask(world, source=TABLE, sweep={"seed": [1, 2, 3]})
    done = 0
    while len(chunks := world.sent("batch.continued")) > done:
        enqueue(Message("batch.continued", "1", chunks[done]), world.ports)
        done += 1
    assert world.states() == ["WAITING"] * 3
    assert len(world.sent("dataset.requested")) == 1
    world.clock.advance(1)
    extracted(world)
    world.sweep()
    world.sweep()
    assert world.states() == ["QUEUED"] * 3


def test_data_that_is_refused_fails_the_experiment(world: World) -> None:
    ask(world, source=TABLE)
    (body,) = world.sent("dataset.requested")
    refused = {**body, "source": {"query": "DROP TABLE sales"}}
    extract(Message("dataset.requested", "1", refused), world.ports)
    world.sweep()
    (failed,) = world.all("experiments")
    assert failed["state"] == "FAILED"


def test_a_table_that_can_not_be_read_fails_the_experiment(
    world: World,
) -> None:
    ask(world, source=TABLE)
    extracted(world)
    world.sweep()
    (failed,) = world.all("experiments")
    assert failed["state"] == "FAILED"
    assert failed["error"]["error"].startswith("source: ")


def refusal(world: World) -> str:
    (refused,) = world.all("requests")
    assert refused["state"] == "REFUSED"
    assert world.sent("dataset.requested") == []
    (problem,) = refused["problems"]
    return f"{problem['where']}: {problem['what']}"


def test_a_query_is_checked_before_anything_is_made(world: World) -> None:
    ask(world, source={"query": "DELETE FROM sales"})
    assert refusal(world).startswith("source.query: ")


def test_data_is_named_once(world: World) -> None:
    ask(world, source=TABLE, upload={"name": "DE/a.csv"})
    assert refusal(world) == "upload: beside source it has no meaning"


def test_too_many_tables_are_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_requests, "_MOST", 2)
    ask(world, source=TABLE, sweep={"country": ["DE", "FR", "IT"]})
    assert refusal(world) == "source: 3 tables and countries, more than 2"


# A file that is dropped


def test_it_waits_for_a_file_that_is_dropped_later(world: World) -> None:
    world.prepared()
    ask(world, upload={"name": "DE/later.csv"})
    assert world.states() == ["WAITING"]
    world.clock.advance(1)
    ingest(world.drop("DE/later.csv", table("DE")), world.ports)
    (dataset,) = (
        d
        for d in world.all("datasets")
        if d["source"] == {"upload": "DE/later.csv"}
    )
    assert world.states() == ["WAITING"]
    prepare(world.marker_event(dataset["id"]), world.ports)
    (queued,) = world.all("experiments")
    assert queued["config"]["dataset_id"] == dataset["id"]


def test_a_file_of_a_named_generation_stays_that(world: World) -> None:
    world.prepared()
    event = world.drop("DE/file.csv", table("DE"))
    ingest(event, world.ports)
    (dataset,) = (
        d
        for d in world.all("datasets")
        if d["source"] == {"upload": "DE/file.csv"}
    )
    prepare(world.marker_event(dataset["id"]), world.ports)
    world.drop("DE/file.csv", table("DE") + b"\n")
    upload = {"name": "DE/file.csv", "generation": event.generation}
    ask(world, upload=upload)
    (queued,) = world.all("experiments")
    assert queued["config"]["dataset_id"] == dataset["id"]


def test_a_file_of_another_country_is_refused(world: World) -> None:
    ask(world, upload={"name": "FR/file.csv"})
    assert refusal(world) == "upload.name: it is not in the folder of DE"
