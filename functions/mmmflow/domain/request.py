"""What a person asks of experiments, and what contradicts itself in it."""

import itertools
import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from mmmflow.domain import budget, jobs, paths
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.domain.experiment import State

Data = dict[str, Any]

MAX_EXPERIMENTS = 10_000
CONFIRM_ABOVE = 50
PRESETS: Mapping[str, tuple[int, int]] = {
    "test": (200, 3),
    "benchmark": (2000, 5),
    "production": (10000, 5),
}
DEFAULT_ENGINE = "native"  # where a deployment says nothing
_DEFAULTS: Mapping[str, Any] = {
    "dataset_id": None,
    "source": None,
    "upload": None,
    "mapping_version": None,
    "resample": None,
    "annotations": None,
    "goal": None,
    "window": {},
    "solver": "exact",
    "optimiser": "de",
    "adstock": "geometric",
    "hyperparameters": {},
    "ts_validation": False,
    "add_penalty_factor": False,
    "intercept_sign": "non_negative",
    "paid_media": None,
    "organic": None,
    "context": None,
    "factors": None,
    "signs": {},
    "prophet": {},
    "calibration": [],
    "allocation": {},
    "stability": 0,
    "previous": None,
    "revision": {"tag": "r", "number": 1},
    "seed": 123,
    "labels": {},
    "not_before": None,
    "queue": "default",
    "priority": 0,
    "max_tries": 3,
    "time_limit_seconds": 3600,
}
_NATIVE_ALLOCATION = ("locked", "groups", "period")
_COMPONENTS = ("trend", "season", "holiday")


def count(body: Mapping[str, Any]) -> int:
    """How many experiments the message asks for."""
    return math.prod(len(values) for values in body.get("sweep", {}).values())


def expand(body: Mapping[str, Any]) -> list[Data]:
    """One request per experiment: the base with each of the sweep's values.

    Raises:
        InvalidInputError: more than `MAX_EXPERIMENTS` at once.
    """
    sweep: Mapping[str, list[Any]] = body.get("sweep", {})
    if count(body) > MAX_EXPERIMENTS:
        raise InvalidInputError.of(
            "sweep",
            f"more than {MAX_EXPERIMENTS} experiments in one request",
            "split it into several requests",
        )
    return [
        {**body["experiment"], **dict(zip(sweep, values, strict=True))}
        for values in itertools.product(*sweep.values())
    ]


def unconfirmed(experiments: int, body: Mapping[str, Any]) -> list[Problem]:
    """A sweep grows faster than one thinks: a large one is confirmed."""
    if experiments <= CONFIRM_ABOVE or body.get("confirm"):
        return []
    return [
        Problem(
            "confirm",
            f"the sweep makes {experiments} experiments; more than"
            f" {CONFIRM_ABOVE} must be confirmed",
            'add "confirm": true beside "sweep"',
        )
    ]


def complete(request: Mapping[str, Any], engine: str = DEFAULT_ENGINE) -> Data:
    """The request with every default filled in; `engine` if it names none."""
    iterations, trials = PRESETS[request.get("preset", "benchmark")]
    sized = {"iterations": iterations, "trials": trials}
    completed = {**_DEFAULTS, "engine": engine, **sized, **request}
    return {**completed, "size": jobs.size_of(completed)}


def contradictions(request: Mapping[str, Any]) -> Iterator[Problem]:
    """What in a complete request can't be, whatever the data and mapping."""
    yield from _data(request)
    window = request["window"]
    if window.get("start", "") > window.get("end", "9999"):
        yield Problem("window", "it ends before it starts")
    components = prophet(request["prophet"], request["country"])
    if "holiday" in components["components"] and not components["country"]:
        yield Problem(
            "prophet.components",
            "holidays of which country?",
            'add "country" to prophet, as a code like "DE"',
        )
    if request["not_before"] and _time(request["not_before"]) is None:
        yield Problem(
            "not_before",
            f"{request['not_before']!r} is no time with its zone",
            "write 2026-12-31T22:00:00Z",
        )
    yield from _unused(request)
    yield from _calibration(request["calibration"])
    yield from budget.contradictions(request["allocation"])
    yield from _of_native(request)


def _data(request: Mapping[str, Any]) -> Iterator[Problem]:
    """Its data is named once, and of its country."""
    named = [f for f in ("dataset_id", "source", "upload") if request[f]]
    if len(named) > 1:
        what = f"beside {named[0]} it has no meaning"
        yield Problem(named[1], what, "leave one of them out")
    if request["upload"]:
        place = paths.parse_upload(request["upload"]["name"])
        if place is None or place[0] != request["country"]:
            yield Problem(
                "upload.name",
                f"it is not in the folder of {request['country']}",
                f"drop the file as uploads/{request['country']}/<file>",
            )


