"""Datasets: raw rows of one country, and the marker that says they are there.

`raw.parquet` and `dataset.json` are created once; of two handlers at once
the first wins and the other describes what the first has stored.
"""

import hashlib
import json
import logging
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from mmmflow import schema
from mmmflow.domain import ids, paths
from mmmflow.domain.errors import Problem
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


def store(ports: Ports, data: Json, path: Path) -> None:
    """Create raw.parquet from the file, then the marker that describes it."""
    from mmmflow.data import parquet

    name = paths.raw_data(data["country"], data["id"])
    try:
        generation = ports.data.create(name, path).generation
    except AlreadyExistsError:
        generation = generation_of(ports, name)
        ports.data.download(name, path, generation)
    rows, columns = parquet.describe(path)
    marker = {
        "schema_version": 1,
        "dataset_id": data["id"],
        "country": data["country"],
        "correlation_id": data["correlation_id"],
        "actor": data["actor"],
        "source": data["source"],
        "rows": rows,
        "columns": [{"name": n, "type": t} for n, t in columns],
        "generation": generation,
        "sha256": sha256(path),
        "batch_id": data["batch_id"],
        "created_at": data["created_at"],
    }
    optional = ("mapping_version", "train")
    marker |= {key: data[key] for key in optional if data[key]}
    schema.require("dataset.json", marker)
    create_json(
        ports, paths.dataset_marker(data["country"], data["id"]), marker
    )
    say(data, f"stored, {rows} rows")


def read_marker(ports: Ports, data: Json) -> Json:
    """Raises: NotFoundError; InvalidInputError if it breaks its schema."""
    name = paths.dataset_marker(data["country"], data["id"])
    marker: Json = json.loads(ports.data.read(name))
    schema.require("dataset.json", marker)
    return marker


def fail(ports: Ports, dataset: Document, problems: Sequence[Problem]) -> None:
    """The end of a dataset that can't be had, with every reason."""
    failed = {
        **dataset.data,
        "state": "FAILED",
        "problems": [problem.as_json() for problem in problems],
    }
    outbox.commit(
        ports, [Update("datasets", dataset.id, dataset.version, failed)]
    )
    why = "; ".join(str(problem) for problem in problems)
    say(dataset.data, f"can't be had: {why}", logging.WARNING)


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
