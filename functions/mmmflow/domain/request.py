"""From what a person asks to a frozen configuration."""

import itertools
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mmmflow.domain import hyperparameters, paths
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.domain.experiment import State
from mmmflow.domain.mapping import DataMapping, Goal

Data = dict[str, Any]

MAX_EXPERIMENTS = 200
PRESETS: Mapping[str, tuple[int, int]] = {
    "test": (200, 3),
    "benchmark": (2000, 5),
    "production": (10000, 5),
}
_DEFAULTS: Mapping[str, Any] = {
    "dataset_id": None,
    "mapping_version": None,
    "goal": None,
    "window": {},
    "engine": "native",
    "adstock": "geometric",
    "hyperparameters": {},
    "ts_validation": False,
    "prophet": {},
    "allocation": {},
    "revision": {"tag": "r", "number": 1},
    "seed": 123,
    "queue": "default",
    "priority": 0,
    "max_tries": 3,
    "time_limit_seconds": 3600,
}
_COMPONENTS = ("trend", "season", "holiday")
_BOUNDS = (0.5, 2.0)


def expand(body: Mapping[str, Any]) -> list[Data]:
    """One request per experiment: the base with each of the sweep's values.

    Raises:
        InvalidInputError: more than `MAX_EXPERIMENTS` at once.
    """
    sweep: Mapping[str, list[Any]] = body.get("sweep", {})
    combinations = itertools.product(*sweep.values())
    limited = list(itertools.islice(combinations, MAX_EXPERIMENTS + 1))
    if len(limited) > MAX_EXPERIMENTS:
        raise InvalidInputError.of(
            "sweep",
            f"more than {MAX_EXPERIMENTS} experiments in one request",
            "split it into several requests",
        )
    return [
        {**body["experiment"], **dict(zip(sweep, values, strict=True))}
        for values in limited
    ]


def complete(request: Mapping[str, Any]) -> Data:
    """The request with every default filled in."""
    iterations, trials = PRESETS[request.get("preset", "benchmark")]
    sized = {"iterations": iterations, "trials": trials}
    return {**_DEFAULTS, **sized, **request}


def problems(request: Mapping[str, Any], mapping: DataMapping) -> list[Problem]:
    """What in a complete request does not fit the mapping."""
    found = []
    if request["goal"] and mapping.goal(request["goal"]) is None:
        goals = ", ".join(goal.column for goal in mapping.goals)
        found.append(
            Problem(
                "goal",
                f"{request['goal']!r} is not a goal of the mapping",
                f"goals: {goals}",
            )
        )
    window = request["window"]
    if window.get("start", "") > window.get("end", "9999"):
        found.append(Problem("window", "it ends before it starts"))
    prophet = _prophet(request["prophet"], request["country"])
    if "holiday" in prophet["components"] and not prophet["country"]:
        found.append(
            Problem(
                "prophet.components",
                "holidays of which country?",
                'add "country" to prophet, as a code like "DE"',
            )
        )
    channels = [channel.name for channel in mapping.channels]
    for channel, (low, high) in request["allocation"].get("bounds", {}).items():
        where = f"allocation.bounds.{channel}"
        if channel != "default" and channel not in channels:
            known = f"channels: {', '.join(channels)}"
            found.append(Problem(where, "no such channel", known))
        if low > high:
            found.append(Problem(where, f"min {low:g} is above max {high:g}"))
    return found + hyperparameters.problems(
        request["adstock"],
        [variable for variable, _ in _media(mapping)],
        request["hyperparameters"],
    )


