"""What a submission would make, without making any of it."""

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mmmflow.domain import costs, jobs, mapping, request
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.domain.job_config import problems as misfits
from mmmflow.domain.mapping import DataMapping
from mmmflow.ports import Json, Ports
from mmmflow.queueing import queues, training

_LISTED = 100
_DATA = ("country", "dataset_id", "source", "upload", "mapping_version")


@dataclass(frozen=True)
class _Data:
    """What an experiment would be trained with; None while it is missing."""

    meaning: DataMapping | None
    problems: tuple[Problem, ...] = ()


def plan(ports: Ports, wanted: Sequence[Json]) -> Json:
    """How many experiments, how long and how dear, and what becomes of each.

    `wanted` are valid requests of one experiment each. Of many the first
    hundred are listed. `seconds` is the time until the last has ended, were
    its queue empty and as parallel as it is now; `problems` are those of
    experiments that would fail as soon as they were made.
    """
    known: dict[tuple[Any, ...], _Data] = {}
    shown: list[Json] = []
    seconds: Counter[str] = Counter()
    states: Counter[str] = Counter()
    cost = longest = 0.0
    for asked in wanted:
        one = request.complete(asked, ports.deployment.engine)
        key = tuple(json.dumps(one[field]) for field in _DATA)
        if key not in known:
            known[key] = _data(ports, one)
        row = _row(one, known[key])
        states[row["would_be"]] += 1
        cost += row["cost"]
        seconds[one["queue"]] += row["seconds"]
        longest = max(longest, row["seconds"])
        if len(shown) < _LISTED:
            shown.append(row)
    waits = (
        total / _parallelism(ports, queue) for queue, total in seconds.items()
    )
    return {
        "experiments": sum(states.values()),
        "would_be": dict(states),
        "cost": round(cost, 6),
        "currency": costs.CURRENCY,
        "seconds": math.ceil(max([*waits, longest])),
        "listed": shown,
    }


def _row(one: Json, data: _Data) -> Json:
    problems = list(data.problems)
    if data.meaning is not None:
        problems += misfits(one, data.meaning)
    would_be = "QUEUED" if data.meaning or problems else "WAITING"
    fields = ("country", "engine", "adstock", "iterations", "trials", "seed")
    return {
        **{field: one[field] for field in fields},
        "queue": one["queue"],
        "size": jobs.size_of(one),
        "seconds": costs.seconds(one),
        "cost": costs.estimate(one),
        "would_be": "FAILED" if problems else would_be,
        "problems": [problem.as_json() for problem in problems],
    }


def _data(ports: Ports, one: Json) -> _Data:
    if one["not_before"]:
        return _Data(None)
    try:
        found = training.available(ports, one)
    except InvalidInputError as invalid:
        return _Data(None, tuple(invalid.problems))
    if found is None:
        return _Data(None)
    return _Data(mapping.read(found[1].data["content"]))


def _parallelism(ports: Ports, queue: str) -> int:
    known = ports.documents.get("queues", queue)
    if known is None:
        return queues.DEFAULT_PARALLELISM
    return int(known.data["parallelism"])
