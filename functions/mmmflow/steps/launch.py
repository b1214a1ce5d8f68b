"""`queue.changed` → jobs started, until slots or candidates run out."""

import logging
from datetime import timedelta

from mmmflow import outbox, queues, schema, training
from mmmflow.domain import experiment, request
from mmmflow.domain.experiment import State
from mmmflow.ports import (
    Document,
    Json,
    Message,
    Order,
    Ports,
    RefusedError,
    Update,
    Where,
)

log = logging.getLogger(__name__)

_BACK_OFF = timedelta(seconds=10)


def launch(message: Message, ports: Ports) -> None:
    """Take slots and start jobs for the queue that changed."""
    schema.require("queue.changed.json", message.body)
    queue = queues.get(ports, message.body["queue"])
    while slots := queues.free_slots(ports, queue):
        candidates = _candidates(ports, queue.id, len(slots))
        if not candidates:
            return
        for slot, candidate in zip(slots, candidates, strict=False):
            _launch_one(slot, candidate, ports)


def _candidates(ports: Ports, queue: str, limit: int) -> list[Document]:
    """What may start now: the highest priority first, then the oldest."""
    return ports.documents.query(
        "experiments",
        where=[
            Where("state", "==", State.QUEUED.value),
            Where("queue", "==", queue),
            Where("eligible_at", "<=", ports.clock.now().isoformat()),
        ],
        order_by=[Order("priority", descending=True), Order("id")],
        limit=limit,
    )


def _launch_one(slot: Document, candidate: Document, ports: Ports) -> None:
    """Only the handler whose commit takes the slot starts the job, once."""
    data = experiment.launching(candidate.data, slot.id, now=ports.clock.now())
    taken = outbox.commit(
        ports,
        [
            Update("experiments", candidate.id, candidate.version, data),
            queues.take(slot, data),
        ],
        training.changed(data),
    )
    if not taken:
        return
    try:
        execution = ports.jobs.start(
            data["request"]["engine"],
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
    """The start was definitely refused: the attempt never was."""
    document = ports.documents.get("experiments", experiment_id)
    if (
        document is None
        or document.data["attempt"] != attempt
        or document.data["state"] != State.LAUNCHING
    ):
        return
    log.warning("the start of %s was refused: %s", experiment_id, why)
    data = experiment.requeued(
        document.data,
        now=ports.clock.now(),
        why=f"the start was refused: {why}",
        after=_BACK_OFF,
        attempt=attempt - 1,
    )
    committed = outbox.commit(
        ports,
        [
            Update("experiments", document.id, document.version, data),
            *queues.free(ports, document.data),
        ],
        training.changed(data),
    )
    if not committed:
        _give_back(experiment_id, attempt, why, ports)
