"""What a proposal may do, out of JSON and into it again."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from mmmflow_native.budget.allocation import FuturePeriod, Group
from mmmflow_native.data.config import AllocationSettings

USUAL = AllocationSettings("max_response", None, None, {})


def read_settings(
    document: Mapping[str, Any], usual: AllocationSettings = USUAL
) -> AllocationSettings:
    """The settings of a document; what it leaves out is as `usual`."""
    given = {
        name: document[name]
        for name in ("scenario", "total_budget", "target_value")
        if name in document
    }
    bounds = {
        name: (float(low), float(high))
        for name, (low, high) in document.get("bounds", {}).items()
    }
    if "locked" in document:
        given["locked"] = tuple(document["locked"])
    if "groups" in document:
        given["groups"] = tuple(_group(one) for one in document["groups"])
    if document.get("period") is not None:
        given["period"] = FuturePeriod(
            document["period"]["name"],
            np.datetime64(document["period"]["start"]),
            np.datetime64(document["period"]["end"]),
        )
    return replace(usual, **given, bounds={**usual.bounds, **bounds})


def write_settings(settings: AllocationSettings) -> dict[str, Any]:
    """The document that `read_settings` reads."""
    period = settings.period
    return {
        "scenario": settings.scenario,
        "total_budget": settings.total_budget,
        "target_value": settings.target_value,
        "bounds": {name: list(b) for name, b in settings.bounds.items()},
        "locked": list(settings.locked),
        "groups": [
            {
                "name": group.name,
                "channels": list(group.channels),
                "low": group.low,
                "high": None if math.isinf(group.high) else group.high,
            }
            for group in settings.groups
        ],
        "period": None
        if period is None
        else {
            "name": period.name,
            "start": str(period.start),
            "end": str(period.end),
        },
    }


def _group(document: Mapping[str, Any]) -> Group:
    high = document.get("high")
    return Group(
        document["name"],
        tuple(document["channels"]),
        float(document.get("low", 0.0)),
        math.inf if high is None else float(high),
    )
