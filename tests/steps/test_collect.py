"""A worker's signals: result, ranking, champion; a slot freed."""

import json
from typing import Any

import pytest
from mmmflow.domain import paths
from mmmflow.ports import Delete
from mmmflow.steps.collect import collect

from tests.steps.test_launch import run_launch
from tests.steps.world import World


@pytest.fixture
def launched(world: World) -> str:
    """An experiment whose job was started."""
    world.prepared()
    (id,) = world.queued()
    run_launch(world)
    return id


def test_a_start_that_is_heard_makes_it_running(
    world: World, launched: str
) -> None:
    collect(world.started(launched), world.ports)
    assert world.experiment(launched)["state"] == "RUNNING"
    assert world.experiment(launched)["execution"] == "native-medium-1"


def test_a_result_ends_it_and_frees_the_slot(
    world: World, launched: str
) -> None:
    collect(world.succeeded(launched, error=0.25), world.ports)
    ended = world.experiment(launched)
    assert ended["state"] == "SUCCEEDED"
    assert ended["result"]["selected"]["model_id"] == "1_2_1"
    assert ended["result"]["score"] == 0.25
    assert set(world.holders()) == {None}


def test_the_queue_is_told_of_the_slot(world: World, launched: str) -> None:
    before = len(world.sent("queue.changed"))
    collect(world.succeeded(launched), world.ports)
    assert len(world.sent("queue.changed")) == before + 1


def test_others_are_told_of_each_state_once(
    world: World, launched: str
) -> None:
    for event in (world.started(launched), world.succeeded(launched)):
        collect(event, world.ports)
        collect(event, world.ports)
    told = [b["state"] for b in world.sent("experiment.changed")]
    assert told == ["WAITING", "QUEUED", "LAUNCHING", "RUNNING", "SUCCEEDED"]


def test_the_end_may_be_heard_before_the_start(
    world: World, launched: str
) -> None:
    collect(world.succeeded(launched), world.ports)
    collect(world.started(launched), world.ports)
    assert world.experiment(launched)["state"] == "SUCCEEDED"


def test_a_start_that_is_heard_again_after_the_end_changes_nothing(
    world: World, launched: str
) -> None:
    collect(world.started(launched), world.ports)
    collect(world.failed(launched), world.ports)
    before = world.experiment(launched)
    collect(world.started(launched), world.ports)
    assert world.experiment(launched) == before


def test_a_failure_that_would_come_again_is_the_end(
    world: World, launched: str
) -> None:
    collect(world.failed(launched), world.ports)
    ended = world.experiment(launched)
    assert ended["state"] == "FAILED"
    assert ended["error"] == {
        "step": "train",
        "error": "it broke",
        "hint": "mend it",
    }


def test_another_failure_is_tried_again_with_a_back_off(
    world: World, launched: str
) -> None:
    collect(world.failed(launched, retriable=True), world.ports)
    queued = world.experiment(launched)
    assert (queued["state"], queued["tries"]) == ("QUEUED", 1)
    assert queued["eligible_at"] > world.clock.now().isoformat()
    assert set(world.holders()) == {None}


def test_tries_run_out(world: World, launched: str) -> None:
    for _ in range(3):
        collect(world.failed(launched, retriable=True), world.ports)
        world.clock.advance(60)
        run_launch(world)
    ended = world.experiment(launched)
    assert (ended["state"], ended["tries"]) == ("FAILED", 3)
    assert ended["attempt"] == 3


def test_an_interruption_uses_up_no_try(world: World, launched: str) -> None:
    event = world.failed(launched, retriable=True, interrupted=True)
    collect(event, world.ports)
    queued = world.experiment(launched)
    assert (queued["state"], queued["tries"]) == ("QUEUED", 0)


def test_data_that_can_not_be_modelled_is_skipped_with_the_reason(
    world: World, launched: str
) -> None:
    collect(world.skipped(launched), world.ports)
    skipped = world.experiment(launched)
    assert skipped["state"] == "SKIPPED"
    assert skipped["error"]["error"] == "no spend"


def test_a_signal_of_an_older_attempt_changes_nothing(
    world: World, launched: str
) -> None:
    collect(world.failed(launched, retriable=True), world.ports)
    world.clock.advance(60)
    run_launch(world)
    before = world.experiment(launched)
    assert before["attempt"] == 2
    for event in (
        world.started(launched, attempt=1),
        world.succeeded(launched, attempt=1),
    ):
        collect(event, world.ports)
    assert world.experiment(launched) == before
    assert launched in world.holders()


