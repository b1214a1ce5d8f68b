"""Dataset and mapping, whichever comes last, become training data."""

from typing import Any

import pyarrow.parquet as pq
import pytest
from mmmflow import schema
from mmmflow.ports import ObjectEvent
from mmmflow.steps.enqueue import enqueue
from mmmflow.steps.extract import extract
from mmmflow.steps.ingest import ingest
from mmmflow.steps.prepare import prepare

from tests.steps.world import MAPPING, WEEKS, World, table

OTHER = {
    **MAPPING,
    "columns": {"price": {"category": "paid_spend", "channel": "p"}},
}
UNFIT = {
    **MAPPING,
    "columns": {"radio": {"category": "paid_spend", "channel": "radio"}},
}


def dropped(world: World, country: str = "DE") -> ObjectEvent:
    """A dataset that is stored; the event of its marker."""
    known = {d["id"] for d in world.all("datasets")}
    ingest(world.drop(f"{country}/t.csv", table(country)), world.ports)
    (new,) = (d for d in world.all("datasets") if d["id"] not in known)
    return world.marker_event(new["id"])


def requested(world: World, **changed: Any) -> ObjectEvent:
    """A dataset that a message asked for; the event of its marker."""
    world.put_table("weekly", "DE")
    body = {"source": {"table": "weekly"}, "countries": ["DE"], **changed}
    extract(world.message("dataset.requested", **body), world.ports)
    return world.marker_event(world.all("datasets")[-1]["id"])


def dataset(world: World) -> dict[str, Any]:
    (data,) = world.all("datasets")
    return data


def test_a_dataset_without_a_mapping_waits_for_one(world: World) -> None:
    prepare(dropped(world), world.ports)
    assert dataset(world)["state"] == "EXTRACTED"
    assert dataset(world)["rows"] == WEEKS


@pytest.mark.parametrize("mapping_first", [True, False])
def test_whichever_comes_last_is_prepared_with_the_other(
    world: World, mapping_first: bool
) -> None:
    if mapping_first:
        prepare(world.put_mapping(), world.ports)
        prepare(dropped(world), world.ports)
    else:
        prepare(dropped(world), world.ports)
        prepare(world.put_mapping(), world.ports)
    assert dataset(world)["state"] == "PREPARED"
    assert dataset(world)["prepared_with"] == "v1"


def test_the_training_data_and_its_report_are_stored(world: World) -> None:
    prepare(world.put_mapping(), world.ports)
    prepare(dropped(world), world.ports)
    made = dataset(world)["trainings"]["v1"]
    rows = pq.read_table(made["uri"])
    assert rows.column_names == ["day", "revenue", "tv", "price"]
    assert (made["rows"], made["interval"]) == (WEEKS, "week")
    report = world.read(
        made["name"].replace("input_data.parquet", "quality.json")
    )
    schema.require("quality.json", report)


def test_other_objects_are_none_of_its_business(world: World) -> None:
    prepare(world.put("datasets/DE/x/raw.parquet", b""), world.ports)
    prepare(world.put("metadata/DE/v1/notes.json", b""), world.ports)
    assert world.all("mappings") == []


def test_a_countrys_own_mapping_is_for_no_other_country(world: World) -> None:
    prepare(dropped(world, "FR"), world.ports)
    prepare(world.put_mapping(scope="DE"), world.ports)
    assert dataset(world)["state"] == "EXTRACTED"


def test_a_countrys_own_mapping_wins_over_the_universal_one(
    world: World,
) -> None:
    prepare(world.put_mapping("own", scope="DE"), world.ports)
    world.clock.advance(1)
    prepare(world.put_mapping("all"), world.ports)
    prepare(dropped(world), world.ports)
    assert dataset(world)["prepared_with"] == "own"


def test_the_version_that_was_asked_for_is_waited_for(world: World) -> None:
    prepare(world.put_mapping("v1"), world.ports)
    prepare(requested(world, mapping_version="v2"), world.ports)
    assert dataset(world)["state"] == "EXTRACTED"
    prepare(world.put_mapping("v2"), world.ports)
    assert dataset(world)["prepared_with"] == "v2"


def test_a_new_mapping_does_not_prepare_again_what_is_prepared(
    world: World,
) -> None:
    prepare(world.put_mapping("v1"), world.ports)
    prepare(dropped(world), world.ports)
    prepare(world.put_mapping("v2"), world.ports)
    assert list(dataset(world)["trainings"]) == ["v1"]


def test_a_marker_that_is_told_of_late_changes_nothing(world: World) -> None:
    train = {"train": {"experiment": {"preset": "test"}}}
    prepare(world.put_mapping("v1"), world.ports)
    event = requested(world, **train)
    prepare(event, world.ports)
    world.clock.advance(1)
    prepare(world.put_mapping("v2"), world.ports)
    prepare(event, world.ports)
    assert list(dataset(world)["trainings"]) == ["v1"]
    assert len(world.sent("experiment.requested")) == 1


def test_a_mapping_that_does_not_fit_ends_with_every_problem(
    world: World,
) -> None:
    prepare(dropped(world), world.ports)
    prepare(world.put_mapping(mapping=UNFIT), world.ports)
    assert dataset(world)["state"] == "FAILED"
    assert "'radio'" in dataset(world)["problems"][0]["where"]


def test_a_mapping_that_fits_mends_it(world: World) -> None:
    prepare(dropped(world), world.ports)
    prepare(world.put_mapping("v1", mapping=UNFIT), world.ports)
    prepare(world.put_mapping("v2"), world.ports)
    assert dataset(world)["state"] == "PREPARED"
    assert dataset(world)["problems"] == []


