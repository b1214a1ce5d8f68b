"""Experiments and the training data they wait for: whichever comes last.

`enqueue` calls `release` when an experiment is made, `prepare` when training
data is made; both find what the other has committed.
"""

import json
import logging
from typing import Any

from mmmflow import outbox, schema
from mmmflow.domain import experiment, mapping, paths, request
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.domain.experiment import State
from mmmflow.domain.ids import content_hash
from mmmflow.domain.mapping import DataMapping
from mmmflow.outbox import Outgoing
from mmmflow.ports import (
    AlreadyExistsError,
    Document,
    Json,
    Order,
    Ports,
    Update,
    Where,
)

log = logging.getLogger(__name__)

ENGINE_VERSIONS = {"native": "0.1.0"}


def release_waiting(ports: Ports, country: str) -> None:
    """Let go of every experiment of the country whose data is there."""
    waiting = ports.documents.query(
        "experiments",
        where=[
            Where("state", "==", State.WAITING.value),
            Where("country", "==", country),
        ],
    )
    for document in waiting:
        release(ports, document.id)


def release(ports: Ports, experiment_id: str) -> None:
    """Freeze and queue the experiment if its training data is there."""
    document = ports.documents.get("experiments", experiment_id)
    if document is None or document.data["state"] != State.WAITING:
        return
    now = ports.clock.now()
    try:
        found = _training(ports, document.data)
        if found is None:
            return
        config = _freeze(ports, document.data, found)
        data = experiment.queued(document.data, config, now=now)
    except InvalidInputError as invalid:
        data = experiment.failed(
            document.data,
            {
                "step": "enqueue",
                "error": "; ".join(str(p) for p in invalid.problems),
                "hint": "correct the request or the mapping and submit again",
            },
            retriable=False,
            now=now,
        )
    committed = outbox.commit(
        ports,
        [Update("experiments", document.id, document.version, data)],
        [*changed(data), queue_changed(data)],
    )
    if not committed:
        release(ports, experiment_id)


def changed(data: Json) -> list[Outgoing]:
    """The message that tells others of an experiment's new state."""
    body = {
        "experiment_id": data["id"],
        "country": data["country"],
        "state": data["state"],
        "attempt": data["attempt"],
        "updated_at": data["updated_at"],
    }
    return [Outgoing("experiment.changed", data["correlation_id"], body)]


def queue_changed(data: Json) -> Outgoing:
    """The message that makes `launch` look at the experiment's queue."""
    body = {"queue": data["queue"]}
    return Outgoing("queue.changed", data["correlation_id"], body)


def read_mapping(ports: Ports, scope: str, version: str) -> DataMapping:
    """Raises: NotFoundError; InvalidInputError with every problem."""
    content = ports.data.read(paths.mapping_marker(scope, version))
    return parse_mapping(content)


def parse_mapping(content: bytes) -> DataMapping:
    """Raises: InvalidInputError with every problem."""
    try:
        document = schema.parse(content)
    except ValueError as error:
        raise InvalidInputError.of(
            "mapping.json", f"no JSON: {error}"
        ) from None
    schema.require("mapping.json", document)
    return mapping.read(document)


def mapping_for(ports: Ports, country: str, version: str) -> Document | None:
    """The country's own mapping of that version, else the universal one."""
    own = ports.documents.get("mappings", f"{country}~{version}")
    return own or ports.documents.get("mappings", f"universal~{version}")


def newest_mapping(ports: Ports, country: str) -> Document | None:
    """The country's own newest mapping, else the newest universal one."""
    for scope in (country, "universal"):
        found = ports.documents.query(
            "mappings",
            where=[
                Where("scope", "==", scope),
                Where("state", "==", "ACCEPTED"),
            ],
            order_by=[Order("created_at", descending=True)],
            limit=1,
        )
        if found:
            return found[0]
    return None


def _training(ports: Ports, data: Json) -> tuple[Json, Document] | None:
    """(what `prepare` made, the mapping), or None while there is none.

    Raises:
        InvalidInputError: this data will never be prepared, and why.
    """
    dataset = _dataset(ports, data)
    if dataset is None:
        return None
    if dataset.data["state"] == "FAILED" and data["dataset_id"]:
        raise InvalidInputError(
            [Problem(**problem) for problem in dataset.data["problems"]]
        )
    version = data["mapping_version"] or dataset.data["prepared_with"]
    training = dataset.data["trainings"].get(version)
    found = mapping_for(ports, data["country"], version) if training else None
    if training is None or found is None:
        return None
    identity = {"dataset_id": dataset.id, "mapping_version": version}
    return {**training, **identity}, found


def _dataset(ports: Ports, data: Json) -> Document | None:
    if data["dataset_id"]:
        named = ports.documents.get("datasets", data["dataset_id"])
        if named is None:
            raise InvalidInputError.of(
                "dataset_id", f"there is no dataset {data['dataset_id']}"
            )
        if named.data["country"] != data["country"]:
            raise InvalidInputError.of(
                "dataset_id",
                f"dataset {named.id} is of {named.data['country']},"
                f" the experiment is for {data['country']}",
            )
        return named
    newest = ports.documents.query(
        "datasets",
        where=[
            Where("country", "==", data["country"]),
            Where("state", "==", "PREPARED"),
        ],
        order_by=[Order("id", descending=True)],
        limit=1,
    )
    return newest[0] if newest else None


def _freeze(
    ports: Ports, data: Json, found: tuple[Json, Document]
) -> dict[str, Any]:
    """Write job_config.json, or take the one that stands there already.

    Raises:
        InvalidInputError: the request does not fit the mapping.
    """
    training, mapping_document = found
    meaning = read_mapping(
        ports,
        mapping_document.data["scope"],
        mapping_document.data["version"],
    )
    problems = request.problems(data["request"], meaning)
    if problems:
        raise InvalidInputError(problems)
    config = request.freeze(
        data,
        meaning,
        training,
        engine_version=ENGINE_VERSIONS[data["request"]["engine"]],
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
    }
