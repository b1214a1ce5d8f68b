"""Two versions of a mapping: what was added, removed and changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Change:
    """`where` is a path as columns.tv_spend.category; absent is None."""

    kind: Literal["added", "removed", "changed"]
    where: str
    before: Any
    after: Any

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "where": self.where,
            "before": self.before,
            "after": self.after,
        }

    def __str__(self) -> str:
        if self.kind == "changed":
            return f"{self.where}: {_text(self.before)} → {_text(self.after)}"
        value = self.after if self.kind == "added" else self.before
        return f"{self.where}: {self.kind} {_text(value)}"


def diff(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Every change between two mapping documents, in the order of paths.

    Goals are told apart by their column, not by their place; the version of
    the schema is no change.
    """
    return list(_changes("", _by_column(before), _by_column(after)))


def _by_column(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with its goals by their columns."""
    changed = {k: v for k, v in document.items() if k != "schema_version"}
    changed["goals"] = {
        goal["column"]: {k: v for k, v in goal.items() if k != "column"}
        for goal in document["goals"]
    }
    return changed


def _changes(where: str, before: Any, after: Any) -> Iterator[Change]:
    if before == after:
        return
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        yield Change("changed", where, before, after)
        return
    for key in sorted({*before, *after}):
        path = f"{where}.{key}" if where else key
        if key not in after:
            yield Change("removed", path, before[key], None)
        elif key not in before:
            yield Change("added", path, None, after[key])
        else:
            yield from _changes(path, before[key], after[key])


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {_text(v)}" for k, v in value.items()) or "{}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_text, value)) + "]"
    return "none" if value is None else str(value)
