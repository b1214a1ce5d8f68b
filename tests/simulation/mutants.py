"""Planted bugs: each must be caught, or the simulation proves nothing.

Every mutant replaces a function of the real code by one with the mistake
that its name tells.
"""

import itertools
import json
import logging
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from typing import Any
from unittest.mock import patch

from mmmflow import settings
from mmmflow.control import attempts
from mmmflow.domain import experiment, paths, request, spending
from mmmflow.messaging import announcements, dead_letters, outbox
from mmmflow.messaging.outbox import Outgoing
from mmmflow.people import notifications
from mmmflow.ports import (
    AlreadyExistsError,
    Bucket,
    Create,
    Document,
    Execution,
    Json,
    NotFoundError,
    Ports,
    Update,
    Write,
)
from mmmflow.queueing import queues, training
from mmmflow.results import batch_ends, champions, renderings
from mmmflow.steps import collect, launch, rank, reconcile, sweep
from mmmflow.submit import data_requests, requests, standing
from mmmflow_worker import claim, supervisor
from mmmflow_worker.task import Task

from tests.simulation.bus import HANDLER_BROKE
from tests.simulation.run import Report, run

SEEDS = 1000


@dataclass(frozen=True)
class Mutant:
    """Mistakes, each with the place of the right code that it replaces."""

    name: str
    mistakes: Sequence[tuple[Any, str, Any]]


@contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """Real code with the mutant's mistakes in it."""
    with ExitStack() as stack:
        for owner, name, mistake in mutant.mistakes:
            stack.enter_context(patch.object(owner, name, mistake))
        yield


_commit = outbox.commit
_hear = collect.hear
_read = requests.read
_supervise = supervisor.supervise
_claim = claim.claim
_launching = experiment.launching
_requeued = experiment.requeued
_freeze = training._freeze
_environment = launch.environment
_serial = itertools.count()
_losers: set[int] = set()
_unfrozen: dict[str, bytes] = {}


def _no_outbox(
    ports: Ports, writes: Sequence[Write], messages: Sequence[Outgoing] = ()
) -> bool:
    committed = _commit(ports, writes)
    if committed:
        outbox.send(ports, messages)
    return committed


def _sent_first(
    ports: Ports, writes: Sequence[Write], messages: Sequence[Outgoing] = ()
) -> bool:
    outbox.send(ports, messages)
    return _commit(ports, writes)


def _last_writer_wins(
    ports: Ports, writes: Sequence[Write], messages: Sequence[Outgoing] = ()
) -> bool:
    return _commit(ports, [_unguarded(ports, w) for w in writes], messages)


def _unguarded(ports: Ports, write: Write) -> Write:
    if not isinstance(write, Update):
        return write
    present = ports.documents.get(write.collection, write.id)
    return replace(write, version=present.version) if present else write


def _claim_once(task: Task) -> bool:
    """The refused create may be one's own: not asked."""
    name = paths.claim(task.run, task.attempt)
    content = {
        "schema_version": 1,
        "execution": task.execution,
        "task": task.task,
        "token": "same for all",
    }
    try:
        task.bucket.create(name, json.dumps(content).encode())
    except AlreadyExistsError:
        return False
    return True


def _noted_claim(task: Task) -> bool:
    won = _claim(task)
    if not won:
        _losers.add(id(task))
    return won


def _loud_loser(task: Task, *rest: Any) -> int:
    code = _supervise(task, *rest)
    return 1 if id(task) in _losers else code


def _freed_by_the_clock(document: Document, ports: Ports) -> None:
    """The lease is over: so is the run."""
    current = ports.documents.get("experiments", document.id)
    if current is None or not experiment.is_open(current.data):
        return
    if experiment.is_stopping(current.data):
        attempts.release(ports, current, "its time is over")
        return
    data = experiment.requeued(
        current.data, now=ports.clock.now(), why="its time is over"
    )
    collect.end(current, data, ports)


def _two_commits(document: Document, data: Json, ports: Ports) -> bool:
    update = Update("experiments", document.id, document.version, data)
    messages = [*training.changed(data), training.queue_changed(data)]
    if not _commit(ports, [update], messages):
        return False
    _commit(ports, queues.free(ports, document.data))
    return True


def _deaf_reconcile(execution: Execution, ports: Ports) -> None:
    """It ended: so it failed, whatever the worker said."""
    id = execution.env["MMMFLOW_EXPERIMENT"]
    while True:
        document = ports.documents.get("experiments", id)
        if (
            document is None
            or str(document.data["attempt"]) != execution.env["MMMFLOW_ATTEMPT"]
            or experiment.state_of(document.data) not in experiment.ACTIVE
        ):
            return
        error = {"step": "execution", "error": "it ended", "hint": ""}
        data = experiment.failed(
            document.data, error, retriable=True, now=ports.clock.now()
        )
        if collect.end(document, data, ports):
            return


