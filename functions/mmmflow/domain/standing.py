"""Standing experiments: when new data starts them, and when it does not."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

Data = dict[str, Any]


def why_not(
    standing: Mapping[str, Any], dataset_id: str, rows: int, now: datetime
) -> str | None:
    """Why this dataset of so many rows does not start it; None if it does.

    Ids sort by time: a dataset that is older than the last one it was
    started for is no new data.
    """
    last = standing["last_started"]
    if last is None:
        return None
    if dataset_id <= last["dataset_id"]:
        return f"it was started for newer data, {last['dataset_id']}"
    hours = standing["minimum_interval_hours"]
    due = datetime.fromisoformat(last["at"]) + timedelta(hours=hours)
    if now < due:
        return (
            f"it was last started at {last['at']}, and at least {hours:g}"
            " hours must lie between"
        )
    new, wanted = rows - last["rows"], standing["new_rows_threshold"]
    if wanted and new < wanted:
        return f"{new} new rows since it was last started; it wants {wanted}"
    return None


def considered(
    standing: Mapping[str, Any],
    dataset_id: str,
    rows: int,
    now: datetime,
    why: str | None,
) -> Data:
    """It started for the dataset, or `why` it did not."""
    at = now.isoformat()
    last = {
        "dataset_id": dataset_id,
        "at": at,
        "started": why is None,
        "why": why,
    }
    changed = {**standing, "last_considered": last}
    if why is None:
        started = {"dataset_id": dataset_id, "at": at, "rows": rows}
        changed["last_started"] = started
    return changed


def asked_for(
    standing: Mapping[str, Any],
    dataset_id: str | None = None,
    mapping_version: str | None = None,
) -> Data:
    """The body of the experiment.requested that it sends for a dataset.

    Its experiments are labelled with its id, to be found by it.
    """
    template = dict(standing["experiment"])
    labels = template.get("labels", {})
    if isinstance(labels, Mapping):
        template["labels"] = {**labels, "standing": standing["id"]}
    template["country"] = standing["country"]
    if dataset_id is not None:
        template["dataset_id"] = dataset_id
        template["mapping_version"] = mapping_version
    body = {
        "actor": f"standing {standing['id']}",
        "experiment": template,
        "confirm": standing["confirm"],
    }
    return {**body, **({"sweep": s} if (s := standing["sweep"]) else {})}
