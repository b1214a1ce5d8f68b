"""`dataset.json` or `mapping.json` written → training data and its report.

Whichever of the two comes last is prepared with the other; then experiments
that waited are let go, and what the dataset's request wants trained is asked
for, as are the country's standing experiments. A dataset of many rows is left
to a job. An experiment that wants the rows prepared in its own way asks by a
message.
"""

from typing import Any, Literal

from mmmflow import schema
from mmmflow.data import datasets, handover, mappings, trainings
from mmmflow.domain import migrations, outcomes, paths, preparation
from mmmflow.domain.errors import InvalidInputError, Problem, stored
from mmmflow.messaging import outbox
from mmmflow.messaging.outbox import Outgoing
from mmmflow.ports import (
    Create,
    Document,
    Json,
    Message,
    NotFoundError,
    ObjectEvent,
    Ports,
    Update,
    Where,
)
from mmmflow.queueing import training, waiting
from mmmflow.submit import standing

# What a function prepares within its time and memory.
SMALL_ROWS = 1_000_000


def prepare(event: ObjectEvent | Message, ports: Ports) -> None:
    """Act on the marker of a dataset or of a mapping, or on a message."""
    if isinstance(event, Message):
        schema.require("training.requested.json", event.body)
        _asked(event.body, ports)
        return
    dataset = paths.parse_dataset_marker(event.name)
    if dataset is not None:
        _dataset_came(dataset[1], ports)
    mapping = paths.parse_mapping_marker(event.name)
    if mapping is not None:
        _mapping_came(*mapping, ports)


def run(dataset_id: str, ports: Ports) -> None:
    """Prepare one dataset, however many rows it has: what its job does."""
    data = _mark_extracted(dataset_id, ports)
    mapping = mappings.of_dataset(ports, data)
    if mapping is not None:
        _prepare_now(dataset_id, mapping, ports)


def _dataset_came(dataset_id: str, ports: Ports) -> None:
    data = _mark_extracted(dataset_id, ports)
    mapping = mappings.of_dataset(ports, data)
    if mapping is not None:
        _prepare_with(dataset_id, mapping, ports)


def _asked(body: Json, ports: Ports) -> None:
    """An experiment wants the dataset prepared in its own way."""
    dataset = ports.documents.get("datasets", body["dataset_id"])
    if dataset is None:
        return
    version, options = body["mapping_version"], body["options"]
    if preparation.key(version, options) in _outcomes(dataset.data):
        training.release(ports, body["experiment_id"])
        return
    mapping = mappings.of_training(ports, dataset.data, version)
    if mapping is not None:
        _prepare_also_with(
            dataset, mapping, ports, options, asker=body["experiment_id"]
        )


def _mapping_came(scope: str, version: str, ports: Ports) -> None:
    mapping = _register(scope, version, ports)
    for dataset in _waiting_datasets(scope, ports):
        if dataset.data["mapping_version"] in (None, version):
            _prepare_with(dataset.id, mapping, ports)
    for dataset in waiting.waited_for(ports, scope, version):
        _prepare_also_with(dataset, mapping, ports)


def _waiting_datasets(scope: str, ports: Ports) -> list[Document]:
    """Datasets that this mapping might be for: their rows are there."""
    states = Where("state", "in", ["EXTRACTED", "FAILED"])
    of_country = [Where("country", "==", scope)] if scope != "universal" else []
    found = ports.documents.query("datasets", [states, *of_country])
    return [d for d in found if d.data["rows"] is not None]


def _register(scope: str, version: str, ports: Ports) -> Document:
    """The mapping's document: refused, it may be corrected in its place.

    Accepted, it holds the mapping and stays what it is, whatever becomes of
    the object; that it was written over is said.
    """
    id = f"{scope}~{version}"
    while True:
        known = ports.documents.get("mappings", id)
        try:
            data = _read_mapping(scope, version, ports)
        except NotFoundError:
            if known is None:
                raise
            return known
        if known is not None and known.data["state"] == "ACCEPTED":
            changed = _written_over(known.data, data)
            if changed == known.data:
                return known
            data = changed
            mappings.say_written_over(data)
        elif known is not None and _is_as_it_was(known.data, data):
            return known
        write = (
            Create("mappings", id, data)
            if known is None
            else Update("mappings", id, known.version, data)
        )
        outbox.commit(ports, [write])


def _is_as_it_was(known: Json, data: Json) -> bool:
    return all(known[field] == data[field] for field in ("state", "problems"))


def _written_over(known: Json, now: Json) -> Json:
    """The accepted mapping, with the problem that its object is another."""
    problems = []
    was, found = (migrations.migrated("mappings", one) for one in (known, now))
    if was["content"] != found["content"]:
        problem = Problem(
            paths.mapping_marker(known["scope"], known["version"]),
            "it was written over after it was accepted; the version stays"
            " what it was",
            "write it as a new version",
        )
        problems = [problem.as_json()]
    if problems == known["problems"]:
        return known
    return {**known, "problems": problems}


def _read_mapping(scope: str, version: str, ports: Ports) -> Json:
    """What the mapping's object says now, or what is wrong with it."""
    content, problems = None, list[Problem]()
    try:
        content, _ = mappings.parse(
            ports.data.read(paths.mapping_marker(scope, version))
        )
    except InvalidInputError as invalid:
        problems = invalid.problems
    return {
        "schema_version": 1,
        "scope": scope,
        "version": version,
        "state": "REFUSED" if problems else "ACCEPTED",
        "problems": stored(problems),
        "content": content,
        "created_at": ports.clock.now().isoformat(),
    }


