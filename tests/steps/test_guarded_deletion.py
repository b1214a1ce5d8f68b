"""Nothing is deleted that was not shown, and nothing that is protected."""

import json
from pathlib import Path

import pytest
from mmmflow import settings
from mmmflow.domain.deletion import require_removable
from mmmflow.domain.errors import InvalidInputError, NotAllowedError
from mmmflow.ports import Json, Ports
from mmmflow.steps.collect import collect
from mmmflow.steps.launch import launch
from mmmflow.upkeep import deletions

from tests.faults import Fault, Plan, deliver, every_fault
from tests.steps.world import World

ME = "ann@example.com"


def trained(world: World, error: float) -> str:
    (id,) = world.queued()
    body = {"message_id": "m", "correlation_id": "c", "queue": "default"}
    launch(world.message("queue.changed", **body), world.ports)
    world.claim(id, world.experiment(id)["execution"])
    collect(world.succeeded(id, error=error), world.ports)
    return id


def planned(world: World, **asked: object) -> Json:
    return deletions.plan(world.ports, dict(asked)).as_json()


def deleted(world: World, **asked: object) -> Json:
    token = planned(world, **asked)["confirm"]
    body = {**asked, "confirm": token}
    return deletions.delete(world.ports, body, actor=ME)


def ids(world: World) -> set[str]:
    return {data["id"] for data in world.all("experiments")}


def names(world: World, *prefixes: str) -> list[str]:
    return [i.name for p in prefixes for i in world.ports.data.list(p)]


@pytest.fixture(autouse=True)
def data(world: World) -> None:
    world.prepared()


def test_a_plan_lists_experiments_objects_and_bytes_and_deletes_nothing(
    world: World,
) -> None:
    best, worse = trained(world, 0.1), trained(world, 0.2)
    found = planned(world, revision="r-1")
    objects = world.ports.data.list(f"{world.run(worse)}/")
    signals = world.ports.data.list(f"signals/{worse}/")
    every = [*objects, *signals]
    assert found["experiments"] == [worse]
    assert found["objects"] == len(every)
    assert found["bytes"] == sum(info.size for info in every)
    assert ids(world) == {best, worse}


def test_what_is_confirmed_goes_with_its_objects(world: World) -> None:
    best, worse = trained(world, 0.1), trained(world, 0.2)
    run = world.run(worse)
    ended = deleted(world, experiment_id=worse)
    assert ids(world) == {best}
    assert names(world, f"{run}/", f"signals/{worse}/") == []
    assert (ended["open"], ended["done"]) == (False, 1)


def test_a_champion_stays_unless_it_is_named(world: World) -> None:
    best, worse = trained(world, 0.1), trained(world, 0.2)
    (kept,) = planned(world, revision="r-1")["kept"]
    assert kept["id"] == best
    assert "champion" in kept["why"]
    deleted(world, revision="r-1", champions=[best])
    assert ids(world) == set(), worse


def test_the_next_best_takes_the_place_of_a_deleted_champion(
    world: World,
) -> None:
    best, worse = trained(world, 0.1), trained(world, 0.2)
    deleted(world, experiment_id=best, champions=[best])
    (champion,) = world.all("champions")
    assert champion["experiment_id"] == worse
    shown = world.read("models/DE/revenue/champion.json")
    assert shown["experiment_id"] == worse


def test_with_the_last_of_them_champion_and_leaderboard_go(
    world: World,
) -> None:
    only = trained(world, 0.1)
    deleted(world, experiment_id=only, champions=[only])
    assert world.all("champions") == []
    assert names(world, "models/DE/revenue/") == []


def test_what_has_not_ended_is_kept_with_the_reason(world: World) -> None:
    (queued,) = world.queued()
    (kept,) = planned(world, revision="r-1")["kept"]
    assert kept == {"id": queued, "why": "it is QUEUED: cancel it first"}


def test_without_a_token_nothing_is_deleted(world: World) -> None:
    worse = [trained(world, 0.1), trained(world, 0.2)][1]
    with pytest.raises(InvalidInputError, match="ask for the plan first"):
        deletions.delete(world.ports, {"experiment_id": worse}, actor=ME)
    assert worse in ids(world)


def test_what_came_after_the_plan_is_not_deleted_by_its_token(
    world: World,
) -> None:
    trained(world, 0.1)
    trained(world, 0.2)
    token = planned(world, revision="r-1")["confirm"]
    later = trained(world, 0.3)
    body = {"revision": "r-1", "confirm": token}
    with pytest.raises(NotAllowedError, match="look at the plan again"):
        deletions.delete(world.ports, body, actor=ME)
    assert later in ids(world)


def test_a_token_is_of_one_selector_only(world: World) -> None:
    trained(world, 0.1)
    worse = trained(world, 0.2)
    token = planned(world, experiment_id=worse)["confirm"]
    body = {"revision": "r-1", "confirm": token}
    with pytest.raises(NotAllowedError):
        deletions.delete(world.ports, body, actor=ME)


