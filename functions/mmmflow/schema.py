"""Validation at every boundary against the JSON Schemas in `schemas/`."""

import json
import re
from datetime import datetime
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from mmmflow.domain.errors import InvalidInputError, Problem

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator, ValidationError

_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_REFERENCE = re.compile(r'"\$ref": "([A-Za-z0-9_.-]+)#')


def text(name: str) -> str:
    """The schema as it stands in `schemas/`."""
    return resources.files("mmmflow").joinpath("schemas", name).read_text()


def _load(name: str) -> Any:
    return json.loads(text(name))


def _with_references(name: str) -> set[str]:
    """The schema and all that it refers to, itself or by another."""
    found, left = {name}, [name]
    while left:
        named = set(_REFERENCE.findall(text(left.pop()))) - found
        found |= named
        left += named
    return found


@cache
def _validator(name: str) -> "Draft202012Validator":
    """Imported when something is validated: a page that is read is not."""
    from jsonschema import Draft202012Validator, FormatChecker
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT202012

    names = sorted(_with_references(name))
    schemas = (Resource.from_contents(_load(n), DRAFT202012) for n in names)
    # Crawled once: a reference is then found without reading anything.
    registry = Registry[Any]().with_resources(
        list(zip(names, schemas, strict=True))
    )
    formats = FormatChecker()
    # The library checks it only where another package is installed.
    formats.checks("date-time", raises=ValueError)(_is_time)
    return Draft202012Validator(
        _load(name), registry=registry.crawl(), format_checker=formats
    )


def _is_time(value: object) -> bool:
    """A time as RFC 3339 writes it; what is no text is not looked at.

    Raises: ValueError: there is no such day or hour.
    """
    if not isinstance(value, str):
        return True
    datetime.fromisoformat(value.upper())
    return _TIME.fullmatch(value) is not None


def parse(text: str | bytes) -> Any:
    """The JSON of a text that comes from outside.

    Raises:
        ValueError: it is none, or can't be stored: NaN, infinite numbers,
            half a character, a depth that nothing real has.
    """
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return value


def check(name: str, value: object) -> list[Problem]:
    """Every way in which `value` breaks the schema `name`."""
    errors = sorted(
        _validator(name).iter_errors(value), key=lambda error: error.json_path
    )
    return [
        Problem(
            error.json_path.removeprefix("$.").removeprefix("$"),
            _what(error),
        )
        for error in errors
    ]


def require(name: str, value: object) -> None:
    """Raises: InvalidInputError with every problem."""
    problems = check(name, value)
    if problems:
        raise InvalidInputError(problems)


def _what(error: "ValidationError") -> str:
    """In words, where the schema has words for its pattern."""
    rule = error.schema if isinstance(error.schema, dict) else {}
    if error.validator == "pattern" and "description" in rule:
        value = _short(repr(error.instance), 120)
        return f"{value} is not as expected: {rule['description']}"
    return _short(error.message, 300)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."
