"""A mapping proposed from a table's names and numbers, with every reason.

Names say what a column claims to be, numbers whether it can be: a spend is
not negative, a goal is not a text. What neither tells is left out of the
model rather than guessed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from mmmflow.domain import column_names, naming_rules
from mmmflow.domain.mapping import MEDIA
from mmmflow.domain.naming_rules import Named, NamingRules

Kind = Literal["number", "integer", "boolean", "text", "date"]
_LEVELS = 30
_PAIRED = 0.8
_DOUBTFUL = 0.3
REVIEW_BELOW = 0.6


@dataclass(frozen=True)
class Evidence:
    """What a column holds; numbers are None where it holds none.

    `parses` is the share of its texts that can be read as dates, `codes`
    whether they are codes of two capitals. `sum_of` names the columns whose
    sum it is.
    """

    name: str
    kind: Kind
    rows: int
    nulls: int = 0
    distinct: int = 0
    zeros: int = 0
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    parses: float = 0.0
    codes: bool = False
    sum_of: tuple[str, ...] = ()

    @property
    def is_number(self) -> bool:
        return self.kind in ("number", "integer", "boolean")


@dataclass(frozen=True)
class Choice:
    """What a column is taken for, why, and how sure that is, 0 … 1."""

    column: str
    role: str
    reason: str
    confidence: float
    channel: str | None = None
    kind: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "column": self.column,
            "role": self.role,
            "channel": self.channel,
            "reason": self.reason,
            "confidence": round(self.confidence, 2),
        }


@dataclass(frozen=True)
class Suggestion:
    """The mapping's document, a choice per column, and what it lacks."""

    mapping: dict[str, Any]
    choices: tuple[Choice, ...]
    lacking: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "mapping": self.mapping,
            "choices": [choice.as_json() for choice in self.choices],
            "review": [
                choice.column
                for choice in self.choices
                if choice.confidence < REVIEW_BELOW
            ],
            "lacking": list(self.lacking),
        }


# What a column of numbers becomes whose name says so, a note, how sure.
_BECOMES: Mapping[str, tuple[str, str, float]] = {
    "date": ("ignored", ": a part of the key?", 0.6),
    "country": ("ignored", ": a part of the key?", 0.6),
    "factor": ("context", ", as numbers", 0.75),
    "outcome": (
        "ignored",
        ": an outcome of media rather than a driver",
        0.7,
    ),
    "revenue": ("revenue", "", 0.85),
    "conversion": ("conversion", "", 0.85),
}
# (column, column) → their rank correlation, where both hold numbers.
Correlation = Callable[[str, str], float]


def suggest(
    columns: Sequence[Evidence],
    correlation: Correlation,
    rules: NamingRules = naming_rules.DEFAULT,
) -> Suggestion:
    """The mapping that the names and the content speak for."""
    date = _date(columns, rules)
    country = _country(columns, rules)
    taken = {choice.column for choice in (date, country) if choice}
    choices = [
        _choose(column, naming_rules.interpret(column.name, rules))
        for column in columns
        if column.name not in taken
    ]
    choices = _with_goal(choices, columns)
    choices = _paired(choices, correlation)
    choices = _named_apart(choices)
    everything = [c for c in (date, country) if c] + choices
    order = {column.name: place for place, column in enumerate(columns)}
    everything.sort(key=lambda choice: order[choice.column])
    document = _document(date, country, choices, columns, correlation)
    return Suggestion(document, tuple(everything), _lacking(document))


def _date(columns: Sequence[Evidence], rules: NamingRules) -> Choice | None:
    """The date: of the dates, or texts that are some, the best named."""

    def likely(column: Evidence) -> float:
        named = naming_rules.interpret(column.name, rules).role
        return (
            (2.0 if column.kind == "date" else 1.5 * column.parses)
            + (1.0 if named == "date" else 0.0)
            - (1.5 if named == "ignored" else 0.0)
            + min(column.distinct / max(column.rows, 1), 1) / 10
        )

    able = [c for c in columns if c.kind == "date" or c.parses > 0.9]
    if not able:
        return None
    best = max(able, key=likely)
    named = naming_rules.interpret(best.name, rules)
    reason = "it holds dates"
    if named.role == "date":
        return Choice(best.name, "date", f"{reason}, and {named.why}", 0.98)
    return Choice(best.name, "date", reason, 0.8 if len(able) == 1 else 0.5)


def _country(columns: Sequence[Evidence], rules: NamingRules) -> Choice | None:
    for column in columns:
        if column.kind != "text" or column.distinct > 300:
            continue
        named = naming_rules.interpret(column.name, rules)
        if named.role == "country":
            what = f"{column.distinct} values" if column.distinct > 1 else ""
            reason = ", ".join(filter(None, [named.why, what]))
            return Choice(column.name, "country", reason, 0.95)
        if column.codes and named.role is None:
            reason = f"its {column.distinct} values are codes as of countries"
            return Choice(column.name, "country", reason, 0.7)
    return None


