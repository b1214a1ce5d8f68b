"""Training data of one country as `prepare` leaves it, without its work."""

import hashlib
import json
from collections.abc import Iterator

from mmmflow.domain import paths
from mmmflow.ports import Json

COUNTRY = "DE"
VERSION = "m1"
DATASET = "20260301T000000Z-0123456789ab"
ROWS = b"rows that only an engine would read"
TRAINING_DATA = (
    f"{paths.training_data(COUNTRY, DATASET, VERSION)}/input_data.parquet"
)
MAPPING: Json = {
    "schema_version": 1,
    "date": "date",
    "country": "country",
    "goals": [{"column": "revenue", "type": "revenue", "main": True}],
    "columns": {
        "tv": {"category": "paid_spend", "channel": "tv", "kind": "tv"},
        "search": {
            "category": "paid_spend",
            "channel": "search",
            "kind": "search",
        },
    },
}


def objects() -> dict[str, bytes]:
    """The objects of the data bucket, by name."""
    return {
        TRAINING_DATA: ROWS,
        paths.mapping_marker("universal", VERSION): json.dumps(
            MAPPING
        ).encode(),
    }


def documents(
    uri: str, generation: str, now: str
) -> Iterator[tuple[str, str, Json]]:
    """(collection, id, document) of the mapping and the dataset."""
    yield (
        "mappings",
        f"universal~{VERSION}",
        {
            "schema_version": 1,
            "scope": "universal",
            "version": VERSION,
            "state": "ACCEPTED",
            "problems": [],
            "content": MAPPING,
            "created_at": now,
        },
    )
    training = {
        "uri": uri,
        "name": TRAINING_DATA,
        "mapping_scope": "universal",
        "generation": generation,
        "sha256": hashlib.sha256(ROWS).hexdigest(),
        "rows": 26,
        "start": "2024-01-01",
        "end": "2024-06-24",
        "interval": "week",
        "findings": 0,
    }
    yield (
        "datasets",
        DATASET,
        {
            "schema_version": 1,
            "id": DATASET,
            "state": "PREPARED",
            "country": COUNTRY,
            "batch_id": DATASET,
            "source": {"table": "before"},
            "mapping_version": None,
            "train": None,
            "rows": 26,
            "trainings": {VERSION: training},
            "prepared_with": VERSION,
            "problems": [],
            "created_at": now,
            "correlation_id": "seed",
            "actor": "seed",
        },
    )
