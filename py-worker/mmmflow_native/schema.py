"""The JSON Schemas of schemas/, and what a document breaks of them."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource


def violations(name: str, document: Any) -> list[str]:
    """Everything in which a document departs from the schema of that name.

    One sentence each, with the path of the value: "trials: -1 is less than
    the minimum of 1". Empty when the document is valid.
    """
    errors = sorted(
        _validator(name).iter_errors(document),
        key=lambda error: [str(part) for part in error.absolute_path],
    )
    return [
        f"{'.'.join(map(str, error.absolute_path)) or 'the document'}: "
        f"{error.message}"
        for error in errors
    ]


@cache
def _validator(name: str) -> Draft202012Validator:
    shared = Resource.from_contents(_schema("common.json"))
    registry: Registry[Any] = Registry().with_resource("common.json", shared)
    return Draft202012Validator(
        _schema(name),
        registry=registry,
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )


def _schema(name: str) -> Any:
    text = files("mmmflow.schemas").joinpath(name).read_text(encoding="utf-8")
    return json.loads(text)
