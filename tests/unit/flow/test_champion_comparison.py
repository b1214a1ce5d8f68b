"""A new champion beside the one before it."""

from typing import Any

import pytest
from mmmflow import schema
from mmmflow.domain import comparison
from mmmflow.domain.comparison import Side

IDS = ("20261119T104512Z-1f3a9c0b77de", "20261120T104512Z-2f3a9c0b77de")
CONFIG: dict[str, Any] = {
    "schema_version": 1,
    "experiment_id": "one",
    "correlation_id": "c",
    "revision": {"tag": "r", "number": 1},
    "dataset_id": "d1",
    "mapping_version": "v1",
    "data": {"uri": "u", "generation": "1", "sha256": "a" * 64},
    "adstock": "geometric",
    "paid_media": [{"channel": "tv", "spend": "tv", "sign": "positive"}],
    "hyperparameters": {"tv_thetas": [0.3, 0.8], "lambda": [0, 1]},
    "seed": 123,
}
TRAINING = {
    "rows": 104,
    "start": "2024-01-01",
    "end": "2025-12-22",
    "interval": "week",
}


def channel(name: str, roas: float | None) -> dict[str, Any]:
    return {
        "channel": name,
        "share": 0.1,
        "effect_share": 0.5,
        "roas": roas,
        "cpa": None,
    }


def side(
    which: int = 0,
    *,
    error: float = 0.1,
    channels: list[dict[str, Any]] | None = None,
    allocation: dict[str, Any] | None = None,
    training: dict[str, Any] | None = None,
    **config: Any,
) -> Side:
    selected = {
        "nrmse_train": error,
        "nrmse_val": None,
        "nrmse_test": None,
        "nrmse_backtest": error,
        "rsq_train": 0.9,
        "rsq_val": None,
        "rsq_test": None,
        "decomp_rssd": 0.1,
        "channels": [channel("tv", 1.2)] if channels is None else channels,
    }
    summary = {
        "experiment_id": IDS[which],
        "country": "DE",
        "dep_var": "revenue",
        "window": {
            "start": "2024-01-01",
            "end": "2025-12-22",
            "periods": 104,
            "interval": "week",
        },
        "selected": selected,
        "allocation": allocation,
    }
    known = TRAINING if training is None else training
    return Side(summary, {**CONFIG, **config}, known)


def changes(**config: Any) -> dict[str, tuple[Any, Any]]:
    found = comparison.config_changes(CONFIG, {**CONFIG, **config})
    return {c["path"]: (c["before"], c["after"]) for c in found}


def test_a_comparison_is_what_its_schema_says() -> None:
    content = comparison.compare(side(0), side(1, error=0.05))
    assert schema.check("comparison.json", content) == []


def test_fit_stands_side_by_side() -> None:
    content = comparison.compare(side(0, error=0.1), side(1, error=0.05))
    fit = {f["measure"]: (f["before"], f["after"]) for f in content["fit"]}
    assert fit["NRMSE in the backtest"] == (0.1, 0.05)
    assert "NRMSE on test" not in fit


def test_returns_and_shares_are_compared_by_channel() -> None:
    before = side(0, channels=[channel("tv", 1.2), channel("print", 3.0)])
    after = side(1, channels=[channel("search", 2.0), channel("tv", 1.9)])
    content = comparison.compare(before, after)
    roas = {
        c["channel"]: (c["roas"]["before"], c["roas"]["after"])
        for c in content["channels"]
    }
    assert roas == {
        "search": (None, 2.0),
        "tv": (1.2, 1.9),
        "print": (3.0, None),
    }


def test_proposed_budgets_are_compared_by_channel() -> None:
    def proposal(spend: float) -> dict[str, Any]:
        return {
            "scenario": "max_response",
            "total_budget": 100.0,
            "response_now": 10.0,
            "response_proposed": 12.0,
            "channels": [{"channel": "tv", "spend_proposed": spend}],
        }

    before = side(0, allocation=proposal(60.0))
    content = comparison.compare(before, side(1, allocation=proposal(80.0)))
    (tv,) = content["channels"]
    assert tv["spend_proposed"] == {"before": 60.0, "after": 80.0}
    assert content["budget"]["gain"]["after"] == pytest.approx(0.2)


def test_what_changed_in_the_configuration_is_named_by_its_path() -> None:
    wider = {"tv_thetas": [0.1, 0.9], "lambda": [0, 1]}
    assert changes(adstock="weibull_pdf", hyperparameters=wider) == {
        "adstock": ("geometric", "weibull_pdf"),
        "hyperparameters.tv_thetas": ([0.3, 0.8], [0.1, 0.9]),
    }


def test_channels_are_compared_by_name_not_by_place() -> None:
    search = {"channel": "search", "spend": "search", "sign": "positive"}
    added = changes(paid_media=[search, *CONFIG["paid_media"]])
    assert added == {"paid_media.search": (None, search)}


def test_what_differs_in_every_experiment_is_no_change() -> None:
    assert changes(experiment_id="two", correlation_id="d") == {}


def test_data_is_compared_by_dataset_rows_and_checksum() -> None:
    after = side(
        1,
        training={**TRAINING, "rows": 116},
        dataset_id="d2",
        data={"uri": "u", "generation": "2", "sha256": "b" * 64},
    )
    data = comparison.compare(side(0), after)["data"]
    assert data["dataset_id"] == {"before": "d1", "after": "d2"}
    assert data["rows"] == {"before": 104, "after": 116}
    assert data["sha256"] == {"before": "a" * 64, "after": "b" * 64}


def test_a_dataset_that_is_gone_leaves_its_rows_unknown() -> None:
    content = comparison.compare(side(0, training={}), side(1))
    assert content["data"]["rows"] == {"before": None, "after": 104}
    assert schema.check("comparison.json", content) == []


def headline(before: Side, after: Side) -> str:
    return str(comparison.compare(before, after)["headline"])


def test_the_headline_says_the_fit_first() -> None:
    said = headline(side(0, error=0.1), side(1, error=0.05))
    assert said.startswith("NRMSE out of sample 0.100 → 0.050 (excellent)")


def test_the_headline_names_the_return_that_moved_most() -> None:
    before = side(0, channels=[channel("tv", 1.0), channel("print", 1.0)])
    after = side(1, channels=[channel("tv", 1.05), channel("print", 3.0)])
    said = headline(before, after)
    assert "ROAS print 1.00 → 3.00" in said
    assert "tv" not in said


def test_the_headline_says_whether_data_and_configuration_are_the_same() -> (
    None
):
    said = headline(side(0), side(1))
    assert said.endswith("the same data; the same configuration")


def test_the_headline_counts_new_rows_and_names_changes() -> None:
    after = side(
        1,
        training={**TRAINING, "rows": 116},
        data={"uri": "u", "generation": "2", "sha256": "b" * 64},
        adstock="weibull_cdf",
    )
    said = headline(side(0), after)
    assert "other data (+12 rows)" in said
    assert "changed: adstock geometric → weibull_cdf" in said


def test_a_long_value_does_not_drown_the_headline() -> None:
    after = side(1, adstock="x" * 500)
    assert len(headline(side(0), after)) < 200
