"""`experiment.requested` → experiments that wait for their data, or run."""

from mmmflow import requests, schema, training
from mmmflow.domain import ids, request
from mmmflow.domain.errors import InvalidInputError
from mmmflow.ports import Create, Document, Json, Message, Ports

SCHEMA = "experiment.requested.json"


def enqueue(message: Message, ports: Ports) -> None:
    """Make the experiments; what a person did wrong is stored and final."""
    asked = requests.read("experiment.requested", message.body)
    try:
        submit(asked, ports)
    except InvalidInputError as invalid:
        requests.refuse(ports, asked, invalid.problems)
    except requests.KeyReusedError as reused:
        requests.refuse_reused(ports, asked, str(reused))


def submit(asked: requests.Request, ports: Ports) -> list[Document]:
    """The experiments of the request: made now, or when it first came.

    Raises:
        InvalidInputError: with every problem of every experiment.
        KeyReusedError: the key is known with other content.
    """
    answer = requests.answered(ports, asked)
    if answer is None:
        _make(asked, ports)
        answer = requests.answered(ports, asked)
        assert answer is not None  # noqa: S101  (committed just above)
    for document in requests.made(ports, answer, "experiments"):
        training.release(ports, document.id)
    return requests.made(ports, answer, "experiments")


def _make(asked: requests.Request, ports: Ports) -> None:
    wanted = validated(asked.body)
    now = ports.clock.now()
    batch_id = asked.body.get("batch_id")
    experiments = [
        request.new_experiment(
            ids.mint(now, asked.id, index),
            request.complete(one),
            batch_id=batch_id,
            correlation_id=asked.correlation_id,
            actor=asked.actor,
            now=now,
        )
        for index, one in enumerate(wanted)
    ]
    requests.accept(
        ports,
        asked,
        [data["id"] for data in experiments],
        [Create("experiments", data["id"], data) for data in experiments],
        [m for data in experiments for m in training.changed(data)],
    )


def validated(body: Json) -> list[Json]:
    """One request per experiment.

    Raises:
        InvalidInputError: with every problem of every experiment.
    """
    schema.require(SCHEMA, body)
    wanted = request.expand(body)
    problems = {
        problem: None
        for one in wanted
        for problem in schema.check("experiment.json", one)
    }
    if problems:
        raise InvalidInputError(list(problems))
    return wanted
