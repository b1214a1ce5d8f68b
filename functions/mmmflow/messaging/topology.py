"""Which function is woken by which topic, and which objects tell of it.

The embedded runner subscribes from this table, with one subscription a
function. On a platform there is one for each of its topics, and names have
the deployment's before them: `mmmflow-dev.notify.batch.changed` gives the
function `notify` what comes on `mmmflow-dev.batch.changed`.
"""

from collections.abc import Mapping

# Topic of each prefix of a bucket whose finished objects are announced; the
# buckets go by their names among the ports.
NOTIFICATIONS: Mapping[tuple[str, str], str] = {
    ("uploads", ""): "object.uploads",
    ("data", "datasets/"): "object.datasets",
    ("data", "metadata/"): "object.metadata",
    ("data", "signals/"): "object.signals",
}

SUBSCRIPTIONS: Mapping[str, tuple[str, ...]] = {
    "extract": ("dataset.requested",),
    "ingest": ("object.uploads",),
    "prepare": ("object.datasets", "object.metadata", "training.requested"),
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


def topic_named(name: str) -> str:
    """Our topic of that name on a platform; the name itself if none is."""
    known = {t for topics in SUBSCRIPTIONS.values() for t in topics}
    return next((topic for topic in known if _ends(name, topic)), name)


def function_of(subscription: str) -> str:
    """The function that the subscription wakes; "" if it is none of ours."""
    return next(
        (
            function
            for function, topics in SUBSCRIPTIONS.items()
            if _ends(subscription, function)
            or any(_ends(subscription, f"{function}.{t}") for t in topics)
        ),
        "",
    )


def topic_of(subscription: str, attributes: Mapping[str, str]) -> str:
    """The topic that its message came from, as far as that is known."""
    function = function_of(subscription)
    topics = SUBSCRIPTIONS.get(function, ())
    for topic in topics:
        if len(topics) == 1 or _ends(subscription, f"{function}.{topic}"):
            return topic
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


def _ends(name: str, part: str) -> bool:
    """The name is that part, or has a deployment's prefix before it."""
    return name == part or name.endswith(f".{part}")
