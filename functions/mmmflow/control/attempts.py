"""Giving an attempt up: first its claim, then what the claim names.

An attempt's claim is created once. Whoever gives the attempt up creates it:
if that succeeds, no worker can ever start; if it exists, it names the
execution that did.
"""

import json

from mmmflow.domain import experiment, paths, request
from mmmflow.messaging import outbox
from mmmflow.ports import (
    AlreadyExistsError,
    Document,
    NotFoundError,
    Ports,
    Update,
)
from mmmflow.queueing import queues, training

_NOBODY = "none"


def claimant(ports: Ports, document: Document) -> str | None:
    """The execution that owns the attempt, or None now that nobody ever will.

    Creates the claim where there is none: after that no worker can start.
    """
    name = _claim(document)
    fence = {
        "schema_version": 1,
        "execution": _NOBODY,
        "task": "given up",
        "token": ports.entropy.token(),
    }
    try:
        ports.data.create(name, json.dumps(fence).encode())
    except AlreadyExistsError:
        owner = str(json.loads(ports.data.read(name))["execution"])
        return None if owner == _NOBODY else owner
    return None


def is_given_up(ports: Ports, document: Document) -> bool:
    """Nobody owns the attempt, and nobody ever will."""
    name = _claim(document)
    try:
        owner = json.loads(ports.data.read(name))["execution"]
    except NotFoundError:
        return False
    return bool(owner == _NOBODY)


def stop(ports: Ports, experiment_id: str) -> None:
    """See to it that a cancelled experiment trains no more.

    Its slot is free when no worker can ever start or what had started has
    ended; else that is told to stop, and the slot stays held until its end
    is heard, or found by `sweep`.
    """
    while True:
        document = ports.documents.get("experiments", experiment_id)
        if document is None or not experiment.is_stopping(document.data):
            return
        owner = claimant(ports, document)
        execution = ports.jobs.get(owner) if owner else None
        if owner is None:
            done = release(ports, document, "its worker can never start")
        elif execution is None or execution.ended:
            done = release(ports, document, "its worker has ended")
        else:
            ports.jobs.cancel(owner)
            done = _look_again(ports, document, owner)
        if done:
            return


def release(ports: Ports, document: Document, why: str) -> bool:
    """Free the slot of a cancelled experiment; False if overtaken."""
    data = experiment.released(document.data, now=ports.clock.now(), why=why)
    return outbox.commit(
        ports,
        [
            Update("experiments", document.id, document.version, data),
            *queues.free(ports, document.data),
        ],
        [training.queue_changed(data)],
    )


def _look_again(ports: Ports, document: Document, execution: str) -> bool:
    data = experiment.leased(
        document.data, now=ports.clock.now(), execution=execution
    )
    update = Update("experiments", document.id, document.version, data)
    return outbox.commit(ports, [update])


def _claim(document: Document) -> str:
    run = request.run_folder(document.data)
    return paths.claim(run, document.data["attempt"])
