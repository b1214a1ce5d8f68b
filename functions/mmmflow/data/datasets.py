"""Datasets: raw rows of one country, and the marker that says they are there.

`raw.parquet` and `dataset.json` are created once; of two handlers at once
the first wins and the other describes what the first has stored.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mmmflow import schema
from mmmflow.domain import ids, paths
from mmmflow.domain.errors import Problem, stored
from mmmflow.log import labels_of
from mmmflow.messaging import outbox
from mmmflow.ports import (
    AlreadyExistsError,
    Document,
    Json,
    Ports,
    Update,
)
from mmmflow.submit import requests
from mmmflow.submit.requests import Request

if TYPE_CHECKING:
    from mmmflow.data.parquet import Read

log = logging.getLogger(__name__)


def asked_by_upload(name: str, generation: str) -> Request:
    """What a dropped file asks for; a file that replaces it asks anew."""
    body = {
        "message_id": f"{name}#{generation}",
        "actor": "upload",
        "upload": name,
    }
    return requests.read("upload", body)


def new(
    asked: Request,
    index: int,
    *,
    now: datetime,
    country: str,
    source: Json,
    mapping_version: str | None,
    train: Json | None,
) -> Json:
    """The document of the `index`-th dataset that a request asks for.

    State REQUESTED → EXTRACTED → PREPARED, or FAILED with its problems; a
    dataset that no mapping fits yet is prepared when one comes.
    """
    return {
        "schema_version": 1,
        "id": ids.mint(now, asked.id, index),
        "state": "REQUESTED",
        "country": country,
        "batch_id": ids.mint(now, asked.id),
        "source": source,
        "mapping_version": mapping_version,
        "train": train,
        "rows": None,
        "trainings": {},
        "prepared_with": None,
        "problems": [],
        "created_at": now.isoformat(),
        "correlation_id": asked.correlation_id,
        "actor": asked.actor,
    }


def is_stored(ports: Ports, data: Json) -> bool:
    """Nothing more is to be extracted: the marker stands, or it failed."""
    if data["state"] != "REQUESTED":
        return True
    marker = paths.dataset_marker(data["country"], data["id"])
    return ports.data.stat(marker) is not None


def store(
    ports: Ports, data: Json, read: "Read", notes: Json | None = None
) -> None:
    """Write the rows as raw.parquet, then the marker that describes it.

    `notes` are fields of the marker that say how the rows were read.

    Raises:
        parquet.NoRowsError: there are none; nothing was written.
        InvalidInputError: two columns have the same name.
    """
    from mmmflow.data import objects, parquet

    name = paths.raw_data(data["country"], data["id"])
    written = objects.Written(ports.data, name)
    try:
        described = parquet.write(read, written.opened)
        generation, checksum = written.generation, written.sha256
    except AlreadyExistsError:
        generation = generation_of(ports, name)
        with objects.open_read(ports.data, name, generation) as file:
            described = parquet.describe(file)
            file.seek(0)
            checksum = objects.sha256(file)
    columns = [{"name": n, "type": t} for n, t in described.columns]
    _mark(
        ports,
        data,
        {
            "rows": described.rows,
            "columns": columns,
            "generation": generation,
            "sha256": checksum,
            **(notes or {}),
        },
    )
    say(data, f"stored, {described.rows} rows")


def _mark(ports: Ports, data: Json, stored: Json) -> None:
    marker = {
        "schema_version": 1,
        "dataset_id": data["id"],
        "country": data["country"],
        "correlation_id": data["correlation_id"],
        "actor": data["actor"],
        "source": data["source"],
        "batch_id": data["batch_id"],
        "created_at": data["created_at"],
        **stored,
    }
    optional = ("mapping_version", "train")
    marker |= {key: data[key] for key in optional if data[key]}
    schema.require("dataset.json", marker)
    create_json(
        ports, paths.dataset_marker(data["country"], data["id"]), marker
    )


def read_marker(ports: Ports, data: Json) -> Json:
    """Raises: NotFoundError; InvalidInputError if it breaks its schema."""
    name = paths.dataset_marker(data["country"], data["id"])
    marker: Json = json.loads(ports.data.read(name))
    schema.require("dataset.json", marker)
    return marker


def fail(ports: Ports, dataset: Document, problems: Sequence[Problem]) -> None:
    """The end of a dataset that can't be had, with every reason."""
    failed = {
        "state": "FAILED",
        "problems": stored(problems),
    }
    if change(ports, dataset.id, lambda data: {**data, **failed}):
        why = "; ".join(str(problem) for problem in problems)
        say(dataset.data, f"can't be had: {why}", logging.WARNING)


def change(ports: Ports, id: str, changed: Callable[[Json], Json]) -> bool:
    """Write the changed document while the dataset's rows are awaited.

    False if they are not any more: it has its rows, or failed.
    """
    while True:
        document = ports.documents.get("datasets", id)
        if document is None or document.data["state"] != "REQUESTED":
            return False
        data = changed(document.data)
        update = Update("datasets", id, document.version, data)
        if outbox.commit(ports, [update]):
            return True


def say(data: Json, what: str, level: int = logging.INFO) -> None:
    """One log line about the dataset."""
    labels = {**labels_of(data), "dataset_id": data["id"]}
    log.log(level, "dataset %s %s", data["id"], what, extra={"labels": labels})


def create_json(ports: Ports, name: str, content: Json) -> None:
    """Create the object, unless one stands there already."""
    text = json.dumps(content, indent=1, ensure_ascii=False)
    try:
        ports.data.create(name, text.encode())
    except AlreadyExistsError:
        return


def generation_of(ports: Ports, name: str) -> str:
    """Of an object that is known to be there."""
    info = ports.data.stat(name)
    if info is None:
        raise FileNotFoundError(name)
    return info.generation


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
