"""A dead-letter topic → a document that a person can look at."""

from mmmflow.messaging import dead_letters
from mmmflow.ports import Message, Ports


def bury(message: Message, ports: Ports) -> None:
    """Keep the message, once, with where it came from and why it failed."""
    dead_letters.bury(ports, message)
