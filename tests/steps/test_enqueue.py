"""A request becomes experiments, once, and each is queued when it can run."""

from typing import Any

import pytest
from mmmflow import schema
from mmmflow.domain import paths
from mmmflow.ports import Message, Update
from mmmflow.steps.enqueue import enqueue
from mmmflow.steps.ingest import ingest
from mmmflow.steps.prepare import prepare

from tests.steps.world import World, table


def asked(world: World, **changed: Any) -> Message:
    body = {"experiment": {"country": "DE", "preset": "test"}, **changed}
    return world.message("experiment.requested", **body)


def test_an_experiment_without_data_waits(world: World) -> None:
    enqueue(asked(world), world.ports)
    assert world.states() == ["WAITING"]


def test_an_experiment_whose_data_is_there_is_queued_at_once(
    world: World,
) -> None:
    dataset = world.prepared()
    enqueue(asked(world), world.ports)
    (queued,) = world.all("experiments")
    assert queued["state"] == "QUEUED"
    assert queued["config"]["dataset_id"] == dataset


def test_its_queue_is_told(world: World) -> None:
    world.prepared()
    enqueue(asked(world), world.ports)
    assert {b["queue"] for b in world.sent("queue.changed")} == {"default"}


def test_the_configuration_is_frozen_with_the_data_it_was_made_for(
    world: World,
) -> None:
    dataset = world.prepared()
    (id,) = world.queued()
    config = world.read(paths.job_config(world.run(id)))
    schema.require("job_config.json", config)
    training = world.document("datasets", dataset)["trainings"]["v1"]
    assert config["data"] == {
        key: training[key] for key in ("uri", "name", "generation", "sha256")
    }
    assert config["mapping_version"] == "v1"
    assert config["seed"] == 0


def test_data_that_comes_later_does_not_change_what_is_frozen(
    world: World,
) -> None:
    first = world.prepared()
    (id,) = world.queued()
    world.clock.advance(1)
    world.prepared()
    world.sweep()
    config = world.read(paths.job_config(world.run(id)))
    assert config["dataset_id"] == first


def test_the_newest_data_is_taken(world: World) -> None:
    world.prepared()
    world.clock.advance(1)
    newest = world.prepared()
    (id,) = world.queued()
    assert world.experiment(id)["config"]["dataset_id"] == newest


def test_a_configuration_that_stands_already_is_taken_as_it_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The handler that froze it died before its commit."""
    first = world.prepared()
    commit = world.ports.documents.commit

    def dying(writes: Any) -> None:
        if any(
            isinstance(w, Update) and w.collection == "experiments"
            for w in writes
        ):
            raise ConnectionError
        commit(writes)

    monkeypatch.setattr(world.ports.documents, "commit", dying)
    with pytest.raises(ConnectionError):
        enqueue(asked(world), world.ports)
    monkeypatch.undo()
    world.clock.advance(1)
    world.prepared()
    (queued,) = world.all("experiments")
    assert queued["state"] == "QUEUED"
    assert queued["config"]["dataset_id"] == first


def test_a_sweep_is_an_experiment_each_with_an_id_of_its_own(
    world: World,
) -> None:
    sweep: dict[str, list[Any]] = {
        "seed": [1, 2, 3],
        "adstock": ["geometric", "weibull_cdf"],
    }
    enqueue(asked(world, sweep=sweep), world.ports)
    made = world.all("experiments")
    assert len({e["id"] for e in made}) == 6
    assert {(e["request"]["seed"], e["request"]["adstock"]) for e in made} == {
        (seed, adstock)
        for seed in sweep["seed"]
        for adstock in sweep["adstock"]
    }


def test_the_same_request_again_makes_nothing(world: World) -> None:
    enqueue(asked(world), world.ports)
    world.clock.advance(1)
    enqueue(asked(world), world.ports)
    assert len(world.all("experiments")) == 1


def test_a_reused_key_is_refused_and_the_first_request_stands(
    world: World,
) -> None:
    enqueue(asked(world, message_id="k"), world.ports)
    other = {"country": "FR"}
    enqueue(asked(world, message_id="k", experiment=other), world.ports)
    assert [e["country"] for e in world.all("experiments")] == ["DE"]
    enqueue(asked(world, experiment=other), world.ports)
    assert len(world.all("experiments")) == 2


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"experiment": {}}, ""),
        ({"experiment": {"country": "D/E"}}, "country"),
        ({"experiment": {"country": "DE", "trials": 0}}, "trials"),
        ({"sweep": {"adstock": ["none"]}}, "adstock"),
        ({"extra": 1}, ""),
        ({"schema_version": 2}, "schema_version"),
    ],
)
def test_a_persons_mistake_is_stored_and_final(
    world: World, changed: dict[str, Any], where: str
) -> None:
    enqueue(asked(world, **changed), world.ports)
    assert world.all("experiments") == []
    (refused,) = world.all("requests")
    assert refused["state"] == "REFUSED"
    assert refused["problems"][0]["where"] == where


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({"goal": "profit"}, "'profit' is not a goal"),
        ({"hyperparameters": {"x_thetas": [0, 1]}}, "no such hyperparameter"),
        ({"dataset_id": "20261120T104512Z-000000000000"}, "no dataset"),
    ],
)
def test_what_does_not_fit_the_data_fails_with_what_to_do(
    world: World, request_: dict[str, Any], error: str
) -> None:
    world.prepared()
    (id,) = world.queued(**request_)
    failed = world.experiment(id)
    assert failed["state"] == "FAILED"
    assert error in failed["error"]["error"]
    assert failed["error"]["hint"]


def test_a_dataset_of_another_country_is_not_taken(world: World) -> None:
    dataset = world.prepared("FR")
    (id,) = world.queued(dataset_id=dataset)
    assert world.experiment(id)["state"] == "FAILED"
    assert "is of FR" in world.experiment(id)["error"]["error"]


def test_another_countrys_data_frees_nobody(world: World) -> None:
    world.queued()
    world.prepared("FR")
    assert world.states() == ["WAITING"]


def test_what_an_event_left_waiting_the_sweep_lets_go(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.queued()
    with monkeypatch.context() as patch:
        patch.setattr("mmmflow.queueing.training.release", lambda *_: None)
        world.prepared()
    assert world.states() == ["WAITING"]
    world.sweep()
    assert world.states() == ["QUEUED"]


def test_a_request_without_a_mapping_yet_is_freed_by_the_mapping(
    world: World,
) -> None:
    ingest(world.drop("DE/t.csv", table("DE")), world.ports)
    prepare(world.marker_event(world.all("datasets")[0]["id"]), world.ports)
    world.queued()
    assert world.states() == ["WAITING"]
    prepare(world.put_mapping(), world.ports)
    assert world.states() == ["QUEUED"]
