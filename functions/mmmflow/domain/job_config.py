"""From a request and what the columns mean to a frozen configuration."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mmmflow.domain import budget, hyperparameters
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.domain.mapping import Channel, DataMapping, Goal, Variable
from mmmflow.domain.request import Data, contradictions, prophet

ENGINE_VERSIONS: Mapping[str, str] = {"native": "0.1.0", "robyn": "3.12.1"}


def problems(request: Mapping[str, Any], mapping: DataMapping) -> list[Problem]:
    """What in a complete request can't be, or does not fit the mapping."""
    found = [*contradictions(request), *_unknown(request, mapping)]
    if found:
        return found
    found += _unknown_media(request, mapping)
    if not _channels(request, mapping):
        found.append(Problem("paid_media", "a model needs a paid channel"))
    return found + hyperparameters.problems(
        request["adstock"],
        [variable for variable, _ in _media(request, mapping)],
        request["hyperparameters"],
        others=[
            *prophet(request["prophet"], request["country"])["components"],
            *(v.column for v, _ in _context(request, mapping)),
        ],
    )


def without(
    experiment: Mapping[str, Any],
    mapping: DataMapping,
    left_out: Mapping[str, str],
) -> tuple[Data, DataMapping]:
    """The experiment and the mapping without columns that don't vary.

    `left_out` are {column: reason}. Ranges and bounds that were given for
    them go too, for a sweep gives all countries the same.

    Raises:
        InvalidInputError: none of its channels is left.
    """
    kept = mapping.without(left_out)
    asked = experiment["request"]
    if _channels(asked, mapping) and not _channels(asked, kept):
        raise InvalidInputError(
            [
                Problem(f"column {name!r}", reason)
                for name, reason in left_out.items()
            ]
        )
    spare = set(mapping.model_variables) - set(kept.model_variables)
    channels = {channel.name for channel in kept.channels}
    gone = {c.name for c in mapping.channels} - channels
    request = {
        **asked,
        "hyperparameters": {
            name: value
            for name, value in asked["hyperparameters"].items()
            if name.rpartition("_")[0] not in spare
        },
        "allocation": budget.without(asked["allocation"], gone),
    }
    return {**experiment, "request": request}, kept


def goal_of(request: Mapping[str, Any], mapping: DataMapping) -> Goal:
    return mapping.goal(request["goal"] or "") or mapping.main_goal


def freeze(
    experiment: Mapping[str, Any],
    mapping: DataMapping,
    training: Mapping[str, Any],
    previous: Mapping[str, Any] | None = None,
    image: str = "",
) -> Data:
    """The whole configuration of a run: job_config.json.

    `training` names the prepared data: dataset_id, mapping_version, uri,
    name (of the object, where it is one), generation, sha256; `previous` the
    model that is refreshed, if one is; `image` what the engine's jobs run, ""
    where its version says it all.
    """
    request = experiment["request"]
    goal = goal_of(request, mapping)
    window = request["window"]
    signs = request["signs"]
    return {
        "schema_version": 1,
        "experiment_id": experiment["id"],
        "correlation_id": experiment["correlation_id"],
        "country": experiment["country"],
        "revision": experiment["revision"],
        "engine": {
            "name": request["engine"],
            "version": ENGINE_VERSIONS[request["engine"]],
            **({"image": image} if image else {}),
            "solver": request["solver"],
            "optimiser": request["optimiser"],
        },
        "dataset_id": training["dataset_id"],
        "mapping_version": training["mapping_version"],
        "data": {
            "uri": training["uri"],
            **({"name": training["name"]} if "name" in training else {}),
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
                "sign": signs.get(channel.name, "positive"),
            }
            for channel in _channels(request, mapping)
        ],
        "organic_media": [
            {"variable": v.column, "sign": signs.get(v.column, v.sign)}
            for v in _chosen(request["organic"], mapping.organic)
        ],
        "context": [
            {
                "variable": v.column,
                "sign": signs.get(v.column, v.sign),
                "factor": factor,
            }
            for v, factor in _context(request, mapping)
        ],
        "prophet": prophet(request["prophet"], experiment["country"]),
        "adstock": request["adstock"],
        "hyperparameters": _ranges(request, mapping),
        "iterations": request["iterations"],
        "trials": request["trials"],
        "ts_validation": request["ts_validation"],
        "add_penalty_factor": request["add_penalty_factor"],
        "intercept_sign": request["intercept_sign"],
        "calibration": [
            {"metric": goal.column, "calibration_scope": "immediate", **lift}
            for lift in request["calibration"]
        ],
        "allocation": budget.frozen(request["allocation"]),
        "stability": request.get("stability", 0),
        "previous": None if previous is None else dict(previous),
        "seed": request["seed"],
        "time_limit_seconds": request["time_limit_seconds"],
    }


