"""What a person does with an experiment once it exists.

Each command is right whenever it comes, twice, or dies half-way: the change
of state is one commit, and what follows from it is found and finished by
`sweep`. Every command says who gave it.
"""

import logging

from mmmflow.control import attempts, removals
from mmmflow.domain import experiment, jobs
from mmmflow.domain.errors import InvalidInputError, NotAllowedError
from mmmflow.domain.experiment import State
from mmmflow.log import labels_of
from mmmflow.messaging import outbox
from mmmflow.ports import (
    Delete,
    Document,
    Json,
    NotFoundError,
    Ports,
    Update,
    Write,
)
from mmmflow.queueing import training
from mmmflow.results import champions
from mmmflow.steps import enqueue
from mmmflow.submit import requests

log = logging.getLogger(__name__)

_RETRIABLE = (State.FAILED, State.SKIPPED, State.CANCELLED)
_SIZE = ("iterations", "trials")


def cancel(
    ports: Ports, experiment_id: str, *, actor: str, why: str = ""
) -> Document:
    """End the experiment, and stop what may run of it.

    Of cancel and finish the first commit wins; the other is noted in the
    history. A run that was going on holds its slot until it has ended.

    Raises:
        NotFoundError: there is no such experiment.
        NotAllowedError: it had ended before.
    """
    while True:
        document = _get(ports, experiment_id)
        if document.data["state"] == State.CANCELLED:
            break
        if experiment.is_terminal(document.data):
            if _note_late(ports, document, actor):
                raise _ended_before(document)
            continue
        data = experiment.cancelled(
            document.data, actor=actor, now=ports.clock.now(), why=why
        )
        update = Update("experiments", document.id, document.version, data)
        if outbox.commit(ports, [update], training.changed(data)):
            break
    attempts.stop(ports, experiment_id)
    return _get(ports, experiment_id)


def retry(
    ports: Ports, experiment_id: str, *, actor: str, key: str | None = None
) -> Document:
    """Run an ended experiment once more, with the configuration it had.

    The same retry asked for twice (by `key`) is one.

    Raises:
        NotFoundError: there is no such experiment.
        NotAllowedError: it has not ended, succeeded, or is being stopped.
    """
    body = {"actor": actor, "message_id": key}
    asked = requests.read(f"retry of {experiment_id}", body) if key else None
    while True:
        document = _get(ports, experiment_id)
        if asked and requests.answered(ports, asked) is not None:
            break
        _require_retriable(document)
        data = experiment.retried(
            document.data, actor=actor, now=ports.clock.now()
        )
        update = Update("experiments", document.id, document.version, data)
        messages = [*training.changed(data), training.queue_changed(data)]
        if (
            requests.accept(ports, asked, [document.id], [update], messages)
            if asked
            else outbox.commit(ports, [update], messages)
        ):
            break
    training.release(ports, experiment_id)
    return _get(ports, experiment_id)


def clone(
    ports: Ports,
    experiment_id: str,
    *,
    changes: Json,
    actor: str,
    key: str | None = None,
) -> tuple[Document, bool]:
    """A new experiment from the request of an old one; whether it is new.

    `changes` replace what was asked for; null asks for the default again.
    The same clone asked for twice (by `key`, else by its content) is one.

    Raises:
        NotFoundError: there is no such experiment, or its clone is deleted.
        InvalidInputError: with every problem of the changed request.
        KeyReusedError: the key came with another clone.
    """
    old = _get(ports, experiment_id).data
    body: Json = {
        "schema_version": 1,
        "actor": actor,
        "experiment": changed_request(old["request"], changes),
        **({"message_id": key} if key else {}),
    }
    asked = requests.read(f"clone of {experiment_id}", body)
    known = requests.answered(ports, asked) is not None
    made = enqueue.submit(asked, ports)
    if not made:
        raise NotFoundError(f"clone of {experiment_id} any more: deleted")
    return made[0], not known


