"""Experiments and the training data they wait for: whichever comes last.

`enqueue` calls `release` when an experiment is made, `prepare` when training
data is made; both find what the other has committed.
"""

import json
from datetime import datetime
from typing import Any

from mmmflow import schema
from mmmflow.domain import (
    experiment,
    job_config,
    mapping,
    paths,
    preparation,
    request,
)
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.domain.experiment import State
from mmmflow.domain.ids import content_hash
from mmmflow.messaging import outbox
from mmmflow.messaging.outbox import Outgoing
from mmmflow.ports import (
    AlreadyExistsError,
    Document,
    Json,
    Order,
    Ports,
    Update,
    Where,
)
from mmmflow.queueing import own_preparation, refreshes, wanted_data

CHUNK = 100


def release_waiting(ports: Ports, country: str, after: str = "") -> None:
    """Let go of the country's experiments whose data is there.

    A chunk of them, from the id after `after` on; the rest follows by a
    message of our own.
    """
    waiting = ports.documents.query(
        "experiments",
        where=[
            Where("state", "==", State.WAITING.value),
            Where("country", "==", country),
            Where("id", ">=", after),
        ],
        order_by=[Order("id")],
        limit=CHUNK + 1,
    )
    for document in waiting[:CHUNK]:
        release(ports, document.id)
    if len(waiting) > CHUNK:
        last = waiting[CHUNK].data
        body = {"country": country, "after": last["id"]}
        outbox.send(
            ports,
            [Outgoing("training.prepared", last["correlation_id"], body)],
        )


def release(
    ports: Ports, experiment_id: str, *, wake: bool = True
) -> str | None:
    """Freeze and queue the experiment if it has nothing to wait for.

    The name of its queue if it is queued now, by this call or before. With
    `wake` False the caller tells the queue, in a later commit.
    """
    while True:
        document = ports.documents.get("experiments", experiment_id)
        if document is None:
            return None
        if document.data["state"] != State.WAITING:
            queued = document.data["state"] == State.QUEUED
            return str(document.data["queue"]) if queued else None
        data = _released(ports, document.data)
        if data is None:
            return None
        update = Update("experiments", document.id, document.version, data)
        if data["state"] == State.WAITING:
            asked = _newly_asked(document.data, data)
            if outbox.commit(ports, [update], asked):
                return None
            continue
        messages = [*changed(data), *([queue_changed(data)] if wake else [])]
        outbox.commit(ports, [update], messages)


def _released(ports: Ports, data: Json) -> Json | None:
    """The experiment queued, failed, or with less to wait for; None if as is.

    Whether its time has come is asked of the clock, here and nowhere else.
    """
    now = ports.clock.now()
    waits_for = data["waits_for"] or {}
    if _is_held_back(ports, waits_for, now):
        return None
    try:
        data = own_preparation.pinned(ports, data)
        found = available(ports, data)
        if found is None:
            rest = {
                what: value
                for what, value in waits_for.items()
                if what not in ("time", "batch")
            }
            own = own_preparation.wanted(ports, data)
            rest |= {"preparation": own} if own else {}
            if rest == waits_for:
                return None
            return experiment.still_waiting(data, rest, now=now)
        nothing = _nothing_to_model(data, found)
        if nothing:
            return experiment.skipped(data, nothing, now=now)
        config = _freeze(ports, data, found)
        return experiment.queued(data, config, now=now)
    except InvalidInputError as invalid:
        return experiment.failed(
            data,
            {
                "step": "enqueue",
                "error": "; ".join(str(p) for p in invalid.problems),
                "hint": "correct the request or the mapping and submit again",
            },
            retriable=False,
            now=now,
        )


def _is_held_back(ports: Ports, waits_for: Json, now: datetime) -> bool:
    """Its time has not come, or its batch is not complete."""
    if "time" in waits_for and datetime.fromisoformat(waits_for["time"]) > now:
        return True
    return "batch" in waits_for and not _is_complete(ports, waits_for["batch"])


