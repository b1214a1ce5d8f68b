"""`dataset.requested` → a dataset per country, from the warehouse.

The query of each country is submitted, and its id kept in the dataset's
document. What is done within a minute and small is streamed here; all else
is left to a job, which fetches the result of the same query.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from mmmflow import schema
from mmmflow.data import datasets, handover, reuse, sql
from mmmflow.domain import ids
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.ports import (
    Create,
    Document,
    Json,
    Message,
    Ports,
    Query,
    QueryStatus,
    RefusedError,
)
from mmmflow.submit import requests, submission

if TYPE_CHECKING:
    import pyarrow as pa

# What a function waits for, streams, and has time for in all.
WAIT = timedelta(seconds=60)
SMALL_ROWS = 200_000
BUDGET = timedelta(seconds=360)
_HINT = "correct it and request again, with another message_id"


def extract(message: Message, ports: Ports) -> None:
    """Extract each country; what a person did wrong is stored and final."""
    asked = requests.read("dataset.requested", message.body, message.message_id)
    try:
        requests.require_fits(
            message, "keep a long query as a view, and name that as the table"
        )
        requested = _requested(asked, ports)
    except InvalidInputError as invalid:
        requests.refuse(ports, asked, invalid.problems)
        return
    except requests.KeyReusedError as reused:
        requests.refuse_reused(ports, asked, str(reused))
        return
    _extract_all(requested, ports)


def run(dataset_id: str, ports: Ports) -> None:
    """Extract one dataset, however long it takes: what its job does."""
    dataset = ports.documents.get("datasets", dataset_id)
    if dataset is None or datasets.is_stored(ports, dataset.data):
        return
    while (running := _submitted(dataset, ports)) is not None:
        query, query_id = running
        status = ports.warehouse.wait(query_id, query, WAIT.total_seconds())
        if status.state == "gone":
            _forget(dataset, query_id, ports)
        elif status.state != "running":
            _store(dataset, query, query_id, status, ports)
            return
        handover.renew(ports, dataset.id)


def _requested(asked: requests.Request, ports: Ports) -> list[Document]:
    answer = requests.answered(ports, asked)
    if answer is None:
        validate(asked.body, ports.deployment.engine)
        now = ports.clock.now()
        found = reuse.look_up(ports, asked.body)
        made = [
            {
                **datasets.new(
                    asked,
                    index,
                    now=now,
                    country=country,
                    source=asked.body["source"],
                    mapping_version=asked.body.get("mapping_version"),
                    train=asked.body.get("train"),
                ),
                "content_key": found.keys[country],
                "altered": found.altered,
            }
            for index, country in enumerate(asked.body["countries"])
            if country not in found.datasets
        ]
        batch_id = ids.mint(now, asked.id)
        requests.accept(
            ports,
            asked,
            found.ids([data["id"] for data in made], asked.body["countries"]),
            [Create("datasets", data["id"], data) for data in made],
            reuse.trainings(asked, found, batch_id),
            batch_id=batch_id,
        )
        answer = requests.answered(ports, asked)
        assert answer is not None  # noqa: S101  (committed just above)
    return requests.made(ports, answer, "datasets")


def validate(body: Json, engine: str) -> None:
    """`engine` is that of an experiment that names none.

    Raises:
        InvalidInputError: with every problem.
    """
    schema.require("dataset.requested.json", body)
    if "query" in body["source"]:
        sql.require_single_select(body["source"]["query"])
    if "train" in body:
        train = {"schema_version": 1, **body["train"]}
        country = {"country": body["countries"][0]}
        train["experiment"] = {**train["experiment"], **country}
        submission.validated(train, engine=engine, times=len(body["countries"]))


def _extract_all(requested: list[Document], ports: Ports) -> None:
    """Every query is submitted before the first is waited for."""
    started = ports.clock.now()
    waiting = [
        dataset
        for dataset in requested
        if not dataset.data.get("job")
        and not datasets.is_stored(ports, dataset.data)
    ]
    submitted = [(each, _submitted(each, ports)) for each in waiting]
    for dataset, running in submitted:
        if running is None:
            continue
        query, query_id = running
        passed = ports.clock.now() - started
        left = max(0.0, (WAIT - passed).total_seconds())
        status = ports.warehouse.wait(query_id, query, left)
        small = status.state == "done" and status.rows <= SMALL_ROWS
        if status.state == "failed" or (small and passed <= BUDGET):
            _store(dataset, query, query_id, status, ports)
        else:
            handover.start(ports, dataset.id, "extract")


def _submitted(dataset: Document, ports: Ports) -> tuple[Query, str] | None:
    """The query of the dataset and its id; None if it can't be asked."""
    query = sql.read(
        dataset.data["source"],
        dataset.data["country"],
        ports.warehouse.dialect,
        tag=dataset.id,
    )
    current = ports.documents.get("datasets", dataset.id)
    known = current.data.get("query_id") if current is not None else None
    if known:
        return query, known
    try:
        submitted = ports.warehouse.submit(query)
    except RefusedError as refused:
        datasets.fail(ports, dataset, [Problem("source", str(refused), _HINT)])
        return None
    return query, _kept(dataset, submitted, ports)


def _kept(dataset: Document, submitted: str, ports: Ports) -> str:
    """The id that the document holds: another hand's may be there first."""
    kept = submitted

    def with_query(data: Json) -> Json:
        nonlocal kept
        kept = data.get("query_id") or submitted
        return {**data, "query_id": kept}

    datasets.change(ports, dataset.id, with_query)
    if kept != submitted:
        ports.warehouse.cancel(submitted)
    return kept


def _forget(dataset: Document, query_id: str, ports: Ports) -> None:
    """The warehouse keeps its result no more: it is to be asked again."""

    def without(data: Json) -> Json:
        same = data.get("query_id") == query_id
        return {**data, "query_id": None if same else data.get("query_id")}

    datasets.change(ports, dataset.id, without)


def _store(
    dataset: Document,
    query: Query,
    query_id: str,
    status: QueryStatus,
    ports: Ports,
) -> None:
    """Stream the rows into the dataset; say why, if there are none."""
    from mmmflow.data import parquet

    def read() -> "Iterator[pa.RecordBatch]":
        batches = ports.warehouse.fetch(query_id, query)
        return handover.counted(ports, dataset.id, batches, status.rows)

    country = dataset.data["country"]
    try:
        if status.state == "failed":
            raise RefusedError(status.reason)
        datasets.store(ports, dataset.data, read)
    except RefusedError as refused:
        problems = [Problem("source", str(refused), _HINT)]
        datasets.fail(ports, dataset, problems)
    except parquet.NoRowsError:
        problems = [Problem("source", f"no rows for {country}", _HINT)]
        datasets.fail(ports, dataset, problems)
    except InvalidInputError as invalid:
        datasets.fail(ports, dataset, invalid.problems)