def _ranges(
    request: Mapping[str, Any], mapping: DataMapping
) -> hyperparameters.Ranges:
    penalised: list[str] = []
    media = _media(request, mapping)
    if request["add_penalty_factor"]:
        penalised = [
            *prophet(request["prophet"], request["country"])["components"],
            *(v.column for v, _ in _context(request, mapping)),
            *(variable for variable, _ in media),
        ]
    return hyperparameters.ranges(
        request["adstock"],
        media,
        ts_validation=request["ts_validation"],
        penalised=penalised,
        given=request["hyperparameters"],
    )


def _channels(
    request: Mapping[str, Any], mapping: DataMapping
) -> list[Channel]:
    """The channels that are asked for, read as they are asked for.

    Without `paid_media` all of the mapping's; each by its exposure where it
    has one, unless the spend is asked for.
    """
    if request["paid_media"] is None:
        return list(mapping.channels)
    asked = dict(_asked(request))
    return [
        Channel(
            channel.name,
            channel.spend,
            None if asked[channel.name] == "spend" else channel.exposure,
            channel.kind,
        )
        for channel in mapping.channels
        if channel.name in asked
    ]


def _asked(request: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(channel, "spend" or "exposure" or "") of `paid_media`."""
    return [
        (one, "")
        if isinstance(one, str)
        else (one["channel"], one.get("variable", ""))
        for one in request["paid_media"] or []
    ]


def _chosen(
    names: Sequence[str] | None, variables: Sequence[Variable]
) -> list[Variable]:
    """All of the mapping's, or those that are named."""
    return [v for v in variables if names is None or v.column in names]


def _context(
    request: Mapping[str, Any], mapping: DataMapping
) -> list[tuple[Variable, bool]]:
    """(variable, whether it is a factor), numbers first."""
    numbers = _chosen(request["context"], mapping.context)
    factors = _chosen(request["factors"], mapping.factors)
    return [*((v, False) for v in numbers), *((v, True) for v in factors)]


def _media(
    request: Mapping[str, Any], mapping: DataMapping
) -> list[tuple[str, str]]:
    """(variable, kind) of everything that is adstocked and saturated."""
    paid = [
        (
            channel.variable,
            hyperparameters.kind_of(channel.name)
            if channel.kind == "other"
            else channel.kind,
        )
        for channel in _channels(request, mapping)
    ]
    organic = [
        (
            variable.column,
            "email" if variable.kind == "other" else variable.kind,
        )
        for variable in _chosen(request["organic"], mapping.organic)
    ]
    return [*paid, *organic]


def _unknown(
    request: Mapping[str, Any], mapping: DataMapping
) -> Iterator[Problem]:
    """Names that the mapping does not have in that role."""
    if request["goal"] and mapping.goal(request["goal"]) is None:
        goals = ", ".join(goal.column for goal in mapping.goals)
        yield Problem(
            "goal",
            f"{request['goal']!r} is not a goal of the mapping",
            f"goals: {goals}",
        )
    channels = {channel.name: channel for channel in mapping.channels}
    asked = _asked(request)
    for name, variable in asked:
        if name not in channels:
            yield _no_channel("paid_media", name, channels)
        elif variable == "exposure" and channels[name].exposure is None:
            yield Problem(
                "paid_media", f"channel {name!r} has no exposure column"
            )
    names = [name for name, _ in asked]
    for name in sorted({n for n in names if names.count(n) > 1}):
        yield Problem("paid_media", f"channel {name!r} is named twice")
    for field, variables in (
        ("organic", mapping.organic),
        ("context", mapping.context),
        ("factors", mapping.factors),
    ):
        known = [variable.column for variable in variables]
        for name in request[field] or []:
            if name not in known:
                yield Problem(
                    field,
                    f"{name!r} is not one of the mapping's",
                    f"known: {', '.join(known) or 'none'}",
                )


def _unknown_media(
    request: Mapping[str, Any], mapping: DataMapping
) -> Iterator[Problem]:
    """Names of channels and variables that this model does not have."""
    channels = {c.name: c for c in _channels(request, mapping)}
    for where, name in budget.unknown(request["allocation"], channels):
        yield _no_channel(where, name, channels)
    organic = [v.column for v in _chosen(request["organic"], mapping.organic)]
    context = [v.column for v, _ in _context(request, mapping)]
    signed = [*channels, *organic, *context]
    for name in request["signs"]:
        if name not in signed:
            yield Problem(
                f"signs.{name}",
                "no such channel or variable in this model",
                f"known: {', '.join(signed)}",
            )
    measured = [*channels, *organic]
    columns = {c.spend for c in channels.values()}
    columns |= {c.variable for c in channels.values()}
    goal = goal_of(request, mapping).column
    for row, lift in enumerate(request["calibration"]):
        for part in lift["channel"].split("+"):
            if part.strip() not in {*measured, *columns}:
                yield _no_channel(
                    f"calibration[{row}].channel", part.strip(), measured
                )
        if lift.get("metric", goal) != goal:
            yield Problem(
                f"calibration[{row}].metric",
                f"it measured {lift['metric']!r}, the goal is {goal!r}",
            )


def _no_channel(where: str, name: str, known: Sequence[str] | Any) -> Problem:
    return Problem(
        where, f"no such channel: {name!r}", f"channels: {', '.join(known)}"
    )
