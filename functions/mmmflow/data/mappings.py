"""Mappings: which one is meant for a country, a version, a dataset."""

from mmmflow import schema
from mmmflow.domain import mapping
from mmmflow.domain.errors import InvalidInputError
from mmmflow.domain.mapping import DataMapping
from mmmflow.ports import Document, Json, Order, Ports, Where


def parse(content: bytes) -> tuple[Json, DataMapping]:
    """The mapping as it is written, and what it means.

    Raises:
        InvalidInputError: with every problem.
    """
    try:
        document = schema.parse(content)
    except ValueError as error:
        raise InvalidInputError.of(
            "mapping.json", f"no JSON: {error}"
        ) from None
    schema.require("mapping.json", document)
    return document, mapping.read(document)


def named(ports: Ports, country: str, version: str) -> Document | None:
    """The country's own mapping of that version, else the universal one."""
    own = ports.documents.get("mappings", f"{country}~{version}")
    return own or ports.documents.get("mappings", f"universal~{version}")


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
