"""Batches: experiments that were asked for together.

A small one is made in one commit. Of a large one the manifest, an object
with a request a line, and the batch document come first; its experiments are
created in chunks by messages to ourselves, and wait until the document says
COMPLETE. Then they are let go, in chunks again.
"""

import itertools
import json
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from mmmflow.data import datasets
from mmmflow.domain import ids, paths, request, revision
from mmmflow.domain.revision import Numbers
from mmmflow.messaging import outbox
from mmmflow.messaging.outbox import Outgoing
from mmmflow.ports import (
    AlreadyExistsError,
    Create,
    Document,
    Json,
    Ports,
    Update,
    Where,
    Write,
)
from mmmflow.queueing import training
from mmmflow.submit import data_requests, requests, revisions

COLLECTION = "batches"
CHUNK = 100


def make(ports: Ports, asked: requests.Request, wanted: Sequence[Json]) -> Json:
    """Make what the request asks for, or begin to; its answer.

    `wanted` are valid requests of one experiment each. Whatever was made
    for the same request before stands.

    Raises:
        KeyReusedError: the key is known with other content.
    """
    now = ports.clock.now()
    engine = ports.deployment.engine
    experiments = [request.complete(one, engine) for one in wanted]
    data = data_requests.messages(asked, experiments)
    force = bool(asked.body.get("force"))
    large = len(experiments) > CHUNK
    manifest: Json | None = None
    while (answer := requests.answered(ports, asked)) is None:
        numbers, writes = revisions.take(ports, experiments, force=force)
        if large and manifest is None:
            manifest = _write_manifest(ports, _id(asked, now), experiments)
        batch = _new(asked, now, len(experiments), numbers, manifest)
        if manifest is not None:
            _begin(ports, asked, batch, writes, data)
        else:
            _make_at_once(
                ports, asked, batch, experiments, writes=writes, data=data
            )
    return answer


def proceed(ports: Ports, body: Json) -> None:
    """Do the chunk that a message asks for, unless it was overtaken."""
    chunk = _create_chunk if body["step"] == "create" else _release_chunk
    while True:
        batch = ports.documents.get(COLLECTION, body["batch_id"])
        if batch is None or _next_chunk(batch.data) != (
            body["step"],
            body["at"],
        ):
            return
        if chunk(ports, batch):
            return


def resume_overdue(ports: Ports, before: str) -> None:
    """Ask again for chunks whose message was lost or given up."""
    overdue = ports.documents.query(
        COLLECTION,
        where=[Where("open", "==", True), Where("updated_at", "<=", before)],
        limit=CHUNK,
    )
    outbox.send(ports, [m for batch in overdue for m in _message(batch.data)])


def _id(asked: requests.Request, now: datetime) -> str:
    return ids.mint(now, f"{asked.id}/batch")


def _new(
    asked: requests.Request,
    now: datetime,
    total: int,
    numbers: Numbers,
    manifest: Json | None,
) -> Json:
    """`group` is the batch that the experiments name as theirs."""
    id = _id(asked, now)
    small = manifest is None
    return {
        "schema_version": 1,
        "id": id,
        "group": asked.body.get("batch_id") or id,
        "state": "COMPLETE" if small else "CREATING",
        "total": total,
        "created": total if small else 0,
        "released": total if small else 0,
        "open": not small,
        "request_id": asked.id,
        "manifest": manifest,
        "numbers": numbers,
        "created_at": now.isoformat(),
        "updated_at": now.isoformat(),
        "correlation_id": asked.correlation_id,
        "actor": asked.actor,
    }


def _begin(
    ports: Ports,
    asked: requests.Request,
    batch: Json,
    writes: list[Write],
    data: list[Outgoing],
) -> None:
    requests.accept(
        ports,
        asked,
        [],
        [Create(COLLECTION, batch["id"], batch), *writes],
        [*data, *_message(batch)],
        batch_id=batch["id"],
    )


def _make_at_once(
    ports: Ports,
    asked: requests.Request,
    batch: Json,
    experiments: Sequence[Json],
    *,
    writes: list[Write],
    data: list[Outgoing],
) -> None:
    """One alone is no batch, nor is a part of somebody else's."""
    grouped = len(experiments) > 1 or "batch_id" in asked.body
    own = grouped and batch["group"] == batch["id"]
    group = batch["group"] if grouped else None
    made = _experiments(batch, experiments, 0, batch_id=group, whole=None)
    requests.accept(
        ports,
        asked,
        [data["id"] for data in made],
        [
            *([Create(COLLECTION, batch["id"], batch)] if own else []),
            *(Create("experiments", data["id"], data) for data in made),
            *writes,
        ],
        [*data, *(m for one in made for m in training.changed(one))],
        batch_id=group,
    )


