"""What in a mapping's document does not fit together."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mmmflow.domain.errors import Problem
from mmmflow.domain.preparation import OF_NAMES

Columns = Mapping[str, Mapping[str, Any]]


def of(document: Mapping[str, Any]) -> list[Problem]:
    """Every problem of a document that its schema has accepted."""
    return [
        *_goal_problems(document),
        *_derived_problems(document),
        *_channel_problems(document),
        *_preparation_problems(document),
    ]


def parts(
    document: Mapping[str, Any],
) -> dict[str, tuple[tuple[str, ...], str]]:
    """Per derived column: the columns that it sums, and by which rule."""
    found = {}
    for name, derived in document.get("derived", {}).items():
        rule: Mapping[str, Any] = derived["sum_of"]
        chosen = tuple(
            column
            for column, meant in document["columns"].items()
            if _is_part(column, meant, rule)
        )
        found[name] = (chosen, _in_words(rule))
    return found


def modelled(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The columns that a model may use: parts give way to their sum.

    A derived column without a category is a total to look at: its parts
    stay.
    """
    derived: Columns = {
        name: column
        for name, column in document.get("derived", {}).items()
        if column.get("category", "ignored") != "ignored"
    }
    summed = {
        part
        for name, (chosen, _) in parts(document).items()
        if name in derived
        for part in chosen
    }
    own = {n: c for n, c in document["columns"].items() if n not in summed}
    return {**own, **derived}


def _is_part(
    column: str, meant: Mapping[str, Any], rule: Mapping[str, Any]
) -> bool:
    """Every condition of the rule holds; ignored columns only by name."""
    if "columns" in rule:
        return column in rule["columns"]
    return (
        meant["category"] == rule["category"]
        and rule.get("channel") in (None, meant.get("channel"))
        and ("tag" not in rule or rule["tag"] in meant.get("tags", ()))
    )


def _in_words(rule: Mapping[str, Any]) -> str:
    if "columns" in rule:
        return "the columns named"
    words = [f"every {rule['category']}"]
    if "channel" in rule:
        words.append(f"of the channel {rule['channel']!r}")
    if "tag" in rule:
        words.append(f"tagged {rule['tag']!r}")
    return " ".join(words)


def _goal_problems(document: Mapping[str, Any]) -> Iterator[Problem]:
    goals = document["goals"]
    main = [goal for goal in goals if goal.get("main", False)]
    if len(goals) > 1 and len(main) != 1:
        yield Problem(
            "goals",
            "one of several goals must be the main one",
            'set "main": true on exactly one',
        )
    for goal in main or goals[:1]:
        if goal.get("group") == "secondary":
            yield Problem(
                "goals", f"{goal['column']!r} is the main goal, but secondary"
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


def _derived_problems(document: Mapping[str, Any]) -> Iterator[Problem]:
    goals = [goal["column"] for goal in document["goals"]]
    taken = {*goals, *document["columns"], document["date"]}
    for name, (chosen, rule) in parts(document).items():
        where = f"derived.{name}"
        if name in taken:
            yield Problem(where, "the data has a column of that name already")
        wanted = document["derived"][name]["sum_of"].get("columns", [])
        unknown = [c for c in wanted if c not in document["columns"]]
        if unknown:
            yield Problem(
                where,
                f"the mapping has no column {', '.join(map(repr, unknown))}",
            )
        elif not chosen:
            yield Problem(where, f"{rule}: no column is so")
        for part in chosen:
            if document["columns"][part]["category"] == "factor":
                yield Problem(where, f"{part!r} is a factor: it has no sum")
    yield from _counted_twice(document)


def _counted_twice(document: Mapping[str, Any]) -> Iterator[Problem]:
    modelled_parts = [
        part
        for name, (chosen, _) in parts(document).items()
        if document["derived"][name].get("category", "ignored") != "ignored"
        for part in chosen
    ]
    for part in sorted(
        {p for p in modelled_parts if modelled_parts.count(p) > 1}
    ):
        yield Problem(
            f"columns.{part}",
            "it is part of more than one derived column of the model",
            "count it once",
        )


def _of(columns: Columns, category: str) -> Columns:
    return {n: c for n, c in columns.items() if c["category"] == category}


def _channel_problems(document: Mapping[str, Any]) -> Iterator[Problem]:
    columns = modelled(document)
    spends, exposures = (
        _of(columns, "paid_spend"),
        _of(columns, "paid_exposure"),
    )
    if not spends:
        yield Problem(
            "columns",
            "there is no paid channel",
            'give at least one column the category "paid_spend"',
        )
    for channel, count in _counts(spends):
        if count > 1:
            yield Problem(
                "columns",
                f"channel {channel!r} has more than one spend column",
                "name the channels apart, or derive their sum",
            )
    chosen = {c["channel"] for c in spends.values() if "exposure" in c}
    for channel, count in _counts(exposures):
        if count > 1 and channel not in chosen:
            yield Problem(
                "columns",
                f"channel {channel!r} has more than one exposure column",
                'name the one to use as "exposure" of its spend column',
            )
    paid = {c["channel"] for c in spends.values()}
    for channel in sorted({c["channel"] for c in exposures.values()} - paid):
        yield Problem(
            "columns", f"channel {channel!r} has an exposure but no spend"
        )
    for name, column in spends.items():
        if "exposure" in column and column["exposure"] not in exposures:
            yield Problem(
                f"columns.{name}.exposure",
                f"{column['exposure']!r} is no exposure of the mapping",
                "one of " + (", ".join(exposures) or "none"),
            )
    pairs = [c["exposure"] for c in spends.values() if "exposure" in c]
    for exposure in sorted({e for e in pairs if pairs.count(e) > 1}):
        yield Problem(
            f"columns.{exposure}", "it is the exposure of more than one spend"
        )


def _counts(columns: Columns) -> Iterable[tuple[str, int]]:
    channels = [column["channel"] for column in columns.values()]
    return sorted({c: channels.count(c) for c in channels}.items())


def _preparation_problems(document: Mapping[str, Any]) -> Iterator[Problem]:
    given = document.get("resample", {}).get("aggregation", {})
    goals = [goal["column"] for goal in document["goals"]]
    for name, aggregation in given.items():
        where = f"resample.aggregation.{name}"
        column = document["columns"].get(name)
        if column is None and name not in goals:
            yield Problem(where, "the mapping has no such column")
        elif column is not None:
            yield from _of_a_name(where, column, aggregation)
    for name, column in document["columns"].items():
        if "aggregation" in column:
            where = f"columns.{name}.aggregation"
            yield from _of_a_name(where, column, column["aggregation"])
        if column["category"] == "factor" and column.get("fill") == "zero":
            yield Problem(
                f"columns.{name}.fill",
                "an empty cell of a factor is a level of its own",
                'leave it out, or "previous"',
            )
    window = document.get("window", {})
    if window.get("start", "") > window.get("end", "9999"):
        yield Problem("window", "it ends before it starts")
    joined = document.get("holidays", {}).get("column", "holidays")
    taken = {*goals, *document["columns"], document["date"]}
    if "holidays" in document and joined in taken:
        yield Problem(
            "holidays.column", f"the data has a column {joined!r} already"
        )


def _of_a_name(
    where: str, column: Mapping[str, Any], aggregation: str
) -> Iterator[Problem]:
    if column["category"] == "factor" and aggregation not in OF_NAMES:
        yield Problem(
            where,
            f"a factor has no {aggregation}",
            f"one of {', '.join(OF_NAMES)}",
        )
