"""An experiment changes its state as the table allows, and not otherwise."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from mmmflow.domain import experiment, request
from mmmflow.domain.experiment import TRANSITIONS, State, TransitionError

NOW = datetime(2026, 11, 20, 10, 45, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
ERROR = {"step": "train", "error": "it broke", "hint": "mend it"}


def waiting(**fields: Any) -> dict[str, Any]:
    data = request.new_experiment(
        "20261120T104512Z-1f3a9c0b77de",
        request.complete({"country": "DE"}),
        batch_id=None,
        correlation_id="c",
        actor="a person",
        now=NOW,
    )
    return {**data, **fields}


def in_state(state: State, **fields: Any) -> dict[str, Any]:
    return waiting(state=state.value, attempt=1, slot="default-0", **fields)


@pytest.mark.parametrize("from_", State)
@pytest.mark.parametrize("to", State)
def test_only_the_table_says_which_changes_are_allowed(
    from_: State, to: State
) -> None:
    data = in_state(from_)
    if to in TRANSITIONS[from_]:
        changed = experiment.change(
            data, to, now=LATER, why="x", actor="a person"
        )
        assert changed["state"] == to.value
    else:
        with pytest.raises(TransitionError, match=f"{from_} → {to}"):
            experiment.change(data, to, now=LATER, why="x")


@pytest.mark.parametrize("state", sorted(experiment.TERMINAL))
def test_nothing_leads_out_of_an_end_but_a_persons_word(state: State) -> None:
    assert experiment.is_terminal(in_state(state))
    for to in TRANSITIONS[state]:
        assert to in (State.QUEUED, State.WAITING)
        with pytest.raises(TransitionError):
            experiment.change(in_state(state), to, now=LATER, why="x")


def test_nothing_leads_out_of_success() -> None:
    assert not TRANSITIONS[State.SUCCEEDED]


def test_an_end_may_be_heard_before_the_start() -> None:
    assert TRANSITIONS[State.LAUNCHING] >= experiment.TERMINAL


def test_a_change_leaves_the_old_document_as_it_was() -> None:
    data = in_state(State.LAUNCHING)
    experiment.running(data, "native-1", now=LATER)
    assert data["state"] == "LAUNCHING"
    assert data["history"] == []


def test_each_change_is_noted_in_the_history() -> None:
    data = experiment.running(in_state(State.LAUNCHING), "x", now=LATER)
    assert data["history"] == [
        {
            "at": LATER.isoformat(),
            "from": "LAUNCHING",
            "to": "RUNNING",
            "why": "the worker started",
            "attempt": 1,
        }
    ]


def test_being_queued_freezes_the_configuration_and_ends_the_wait() -> None:
    data = experiment.queued(waiting(), {"name": "config"}, now=LATER)
    assert data["config"] == {"name": "config"}
    assert data["waits_for"] is None
    assert data["eligible_at"] == LATER.isoformat()


def test_each_launch_is_a_new_attempt_with_a_lease() -> None:
    queued = waiting(state="QUEUED", attempt=2, execution="an old one")
    data = experiment.launching(queued, "default-1", now=LATER)
    assert data["attempt"] == 3
    assert data["history"][-1]["attempt"] == 3
    assert data["slot"] == "default-1"
    assert data["execution"] is None
    assert data["lease_until"] == (LATER + experiment.LEASE).isoformat()


def test_a_lease_tells_when_to_look_again_and_changes_no_state() -> None:
    running = in_state(State.RUNNING)
    data = experiment.leased(running, now=LATER, execution="native-1")
    assert data["state"] == "RUNNING"
    assert data["execution"] == "native-1"
    assert data["lease_until"] == (LATER + experiment.LEASE).isoformat()
    assert data["history"] == []


def test_success_stores_the_result_and_gives_the_slot_up() -> None:
    data = experiment.succeeded(
        in_state(State.RUNNING), {"score": 1.0}, now=LATER
    )
    assert data["state"] == "SUCCEEDED"
    assert data["result"] == {"score": 1.0}
    assert data["slot"] is None
    assert data["ended_at"] == LATER.isoformat()


def test_a_skipped_experiment_says_why() -> None:
    data = experiment.skipped(in_state(State.RUNNING), "no spend", now=LATER)
    assert data["state"] == "SKIPPED"
    assert data["error"]["error"] == "no spend"
    assert data["tries"] == 0


def test_a_failed_try_goes_back_to_the_queue_while_tries_are_left() -> None:
    running = in_state(State.RUNNING, max_tries=3, tries=1, execution="x")
    data = experiment.failed(running, ERROR, retriable=True, now=LATER)
    assert data["state"] == "QUEUED"
    assert data["tries"] == 2
    assert data["slot"] is None
    assert data["execution"] is None


def test_the_last_try_that_fails_is_the_end() -> None:
    running = in_state(State.RUNNING, max_tries=3, tries=2)
    data = experiment.failed(running, ERROR, retriable=True, now=LATER)
    assert data["state"] == "FAILED"
    assert data["tries"] == 3
    assert data["error"] == ERROR


def test_what_would_fail_again_is_not_tried_again() -> None:
    running = in_state(State.RUNNING, max_tries=3)
    data = experiment.failed(running, ERROR, retriable=False, now=LATER)
    assert data["state"] == "FAILED"


@pytest.mark.parametrize(
    ("tries", "seconds"), [(0, 5), (1, 10), (2, 20), (6, 320), (7, 600)]
)
def test_each_retry_waits_twice_as_long_up_to_ten_minutes(
    tries: int, seconds: int
) -> None:
    running = in_state(State.RUNNING, max_tries=10, tries=tries)
    data = experiment.failed(running, ERROR, retriable=True, now=LATER)
    due = LATER + timedelta(seconds=seconds)
    assert data["eligible_at"] == due.isoformat()


def test_what_was_not_the_runs_fault_uses_up_no_try() -> None:
    running = in_state(State.RUNNING, tries=1)
    data = experiment.requeued(running, now=LATER, why="interrupted")
    assert data["state"] == "QUEUED"
    assert data["tries"] == 1
    assert data["attempt"] == 1
    assert data["eligible_at"] == LATER.isoformat()
