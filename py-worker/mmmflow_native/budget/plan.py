"""A budget plan of its own: what to allocate with a model that exists.

A JSON file; all of it may be left out:

    {"scenario": "max_response" | "target_efficiency",
     "total_budget": 1000000, "target_value": 2.5,
     "bounds": {"default": [0.5, 2.0], "tv": [1.0, 1.5]},
     "locked": ["search"],
     "groups": [{"name": "offline", "channels": ["tv", "ooh"],
                 "low": 0, "high": 400000}],
     "period": {"name": "Q1", "start": "2025-01-06", "end": "2025-03-30"}}

The budget and the groups' limits are for the whole period: the modelling
window, if none is given.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jsonschema import Draft202012Validator

from mmmflow_native.budget.allocation import FuturePeriod, Group
from mmmflow_native.data.config import AllocationSettings
from mmmflow_native.errors import UserError

_NAMES = {"type": "array", "items": {"type": "string"}}
_AMOUNT = {"type": "number", "minimum": 0}
_DATE = {"type": "string", "format": "date"}
_POSITIVE = {"type": ["number", "null"], "exclusiveMinimum": 0}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "scenario": {"enum": ["max_response", "target_efficiency"]},
        "total_budget": _POSITIVE,
        "target_value": _POSITIVE,
        "bounds": {
            "type": "object",
            "additionalProperties": {
                "type": "array",
                "items": _AMOUNT,
                "minItems": 2,
                "maxItems": 2,
            },
        },
        "locked": _NAMES,
        "groups": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "channels"],
                "properties": {
                    "name": {"type": "string"},
                    "channels": _NAMES,
                    "low": _AMOUNT,
                    "high": _AMOUNT,
                },
            },
        },
        "period": {
            "type": "object",
            "additionalProperties": False,
            "required": ["name", "start", "end"],
            "properties": {
                "name": {"type": "string"},
                "start": _DATE,
                "end": _DATE,
            },
        },
    },
}


@dataclass(frozen=True)
class Plan:
    """What a proposal may do, beyond what a configuration can say."""

    settings: AllocationSettings
    locked: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    period: FuturePeriod | None = None


def read_plan(path: Path, usual: AllocationSettings) -> Plan:
    """The plan in a file; what it leaves out is as `usual`.

    Raises `UserError` that lists everything wrong with it.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"no plan at {path}", "name a plan's JSON") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UserError(
            f"{path.name} is not JSON: {error}", "correct the file"
        ) from None
    validator = Draft202012Validator(
        SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    wrong = [
        f"{error.json_path.removeprefix('$.')}: {error.message}"
        for error in validator.iter_errors(document)
    ]
    if wrong:
        raise UserError(
            f"{path.name} is no plan: " + "; ".join(sorted(wrong)),
            "see docs/model.md for what a plan holds",
        )
    return Plan(
        settings=_settings(document, usual),
        locked=tuple(document.get("locked", ())),
        groups=tuple(
            Group(**{**group, "channels": tuple(group["channels"])})
            for group in document.get("groups", ())
        ),
        period=_period(document.get("period")),
    )


def _settings(
    document: Mapping[str, Any], usual: AllocationSettings
) -> AllocationSettings:
    given = {
        name: document[name]
        for name in ("scenario", "total_budget", "target_value")
        if name in document
    }
    bounds = {
        name: (float(low), float(high))
        for name, (low, high) in document.get("bounds", {}).items()
    }
    return replace(usual, **given, bounds={**usual.bounds, **bounds})


def _period(document: Mapping[str, Any] | None) -> FuturePeriod | None:
    if document is None:
        return None
    start, end = (
        np.datetime64(document["start"]),
        np.datetime64(document["end"]),
    )
    if end < start:
        raise UserError(
            f"the period {document['name']} ends before it starts",
            "correct its dates",
        )
    return FuturePeriod(document["name"], start, end)
