"""Data and configuration become the problem that Robyn would state."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from mmmflow_native.data.calendar import interval, window
from mmmflow_native.data.config_reader import parse_config
from mmmflow_native.data.features import Features, build
from mmmflow_native.data.holidays import (
    by_period,
    country_holidays,
    file_holidays,
)
from mmmflow_native.data.prophet import decompose, dummies
from mmmflow_native.data.table import Table, read_table

Document = dict[str, Any]
Rows = dict[str, list[Any]]
MakeTable = Callable[[Rows], Table]


def test_columns_are_in_robyns_order(features: Features) -> None:
    assert features.problem.names == (
        "price",
        "tv_grps",
        "search_spend",
        "newsletter",
    )
    assert [c.kind for c in features.problem.columns] == [
        "context",
        "paid_media",
        "paid_media",
        "organic_media",
    ]


def test_exposure_is_put_on_the_spend_scale_of_the_window(
    rows: Rows, make_table: MakeTable, document: Document
) -> None:
    rows["tv_spend"][:10] = [0.0] * 10
    document["window"]["start"] = "2022-03-14"
    problem = build(make_table(rows), parse_config(document), []).problem
    column = problem.names.index("tv_grps")
    assert problem.window.start == 10
    assert problem.x[problem.window, column].sum() == pytest.approx(
        sum(rows["tv_spend"])
    )


def test_rows_are_sorted_by_date(rows: Rows, make_table: MakeTable) -> None:
    backwards = {name: values[::-1] for name, values in rows.items()}
    table = make_table(backwards)
    assert (np.diff(table.dates) > np.timedelta64(0, "D")).all()
    assert table.numbers("revenue").tolist() == rows["revenue"]
    assert table.where(0) == f"row {len(rows['date'])} (2022-01-03)"


def test_parquet_and_csv_give_the_same_numbers(
    rows: Rows, table: Table, tmp_path: Path
) -> None:
    dates = [date.fromisoformat(day) for day in rows["date"]]
    path = tmp_path / "data.parquet"
    pyarrow.parquet.write_table(pa.table({**rows, "date": dates}), path)
    other = read_table(path, "date")
    assert (other.dates == table.dates).all()
    assert (other.numbers("price") == table.numbers("price")).all()


def test_a_channel_without_variation_is_left_out_and_said_so(
    rows: Rows, make_table: MakeTable, document: Document
) -> None:
    rows["tv_spend"] = rows["tv_grps"] = [0.0] * len(rows["date"])
    features = build(make_table(rows), parse_config(document), [])
    assert features.problem.names == ("price", "search_spend", "newsletter")
    assert features.left_out == {"tv_grps": "it does not vary in the window"}
    assert "tv_grps_alphas" not in features.problem.ranges


def test_lambda_is_searched_unless_it_is_given(features: Features) -> None:
    assert features.problem.ranges["lambda"] == (0.0, 1.0)
    assert "train_size" not in features.problem.ranges


def test_the_split_is_searched_under_validation(
    table: Table, document: Document
) -> None:
    document["ts_validation"] = True
    problem = build(table, parse_config(document), []).problem
    assert problem.ranges["train_size"] == (0.5, 0.8)


def test_every_column_has_a_penalty_where_penalties_are_searched(
    table: Table, document: Document
) -> None:
    document["add_penalty_factor"] = True
    problem = build(table, parse_config(document), []).problem
    for name in problem.names:
        assert problem.ranges[f"{name}_penalty"] == (0.0, 1.0)


def test_weekdays_are_left_out_of_weekly_data(
    table: Table, document: Document
) -> None:
    document["prophet"]["components"] = ["weekday"]
    features = build(table, parse_config(document), [])
    assert features.problem.names[0] == "price"
    assert features.notes == (
        "the component weekday is left out: the data are by week",
    )


@pytest.mark.parametrize(
    ("step", "count", "expected"), [("D", 30, "day"), ("M", 24, "month")]
)
def test_the_interval_is_read_off_the_dates(
    step: str, count: int, expected: str, make_table: MakeTable
) -> None:
    first = np.datetime64("2022-01", "M").astype(f"M8[{step}]")
    days = (first + np.arange(count)).astype("M8[D]")
    assert interval(make_table({"date": days.astype(str)})) == expected


def test_the_window_snaps_to_the_nearest_period() -> None:
    mondays = np.datetime64("2022-01-03") + 7 * np.arange(10)
    found = window(mondays, date(2022, 1, 12), date(2022, 2, 4))
    assert mondays[found][[0, -1]].astype(str).tolist() == [
        "2022-01-10",
        "2022-02-07",
    ]


def test_weeks_begin_on_the_weekday_of_the_first_row() -> None:
    sundays = np.datetime64("2022-01-02") + 7 * np.arange(10)
    holidays = [(np.datetime64("2022-01-06"), "Epiphany")]
    assert by_period(holidays, sundays, "week") == [
        (np.datetime64("2022-01-02"), "Epiphany")
    ]


def test_holidays_of_a_period_are_one_per_calendar_year() -> None:
    mondays = np.datetime64("2022-12-19") + 7 * np.arange(3)
    holidays = [
        (np.datetime64("2022-12-25"), "Christmas"),
        (np.datetime64("2022-12-26"), "Boxing Day"),
        (np.datetime64("2022-12-27"), "Third Day"),
        (np.datetime64("2023-01-01"), "New Year"),
    ]
    assert by_period(holidays, mondays, "week") == [
        (np.datetime64("2022-12-19"), "Christmas"),
        (np.datetime64("2022-12-26"), "Boxing Day, Third Day"),
        (np.datetime64("2022-12-26"), "New Year"),
    ]
    assert by_period(holidays, mondays, "month")[0] == (
        np.datetime64("2022-12-01"),
        "Christmas, Boxing Day, Third Day",
    )


def test_a_country_brings_its_holidays() -> None:
    days = np.array(["2022-01-03", "2022-12-26"], dtype="M8[D]")
    found = dict(country_holidays("DE", days))
    assert np.datetime64("2022-10-03") in found


def test_a_file_brings_holidays_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "holidays.csv"
    path.write_text(
        "ds,holiday,country,year\n"
        "2022-11-25,Black Friday,DE,2022\n"
        "2022-07-14,Bastille Day,FR,2022\n"
    )
    assert file_holidays(path, "DE") == [
        (np.datetime64("2022-11-25"), "Black Friday")
    ]


@pytest.mark.parametrize(
    ("values", "columns"),
    [
        (["no", "yes", "no"], {"f_yes": [0.0, 1.0, 0.0]}),
        (["a", "b", "c"], {"f_a": [1.0, 0.0, 0.0], "f_b": [0.0, 1.0, 0.0]}),
    ],
)
def test_a_factor_leaves_one_level_out(
    values: list[str], columns: dict[str, list[float]]
) -> None:
    found = dummies("f", values)
    assert {name: v.tolist() for name, v in found.items()} == columns


def test_rare_levels_of_a_factor_are_pooled() -> None:
    values = [f"level{i:02}" for i in range(11) for _ in range(12 - i)]
    assert list(dummies("f", values)) == [
        "f_OTHER",
        *(f"f_level{i:02}" for i in range(9)),
    ]


def test_prophet_finds_the_effect_of_a_factor() -> None:
    random = np.random.default_rng(5)
    days = np.datetime64("2021-01-04") + 7 * np.arange(150)
    promotion = ["yes" if i % 11 == 0 else "no" for i in range(150)]
    effect = np.array([200.0 if v == "yes" else 0.0 for v in promotion])
    goal = 1000.0 + 2.0 * np.arange(150) + effect + random.normal(0, 5, 150)
    parts = decompose(
        days, goal, ["trend"], [], {"promotion": promotion}, seed=1
    )
    found = parts.factors["promotion"]
    assert found.min() == 0.0
    assert found.max() == pytest.approx(200.0, rel=0.05)
    assert np.corrcoef(parts.components["trend"], np.arange(150))[0, 1] > 0.99
