"""The mapping: what each column of a dataset means to the model."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from mmmflow.domain import mapping_problems, preparation
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.domain.preparation import Aggregation, Preparation

GoalType = Literal["revenue", "conversion"]
Fill = Literal["refuse", "zero", "previous"]
Negative = Literal["refuse", "zero", "net"]
MEDIA = ("paid_spend", "paid_exposure", "organic")


@dataclass(frozen=True)
class Goal:
    column: str
    type: GoalType
    group: Literal["primary", "secondary"] = "primary"


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
class Source:
    """A column that is read from the data, and how it is made usable.

    `fill` is for its empty cells; `negative` for what is below zero: refused,
    set to zero, or kept, to be netted with the other rows of its period.
    """

    name: str
    category: str
    aggregation: Aggregation
    fill: Fill = "refuse"
    negative: Negative = "net"


@dataclass(frozen=True)
class Derived:
    """A column that is a sum of others; `rule` says why of these."""

    name: str
    parts: tuple[str, ...]
    rule: str


@dataclass(frozen=True)
class DataMapping:
    """What the columns mean, and how the rows are prepared.

    `sources` are read from the data; `derived` are made of them.
    """

    date: str
    country: str | None
    goals: tuple[Goal, ...]
    channels: tuple[Channel, ...]
    organic: tuple[Variable, ...]
    context: tuple[Variable, ...]
    factors: tuple[Variable, ...]
    sources: tuple[Source, ...] = ()
    derived: tuple[Derived, ...] = ()
    preparation: Preparation = field(default_factory=Preparation)

    @property
    def main_goal(self) -> Goal:
        return self.goals[0]

    def goal(self, column: str) -> Goal | None:
        return next((g for g in self.goals if g.column == column), None)

    @property
    def media_columns(self) -> tuple[str, ...]:
        """Spend and exposure of every channel."""
        return tuple(
            column
            for channel in self.channels
            for column in (channel.spend, channel.exposure)
            if column is not None
        )

    @property
    def model_variables(self) -> tuple[str, ...]:
        """What a model of everything has as numeric drivers."""
        rest = (v.column for v in (*self.organic, *self.context))
        return (*(c.variable for c in self.channels), *rest)

    @property
    def numeric_columns(self) -> tuple[str, ...]:
        """Every column of the training data that holds numbers."""
        rest = (v.column for v in (*self.organic, *self.context))
        named = (
            *(g.column for g in self.goals),
            *self.media_columns,
            *rest,
            *(d.name for d in self.derived),
        )
        return tuple(dict.fromkeys(named))

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that the training data keeps, the date first."""
        factors = (v.column for v in self.factors)
        return (self.date, *self.numeric_columns, *factors)

    @property
    def needed(self) -> tuple[str, ...]:
        """Every column that the data must have, the date first."""
        return (self.date, *(source.name for source in self.sources))

    def category_of(self, column: str) -> str:
        """Of a column of the training data; "derived" for a mere total."""
        if self.goal(column):
            return "goal"
        for channel in self.channels:
            if column == channel.spend:
                return "paid_spend"
            if column == channel.exposure:
                return "paid_exposure"
        for category, variables in (
            ("organic", self.organic),
            ("context", self.context),
            ("factor", self.factors),
        ):
            if any(v.column == column for v in variables):
                return category
        return "derived"

    def without(self, columns: Iterable[str]) -> "DataMapping":
        """The mapping of training data that lacks these columns.

        A channel goes with its spend; without its exposure it is read by
        the spend.
        """
        gone = set(columns)
        channels = tuple(
            replace(c, exposure=None) if c.exposure in gone else c
            for c in self.channels
            if c.spend not in gone
        )
        return replace(
            self,
            channels=channels,
            organic=_kept(self.organic, gone),
            context=_kept(self.context, gone),
            factors=_kept(self.factors, gone),
            derived=tuple(d for d in self.derived if d.name not in gone),
        )

    def joined_by(self, added: Mapping[str, str]) -> "DataMapping":
        """With columns that preparation joined: {column: its category}."""
        context = [Variable(n) for n, c in added.items() if c == "context"]
        factors = [Variable(n) for n, c in added.items() if c == "factor"]
        return replace(
            self,
            context=(*self.context, *context),
            factors=(*self.factors, *factors),
        )


