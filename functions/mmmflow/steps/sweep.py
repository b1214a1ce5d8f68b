"""A timer → what any lost event left behind."""

import logging
from datetime import timedelta

from mmmflow.control import attempts, removals
from mmmflow.data import handover
from mmmflow.domain import experiment, paths
from mmmflow.domain.experiment import State
from mmmflow.log import labels_of
from mmmflow.messaging import announcements, dead_letters, outbox
from mmmflow.people import notifications
from mmmflow.ports import Document, Message, Order, Ports, Update, Where
from mmmflow.queueing import queues, waiting
from mmmflow.results import champions
from mmmflow.steps import collect
from mmmflow.steps.reconcile import attempt_ended
from mmmflow.submit import batches
from mmmflow.upkeep import deletions

log = logging.getLogger(__name__)

UNSENT_AFTER = timedelta(seconds=30)
NOTED_FOR = timedelta(days=7)
_AT_ONCE = 200


def sweep(message: Message, ports: Ports) -> None:
    """Send what is unsent, look after silent runs, wake the queues."""
    del message
    before = ports.clock.now() - UNSENT_AFTER
    outbox.send_overdue(ports, before.isoformat())
    removals.finish_overdue(ports, before.isoformat())
    champions.rank_overdue(ports, before.isoformat())
    for document in _overdue(ports):
        _look_after(document, ports)
    announcements.repeat_lost(ports)
    batches.resume_overdue(ports, before.isoformat())
    deletions.resume_overdue(ports, before.isoformat())
    handover.look_after_overdue(ports)
    waiting.look_again(ports)
    queues.wake(ports)
    old = ports.clock.now() - NOTED_FOR
    dead_letters.forget_failures(ports, old.isoformat())
    notifications.forget_old(ports)
    log.info("been round", extra={"labels": {"event": "swept"}})


def _overdue(ports: Ports) -> list[Document]:
    """Runs, and cancelled ones that still hold a slot: with a lease."""
    states = sorted([*experiment.ACTIVE, State.CANCELLED])
    return ports.documents.query(
        "experiments",
        where=[
            Where("state", "in", [state.value for state in states]),
            Where("lease_until", "<=", ports.clock.now().isoformat()),
        ],
        order_by=[Order("lease_until")],
        limit=_AT_ONCE,
    )


def _look_after(document: Document, ports: Ports) -> None:
    """A run whose lease is over: heard, ended, given up or alive."""
    attempt = document.data["attempt"]
    for kind in ("finished", "started"):
        signal = paths.Signal(document.id, attempt, kind)
        if collect.is_said(signal, ports):
            collect.hear(signal, ports)
            break
    current = ports.documents.get("experiments", document.id)
    if (
        current is None
        or current.data["attempt"] != attempt
        or not experiment.is_open(current.data)
    ):
        return
    if experiment.is_stopping(current.data):
        attempts.stop(ports, current.id)
        return
    name = current.data["execution"] or attempts.claimant(ports, current)
    execution = ports.jobs.get(name) if name else None
    if execution is None:
        _give_up(current, ports)
    elif execution.ended:
        attempt_ended(execution, ports)
    else:
        now = ports.clock.now()
        if experiment.is_overdue(current.data, now):
            _say("%s runs on after its time limit", current, "overdue")
        data = experiment.leased(current.data, now=now, execution=name)
        update = Update("experiments", current.id, current.version, data)
        outbox.commit(ports, [update])


def _give_up(document: Document, ports: Ports) -> None:
    """No worker holds the attempt and none ever can: queue it again."""
    owner = attempts.claimant(ports, document)
    if owner is not None and ports.jobs.get(owner) is not None:
        return
    _say("attempt of %s never started; queued again", document, "silent")
    data = experiment.requeued(
        document.data, now=ports.clock.now(), why="the worker never started"
    )
    collect.end(document, data, ports)


def _say(text: str, document: Document, event: str) -> None:
    """A line that an alert counts."""
    labels = {**labels_of(document.data), "event": event}
    log.warning(text, document.id, extra={"labels": labels})
