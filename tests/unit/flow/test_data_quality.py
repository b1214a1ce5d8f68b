"""The report says what is true of the data, the worst first, and no more."""

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mmmflow.data import (
    drift,
    drivers,
    preparation,
    quality_report,
    series,
)
from mmmflow.data.drift import Before
from mmmflow.domain import driver_checks, mapping
from mmmflow.show import data_text

ROWS = 156
SPENDS = ("tv", "search")


def document(**columns: Any) -> dict[str, Any]:
    return {
        "date": "day",
        "country": "market",
        "goals": [{"column": "revenue", "type": "revenue"}],
        "columns": {
            "tv": {"category": "paid_spend", "channel": "tv"},
            "views": {"category": "paid_exposure", "channel": "tv"},
            "search": {"category": "paid_spend", "channel": "search"},
            "price": {"category": "context"},
            "event": {"category": "factor"},
            **columns,
        },
    }


def table(**columns: Any) -> pd.DataFrame:
    """Three years of clean weeks with a season; and what is given."""
    random = np.random.default_rng(7)
    week = np.arange(ROWS)
    tv = random.gamma(2, 500, ROWS)
    search = random.gamma(3, 300, ROWS)
    season = 1000 * np.sin(2 * np.pi * week / 52)
    frame = pd.DataFrame(
        {
            "day": pd.date_range("2021-01-04", periods=ROWS, freq="7D"),
            "market": "DE",
            "revenue": 9000
            + season
            + tv
            + search
            + random.normal(0, 300, ROWS),
            "tv": tv,
            "views": tv * 40 * random.normal(1, 0.05, ROWS),
            "search": search,
            "price": random.normal(100, 2, ROWS),
            "event": np.where(week % 13 == 0, "sale", "none"),
        }
    )
    return frame.assign(**columns)


def report(
    frame: pd.DataFrame, before: Before | None = None, **columns: Any
) -> Any:
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    meaning = mapping.read(document(**columns))
    prepared = preparation.of_frame(frame, meaning, "DE")
    return quality_report.of(
        prepared,
        dataset_id=None,
        mapping_version=None,
        country="DE",
        before=before,
    )


def found(frame: pd.DataFrame, **columns: Any) -> list[tuple[str, str]]:
    findings = report(frame, **columns)["findings"]
    return [(f["kind"], f["column"]) for f in findings]


def changed(name: str, at: Any, value: Any) -> pd.DataFrame:
    frame = table()
    values = frame[name].to_numpy().copy()
    values[at] = value
    return frame.assign(**{name: values})


def test_clean_data_are_found_clean() -> None:
    assert found(table()) == []


def test_a_column_is_profiled_by_quantiles_and_bins() -> None:
    profiles = {p["name"]: p for p in report(table())["columns"]}
    tv = profiles["tv"]
    assert (tv["category"], tv["zeros"], tv["nulls"]) == ("paid_spend", 0, 0)
    assert tv["quantiles"] == sorted(tv["quantiles"])
    assert tv["quantiles"][2] == pytest.approx(table()["tv"].median())
    assert len(tv["bins"]) == 24
    assert np.mean(tv["bins"]) == pytest.approx(tv["mean"], rel=0.05)
    assert profiles["event"]["levels"][1] == {"level": "sale", "rows": 12}


def test_an_outlier_is_named_with_its_date() -> None:
    (finding,) = report(changed("revenue", 77, 90_000.0))["findings"]
    assert (finding["kind"], finding["column"]) == ("outliers", "revenue")
    assert finding["where"] == "2022-06-27"


def test_a_peak_that_comes_every_year_is_no_outlier() -> None:
    frame = table()
    peak = frame["revenue"].to_numpy().copy()
    peak[[47, 99, 151]] += 12_000
    assert series.outliers(peak, "week") == []
    peak[77] += 12_000
    assert series.outliers(peak, "week") == [77]


def test_a_price_that_wanders_is_no_outlier() -> None:
    steps = np.random.default_rng(3).normal(0, 1, ROWS)
    assert series.outliers(100 + np.cumsum(steps), "week") == []


def test_spend_in_another_unit_is_an_outlier_and_a_burst_is_none() -> None:
    assert ("outliers", "search") in found(changed("search", 5, 4e5))
    assert found(changed("search", 5, 4000.0)) == []