def _experiments(
    batch: Json,
    wanted: Sequence[Json],
    start: int,
    *,
    batch_id: str | None,
    whole: str | None,
) -> list[Json]:
    """Documents of a part of the batch; the same at every try."""
    first_seen = datetime.fromisoformat(batch["created_at"])
    return [
        request.new_experiment(
            ids.mint(first_seen, batch["request_id"], index),
            revision.numbered(one, batch["numbers"]),
            batch_id=batch_id,
            whole_batch=whole,
            data_request=data_requests.request_id(batch["request_id"], one),
            correlation_id=batch["correlation_id"],
            actor=batch["actor"],
            now=first_seen,
        )
        for index, one in enumerate(wanted, start)
    ]


def _create_chunk(ports: Ports, batch: Document) -> bool:
    data = batch.data
    start = data["created"]
    wanted = _read_manifest(ports, data["manifest"], start)
    made = _experiments(
        data, wanted, start, batch_id=data["group"], whole=batch.id
    )
    created = start + len(made)
    changed = {
        **data,
        "created": created,
        "state": "COMPLETE" if created == data["total"] else "CREATING",
        "updated_at": ports.clock.now().isoformat(),
    }
    return outbox.commit(
        ports,
        [
            Update(COLLECTION, batch.id, batch.version, changed),
            *(Create("experiments", one["id"], one) for one in made),
        ],
        [
            *(m for one in made for m in training.changed(one)),
            *_message(changed),
        ],
    )


def _release_chunk(ports: Ports, batch: Document) -> bool:
    """Let experiments go; then tell their queues, once each."""
    data = batch.data
    released = min(data["released"] + CHUNK, data["total"])
    first_seen = datetime.fromisoformat(data["created_at"])
    queues = set()
    for index in range(data["released"], released):
        id = ids.mint(first_seen, data["request_id"], index)
        queues.add(training.release(ports, id, wake=False))
    changed = {
        **data,
        "released": released,
        "open": released < data["total"],
        "updated_at": ports.clock.now().isoformat(),
    }
    tell = [
        Outgoing("queue.changed", data["correlation_id"], {"queue": queue})
        for queue in sorted(queue for queue in queues if queue is not None)
    ]
    return outbox.commit(
        ports,
        [Update(COLLECTION, batch.id, batch.version, changed)],
        [*tell, *_message(changed)],
    )


def _next_chunk(batch: Json) -> tuple[str, int] | None:
    """What is to be done next, and how many of it are done."""
    if batch["state"] == "CREATING":
        return "create", batch["created"]
    if batch["released"] < batch["total"]:
        return "release", batch["released"]
    return None


def _message(batch: Json) -> list[Outgoing]:
    """The message to ourselves that asks for the next chunk, if any."""
    chunk = _next_chunk(batch)
    if chunk is None:
        return []
    step, at = chunk
    body = {"batch_id": batch["id"], "step": step, "at": at}
    return [
        Outgoing(
            "batch.continued",
            batch["correlation_id"],
            body,
            message_id=f"{batch['id']}-{step}-{at}",
        )
    ]


def _write_manifest(
    ports: Ports, batch_id: str, experiments: Sequence[Json]
) -> Json:
    """The requests with their defaults, one a line, for every chunk."""
    name = paths.batch_manifest(batch_id)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "manifest.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for one in experiments:
                file.write(json.dumps(one, ensure_ascii=False) + "\n")
        try:
            generation = ports.data.create(name, path).generation
        except AlreadyExistsError:  # by the same request, in this second
            generation = datasets.generation_of(ports, name)
    return {"name": name, "generation": generation}


def _read_manifest(ports: Ports, manifest: Json, start: int) -> list[Json]:
    """One chunk's lines; the file is never in memory as a whole."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "manifest.jsonl"
        ports.data.download(manifest["name"], path, manifest["generation"])
        with path.open(encoding="utf-8") as file:
            lines = itertools.islice(file, start, start + CHUNK)
            return [json.loads(line) for line in lines]
