"""A clone asks again for what was asked for, with changes."""

from typing import Any

import pytest
from mmmflow.control import commands
from mmmflow.domain.errors import InvalidInputError
from mmmflow.ports import Json, NotFoundError
from mmmflow.submit.requests import KeyReusedError

from tests.steps.world import World

ME = "a person"


@pytest.fixture(autouse=True)
def data(world: World) -> None:
    world.prepared()


@pytest.fixture
def old(world: World) -> str:
    (id,) = world.queued(preset="production", priority=3)
    return id


def clone(
    world: World, id: str, key: str | None = None, **changes: Any
) -> Json:
    document, _ = commands.clone(
        world.ports, id, changes=changes, actor=ME, key=key
    )
    return document.data


def test_a_clone_is_a_new_experiment_with_the_same_request(
    world: World, old: str
) -> None:
    made = clone(world, old)
    assert made["id"] != old
    assert made["request"] == world.experiment(old)["request"]
    assert made["state"] == "QUEUED"
    assert made["actor"] == ME


def test_changes_replace_what_was_asked_for(world: World, old: str) -> None:
    made = clone(world, old, adstock="weibull_cdf", seed=7)
    assert made["request"]["adstock"] == "weibull_cdf"
    assert made["request"]["seed"] == 7
    assert made["priority"] == 3


def test_null_asks_for_the_default(world: World, old: str) -> None:
    assert clone(world, old, priority=None)["priority"] == 0


def test_the_jobs_size_is_that_of_the_changed_work(
    world: World, old: str
) -> None:
    assert world.experiment(old)["request"]["size"] == "large"
    assert clone(world, old, preset="test")["request"]["size"] == "small"


def test_a_jobs_size_that_was_chosen_stays(world: World, old: str) -> None:
    chosen = clone(world, old, size="medium")["id"]
    again = clone(world, chosen, preset="test")["request"]
    assert again["size"] == "medium"


def test_another_preset_replaces_the_size(world: World, old: str) -> None:
    made = clone(world, old, preset="test")
    assert (made["request"]["iterations"], made["request"]["trials"]) == (
        200,
        3,
    )


def test_the_same_clone_is_made_once(world: World, old: str) -> None:
    first = clone(world, old, key="k", seed=7)
    document, new = commands.clone(
        world.ports, old, changes={"seed": 7}, actor="another", key="k"
    )
    assert document.id == first["id"]
    assert not new


def test_a_key_is_for_one_clone(world: World, old: str) -> None:
    clone(world, old, key="k", seed=7)
    with pytest.raises(KeyReusedError):
        clone(world, old, key="k", seed=8)


def test_another_key_is_another_clone(world: World, old: str) -> None:
    assert clone(world, old, key="a")["id"] != clone(world, old, key="b")["id"]


def test_a_clone_with_wrong_changes_is_refused_with_all_of_them(
    world: World, old: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        clone(world, old, trials=0, adstock="linear", colour="red")
    assert len(refused.value.problems) == 3
    assert len(world.all("experiments")) == 1


def test_there_must_be_something_to_clone(world: World) -> None:
    with pytest.raises(NotFoundError):
        clone(world, "none")