def _same_attempt(data: Json, slot: str, **rest: Any) -> Json:
    launched = _launching(data, slot, **rest)
    return {**launched, "attempt": max(1, data["attempt"])}


def _refused_attempt_again(
    experiment_id: str, attempt: int, why: str, ports: Ports
) -> None:
    document = ports.documents.get("experiments", experiment_id)
    if document is None or document.data["attempt"] != attempt:
        return
    if document.data["state"] != experiment.State.LAUNCHING:
        return
    data = _requeued(
        document.data, now=ports.clock.now(), why=why, attempt=attempt - 1
    )
    collect.end(document, data, ports)


def _unheard_is_refused(
    experiment_id: str, attempt: int, why: str, ports: Ports
) -> None:
    """Takes a start that nobody heard of for one that was refused."""
    launch._give_back(experiment_id, attempt, why, ports)


def _stale_champion(ports: Ports, country: str, goal: str) -> None:
    """Reads the results once, and then insists."""
    rule = settings.ranking_rule(ports, country)
    scored = champions._scored(ports, country, goal, rule)
    id = champions.id_of(country, goal)
    while scored:
        champion = ports.documents.get("champions", id)
        if champion and champions._says(champion.data, scored[0], rule):
            renderings.write(ports, champion.data, scored)
            return
        champions._crown(ports, id, champion, scored[0], rule)


