"""An experiment: its states, and the changes that are allowed.

Every function here takes the document's data and returns the changed copy;
nothing else in the code writes a state.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from mmmflow.domain import costs
from mmmflow.domain.errors import shortened

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

# LAUNCHING may end at once: the end may be heard before the start. What leads
# out of an end is a person's retry, and nothing else (see `change`).
TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.WAITING: frozenset(
        {State.QUEUED, State.FAILED, State.SKIPPED, State.CANCELLED}
    ),
    State.QUEUED: frozenset({State.LAUNCHING, State.CANCELLED}),
    State.LAUNCHING: frozenset({State.RUNNING, State.QUEUED}) | TERMINAL,
    State.RUNNING: frozenset({State.QUEUED}) | TERMINAL,
    State.SUCCEEDED: frozenset(),
    State.FAILED: frozenset({State.QUEUED, State.WAITING}),
    State.SKIPPED: frozenset({State.QUEUED, State.WAITING}),
    State.CANCELLED: frozenset({State.QUEUED, State.WAITING}),
}

LEASE = timedelta(seconds=60)
_GRACE = timedelta(minutes=15)
# Entries of the history, besides the newest: a document has its limits.
_KEPT = 199
_LONGEST_WHY = 500
_BACK_OFF = timedelta(seconds=5)
_LONGEST_BACK_OFF = timedelta(minutes=10)


class TransitionError(Exception):
    """A change of state that the table does not allow."""


def state_of(data: Mapping[str, Any]) -> State:
    return State(data["state"])


def is_terminal(data: Mapping[str, Any]) -> bool:
    return state_of(data) in TERMINAL


def is_stopping(data: Mapping[str, Any]) -> bool:
    """Cancelled, and what it had started may still run: it holds a slot."""
    return state_of(data) is State.CANCELLED and data["slot"] is not None


def is_open(data: Mapping[str, Any]) -> bool:
    """Its newest attempt may still run."""
    return state_of(data) in ACTIVE or is_stopping(data)


def change(
    data: Mapping[str, Any],
    to: State,
    *,
    now: datetime,
    why: str,
    actor: str | None = None,
    **fields: Any,
) -> Data:
    """The experiment in its new state, with the change in its history.

    Raises:
        TransitionError: the table does not allow it, or it leads out of an
            end and no person did it.
    """
    from_ = state_of(data)
    if to not in TRANSITIONS[from_] or (from_ in TERMINAL and actor is None):
        raise TransitionError(f"{from_} → {to} is not allowed")
    changed = {**data, **fields, "state": to.value}
    return _entered(changed, from_, now=now, why=why, actor=actor)


def noted(
    data: Mapping[str, Any],
    *,
    now: datetime,
    why: str,
    actor: str | None = None,
    **fields: Any,
) -> Data:
    """What changes no state, in the history: from the state to itself."""
    changed = {**data, **fields}
    return _entered(changed, state_of(data), now=now, why=why, actor=actor)


def is_noted(data: Mapping[str, Any], why: str) -> bool:
    """The history of this attempt holds it already."""
    kept = shortened(why, _LONGEST_WHY)
    return any(
        entry["why"] == kept and entry["attempt"] == data["attempt"]
        for entry in data["history"]
    )


def _entered(
    data: Data, from_: State, *, now: datetime, why: str, actor: str | None
) -> Data:
    entry = {
        "at": now.isoformat(),
        "from": from_.value,
        "to": data["state"],
        "why": shortened(why, _LONGEST_WHY),
        "attempt": data["attempt"],
        **({"actor": actor} if actor else {}),
    }
    return {
        **data,
        "updated_at": now.isoformat(),
        "history": [*data["history"][-_KEPT:], entry],
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
        estimated_cost=costs.estimate(data["request"]),
    )


def still_waiting(
    data: Mapping[str, Any], waits_for: Data, *, now: datetime
) -> Data:
    """Something that it waited for is there: the state stays as it is."""
    return {**data, "waits_for": waits_for, "updated_at": now.isoformat()}


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


def is_overdue(data: Mapping[str, Any], now: datetime) -> bool:
    """The platform should have ended it by now."""
    started = data.get("started_at")
    if data["state"] != State.RUNNING or not started:
        return False
    limit = timedelta(seconds=data["request"]["time_limit_seconds"])
    return now > datetime.fromisoformat(started) + limit + _GRACE


def succeeded(
    data: Mapping[str, Any], result: Data, *, now: datetime, image: str = ""
) -> Data:
    """Trained, in `image`, "" if in none; told if it was queued with another.

    Where a platform runs whatever image a job has when it starts, a
    deployment in between changes what trains.
    """
    wanted = (data["config"] or {}).get("image") or image
    why = "trained"
    if image != wanted:
        why += (
            " by another image than it was queued with:"
            f" {image or 'none'}, not {wanted}"
        )
    return _ended(data, State.SUCCEEDED, now, why, result=result)


def skipped(data: Mapping[str, Any], reason: str, *, now: datetime) -> Data:
    return _ended(
        data,
        State.SKIPPED,
        now,
        reason,
        error={"step": "prepare", "error": shortened(reason), "hint": ""},
    )


def failed(
    data: Mapping[str, Any], error: Data, *, retriable: bool, now: datetime
) -> Data:
    """Another try while tries are left, with back-off; else the end.

    `error` says step, error and hint; each is cut to what a document keeps.
    """
    tries = data["tries"] + 1
    if retriable and tries < data["max_tries"]:
        back_off = min(_BACK_OFF * 2 ** (tries - 1), _LONGEST_BACK_OFF)
        return requeued(
            data, now=now, why=error["error"], after=back_off, tries=tries
        )
    return _ended(
        data,
        State.FAILED,
        now,
        error["error"],
        error={name: shortened(text) for name, text in error.items()},
        tries=tries,
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


def cancelled(
    data: Mapping[str, Any], *, actor: str, now: datetime, why: str = ""
) -> Data:
    """The end, by a person's word.

    What may have started keeps its slot until it can't run any more; the
    lease is over at once, so that `sweep` looks after it.
    """
    runs = state_of(data) in ACTIVE
    return change(
        data,
        State.CANCELLED,
        now=now,
        why=f"cancelled: {why}" if why else "cancelled",
        actor=actor,
        ended_at=now.isoformat(),
        slot=data["slot"] if runs else None,
        lease_until=now.isoformat() if runs else None,
    )


def released(data: Mapping[str, Any], *, now: datetime, why: str) -> Data:
    """A cancelled experiment whose attempt can't run any more."""
    return noted(data, now=now, why=why, slot=None, lease_until=None)


def retried(data: Mapping[str, Any], *, actor: str, now: datetime) -> Data:
    """Once more, by a person's word: tries start again, attempts go on.

    What was never frozen waits again for what it waited for.
    """
    frozen = data["config"] is not None
    return change(
        data,
        State.QUEUED if frozen else State.WAITING,
        now=now,
        why="retried",
        actor=actor,
        eligible_at=now.isoformat() if frozen else None,
        tries=0,
        error=None,
        execution=None,
        started_at=None,
        ended_at=None,
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
