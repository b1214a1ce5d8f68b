"""The budget proposal that a request asks for, and what contradicts in it."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from mmmflow.domain.errors import Problem

Data = dict[str, Any]

_BOUNDS = (0.5, 2.0)


def frozen(asked: Mapping[str, Any]) -> Data:
    """The proposal's settings, with every default filled in."""
    return {
        "scenario": asked.get("scenario", "max_response"),
        "total_budget": asked.get("total_budget"),
        "target_value": asked.get("target_value"),
        "bounds": {"default": list(_BOUNDS), **asked.get("bounds", {})},
        "locked": asked.get("locked", []),
        "groups": [
            {"low": 0, "high": None, **group}
            for group in asked.get("groups", [])
        ],
        "period": asked.get("period"),
    }


def without(asked: Mapping[str, Any], gone: Collection[str]) -> Data:
    """The settings without these channels, which the model does not have."""
    if not gone:
        return dict(asked)
    changed = dict(asked)
    if "bounds" in asked:
        changed["bounds"] = {
            name: bound
            for name, bound in asked["bounds"].items()
            if name not in gone
        }
    if "locked" in asked:
        changed["locked"] = [c for c in asked["locked"] if c not in gone]
    if "groups" in asked:
        groups = [
            {
                **group,
                "channels": [c for c in group["channels"] if c not in gone],
            }
            for group in asked["groups"]
        ]
        changed["groups"] = [group for group in groups if group["channels"]]
    return changed


def contradictions(asked: Mapping[str, Any]) -> Iterator[Problem]:
    """What can't be, whatever the channels."""
    scenario = asked.get("scenario", "max_response")
    if asked.get("target_value") is not None and (
        scenario != "target_efficiency"
    ):
        yield Problem(
            "allocation.target_value",
            f"{scenario} has no target",
            'use "scenario": "target_efficiency", or leave it out',
        )
    for channel, (low, high) in asked.get("bounds", {}).items():
        if low > high:
            where = f"allocation.bounds.{channel}"
            yield Problem(where, f"min {low:g} is above max {high:g}")
    yield from _group_contradictions(asked.get("groups", []))
    period = asked.get("period")
    if period is not None and period["end"] < period["start"]:
        yield Problem("allocation.period", "it ends before it starts")


def _group_contradictions(groups: list[Data]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, group in enumerate(groups):
        where = f"allocation.groups[{index}]"
        low, high = group.get("low", 0), group.get("high")
        if high is not None and low > high:
            yield Problem(where, f"low {low:g} is above high {high:g}")
        for channel in sorted(seen & set(group["channels"])):
            yield Problem(where, f"{channel!r} is in another group already")
        seen |= set(group["channels"])


def unknown(
    asked: Mapping[str, Any], channels: Collection[str]
) -> Iterator[tuple[str, str]]:
    """(where, name) of what is no channel of the model."""
    for name in asked.get("bounds", {}):
        if name != "default" and name not in channels:
            yield f"allocation.bounds.{name}", name
    for name in asked.get("locked", []):
        if name not in channels:
            yield "allocation.locked", name
    for index, group in enumerate(asked.get("groups", [])):
        for name in group["channels"]:
            if name not in channels:
                yield f"allocation.groups[{index}].channels", name
