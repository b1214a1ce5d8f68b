"""A mapping against a dataset's columns, both ways: missing, new, changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mmmflow.domain import mapping
from mmmflow.domain.quality import Severity

Type = Literal["number", "integer", "boolean", "text", "date"]
_NUMBERS = ("number", "integer", "boolean")
_PREFIXES: tuple[tuple[str, Type], ...] = (
    ("int", "integer"),
    ("uint", "integer"),
    ("float", "number"),
    ("double", "number"),
    ("halffloat", "number"),
    ("decimal", "number"),
    ("bool", "boolean"),
    ("date", "date"),
    ("timestamp", "date"),
    ("dictionary", "text"),
    ("string", "text"),
    ("large_string", "text"),
)


@dataclass(frozen=True)
class Difference:
    """`error` can't be prepared; `warning` can, but look at it."""

    kind: Literal["missing", "new", "type"]
    severity: Severity
    column: str
    what: str
    hint: str

    def as_json(self) -> dict[str, str]:
        return {
            "kind": self.kind,
            "severity": self.severity,
            "column": self.column,
            "what": self.what,
            "hint": self.hint,
        }


def type_of(stored: str) -> Type | None:
    """What an Arrow type of dataset.json holds; None for what is neither."""
    return next((t for name, t in _PREFIXES if stored.startswith(name)), None)


def validate(
    document: Mapping[str, Any], columns: Mapping[str, str]
) -> list[Difference]:
    """Every difference between the mapping and the dataset's columns.

    `columns` are {name: Arrow type}, as in dataset.json.

    Raises:
        InvalidInputError: the mapping itself does not fit together.
    """
    meaning = mapping.read(document)
    return [
        *_missing(meaning, columns),
        *_types(document, meaning, columns),
        *_new(document, meaning, columns),
    ]


def _missing(
    meaning: mapping.DataMapping, columns: Mapping[str, str]
) -> Iterator[Difference]:
    lower = {name.lower().strip(): name for name in columns}
    for name in meaning.needed:
        if name in columns:
            continue
        near = lower.get(name.lower().strip())
        hint = "rename it in the mapping, or leave it out"
        if near is not None:
            hint = f"the data has {near!r}: case and blanks count"
        what = "the mapping has it, the data do not"
        yield Difference("missing", "error", name, what, hint)


def _types(
    document: Mapping[str, Any],
    meaning: mapping.DataMapping,
    columns: Mapping[str, str],
) -> Iterator[Difference]:
    """What the mapping declares, else what the column's category needs."""
    needed = {source.name: source.category for source in meaning.sources}
    for name, category in {meaning.date: "date", **needed}.items():
        found = type_of(columns[name]) if name in columns else None
        if found is None:
            continue
        declared = document["columns"].get(name, {}).get("type")
        expected = declared or _USUAL.get(category, "number")
        problem = _mismatch(expected, found, category)
        if problem is not None:
            severity, what = problem
            yield Difference(
                "type",
                severity,
                name,
                f"{what}: the data hold {columns[name]}, the mapping expects"
                f" {'a' if expected != 'integer' else 'an'} {expected}",
                "was the column redefined? Change the mapping, or the query",
            )


_USUAL = {"date": "date", "factor": "text"}


def _mismatch(
    expected: str, found: Type, category: str
) -> tuple[Severity, str] | None:
    """None where every value of the one is one of the other."""
    if expected == found or (expected == "number" and found in _NUMBERS):
        return None
    if category == "factor":
        return (
            ("warning", "its levels will be other texts")
            if (expected != "text")
            else None
        )
    if found == "text":
        return "warning", "texts, which must all be readable as such"
    if expected in _NUMBERS and found in _NUMBERS:
        return "info", "another kind of number"
    return "error", "it can't be read as such"


def _new(
    document: Mapping[str, Any],
    meaning: mapping.DataMapping,
    columns: Mapping[str, str],
) -> Iterator[Difference]:
    known = {
        meaning.date,
        meaning.country,
        *(goal.column for goal in meaning.goals),
        *document["columns"],
    }
    for name in columns:
        if name not in known:
            what = "the data has it, the mapping does not"
            hint = 'give it a category; "ignored" says that it was seen'
            yield Difference("new", "info", name, what, hint)
