"""What the API shows of what was paid."""

from collections import Counter

from mmmflow.domain.costs import CURRENCY
from mmmflow.ports import Json, Order, Ports, Where

_MOST = 400


def days(ports: Ports, since: str, until: str) -> Json:
    """Each day's document and their sum, by category too.

    A document of `costs` has the day for its id: {day, currency, total,
    services: {name: cost}, categories: {name: cost}, updated_at}.
    """
    found = ports.documents.query(
        "costs",
        where=[Where("day", ">=", since), Where("day", "<=", until)],
        order_by=[Order("day")],
        limit=_MOST,
    )
    shown = [
        {k: v for k, v in document.data.items() if k != "op"}
        for document in found
    ]
    by_category: Counter[str] = Counter()
    for day in shown:
        by_category.update(day["categories"])
    return {
        "since": since,
        "until": until,
        "currency": shown[-1]["currency"] if shown else CURRENCY,
        "total": round(sum(day["total"] for day in shown), 6),
        "categories": {k: round(v, 6) for k, v in by_category.items()},
        "days": shown,
    }
