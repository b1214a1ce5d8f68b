"""Everything about one run, put into an archive."""

from pathlib import Path
from typing import Any

from mmmflow import schema
from mmmflow.domain import paths, preparation, request
from mmmflow.domain.errors import InvalidInputError, NotAllowedError
from mmmflow.domain.experiment import State
from mmmflow.ports import Json, NotFoundError, Ports
from mmmflow.upkeep import archive_file
from mmmflow.upkeep.archive_file import (
    ATTEMPT,
    CONFIG,
    DATA,
    MARKER,
    PREVIOUS,
    QUALITY,
)

# What is known of a run here, and means nothing elsewhere.
_OF_A_PLACE = ("uri", "name", "generation")


def export(ports: Ports, experiment_id: str, folder: Path) -> Path:
    """Write the archive of a run that succeeded into `folder`.

    The same run gives the same bytes, also where it was imported.

    Raises:
        NotFoundError: there is no such experiment.
        NotAllowedError: it has not succeeded, or part of it is gone.
    """
    document = ports.documents.get("experiments", experiment_id)
    if document is None:
        raise NotFoundError(f"experiment {experiment_id}")
    data = document.data
    if data["state"] != State.SUCCEEDED:
        raise NotAllowedError.of(
            experiment_id,
            f"it is {data['state']}",
            "what succeeded has a result that can be exported",
        )
    try:
        return _export(ports, data, folder)
    except NotFoundError as gone:
        raise NotAllowedError.of(
            experiment_id,
            f"{gone} is gone",
            "a run is whole until its data or its files are deleted",
        ) from None


def run_objects(data: Json) -> str:
    """The folder of a run's copies: what was imported, large archives."""
    return f"{request.run_folder(data)}/archive"


def _export(ports: Ports, data: Json, folder: Path) -> Path:
    config = data["config"]
    dataset = ports.documents.get("datasets", config["dataset_id"])
    if dataset is None:
        raise NotFoundError(f"dataset {config['dataset_id']}")
    key = preparation.key(
        config["mapping_version"], preparation.asked(data["request"])
    )
    training = dataset.data["trainings"].get(key)
    if training is None:
        raise NotFoundError(f"training data {key}")
    scope = training["mapping_scope"]
    mapping = ports.documents.get(
        "mappings", f"{scope}~{config['mapping_version']}"
    )
    if mapping is None:
        raise NotFoundError(f"mapping {scope}/{config['mapping_version']}")
    documents = {
        "experiment": experiment_part(data),
        "dataset": _dataset_part(dataset.data, training),
        "mapping": {field: mapping.data[field] for field in _fields("mapping")},
    }
    files = _files(ports, data, training, folder)
    target = folder / f"{data['id']}.zip"
    archive_file.write(target, documents, files)
    return target


def experiment_part(data: Json) -> Json:
    """What of an experiment's document is the run's wherever it is."""
    part = {name: data[name] for name in _fields("experiment") if name in data}
    result = {
        name: value
        for name, value in data["result"].items()
        if name != "manifest_generation"
    }
    return {**part, "result": result}


def _dataset_part(dataset: Json, training: Json) -> Json:
    own = {k: v for k, v in training.items() if k not in _OF_A_PLACE}
    fields = (name for name in _fields("dataset") if name != "training")
    return {**{name: dataset[name] for name in fields}, "training": own}


def _fields(part: str) -> list[str]:
    """The fields that the schema has for a part."""
    parts: dict[str, Any] = schema.parse(schema.text("archive.json"))
    return list(parts["properties"][part]["properties"])


def _files(
    ports: Ports, data: Json, training: Json, folder: Path
) -> dict[str, Path]:
    """Bring every file of the run into `folder`, by its name in the archive."""
    attempt = data["result"]["folder"]
    made = folder / "manifest"
    ports.data.download(f"{attempt}/manifest.json", made)
    manifest = _json(made, "manifest.json")
    where = {
        CONFIG: (paths.job_config(request.run_folder(data)), None),
        DATA: (training["name"], training["generation"]),
        QUALITY: (
            training["name"].rpartition("/")[0] + "/quality.json",
            None,
        ),
        MARKER: (_marker(ports, data), None),
        f"{ATTEMPT}manifest.json": (f"{attempt}/manifest.json", None),
    }
    previous = _previous(ports, data)
    if previous is not None:
        where[PREVIOUS] = (previous, None)
    for file in manifest["files"]:
        name = f"{attempt}/{file['name']}"
        where[ATTEMPT + file["name"]] = (name, None)
    found = {}
    for index, (name, (stored, generation)) in enumerate(where.items()):
        target = folder / f"{index:04}"
        ports.data.download(stored, target, generation)
        found[name] = target
    return found


def _marker(ports: Ports, data: Json) -> str:
    """dataset.json; of an imported run its copy, which wakes nobody."""
    name = paths.dataset_marker(data["country"], data["config"]["dataset_id"])
    if ports.data.stat(name) is not None:
        return name
    return f"{run_objects(data)}/dataset.json"


def _previous(ports: Ports, data: Json) -> str | None:
    """The model that the run refreshed; of an imported run its copy."""
    name = paths.job_config(request.run_folder(data))
    config = schema.parse(ports.data.read(name))
    previous = config.get("previous")
    if previous is None:
        return None
    copy = f"{run_objects(data)}/previous.json"
    return copy if ports.data.stat(copy) else str(previous["name"])


def _json(path: Path, name: str) -> Any:
    try:
        content = schema.parse(path.read_bytes())
    except ValueError as error:
        raise InvalidInputError.of(name, f"no JSON: {error}") from None
    schema.require(name, content)
    return content
