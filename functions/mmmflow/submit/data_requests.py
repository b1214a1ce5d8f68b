"""Data that experiments name by where it is: asked for together with them.

One request for each table or query and country; an experiment keeps its id,
and waits for the dataset that comes of it. Sent again it is the same.
"""

from collections.abc import Sequence

from mmmflow.domain import ids
from mmmflow.domain.errors import InvalidInputError
from mmmflow.messaging.outbox import Outgoing
from mmmflow.ports import Json
from mmmflow.submit import requests
from mmmflow.submit.requests import Request

_TOPIC = "dataset.requested"
_MOST = 100


def request_id(asked_id: str, experiment: Json) -> str | None:
    """What the experiment's data is requested by, if it names a source."""
    if experiment.get("source") is None:
        return None
    key = {"message_id": _key(asked_id, experiment)}
    return requests.read(_TOPIC, key).id


def messages(asked: Request, experiments: Sequence[Json]) -> list[Outgoing]:
    """The requests for the data of complete requests of experiments.

    Raises:
        InvalidInputError: there are too many.
    """
    found = {
        _key(asked.id, one): one
        for one in experiments
        if one.get("source") is not None
    }
    if len(found) > _MOST:
        raise InvalidInputError.of(
            "source",
            f"{len(found)} tables and countries, more than {_MOST}",
            "ask for the datasets first, and name them by dataset_id",
        )
    return [
        Outgoing(_TOPIC, asked.correlation_id, _body(asked, one), key)
        for key, one in found.items()
    ]


def _key(asked_id: str, experiment: Json) -> str:
    content = {f: experiment.get(f) for f in ("source", "country")}
    content["mapping_version"] = experiment.get("mapping_version")
    return f"data-{asked_id}-{ids.content_hash(content)[:16]}"


def _body(asked: Request, experiment: Json) -> Json:
    version = experiment["mapping_version"]
    return {
        "actor": asked.actor,
        "source": experiment["source"],
        "countries": [experiment["country"]],
        **({"mapping_version": version} if version else {}),
    }
