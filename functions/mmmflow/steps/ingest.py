"""An object under `uploads` → a dataset, from a file that a person dropped.

What is large is left to a job, which does the same.
"""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from mmmflow.data import datasets, handover
from mmmflow.domain import paths
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.ports import (
    Create,
    Document,
    Json,
    NotFoundError,
    ObjectEvent,
    Ports,
)
from mmmflow.submit import requests

if TYPE_CHECKING:
    import pyarrow as pa

# What a function reads within its time; a packed file holds far more.
SMALL_BYTES = 100 * 1024 * 1024
SMALL_PACKED_BYTES = 15 * 1024 * 1024
_PACKED = (".gz", ".parquet")


def ingest(event: ObjectEvent, ports: Ports) -> None:
    """Make the dataset; a file that can't be read is stored as its end."""
    asked = datasets.asked_by_upload(event.name, event.generation)
    place = paths.parse_upload(event.name)
    if place is None:
        requests.refuse(ports, asked, [_misplaced(event.name)])
        return
    dataset = _dataset(asked, place[0], event.generation, ports)
    if dataset.data.get("job") or datasets.is_stored(ports, dataset.data):
        return
    info = ports.uploads.stat(event.name)
    packed = event.name.lower().endswith(_PACKED)
    limit = SMALL_PACKED_BYTES if packed else SMALL_BYTES
    if info is not None and info.size > limit:
        handover.start(ports, dataset.id, "ingest")
    else:
        _store(dataset, event.generation, ports)


def run(dataset_id: str, ports: Ports) -> None:
    """Read one dropped file, however large it is: what its job does."""
    dataset = ports.documents.get("datasets", dataset_id)
    if dataset is not None and not datasets.is_stored(ports, dataset.data):
        _store(dataset, dataset.data["upload_generation"], ports)


def _misplaced(name: str) -> Problem:
    hint = "drop it as uploads/<country>/<file>, like uploads/DE/weekly.csv"
    return Problem(name, "it is not in a country's folder", hint)


def _dataset(
    asked: requests.Request, country: str, generation: str, ports: Ports
) -> Document:
    if requests.answered(ports, asked) is None:
        data: Json = {
            **datasets.new(
                asked,
                0,
                now=ports.clock.now(),
                country=country,
                source={"upload": asked.body["upload"]},
                mapping_version=None,
                train=None,
            ),
            "upload_generation": generation,
        }
        write = Create("datasets", data["id"], data)
        requests.accept(ports, asked, [data["id"]], [write])
    answer = requests.answered(ports, asked)
    assert answer is not None  # noqa: S101  (committed just above)
    return requests.made(ports, answer, "datasets")[0]


def _store(dataset: Document, generation: str, ports: Ports) -> None:
    from mmmflow.data import files, objects, parquet

    name = dataset.data["source"]["upload"]
    opened = partial(objects.open_read, ports.uploads, name, generation)
    try:
        file = files.understand(opened, name.rpartition("/")[2])

        def read() -> "Iterator[pa.RecordBatch]":
            return handover.counted(ports, dataset.id, file.read(), None)

        _note(dataset, file.notes, ports)
        datasets.store(ports, dataset.data, read, file.notes)
    except InvalidInputError as invalid:
        datasets.fail(ports, dataset, invalid.problems)
    except parquet.NoRowsError:
        problem = Problem(name, "the file has no rows")
        datasets.fail(ports, dataset, [problem])
    except NotFoundError:
        gone = Problem(name, "it was replaced or removed meanwhile")
        datasets.fail(ports, dataset, [gone])


def _note(dataset: Document, notes: Json, ports: Ports) -> None:
    """How the file is understood, for whoever looks at the dataset."""
    if notes:
        datasets.change(ports, dataset.id, lambda data: {**data, **notes})