def test_a_lasting_shift_of_level_is_found_about_where_it_is() -> None:
    frame = table()
    goal = frame["revenue"].to_numpy() * np.where(np.arange(ROWS) < 100, 1, 1.6)
    shifts = [
        f
        for f in report(frame.assign(revenue=goal))["findings"]
        if f["kind"] == "level-shift"
    ]
    (shift,) = shifts
    where = pd.Timestamp(shift["where"].removeprefix("about "))
    assert abs((where - frame["day"][100]).days) <= 9 * 7


@pytest.mark.parametrize("course", ["trend", "season"])
def test_a_trend_or_a_season_is_no_shift(course: str) -> None:
    week = np.arange(208)
    noise = np.random.default_rng(5).normal(0, 20, 208)
    values = {
        "trend": 1000 + 8 * week,
        "season": 1000 + 400 * np.sin(2 * np.pi * week / 52),
    }[course]
    assert series.level_shifts(values + noise, "week", 50.0) == []


def test_spend_without_exposure_and_the_reverse_are_told_with_their_share() -> (
    None
):
    (finding,) = report(changed("views", slice(10, 30), 0.0))["findings"]
    assert finding["kind"] == "spend-without-exposure"
    assert finding["severity"] == "warning"
    assert finding["what"].startswith("20 periods with tv")
    (finding,) = report(changed("tv", 10, 0.0))["findings"]
    assert finding["kind"] == "exposure-without-spend"
    assert finding["severity"] == "info"


def test_a_price_per_view_that_triples_is_told() -> None:
    frame = table()
    views = frame["views"] * np.where(np.arange(ROWS) < 80, 3, 1)
    assert ("cost-shift", "views") in found(frame.assign(views=views))


def test_a_pair_that_does_not_move_together_is_doubted() -> None:
    views = np.random.default_rng(9).gamma(2, 500, ROWS)
    assert ("pair", "tv") in found(table(views=views))


def test_constant_and_nearly_constant_columns_are_told() -> None:
    assert ("constant", "price") in found(table(price=100.0))
    price = np.full(ROWS, 100.0)
    price[3] = 90
    assert ("near-constant", "price") in found(table(price=price))
    assert ("constant", "event") in found(table(event="none"))


def test_a_goal_that_is_zero_or_negative_is_told() -> None:
    kinds = {k for k, _ in found(changed("revenue", [5, 6], [0.0, -3.0]))}
    assert {"zeros", "negative"} <= kinds


def test_the_same_column_twice_is_an_error_whatever_its_scale() -> None:
    frame = table()
    result = report(
        frame.assign(copy=frame["price"] * 100), copy={"category": "context"}
    )
    first = result["findings"][0]
    assert (first["severity"], first["kind"]) == ("error", "identical")
    assert result["design"]["condition_band"] == "poor"
    assert {d["name"]: d["vif"] for d in result["drivers"]}["copy"] is None


def test_a_driver_that_explains_all_of_the_goal_is_rather_an_outcome() -> None:
    frame = table()
    orders = {"orders": {"category": "context"}}
    noise = np.random.default_rng(2).normal(0, 5, ROWS)
    frame = frame.assign(orders=frame["revenue"] / 50 + noise)
    assert ("outcome", "orders") in found(frame, **orders)


def test_a_country_with_far_fewer_rows_than_others_is_told() -> None:
    frame = table()
    other = pd.concat([frame.assign(market=m) for m in ("FR", "ES")])
    both = pd.concat([frame.iloc[:60], other])
    result = report(both)
    assert ("coverage", "market") in [
        (f["kind"], f["column"]) for f in result["findings"]
    ]
    assert {c["country"]: c["rows"] for c in result["countries"]} == {
        "DE": 60,
        "ES": ROWS,
        "FR": ROWS,
    }


def test_the_worst_is_told_first() -> None:
    frame = changed("tv", 10, 0.0).assign(price=100.0)
    frame = frame.assign(a=frame["search"] * 2)
    severities = [
        f["severity"]
        for f in report(frame, a={"category": "context"})["findings"]
    ]
    order = ["error", "warning", "info"]
    assert severities == sorted(severities, key=order.index)
    assert set(severities) == set(order)


