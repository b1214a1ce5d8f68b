"""A new champion beside the previous one: what it says, and what changed.

Everything here is read from what the two runs left: their summaries, their
frozen configurations, and what is known of their training data.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mmmflow.domain import quality_bands, ranking

Data = dict[str, Any]

_FIT = (
    ("nrmse_train", "NRMSE in sample"),
    ("nrmse_val", "NRMSE on validation"),
    ("nrmse_test", "NRMSE on test"),
    ("nrmse_backtest", "NRMSE in the backtest"),
    ("rsq_train", "adjusted R² in sample"),
    ("rsq_val", "adjusted R² on validation"),
    ("rsq_test", "adjusted R² on test"),
    ("decomp_rssd", "DECOMP.RSSD"),
)
_TRAINING = ("rows", "start", "end", "interval")
# Compared as data, or different in every experiment and telling nothing.
_NOT_CONFIG = frozenset(
    {
        "schema_version",
        "experiment_id",
        "correlation_id",
        "revision",
        "dataset_id",
        "mapping_version",
        "data",
    }
)
_NAMED_BY = ("channel", "variable")
_MOVED = 0.1  # of the previous ROAS: what is worth a word
_FEW = 3


@dataclass(frozen=True)
class Side:
    """One of the two: model_summary.json, job_config.json, training data.

    `training` is what `prepare` noted: rows, start, end, interval; empty
    where the dataset's document is gone.
    """

    summary: Mapping[str, Any]
    config: Mapping[str, Any]
    training: Mapping[str, Any]

    @property
    def selected(self) -> Mapping[str, Any]:
        selected: Mapping[str, Any] = self.summary["selected"]
        return selected


def compare(before: Side, after: Side) -> Data:
    """Fit, shares, returns, budget, configuration and data, side by side."""
    content: Data = {
        "schema_version": 1,
        "country": after.summary["country"],
        "goal": after.summary["dep_var"],
        "experiment_id": after.summary["experiment_id"],
        "previous_experiment_id": before.summary["experiment_id"],
        "quality": _pair(
            quality_bands.judge(before.selected)["word"],
            quality_bands.judge(after.selected)["word"],
        ),
        "fit": [
            {
                "measure": label,
                **_pair(before.selected.get(name), after.selected.get(name)),
            }
            for name, label in _FIT
            if after.selected.get(name) is not None
            or before.selected.get(name) is not None
        ],
        "channels": _channels(before, after),
        "budget": _budget(before.summary, after.summary),
        "config": config_changes(before.config, after.config),
        "data": _data(before, after),
    }
    return {**content, "headline": headline(before, after, content)}


def config_changes(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[Data]:
    """The paths at which two configurations differ, with both values.

    Lists of channels or variables are compared by name, not by place.
    """
    changes: list[Data] = []
    kept = [key for key in (*before, *after) if key not in _NOT_CONFIG]
    for key in dict.fromkeys(kept):
        _differ(key, before.get(key), after.get(key), changes)
    return changes


def _differ(path: str, before: Any, after: Any, changes: list[Data]) -> None:
    if before == after:
        return
    left, right = _as_map(before), _as_map(after)
    if left is None or right is None:
        changes.append({"path": path, **_pair(before, after)})
        return
    for key in dict.fromkeys([*left, *right]):
        _differ(f"{path}.{key}", left.get(key), right.get(key), changes)


def _as_map(value: Any) -> Mapping[str, Any] | None:
    if isinstance(value, Mapping):
        return value
    if not isinstance(value, list):
        return None
    for name in _NAMED_BY:
        if all(isinstance(v, Mapping) and name in v for v in value):
            return {str(v[name]): v for v in value}
    return None


def _channels(before: Side, after: Side) -> list[Data]:
    """Per paid channel of either; null where it is not in one of them."""
    old, new = _by_channel(before.selected), _by_channel(after.selected)
    spends = (
        _by_channel(before.summary["allocation"] or {"channels": []}),
        _by_channel(after.summary["allocation"] or {"channels": []}),
    )
    return [
        {
            "channel": channel,
            **{
                name: _pair(
                    old.get(channel, {}).get(name),
                    new.get(channel, {}).get(name),
                )
                for name in ("share", "effect_share", "roas", "cpa")
            },
            "spend_proposed": _pair(
                spends[0].get(channel, {}).get("spend_proposed"),
                spends[1].get(channel, {}).get("spend_proposed"),
            ),
        }
        for channel in dict.fromkeys([*new, *old])
    ]


def _by_channel(of: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {channel["channel"]: channel for channel in of["channels"]}


def _budget(before: Mapping[str, Any], after: Mapping[str, Any]) -> Data:
    old, new = before["allocation"] or {}, after["allocation"] or {}
    return {
        "scenario": _pair(old.get("scenario"), new.get("scenario")),
        "total_budget": _pair(old.get("total_budget"), new.get("total_budget")),
        "gain": _pair(_gain(old), _gain(new)),
    }


def _gain(allocation: Mapping[str, Any]) -> float | None:
    """What the proposal adds to the response, relative to now."""
    now = allocation.get("response_now")
    return float(allocation["response_proposed"] / now - 1) if now else None


def _data(before: Side, after: Side) -> Data:
    old, new = before.config, after.config
    windows = before.summary["window"], after.summary["window"]
    return {
        "dataset_id": _pair(old["dataset_id"], new["dataset_id"]),
        "mapping_version": _pair(
            old["mapping_version"], new["mapping_version"]
        ),
        "sha256": _pair(old["data"]["sha256"], new["data"]["sha256"]),
        "modelled": _pair(_window(windows[0]), _window(windows[1])),
        **{
            name: _pair(before.training.get(name), after.training.get(name))
            for name in _TRAINING
        },
    }


def _window(window: Mapping[str, Any]) -> Data:
    return {name: window[name] for name in ("start", "end", "periods")}


def headline(before: Side, after: Side, content: Mapping[str, Any]) -> str:
    """What a person wants to know first, in a line."""
    return "; ".join(
        [
            _about_fit(before, after),
            *_about_returns(content["channels"]),
            _about_data(content["data"]),
            _about_config(content["config"]),
        ]
    )


def _about_fit(before: Side, after: Side) -> str:
    old, new = ranking.score(before.selected), ranking.score(after.selected)
    kinds = {
        ranking.is_out_of_sample(before.selected),
        ranking.is_out_of_sample(after.selected),
    }
    where = {True: "out of sample", False: "in sample"}
    what = where[kinds.pop()] if len(kinds) == 1 else "(best known)"
    word = quality_bands.judge(after.selected)["word"]
    return f"NRMSE {what} {old:.3f} → {new:.3f} ({word})"


def _about_returns(channels: Iterable[Mapping[str, Any]]) -> list[str]:
    """The channels whose ROAS moved most, the furthest first."""
    moved = []
    for channel in channels:
        old, new = channel["roas"]["before"], channel["roas"]["after"]
        if old is None or new is None:
            continue
        by = abs(new - old) / max(abs(old), abs(new)) if old or new else 0.0
        if by > _MOVED:
            moved.append((by, f"{channel['channel']} {old:.2f} → {new:.2f}"))
    moved.sort(key=lambda pair: -pair[0])
    if not moved:
        return []
    return [f"ROAS {', '.join(text for _, text in moved[:_FEW])}"]


def _about_data(data: Mapping[str, Any]) -> str:
    if data["sha256"]["before"] == data["sha256"]["after"]:
        return "the same data"
    rows = data["rows"]["before"], data["rows"]["after"]
    if None in rows:
        return "other data"
    return f"other data ({rows[1] - rows[0]:+d} rows)"


def _about_config(changes: Sequence[Mapping[str, Any]]) -> str:
    if not changes:
        return "the same configuration"
    paths = [
        f"{c['path']} {_short(c['before'])} → {_short(c['after'])}"
        for c in changes[:_FEW]
    ]
    more = len(changes) - _FEW
    rest = f" and {more} more" if more > 0 else ""
    return f"changed: {', '.join(paths)}{rest}"


def _short(value: Any) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _pair(before: Any, after: Any) -> Data:
    return {"before": before, "after": after}
