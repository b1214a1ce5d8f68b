"""How things are named in a command: ids, the newest, name=value."""

import json
import re
from collections.abc import Iterable
from typing import Any

from mmmflow.cli.client import Client
from mmmflow.cli.failures import SAYS_NO, fail
from mmmflow.domain.errors import InvalidInputError

LAST = "last"
_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{12}")


def is_id(name: str) -> bool:
    """Whether it is an id of an experiment, dataset or batch."""
    return _ID.fullmatch(name) is not None


def experiment(client: Client, name: str) -> str:
    """The id; `last` is the newest experiment's.

    Raises:
        FailedError: there is none.
        InvalidInputError: it is no id.
    """
    if name == LAST:
        newest = client.get("/experiments", limit=1)["experiments"]
        if not newest:
            fail(SAYS_NO, "", "there is no experiment yet", "mmmflow submit")
        return str(newest[0]["id"])
    if not is_id(name):
        raise InvalidInputError.of(
            name,
            "no id of an experiment",
            f"as `mmmflow ls` shows it, or {LAST} for the newest",
        )
    return name


def pairs(given: Iterable[str], what: str) -> dict[str, str]:
    """name=value, by name. Raises: InvalidInputError."""
    found = {}
    for one in given:
        name, is_given, value = one.partition("=")
        if not (name and is_given):
            raise InvalidInputError.of(what, f"{one!r} is not name=value")
        found[name] = value
    return found


def value(written: str) -> Any:
    """What is written: JSON where it is some, else the text itself."""
    try:
        return json.loads(written)
    except ValueError:
        return written


def put(into: dict[str, Any], path: str, content: Any) -> None:
    """Set `a.b` inside nested objects."""
    *outer, last = path.split(".")
    for name in outer:
        inner = into.setdefault(name, {})
        if not isinstance(inner, dict):
            raise InvalidInputError.of(path, f"{name} holds a value already")
        into = inner
    into[last] = content
