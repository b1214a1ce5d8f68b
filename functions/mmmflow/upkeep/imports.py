"""A run out of an archive: made here, and nothing started by it."""

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from mmmflow import document_rules, schema
from mmmflow.domain import migrations, paths, preparation, request
from mmmflow.domain.errors import InvalidInputError, NotAllowedError
from mmmflow.domain.ids import content_hash
from mmmflow.messaging import outbox
from mmmflow.ports import (
    AlreadyExistsError,
    Create,
    Json,
    NotFoundError,
    Ports,
    Update,
    Write,
)
from mmmflow.upkeep import archive_file, exports
from mmmflow.upkeep.archive_file import (
    ATTEMPT,
    CONFIG,
    DATA,
    HEAD,
    MARKER,
    PREVIOUS,
    QUALITY,
)

Files = Mapping[str, Path]


def take(
    ports: Ports, source: Path | BinaryIO, *, actor: str
) -> tuple[Json, bool]:
    """Make the run's objects, then its documents; whether it is new here.

    Nobody is told of it: it is shown, exported and deleted like any other
    run, but it is no candidate for champion, and its dataset and mapping are
    used by nothing that does not name them.

    Raises:
        InvalidInputError: the archive is no such, or contradicts itself.
        NotAllowedError: there is another run, dataset or mapping of that id.
    """
    with (
        archive_file.opened(source) as archive,
        tempfile.TemporaryDirectory() as temporary,
    ):
        files = archive.unpack(Path(temporary))
        head = dict(archive.head)
        require_consistent(head, files)
        while True:
            known = ports.documents.get("experiments", head["experiment"]["id"])
            if known is not None:
                _require_same(ports, head, known.data)
                return known.data, False
            data = _make(ports, head, files, actor)
            if data is not None:
                return data, True


def require_consistent(head: Json, files: Files) -> None:
    """Hold the parts of an archive against each other.

    Raises: InvalidInputError.
    """
    data, dataset, mapping = (
        head[part] for part in ("experiment", "dataset", "mapping")
    )
    missing = {CONFIG, DATA, QUALITY, MARKER, f"{ATTEMPT}manifest.json"}
    missing -= set(files)
    if missing:
        raise _wrong(HEAD, f"it lacks {', '.join(sorted(missing))}")
    config = _read(files, CONFIG, "job_config.json")
    manifest = _read(files, f"{ATTEMPT}manifest.json", "manifest.json")
    summary = _read(files, f"{ATTEMPT}model_summary.json", "model_summary.json")
    _read(files, QUALITY, "quality.json")
    marker = _read(files, MARKER, "dataset.json")
    listed = {file["name"]: file["sha256"] for file in head["files"]}
    expected = {ATTEMPT + f["name"]: f["sha256"] for f in manifest["files"]}
    expected |= {n: listed[n] for n in (CONFIG, DATA, QUALITY, MARKER)}
    expected[f"{ATTEMPT}manifest.json"] = listed[f"{ATTEMPT}manifest.json"]
    if config.get("previous") is not None:
        expected[PREVIOUS] = config["previous"]["sha256"]
    folder = paths.attempt_folder(request.run_folder(data), data["attempt"])
    training = dataset["training"]
    chosen = data["result"]["selected"]
    agree: Mapping[str, bool] = {
        "files": expected == listed,
        "experiment.id": data["id"]
        == config["experiment_id"]
        == manifest["experiment_id"]
        == summary["experiment_id"],
        "experiment.country": data["country"]
        == config["country"]
        == dataset["country"]
        == marker["country"]
        == summary["country"],
        "experiment.revision": data["revision"] == config["revision"],
        "experiment.attempt": data["attempt"] == manifest["attempt"],
        "experiment.config": data["config"]["content_hash"]
        == content_hash(config)
        and data["config"]["name"]
        == paths.job_config(request.run_folder(data)),
        "experiment.goal": data["goal"] == summary["dep_var"],
        "experiment.result": data["result"]["folder"] == folder
        and str(data["result"]["onepager"]).startswith(f"{folder}/")
        and isinstance(chosen, dict)
        and all(summary["selected"].get(k) == v for k, v in chosen.items()),
        "dataset.id": dataset["id"]
        == config["dataset_id"]
        == data["config"]["dataset_id"]
        == marker["dataset_id"],
        "training data": listed[DATA]
        == config["data"]["sha256"]
        == training["sha256"]
        == manifest["data_sha256"],
        "job_config.json": listed[CONFIG] == manifest["config_sha256"],
        "mapping.version": mapping["version"]
        == config["mapping_version"]
        == training["mapping_version"]
        == data["config"]["mapping_version"],
        "mapping.scope": mapping["scope"] == training["mapping_scope"],
    }
    for where, is_so in agree.items():
        if not is_so:
            raise _wrong(where, "the archive's parts contradict each other")


