"""What takes longer than a function may: the same step, in a job.

A dataset's document says which job works for it. The job may be started
twice, for what it writes is created once: a start that was not recorded is
simply made again when its lease is over. A job that ends before the work is
done is started again, three times in all; then the dataset has failed.
"""

import logging
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from mmmflow.data import datasets
from mmmflow.domain.errors import Problem
from mmmflow.messaging import outbox
from mmmflow.ports import (
    Document,
    Execution,
    Json,
    Order,
    Ports,
    RefusedError,
    Update,
    Where,
)

if TYPE_CHECKING:
    import pyarrow as pa

log = logging.getLogger(__name__)

Step = Literal["extract", "ingest", "prepare"]

TRIES = 3
LIMIT_SECONDS = 4 * 3600
LEASE = timedelta(minutes=10)
DATASET, STEP = "MMMFLOW_DATASET", "MMMFLOW_STEP"
_SAY_EVERY = timedelta(seconds=5)
_AGAIN_AFTER = timedelta(minutes=1)
_AT_ONCE = 200


def start(ports: Ports, dataset_id: str, step: Step) -> None:
    """Start the job that does this step for the dataset, unless there is one.

    Only the handler whose commit says so starts it; a start that is refused
    is tried again by `sweep`, and no try counts.
    """
    while True:
        document = ports.documents.get("datasets", dataset_id)
        if document is None or document.data.get("job"):
            return
        if _start(ports, document, step, tries=1):
            return


def _start(ports: Ports, dataset: Document, step: Step, tries: int) -> bool:
    """False if another hand has changed the document meanwhile."""
    now = ports.clock.now()
    job = {
        "step": step,
        "tries": tries,
        "execution": None,
        "lease_until": (now + LEASE).isoformat(),
    }
    if not _write(ports, dataset, {"job": job}):
        return False
    env = {DATASET: dataset.id, STEP: step}
    try:
        name = ports.jobs.start(step, env, LIMIT_SECONDS)
    except RefusedError as refused:
        datasets.say(
            dataset.data,
            f"waits for its {step} job: the start was refused: {refused}",
            logging.WARNING,
        )
        again = (now + _AGAIN_AFTER).isoformat()
        job |= {"tries": tries - 1, "lease_until": again}
    else:
        datasets.say(dataset.data, f"goes on in {name}")
        job |= {"execution": name}
    _record(ports, dataset.id, tries, job)
    return True


def renew(ports: Ports, dataset_id: str) -> None:
    """The job lives; overtaken, it will be heard of again."""
    _say(ports, dataset_id, {})


def finish(ports: Ports, dataset_id: str) -> None:
    """Nothing more is to be done by a job."""
    while True:
        document = ports.documents.get("datasets", dataset_id)
        if document is None or document.data.get("job") is None:
            return
        if _write(ports, document, {"job": None}):
            return


def ended(execution: Execution, ports: Ports) -> None:
    """A dataset's job has ended: its work is done, or is to be done again."""
    document = ports.documents.get("datasets", execution.env[DATASET])
    job = document.data.get("job") if document is not None else None
    if (
        document is not None
        and job is not None
        and job["execution"] in (None, execution.name)
    ):
        _again(ports, document, execution.reason or execution.state)


def look_after_overdue(ports: Ports) -> None:
    """Jobs that nothing was heard of for the time of a lease."""
    now = ports.clock.now()
    overdue = ports.documents.query(
        "datasets",
        where=[Where("job.lease_until", "<=", now.isoformat())],
        order_by=[Order("job.lease_until")],
        limit=_AT_ONCE,
    )
    for document in overdue:
        name = document.data["job"]["execution"]
        execution = ports.jobs.get(name) if name else None
        if execution is None or execution.ended:
            reason = execution.reason if execution else "it never started"
            _again(ports, document, reason)
        else:
            lease = (now + LEASE).isoformat()
            job = {**document.data["job"], "lease_until": lease}
            _write(ports, document, {"job": job})


def _again(ports: Ports, document: Document, why: str) -> None:
    """Start the job again while it has work and tries left."""
    job = document.data["job"]
    if _is_done(ports, document.data):
        finish(ports, document.id)
    elif job["tries"] < TRIES:
        log.warning(
            "the %s job of dataset %s ended: %s", job["step"], document.id, why
        )
        _start(ports, document, job["step"], job["tries"] + 1)
    else:
        problem = Problem(
            job["step"],
            f"its job ended {TRIES} times before it was done: {why}",
            f"see the log of {job['execution'] or 'the job'}, then ask again",
        )
        failed = {"state": "FAILED", "problems": [problem.as_json()]}
        _write(ports, document, {**failed, "job": None})
        datasets.say(document.data, f"failed: {problem}", logging.ERROR)


def _is_done(ports: Ports, data: Json) -> bool:
    if data["job"]["step"] == "prepare":
        return bool(data["state"] != "EXTRACTED")
    return datasets.is_stored(ports, data)


def _tries(data: Json) -> int:
    job = data.get("job")
    return int(job["tries"]) if job else 0


def _write(ports: Ports, document: Document, fields: Json) -> bool:
    data = {**document.data, **fields}
    update = Update("datasets", document.id, document.version, data)
    return outbox.commit(ports, [update])


def _record(ports: Ports, dataset_id: str, tries: int, job: Json) -> None:
    """Note what became of the start, unless another has begun since."""
    while True:
        document = ports.documents.get("datasets", dataset_id)
        if document is None or _tries(document.data) != tries:
            return
        if _write(ports, document, {"job": job}):
            return


def counted(
    ports: Ports,
    dataset_id: str,
    batches: "Iterable[pa.RecordBatch]",
    expected: int | None,
) -> "Iterator[pa.RecordBatch]":
    """The batches, while the dataset's document says how far they are."""
    rows, said = 0, ports.clock.now()
    for batch in batches:
        yield batch
        rows += batch.num_rows
        now = ports.clock.now()
        if now - said >= _SAY_EVERY:
            progress = {"rows": rows, "of": expected, "at": now.isoformat()}
            _say(ports, dataset_id, {"progress": progress})
            said = now


def _say(ports: Ports, dataset_id: str, fields: Json) -> None:
    """Write the fields and renew the job's lease; not if overtaken."""
    document = ports.documents.get("datasets", dataset_id)
    if document is None:
        return
    if job := document.data.get("job"):
        lease = (ports.clock.now() + LEASE).isoformat()
        fields = {**fields, "job": {**job, "lease_until": lease}}
    _write(ports, document, fields)
