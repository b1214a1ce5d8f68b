"""The engine of who names none, and the images that jobs are queued with."""

import json
from dataclasses import replace

import pytest
from mmmflow.domain import paths
from mmmflow.ports import Deployment, Json
from mmmflow.steps.collect import collect
from mmmflow.steps.enqueue import enqueue
from mmmflow.submit import dry_run

from tests.steps.test_launch import run_launch
from tests.steps.world import World

OLD, NEW = (f"images/native@sha256:{digit * 64}" for digit in "ab")


def deploy(world: World, engine: str = "native", image: str = "") -> None:
    images = {"native": image} if image else {}
    deployment = Deployment(engine, images)
    world.ports = replace(world.ports, deployment=deployment)


def asked_engine(world: World, **experiment: object) -> str:
    body = {"experiment": {"country": "DE", **experiment}}
    enqueue(world.message("experiment.requested", **body), world.ports)
    (made,) = world.all("experiments")
    return str(made["request"]["engine"])


def trained(world: World, *, queued: str, ran: str) -> Json:
    """An experiment queued with an image, and trained in another."""
    deploy(world, image=queued)
    world.prepared()
    (id,) = world.queued()
    run_launch(world)
    signal = world.succeeded(id)
    name = f"{paths.attempt_folder(world.run(id), 1)}/manifest.json"
    manifest: Json = world.read(name)
    if ran:
        manifest["engine"]["image"] = ran
    made = world.ports.data.write(name, json.dumps(manifest).encode())
    said = {**world.read(signal.name), "manifest_generation": made.generation}
    world.ports.data.write(signal.name, json.dumps(said).encode())
    collect(signal, world.ports)
    return world.experiment(id)


def test_an_experiment_that_names_no_engine_takes_the_deployments(
    world: World,
) -> None:
    deploy(world, "robyn")
    assert asked_engine(world) == "robyn"


def test_an_engine_that_is_named_goes_before_the_deployments(
    world: World,
) -> None:
    deploy(world, "robyn")
    assert asked_engine(world, engine="native") == "native"


def test_on_one_machine_the_engine_is_native(world: World) -> None:
    assert asked_engine(world) == "native"


def test_what_the_deployments_engine_can_not_do_is_refused(
    world: World,
) -> None:
    deploy(world, "robyn")
    body = {"experiment": {"country": "DE", "stability": 3}}
    enqueue(world.message("experiment.requested", **body), world.ports)
    (refused,) = world.all("requests")
    assert [p["where"] for p in refused["problems"]] == ["stability"]


def test_a_dry_run_counts_with_the_deployments_engine(world: World) -> None:
    deploy(world, "robyn")
    plan = dry_run.plan(world.ports, [{"country": "DE"}])
    assert [one["engine"] for one in plan["listed"]] == ["robyn"]


def test_the_frozen_config_holds_the_image_of_its_engines_jobs(
    world: World,
) -> None:
    deploy(world, image=OLD)
    world.prepared()
    (id,) = world.queued()
    config = world.read(paths.job_config(world.run(id)))
    assert config["engine"]["image"] == OLD


def test_on_one_machine_the_frozen_config_holds_the_engines_version(
    world: World,
) -> None:
    world.prepared()
    (id,) = world.queued()
    config = world.read(paths.job_config(world.run(id)))
    assert set(config["engine"]) >= {"name", "version"}
    assert "image" not in config["engine"]


def test_trained_by_another_image_than_it_was_queued_with_is_said(
    world: World,
) -> None:
    ended = trained(world, queued=OLD, ran=NEW)
    assert ended["state"] == "SUCCEEDED"
    assert ended["history"][-1]["why"] == (
        f"trained by another image than it was queued with: {NEW}, not {OLD}"
    )


@pytest.mark.parametrize(("queued", "ran"), [(OLD, OLD), ("", NEW), ("", "")])
def test_of_the_same_image_or_none_to_compare_with_nothing_is_said(
    world: World, queued: str, ran: str
) -> None:
    ended = trained(world, queued=queued, ran=ran)
    assert ended["history"][-1]["why"] == "trained"
