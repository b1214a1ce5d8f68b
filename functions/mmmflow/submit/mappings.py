"""Mappings that a person saves: created once, under a version of their own."""

import json

from mmmflow import schema
from mmmflow.data import datasets, mappings
from mmmflow.domain import paths
from mmmflow.domain.errors import InvalidInputError, NotAllowedError
from mmmflow.domain.mapping_validation import Difference
from mmmflow.ports import AlreadyExistsError, Json, NotFoundError, Ports
from mmmflow.submit import requests

KIND = "mapping"


def save(
    ports: Ports, asked: Json, actor: str, key: str | None
) -> tuple[Json, bool]:
    """Write the mapping's object, which `prepare` takes up; whether it is new.

    `asked` is a mapping.saved.json. Who saved it stands in the request's
    document.

    Raises:
        InvalidInputError: with every problem of the mapping.
        NotAllowedError: the version is there with other content.
        KeyReusedError: the key came with another mapping.
    """
    schema.require("mapping.saved.json", asked)
    content = json.dumps(asked["mapping"], indent=1, ensure_ascii=False)
    mappings.parse(content.encode())
    scope, version = asked["scope"], asked["version"]
    usual = f"{scope}~{version}"
    body = {**asked, "actor": actor, "message_id": key or usual}
    request = requests.read(KIND, body)
    try:
        known = requests.answered(ports, request) is not None
    except requests.KeyReusedError:
        if key:
            raise
        raise _taken(scope, version) from None
    name = paths.mapping_marker(scope, version)
    try:
        ports.data.create(name, content.encode())
    except AlreadyExistsError:
        if json.loads(ports.data.read(name)) != asked["mapping"]:
            raise _taken(scope, version) from None
        known = True
    requests.accept(ports, request, [usual], [])
    return {"scope": scope, "version": version, "id": usual}, not known


def judged(ports: Ports, document: Json, dataset_id: str) -> Json:
    """What is wrong with a mapping, in itself and beside a dataset's columns.

    Raises:
        NotFoundError: there is no such dataset, or it has no rows yet.
    """
    try:
        mappings.parse(json.dumps(document).encode())
    except InvalidInputError as invalid:
        problems = [problem.as_json() for problem in invalid.problems]
        return {"valid": False, "problems": problems, "differences": []}
    found: list[Difference] = []
    if dataset_id:
        found = mappings.validate(document, _columns(ports, dataset_id))
    return {
        "valid": all(one.severity != "error" for one in found),
        "problems": [],
        "differences": [one.as_json() for one in found],
    }


def _columns(ports: Ports, dataset_id: str) -> dict[str, str]:
    dataset = ports.documents.get("datasets", dataset_id)
    if dataset is None:
        raise NotFoundError(f"dataset {dataset_id}")
    marker = datasets.read_marker(ports, dataset.data)
    return {column["name"]: column["type"] for column in marker["columns"]}


def _taken(scope: str, version: str) -> InvalidInputError:
    return NotAllowedError.of(
        "version",
        f"there is another mapping {version} of {scope}",
        "a version stays as it is: choose a new one",
    )
