"""What a queue has started today, and whether it may start more.

A run is one start of a job, whatever became of it; a day is a UTC day. Each
slot counts what was started in it; a queue's day is the sum over its slots,
retired ones too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from mmmflow.domain.costs import CURRENCY

Data = dict[str, Any]


@dataclass(frozen=True)
class Spent:
    """On one UTC day: runs started, and their estimated cost."""

    day: str
    runs: int
    cost: float


def day_of(now: datetime) -> str:
    return now.astimezone(UTC).date().isoformat()


def next_day(now: datetime) -> datetime:
    """When the caps of today are over."""
    tomorrow = now.astimezone(UTC).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), UTC)


def spent(slots: Iterable[Mapping[str, Any]], now: datetime) -> Spent:
    """Today's, or that of the day that a faster clock has begun already."""
    known = list(slots)
    day = max([day_of(now), *(s["day"] for s in known if s.get("day"))])
    today = [slot for slot in known if slot.get("day") == day]
    return Spent(
        day,
        sum(slot["runs"] for slot in today),
        round(sum(slot["cost"] for slot in today), 6),
    )


def charged(slot: Mapping[str, Any], cost: float, day: str) -> Data:
    """The slot with one more run, on the day that was looked at."""
    same = slot.get("day") == day
    return {
        **slot,
        "day": day,
        "runs": (slot["runs"] if same else 0) + 1,
        "cost": round((slot["cost"] if same else 0.0) + cost, 6),
    }


def refunded(slot: Mapping[str, Any], cost: float, now: datetime) -> Data:
    """The slot without its last run, which definitely did not start."""
    before = spent([slot], now)
    if before.runs == 0:
        return dict(slot)
    return {
        **slot,
        "runs": before.runs - 1,
        "cost": max(0.0, round(before.cost - cost, 6)),
    }


def is_capped(queue: Mapping[str, Any]) -> bool:
    return any(
        queue.get(cap) is not None for cap in ("daily_runs", "daily_cost")
    )


def held_back(
    queue: Mapping[str, Any], today: Spent, cost: float
) -> str | None:
    """Why the queue may not start a run of that cost today, if it may not."""
    runs, most = queue.get("daily_runs"), queue.get("daily_cost")
    if runs is not None and today.runs >= runs:
        return f"{today.runs} of {runs} runs a day are started"
    if most is not None and round(today.cost + cost, 6) > most:
        return (
            f"{today.cost:.4f} of {most:.4f} {CURRENCY} a day are spent by"
            f" estimate, and the next run is estimated at {cost:.4f}"
        )
    return None
