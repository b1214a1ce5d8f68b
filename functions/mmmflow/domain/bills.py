"""What was paid, put together by day: from lines of the billing export.

Lines come late, for days after the use: a day's document is made anew from
all lines of that day each time.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_CENTS = 6


@dataclass(frozen=True)
class CostLine:
    """What one SKU cost on one day, credits taken off.

    Attributes:
        day: as 2026-11-20, in UTC.
        service: as the bill names it, as "Cloud Run".
        cost: in units of the currency; negative where credits exceed it.
    """

    day: str
    service: str
    sku: str
    currency: str
    cost: float


# The first that fits: service (in lower case) contains, SKU contains.
_CATEGORIES: tuple[tuple[str, str, str], ...] = (
    ("requests", "cloud run", "request"),
    ("requests", "cloud functions", "invocation"),
    ("networking", "", "network"),
    ("networking", "", "egress"),
    ("networking", "", "data transfer"),
    ("networking", "networking", ""),
    ("networking", "compute engine", "ip"),
    ("networking", "cloud nat", ""),
    ("compute", "cloud run", ""),
    ("compute", "cloud functions", ""),
    ("compute", "cloud build", ""),
    ("scheduler", "cloud scheduler", ""),
    ("registry", "artifact registry", ""),
    ("messaging", "pub/sub", ""),
    ("database", "firestore", ""),
    ("storage", "cloud storage", ""),
    ("secrets", "secret manager", ""),
    ("monitoring", "cloud logging", ""),
    ("monitoring", "monitoring", ""),
)
OTHER = "other"


def category(service: str, sku: str) -> str:
    """Requests, compute, storage, … : what the money was for."""
    service, sku = service.lower(), sku.lower()
    fits = (
        name
        for name, in_service, in_sku in _CATEGORIES
        if in_service in service and in_sku in sku
    )
    return next(fits, OTHER)


def days(lines: Iterable[CostLine]) -> dict[str, Mapping[str, Any]]:
    """Each day's document: total, by service and by category.

    Raises:
        ValueError: a day's lines are in several currencies.
    """
    by_day: dict[str, list[CostLine]] = defaultdict(list)
    for line in lines:
        by_day[line.day].append(line)
    return {day: _document(day, found) for day, found in by_day.items()}


def _document(day: str, lines: list[CostLine]) -> Mapping[str, Any]:
    currencies = sorted({line.currency for line in lines})
    if len(currencies) > 1:
        raise ValueError(f"{day} is billed in {' and '.join(currencies)}")
    services: dict[str, float] = defaultdict(float)
    categories: dict[str, float] = defaultdict(float)
    for line in lines:
        services[line.service] += line.cost
        categories[category(line.service, line.sku)] += line.cost
    return {
        "schema_version": 1,
        "day": day,
        "currency": currencies[0],
        "total": round(sum(line.cost for line in lines), _CENTS),
        "services": _rounded(services),
        "categories": _rounded(categories),
    }


def _rounded(sums: Mapping[str, float]) -> dict[str, float]:
    return {name: round(sums[name], _CENTS) for name in sorted(sums)}
