"""`experiment.requested` → experiments that wait for their data, or run.

A large batch, and all that waits for a country's data, is gone through in
chunks: each ends with a message to this function that asks for the next.
"""

from collections.abc import Sequence

from mmmflow import schema
from mmmflow.domain.errors import InvalidInputError
from mmmflow.ports import Document, Json, Message, Ports
from mmmflow.queueing import training
from mmmflow.submit import batches, requests, submission


def enqueue(message: Message, ports: Ports) -> None:
    """Make experiments, or go on with what was begun."""
    match message.topic:
        case "batch.continued":
            schema.require("batch.continued.json", message.body)
            batches.proceed(ports, message.body)
        case "training.prepared":
            schema.require("training.prepared.json", message.body)
            country, after = message.body["country"], message.body["after"]
            training.release_waiting(ports, country, after)
        case _:
            _requested(message, ports)


def _requested(message: Message, ports: Ports) -> None:
    """Make the experiments; what a person did wrong is stored and final."""
    asked = requests.read(
        "experiment.requested", message.body, message.message_id
    )
    try:
        requests.require_fits(
            message,
            "write the experiments into an object of the data bucket and send"
            ' {"batch_object": {"name": …, "generation": …}}',
        )
        submit(asked, ports)
    except InvalidInputError as invalid:
        requests.refuse(ports, asked, invalid.problems)
    except requests.KeyReusedError as reused:
        requests.refuse_reused(ports, asked, str(reused))


def submit(asked: requests.Request, ports: Ports) -> list[Document]:
    """The experiments of the request: made now, or when it first came.

    Of a large batch none is here: they are made in chunks after this.

    Raises:
        InvalidInputError: with every problem of every experiment.
        KeyReusedError: the key is known with other content.
    """
    answer = requests.answered(ports, asked)
    if answer is not None:
        return _let_go(answer, ports)
    return make(asked, submission.read(ports, asked.body), ports)


def make(
    asked: requests.Request, wanted: Sequence[Json], ports: Ports
) -> list[Document]:
    """As `submit`, of valid requests of one experiment each."""
    return _let_go(batches.make(ports, asked, wanted), ports)


def _let_go(answer: Json, ports: Ports) -> list[Document]:
    for document in requests.made(ports, answer, "experiments"):
        training.release(ports, document.id)
    return requests.made(ports, answer, "experiments")
