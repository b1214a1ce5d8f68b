"""`queue.changed` → jobs started, until slots or candidates run out."""

import logging
from collections.abc import Sequence
from datetime import timedelta

from mmmflow import schema
from mmmflow.domain import costs, experiment, jobs, request, spending
from mmmflow.domain.experiment import State
from mmmflow.log import labels_of
from mmmflow.messaging import outbox
from mmmflow.ports import (
    Document,
    Json,
    Message,
    Ports,
    RefusedError,
    Update,
)
from mmmflow.queueing import queues, training

log = logging.getLogger(__name__)

_BACK_OFF = timedelta(seconds=10)


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
        counted = [room.queue] if capped else []
        _launch_one(slot, candidate, cost, counted, ports)
    return bool(candidates)


def _launch_one(
    slot: Document,
    candidate: Document,
    cost: float,
    counted: Sequence[Document],
    ports: Ports,
) -> None:
    """Only the handler whose commit takes the slot starts the job, once.

    What `counted` holds is written anew: a launch that counted at the same
    time is refused and counts again.
    """
    data = experiment.launching(candidate.data, slot.id, now=ports.clock.now())
    taken = outbox.commit(
        ports,
        [
            Update("experiments", candidate.id, candidate.version, data),
            queues.take(ports, slot, data, cost),
            *(
                Update(same.collection, same.id, same.version, same.data)
                for same in counted
            ),
        ],
        training.changed(data),
    )
    if not taken:
        return
    try:
        execution = ports.jobs.start(
            jobs.job_of(data["request"]),
            environment(ports, data),
            data["request"]["time_limit_seconds"],
        )
    except RefusedError as refused:
        _give_back(candidate.id, data["attempt"], str(refused), ports)
        return
    _record(candidate.id, data["attempt"], execution, ports)


def environment(ports: Ports, data: Json) -> dict[str, str]:
    """What the worker is told; all else is in the frozen configuration."""
    return {
        "MMMFLOW_EXPERIMENT": data["id"],
        "MMMFLOW_ATTEMPT": str(data["attempt"]),
        "MMMFLOW_RUN_URI": ports.data.uri(request.run_folder(data)),
    }


def _record(
    experiment_id: str, attempt: int, execution: str, ports: Ports
) -> None:
    """Note the execution, unless the worker was heard before."""
    document = ports.documents.get("experiments", experiment_id)
    if (
        document is None
        or document.data["attempt"] != attempt
        or document.data["state"] != State.LAUNCHING
    ):
        return
    data = experiment.leased(
        document.data, now=ports.clock.now(), execution=execution
    )
    update = Update("experiments", document.id, document.version, data)
    if not outbox.commit(ports, [update]):
        _record(experiment_id, attempt, execution, ports)


def _give_back(
    experiment_id: str, attempt: int, why: str, ports: Ports
) -> None:
    """The start was definitely refused: the attempt ends, and no try counts.

    Its number is not used again: `sweep` may have given it up meanwhile,
    and then its claim stands.
    """
    document = ports.documents.get("experiments", experiment_id)
    if (
        document is None
        or document.data["attempt"] != attempt
        or document.data["state"] != State.LAUNCHING
    ):
        return
    cost = costs.estimate(document.data["request"])
    log.warning(
        "the start of %s was refused: %s",
        experiment_id,
        why,
        extra={"labels": labels_of(document.data)},
    )
    data = experiment.requeued(
        document.data,
        now=ports.clock.now(),
        why=f"the start was refused: {why}",
        after=_BACK_OFF,
    )
    committed = outbox.commit(
        ports,
        [
            Update("experiments", document.id, document.version, data),
            *queues.free(ports, document.data, refund=cost),
        ],
        training.changed(data),
    )
    if not committed:
        _give_back(experiment_id, attempt, why, ports)
