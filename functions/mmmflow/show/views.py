"""What the API shows of experiments and champions."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from mmmflow.domain import experiment as rules
from mmmflow.domain import paths
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.domain.experiment import State
from mmmflow.domain.request import label_pair, run_folder
from mmmflow.ports import Json, NotFoundError, Order, Ports, Where

_MOST = 200
_USUAL = 50
_SHOWN = (
    "id",
    "state",
    "country",
    "goal",
    "revision",
    "queue",
    "priority",
    "batch_id",
    "dataset_id",
    "mapping_version",
    "attempt",
    "tries",
    "max_tries",
    "waits_for",
    "error",
    "result",
    "created_at",
    "updated_at",
    "started_at",
    "ended_at",
    "actor",
    "correlation_id",
)


@dataclass(frozen=True)
class Filter:
    """Which experiments a list shows; the newest first, after a cursor."""

    where: tuple[Where, ...]
    limit: int


_EQUAL = ("country", "state", "batch_id", "queue", "goal")
_LABEL = re.compile(r"label\.[a-z][a-z0-9_]{0,39}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def read_filter(arguments: Mapping[str, str], *, paged: bool = True) -> Filter:
    """The filter of a query string.

    `since` and `until` are days (UTC) on which an experiment was made, both
    included; `label.team` is what is labelled as that team's; a list is
    `paged` by `limit` and `after`.

    Raises:
        InvalidInputError: with every argument that is wrong.
    """
    known = (*_EQUAL, "since", "until", *(("after", "limit") if paged else ()))
    problems = [
        Problem(name, "no such filter", f"one of {', '.join(known)}")
        for name in arguments
        if name not in known and not _LABEL.fullmatch(name)
    ]
    where = [
        Where(name, "==", arguments[name])
        for name in arguments
        if name in _EQUAL
    ]
    labels = [name for name in arguments if _LABEL.fullmatch(name)]
    for name in labels:
        pair = label_pair(name.removeprefix("label."), arguments[name])
        where.append(Where("label_pairs", "contains", pair))
    if len(labels) > 1:
        problems.append(
            Problem(labels[1], "one label at a time", "narrow it otherwise")
        )
    if "after" in arguments:
        where.append(Where("id", "<", arguments["after"]))
    for name in ("since", "until"):
        if name not in arguments:
            continue
        if not is_day(arguments[name]):
            problems.append(Problem(name, "no day", "write 2026-11-20"))
            continue
        day = arguments[name].replace("-", "")
        # Ids begin with the time at which the experiment was made.
        where.append(
            Where("id", ">=", day)
            if name == "since"
            else Where("id", "<", f"{day}U")
        )
    states = [state.value for state in State]
    if arguments.get("state", states[0]) not in states:
        problems.append(
            Problem("state", "no such state", f"one of {', '.join(states)}")
        )
    limit = _USUAL
    try:
        limit = read_limit(arguments)
    except InvalidInputError as invalid:
        problems += invalid.problems
    if problems:
        raise InvalidInputError(problems)
    return Filter(tuple(where), limit)


def read_limit(arguments: Mapping[str, str]) -> int:
    """How many a list shows. Raises: InvalidInputError."""
    limit = arguments.get("limit", str(_USUAL))
    if limit.isascii() and limit.isdigit() and 1 <= int(limit) <= _MOST:
        return int(limit)
    raise InvalidInputError.of("limit", f"a number from 1 to {_MOST}")


def is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return _DAY.fullmatch(text) is not None


def experiments(ports: Ports, wanted: Filter) -> Json:
    """A page of experiments, and the cursor to the next where there is one."""
    found = ports.documents.query(
        "experiments",
        where=wanted.where,
        order_by=[Order("id", descending=True)],
        limit=wanted.limit + 1,
    )
    page = found[: wanted.limit]
    return {
        "experiments": [summary(ports, document.data) for document in page],
        "next": page[-1].id if len(found) > wanted.limit else None,
    }


def experiment(ports: Ports, id: str) -> Json:
    """Raises: NotFoundError."""
    document = ports.documents.get("experiments", id)
    if document is None:
        raise NotFoundError(f"experiment {id}")
    shown = summary(ports, document.data)
    shown["request"] = document.data["request"]
    shown["history"] = document.data["history"]
    shown["execution"] = document.data["execution"]
    if document.data["result"]:
        folder = document.data["result"]["folder"]
        shown["summary"] = _json(ports, f"{folder}/model_summary.json")
        shown["files"] = [
            info.name.removeprefix(f"{folder}/")
            for info in ports.data.list(f"{folder}/")
        ]
    return shown


def summary(ports: Ports, data: Json) -> Json:
    """An experiment in a list, with its progress while it runs."""
    shown = {field: data[field] for field in _SHOWN}
    shown["labels"] = data.get("labels", {})
    asked = data["request"]
    for field in ("engine", "adstock", "iterations", "trials", "window"):
        shown[field] = asked[field]
    shown["estimated_cost"] = data.get("estimated_cost")
    running = rules.state_of(data) in rules.ACTIVE
    shown["progress"] = _progress(ports, data) if running else None
    return shown


def batch_summary(data: Json) -> Json:
    """How far the making of a batch is."""
    fields = ("id", "state", "total", "created", "created_at", "actor")
    return {field: data[field] for field in fields}


def request(ports: Ports, id: str) -> Json:
    """What became of a request: what was made for it, or its problems.

    Raises: NotFoundError: it did not come, or is not answered yet.
    """
    document = ports.documents.get("requests", id)
    if document is None:
        raise NotFoundError(f"answered request {id} yet")
    fields = ("kind", "key", "state", "actor", "correlation_id", "created_at")
    data = document.data
    return {
        "id": id,
        **{field: data[field] for field in fields},
        "made": data.get("made", []),
        "batch_id": data.get("batch_id"),
        "problems": data.get("problems", []),
    }


def refused(ports: Ports) -> list[Json]:
    """The newest requests that were refused, with every problem."""
    fields = ("kind", "key", "problems", "actor", "correlation_id")
    found = ports.documents.query(
        "requests",
        where=[Where("state", "==", "REFUSED")],
        order_by=[Order("created_at", descending=True)],
        limit=_USUAL,
    )
    return [
        {
            **{field: document.data[field] for field in fields},
            "created_at": document.data["created_at"],
        }
        for document in found
    ]


def champions(ports: Ports) -> list[Json]:
    found = ports.documents.query("champions", limit=_MOST)
    return [
        {key: value for key, value in document.data.items() if key != "op"}
        for document in found
    ]


def champion(ports: Ports, country: str, goal: str) -> Json:
    """A champion with its leaderboard, and what it changed.

    Raises: NotFoundError.
    """
    data = _champion(ports, country, goal)
    board = paths.rendering(country, goal, "leaderboard")
    return {
        "champion": data,
        "leaderboard": _object(ports, board),
        "comparison": _object(ports, data.get("comparison")),
    }


def leaderboards(ports: Ports) -> list[Json]:
    """Of which countries and goals there is one, and who leads it."""
    fields = ("country", "goal", "experiment_id", "score", "rule", "updated_at")
    return [
        {field: data[field] for field in fields} for data in champions(ports)
    ]


def leaderboard(ports: Ports, country: str, goal: str) -> Any:
    """The best experiments of a country and goal, ranked.

    Raises: NotFoundError.
    """
    _champion(ports, country, goal)
    found = _object(ports, paths.rendering(country, goal, "leaderboard"))
    if found is None:
        raise NotFoundError(f"leaderboard of {country}, {goal} yet")
    return found


def _champion(ports: Ports, country: str, goal: str) -> Json:
    id = f"{country}~{paths.safe(goal)}"
    document = ports.documents.get("champions", id)
    if document is None:
        raise NotFoundError(f"champion of {country}, {goal}")
    return {k: v for k, v in document.data.items() if k != "op"}


def _object(ports: Ports, name: str | None) -> Any:
    try:
        return json.loads(ports.data.read(name)) if name else None
    except NotFoundError:
        return None


def _progress(ports: Ports, data: Json) -> Any:
    folder = paths.attempt_folder(run_folder(data), data["attempt"])
    return _json(ports, f"{folder}/progress.json")


def _json(ports: Ports, name: str) -> Any:
    """What the object holds; None if it is gone or unreadable."""
    try:
        return json.loads(ports.data.read(name))
    except (NotFoundError, ValueError):
        return None
