"""`dataset.json` or `mapping.json` written → training data and its report.

Whichever of the two comes last is prepared with the other; then experiments
that waited are let go, and what the dataset's request wants trained is asked
for, as are the country's standing experiments.
"""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmmflow import schema
from mmmflow.data import datasets, mappings
from mmmflow.domain import mapping as data_mapping
from mmmflow.domain import paths
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.domain.mapping import DataMapping
from mmmflow.messaging import outbox
from mmmflow.messaging.outbox import Outgoing
from mmmflow.ports import (
    AlreadyExistsError,
    Create,
    Document,
    Json,
    NotFoundError,
    ObjectEvent,
    Ports,
    Update,
    Where,
)
from mmmflow.queueing import training, waiting
from mmmflow.submit import standing

if TYPE_CHECKING:
    from mmmflow.data.preparation import Prepared


def prepare(event: ObjectEvent, ports: Ports) -> None:
    """Act on the marker of a dataset or of a mapping, on nothing else."""
    dataset = paths.parse_dataset_marker(event.name)
    if dataset is not None:
        _dataset_came(dataset[1], ports)
    mapping = paths.parse_mapping_marker(event.name)
    if mapping is not None:
        _mapping_came(*mapping, ports)


def _dataset_came(dataset_id: str, ports: Ports) -> None:
    data = _mark_extracted(dataset_id, ports)
    mapping = mappings.of_dataset(ports, data)
    if mapping is not None:
        _prepare_with(dataset_id, mapping, ports)


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
    the object.
    """
    id = f"{scope}~{version}"
    while True:
        known = ports.documents.get("mappings", id)
        if known is not None and known.data["state"] == "ACCEPTED":
            return known
        data = _read_mapping(scope, version, ports)
        if known is not None and known.data["problems"] == data["problems"]:
            return known
        write = (
            Create("mappings", id, data)
            if known is None
            else Update("mappings", id, known.version, data)
        )
        outbox.commit(ports, [write])


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
        "problems": [problem.as_json() for problem in problems],
        "content": content,
        "created_at": ports.clock.now().isoformat(),
    }


def _prepare_with(dataset_id: str, mapping: Document, ports: Ports) -> None:
    """Prepare the dataset with the mapping, unless it is prepared."""
    dataset = ports.documents.get("datasets", dataset_id)
    if dataset is None:
        return
    version = mapping.data["version"]
    if dataset.data["prepared_with"] is None:
        problems: list[Problem] = []
        try:
            made = _make(dataset.data, mapping, ports)
        except InvalidInputError as invalid:
            made, problems = None, invalid.problems
        _record(dataset_id, version, made, problems, ports)
    training.release_waiting(ports, dataset.data["country"])


def _prepare_also_with(
    dataset: Document, mapping: Document, ports: Ports
) -> None:
    """Prepare a prepared dataset with one more mapping."""
    version = mapping.data["version"]
    try:
        made = _make(dataset.data, mapping, ports)
        _record_also(dataset.id, version, "trainings", made, ports)
    except InvalidInputError as invalid:
        listed = [problem.as_json() for problem in invalid.problems]
        _record_also(dataset.id, version, "refusals", listed, ports)
    training.release_waiting(ports, dataset.data["country"])


def _make(data: Json, mapping: Document, ports: Ports) -> Json:
    """Write input_data.parquet and quality.json; what identifies them.

    Raises:
        InvalidInputError: with every problem of the mapping or the data.
    """
    from mmmflow.data import preparation

    if mapping.data["state"] == "REFUSED":
        raise InvalidInputError(
            [Problem(**problem) for problem in mapping.data["problems"]]
        )
    version = mapping.data["version"]
    meaning = data_mapping.read(mapping.data["content"])
    folder = paths.training_data(data["country"], data["id"], version)
    marker = datasets.read_marker(ports, data)
    with tempfile.TemporaryDirectory() as temporary:
        raw = Path(temporary) / "raw.parquet"
        name = paths.raw_data(data["country"], data["id"])
        ports.data.download(name, raw, marker["generation"])
        prepared = preparation.prepare(
            preparation.read_raw(raw), meaning, data["country"]
        )
        path = Path(temporary) / "input_data.parquet"
        preparation.write(prepared, meaning, path)
        name = f"{folder}/input_data.parquet"
        generation = _create(name, path, ports)
        checksum = datasets.sha256(path)
    report = _report(prepared, data, version, meaning)
    datasets.create_json(ports, f"{folder}/quality.json", report)
    return {
        "uri": ports.data.uri(name),
        "name": name,
        "generation": generation,
        "sha256": checksum,
        "mapping_scope": mapping.data["scope"],
        "rows": report["rows"],
        "start": report["start"],
        "end": report["end"],
        "interval": report["interval"],
        "findings": len(report["findings"]),
    }


def _create(name: str, path: Path, ports: Ports) -> str:
    """Create the object, or fetch the one that stands there into `path`."""
    try:
        return ports.data.create(name, path).generation
    except AlreadyExistsError:
        generation = datasets.generation_of(ports, name)
        ports.data.download(name, path, generation)
        return generation


def _report(
    prepared: "Prepared",
    data: Json,
    version: str,
    meaning: DataMapping,
) -> Json:
    days = prepared.frame[meaning.date].dt.date
    report = {
        "schema_version": 1,
        "dataset_id": data["id"],
        "mapping_version": version,
        "country": data["country"],
        "rows": len(prepared.frame),
        "start": days.iloc[0].isoformat(),
        "end": days.iloc[-1].isoformat(),
        "interval": prepared.interval,
        "columns": [profile.as_json() for profile in prepared.profiles],
        "findings": [finding.as_json() for finding in prepared.findings],
    }
    schema.require("quality.json", report)
    return report


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
        data["problems"] = [problem.as_json() for problem in problems]
    update = Update("datasets", dataset.id, dataset.version, data)
    if not outbox.commit(ports, [update, *started], messages):
        _record(dataset_id, version, made, problems, ports)
        return
    why = "; ".join(str(problem) for problem in problems)
    how = f"can't be prepared: {why}" if problems else "prepared"
    datasets.say(data, f"{how}, mapping {version}")


def _record_also(
    dataset_id: str, version: str, field: str, outcome: Any, ports: Ports
) -> None:
    """What became of one more mapping: what was made, or what is wrong."""
    while True:
        dataset = ports.documents.get("datasets", dataset_id)
        if dataset is None or version in dataset.data["trainings"]:
            return
        known = dataset.data.get(field, {})
        data = {**dataset.data, field: {**known, version: outcome}}
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