class _Later:
    """A bucket that keeps what is created for later."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def create(self, name: str, content: bytes) -> None:
        _unfrozen[name] = content

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bucket, name)


def _freeze_later(ports: Ports, *rest: Any) -> Any:
    later: Any = _Later(ports.data)
    return _freeze(replace(ports, data=later), *rest)


def _freeze_now(ports: Ports, data: Json) -> dict[str, str]:
    name = paths.job_config(request.run_folder(data))
    ports.data.write(name, _unfrozen[name])
    return _environment(ports, data)


def _forgetful(kind: str, body: Json, *rest: Any) -> requests.Request:
    asked = _read(kind, body, *rest)
    return replace(asked, key=f"{asked.key}-{next(_serial)}")


def _unfenced(ports: Ports, document: Document) -> str | None:
    """Looks for a claim, and leaves none."""
    run = request.run_folder(document.data)
    name = paths.claim(run, document.data["attempt"])
    try:
        return str(json.loads(ports.data.read(name))["execution"])
    except NotFoundError:
        return None


def _hears_old_attempts(signal: paths.Signal, ports: Ports) -> None:
    """Takes an old attempt's word for the new one's."""
    name = paths.signal(signal.experiment_id, signal.attempt, signal.kind)
    body = json.loads(ports.data.read(name))
    document = ports.documents.get("experiments", signal.experiment_id)
    if document is None or document.data["attempt"] == signal.attempt:
        _hear(signal, ports)
    elif experiment.state_of(document.data) in experiment.ACTIVE:
        collect._act(document, body, ports)


def _one_folder(run: str, attempt: int) -> str:
    del attempt
    return f"{run}/attempts/1"


_new_experiment = request.new_experiment
_starts = standing.starts
_due = notifications._due


def _before_its_time(*given: Any, **named: Any) -> Json:
    """Forgets the time that the experiment was to wait for."""
    data = _new_experiment(*given, **named)
    waits = {k: v for k, v in data["waits_for"].items() if k != "time"}
    return {**data, "waits_for": waits}


def _started_first(ports: Ports, *rest: Any) -> tuple[list[Any], list[Any]]:
    """Asks before the commit that says that the data is there."""
    _, messages = _starts(ports, *rest)
    outbox.send(ports, [replace(m, message_id=None) for m in messages])
    return [], []


def _new_key(*given: Any) -> Outgoing:
    return replace(_due(*given), message_id=None)


def _counted_before(ports: Ports, name: str) -> queues.Room:
    """The cap is counted by the slots that were read before the queue."""
    counted = queues.slots(ports, name)
    found = _room(ports, name)
    now = ports.clock.now()
    today = spending.spent((slot.data for slot in counted), now)
    return replace(found, today=today)


_room = queues.room


class _Unguarded:
    """An outbox that writes over whatever is there."""

    @staticmethod
    def commit(
        ports: Ports, writes: Sequence[Write], messages: Sequence[Outgoing] = ()
    ) -> bool:
        over = [
            Update(w.collection, w.id, present.version, w.data)
            if isinstance(w, Create | Update)
            and (present := ports.documents.get(w.collection, w.id))
            else w
            for w in writes
        ]
        return _commit(ports, over, messages)


def _nothing(*_: Any, **__: Any) -> None:
    return None


def _no(*_: Any, **__: Any) -> bool:
    return False


def _yes(*_: Any, **__: Any) -> bool:
    return True


def _none_found(*_: Any, **__: Any) -> list[Any]:
    return []


MUTANTS: Sequence[Mutant] = (
    Mutant("no outbox", [(outbox, "commit", _no_outbox)]),
    Mutant(
        "messages sent before the commit", [(outbox, "commit", _sent_first)]
    ),
    Mutant("no compare-and-set", [(outbox, "commit", _last_writer_wins)]),
    Mutant("no op check after a refusal", [(outbox, "_applied", _no)]),
    Mutant("no claim", [(supervisor, "claim", _yes)]),
    Mutant(
        "claim lost on a refused create", [(supervisor, "claim", _claim_once)]
    ),
    Mutant(
        "loser exits non-zero",
        [
            (supervisor, "claim", _noted_claim),
            (supervisor, "supervise", _loud_loser),
        ],
    ),
    Mutant(
        "slot freed by the clock",
        [(sweep, "_look_after", _freed_by_the_clock)],
    ),
    Mutant("slot and state in two commits", [(collect, "end", _two_commits)]),
    Mutant(
        "reconcile without reading signals",
        [
            (reconcile, "attempt_ended", _deaf_reconcile),
            (sweep, "attempt_ended", _deaf_reconcile),
        ],
    ),
    Mutant("attempt not grown", [(experiment, "launching", _same_attempt)]),
    Mutant(
        "a refused attempt's number used again",
        [(launch, "_give_back", _refused_attempt_again)],
    ),
    Mutant(
        "an unheard start taken for a refused one",
        [(launch, "_fence", _unheard_is_refused)],
    ),
    Mutant(
        "champion without re-query", [(champions, "update", _stale_champion)]
    ),
    Mutant(
        "config frozen at launch",
        [
            (training, "_freeze", _freeze_later),
            (launch, "environment", _freeze_now),
        ],
    ),
    Mutant("request key not stored", [(requests, "read", _forgetful)]),
    Mutant("cancel not fenced", [(attempts, "claimant", _unfenced)]),
    Mutant("cancel stops nothing", [(attempts, "stop", _nothing)]),
    Mutant(
        "an old attempt is listened to",
        [(collect, "hear", _hears_old_attempts)],
    ),
    Mutant("attempts share a folder", [(paths, "attempt_folder", _one_folder)]),
    Mutant("nobody sends what is unsent", [(outbox, "send_overdue", _nothing)]),
    Mutant("silent runs are left alone", [(sweep, "_overdue", _none_found)]),
    Mutant(
        "a result is ranked by its own handler only",
        [(champions, "rank_overdue", _nothing)],
    ),
    Mutant(
        "lost notifications stay lost",
        [(announcements, "repeat_lost", _nothing)],
    ),
    Mutant("a pause is not heeded", [(queues, "is_paused", _no)]),
    Mutant(
        "a late worker's loss counts as a try",
        [(attempts, "is_given_up", _no)],
    ),
    Mutant(
        "batch eligible before it is complete",
        [(training, "_is_complete", _yes)],
    ),
    Mutant(
        "cap counted outside the commit",
        [(launch, "_counted", _none_found)],
    ),
    Mutant(
        "cap counted before the queue was read",
        [(queues, "room", _counted_before)],
    ),
    Mutant(
        "a time is not waited for",
        [(request, "new_experiment", _before_its_time)],
    ),
    Mutant(
        "standing experiments asked for before the commit",
        [(standing, "starts", _started_first)],
    ),
    Mutant(
        "a batch's end told without compare-and-set",
        [(batch_ends, "outbox", _Unguarded)],
    ),
    Mutant("a batch's end is told by nobody", [(batch_ends, "tell", _nothing)]),
    Mutant("a new key for each notice", [(notifications, "_due", _new_key)]),
    Mutant("a new rule ranks nothing", [(rank, "rank", _nothing)]),
    Mutant("the poisoned are thrown away", [(dead_letters, "bury", _nothing)]),
    Mutant(
        "the data of an experiment is not asked for",
        [(data_requests, "messages", _none_found)],
    ),
)


def main() -> int:
    """`make simulate-mutants`: 0 if every mutant was caught."""
    logging.disable(logging.CRITICAL)
    begun = time.monotonic()
    caught = 0
    print(f"{'mutant':<44}{'seed':>6}  caught by")
    for mutant in MUTANTS:
        report = _first_failure(mutant)
        caught += report is not None
        seed, rule = (
            (report.seed, report.broken) if report else ("-", "NOTHING")
        )
        print(f"{mutant.name:<44}{seed:>6}  {rule}", flush=True)
    figures = {
        "mutants": len(MUTANTS),
        "caught": caught,
        "seeds_each": SEEDS,
        "seconds": round(time.monotonic() - begun, 1),
    }
    print(json.dumps(figures))
    return 0 if caught == len(MUTANTS) else 1


def _first_failure(mutant: Mutant) -> Report | None:
    with planted(mutant), get_context("fork").Pool() as pool:
        for report in pool.imap(run, range(SEEDS), chunksize=4):
            if report.broken == HANDLER_BROKE:
                raise RuntimeError(f"{mutant.name} is no mistake: {report.how}")
            if report.broken is not None:
                return report
    return None


if __name__ == "__main__":
    sys.exit(main())
