"""The API's contract, schemas/openapi.yaml, for tests to hold answers to."""

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

NAME = "openapi.yaml"
_NO_ROUTE = (401, 403, 404, 405, 503)
METHODS = ("get", "post", "put", "patch", "delete")
_SCHEMAS = resources.files("mmmflow").joinpath("schemas")


class Operation(NamedTuple):
    method: str  # in upper case
    path: str
    content: Any


@dataclass(frozen=True)
class Told:
    """An answer, whoever has asked."""

    status: int
    media_type: str | None
    body: bytes


@cache
def document() -> Any:
    return yaml.safe_load(_SCHEMAS.joinpath(NAME).read_text())


@cache
def operations() -> tuple[Operation, ...]:
    return tuple(
        Operation(method.upper(), path, content)
        for path, methods in document()["paths"].items()
        for method, content in methods.items()
        if method in METHODS
    )


def find(method: str, path: str) -> Operation | None:
    """The operation of a concrete path; of two the one with more words."""
    asked = "GET" if method == "HEAD" else method
    found = [
        operation
        for operation in operations()
        if operation.method == asked
        and _pattern(operation.path).fullmatch(path)
    ]
    return min(found, key=lambda o: o.path.count("{"), default=None)


def hold(method: str, path: str, told: Told) -> None:
    """Fails where an answer is not what the contract says."""
    operation = find(method, path.partition("?")[0])
    if operation is None:
        assert told.status in _NO_ROUTE, f"no operation for {method} {path}"
        return
    said = operation.content["responses"].get(str(told.status))
    assert said is not None, (
        f"{method} {operation.path} answers {told.status}: {told.body[:500]!r}"
    )
    contents = _resolved(said).get("content", {})
    if not contents or method == "HEAD":
        assert not told.body
        return
    media = contents.get(told.media_type or "", contents.get("*/*"))
    assert media is not None, f"{told.media_type} is none of {contents}"
    if told.media_type == "application/json" and media["schema"]:
        errors = validator(media["schema"]).iter_errors(json.loads(told.body))
        found = [f"{error.json_path}: {error.message}" for error in errors]
        assert found == [], f"{method} {operation.path}"


def validator(schema: Any) -> Draft202012Validator:
    """Of a part of the contract, with all that it refers to."""
    return Draft202012Validator(
        _absolute(schema), registry=_registry(), format_checker=FormatChecker()
    )


@cache
def _registry() -> Registry[Any]:
    texts = {
        file.name: json.loads(file.read_text())
        for file in _SCHEMAS.iterdir()
        if file.name.endswith(".json")
    }
    contents = {**texts, NAME: document()}
    return Registry[Any]().with_resources(
        [
            (name, DRAFT202012.create_resource(content))
            for name, content in contents.items()
        ]
    )


def _absolute(value: Any) -> Any:
    """References within the contract, seen from outside of it."""
    if isinstance(value, dict):
        return {
            k: f"{NAME}{v}"
            if k == "$ref" and isinstance(v, str) and v.startswith("#")
            else _absolute(v)
            for k, v in value.items()
        }
    if isinstance(value, list):
        return [_absolute(one) for one in value]
    return value


def _resolved(value: Any) -> Any:
    """What a reference within the contract stands for."""
    if "$ref" not in value:
        return value
    found = document()
    for part in value["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return found


@cache
def _pattern(path: str) -> re.Pattern[str]:
    """Of the paths that a template means; some parts hold slashes."""
    whole = path.endswith(("files/{name}", "/{goal}"))
    pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))
    last = "[^/]+"
    return re.compile(pattern.removesuffix(last) + ".+" if whole else pattern)