def _choose(column: Evidence, named: Named) -> Choice:
    """One column by itself."""
    held = _by_content(column, named)
    if held is not None:
        return held
    choice = _by_name(column, named)
    if choice.role in MEDIA and (column.minimum or 0) < 0:
        return replace(
            choice,
            reason=f"{choice.reason}; but {column.minimum:g} is negative",
            confidence=choice.confidence - 0.3,
        )
    return choice


def _by_content(column: Evidence, named: Named) -> Choice | None:
    """What the content alone decides."""
    name = column.name
    # Of texts an empty cell is a level of its own.
    levels = column.distinct + (column.kind == "text" and column.nulls > 0)
    if column.distinct == 0 or levels == 1:
        what = "it is empty" if column.distinct == 0 else "it is constant"
        return Choice(name, "ignored", what, 0.95)
    if column.sum_of:
        parts = ", ".join(column.sum_of[:4])
        more = len(column.sum_of) - 4
        tail = f" and {more} more" if more > 0 else ""
        return Choice(name, "ignored", f"it is the sum of {parts}{tail}", 0.9)
    if column.kind == "date" or (column.kind == "text" and column.parses > 0.9):
        return Choice(name, "ignored", "another date", 0.85)
    return _text(column, named) if column.kind == "text" else None


def _text(column: Evidence, named: Named) -> Choice:
    """A text is a factor, if its values come again."""
    if named.role == "ignored":
        return Choice(column.name, "ignored", named.why, 0.9)
    values = "value" if column.distinct == 1 else "different values"
    reason = f"a text with {column.distinct} {values}"
    if column.distinct > _LEVELS:
        return Choice(column.name, "ignored", reason, 0.7)
    if named.role in ("factor", "context"):
        reason = f"{reason}; {named.why}"
        return Choice(column.name, "factor", reason, 0.85)
    return Choice(column.name, "factor", reason, 0.6)


def _by_name(column: Evidence, named: Named) -> Choice:
    """A column of numbers, by what its name says."""
    name, role, why = column.name, named.role, named.why
    if role is None:
        return _unnamed(column, named)
    if role in ("paid_spend", "paid_exposure"):
        sure = 0.9 if named.kind else 0.75
        medium = f" and the medium {named.kind!r}" if named.kind else ""
        channel = "_".join(named.channel) or role
        return Choice(name, role, why + medium, sure, channel, named.kind)
    becomes, note, sure = _BECOMES.get(role, (role, "", 0.9))
    return Choice(name, becomes, why + note, sure, kind=named.kind)


def _unnamed(column: Evidence, named: Named) -> Choice:
    name = column.name
    if _is_flag(column):
        return Choice(name, "context", "it is 0 or 1", 0.55)
    if named.kind and (column.minimum or 0) >= 0:
        reason = f"named after the medium {named.kind!r}, and never negative"
        channel = "_".join(named.channel) or name
        return Choice(name, "paid_spend", reason, 0.55, channel, named.kind)
    reason = "neither name nor content says what it is: give it a category"
    return Choice(name, "ignored", reason, 0.3)


def _is_flag(column: Evidence) -> bool:
    return column.distinct == 2 and column.minimum == 0 and column.maximum == 1


def _with_goal(
    choices: list[Choice], columns: Sequence[Evidence]
) -> list[Choice]:
    """At least one goal, where a column could be one.

    If no name says so: the unknown column with the largest mean.
    """
    if any(c.role in ("revenue", "conversion") for c in choices):
        return choices
    means = {c.name: c.mean or 0.0 for c in columns if c.is_number}
    unknown = [c for c in choices if c.role == "ignored" and c.confidence < 0.5]
    if not unknown:
        return choices
    best = max(unknown, key=lambda c: means.get(c.column, 0.0))
    reason = "no name says goal; of the unknown ones it has the largest mean"
    guessed = Choice(best.column, "revenue", reason, 0.3)
    return [guessed if c is best else c for c in choices]


def _paired(choices: list[Choice], correlation: Correlation) -> list[Choice]:
    """Exposures with the spend of their channel.

    By the same channel's name, by a name that is part of the other, by the
    numbers; one without any spend is taken for an organic medium.
    """
    spends = {c.channel: c for c in choices if c.role == "paid_spend"}
    done = []
    for choice in choices:
        if choice.role != "paid_exposure":
            done.append(choice)
            continue
        spend = spends.get(choice.channel)
        how = "with {} by the channel's name"
        if spend is None:
            spend = _similar(choice, list(spends.values()))
            how = "with {} by a similar name"
        if spend is None:
            spend = _moving(choice, list(spends.values()), correlation)
            how = "with {} by their numbers alone"
        if spend is None:
            reason = f"{choice.reason}, but no column says what was paid"
            done.append(
                Choice(choice.column, "organic", reason, 0.5, kind=choice.kind)
            )
            continue
        rank = correlation(choice.column, spend.column)
        sure = min(choice.confidence, 0.7 if "name" not in how else 0.9)
        if "similar" in how:
            sure = min(sure, 0.75)
        if rank < _DOUBTFUL:
            sure = min(sure, 0.5)
        pair = how.format(spend.column)
        reason = f"{choice.reason}; {pair} (rank correlation {rank:.2f})"
        done.append(
            replace(
                choice,
                channel=spend.channel,
                reason=reason,
                confidence=sure,
                kind=spend.kind,
            )
        )
    return done


