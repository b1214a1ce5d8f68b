"""Mappings: read, suggested, held against data and against each other."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from mmmflow import schema
from mmmflow.domain import (
    mapping,
    mapping_diff,
    mapping_validation,
    naming_rules,
    paths,
)
from mmmflow.domain.errors import InvalidInputError
from mmmflow.domain.mapping import DataMapping
from mmmflow.domain.mapping_diff import Change
from mmmflow.domain.mapping_validation import Difference
from mmmflow.ports import Document, Json, NotFoundError, Order, Ports, Where

if TYPE_CHECKING:
    from mmmflow.domain.mapping_suggestion import Suggestion

log = logging.getLogger(__name__)

MAX_MAPPING = 512 * 1024  # bytes: its document holds it
_SUGGEST_FROM = 200_000


def parse(content: bytes) -> tuple[Json, DataMapping]:
    """The mapping as it is written, and what it means.

    Raises:
        InvalidInputError: with every problem.
    """
    if len(content) > MAX_MAPPING:
        raise InvalidInputError.of(
            "mapping.json",
            f"{len(content)} bytes, more than {MAX_MAPPING}",
            "name only the columns that models use",
        )
    try:
        document = schema.parse(content)
    except ValueError as error:
        raise InvalidInputError.of(
            "mapping.json", f"no JSON: {error}"
        ) from None
    schema.require("mapping.json", document)
    return document, mapping.read(document)


def suggest(source: Path | BinaryIO, rules: Json | None = None) -> "Suggestion":
    """A mapping for a Parquet file, from its names and first rows.

    `rules` are those of naming_rules.json, on top of the usual ones.

    Raises:
        InvalidInputError: the rules break their schema.
    """
    import pyarrow.parquet as pq

    from mmmflow.data import suggest as by_content

    if rules is not None:
        schema.require("naming_rules.json", rules)
    file = pq.ParquetFile(source)
    batches = file.iter_batches(batch_size=_SUGGEST_FROM)
    first = next(batches, None)
    if first is None:
        raise InvalidInputError.of("data", "it has no rows")
    return by_content.suggest(first.to_pandas(), naming_rules.read(rules or {}))


def suggest_for_dataset(
    ports: Ports, dataset_id: str, rules: Json | None = None
) -> "Suggestion":
    """A mapping for a dataset that is stored.

    Raises:
        NotFoundError: there is no such dataset, or it has no rows yet.
        InvalidInputError: as `suggest`.
    """
    from mmmflow.data import datasets, objects

    dataset = ports.documents.get("datasets", dataset_id)
    if dataset is None:
        raise NotFoundError(f"dataset {dataset_id}")
    data = dataset.data
    marker = datasets.read_marker(ports, data)
    name = paths.raw_data(data["country"], data["id"])
    with objects.open_read(ports.data, name, marker["generation"]) as file:
        return suggest(file, rules)


def validate(document: Json, columns: Mapping[str, str]) -> list[Difference]:
    """The mapping against a dataset's {column: Arrow type}, both ways.

    Raises:
        InvalidInputError: it is no mapping.
    """
    schema.require("mapping.json", document)
    return mapping_validation.validate(document, columns)


def diff(ports: Ports, scope: str, before: str, after: str) -> list[Change]:
    """What changed between two accepted versions of a scope's mapping.

    A version may be of another scope, as `universal/v1`.

    Raises: NotFoundError.
    """
    documents = []
    for version in (before, after):
        named, _, rest = version.rpartition("/")
        documents.append(_accepted(ports, named or scope, rest))
    return mapping_diff.diff(*documents)


def _accepted(ports: Ports, scope: str, version: str) -> Json:
    found = ports.documents.get("mappings", f"{scope}~{version}")
    if found is None or found.data["state"] != "ACCEPTED":
        raise NotFoundError(f"mapping {scope}/{version}")
    content: Json = found.data["content"]
    return content


def say_written_over(data: Json) -> None:
    """Whether an accepted mapping's object still holds it."""
    where = f"{data['scope']}/{data['version']}"
    if data["problems"]:
        log.warning(
            "mapping %s was written over after it was accepted; it stays what"
            " it was: write it as a new version",
            where,
        )
    else:
        log.info("the object of mapping %s holds it again", where)


def named(ports: Ports, country: str, version: str) -> Document | None:
    """The country's own mapping of that version, else the universal one."""
    own = ports.documents.get("mappings", f"{country}~{version}")
    return own or ports.documents.get("mappings", f"universal~{version}")


def of_training(ports: Ports, dataset: Json, version: str) -> Document | None:
    """The mapping of that version that the dataset was prepared with.

    Else the one that it would be prepared with now.
    """
    known = dataset["trainings"].get(version)
    if known is None:
        return named(ports, dataset["country"], version)
    id = f"{known['mapping_scope']}~{version}"
    return ports.documents.get("mappings", id)


def of_dataset(ports: Ports, dataset: Json) -> Document | None:
    """The mapping that a dataset is to be prepared with, if it is there."""
    country, version = dataset["country"], dataset["mapping_version"]
    if version:
        return named(ports, country, version)
    return newest(ports, country)


def newest(ports: Ports, country: str) -> Document | None:
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
