"""An experiment may want the rows prepared in its own way."""

from typing import Any

import pyarrow.parquet as pq
import pytest
from mmmflow.control import commands
from mmmflow.domain import outcomes
from mmmflow.ports import Message
from mmmflow.steps import prepare as step
from mmmflow.steps.ingest import ingest
from mmmflow.steps.prepare import prepare

from tests.steps.world import MAPPING, World, table

MONTHS = {"interval": "month"}
CONSTANT = "\n".join(
    [
        "day,market,revenue,tv,radio,price",
        *(f"2024-01-{1 + d:02},DE,{5 + d % 3},{d % 4},0,7" for d in range(28)),
    ]
).encode()
TWO_CHANNELS = {
    **MAPPING,
    "columns": {
        "tv": {"category": "paid_spend", "channel": "tv"},
        "radio": {"category": "paid_spend", "channel": "radio"},
        "price": {"category": "context"},
    },
}


def annotations(world: World, text: str) -> dict[str, str]:
    made = world.put("annotations/events.csv", text.encode())
    return {"name": "annotations/events.csv", "generation": made.generation}


def deliver(world: World) -> None:
    """What `prepare` was asked for, in the order of asking."""
    for body in world.sent("training.requested"):
        prepare(Message("training.requested", "1", body), world.ports)


def config(world: World, id: str) -> Any:
    return world.read(f"{world.run(id)}/job_config.json")


def rows_of(config: Any) -> Any:
    return pq.read_table(config["data"]["uri"]).to_pylist()


def test_it_waits_until_the_rows_are_prepared_so(world: World) -> None:
    dataset = world.prepared()
    (id,) = world.queued(resample=MONTHS)
    waits_for = world.experiment(id)["waits_for"]["preparation"]
    assert world.experiment(id)["state"] == "WAITING"
    assert waits_for == {"dataset_id": dataset, "mapping_version": "v1"}
    deliver(world)
    assert world.experiment(id)["state"] == "QUEUED"
    assert len(rows_of(config(world, id))) == 7


def test_others_train_on_the_rows_as_the_mapping_has_them(
    world: World,
) -> None:
    dataset = world.prepared()
    before = world.document("datasets", dataset)["trainings"]["v1"]
    own, usual = world.queued(resample=MONTHS)[0], world.queued()[0]
    deliver(world)
    trainings = world.document("datasets", dataset)["trainings"]
    assert trainings["v1"] == before
    (key,) = set(trainings) - {"v1"}
    assert key.startswith("v1~")
    assert f"/v1~{key[3:]}/" in config(world, own)["data"]["uri"]
    assert config(world, usual)["data"]["uri"] == before["uri"]


def test_those_that_want_the_same_share_it(world: World) -> None:
    dataset = world.prepared()
    ids = world.queued(3, resample=MONTHS)
    deliver(world)
    assert len(world.document("datasets", dataset)["trainings"]) == 2
    assert {config(world, id)["data"]["uri"] for id in ids} == {
        config(world, ids[0])["data"]["uri"]
    }


def test_who_asks_when_it_is_there_goes_at_once(world: World) -> None:
    world.prepared()
    world.queued(resample=MONTHS)
    deliver(world)
    (id,) = world.queued(resample=MONTHS)
    assert world.experiment(id)["state"] == "QUEUED"


def test_a_message_that_comes_again_changes_nothing(world: World) -> None:
    dataset = world.prepared()
    world.queued(resample=MONTHS)
    deliver(world)
    before = world.document("datasets", dataset)
    deliver(world)
    assert world.document("datasets", dataset) == before


def test_it_is_asked_for_once_however_often_the_sweep_looks(
    world: World,
) -> None:
    world.prepared()
    world.queued(resample=MONTHS)
    world.sweep()
    world.sweep()
    assert len(world.sent("training.requested")) == 1


def test_it_may_be_asked_for_before_the_data_comes(world: World) -> None:
    (id,) = world.queued(resample=MONTHS)
    assert world.sent("training.requested") == []
    world.prepared()
    deliver(world)
    assert world.experiment(id)["state"] == "QUEUED"


def test_a_column_may_be_put_together_in_its_own_way(world: World) -> None:
    world.prepared()
    resample = {**MONTHS, "aggregation": {"price": "max", "revenue": "mean"}}
    (id,) = world.queued(resample=resample)
    deliver(world)
    first = rows_of(config(world, id))[0]
    assert first["price"] == 3
    assert 1000 <= first["revenue"] < 1050


def test_what_can_not_be_prepared_so_fails_with_the_reason(
    world: World,
) -> None:
    world.prepared()
    (id,) = world.queued(resample={**MONTHS, "aggregation": {"x": "sum"}})
    deliver(world)
    failed = world.experiment(id)
    assert failed["state"] == "FAILED"
    assert "resample.aggregation.x" in failed["error"]["error"]


def test_annotations_are_joined_by_date(world: World) -> None:
    world.prepared()
    text = "date,strike,campaign\n2024-01-10,1,spring\n2024-03-04,1,\n"
    (id,) = world.queued(annotations=annotations(world, text))
    deliver(world)
    found = config(world, id)
    assert {c["variable"]: c["factor"] for c in found["context"]} == {
        "price": False,
        "strike": False,
        "campaign": True,
    }
    struck = {str(row["day"]) for row in rows_of(found) if row["strike"]}
    assert struck == {"2024-01-08", "2024-03-04"}


def test_annotations_are_those_of_the_generation_that_was_named(
    world: World,
) -> None:
    world.prepared()
    named = annotations(world, "date,strike\n2024-01-10,1\n")
    annotations(world, "date,strike\n2024-02-14,1\n")
    (id,) = world.queued(annotations=named)
    deliver(world)
    assert world.experiment(id)["state"] == "FAILED"
    assert "of generation" in world.experiment(id)["error"]["error"]


