"""The same query on unchanged data: the dataset that is there already.

A table is unchanged while the warehouse says that it was last altered at
the same time. Of a query or a view the warehouse can't tell: then, and for
whoever can do with older rows, `max_age_seconds` says how old they may be.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mmmflow.domain import ids
from mmmflow.messaging.outbox import Outgoing
from mmmflow.ports import (
    Document,
    Json,
    Order,
    Ports,
    RefusedError,
    Where,
)
from mmmflow.submit.requests import Request

_NEWEST = 20


@dataclass(frozen=True)
class Found:
    """What a request needs not to ask the warehouse for.

    Attributes:
        altered: when the table was last altered, if that is known.
        keys: by country, what its rows are known by.
        datasets: by country, the dataset that has its rows.
    """

    altered: str | None
    keys: Mapping[str, str]
    datasets: Mapping[str, Document]

    def ids(self, made: Sequence[str], countries: Sequence[str]) -> list[str]:
        """The dataset of each country: found, or the next that was made."""
        new = iter(made)
        return [
            self.datasets[country].id if country in self.datasets else next(new)
            for country in countries
        ]


def look_up(ports: Ports, body: Json) -> Found:
    """The datasets that a request can do with; none if it is forced."""
    source = body["source"]
    altered = _altered(ports, source)
    keys = {
        country: ids.content_hash({"source": source, "country": country})
        for country in body["countries"]
    }
    if body.get("force") or (altered is None and "max_age_seconds" not in body):
        return Found(altered, keys, {})
    oldest = _oldest(ports, body)
    found = {
        country: dataset
        for country, key in keys.items()
        if (dataset := _usable(ports, key, altered, oldest)) is not None
    }
    return Found(altered, keys, found)


def _altered(ports: Ports, source: Json) -> str | None:
    """None also where the warehouse refuses: the query will say why."""
    if "table" not in source:
        return None
    try:
        return ports.warehouse.altered(source["table"])
    except RefusedError:
        return None


def _oldest(ports: Ports, body: Json) -> datetime | None:
    seconds = body.get("max_age_seconds")
    if seconds is None:
        return None
    return ports.clock.now() - timedelta(seconds=seconds)


def _usable(
    ports: Ports, key: str, altered: str | None, oldest: datetime | None
) -> Document | None:
    newest = ports.documents.query(
        "datasets",
        where=[Where("content_key", "==", key)],
        order_by=[Order("id", descending=True)],
        limit=_NEWEST,
    )
    for dataset in newest:
        if dataset.data["rows"] is None:
            continue
        made = datetime.fromisoformat(dataset.data["created_at"])
        unchanged = altered is not None and dataset.data["altered"] == altered
        if unchanged or (oldest is not None and made >= oldest):
            return dataset
    return None


def trainings(asked: Request, found: Found, batch_id: str) -> list[Outgoing]:
    """What is to be trained with the datasets that are there already."""
    train = asked.body.get("train")
    if not train:
        return []
    return [
        Outgoing(
            "experiment.requested",
            asked.correlation_id,
            {
                **train,
                "actor": asked.actor,
                "batch_id": batch_id,
                "experiment": _experiment(asked.body, country, dataset),
            },
            message_id=f"train-{asked.id}-{country}",
        )
        for country, dataset in found.datasets.items()
    ]


def _experiment(body: Json, country: str, dataset: Document) -> Json:
    version = body.get("mapping_version") or dataset.data["prepared_with"]
    named = {"mapping_version": version} if version else {}
    return {
        **body["train"]["experiment"],
        "country": country,
        "dataset_id": dataset.id,
        **named,
    }