def _newly_asked(before: Json, data: Json) -> list[Outgoing]:
    """What `prepare` is asked for, once: when it is first waited for."""
    own = data["waits_for"].get("preparation")
    if own is None or own == (before["waits_for"] or {}).get("preparation"):
        return []
    return [own_preparation.request(data)]


def _nothing_to_model(data: Json, found: tuple[Json, Document]) -> str | None:
    """Why no model of its goal can be trained on this data, if none can."""
    training, mapping_document = found
    meaning = mapping.read(mapping_document.data["content"])
    goal = job_config.goal_of(data["request"], meaning).column
    reason: str | None = training.get("unmodellable", {}).get(goal)
    return reason


def _is_complete(ports: Ports, batch_id: str) -> bool:
    batch = ports.documents.get("batches", batch_id)
    return batch is not None and batch.data["state"] == "COMPLETE"


def changed(data: Json) -> list[Outgoing]:
    """The message that tells others of an experiment's new state."""
    body = {
        "experiment_id": data["id"],
        "country": data["country"],
        "state": data["state"],
        "attempt": data["attempt"],
        "updated_at": data["updated_at"],
    }
    if data.get("batch_id"):
        body["batch_id"] = data["batch_id"]
    return [Outgoing("experiment.changed", data["correlation_id"], body)]


def queue_changed(data: Json) -> Outgoing:
    """The message that makes `launch` look at the experiment's queue."""
    body = {"queue": data["queue"]}
    return Outgoing("queue.changed", data["correlation_id"], body)


def available(ports: Ports, data: Json) -> tuple[Json, Document] | None:
    """(what `prepare` made, the mapping), or None while there is none.

    Raises:
        InvalidInputError: this data will never be prepared, and why.
    """
    dataset = wanted_data.find(ports, data)
    if dataset is None:
        return None
    if dataset.data["state"] == "FAILED" and wanted_data.is_its_own(data):
        raise InvalidInputError(
            [Problem(**problem) for problem in dataset.data["problems"]]
        )
    version = data["mapping_version"] or dataset.data["prepared_with"]
    if version is None:
        return None
    key = preparation.key(version, preparation.asked(_request(data)))
    training = dataset.data["trainings"].get(key)
    if training is None:
        refused = dataset.data.get("refusals", {}).get(key)
        if refused:
            raise InvalidInputError([Problem(**one) for one in refused])
        return None
    id = f"{training['mapping_scope']}~{version}"
    found = ports.documents.get("mappings", id)
    if found is None:
        return None
    identity = {"dataset_id": dataset.id, "mapping_version": version}
    return {**training, **identity}, found


def _request(data: Json) -> Json:
    """Of an experiment; or itself, if it is none yet."""
    asked: Json = data.get("request", data)
    return asked


def _freeze(
    ports: Ports, data: Json, found: tuple[Json, Document]
) -> dict[str, Any]:
    """Write job_config.json, or take the one that stands there already.

    Raises:
        InvalidInputError: the request does not fit the mapping, or names a
            model that can't be refreshed.
    """
    training, mapping_document = found
    meaning = mapping.of_training(mapping_document.data["content"], training)
    problems = job_config.problems(data["request"], meaning)
    if problems:
        raise InvalidInputError(problems)
    goal = job_config.goal_of(data["request"], meaning).column
    previous = refreshes.model(ports, data, goal)
    config = job_config.freeze(
        *job_config.without(data, meaning, training.get("left_out", {})),
        training,
        previous,
        ports.deployment.images.get(data["request"]["engine"], ""),
    )
    name = paths.job_config(request.run_folder(data))
    try:
        content = json.dumps(config, indent=1, ensure_ascii=False).encode()
        ports.data.create(name, content)
    except AlreadyExistsError:
        config = json.loads(ports.data.read(name))
    schema.require("job_config.json", config)
    return {
        "name": name,
        "content_hash": content_hash(config),
        "goal": config["dep_var"],
        "dataset_id": config["dataset_id"],
        "mapping_version": config["mapping_version"],
        "image": config["engine"].get("image", ""),
    }
