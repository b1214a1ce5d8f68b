"""The dataset that an experiment is for, once it can be told."""

from mmmflow.data import datasets
from mmmflow.domain.errors import InvalidInputError
from mmmflow.ports import Document, Json, Order, Ports, Where
from mmmflow.submit import requests


def find(ports: Ports, data: Json) -> Document | None:
    """The dataset that is named, asked for or dropped; else the newest.

    `data` is an experiment, or a complete request that is none yet. None
    while there is no such dataset.

    Raises:
        InvalidInputError: there never will be, or it is of another country.
    """
    if data["dataset_id"]:
        return _named(ports, data)
    if data.get("data_request"):
        return _requested(ports, data["data_request"])
    if data.get("source"):  # it will be asked for with the experiment
        return None
    if data.get("upload"):
        return _uploaded(ports, data["upload"])
    return _newest(ports, data["country"])


def is_its_own(data: Json) -> bool:
    """No other dataset will do, whatever becomes of the one it is for."""
    return any(data.get(f) for f in ("dataset_id", "data_request", "upload"))


def _named(ports: Ports, data: Json) -> Document:
    named = ports.documents.get("datasets", data["dataset_id"])
    if named is None:
        raise InvalidInputError.of(
            "dataset_id", f"there is no dataset {data['dataset_id']}"
        )
    if named.data["country"] != data["country"]:
        raise InvalidInputError.of(
            "dataset_id",
            f"dataset {named.id} is of {named.data['country']},"
            f" the experiment is for {data['country']}",
        )
    return named


def _requested(ports: Ports, request_id: str) -> Document | None:
    """The one dataset of a request for data, made or refused."""
    answer = ports.documents.get(requests.COLLECTION, request_id)
    if answer is None:
        return None
    made = requests.made(ports, answer.data, "datasets")
    if not made:
        raise InvalidInputError.of(
            "source", "the dataset that was extracted for it is gone"
        )
    return made[0]


def _uploaded(ports: Ports, upload: Json) -> Document | None:
    """The dataset of a dropped file: as it is now, if not told otherwise."""
    generation = upload.get("generation")
    if generation is None:
        info = ports.uploads.stat(upload["name"])
        if info is None:
            return None
        generation = info.generation
    asked = datasets.asked_by_upload(upload["name"], generation)
    return _requested(ports, asked.id)


def _newest(ports: Ports, country: str) -> Document | None:
    newest = ports.documents.query(
        "datasets",
        where=[
            Where("country", "==", country),
            Where("state", "==", "PREPARED"),
        ],
        order_by=[Order("id", descending=True)],
        limit=1,
    )
    return newest[0] if newest else None
