"""A batch's end is told once: when the last of its experiments has ended.

Progress is a count. The document of an end holds what was counted when it
was told, so that of many that count the same one tells it; where a person
retries one of the batch, it ends again, and that is told again.
"""

from datetime import datetime

from mmmflow.domain.experiment import TERMINAL, State
from mmmflow.messaging import outbox
from mmmflow.messaging.outbox import Outgoing
from mmmflow.ports import Create, Json, Order, Ports, Update, Where, Write
from mmmflow.submit import requests

COLLECTION = "batch_ends"
_OPEN = sorted(state.value for state in set(State) - TERMINAL)


def tell(ports: Ports, changed: Json) -> None:
    """Tell that the batch of what has changed is done, if nobody did.

    The experiment may be deleted since: its message names the batch.
    """
    document = ports.documents.get("experiments", changed["experiment_id"])
    data = document.data if document is not None else changed
    batch_id = data.get("batch_id")
    if batch_id is None:
        return
    while not _is_open(ports, batch_id):
        counted = _count(ports, batch_id)
        if counted["last"] is None:  # all of it is deleted
            return
        if _is_open(ports, batch_id):  # by a retry, while it was counted
            return
        known = ports.documents.get(COLLECTION, batch_id)
        if known is not None and known.data["counted"] == counted:
            return
        end: Json = {
            "schema_version": 1,
            "batch_id": batch_id,
            "counted": counted,
            "told_at": ports.clock.now().isoformat(),
        }
        write: Write = (
            Create(COLLECTION, batch_id, end)
            if known is None
            else Update(COLLECTION, batch_id, known.version, end)
        )
        message = _message(batch_id, counted, changed["correlation_id"])
        if outbox.commit(ports, [write], [message]):
            return


def _is_open(ports: Ports, batch_id: str) -> bool:
    """Some of it runs or waits, or is still to be made."""
    of_batch = Where("batch_id", "==", batch_id)
    return (
        ports.documents.count(
            "experiments", [of_batch, Where("state", "in", _OPEN)]
        )
        > 0
        or ports.documents.count(
            "batches",
            [Where("group", "==", batch_id), Where("state", "==", "CREATING")],
        )
        > 0
        or any(
            _will_train(ports, dataset.data)
            for dataset in ports.documents.query("datasets", [of_batch])
        )
    )


def _will_train(ports: Ports, dataset: Json) -> bool:
    """Experiments were asked for with the dataset, and are not made yet.

    What was asked so long ago that requests are forgotten was answered.
    """
    if not dataset["train"] or dataset["state"] == "FAILED":
        return False
    forgotten = ports.clock.now() - requests.KEPT
    if datetime.fromisoformat(dataset["created_at"]) <= forgotten:
        return False
    if dataset["state"] != "PREPARED":
        return True
    key = f"train-{dataset['id']}-{dataset['prepared_with']}"
    asked = requests.read("experiment.requested", {"message_id": key})
    return ports.documents.get(requests.COLLECTION, asked.id) is None


def _count(ports: Ports, batch_id: str) -> Json:
    """Ends by state, and when the last one was."""
    of_batch = Where("batch_id", "==", batch_id)
    last = ports.documents.query(
        "experiments",
        [of_batch],
        order_by=[Order("ended_at", descending=True)],
        limit=1,
    )
    counts = {
        state.value.lower(): ports.documents.count(
            "experiments", [of_batch, Where("state", "==", state.value)]
        )
        for state in sorted(TERMINAL)
    }
    return {**counts, "last": last[0].data["ended_at"] if last else None}


def _message(batch_id: str, counted: Json, correlation_id: str) -> Outgoing:
    counts = {k: v for k, v in counted.items() if k != "last"}
    body = {
        "batch_id": batch_id,
        "total": sum(counts.values()),
        "counts": counts,
    }
    return Outgoing("batch.changed", correlation_id, body)
