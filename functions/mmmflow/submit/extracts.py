"""Extracts that a person asks for: the message that `extract` answers."""

from mmmflow.domain.errors import InvalidInputError
from mmmflow.messaging import outbox
from mmmflow.messaging.outbox import Outgoing
from mmmflow.ports import Json, Ports
from mmmflow.submit import requests

TOPIC = "dataset.requested"


def ask(
    ports: Ports, body: Json, actor: str, key: str | None
) -> tuple[requests.Request, bool]:
    """Send the request on; whether it was answered before.

    `extract` finds it under the same id, and stores there what came of it.

    Raises:
        InvalidInputError: with every problem, also of the first time.
        KeyReusedError: the key came with another request.
    """
    from mmmflow.steps import extract  # and its SQL parser

    message = {
        "schema_version": 1,
        **body,
        "actor": actor,
        **({"message_id": key} if key else {}),
    }
    delivery = ports.entropy.token() if body.get("force") else ""
    asked = requests.read(TOPIC, message, delivery)
    answer = requests.answered(ports, asked)
    if answer is not None:
        if answer["state"] == "REFUSED":
            raise InvalidInputError(requests.problems_of(answer))
        return asked, True
    extract.validate(message, ports.deployment.engine)
    sent = Outgoing(TOPIC, asked.correlation_id, message, asked.key)
    outbox.send(ports, [sent])
    return asked, False