@pytest.mark.parametrize(
    "mapping", [{"schema_version": 1}, [], {**MAPPING, "columns": {}}]
)
def test_a_mapping_that_is_none_says_why(world: World, mapping: Any) -> None:
    prepare(dropped(world), world.ports)
    prepare(world.put_mapping(mapping=mapping), world.ports)
    (refused,) = world.all("mappings")
    assert refused["state"] == "REFUSED"
    assert refused["problems"]


def test_a_refused_mapping_can_be_corrected_in_its_place(
    world: World,
) -> None:
    prepare(dropped(world), world.ports)
    prepare(world.put_mapping(mapping={"schema_version": 1}), world.ports)
    prepare(world.put_mapping(), world.ports)
    assert world.all("mappings")[0]["state"] == "ACCEPTED"
    assert dataset(world)["state"] == "PREPARED"


def test_an_accepted_mapping_stays_what_it_was_when_it_was_accepted(
    world: World,
) -> None:
    prepare(world.put_mapping(), world.ports)
    prepare(world.put_mapping(mapping=OTHER), world.ports)
    prepare(dropped(world), world.ports)
    (id,) = world.queued()
    config = world.read(f"{world.run(id)}/job_config.json")
    assert [m["spend"] for m in config["paid_media"]] == ["tv"]


def test_a_mapping_of_the_same_version_does_not_replace_the_one_used(
    world: World,
) -> None:
    prepare(world.put_mapping("v1"), world.ports)
    prepare(dropped(world), world.ports)
    prepare(world.put_mapping("v1", scope="DE", mapping=OTHER), world.ports)
    (id,) = world.queued()
    config = world.read(f"{world.run(id)}/job_config.json")
    assert [m["spend"] for m in config["paid_media"]] == ["tv"]


def test_a_dataset_that_never_came_does_not_hold_up_a_mapping(
    world: World,
) -> None:
    body = {"source": {"table": "none"}, "countries": ["AA"]}
    extract(world.message("dataset.requested", **body), world.ports)
    ingest(world.drop("DE/t.xlsx", b""), world.ports)
    prepare(dropped(world), world.ports)
    prepare(world.put_mapping(), world.ports)
    states = {d["country"]: d["state"] for d in world.all("datasets")}
    assert states["AA"] == "FAILED"
    assert "PREPARED" in [d["state"] for d in world.all("datasets")]


def test_a_dataset_that_came_after_all_is_no_failure(world: World) -> None:
    event = dropped(world)
    failed = {"state": "FAILED", "problems": [{"where": "", "what": "no"}]}
    world.change("datasets", dataset(world)["id"], **failed)
    prepare(event, world.ports)
    assert dataset(world)["state"] == "EXTRACTED"
    prepare(world.put_mapping(), world.ports)
    assert dataset(world)["state"] == "PREPARED"


def test_experiments_that_waited_are_let_go(world: World) -> None:
    (id,) = world.queued()
    assert world.experiment(id)["state"] == "WAITING"
    prepare(dropped(world), world.ports)
    prepare(world.put_mapping(), world.ports)
    assert world.experiment(id)["state"] == "QUEUED"


def test_experiments_of_data_that_can_not_be_prepared_fail_with_the_reason(
    world: World,
) -> None:
    event = dropped(world)
    (id,) = world.queued(dataset_id=dataset(world)["id"])
    prepare(event, world.ports)
    prepare(world.put_mapping(mapping=UNFIT), world.ports)
    failed = world.experiment(id)
    assert failed["state"] == "FAILED"
    assert "'radio'" in failed["error"]["error"]


def test_what_the_request_wants_trained_is_asked_for_once(
    world: World,
) -> None:
    train = {"experiment": {"preset": "test"}, "sweep": {"seed": [1, 2]}}
    prepare(world.put_mapping(), world.ports)
    event = requested(world, train=train)
    prepare(event, world.ports)
    prepare(event, world.ports)
    (body,) = world.sent("experiment.requested")
    assert body["message_id"] == f"train-{dataset(world)['id']}-v1"
    assert body["experiment"]["dataset_id"] == dataset(world)["id"]
    enqueue(world.message("experiment.requested", **body), world.ports)
    assert world.states() == ["QUEUED", "QUEUED"]


def test_two_handlers_at_once_make_one_training_data(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second runs in the middle of the first, before it records."""
    prepare(world.put_mapping(), world.ports)
    event = dropped(world)
    commit = world.ports.documents.commit
    inside = False

    def overtaken(writes: Any) -> None:
        nonlocal inside
        if not inside and any("trainings" in w.data for w in writes):
            inside = True
            prepare(event, world.ports)
        commit(writes)

    monkeypatch.setattr(world.ports.documents, "commit", overtaken)
    prepare(event, world.ports)
    assert dataset(world)["state"] == "PREPARED"
    assert list(dataset(world)["trainings"]) == ["v1"]


def test_an_accepted_mapping_that_is_written_over_is_said(
    world: World,
) -> None:
    prepare(world.put_mapping(), world.ports)
    prepare(world.put_mapping(mapping=OTHER), world.ports)
    (known,) = world.all("mappings")
    assert known["state"] == "ACCEPTED"
    assert known["content"] == MAPPING
    (problem,) = known["problems"]
    assert "written over after it was accepted" in problem["what"]


def test_an_accepted_mapping_that_is_put_back_is_as_before(
    world: World,
) -> None:
    prepare(world.put_mapping(), world.ports)
    prepare(world.put_mapping(mapping=OTHER), world.ports)
    prepare(world.put_mapping(), world.ports)
    (known,) = world.all("mappings")
    assert known["problems"] == []
