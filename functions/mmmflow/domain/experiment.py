"""An experiment: its states, and the changes that are allowed.

Every function here takes the document's data and returns the changed copy;
nothing else in the code writes a state.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

Data = dict[str, Any]


class State(StrEnum):
    WAITING = "WAITING"
    QUEUED = "QUEUED"
    LAUNCHING = "LAUNCHING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    CANCELLED = "CANCELLED"


TERMINAL = frozenset(
    {State.SUCCEEDED, State.FAILED, State.SKIPPED, State.CANCELLED}
)
ACTIVE = frozenset({State.LAUNCHING, State.RUNNING})

# LAUNCHING may end at once: the end may be heard before the start.
TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.WAITING: frozenset({State.QUEUED, State.FAILED, State.CANCELLED}),
    State.QUEUED: frozenset({State.LAUNCHING, State.CANCELLED}),
    State.LAUNCHING: frozenset({State.RUNNING, State.QUEUED}) | TERMINAL,
    State.RUNNING: frozenset({State.QUEUED}) | TERMINAL,
    State.SUCCEEDED: frozenset(),
    State.FAILED: frozenset(),
    State.SKIPPED: frozenset(),
    State.CANCELLED: frozenset(),
}

LEASE = timedelta(seconds=60)
_BACK_OFF = timedelta(seconds=5)
_LONGEST_BACK_OFF = timedelta(minutes=10)


class TransitionError(Exception):
    """A change of state that the table does not allow."""


def state_of(data: Mapping[str, Any]) -> State:
    return State(data["state"])


def is_terminal(data: Mapping[str, Any]) -> bool:
    return state_of(data) in TERMINAL


def change(
    data: Mapping[str, Any],
    to: State,
    *,
    now: datetime,
    why: str,
    **fields: Any,
) -> Data:
    """The experiment in its new state, with the change in its history.

    Raises:
        TransitionError: the table does not allow it.
    """
    from_ = state_of(data)
    if to not in TRANSITIONS[from_]:
        raise TransitionError(f"{from_} → {to} is not allowed")
    entry = {
        "at": now.isoformat(),
        "from": from_.value,
        "to": to.value,
        "why": why,
        "attempt": fields.get("attempt", data["attempt"]),
    }
    return {
        **data,
        **fields,
        "state": to.value,
        "updated_at": now.isoformat(),
        "history": [*data["history"], entry],
    }


def queued(data: Mapping[str, Any], config: Data, *, now: datetime) -> Data:
    """Ready to run, with its frozen configuration."""
    return change(
        data,
        State.QUEUED,
        now=now,
        why="training data is ready",
        config=config,
        waits_for=None,
        eligible_at=now.isoformat(),
    )


def launching(data: Mapping[str, Any], slot: str, *, now: datetime) -> Data:
    """Holds a slot; whoever commits this starts the job, once."""
    return change(
        data,
        State.LAUNCHING,
        now=now,
        why="took a slot",
        attempt=data["attempt"] + 1,
        slot=slot,
        execution=None,
        lease_until=(now + LEASE).isoformat(),
    )


def running(data: Mapping[str, Any], execution: str, *, now: datetime) -> Data:
    return change(
        data,
        State.RUNNING,
        now=now,
        why="the worker started",
        execution=execution,
        started_at=now.isoformat(),
        lease_until=(now + LEASE).isoformat(),
    )


def leased(data: Mapping[str, Any], *, now: datetime, **fields: Any) -> Data:
    """Look again later: the state stays as it is."""
    return {
        **data,
        **fields,
        "updated_at": now.isoformat(),
        "lease_until": (now + LEASE).isoformat(),
    }


def succeeded(data: Mapping[str, Any], result: Data, *, now: datetime) -> Data:
    return _ended(data, State.SUCCEEDED, now, "trained", result=result)


def skipped(data: Mapping[str, Any], reason: str, *, now: datetime) -> Data:
    return _ended(
        data,
        State.SKIPPED,
        now,
        reason,
        error={"step": "prepare", "error": reason, "hint": ""},
    )


def failed(
    data: Mapping[str, Any], error: Data, *, retriable: bool, now: datetime
) -> Data:
    """Another try while tries are left, with back-off; else the end."""
    tries = data["tries"] + 1
    if retriable and tries < data["max_tries"]:
        back_off = min(_BACK_OFF * 2 ** (tries - 1), _LONGEST_BACK_OFF)
        return requeued(
            data, now=now, why=error["error"], after=back_off, tries=tries
        )
    return _ended(
        data, State.FAILED, now, error["error"], error=error, tries=tries
    )


def requeued(
    data: Mapping[str, Any],
    *,
    now: datetime,
    why: str,
    after: timedelta = timedelta(0),
    **fields: Any,
) -> Data:
    """Given up without an end: what ran was not at fault, or may retry."""
    return change(
        data,
        State.QUEUED,
        now=now,
        why=why,
        eligible_at=(now + after).isoformat(),
        slot=None,
        execution=None,
        lease_until=None,
        **fields,
    )


def _ended(
    data: Mapping[str, Any],
    state: State,
    now: datetime,
    why: str,
    **fields: Any,
) -> Data:
    return change(
        data,
        state,
        now=now,
        why=why,
        ended_at=now.isoformat(),
        slot=None,
        lease_until=None,
        **fields,
    )