def test_every_finding_says_what_to_do() -> None:
    frame = changed("revenue", 77, 90_000.0).assign(price=100.0)
    for finding in report(frame)["findings"]:
        assert finding["what"]
        assert finding["hint"]


def test_r2_nmae_and_spearman_are_those_of_one_driver() -> None:
    frame = pd.DataFrame({"y": [2.0, 4, 6, 8], "x": [1.0, 2, 3, 4]})
    (driver,), identical, design = drivers.check(frame, "y", ["x"], 1)
    assert driver.r2 == pytest.approx(1)
    assert driver.nmae == pytest.approx(0)
    assert driver.spearman == pytest.approx(1)
    assert (driver.vif, identical) == (1, [])
    assert (design.drivers, design.condition) == (2, None)


def test_nmae_is_the_mean_error_over_the_mean() -> None:
    frame = pd.DataFrame({"y": [1.0, 3, 1, 3], "x": [0.0, 0, 1, 1]})
    (driver,), _, _ = drivers.check(frame, "y", ["x"], 0)
    assert driver.nmae == pytest.approx(0.5)
    assert driver.r2 == pytest.approx(0)


def test_vif_and_condition_number_are_those_of_two_correlated_drivers() -> None:
    """VIF is 1 / (1 − r²), the condition number √((1 + r) / (1 − r))."""
    frame = table()
    frame["b"] = frame["search"] + 0.3 * frame["price"] * 10
    checked, _, design = drivers.check(frame, "revenue", ["search", "b"], 0)
    r = float(np.corrcoef(frame["search"], frame["b"])[0, 1])
    assert checked[0].vif == pytest.approx(1 / (1 - r * r))
    assert checked[1].vif == pytest.approx(1 / (1 - r * r))
    assert design.condition == pytest.approx(math.sqrt((1 + r) / (1 - r)))


@pytest.mark.parametrize(
    ("band", "values"),
    [
        (driver_checks.vif_band, (4.9, 5, 10)),
        (driver_checks.condition_band, (9.9, 10, 30)),
        (driver_checks.observations_band, (10, 9.9, 4.9)),
    ],
)
def test_bands_end_where_they_say(band: Any, values: Any) -> None:
    assert [band(v) for v in values] == ["good", "acceptable", "poor"]


def before(frame: pd.DataFrame) -> Before:
    kept = frame.drop(columns="market").rename(columns={"day": "week"})
    return Before("20260101T000000Z-000000000000", kept, "week")


def drifts(old: pd.DataFrame, new: pd.DataFrame) -> list[str]:
    made = drift.findings(new.drop(columns="market"), "day", before(old))
    return [f"{f.column}: {f.what}" for f in made]


def test_new_weeks_alone_are_no_drift() -> None:
    assert drifts(table().iloc[:-6], table()) == []


def test_what_was_restated_since_the_dataset_before_is_told() -> None:
    new = changed("revenue", slice(0, 40), 20_000.0)
    (text,) = drifts(table().iloc[:-4], new)
    assert text.startswith("revenue: 40 of 152 periods were restated")


def test_gone_periods_and_columns_are_told() -> None:
    found = drifts(table(), table().iloc[10:].drop(columns="price"))
    assert "price: the column is gone since the dataset before" in found
    assert "day: 10 periods of the dataset before gone" in found


def test_new_weeks_out_of_all_range_are_told() -> None:
    new = changed("tv", slice(150, 156), 1e6)
    (text,) = drifts(table().iloc[:150], new)
    assert "6 of 6 new periods lie outside of" in text


def test_the_same_data_again_are_no_new_periods() -> None:
    assert drifts(table(), table()) == [
        "day: no period is new since the dataset before"
    ]


def test_the_report_reads_as_text() -> None:
    text = data_text.report(report(changed("revenue", 77, 90_000.0)))
    assert text.startswith("DE: 156 weeks from Monday, 2021-01-04 … 2023-12-25")
    assert "warning  revenue: 1 period far from those around" in text
    assert "condition number" in text


def test_a_report_is_the_same_from_the_same_data() -> None:
    assert json.dumps(report(table())) == json.dumps(report(table()))


def test_a_sparkline_spans_from_the_least_to_the_most() -> None:
    assert data_text.sparkline([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█"
    assert data_text.sparkline([2, 2]) == "▁▁"
