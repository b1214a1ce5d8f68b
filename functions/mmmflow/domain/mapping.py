"""The mapping: what each column of a dataset means to the model."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mmmflow.domain.errors import InvalidInputError, Problem

GoalType = Literal["revenue", "conversion"]
Aggregation = Literal["sum", "mean", "max", "min", "first", "last", "mode"]
_OF_NAMES: tuple[Aggregation, ...] = ("first", "last", "mode")
_USUAL: Mapping[str, Aggregation] = {"context": "mean", "factor": "mode"}


@dataclass(frozen=True)
class Goal:
    column: str
    type: GoalType


@dataclass(frozen=True)
class Channel:
    """A paid channel: what it cost, and how often it was seen or clicked."""

    name: str
    spend: str
    exposure: str | None
    kind: str

    @property
    def variable(self) -> str:
        """The model's variable: the exposure where there is one."""
        return self.exposure or self.spend


@dataclass(frozen=True)
class Variable:
    column: str
    kind: str = "other"
    sign: str = "default"


@dataclass(frozen=True)
class Resample:
    """Days are put together into weeks or months, each column in its way."""

    interval: Literal["week", "month"]
    aggregations: Mapping[str, Aggregation]

    def of(self, column: str) -> Aggregation:
        return self.aggregations[column]


@dataclass(frozen=True)
class DataMapping:
    date: str
    country: str | None
    goals: tuple[Goal, ...]
    channels: tuple[Channel, ...]
    organic: tuple[Variable, ...]
    context: tuple[Variable, ...]
    factors: tuple[Variable, ...]
    resample: Resample | None = None

    @property
    def main_goal(self) -> Goal:
        return self.goals[0]

    def goal(self, column: str) -> Goal | None:
        return next((g for g in self.goals if g.column == column), None)

    @property
    def numeric_columns(self) -> tuple[str, ...]:
        """Every column that must hold numbers, in the mapping's order."""
        media = [
            column
            for channel in self.channels
            for column in (channel.spend, channel.exposure)
            if column is not None
        ]
        rest = (v.column for v in (*self.organic, *self.context))
        return (*(g.column for g in self.goals), *media, *rest)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that the training data keeps, the date first."""
        factors = (v.column for v in self.factors)
        return (self.date, *self.numeric_columns, *factors)


def read(document: Mapping[str, Any]) -> DataMapping:
    """The mapping of a document that its schema has accepted.

    Raises:
        InvalidInputError: the parts do not fit together; all are listed.
    """
    columns: Mapping[str, Mapping[str, Any]] = document["columns"]
    goals = sorted(document["goals"], key=lambda g: not g.get("main", False))
    problems = [
        *_goal_problems(document),
        *_channel_problems(columns),
        *_resample_problems(document),
    ]
    if problems:
        raise InvalidInputError(problems)
    return DataMapping(
        date=document["date"],
        country=document.get("country"),
        goals=tuple(Goal(g["column"], g["type"]) for g in goals),
        channels=tuple(_channels(columns)),
        organic=_variables(columns, "organic", "positive"),
        context=_variables(columns, "context", "default"),
        factors=_variables(columns, "factor", "default"),
        resample=_resample(document),
    )


def missing_columns(
    mapping: DataMapping, present: Iterable[str]
) -> list[Problem]:
    """One problem that names every column that the dataset does not have."""
    there = set(present)
    missing = [column for column in mapping.columns if column not in there]
    if not missing:
        return []
    return [
        Problem(
            "column " + ", ".join(map(repr, missing)),
            "named by the mapping, but not in the data",
            f"the data has {', '.join(sorted(there))}",
        )
    ]


def _of(
    columns: Mapping[str, Mapping[str, Any]], category: str
) -> list[tuple[str, Mapping[str, Any]]]:
    return [
        (name, column)
        for name, column in columns.items()
        if column["category"] == category
    ]


def _channels(
    columns: Mapping[str, Mapping[str, Any]],
) -> Iterable[Channel]:
    exposures = {
        column["channel"]: name
        for name, column in _of(columns, "paid_exposure")
    }
    for name, column in _of(columns, "paid_spend"):
        channel = column["channel"]
        yield Channel(
            name=channel,
            spend=name,
            exposure=exposures.get(channel),
            kind=column.get("kind", "other"),
        )


def _variables(
    columns: Mapping[str, Mapping[str, Any]], category: str, sign: str
) -> tuple[Variable, ...]:
    return tuple(
        Variable(name, column.get("kind", "other"), column.get("sign", sign))
        for name, column in _of(columns, category)
    )


def _resample(document: Mapping[str, Any]) -> Resample | None:
    """What adds up is added: goals, spend and media; context is averaged."""
    asked = document.get("resample")
    if asked is None:
        return None
    usual: dict[str, Aggregation] = {
        goal["column"]: "sum" for goal in document["goals"]
    }
    usual |= {
        name: _USUAL.get(column["category"], "sum")
        for name, column in document["columns"].items()
    }
    given = asked.get("aggregation", {})
    return Resample(asked["interval"], {**usual, **given})


def _resample_problems(document: Mapping[str, Any]) -> Iterable[Problem]:
    given = document.get("resample", {}).get("aggregation", {})
    goals = [goal["column"] for goal in document["goals"]]
    for name, aggregation in given.items():
        where = f"resample.aggregation.{name}"
        column = document["columns"].get(name)
        if column is None and name not in goals:
            yield Problem(where, "the mapping has no such column")
        elif (
            column is not None
            and column["category"] == "factor"
            and aggregation not in _OF_NAMES
        ):
            yield Problem(
                where,
                f"a factor has no {aggregation}",
                f"one of {', '.join(_OF_NAMES)}",
            )


def _goal_problems(document: Mapping[str, Any]) -> Iterable[Problem]:
    goals = document["goals"]
    if len(goals) > 1 and sum(g.get("main", False) for g in goals) != 1:
        yield Problem(
            "goals",
            "one of several goals must be the main one",
            'set "main": true on exactly one',
        )
    names = [goal["column"] for goal in goals]
    for name in sorted({n for n in names if names.count(n) > 1}):
        yield Problem("goals", f"{name!r} is named more than once")
    reserved = {document["date"], document.get("country")}
    for name in [*names, *document["columns"]]:
        if name in reserved:
            yield Problem(
                f"columns.{name}", "it is the date or the country already"
            )
    for goal in goals:
        if goal["column"] in document["columns"]:
            yield Problem(
                f"columns.{goal['column']}", "it is a goal, not a driver too"
            )


def _channel_problems(
    columns: Mapping[str, Mapping[str, Any]],
) -> Iterable[Problem]:
    spends = [c["channel"] for _, c in _of(columns, "paid_spend")]
    exposures = [c["channel"] for _, c in _of(columns, "paid_exposure")]
    if not spends:
        yield Problem(
            "columns",
            "there is no paid channel",
            'give at least one column the category "paid_spend"',
        )
    for channel in sorted({c for c in spends if spends.count(c) > 1}):
        yield Problem(
            "columns", f"channel {channel!r} has more than one spend column"
        )
    for channel in sorted({c for c in exposures if exposures.count(c) > 1}):
        yield Problem(
            "columns", f"channel {channel!r} has more than one exposure column"
        )
    for channel in sorted(set(exposures) - set(spends)):
        yield Problem(
            "columns", f"channel {channel!r} has an exposure but no spend"
        )