def test_who_deleted_what_and_why_stays_on_record(world: World) -> None:
    trained(world, 0.1)
    worse = trained(world, 0.2)
    deleted(world, experiment_id=worse, why="a wrong table")
    (record,) = world.all("deletions")
    assert record["actor"] == ME
    assert record["why"] == "a wrong table"
    assert record["experiments"] == [worse]


def test_the_same_deletion_again_says_that_it_is_done(world: World) -> None:
    trained(world, 0.1)
    worse = trained(world, 0.2)
    first = deleted(world, experiment_id=worse)
    body = {"experiment_id": worse, "confirm": first["id"]}
    again = deletions.delete(world.ports, body, actor=ME)
    assert again == {**first, "op": again["op"]}


def test_by_age_only_what_ended_long_enough_ago_goes(world: World) -> None:
    trained(world, 0.1)
    old = trained(world, 0.2)
    world.clock.advance(20 * 86_400)
    trained(world, 0.3)
    assert planned(world, older_than_days=14)["experiments"] == [old]


def test_a_country_goes_with_its_datasets_training_data_and_uploads(
    world: World,
) -> None:
    other = world.prepared("FR")
    only = trained(world, 0.1)
    deleted(world, country="DE", champions=[only])
    assert [d["id"] for d in world.all("datasets")] == [other]
    assert names(world, "datasets/DE/", "training-data/DE/") == []
    assert world.ports.uploads.list("DE/") == []
    assert len(world.ports.uploads.list("FR/")) == 1


def test_a_dataset_stays_while_an_experiment_that_stays_has_it(
    world: World,
) -> None:
    trained(world, 0.1)
    trained(world, 0.2)
    assert planned(world, country="DE")["datasets"] == []
    deleted(world, country="DE")
    assert len(world.all("datasets")) == 1


def test_settings_and_mappings_are_protected(world: World) -> None:
    only = trained(world, 0.1)
    before = world.document("mappings", "universal~v1")
    rule = {"rule": "error_score"}
    settings.set_ranking(world.ports, "DE", rule, actor=ME)
    deleted(world, country="DE", champions=[only], mappings=True)
    assert len(world.all("settings")) == 1
    assert world.document("mappings", "universal~v1") == before


def test_a_countrys_own_mappings_go_where_that_is_asked_for(
    world: World,
) -> None:
    from mmmflow.steps.prepare import prepare

    prepare(world.put_mapping("own", "DE"), world.ports)
    assert planned(world, country="DE")["mappings"] == []
    deleted(world, country="DE", mappings=True)
    assert [m["scope"] for m in world.all("mappings")] == ["universal"]
    assert names(world, "metadata/DE/") == []


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"country": "DE", "revision": "r-1"},
        {"country": "../models"},
        {"revision": "r"},
        {"older_than_days": 0},
        {"experiment_id": "all"},
        {"prefix": "settings/"},
    ],
    ids=json.dumps,
)
def test_a_selector_that_is_none_is_refused(world: World, asked: Json) -> None:
    with pytest.raises(InvalidInputError):
        deletions.plan(world.ports, asked)


def test_wherever_it_dies_it_is_gone_on_with(tmp_path: Path) -> None:
    first = World(tmp_path / "first")
    first.prepared()
    best, worse = trained(first, 0.1), trained(first, 0.2)
    asked = {"revision": "r-1", "champions": [best]}
    token = planned(first, **asked)["confirm"]
    worlds: list[World] = []

    def run(fault: Fault, at: int) -> Plan:
        world = first.copy(tmp_path / f"{fault.name}-{at}")
        plan = Plan(fault, at)

        def handle(ports: Ports) -> None:
            body = {**asked, "confirm": token}
            deletions.delete(ports, body, actor=ME)

        deliver(handle, world.ports, plan)
        worlds.append(world)
        return plan

    for _ in every_fault(run):
        world = worlds[-1]
        if not world.all("deletions"):
            continue
        world.sweep()
        assert ids(world) == set(), worse
        assert world.all("champions") == []
        assert names(world, "robyn/", "signals/", "models/") == []
        assert world.all("deletions")[0]["open"] is False


def test_a_countrys_mappings_stay_while_a_run_of_it_stays(
    world: World,
) -> None:
    trained(world, 0.1)
    world.put_mapping("own", "DE")
    assert planned(world, country="DE", mappings=True)["mappings"] == []


def test_a_mapping_that_nobody_has_taken_up_yet_goes_too(world: World) -> None:
    world.put_mapping("own", "DE")
    deleted(world, country="DE", mappings=True)
    assert names(world, "metadata/DE/") == []


@pytest.mark.parametrize(
    "prefix",
    ["", "robyn/", "robyn/r-1/", "robyn/r-1/DE//", "settings/x/", "models/"],
)
def test_no_room_as_a_whole_can_be_removed(prefix: str) -> None:
    with pytest.raises(ValueError, match="protected"):
        require_removable(prefix)
