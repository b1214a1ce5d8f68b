"""What is asked of a finished model: a budget, bounds, a period."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.domain.response import Curve


@dataclass(frozen=True)
class Question:
    """The question, with what the run had asked for where it is silent."""

    scenario: str
    total_budget: float | None
    target_value: float | None
    bounds: Mapping[str, Sequence[float]]
    locked: Sequence[str]
    period: Mapping[str, str] | None


def read(usual: Mapping[str, Any], asked: Mapping[str, Any]) -> Question:
    """A target or budget of the run's own scenario is no other one's."""
    scenario = asked.get("scenario", usual["scenario"])
    kept = usual if scenario == usual["scenario"] else {}
    return Question(
        scenario=scenario,
        total_budget=asked.get("total_budget", kept.get("total_budget")),
        target_value=asked.get("target_value", kept.get("target_value")),
        bounds={**usual["bounds"], **asked.get("bounds", {})},
        locked=asked.get("locked", usual.get("locked", ())),
        period=asked.get("period", usual.get("period")),
    )


def require_known(asked: Question, curves: Sequence[Curve]) -> None:
    channels = [curve.channel for curve in curves]
    hint = f"the paid channels are {', '.join(channels)}"
    problems = [
        Problem(where, f"there is no channel {name!r} in this model", hint)
        for where, names in (("bounds", asked.bounds), ("locked", asked.locked))
        for name in names
        if name != "default" and name not in channels
    ]
    problems += [
        Problem(f"bounds.{name}", f"{low:g} is above {high:g}")
        for name, (low, high) in asked.bounds.items()
        if low > high
    ]
    if asked.scenario == "max_response" and asked.target_value is not None:
        problems.append(
            Problem(
                "target_value",
                "max_response has no target",
                'use "scenario": "target_efficiency", or leave it out',
            )
        )
    if problems:
        raise InvalidInputError(problems)


def periods(
    problem: Mapping[str, Any], period: Mapping[str, str] | None
) -> int:
    """How many days, weeks or months the money is for."""
    start, stop = problem["window"]
    if period is None:
        return int(stop - start)
    first, last = (date.fromisoformat(period[k]) for k in ("start", "end"))
    known = date.fromisoformat(problem["dates"][-1])
    if first <= known or last < first:
        raise InvalidInputError.of(
            "period",
            f"{first} to {last} does not lie after the data, which end on"
            f" {known}",
            "name a start after that date, and an end after the start",
        )
    if problem["interval"] == "month":
        return (last.year - first.year) * 12 + last.month - first.month + 1
    return (last - first).days // (
        7 if problem["interval"] == "week" else 1
    ) + 1
