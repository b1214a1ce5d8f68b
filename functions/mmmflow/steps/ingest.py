"""An object under `uploads` → a dataset, from a file that a person dropped."""

import tempfile
from pathlib import Path

from mmmflow.data import datasets
from mmmflow.domain import paths
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.ports import Create, Document, NotFoundError, ObjectEvent, Ports
from mmmflow.submit import requests


def ingest(event: ObjectEvent, ports: Ports) -> None:
    """Make the dataset; a file that can't be read is stored as its end."""
    asked = datasets.asked_by_upload(event.name, event.generation)
    place = paths.parse_upload(event.name)
    if place is None:
        requests.refuse(ports, asked, [_misplaced(event.name)])
        return
    country, file = place
    dataset = _dataset(asked, country, ports)
    if datasets.is_stored(ports, dataset.data):
        return
    try:
        _store(dataset, event, file, ports)
    except InvalidInputError as invalid:
        datasets.fail(ports, dataset, invalid.problems)
    except NotFoundError:
        gone = Problem(event.name, "it was replaced or removed meanwhile")
        datasets.fail(ports, dataset, [gone])


def _misplaced(name: str) -> Problem:
    hint = "drop it as uploads/<country>/<file>, like uploads/DE/weekly.csv"
    return Problem(name, "it is not in a country's folder", hint)


def _dataset(asked: requests.Request, country: str, ports: Ports) -> Document:
    if requests.answered(ports, asked) is None:
        data = datasets.new(
            asked,
            0,
            now=ports.clock.now(),
            country=country,
            source={"upload": asked.body["upload"]},
            mapping_version=None,
            train=None,
        )
        write = Create("datasets", data["id"], data)
        requests.accept(ports, asked, [data["id"]], [write])
    answer = requests.answered(ports, asked)
    assert answer is not None  # noqa: S101  (committed just above)
    return requests.made(ports, answer, "datasets")[0]


def _store(
    dataset: Document, event: ObjectEvent, file: str, ports: Ports
) -> None:
    from mmmflow.data import parquet

    with tempfile.TemporaryDirectory() as folder:
        dropped = Path(folder) / "dropped"
        ports.uploads.download(event.name, dropped, event.generation)
        raw = Path(folder) / "raw.parquet"
        rows = parquet.write(parquet.read_file(dropped, file), raw)
        if rows == 0:
            raise InvalidInputError.of(event.name, "the file has no rows")
        datasets.store(ports, dataset.data, raw)
