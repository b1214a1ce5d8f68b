"""Standing experiments: asked for again whenever a country has new data.

The document says what is asked for and when; `prepare` compares and sets it
in the commit that says that the data is there, together with the message
that asks for the experiments.
"""

from mmmflow import schema
from mmmflow.domain import ids
from mmmflow.domain import standing as rules
from mmmflow.domain.errors import (
    InvalidInputError,
    NotAllowedError,
    Problem,
)
from mmmflow.messaging import outbox
from mmmflow.messaging.outbox import Outgoing
from mmmflow.ports import (
    Create,
    Delete,
    Document,
    Json,
    NotFoundError,
    Order,
    Ports,
    Update,
    Where,
)
from mmmflow.submit import requests, submission

COLLECTION = "standing"
SCHEMA = "standing.json"
_DEFAULTS: Json = {
    "name": None,
    "sweep": None,
    "confirm": False,
    "enabled": True,
    "minimum_interval_hours": 0,
    "new_rows_threshold": 0,
}
_GIVEN = ("country", "dataset_id", "source", "upload", "mapping_version")
_MOST = 200


def create(
    ports: Ports, body: Json, *, actor: str, key: str | None = None
) -> tuple[Document, bool]:
    """The standing experiment, and whether it is new.

    The same one asked for twice (by `key`, else by its content) is one.

    Raises:
        InvalidInputError: with every problem.
        NotAllowedError: it was made by the same request, and deleted since.
        KeyReusedError: the key came with another one.
    """
    message = {"actor": actor, "standing": body}
    if key:
        message["message_id"] = key
    asked = requests.read(COLLECTION, message)
    answer = requests.answered(ports, asked)
    known = answer is not None
    if answer is None:
        now = ports.clock.now()
        data = {
            "schema_version": 1,
            "id": ids.mint(now, asked.id),
            **_DEFAULTS,
            **body,
            "last_started": None,
            "last_considered": None,
            "created_at": now.isoformat(),
            "updated_at": now.isoformat(),
            "correlation_id": asked.correlation_id,
            "actor": actor,
        }
        _require_valid(ports, body, data)
        write = Create(COLLECTION, data["id"], data)
        requests.accept(ports, asked, [data["id"]], [write])
        answer = requests.answered(ports, asked)
        assert answer is not None  # noqa: S101  (committed just above)
    made = requests.made(ports, answer, COLLECTION)
    if not made:
        raise NotAllowedError.of(
            "",
            "the same request made it before, and it was deleted since",
            "send it with a new Idempotency-Key",
        )
    return made[0], not known


def change(ports: Ports, id: str, changes: Json, *, actor: str) -> Document:
    """The standing experiment with other fields; null is the default again.

    Raises:
        NotFoundError: there is none.
        InvalidInputError: with every problem.
    """
    while True:
        document = get(ports, id)
        fields = (*_DEFAULTS, "country", "experiment")
        given = {f: document.data[f] for f in fields} | changes
        body = {k: v for k, v in given.items() if v is not None}
        data = {
            **document.data,
            **_DEFAULTS,
            **body,
            "updated_at": ports.clock.now().isoformat(),
            "actor": actor,
        }
        _require_valid(ports, body, data)
        if data["country"] != document.data["country"]:
            raise InvalidInputError.of(
                "country", "it stays", "make another for another country"
            )
        update = Update(COLLECTION, id, document.version, data)
        if outbox.commit(ports, [update]):
            return get(ports, id)


def delete(ports: Ports, id: str) -> None:
    """What it has started goes on. Raises: NotFoundError."""
    get(ports, id)
    ports.documents.commit([Delete(COLLECTION, id)])


def get(ports: Ports, id: str) -> Document:
    """Raises: NotFoundError."""
    document = ports.documents.get(COLLECTION, id)
    if document is None:
        raise NotFoundError(f"standing experiment {id}")
    return document


def index(ports: Ports, country: str | None = None) -> list[Document]:
    """Those of the country, or all; the newest first."""
    where = [Where("country", "==", country)] if country else []
    newest = [Order("id", descending=True)]
    return ports.documents.query(COLLECTION, where, newest, _MOST)


def starts(
    ports: Ports, dataset: Json, version: str
) -> tuple[list[Update], list[Outgoing]]:
    """What belongs into the commit that says: this dataset is prepared.

    The message of each that starts has an id by it and the dataset.
    """
    now = ports.clock.now()
    rows = dataset["trainings"][version]["rows"]
    updates, messages = [], []
    for document in _enabled(ports, dataset["country"]):
        why = rules.why_not(document.data, dataset["id"], rows, now)
        data = rules.considered(document.data, dataset["id"], rows, now, why)
        updates.append(Update(COLLECTION, document.id, document.version, data))
        if why is None:
            messages.append(
                Outgoing(
                    "experiment.requested",
                    dataset["correlation_id"],
                    rules.asked_for(document.data, dataset["id"], version),
                    message_id=f"standing-{document.id}-{dataset['id']}",
                )
            )
    return updates, messages


def _enabled(ports: Ports, country: str) -> list[Document]:
    of_country = Where("country", "==", country)
    enabled = Where("enabled", "==", True)
    return ports.documents.query(COLLECTION, [of_country, enabled])


def _require_valid(ports: Ports, body: Json, data: Json) -> None:
    """Raises: InvalidInputError: in itself, or in what it will ask for."""
    schema.require(SCHEMA, body)
    given = [
        Problem(f"{place}.{field}", "the standing experiment or data gives it")
        for place in ("experiment", "sweep")
        for field in _GIVEN
        if field in (data[place] or {})
    ]
    if given:
        raise InvalidInputError(given)
    message = {"schema_version": 1, **rules.asked_for(data)}
    submission.validated(message, engine=ports.deployment.engine)
    outbox.require_fits("experiment.requested", message)
