"""What the API shows of datasets: how they stand, their quality, their rows."""

import json
from typing import Any

from mmmflow.domain import paths
from mmmflow.ports import Document, Json, NotFoundError, Order, Ports, Where

_FIELDS = (
    "id",
    "country",
    "state",
    "source",
    "rows",
    "problems",
    "created_at",
    "prepared_with",
)
_HOW = ("query_id", "job", "file")


def index(
    ports: Ports, country: str | None, limit: int, after: str | None
) -> Json:
    """The newest datasets, with what was wrong with them; and the cursor."""
    where = [Where("country", "==", country)] if country else []
    if after:
        where.append(Where("id", "<", after))
    newest = [Order("id", descending=True)]
    found = ports.documents.query("datasets", where, newest, limit + 1)
    page = found[:limit]
    return {
        "datasets": [_short(document.data) for document in page],
        "next": page[-1].id if len(found) > limit else None,
    }


def show(ports: Ports, id: str) -> Json:
    """All that is known of a dataset. Raises: NotFoundError."""
    data = _get(ports, id).data
    return {
        **_short(data),
        "mapping_version": data["mapping_version"],
        "train": data["train"],
        "trainings": data["trainings"],
        "refusals": data.get("refusals", {}),
        **{field: data.get(field) for field in _HOW},
        "batch_id": data["batch_id"],
        "correlation_id": data["correlation_id"],
        "actor": data["actor"],
    }


def quality(ports: Ports, id: str, version: str | None) -> Any:
    """The report of what was found when a mapping was applied.

    `version` is the mapping's; by default the one it was prepared with.

    Raises: NotFoundError.
    """
    data = _get(ports, id).data
    wanted = version or data["prepared_with"]
    if wanted not in data["trainings"]:
        raise NotFoundError(f"quality report of dataset {id} with {wanted}")
    folder = paths.training_data(data["country"], id, wanted)
    return json.loads(ports.data.read(f"{folder}/quality.json"))


def preview(ports: Ports, id: str, rows: int) -> Json:
    """The first rows as they were extracted.

    Raises: NotFoundError.
    """
    from mmmflow.data import objects
    from mmmflow.data.preview import first_rows

    data = _get(ports, id).data
    name = paths.raw_data(data["country"], id)
    info = ports.data.stat(name)
    if info is None:
        raise NotFoundError(f"row of dataset {id} yet")
    with objects.open_read(ports.data, name, info.generation) as file:
        found = first_rows(file, rows)
    return {
        "columns": [{"name": n, "type": t} for n, t in found.columns],
        "rows": found.rows,
        "total": found.total,
    }


def _get(ports: Ports, id: str) -> Document:
    document = ports.documents.get("datasets", id)
    if document is None:
        raise NotFoundError(f"dataset {id}")
    return document


def _short(data: Json) -> Json:
    shown = {field: data[field] for field in _FIELDS}
    return {**shown, "progress": data.get("progress")}
