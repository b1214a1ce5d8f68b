"""Guarded deletion: looked at first, confirmed by what was shown, resumed.

A `deletions` document says who deletes what; it stays as the record. What
dies half-way is gone on with by the same request, or by `sweep`.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import timedelta

from mmmflow import schema
from mmmflow.control import commands, removals
from mmmflow.domain import deletion
from mmmflow.domain.errors import (
    InvalidInputError,
    NotAllowedError,
    Problem,
    stored,
)
from mmmflow.messaging import outbox
from mmmflow.ports import (
    Create,
    Delete,
    Document,
    Json,
    NotFoundError,
    Ports,
    Update,
    Where,
)
from mmmflow.results import champions
from mmmflow.upkeep import deletion_plan
from mmmflow.upkeep.deletion_plan import Plan

log = logging.getLogger(__name__)

COLLECTION = "deletions"
_BUDGET = timedelta(seconds=20)  # of one request; the next goes on
_AT_ONCE = 5


def plan(ports: Ports, asked: Json) -> Plan:
    """What would go; `asked` is a deletion.json.

    Raises:
        InvalidInputError: it is none.
    """
    schema.require("deletion.json", asked)
    return deletion_plan.plan(ports, deletion.read(asked))


def delete(ports: Ports, asked: Json, *, actor: str) -> Json:
    """Delete what the token in `asked` was shown for; how far it is.

    The same request again goes on where it stopped, or says that it is done.

    Raises:
        InvalidInputError: the request is wrong, or lacks the token.
        NotAllowedError: what there is has changed since the plan.
    """
    schema.require("deletion.json", asked)
    id = asked.get("confirm")
    if id is None:
        raise InvalidInputError.of(
            "confirm",
            "nothing is deleted that was not looked at",
            "ask for the plan first, and give its token",
        )
    known = ports.documents.get(COLLECTION, id)
    if known is None:
        found = plan(ports, asked)
        if found.token != id:
            raise NotAllowedError.of(
                "confirm",
                "it is not the token of what would go now",
                "something came or went meanwhile: look at the plan again",
            )
        _begin(ports, found, actor, asked.get("why", ""))
    return go_on(ports, id)


def go_on(ports: Ports, id: str) -> Json:
    """Delete for up to 20 seconds; the deletion's document.

    Raises: NotFoundError.
    """
    data = _get(ports, id).data
    if data["open"]:
        until = ports.clock.now() + _BUDGET
        problems: list[Problem] = []
        for done in _steps(ports, data, problems):
            if ports.clock.now() >= until:
                return _changed(ports, id, {"done": done, **_said(problems)})
        now = ports.clock.now().isoformat()
        ended = {"open": False, "done": len(data["experiments"])}
        _changed(ports, id, {**ended, "ended_at": now, **_said(problems)})
        log.info("%s deleted %s", data["actor"], data["selector"])
    return _get(ports, id).data


def show(ports: Ports, id: str) -> Json:
    """Raises: NotFoundError."""
    return _get(ports, id).data


def resume_overdue(ports: Ports, before: str) -> None:
    """Go on with what has stood still since that time."""
    is_open = [Where("open", "==", True)]
    for document in ports.documents.query(COLLECTION, is_open, limit=_AT_ONCE):
        if document.data["updated_at"] <= before:
            go_on(ports, document.id)


def _begin(ports: Ports, found: Plan, actor: str, why: str) -> None:
    now = ports.clock.now().isoformat()
    shown = found.as_json()
    data: Json = {
        "schema_version": 1,
        "id": found.token,
        "selector": shown["selector"],
        "experiments": shown["experiments"],
        "datasets": shown["datasets"],
        "mappings": shown["mappings"],
        "boards": _boards(ports, found),
        "objects": shown["objects"],
        "bytes": shown["bytes"],
        "uploads": [
            {"name": one.name, "generation": one.generation}
            for one in found.uploads
        ],
        "open": True,
        "done": 0,
        "problems": [],
        "actor": actor,
        "why": why,
        "created_at": now,
        "updated_at": now,
        "ended_at": None,
    }
    outbox.commit(ports, [Create(COLLECTION, found.token, data)])


def _boards(ports: Ports, found: Plan) -> list[Json]:
    """The country and goal of each champion that goes."""
    return [
        {"country": one.data["country"], "goal": one.data["goal"]}
        for one in ports.documents.query("champions")
        if one.data["experiment_id"] in found.experiments
    ]


def _steps(ports: Ports, data: Json, problems: list[Problem]) -> Iterator[int]:
    """Delete one thing after the other, each as often as need be.

    Yields after each how many experiments are done.
    """
    every = len(data["experiments"])
    for index, id in enumerate(data["experiments"]):
        if index >= data["done"]:
            problems += _delete_experiment(ports, id, data)
            yield index + 1
    for board in data["boards"]:
        champions.update(ports, board["country"], board["goal"])
        yield every
    for id in data["datasets"]:
        problems += _delete_dataset(ports, id)
        yield every
    for id in data["mappings"]:
        prefix = deletion_plan.mapping_prefix(id)
        _delete_with_objects(ports, "mappings", id, [prefix])
        yield every
    for upload in data["uploads"]:
        _delete_upload(ports, upload)
        yield every


def _delete_experiment(ports: Ports, id: str, data: Json) -> list[Problem]:
    named = id in data["selector"]["champions"]
    try:
        commands.delete(
            ports,
            id,
            actor=data["actor"],
            keep_objects=False,
            even_champion=named,
        )
    except NotFoundError:
        removals.finish(ports, id)
    except NotAllowedError as refused:
        return refused.problems
    return []


def _delete_dataset(ports: Ports, id: str) -> list[Problem]:
    if deletion_plan.is_used(ports, id, set()):
        return [Problem(id, "an experiment uses the dataset: it stays")]
    document = ports.documents.get("datasets", id)
    if document is not None:
        prefixes = deletion_plan.dataset_prefixes(document.data)
        _delete_with_objects(ports, "datasets", id, prefixes)
    return []


def _delete_with_objects(
    ports: Ports, collection: str, id: str, prefixes: Sequence[str]
) -> None:
    """The objects first: the document names them until they are gone."""
    for prefix in prefixes:
        deletion.require_removable(prefix)
        for info in ports.data.list(prefix):
            ports.data.delete(info.name)
    ports.documents.commit([Delete(collection, id)])


def _delete_upload(ports: Ports, upload: Json) -> None:
    """The file that was shown; one that replaced it stays."""
    info = ports.uploads.stat(upload["name"])
    if info is not None and info.generation == upload["generation"]:
        ports.uploads.delete(info.name)


def _said(problems: list[Problem]) -> Json:
    return {"problems": stored(problems)} if problems else {}


def _changed(ports: Ports, id: str, fields: Json) -> Json:
    while True:
        document = _get(ports, id)
        now = ports.clock.now().isoformat()
        data = {**document.data, "updated_at": now, **fields}
        update = Update(COLLECTION, id, document.version, data)
        if outbox.commit(ports, [update]):
            return data


def _get(ports: Ports, id: str) -> Document:
    document = ports.documents.get(COLLECTION, id)
    if document is None:
        raise NotFoundError(f"deletion {id}")
    return document
