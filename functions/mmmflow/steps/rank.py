"""`ranking.changed` → the champions that the new rule concerns."""

from mmmflow import schema
from mmmflow.ports import Message, Ports, Where
from mmmflow.results import champions


def rank(message: Message, ports: Ports) -> None:
    """Apply the rule to what had been ranked by another."""
    schema.require("ranking.changed.json", message.body)
    country = message.body["country"]
    where = [Where("country", "==", country)] if country else []
    for champion in ports.documents.query("champions", where=where):
        champions.update(ports, champion.data["country"], champion.data["goal"])
