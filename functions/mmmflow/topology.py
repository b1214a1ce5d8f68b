"""Which function is woken by which topic, and which objects tell of it.

The embedded runner subscribes from this table.
"""

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
    "enqueue": ("experiment.requested",),
    "launch": ("queue.changed",),
    "collect": ("object.signals",),
    "reconcile": ("execution.ended",),
    "sweep": ("timer.sweep",),
    "bury": ("dead-letter",),
}

DEAD_LETTER = "dead-letter"
MAX_DELIVERIES = 10
