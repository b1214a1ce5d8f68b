"""What a person submits: all of it validated before any of it is made."""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from mmmflow import schema
from mmmflow.domain import request
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.ports import Json, Ports
from mmmflow.submit import manifests

SCHEMA = "experiment.requested.json"
_ONE = "experiment.json"
_ANY = {"country": "DE"}


def validated(body: Json, *, engine: str, times: int = 1) -> list[Json]:
    """One request per experiment of the message's `experiment` and `sweep`.

    The sweep is made `times` times: once for each country, say. `engine` is
    that of an experiment that names none.

    Raises:
        InvalidInputError: with every problem of every experiment.
    """
    schema.require(SCHEMA, body)
    experiments = request.expand(body)
    problems = request.unconfirmed(len(experiments) * times, body)
    found = dict.fromkeys(problems)
    found |= {p: None for one in experiments for p in problems_of(one, engine)}
    if found:
        raise InvalidInputError(list(found))
    return experiments


def read(ports: Ports, body: Json) -> list[Json]:
    """As `validated`, also of a message that names an object.

    Raises:
        InvalidInputError: with every problem of every experiment.
    """
    if "batch_object" not in body:
        return validated(body, engine=ports.deployment.engine)
    schema.require(SCHEMA, body)
    beside = [
        Problem(field, "beside batch_object it has no meaning", "leave it out")
        for field in ("experiment", "sweep")
        if field in body
    ]
    if beside:
        raise InvalidInputError(beside)
    rows = manifests.read(ports, **body["batch_object"])
    experiments, problems = split(rows, ports.deployment.engine)
    if problems:
        raise InvalidInputError(problems)
    return experiments


def split(
    rows: manifests.Rows, engine: str
) -> tuple[list[Json], list[Problem]]:
    """(the experiments of the rows that are right, the problems of others).

    `engine` is that of a row that names none.

    Raises:
        InvalidInputError: the whole can't be read, or has no rows.
    """
    experiments: list[Json] = []
    problems: list[Problem] = []
    for row in rows:
        found = row.problems or tuple(problems_of(row.experiment, engine))
        problems += (row.placed(problem) for problem in found)
        if not found:
            experiments.append(row.experiment)
    if not experiments and not problems:
        raise InvalidInputError.of("rows", "there are none", "one a row")
    return experiments, problems


def problems_of(experiment: Json, engine: str) -> list[Problem]:
    """What is wrong with a request in itself, before any data is known.

    Contradictions are looked for among the fields that are right.
    """
    wrong: list[Problem] = []
    if "country" not in experiment:
        wrong += schema.check(_ONE, {})
    right: Json = {}
    for field, value in experiment.items():
        found = _field_problems(field, json.dumps(value, sort_keys=True))
        wrong += found
        if not found:
            right[field] = value
    completed = request.complete({**_ANY, **right}, engine)
    return [*request.contradictions(completed), *wrong]


@lru_cache(maxsize=2048)
def _field_problems(field: str, value: str) -> Sequence[Problem]:
    """A field's own problems: a large batch repeats most of its values."""
    one: dict[str, Any] = {**_ANY, field: json.loads(value)}
    found = schema.check(_ONE, one)
    if field == "source" and not found and "query" in one[field]:
        from mmmflow.data import sql

        try:
            sql.require_single_select(one[field]["query"])
        except InvalidInputError as invalid:
            found = [replace(p, where="source.query") for p in invalid.problems]
    return tuple(found)
