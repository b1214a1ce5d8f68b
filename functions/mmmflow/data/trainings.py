"""Training data of a dataset and a mapping: made once, under its own key.

The key is the mapping's version, and a hash of the options where an
experiment wants the rows prepared in its own way; the folder is named by it,
so that no training data is ever written over.
"""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mmmflow.data import datasets
from mmmflow.domain import mapping as data_mapping
from mmmflow.domain import paths, preparation
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.ports import (
    AlreadyExistsError,
    Document,
    Json,
    NotFoundError,
    Order,
    Ports,
    Where,
)

if TYPE_CHECKING:
    from mmmflow.data.drift import Before


def make(data: Json, mapping: Document, options: Json, ports: Ports) -> Json:
    """Write input_data.parquet and quality.json; what identifies them.

    `data` is the dataset's document, `options` what an experiment asks for.

    Raises:
        InvalidInputError: with every problem of the mapping or the data.
    """
    from mmmflow.data import objects, quality_report, rows
    from mmmflow.data import preparation as prepare

    if mapping.data["state"] == "REFUSED":
        raise InvalidInputError(
            [Problem(**problem) for problem in mapping.data["problems"]]
        )
    version = mapping.data["version"]
    meaning = data_mapping.read(
        preparation.with_options(mapping.data["content"], options)
    )
    key = preparation.key(version, options)
    folder = paths.training_data(data["country"], data["id"], key)
    raw = paths.raw_data(data["country"], data["id"])
    generation = datasets.read_marker(ports, data)["generation"]
    with objects.open_read(ports.data, raw, generation) as file:
        found = rows.read(file, meaning, data["country"])

    def read_object(name: str, generation: str) -> bytes:
        try:
            return ports.data.read(name, generation)
        except NotFoundError:
            raise InvalidInputError.of(
                "annotations",
                f"there is no {name} of generation {generation}",
                "was it written over? Name the generation that stands there",
            ) from None

    prepared = prepare.prepare(found, meaning, data["country"], read_object)
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "input_data.parquet"
        prepare.write(prepared, path)
        name = f"{folder}/input_data.parquet"
        generation = _create(name, path, ports)
        checksum = datasets.sha256(path)
    report = quality_report.of(
        prepared,
        dataset_id=data["id"],
        mapping_version=version,
        country=data["country"],
        before=_before(data, ports),
    )
    datasets.create_json(ports, f"{folder}/quality.json", report)
    return {
        "uri": ports.data.uri(name),
        "name": name,
        "generation": generation,
        "sha256": checksum,
        "mapping_scope": mapping.data["scope"],
        "mapping_version": version,
        "options": options,
        "date": prepared.mapping.date,
        "joined": dict(prepared.joined),
        "left_out": dict(prepared.left_out),
        "unmodellable": dict(prepared.unmodellable),
        "rows": report["rows"],
        "start": report["start"],
        "end": report["end"],
        "interval": report["interval"],
        "findings": len(report["findings"]),
    }


def _create(name: str, path: Path, ports: Ports) -> str:
    """Create the object, or fetch the one that stands there into `path`."""
    try:
        return ports.data.create(name, path).generation
    except AlreadyExistsError:
        generation = datasets.generation_of(ports, name)
        ports.data.download(name, path, generation)
        return generation


def _before(data: Json, ports: Ports) -> "Before | None":
    """The training data of the country's prepared dataset before this one."""
    import pandas as pd

    from mmmflow.data import objects
    from mmmflow.data.drift import Before

    found = ports.documents.query(
        "datasets",
        where=[
            Where("country", "==", data["country"]),
            Where("state", "==", "PREPARED"),
            Where("id", "<", data["id"]),
        ],
        order_by=[Order("id", descending=True)],
        limit=1,
    )
    if not found:
        return None
    old = found[0].data
    made = old["trainings"].get(old["prepared_with"])
    if made is None or "date" not in made:
        return None
    try:
        with objects.open_read(
            ports.data, made["name"], made["generation"]
        ) as file:
            frame = pd.read_parquet(file)
    except NotFoundError:
        return None
    return Before(found[0].id, frame, made["date"])