def read(document: Mapping[str, Any]) -> DataMapping:
    """The mapping of a document that its schema has accepted.

    Raises:
        InvalidInputError: the parts do not fit together; all are listed.
    """
    problems = mapping_problems.of(document)
    if problems:
        raise InvalidInputError(problems)
    columns: Mapping[str, Mapping[str, Any]] = document["columns"]
    derived = {
        name: Derived(name, parts, rule)
        for name, (parts, rule) in mapping_problems.parts(document).items()
    }
    meant = mapping_problems.modelled(document)
    goals = sorted(document["goals"], key=lambda g: not g.get("main", False))
    return DataMapping(
        date=document["date"],
        country=document.get("country"),
        goals=tuple(
            Goal(g["column"], g["type"], g.get("group", "primary"))
            for g in goals
        ),
        channels=tuple(_channels(meant)),
        organic=_variables(meant, "organic", "positive"),
        context=_variables(meant, "context", "default"),
        factors=_variables(meant, "factor", "default"),
        sources=tuple(_sources(document, columns, meant, derived)),
        derived=tuple(derived.values()),
        preparation=preparation.of_mapping(document),
    )


def of_training(
    document: Mapping[str, Any], training: Mapping[str, Any]
) -> DataMapping:
    """The mapping as training data was made with it, by its record.

    Training data made before there were options has none.
    """
    options = training.get("options", {})
    meaning = read(preparation.with_options(document, options))
    return meaning.joined_by(training.get("joined", {}))


def missing_columns(
    mapping: DataMapping, present: Iterable[str]
) -> list[Problem]:
    """One problem that names every column that the dataset does not have."""
    there = set(present)
    missing = [column for column in mapping.needed if column not in there]
    if not missing:
        return []
    return [
        Problem(
            "column " + ", ".join(map(repr, missing)),
            "named by the mapping, but not in the data",
            f"the data has {', '.join(sorted(there))}",
        )
    ]


def _kept(
    variables: tuple[Variable, ...], gone: set[str]
) -> tuple[Variable, ...]:
    return tuple(v for v in variables if v.column not in gone)


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
            exposure=column.get("exposure", exposures.get(channel)),
            kind=column.get("kind", "other"),
        )


def _variables(
    columns: Mapping[str, Mapping[str, Any]], category: str, sign: str
) -> tuple[Variable, ...]:
    return tuple(
        Variable(name, column.get("kind", "other"), column.get("sign", sign))
        for name, column in _of(columns, category)
    )


def _sources(
    document: Mapping[str, Any],
    columns: Mapping[str, Mapping[str, Any]],
    meant: Mapping[str, Mapping[str, Any]],
    derived: Mapping[str, Derived],
) -> Iterable[Source]:
    """Goals, the model's own columns, and the parts of what is derived."""
    aggregations = preparation.aggregations(document)
    for goal in document["goals"]:
        name = goal["column"]
        yield Source(
            name,
            "goal",
            aggregations[name],
            goal.get("fill", "refuse"),
            goal.get("negative", "net"),
        )
    parts = {part for one in derived.values() for part in one.parts}
    paired = {c.exposure for c in _channels(meant)}
    for name, column in columns.items():
        category = column["category"]
        used = name in parts or (
            name in meant
            and category != "ignored"
            and (category != "paid_exposure" or name in paired)
        )
        if used:
            yield Source(
                name,
                category,
                aggregations[name],
                column.get("fill", "refuse"),
                column.get(
                    "negative", "refuse" if category in MEDIA else "net"
                ),
            )
