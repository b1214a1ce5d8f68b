"""Revisions: a tag and a number, counted for each country.

The last number of a tag and country is a document's: nothing is scanned.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Data = dict[str, Any]
# Per tag and country: the number that was asked for → the one that is given.
# Text, as keys are in JSON.
Numbers = dict[str, dict[str, int]]


def key(tag: str, country: str) -> str:
    """Neither a tag nor a country holds a `~`."""
    return f"{tag}~{country}"


def key_of(request: Mapping[str, Any]) -> str:
    return key(request["revision"]["tag"], request["country"])


def numbers(
    requests: Sequence[Mapping[str, Any]],
    last: Mapping[str, int],
    *,
    force: bool,
) -> Numbers:
    """The numbers of these requests: as asked for, or the next ones.

    `last` holds the last number of every key, 0 where there is none. Under
    `force` different numbers of one tag and country stay different.
    """
    asked: dict[str, set[int]] = {}
    for request in requests:
        of_key = asked.setdefault(key_of(request), set())
        of_key.add(request["revision"]["number"])
    return {
        key: {
            str(number): last[key] + place if force else number
            for place, number in enumerate(sorted(of_key), start=1)
        }
        for key, of_key in asked.items()
    }


def numbered(request: Mapping[str, Any], given: Numbers) -> Data:
    """The request with the number that it was given."""
    revision = request["revision"]
    number = given[key_of(request)][str(revision["number"])]
    return {**request, "revision": {**revision, "number": number}}
