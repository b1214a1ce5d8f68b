"""`dataset.requested` → a dataset per country, from the warehouse."""

import tempfile
from pathlib import Path

from mmmflow import schema
from mmmflow.data import datasets, sql
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.ports import Create, Document, Json, Message, Ports, RefusedError
from mmmflow.submit import requests, submission


def extract(message: Message, ports: Ports) -> None:
    """Extract each country; what a person did wrong is stored and final."""
    asked = requests.read("dataset.requested", message.body)
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
    for dataset in requested:
        if not datasets.is_stored(ports, dataset.data):
            _extract_one(dataset, ports)


def _requested(asked: requests.Request, ports: Ports) -> list[Document]:
    answer = requests.answered(ports, asked)
    if answer is None:
        _validate(asked.body)
        now = ports.clock.now()
        made = [
            datasets.new(
                asked,
                index,
                now=now,
                country=country,
                source=asked.body["source"],
                mapping_version=asked.body.get("mapping_version"),
                train=asked.body.get("train"),
            )
            for index, country in enumerate(asked.body["countries"])
        ]
        writes = [Create("datasets", data["id"], data) for data in made]
        requests.accept(ports, asked, [d["id"] for d in made], writes)
        answer = requests.answered(ports, asked)
        assert answer is not None  # noqa: S101  (committed just above)
    return requests.made(ports, answer, "datasets")


def _validate(body: Json) -> None:
    schema.require("dataset.requested.json", body)
    if "query" in body["source"]:
        sql.require_single_select(body["source"]["query"])
    if "train" in body:
        train = {"schema_version": 1, **body["train"]}
        country = {"country": body["countries"][0]}
        train["experiment"] = {**train["experiment"], **country}
        submission.validated(train, times=len(body["countries"]))


def _extract_one(dataset: Document, ports: Ports) -> None:
    """Stream the country's rows from the warehouse into its dataset."""
    from mmmflow.data import parquet

    statement, parameters = sql.statement(
        dataset.data["source"], dataset.data["country"]
    )
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "raw.parquet"
            batches = ports.warehouse.read(statement, parameters)
            if parquet.write(batches, path) == 0:
                raise RefusedError(f"no rows for {dataset.data['country']}")
            datasets.store(ports, dataset.data, path)
    except RefusedError as refused:
        hint = "correct it and request again, with another message_id"
        datasets.fail(ports, dataset, [Problem("source", str(refused), hint)])
