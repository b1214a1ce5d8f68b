"""Objects of what was deleted: removed now, or by `sweep` after a crash.

A `removals` document is made in the commit that deletes; it is gone when the
objects are.
"""

from mmmflow.domain import paths, request
from mmmflow.ports import Create, Delete, Json, Order, Ports, Where

COLLECTION = "removals"
_AT_ONCE = 20


def of_experiment(ports: Ports, experiment: Json, actor: str) -> Create:
    """The write that has the experiment's objects removed."""
    return Create(
        COLLECTION,
        experiment["id"],
        {
            "schema_version": 1,
            "prefixes": list(prefixes(experiment)),
            "actor": actor,
            "correlation_id": experiment["correlation_id"],
            "created_at": ports.clock.now().isoformat(),
        },
    )


def prefixes(experiment: Json) -> tuple[str, str]:
    """Of all objects of the experiment: its run's, then its signals."""
    run = request.run_folder(experiment)
    return f"{run}/", paths.signals(experiment["id"])


def finish(ports: Ports, id: str) -> None:
    """Remove the objects, then the document that asked for it.

    The configuration goes first: a worker that comes late finds none, and
    ends, even where the claim that would have told it is gone.
    """
    document = ports.documents.get(COLLECTION, id)
    if document is None:
        return
    for prefix in document.data["prefixes"]:
        config = paths.job_config(prefix.rstrip("/"))
        for name in [config, *(i.name for i in ports.data.list(prefix))]:
            ports.data.delete(name)
    ports.documents.commit([Delete(COLLECTION, id)])


def finish_overdue(ports: Ports, before: str) -> None:
    """Finish what was begun before that time."""
    found = ports.documents.query(
        COLLECTION,
        where=[Where("created_at", "<=", before)],
        order_by=[Order("created_at")],
        limit=_AT_ONCE,
    )
    for document in found:
        finish(ports, document.id)
