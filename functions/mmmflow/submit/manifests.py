"""Experiments in an object or an upload: a row of CSV, or a line of JSON."""

import json
import tempfile
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import IO, Any

from mmmflow import schema
from mmmflow.domain import batch_csv
from mmmflow.domain.batch_csv import Columns, Row
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.domain.request import MAX_EXPERIMENTS
from mmmflow.ports import NotFoundError, Ports

Rows = Iterable[Row]
_LONGEST_LINE = 1_000_000


def read(ports: Ports, name: str, generation: str) -> Iterator[Row]:
    """The rows of an object of the data bucket, streamed.

    Raises:
        InvalidInputError: it is not there, or can't be read.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "manifest"
        try:
            ports.data.download(name, path, generation)
        except NotFoundError:
            raise InvalidInputError.of(
                "batch_object",
                f"there is no object {name} of generation {generation}",
                "name an object of the data bucket as it is now",
            ) from None
        with path.open("rb") as file:
            is_csv = name.endswith(".csv")
            yield from csv_rows(file) if is_csv else json_rows(file)


def csv_rows(file: IO[bytes]) -> Iterator[Row]:
    """One experiment a row; see `domain.batch_csv`."""
    return batch_csv.rows(lines(file), columns(), limit=MAX_EXPERIMENTS)


def json_rows(file: IO[bytes]) -> Iterator[Row]:
    """One experiment.json a line.

    Raises:
        InvalidInputError: there are too many.
    """
    number = 0
    for line in lines(file):
        if not line.strip():
            continue
        number += 1
        batch_csv.require_few(number, MAX_EXPERIMENTS)
        try:
            experiment = schema.parse(line)
        except ValueError as error:
            yield Row(number, {}, (Problem("", f"no JSON: {error}"),))
            continue
        if isinstance(experiment, dict):
            yield Row(number, experiment)
        else:
            yield Row(number, {}, (Problem("", "it must be a JSON object"),))


def lines(file: IO[bytes]) -> Iterator[bytes]:
    """Line by line, none of which is endless.

    Raises:
        InvalidInputError: one is.
    """
    while line := file.readline(_LONGEST_LINE + 1):
        if len(line) > _LONGEST_LINE:
            raise InvalidInputError.of(
                "body", f"a line is longer than {_LONGEST_LINE} bytes"
            )
        yield line


@cache
def columns() -> Columns:
    """What a CSV's columns may be called, and what their cells hold."""
    return Columns(_schema("experiment.json"), _resolve)


def _schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(schema.text(name))
    return found


def _resolve(reference: str) -> dict[str, Any]:
    """The definition that a `$ref` of experiment.json names."""
    name, _, place = reference.partition("#/$defs/")
    found: dict[str, Any] = _schema(name)["$defs"][place]
    return found