def changed_request(asked: Json, changes: Json) -> Json:
    """The request with the changes; a preset replaces the numbers before.

    So does the work the size of the job, unless that was chosen otherwise.
    """
    replaced = _SIZE if "preset" in changes else ()
    if jobs.size_of(asked) == jobs.size_for(jobs.models_of(asked)):
        replaced = (*replaced, "size")
    kept = {k: v for k, v in asked.items() if k not in replaced}
    merged = {**kept, **changes}
    return {key: value for key, value in merged.items() if value is not None}


def delete(
    ports: Ports,
    experiment_id: str,
    *,
    actor: str,
    keep_objects: bool,
    even_champion: bool = False,
) -> None:
    """Forget an ended experiment, and its objects where they aren't kept.

    Where the champion goes too, the best of the others takes its place.

    Raises:
        NotFoundError: there is no such experiment.
        NotAllowedError: it has not ended, or is a champion.
    """
    while True:
        document = _get(ports, experiment_id)
        _require_ended(document)
        gone = {
            **document.data,
            "state": "DELETED",
            "updated_at": ports.clock.now().isoformat(),
        }
        writes: list[Write] = [
            Delete("experiments", document.id, document.version),
            *_ranked_no_more(ports, document, even_champion),
        ]
        if not keep_objects:
            asked = removals.of_experiment(ports, document.data, actor)
            writes.append(asked)
        if outbox.commit(ports, writes, training.changed(gone)):
            break
    log.info(
        "%s deleted experiment %s",
        actor,
        experiment_id,
        extra={"labels": labels_of(document.data)},
    )
    if document.data["state"] == State.SUCCEEDED:
        country, goal = document.data["country"], document.data["goal"]
        champions.update(ports, country, goal)
    removals.finish(ports, experiment_id)


def _get(ports: Ports, experiment_id: str) -> Document:
    document = ports.documents.get("experiments", experiment_id)
    if document is None:
        raise NotFoundError(f"experiment {experiment_id}")
    return document


def _note_late(ports: Ports, document: Document, actor: str) -> bool:
    """The end came first: the cancel is noted, once. False if overtaken."""
    why = f"cancelled too late: it was {document.data['state']}"
    if experiment.is_noted(document.data, why):
        return True
    data = experiment.noted(
        document.data, now=ports.clock.now(), why=why, actor=actor
    )
    update = Update("experiments", document.id, document.version, data)
    return outbox.commit(ports, [update])


def _ended_before(document: Document) -> InvalidInputError:
    return NotAllowedError.of(
        document.id,
        f"it had ended before: {document.data['state']}",
        "nothing is left to cancel",
    )


def _require_retriable(document: Document) -> None:
    state = experiment.state_of(document.data)
    if state not in _RETRIABLE:
        raise NotAllowedError.of(
            document.id,
            f"it is {state}",
            f"only what is {', '.join(_RETRIABLE)} can be retried;"
            " a clone runs it again as a new experiment",
        )
    _require_stopped(document)


def _require_ended(document: Document) -> None:
    if not experiment.is_terminal(document.data):
        raise NotAllowedError.of(
            document.id,
            f"it is {document.data['state']}",
            "cancel it first",
        )
    _require_stopped(document)


def _require_stopped(document: Document) -> None:
    if experiment.is_stopping(document.data):
        raise NotAllowedError.of(
            document.id,
            "it was cancelled and its run is still being stopped",
            "try again in a minute",
        )


def _ranked_no_more(
    ports: Ports, document: Document, even_champion: bool
) -> list[Update]:
    """What its leaderboard must learn; a champion can't be deleted.

    The champion is part of the commit, so that it can't become it meanwhile.
    """
    if document.data["state"] != State.SUCCEEDED:
        return []
    country, goal = document.data["country"], document.data["goal"]
    champions.update(ports, country, goal)
    id = champions.id_of(country, goal)
    champion = ports.documents.get("champions", id)
    if champion is None:
        return []
    is_champion = champion.data["experiment_id"] == document.id
    if is_champion and not even_champion:
        raise NotAllowedError.of(
            document.id,
            f"it is the champion of {country}, {goal}",
            "a better experiment must take its place first",
        )
    return [champions.losing(champion)]
