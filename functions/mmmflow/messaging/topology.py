"""Which function is woken by which topic, and which objects tell of it.

The embedded runner subscribes from this table.
"""

import re
from collections.abc import Mapping

# Topic of each prefix of a bucket whose finished objects are announced.
NOTIFICATIONS: Mapping[tuple[str, str], str] = {
    ("uploads", ""): "object.uploads",
    ("data", "datasets/"): "object.datasets",
    ("data", "metadata/"): "object.metadata",
    ("data", "signals/"): "object.signals",
}

SUBSCRIPTIONS: Mapping[str, tuple[str, ...]] = {
    "extract": ("dataset.requested",),
    "ingest": ("object.uploads",),
    "prepare": ("object.datasets", "object.metadata"),
    "enqueue": (
        "experiment.requested",
        "batch.continued",
        "training.prepared",
    ),
    "launch": ("queue.changed",),
    "collect": ("object.signals",),
    "rank": ("ranking.changed",),
    "tally": ("experiment.changed",),
    "notify": (
        "experiment.changed",
        "champion.changed",
        "batch.changed",
        "notification.due",
    ),
    "reconcile": ("execution.ended",),
    "sweep": ("timer.sweep",),
    "costs": ("timer.costs",),
    "bury": ("dead-letter",),
}

DEAD_LETTER = "dead-letter"
MAX_DELIVERIES = 10


def function_of(subscription: str) -> str:
    """The function that the subscription wakes; "" if it is none of ours.

    On a platform its name may have more around the function's.
    """
    parts = re.split(r"[^a-z]+", subscription.lower())
    return next((name for name in SUBSCRIPTIONS if name in parts), "")


def topic_of(function: str, attributes: Mapping[str, str]) -> str:
    """The topic that a message to the function came from, as far as known."""
    topics = SUBSCRIPTIONS.get(function, ())
    if len(topics) == 1:
        return topics[0]
    name = attributes.get("objectId")
    if name is None:
        named = attributes.get("topic", "")
        return named if named in topics else next(iter(topics), "")
    found = (
        topic
        for (_, prefix), topic in NOTIFICATIONS.items()
        if topic in topics and name.startswith(prefix)
    )
    return next(found, "")
