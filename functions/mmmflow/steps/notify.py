"""An event that people want to know of → a notice at each of their targets."""

from mmmflow.people import notifications
from mmmflow.ports import Message, Ports


def notify(message: Message, ports: Ports) -> None:
    """Pass an event on to its targets, or deliver one of those messages."""
    if message.topic == "notification.due":
        notifications.deliver(ports, message.body)
    else:
        notifications.fan_out(ports, message)
