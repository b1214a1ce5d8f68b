"""`queue.changed` → jobs started, until slots or candidates run out."""

import logging
from datetime import timedelta

from mmmflow import schema
from mmmflow.control import attempts
from mmmflow.domain import costs, experiment, jobs, request, spending
from mmmflow.domain.experiment import State
from mmmflow.log import labels_of
from mmmflow.messaging import outbox
from mmmflow.ports import (
    DeniedError,
    Document,
    Json,
    Message,
    Ports,
    RefusedError,
    UnreachableError,
    Update,
)
from mmmflow.queueing import queues, training
from mmmflow.queueing.queues import Room
from mmmflow.steps import collect

log = logging.getLogger(__name__)

_BACK_OFF = timedelta(seconds=10)  # doubled with each refusal
_LONGEST_BACK_OFF = timedelta(minutes=10)
_REFUSED = "the start was refused"


def launch(message: Message, ports: Ports) -> None:
    """Take slots and start jobs for the queue that changed."""
    schema.require("queue.changed.json", message.body)
    while _launch_some(message.body["queue"], ports):
        pass


def _launch_some(queue: str, ports: Ports) -> bool:
    """Start what there is room for; True if there may be more to start."""
    room = queues.room(ports, queue)
    capped = spending.is_capped(room.queue.data)
    # A launch under a cap is the only one: the next one counts it.
    limit = min(1, len(room.free)) if capped else len(room.free)
    if limit == 0:
        return False
    candidates = queues.candidates(ports, room.queue, limit)
    for slot, candidate in zip(room.free, candidates, strict=False):
        cost = costs.estimate(candidate.data["request"])
        why = spending.held_back(room.queue.data, room.today, cost)
        if why is not None:
            log.info("queue %s waits for the next day: %s", queue, why)
            return False
        if not _launch_one(slot, candidate, cost, room, ports):
            return False
    return bool(candidates)


def _launch_one(
    slot: Document,
    candidate: Document,
    cost: float,
    room: Room,
    ports: Ports,
) -> bool:
    """Only the handler whose commit takes the slot starts the job, once.

    False if the platform starts no jobs now: `sweep` asks again.
    """
    data = experiment.launching(candidate.data, slot.id, now=ports.clock.now())
    taken = outbox.commit(
        ports,
        [
            Update("experiments", candidate.id, candidate.version, data),
            queues.take(slot, data, cost, room.today),
            *_counted(room),
        ],
        training.changed(data),
    )
    if not taken:
        return True
    attempt = data["attempt"]
    try:
        execution = ports.jobs.start(
            jobs.job_of(data["request"]),
            environment(ports, data),
            data["request"]["time_limit_seconds"],
        )
    except DeniedError as denied:
        _deny(candidate.id, attempt, str(denied), ports)
        return False
    except RefusedError as refused:
        _give_back(candidate.id, attempt, str(refused), ports)
        return False
    except UnreachableError as unheard:
        _fence(candidate.id, attempt, str(unheard), ports)
        return False
    _record(candidate.id, attempt, execution, ports)
    return True


def _counted(room: Room) -> list[Update]:
    """What a cap was counted by, written anew.

    A launch that counted at the same time is refused, and counts again.
    """
    if not spending.is_capped(room.queue.data):
        return []
    queue = room.queue
    return [Update(queue.collection, queue.id, queue.version, queue.data)]


def environment(ports: Ports, data: Json) -> dict[str, str]:
    """What the worker is told; all else is in the frozen configuration."""
    return {
        "MMMFLOW_EXPERIMENT": data["id"],
        "MMMFLOW_ATTEMPT": str(data["attempt"]),
        "MMMFLOW_RUN_URI": ports.data.uri(request.run_folder(data)),
        # Of the job's size, for an engine never asks what a machine has.
        "MMMFLOW_PROCESSES": str(jobs.machine_of(data["request"]).vcpus),
    }


def _launching(
    experiment_id: str, attempt: int, ports: Ports
) -> Document | None:
    """The experiment, if its attempt was not heard of meanwhile."""
    document = ports.documents.get("experiments", experiment_id)
    if (
        document is None
        or document.data["attempt"] != attempt
        or document.data["state"] != State.LAUNCHING
    ):
        return None
    return document


def _record(
    experiment_id: str, attempt: int, execution: str, ports: Ports
) -> None:
    """Note the execution, unless the worker was heard before."""
    while (document := _launching(experiment_id, attempt, ports)) is not None:
        data = experiment.leased(
            document.data, now=ports.clock.now(), execution=execution
        )
        update = Update("experiments", document.id, document.version, data)
        if outbox.commit(ports, [update]):
            return


def _give_back(
    experiment_id: str, attempt: int, why: str, ports: Ports
) -> None:
    """The start was definitely refused: the attempt ends, and no try counts.

    Its number is not used again: `sweep` may have given it up meanwhile,
    and then its claim stands.
    """
    while (document := _launching(experiment_id, attempt, ports)) is not None:
        data = experiment.requeued(
            document.data,
            now=ports.clock.now(),
            why=f"{_REFUSED}: {why}",
            after=_back_off(document.data),
        )
        if _never_started(document, data, why, ports):
            return


def _deny(experiment_id: str, attempt: int, why: str, ports: Ports) -> None:
    """It will be refused until a person mends what is named: the end."""
    error = {
        "step": "launch",
        "error": f"{_REFUSED}: {why}",
        "hint": "when that is mended, retry it",
    }
    while (document := _launching(experiment_id, attempt, ports)) is not None:
        data = experiment.failed(
            document.data, error, retriable=False, now=ports.clock.now()
        )
        if _never_started(document, data, why, ports):
            return


def _never_started(
    document: Document, data: Json, why: str, ports: Ports
) -> bool:
    """Free the slot, with what the attempt was charged; False if overtaken."""
    log.warning(
        "the start of %s was refused: %s",
        document.id,
        why,
        extra={"labels": labels_of(document.data)},
    )
    cost = costs.estimate(document.data["request"])
    return outbox.commit(
        ports,
        [
            Update("experiments", document.id, document.version, data),
            *queues.free(ports, document.data, refund=cost),
        ],
        training.changed(data),
    )


def _fence(experiment_id: str, attempt: int, why: str, ports: Ports) -> None:
    """Nobody knows whether it was started: see that it never trains.

    Once the claim is ours no worker can begin, and it goes back to the queue
    without a try counted. A worker that has the claim is heard as any other.
    """
    log.warning("whether %s was started is unknown: %s", experiment_id, why)
    while (document := _launching(experiment_id, attempt, ports)) is not None:
        if attempts.claimant(ports, document) is not None:
            return
        data = experiment.requeued(
            document.data,
            now=ports.clock.now(),
            why=f"{_REFUSED}, or its answer lost: {why}",
            after=_back_off(document.data),
        )
        if collect.end(document, data, ports):
            return


def _back_off(data: Json) -> timedelta:
    """Longer with each refusal that the experiment has met."""
    refusals = sum(e["why"].startswith(_REFUSED) for e in data["history"])
    doubled: timedelta = _BACK_OFF * 2 ** min(refusals, 10)
    return min(doubled, _LONGEST_BACK_OFF)
