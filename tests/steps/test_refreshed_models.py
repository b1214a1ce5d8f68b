"""An experiment that refreshes the model of one that succeeded."""

import hashlib
import json
from typing import Any

import pytest
from mmmflow import schema
from mmmflow.domain import paths
from mmmflow.steps.collect import collect
from mmmflow.steps.launch import launch

from tests.steps.world import World, manifest

NO_ID = "20261120T104512Z-000000000000"
MODEL = b'{"a": "model"}'


def finished(world: World) -> str:
    """An experiment that succeeded, and left its selected model's JSON."""
    (id,) = world.queued()
    launch(
        world.message(
            "queue.changed",
            message_id="m",
            correlation_id="c",
            queue="default",
        ),
        world.ports,
    )
    collect(world.succeeded(id), world.ports)
    folder = paths.attempt_folder(world.run(id), 1)
    model = world.put(f"{folder}/results/models/1_2_1.json", MODEL)
    content = manifest(id, 1)
    content["files"] = [
        {
            "name": "results/models/1_2_1.json",
            "size": len(MODEL),
            "sha256": hashlib.sha256(MODEL).hexdigest(),
            "generation": model.generation,
        }
    ]
    text = json.dumps(content).encode()
    made = world.put(f"{folder}/manifest.json", text)
    result = world.experiment(id)["result"]
    result["manifest_generation"] = made.generation
    world.change("experiments", id, result=result)
    return id


def refreshing(world: World, previous: str, **more: Any) -> dict[str, Any]:
    """The experiment that refreshes it."""
    asked = {"experiment_id": previous, **more}
    (id,) = world.queued(previous=asked)
    return world.experiment(id)


def test_it_names_the_model_with_its_generation_and_checksum(
    world: World,
) -> None:
    world.prepared()
    previous = finished(world)
    made = refreshing(world, previous)
    config = world.read(made["config"]["name"])
    schema.require("job_config.json", config)
    frozen = config["previous"]
    stored = world.ports.data.read(frozen["name"], frozen["generation"])
    assert stored == MODEL
    assert frozen["sha256"] == hashlib.sha256(MODEL).hexdigest()
    assert frozen["model_id"] == "1_2_1"


def test_without_one_it_names_none(world: World) -> None:
    world.prepared()
    (id,) = world.queued()
    config = world.read(world.experiment(id)["config"]["name"])
    assert config["previous"] is None


def test_a_model_that_the_run_did_not_keep_is_refused(world: World) -> None:
    world.prepared()
    made = refreshing(world, finished(world), model_id="3_9_1")
    assert made["state"] == "FAILED"
    assert "no model 3_9_1 that can be refreshed" in made["error"]["error"]


def test_an_experiment_that_is_not_there_is_refused(world: World) -> None:
    world.prepared()
    made = refreshing(world, NO_ID)
    assert made["state"] == "FAILED"
    assert f"there is no experiment {NO_ID}" in made["error"]["error"]


def test_an_experiment_that_has_not_succeeded_is_refused(world: World) -> None:
    world.prepared()
    (waiting,) = world.queued()
    made = refreshing(world, waiting)
    assert "is QUEUED, not SUCCEEDED" in made["error"]["error"]


@pytest.mark.parametrize(
    ("field", "value", "of"),
    [("country", "FR", "FR, revenue"), ("goal", "orders", "DE, orders")],
)
def test_a_model_of_something_else_is_refused(
    world: World, field: str, value: str, of: str
) -> None:
    world.prepared()
    previous = finished(world)
    world.change("experiments", previous, **{field: value})
    made = refreshing(world, previous)
    assert f"is of {of}; this one is of DE, revenue" in made["error"]["error"]


def test_a_run_whose_files_are_gone_is_refused(world: World) -> None:
    world.prepared()
    previous = finished(world)
    folder = world.experiment(previous)["result"]["folder"]
    world.ports.data.delete(f"{folder}/manifest.json")
    made = refreshing(world, previous)
    assert "the files" in made["error"]["error"]