def test_a_signal_heard_again_while_it_waits_for_a_retry_changes_nothing(
    world: World, launched: str
) -> None:
    event = world.failed(launched, retriable=True)
    collect(event, world.ports)
    before = world.experiment(launched)
    collect(event, world.ports)
    assert world.experiment(launched) == before


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("manifest.json", b"{}"),
        ("model_summary.json", b"{}"),
        ("model_summary.json", b"no json"),
        ("model_summary.json", b'{"mape": NaN}'),
    ],
)
def test_a_result_that_is_not_whole_is_tried_again(
    world: World, launched: str, file: str, content: bytes
) -> None:
    event = world.succeeded(launched)
    folder = paths.attempt_folder(world.run(launched), 1)
    world.put(f"{folder}/{file}", content)
    collect(event, world.ports)
    queued = world.experiment(launched)
    assert (queued["state"], queued["tries"]) == ("QUEUED", 1)
    assert "not complete" in queued["history"][-1]["why"]


@pytest.mark.parametrize(
    "name",
    [
        "signals/20261120T104512Z-000000000000/1/finished.json.tmp",
        "signals/notes.txt",
    ],
)
def test_other_objects_are_no_signals(world: World, name: str) -> None:
    collect(world.put(name, b"x"), world.ports)


def test_a_signal_of_an_experiment_that_is_gone_is_nothing(
    world: World, launched: str
) -> None:
    event = world.started(launched)
    world.ports.documents.commit([Delete("experiments", launched)])
    collect(event, world.ports)
    assert world.all("experiments") == []


# Champions


def ended(world: World, error: float, **asked: Any) -> str:
    """One more experiment that succeeded with this error."""
    (id,) = world.queued(**asked)
    run_launch(world)
    collect(world.succeeded(id, error=error), world.ports)
    return id


def champion(world: World) -> dict[str, Any]:
    (data,) = world.all("champions")
    return data


def test_the_first_result_is_the_champion(world: World) -> None:
    world.prepared()
    id = ended(world, 0.3)
    assert champion(world)["experiment_id"] == id
    assert champion(world)["version"] == 1


def test_a_better_result_takes_its_place(world: World) -> None:
    world.prepared()
    worse, better = ended(world, 0.3), ended(world, 0.2)
    assert champion(world)["experiment_id"] == better
    assert champion(world)["previous_experiment_id"] == worse
    changes = [b["version"] for b in world.sent("champion.changed")]
    assert changes == [1, 2]


def test_a_worse_result_does_not(world: World) -> None:
    world.prepared()
    better = ended(world, 0.2)
    ended(world, 0.3)
    assert champion(world)["experiment_id"] == better
    assert len(world.sent("champion.changed")) == 1


def test_the_files_show_the_champion_and_every_result(world: World) -> None:
    world.prepared()
    worse, better = ended(world, 0.3), ended(world, 0.2)
    shown = world.read(paths.rendering("DE", "revenue", "champion"))
    assert shown["experiment_id"] == better
    board = world.read(paths.rendering("DE", "revenue", "leaderboard"))
    assert [r["experiment_id"] for r in board["ranking"]] == [better, worse]
    assert board["version"] == shown["version"] == 2


def test_a_champion_that_another_made_meanwhile_is_not_written_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the query and the commit of the first, the second ends."""
    world.prepared()
    first, second = world.queued(2)
    run_launch(world)
    events = {
        first: world.succeeded(first, error=0.3),
        second: world.succeeded(second, error=0.2),
    }
    commit = world.ports.documents.commit
    inside = False

    def overtaken(writes: Any) -> None:
        nonlocal inside
        if not inside and writes[0].collection == "champions":
            inside = True
            collect(events[second], world.ports)
        commit(writes)

    monkeypatch.setattr(world.ports.documents, "commit", overtaken)
    collect(events[first], world.ports)
    assert inside
    assert champion(world)["experiment_id"] == second
    shown = world.read(paths.rendering("DE", "revenue", "champion"))
    assert shown["experiment_id"] == second


def test_an_older_rendering_is_never_written_over_a_newer_one(
    world: World,
) -> None:
    world.prepared()
    ended(world, 0.3)
    name = paths.rendering("DE", "revenue", "champion")
    newer = {**world.read(name), "version": 9}
    world.put(name, json.dumps(newer).encode())
    ended(world, 0.2)
    assert world.read(name)["version"] == 9


def test_a_result_whose_handler_died_is_ranked_when_it_is_told_again(
    world: World, launched: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise ConnectionError

    event = world.succeeded(launched)
    with monkeypatch.context() as patch:
        patch.setattr("mmmflow.results.champions.update", dies)
        with pytest.raises(ConnectionError):
            collect(event, world.ports)
    assert world.all("champions") == []
    collect(event, world.ports)
    assert champion(world)["experiment_id"] == launched


def test_a_result_whose_signal_is_never_told_again_is_ranked_by_the_sweep(
    world: World, launched: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise ConnectionError

    event = world.succeeded(launched)
    with monkeypatch.context() as patch:
        patch.setattr("mmmflow.results.champions.update", dies)
        with pytest.raises(ConnectionError):
            collect(event, world.ports)
    world.sweep()
    assert champion(world)["experiment_id"] == launched