def new_experiment(
    experiment_id: str,
    request: Mapping[str, Any],
    *,
    batch_id: str | None,
    correlation_id: str,
    actor: str,
    now: datetime,
) -> Data:
    """The document of an experiment that waits for its training data."""
    return {
        "schema_version": 1,
        "id": experiment_id,
        "state": State.WAITING.value,
        "country": request["country"],
        "goal": request["goal"],
        "revision": request["revision"],
        "queue": request["queue"],
        "priority": request["priority"],
        "batch_id": batch_id,
        "request": dict(request),
        "waits_for": {
            "dataset_id": request["dataset_id"],
            "mapping_version": request["mapping_version"],
        },
        "dataset_id": request["dataset_id"],
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


def run_folder(experiment: Mapping[str, Any]) -> str:
    revision = experiment["revision"]
    return paths.run_folder(
        revision["tag"],
        revision["number"],
        experiment["country"],
        experiment["id"],
    )


def goal_of(request: Mapping[str, Any], mapping: DataMapping) -> Goal:
    return mapping.goal(request["goal"] or "") or mapping.main_goal


def freeze(
    experiment: Mapping[str, Any],
    mapping: DataMapping,
    training: Mapping[str, Any],
    *,
    engine_version: str,
) -> Data:
    """The whole configuration of a run: job_config.json.

    `training` names the prepared data: dataset_id, mapping_version, uri,
    generation, sha256.
    """
    request = experiment["request"]
    goal = goal_of(request, mapping)
    media = _media(mapping)
    window = request["window"]
    allocation = request["allocation"]
    return {
        "schema_version": 1,
        "experiment_id": experiment["id"],
        "correlation_id": experiment["correlation_id"],
        "country": experiment["country"],
        "revision": experiment["revision"],
        "engine": {"name": request["engine"], "version": engine_version},
        "dataset_id": training["dataset_id"],
        "mapping_version": training["mapping_version"],
        "data": {
            "uri": training["uri"],
            "generation": training["generation"],
            "sha256": training["sha256"],
        },
        "date_var": mapping.date,
        "dep_var": goal.column,
        "dep_var_type": goal.type,
        "window": {"start": window.get("start"), "end": window.get("end")},
        "paid_media": [
            {
                "channel": channel.name,
                "spend": channel.spend,
                "exposure": channel.exposure,
                "sign": "positive",
            }
            for channel in mapping.channels
        ],
        "organic_media": [
            {"variable": v.column, "sign": v.sign} for v in mapping.organic
        ],
        "context": [
            {"variable": v.column, "sign": v.sign, "factor": factor}
            for variables, factor in (
                (mapping.context, False),
                (mapping.factors, True),
            )
            for v in variables
        ],
        "prophet": _prophet(request["prophet"], experiment["country"]),
        "adstock": request["adstock"],
        "hyperparameters": hyperparameters.ranges(
            request["adstock"],
            media,
            ts_validation=request["ts_validation"],
            given=request["hyperparameters"],
        ),
        "iterations": request["iterations"],
        "trials": request["trials"],
        "ts_validation": request["ts_validation"],
        "add_penalty_factor": False,
        "intercept_sign": "non_negative",
        "calibration": [],
        "allocation": {
            "scenario": allocation.get("scenario", "max_response"),
            "total_budget": allocation.get("total_budget"),
            "target_value": allocation.get("target_value"),
            "bounds": {
                "default": list(_BOUNDS),
                **allocation.get("bounds", {}),
            },
        },
        "seed": request["seed"],
        "time_limit_seconds": request["time_limit_seconds"],
    }


def _media(mapping: DataMapping) -> list[tuple[str, str]]:
    """(variable, kind) of everything that is adstocked and saturated."""
    paid = [
        (
            channel.variable,
            hyperparameters.kind_of(channel.name)
            if channel.kind == "other"
            else channel.kind,
        )
        for channel in mapping.channels
    ]
    organic = [
        (
            variable.column,
            "email" if variable.kind == "other" else variable.kind,
        )
        for variable in mapping.organic
    ]
    return [*paid, *organic]


def _prophet(request: Mapping[str, Any], country: str) -> Data:
    """Holidays are a country's: without a country's code there are none."""
    code = country if len(country) == 2 and country.isupper() else None
    given = request.get("country", code)
    components = [c for c in _COMPONENTS if c != "holiday" or given]
    return {
        "components": request.get("components", components),
        "country": given,
    }
