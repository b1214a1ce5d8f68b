"""What the status page asks for again and again, in one answer.

One answer is one ETag: a page that is open costs one request at a time, and
next to nothing while nothing changes.
"""

from typing import Any

from mmmflow.domain.experiment import ACTIVE
from mmmflow.ports import Json, NotFoundError, Ports, Where
from mmmflow.show import costs, dataset_views, queue_views, views
from mmmflow.show.views import Filter
from mmmflow.submit import standing

_LIST = 50
_ACTIVE = 200
_BATCHES = 5


def overview(ports: Ports) -> Json:
    """Each part is as its own route shows it."""
    listed = views.experiments(ports, Filter((), _LIST))
    active = _active(ports) if listed["next"] else []
    datasets = dataset_views.index(ports, None, _LIST, None)["datasets"]
    today = ports.clock.now().date()
    first = today.replace(day=1).isoformat()
    return {
        "experiments": _without_repeats(active + listed["experiments"]),
        "next": listed["next"],
        "champions": views.champions(ports),
        "datasets": datasets,
        **queue_views.index(ports),
        "batches": _batches(ports, listed["experiments"]),
        "standing": [
            {k: v for k, v in document.data.items() if k != "op"}
            for document in standing.index(ports)
        ],
        "dead_letters": queue_views.letters(ports, "BURIED", _LIST),
        "refused": views.refused(ports),
        "costs": costs.days(ports, first, today.isoformat()),
    }


def _active(ports: Ports) -> list[Json]:
    """What runs, however long ago it was made."""
    return [
        shown
        for state in sorted(ACTIVE)
        for shown in views.experiments(
            ports, Filter((Where("state", "==", state.value),), _ACTIVE)
        )["experiments"]
    ]


def _without_repeats(experiments: list[Json]) -> list[Json]:
    """The newest first."""
    by_id = {experiment["id"]: experiment for experiment in experiments}
    return [by_id[id] for id in sorted(by_id, reverse=True)]


def _batches(ports: Ports, experiments: list[Json]) -> list[Any]:
    """The newest: those kept as such, and those that experiments name."""
    kept = queue_views.batches(ports, _BATCHES, None)["batches"]
    ids = {batch["id"] for batch in kept}
    ids |= {e["batch_id"] for e in experiments if e["batch_id"]}
    found = []
    for id in sorted(ids, reverse=True)[:_BATCHES]:
        try:
            found.append(queue_views.batch(ports, id))
        except NotFoundError:  # its experiments were deleted meanwhile
            continue
    return found