def _unused(request: Mapping[str, Any]) -> Iterator[Problem]:
    """Ranges that would be given in vain: they are refused, not ignored."""
    for name in request["hyperparameters"]:
        where = f"hyperparameters.{name}"
        if name == "train_size" and not request["ts_validation"]:
            yield Problem(
                where,
                "without ts_validation every row trains",
                'add "ts_validation": true, or leave it out',
            )
        if name.endswith("_penalty") and not request["add_penalty_factor"]:
            yield Problem(
                where,
                "without add_penalty_factor it has no effect",
                'add "add_penalty_factor": true, or leave it out',
            )


def _of_native(request: Mapping[str, Any]) -> Iterator[Problem]:
    """What only the native engine can do."""
    if request["engine"] == "native":
        return
    allocation = request["allocation"]
    asked = {
        "stability": request["stability"],
        "previous": request["previous"],
        **{f"allocation.{n}": allocation.get(n) for n in _NATIVE_ALLOCATION},
    }
    for where, value in asked.items():
        if value:
            yield Problem(
                where,
                f"the engine {request['engine']} has no such thing",
                'leave it out, or use "engine": "native"',
            )


def _calibration(lifts: list[Data]) -> Iterator[Problem]:
    for row, lift in enumerate(lifts):
        if lift["liftStartDate"] > lift["liftEndDate"]:
            yield Problem(f"calibration[{row}]", "it ends before it starts")


def new_experiment(
    experiment_id: str,
    request: Mapping[str, Any],
    *,
    batch_id: str | None,
    correlation_id: str,
    actor: str,
    now: datetime,
    whole_batch: str | None = None,
    data_request: str | None = None,
) -> Data:
    """The document of an experiment that waits for its training data.

    That is what comes of the request for data `data_request`, where there is
    one. It also waits for the request's `not_before`, and until the batch
    `whole_batch` is complete, where there is one.
    """
    waits_for = {
        "dataset_id": request["dataset_id"],
        "mapping_version": request["mapping_version"],
    }
    if data_request is not None:
        waits_for["data_request"] = data_request
    if request["upload"]:
        waits_for["upload"] = request["upload"]["name"]
    starts = _time(request["not_before"] or "")
    if starts is not None:
        waits_for["time"] = starts.astimezone(UTC).isoformat()
    if whole_batch is not None:
        waits_for["batch"] = whole_batch
    return {
        "schema_version": 1,
        "id": experiment_id,
        "state": State.WAITING.value,
        "country": request["country"],
        "goal": request["goal"],
        "revision": request["revision"],
        "labels": request["labels"],
        "label_pairs": [
            label_pair(name, value) for name, value in request["labels"].items()
        ],
        "queue": request["queue"],
        "priority": request["priority"],
        "batch_id": batch_id,
        "request": dict(request),
        "waits_for": waits_for,
        "dataset_id": request["dataset_id"],
        "data_request": data_request,
        "upload": request["upload"],
        "mapping_version": request["mapping_version"],
        "config": None,
        "attempt": 0,
        "tries": 0,
        "max_tries": request["max_tries"],
        "eligible_at": None,
        "slot": None,
        "execution": None,
        "lease_until": None,
        "result": None,
        "error": None,
        "history": [],
        "created_at": now.isoformat(),
        "updated_at": now.isoformat(),
        "started_at": None,
        "ended_at": None,
        "correlation_id": correlation_id,
        "actor": actor,
    }


def label_pair(name: str, value: str) -> str:
    """A label as one word: whatever its name is, one index finds it."""
    return f"{name}={value}"


def run_folder(experiment: Mapping[str, Any]) -> str:
    revision = experiment["revision"]
    return paths.run_folder(
        revision["tag"],
        revision["number"],
        experiment["country"],
        experiment["id"],
    )


def prophet(request: Mapping[str, Any], country: str) -> Data:
    """Components and whose holidays: a country's, if it has a code."""
    code = country if len(country) == 2 and country.isupper() else None
    given = request.get("country", code)
    components = [c for c in _COMPONENTS if c != "holiday" or given]
    return {
        "components": request.get("components", components),
        "country": given,
    }


def _time(text: str) -> datetime | None:
    """None for what is no time, or one of no zone."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo is not None else None