def _prepare_with(dataset_id: str, mapping: Document, ports: Ports) -> None:
    """Prepare the dataset with the mapping, here or in a job."""
    dataset = ports.documents.get("datasets", dataset_id)
    if dataset is None:
        return
    waits = dataset.data["prepared_with"] is None
    if waits and dataset.data["rows"] > SMALL_ROWS:
        handover.start(ports, dataset_id, "prepare")
    else:
        _prepare_now(dataset_id, mapping, ports)


def _prepare_now(dataset_id: str, mapping: Document, ports: Ports) -> None:
    """Prepare the dataset with the mapping, unless it is prepared."""
    dataset = ports.documents.get("datasets", dataset_id)
    if dataset is None:
        return
    version = mapping.data["version"]
    if dataset.data["prepared_with"] is None:
        problems: list[Problem] = []
        try:
            made = trainings.make(dataset.data, mapping, {}, ports)
        except InvalidInputError as invalid:
            made, problems = None, invalid.problems
        _record(dataset_id, version, made, problems, ports)
    training.release_waiting(ports, dataset.data["country"])


def _prepare_also_with(
    dataset: Document,
    mapping: Document,
    ports: Ports,
    options: Json | None = None,
    *,
    asker: str | None = None,
) -> None:
    """Prepare a prepared dataset with one more mapping, or in another way.

    The experiment that asks is let go first: of many that ask for as many
    ways, the document keeps the newest.
    """
    asked = options or {}
    key = preparation.key(mapping.data["version"], asked)
    if key not in _outcomes(dataset.data):
        try:
            made = trainings.make(dataset.data, mapping, asked, ports)
            _record_also(dataset.id, key, "trainings", made, ports)
        except InvalidInputError as invalid:
            listed = stored(invalid.problems)
            _record_also(dataset.id, key, "refusals", listed, ports)
    if asker is not None:
        training.release(ports, asker)
    training.release_waiting(ports, dataset.data["country"])


def _outcomes(data: Json) -> Json:
    """What was made of the dataset, or refused, by its key."""
    return {**data["trainings"], **data.get("refusals", {})}


def _mark_extracted(dataset_id: str, ports: Ports) -> Json:
    """Its rows are there, also where another handler could not get them."""
    while True:
        dataset = ports.documents.get("datasets", dataset_id)
        if dataset is None:
            raise NotFoundError(f"dataset {dataset_id} has no document yet")
        if dataset.data["rows"] is not None:
            return dataset.data
        marker = datasets.read_marker(ports, dataset.data)
        data = {**dataset.data, "state": "EXTRACTED", "problems": []}
        data["rows"] = marker["rows"]
        update = Update("datasets", dataset.id, dataset.version, data)
        if outbox.commit(ports, [update]):
            return data


def _record(
    dataset_id: str,
    version: str,
    made: Json | None,
    problems: list[Problem],
    ports: Ports,
) -> None:
    """Say in the dataset's document what became of it."""
    dataset = ports.documents.get("datasets", dataset_id)
    if dataset is None or dataset.data["prepared_with"] is not None:
        return
    data = dict(dataset.data)
    messages: list[Outgoing] = []
    started: list[Update] = []
    if made is not None:
        trainings = {**data["trainings"], version: made}
        data |= {"state": "PREPARED", "trainings": trainings, "problems": []}
        data["prepared_with"] = version
        started, asked = standing.starts(ports, data, version)
        messages = [*_wanted_training(data, version), *asked]
    else:
        data["state"] = "FAILED"
        data["problems"] = stored(problems)
    update = Update("datasets", dataset.id, dataset.version, data)
    if not outbox.commit(ports, [update, *started], messages):
        _record(dataset_id, version, made, problems, ports)
        return
    why = "; ".join(str(problem) for problem in problems)
    how = f"can't be prepared: {why}" if problems else "prepared"
    datasets.say(data, f"{how}, mapping {version}")


def _record_also(
    dataset_id: str,
    key: str,
    field: Literal["trainings", "refusals"],
    outcome: Any,
    ports: Ports,
) -> None:
    """What became of one more preparation: what was made, or what is wrong."""
    while True:
        dataset = ports.documents.get("datasets", dataset_id)
        if dataset is None or key in dataset.data["trainings"]:
            return
        data = outcomes.recorded(dataset.data, field, key, outcome)
        update = Update("datasets", dataset.id, dataset.version, data)
        if outbox.commit(ports, [update]):
            return


def _wanted_training(data: Json, version: str) -> list[Outgoing]:
    """What the dataset's request wants trained with it, if anything."""
    if not data["train"]:
        return []
    experiment = {
        **data["train"]["experiment"],
        "country": data["country"],
        "dataset_id": data["id"],
        "mapping_version": version,
    }
    body = {
        "actor": data["actor"],
        "batch_id": data["batch_id"],
        "experiment": experiment,
        "confirm": data["train"].get("confirm", False),
    }
    if "sweep" in data["train"]:
        body["sweep"] = data["train"]["sweep"]
    return [
        Outgoing(
            "experiment.requested",
            data["correlation_id"],
            body,
            message_id=f"train-{data['id']}-{version}",
        )
    ]
