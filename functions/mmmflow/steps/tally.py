"""`experiment.changed` → `batch.changed`, when it was the last of its batch."""

from mmmflow import schema
from mmmflow.domain.experiment import TERMINAL
from mmmflow.ports import Message, Ports
from mmmflow.results import batch_ends


def tally(message: Message, ports: Ports) -> None:
    """Count what is left of the batch, when one of it has ended."""
    schema.require("experiment.changed.json", message.body)
    if message.body["state"] in TERMINAL:
        batch_ends.tell(ports, message.body)
