"""Every experiment that a filter finds, as CSV: a line at a time.

A spreadsheet takes a text that begins with = + - @ (or a tab or line break
before them) for a formula; such a text gets an apostrophe in front, which
spreadsheets show as text.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from mmmflow.ports import Json, Order, Ports, Where

_PAGE = 500
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def _seconds(data: Json) -> Any:
    if not (data["started_at"] and data["ended_at"]):
        return None
    started, ended = (
        datetime.fromisoformat(data[field])
        for field in ("started_at", "ended_at")
    )
    return round((ended - started).total_seconds(), 3)


def _field(name: str) -> Callable[[Json], Any]:
    return lambda data: data.get(name)


def _asked(name: str) -> Callable[[Json], Any]:
    return lambda data: data["request"].get(name)


def _selected(name: str) -> Callable[[Json], Any]:
    return lambda data: (data["result"] or {}).get("selected", {}).get(name)


# Column by column, in the file's order.
COLUMNS: Mapping[str, Callable[[Json], Any]] = {
    "id": _field("id"),
    "state": _field("state"),
    "country": _field("country"),
    "goal": lambda data: data["goal"] or (data["config"] or {}).get("goal"),
    "revision_tag": lambda data: data["revision"]["tag"],
    "revision_number": lambda data: data["revision"]["number"],
    "queue": _field("queue"),
    "priority": _field("priority"),
    "batch_id": _field("batch_id"),
    "dataset_id": lambda data: (data["config"] or data).get("dataset_id"),
    "mapping_version": lambda data: (data["config"] or data).get(
        "mapping_version"
    ),
    "engine": _asked("engine"),
    "adstock": _asked("adstock"),
    "iterations": _asked("iterations"),
    "trials": _asked("trials"),
    "ts_validation": _asked("ts_validation"),
    "window_start": lambda data: data["request"]["window"].get("start"),
    "window_end": lambda data: data["request"]["window"].get("end"),
    "seed": _asked("seed"),
    "attempt": _field("attempt"),
    "tries": _field("tries"),
    "score": lambda data: (data["result"] or {}).get("score"),
    "model_id": _selected("model_id"),
    "nrmse_train": _selected("nrmse_train"),
    "nrmse_val": _selected("nrmse_val"),
    "rsq_train": _selected("rsq_train"),
    "rsq_val": _selected("rsq_val"),
    "decomp_rssd": _selected("decomp_rssd"),
    "labels": lambda data: "; ".join(
        f"{name}={value}" for name, value in data.get("labels", {}).items()
    ),
    "estimated_cost_usd": _field("estimated_cost"),
    "created_at": _field("created_at"),
    "started_at": _field("started_at"),
    "ended_at": _field("ended_at"),
    "seconds": _seconds,
    "error": lambda data: (data["error"] or {}).get("error"),
    "hint": lambda data: (data["error"] or {}).get("hint"),
    "actor": _field("actor"),
    "correlation_id": _field("correlation_id"),
}


def lines(ports: Ports, where: Sequence[Where]) -> Iterator[str]:
    """The header, then one line an experiment, the newest first."""
    yield _line(list(COLUMNS))
    for data in _experiments(ports, where):
        yield _line([safe(column(data)) for column in COLUMNS.values()])


def safe(value: Any) -> Any:
    """The value as a cell that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value


def _experiments(ports: Ports, where: Sequence[Where]) -> Iterator[Json]:
    after: list[Where] = []
    while True:
        page = ports.documents.query(
            "experiments",
            where=[*where, *after],
            order_by=[Order("id", descending=True)],
            limit=_PAGE,
        )
        yield from (document.data for document in page)
        if len(page) < _PAGE:
            return
        after = [Where("id", "<", page[-1].id)]


def _line(cells: Sequence[Any]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