def _make(ports: Ports, head: Json, files: Files, actor: str) -> Json | None:
    """Objects first, then documents in one commit; None if overtaken."""
    data, archived = head["experiment"], head["dataset"]
    training = archived["training"]
    key = preparation.key(training["mapping_version"], training["options"])
    prepared = paths.training_data(data["country"], archived["id"], key)
    folder, copies = data["result"]["folder"], exports.run_objects(data)
    places = {
        CONFIG: data["config"]["name"],
        DATA: f"{prepared}/input_data.parquet",
        QUALITY: f"{prepared}/quality.json",
        MARKER: f"{copies}/dataset.json",
        PREVIOUS: f"{copies}/previous.json",
    }
    generations = {}
    for name, path in files.items():
        place = places.get(name) or f"{folder}/{name.removeprefix(ATTEMPT)}"
        generations[name] = _create(ports, place, path)
    trained = {
        **training,
        "uri": ports.data.uri(places[DATA]),
        "name": places[DATA],
        "generation": generations[DATA],
    }
    made = {
        **_blank(data),
        **data,
        "result": {
            **data["result"],
            "manifest_generation": generations[f"{ATTEMPT}manifest.json"],
        },
        "imported": {
            "actor": actor,
            "at": ports.clock.now().isoformat(),
        },
    }
    writes: list[Write] = [
        Create("experiments", data["id"], made),
        *_dataset(ports, archived, key, trained),
        *_mapping(ports, head["mapping"]),
    ]
    try:
        return made if outbox.commit(ports, writes) else None
    except document_rules.TooLargeError as error:
        raise _wrong(HEAD, str(error)) from None


def _blank(data: Json) -> Json:
    """What an experiment's document has that is of no run elsewhere."""
    return {
        "schema_version": 1,
        "label_pairs": [
            request.label_pair(name, value)
            for name, value in data["labels"].items()
        ],
        "batch_id": None,
        "waits_for": None,
        "dataset_id": data["config"]["dataset_id"],
        "data_request": None,
        "upload": None,
        "eligible_at": None,
        "slot": None,
        "execution": None,
        "lease_until": None,
        "started_at": None,
        "error": None,
    }


def _create(ports: Ports, name: str, path: Path) -> str:
    """The object's generation, made now or by an import that died.

    Raises: NotAllowedError: other content stands there.
    """
    try:
        return ports.data.create(name, path).generation
    except AlreadyExistsError:
        info = ports.data.stat(name)
        try:
            content = ports.data.read(name)
        except NotFoundError:
            content = b""
        if info is None or _sha256(content) != _sha256(path.read_bytes()):
            raise NotAllowedError.of(
                name, "another object stands there", "nothing was imported"
            ) from None
        return info.generation


def _dataset(
    ports: Ports, archived: Json, key: str, training: Json
) -> list[Write]:
    """The dataset, without its rows; or one more training of a known one."""
    known = ports.documents.get("datasets", archived["id"])
    if known is None:
        named = {k: v for k, v in archived.items() if k != "training"}
        data = {
            "schema_version": 1,
            **named,
            "state": "IMPORTED",
            "batch_id": None,
            "mapping_version": training["mapping_version"],
            "train": None,
            "rows": None,
            "trainings": {key: training},
            "prepared_with": key,
            "problems": [],
        }
        return [Create("datasets", archived["id"], data)]
    trainings = known.data["trainings"]
    if key not in trainings:
        data = {**known.data, "trainings": {**trainings, key: training}}
        return [Update("datasets", known.id, known.version, data)]
    if trainings[key]["sha256"] != training["sha256"]:
        raise NotAllowedError.of(
            archived["id"],
            f"its training data {key} is another here",
            "nothing was imported",
        )
    return []


def _mapping(ports: Ports, archived: Json) -> list[Write]:
    """The mapping, for what names it; no new data is prepared with it."""
    id = f"{archived['scope']}~{archived['version']}"
    known = ports.documents.get("mappings", id)
    if known is None:
        data = {
            "schema_version": 1,
            **archived,
            "state": "IMPORTED",
            "problems": [],
        }
        return [Create("mappings", id, data)]
    was, found = (
        migrations.migrated("mappings", one)["content"]
        for one in (known.data, archived)
    )
    if was != found:
        raise NotAllowedError.of(
            id, "there is another mapping of that name", "nothing was imported"
        )
    return []


def _require_same(ports: Ports, head: Json, known: Json) -> None:
    """Raises: NotAllowedError: the experiment here is another."""
    same = False
    if known["state"] == "SUCCEEDED":
        with tempfile.TemporaryDirectory() as temporary:
            here = exports.export(ports, known["id"], Path(temporary))
            with archive_file.opened(here) as archive:
                same = all(
                    archive.head[part] == head[part]
                    for part in ("experiment", "files")
                )
    if not same:
        raise NotAllowedError.of(
            known["id"],
            "there is another experiment of that id",
            "an id is never reused: delete it first, if it may go",
        )


def _read(files: Files, name: str, named: str) -> Any:
    path = files.get(name)
    if path is None:
        raise _wrong(HEAD, f"it lacks {name}")
    try:
        content = schema.parse(path.read_bytes())
    except ValueError as error:
        raise _wrong(name, f"no JSON: {error}") from None
    schema.require(named, content)
    return content


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _wrong(where: str, what: str) -> InvalidInputError:
    hint = "export the run once more, and take that file"
    return InvalidInputError.of(where, what, hint)