def test_annotations_without_a_generation_are_those_that_stand_there(
    world: World,
) -> None:
    world.prepared()
    named = annotations(world, "date,strike\n2024-01-10,1\n")
    (id,) = world.queued(annotations={"name": named["name"]})
    pinned = world.experiment(id)["request"]["annotations"]
    assert pinned["generation"] == named["generation"]
    deliver(world)
    assert world.experiment(id)["state"] == "QUEUED"


def test_annotations_that_are_not_there_fail_with_the_reason(
    world: World,
) -> None:
    world.prepared()
    (id,) = world.queued(annotations={"name": "annotations/none.csv"})
    assert (
        "there is no annotations/none.csv"
        in (world.experiment(id)["error"]["error"])
    )


def test_a_goal_that_never_changes_is_skipped_before_it_runs(
    world: World,
) -> None:
    rows = table("DE").decode().replace("revenue", "other", 1).splitlines()
    flat = "\n".join([f"{rows[0]},revenue", *(f"{r},7" for r in rows[1:])])
    prepare(world.put_mapping(), world.ports)
    ingest(world.drop("DE/flat.csv", flat.encode()), world.ports)
    prepare(world.marker_event(world.all("datasets")[0]["id"]), world.ports)
    (id,) = world.queued()
    skipped = world.experiment(id)
    assert skipped["state"] == "SKIPPED"
    assert (
        "the goal 'revenue' is 7 in every period" in skipped["error"]["error"]
    )
    commands.retry(world.ports, id, actor="ann")
    assert world.experiment(id)["state"] == "SKIPPED"


def test_what_does_not_vary_is_left_out_though_ranges_name_it(
    world: World,
) -> None:
    prepare(world.put_mapping(mapping=TWO_CHANNELS), world.ports)
    ingest(world.drop("DE/days.csv", CONSTANT), world.ports)
    prepare(world.marker_event(world.all("datasets")[0]["id"]), world.ports)
    (id,) = world.queued(
        hyperparameters={"radio_thetas": [0, 0.2], "tv_thetas": [0, 0.3]},
        allocation={"bounds": {"radio": [1, 1], "tv": [0.5, 2]}},
    )
    found = config(world, id)
    assert [medium["channel"] for medium in found["paid_media"]] == ["tv"]
    assert found["context"] == []
    assert "radio_thetas" not in found["hyperparameters"]
    assert found["hyperparameters"]["tv_thetas"] == [0, 0.3]
    assert "radio" not in found["allocation"]["bounds"]


def test_asking_only_for_what_does_not_vary_fails_with_the_reason(
    world: World,
) -> None:
    prepare(world.put_mapping(mapping=TWO_CHANNELS), world.ports)
    ingest(world.drop("DE/days.csv", CONSTANT), world.ports)
    prepare(world.marker_event(world.all("datasets")[0]["id"]), world.ports)
    (id,) = world.queued(paid_media=["radio"])
    failed = world.experiment(id)
    assert failed["state"] == "FAILED"
    assert "it is 0.0 in every period" in failed["error"]["error"]


def test_a_dataset_of_many_rows_is_left_to_a_job(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, "SMALL_ROWS", 10)
    dataset = world.prepared()
    assert world.document("datasets", dataset)["state"] == "EXTRACTED"
    assert list(world.jobs.executions) == ["prepare-1"]
    step.run(dataset, world.ports)
    assert world.document("datasets", dataset)["state"] == "PREPARED"


def test_the_report_says_what_changed_since_the_dataset_before(
    world: World,
) -> None:
    world.prepared()
    world.clock.advance(60)
    restated = table("DE").decode().replace(",1000,", ",2000,").encode()
    ingest(world.drop("DE/again.csv", restated), world.ports)
    first, second = sorted(d["id"] for d in world.all("datasets"))
    prepare(world.marker_event(second), world.ports)
    made = world.document("datasets", second)["trainings"]["v1"]
    report = world.read(
        made["name"].replace("input_data.parquet", "quality.json")
    )
    assert report["previous_dataset_id"] == first
    drift = [f for f in report["findings"] if f["kind"] == "drift"]
    assert any("restated" in f["what"] for f in drift)


# When there are many ways


def test_a_dataset_keeps_its_newest_preparations_and_its_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "MOST", 3)
    dataset = world.prepared()
    for week_start in ("tuesday", "wednesday", "thursday", "friday"):
        own = {"interval": "week", "week_start": week_start}
        world.queued(resample=own)
        deliver(world)
    kept = world.document("datasets", dataset)["trainings"]
    starts = [t["options"].get("resample", {}) for t in kept.values()]
    days = {one.get("week_start") for one in starts}
    assert days == {None, "thursday", "friday"}


def test_what_a_dataset_does_not_keep_is_made_again_as_it_was(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "MOST", 2)
    world.prepared()
    (first,) = world.queued(resample=MONTHS)
    deliver(world)
    world.queued(resample={"interval": "week", "week_start": "sunday"})
    deliver(world)
    (again,) = world.queued(resample=MONTHS)
    assert world.experiment(again)["state"] == "WAITING"
    deliver(world)
    assert world.experiment(again)["state"] == "QUEUED"
    assert config(world, again)["data"] == config(world, first)["data"]


def test_more_ways_at_once_than_are_kept_are_all_trained(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "MOST", 2)
    world.prepared()
    ids = [
        world.queued(resample={"interval": "week", "week_start": day})[0]
        for day in ("tuesday", "wednesday", "thursday", "friday")
    ]
    deliver(world)
    assert {world.experiment(id)["state"] for id in ids} == {"QUEUED"}
