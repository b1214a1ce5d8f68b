"""A timer → what each of the last days cost, a document a day."""

from datetime import timedelta

from mmmflow.domain import bills
from mmmflow.messaging import outbox
from mmmflow.ports import Create, Json, Message, Ports, Update, Write

COLLECTION = "costs"
_LATE = timedelta(days=10)  # a bill's lines come days after the use


def costs(message: Message, ports: Ports) -> None:
    """Read the export for the last days; write what differs."""
    del message
    since = (ports.clock.now() - _LATE).date().isoformat()
    for day, paid in bills.days(ports.billing.lines(since)).items():
        _keep(day, dict(paid), ports)


def _keep(day: str, paid: Json, ports: Ports) -> None:
    while True:
        known = ports.documents.get(COLLECTION, day)
        if known is not None and paid.items() <= known.data.items():
            return
        data = {**paid, "updated_at": ports.clock.now().isoformat()}
        write: Write = (
            Create(COLLECTION, day, data)
            if known is None
            else Update(COLLECTION, day, known.version, data)
        )
        if outbox.commit(ports, [write]):
            return
