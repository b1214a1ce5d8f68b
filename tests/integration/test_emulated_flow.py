"""The main job as it is deployed: from a table to the champion, over HTTP.

Pub/Sub pushes to the functions, one process each; what they keep and start is
in the emulators and test servers. Whatever goes wrong on the way, the outcome
is the same.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from mmmflow.cloud.ports import CloudPorts
from mmmflow.domain import paths
from mmmflow.local import main_job as embedded
from mmmflow.ports import Document, Json, Where

from tests.emulators import main_job
from tests.emulators.deployment import Deployment, deployed, reached

SECONDS = 240.0  # on a machine that has much else to do
SMALL: Json = {"iterations": 20, "trials": 1}


@dataclass
class World:
    """The deployment, its ports, and how to run the main job on it."""

    deployment: Deployment
    ports: CloudPorts

    def run(
        self, seed: int, meanwhile: Callable[[str], None] | None = None
    ) -> Document:
        """The experiment that became of one wish, once it has ended.

        `meanwhile` is called with its id as soon as it is RUNNING.
        """
        table = f"WEEKLY_{seed}"  # what was extracted once is used again
        main_job.fill_warehouse(self.ports, table)
        asked = main_job.of_sample({**SMALL, "seed": seed}, table=table)
        embedded.publish(self.ports, asked.job)
        if meanwhile is not None:
            meanwhile(self._running(asked))
        (ended,) = main_job.wait(self.ports, asked, SECONDS).experiments
        return ended

    def _running(self, asked: main_job.Asked) -> str:
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            now = asked.standing(self.ports)
            for experiment in now.experiments if now else ():
                if experiment.data["state"] == "RUNNING":
                    return experiment.id
            time.sleep(0.1)
        raise TimeoutError("it never ran")

    def champion(self) -> Json:
        (champion,) = self.ports.documents.query("champions")
        return champion.data

    def settle(self) -> None:
        """Return once every message that was committed is sent."""
        deadline = time.monotonic() + SECONDS
        while self.ports.documents.query("outbox", limit=1):
            assert time.monotonic() < deadline
            time.sleep(0.2)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with deployed("mmm-flow") as deployment, reached(deployment) as ports:
        yield World(deployment, ports)


@pytest.fixture(autouse=True)
def undisturbed(world: World) -> Iterator[None]:
    """What a test has done to the services ends with it."""
    yield
    world.deployment.fail_storage(0)
    for proxy in world.deployment.proxies.values():
        proxy.meddling.again = False
        proxy.meddling.kill_after = None


def assert_trained_once(world: World, experiment: Document) -> None:
    assert experiment.data["state"] == "SUCCEEDED", experiment.data["error"]
    result = experiment.data["result"]
    assert world.ports.data.stat(result["onepager"]) is not None
    claims = [
        found.name
        for found in world.ports.data.list(result["folder"].rpartition("/")[0])
        if found.name.endswith("/claim.json")
    ]
    assert len(claims) == experiment.data["attempt"]
    held = [
        slot.data["holder"]
        for slot in world.ports.documents.query(
            "slots", [Where("queue", "==", "default")]
        )
    ]
    assert all(
        holder is None or holder["experiment_id"] != experiment.id
        for holder in held
    )


def test_from_a_table_to_the_champion(world: World) -> None:
    experiment = world.run(seed=1)
    assert_trained_once(world, experiment)
    assert experiment.data["attempt"] == 1
    champion = world.champion()
    assert champion["experiment_id"] == experiment.id
    country, goal = experiment.data["country"], experiment.data["goal"]
    rendered = paths.rendering(country, goal, "champion")
    deadline = time.monotonic() + SECONDS
    while world.ports.data.stat(rendered) is None:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_nothing_is_buried_and_nothing_left_unsent(world: World) -> None:
    world.settle()
    assert world.ports.documents.query("dead_letters") == []


def test_every_message_delivered_twice_makes_nothing_twice(
    world: World,
) -> None:
    for proxy in world.deployment.proxies.values():
        proxy.meddling.again = True
    before = world.ports.documents.count("experiments")
    experiment = world.run(seed=2)
    assert_trained_once(world, experiment)
    assert experiment.data["attempt"] == 1
    assert world.ports.documents.count("experiments") == before + 1
    redelivered = {
        name
        for name, proxy in world.deployment.proxies.items()
        if proxy.counts.redelivered
    }
    assert {"extract", "prepare", "enqueue", "launch", "collect"} <= redelivered


def test_functions_that_are_killed_at_work_are_made_up_for(
    world: World,
) -> None:
    killed = ("extract", "prepare", "enqueue", "launch", "collect")
    before = world.ports.documents.count("experiments")
    for name in killed:
        world.deployment.proxies[name].meddling.kill_after = 0.02
    experiment = world.run(seed=3)
    assert_trained_once(world, experiment)
    assert world.ports.documents.count("experiments") == before + 1
    for name in killed:
        assert world.deployment.proxies[name].counts.kills == 1, name


def test_a_database_that_answers_nobody_for_a_while_is_waited_for(
    world: World,
) -> None:
    def stop_it(experiment_id: str) -> None:
        del experiment_id
        with world.deployment.without_documents():
            time.sleep(8.0)

    assert_trained_once(world, world.run(seed=4, meanwhile=stop_it))


def test_a_database_that_is_restarted_goes_on_where_it_was(
    world: World,
) -> None:
    def restart(experiment_id: str) -> None:
        del experiment_id
        world.deployment.restart_documents()

    assert_trained_once(world, world.run(seed=7, meanwhile=restart))


def test_a_storage_that_fails_one_call_in_ten_is_asked_again(
    world: World,
) -> None:
    world.deployment.fail_storage(every=10)
    assert_trained_once(world, world.run(seed=5))


def test_a_worker_that_is_cancelled_frees_its_slot(world: World) -> None:
    def cancel(experiment_id: str) -> None:
        from mmmflow.control import commands

        commands.cancel(world.ports, experiment_id, actor="ana@example.com")

    experiment = world.run(seed=6, meanwhile=cancel)
    assert experiment.data["state"] == "CANCELLED"
    deadline = time.monotonic() + SECONDS
    while (now := world.ports.documents.get("experiments", experiment.id)) and (
        now.data["slot"] is not None
    ):
        assert time.monotonic() < deadline
        time.sleep(0.2)