def _similar(exposure: Choice, spends: Sequence[Choice]) -> Choice | None:
    """The spend that shares most words, if one channel's are the other's."""
    own = set((exposure.channel or "").split("_")) - {""}
    best: tuple[int, Choice] | None = None
    for spend in spends:
        theirs = set((spend.channel or "").split("_")) - {""}
        if own and theirs and (own <= theirs or theirs <= own):
            shared = len(own & theirs)
            if best is None or shared > best[0]:
                best = (shared, spend)
    return best[1] if best else None


def _moving(
    exposure: Choice, spends: Sequence[Choice], correlation: Correlation
) -> Choice | None:
    """The spend of the same kind of medium that moves with it closely."""
    same = [s for s in spends if s.kind == exposure.kind or not exposure.kind]
    ranked = sorted(same, key=lambda s: -correlation(exposure.column, s.column))
    if ranked and correlation(exposure.column, ranked[0].column) > _PAIRED:
        return ranked[0]
    return None


def _named_apart(choices: list[Choice]) -> list[Choice]:
    """Two spends of one channel's name: each keeps its column's name."""
    names = [c.channel for c in choices if c.role == "paid_spend"]
    twice = {name for name in names if names.count(name) > 1}
    return [
        replace(c, channel=_safe(c.column))
        if c.role == "paid_spend" and c.channel in twice
        else c
        for c in choices
    ]


def _safe(name: str) -> str:
    words = column_names.words(name)
    return "_".join(words) or "channel"


def _document(
    date: Choice | None,
    country: Choice | None,
    choices: Sequence[Choice],
    columns: Sequence[Evidence],
    correlation: Correlation,
) -> dict[str, Any]:
    kinds = {column.name: column.kind for column in columns}
    goals = sorted(
        (c for c in choices if c.role in ("revenue", "conversion")),
        key=lambda c: (c.role != "revenue", -c.confidence),
    )
    exposures = _best_exposures(choices, correlation)
    return {
        "schema_version": 2,
        "date": date.column if date else "",
        "country": country.column if country else None,
        "goals": [
            {
                "column": goal.column,
                "type": goal.role,
                "main": place == 0,
                "group": "primary" if place == 0 else "secondary",
                "aggregation": "sum",
            }
            for place, goal in enumerate(goals)
        ],
        "columns": {
            c.column: _column(c, kinds[c.column], exposures)
            for c in choices
            if c.role not in ("revenue", "conversion")
        },
    }


def _best_exposures(
    choices: Sequence[Choice], correlation: Correlation
) -> dict[str, str]:
    """Of channels with several exposures: the closest to the spend."""
    found: dict[str, list[Choice]] = {}
    for choice in choices:
        if choice.role == "paid_exposure" and choice.channel:
            found.setdefault(choice.channel, []).append(choice)
    spends = {c.channel: c.column for c in choices if c.role == "paid_spend"}
    return {
        channel: max(
            several, key=lambda c: correlation(c.column, spends[channel])
        ).column
        for channel, several in found.items()
        if len(several) > 1 and channel in spends
    }


def _column(
    choice: Choice, kind: str, exposures: Mapping[str, str]
) -> dict[str, Any]:
    found: dict[str, Any] = {"category": choice.role}
    if choice.role in ("paid_spend", "paid_exposure"):
        found["channel"] = choice.channel
    if choice.role in MEDIA and choice.kind:
        found["kind"] = "email" if choice.role == "organic" else choice.kind
        if choice.role == "organic" and choice.kind != "other":
            found["kind"] = choice.kind
    exposure = exposures.get(choice.channel or "")
    if choice.role == "paid_spend" and exposure:
        found["exposure"] = exposure
    if choice.role == "ignored":
        return found
    usual = {"context": "mean", "factor": "mode"}
    found["aggregation"] = usual.get(choice.role, "sum")
    found["type"] = kind
    return found


def _lacking(document: Mapping[str, Any]) -> tuple[str, ...]:
    """What a person has to add before it is a mapping."""
    spends = [
        c for c in document["columns"].values() if c["category"] == "paid_spend"
    ]
    missing = {
        "no column holds dates: name the date": not document["date"],
        "no column looks like a goal: name revenue or conversions": (
            not document["goals"]
        ),
        "no column looks like spend: name at least one": not spends,
    }
    return tuple(what for what, is_so in missing.items() if is_so)
