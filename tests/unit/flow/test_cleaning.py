"""What preparation changes is changed by a rule, and said."""

from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mmmflow import schema
from mmmflow.data import preparation
from mmmflow.data.preparation import Prepared
from mmmflow.domain import mapping
from mmmflow.domain.errors import InvalidInputError

MONDAY = date(2024, 1, 1)


def document(**fields: Any) -> dict[str, Any]:
    made = {
        "schema_version": 2,
        "date": "day",
        "goals": [{"column": "revenue", "type": "revenue"}],
        "columns": {
            "tv": {"category": "paid_spend", "channel": "tv"},
            "price": {"category": "context"},
            "event": {"category": "factor"},
        },
        **fields,
    }
    schema.require("mapping.json", made)
    return made


def weeks(count: int = 8) -> dict[str, list[Any]]:
    return {
        "day": [MONDAY + timedelta(weeks=n) for n in range(count)],
        "revenue": [100.0 + n for n in range(count)],
        "tv": [float(n % 3) for n in range(count)],
        "price": [9.0 + n % 2 for n in range(count)],
        "event": ["none", "sale"] * (count // 2),
    }


def prepare(
    columns: dict[str, list[Any]], /, country: str = "DE", **fields: Any
) -> Prepared:
    rows = len(columns["day"])
    frame = pd.DataFrame(columns, index=range(1, rows + 1))
    return preparation.of_frame(
        frame, mapping.read(document(**fields)), country
    )


def refusal(columns: dict[str, list[Any]], /, **fields: Any) -> str:
    with pytest.raises(InvalidInputError) as refused:
        prepare(columns, **fields)
    return str(refused.value)


def said(prepared: Prepared) -> list[tuple[str, str, int]]:
    return [(c.rule, c.column, c.count) for c in prepared.cleaning]


def with_column(name: str, **rules: Any) -> dict[str, Any]:
    columns: dict[str, Any] = dict(document()["columns"])
    columns[name] = {**columns[name], **rules}
    return {"columns": columns}


def test_clean_rows_are_left_as_they_are() -> None:
    prepared = prepare(weeks())
    assert said(prepared) == []
    assert list(prepared.frame["revenue"]) == weeks()["revenue"]


def test_rows_of_one_date_are_put_together_by_each_columns_aggregation() -> (
    None
):
    columns = weeks()
    for name, value in (
        ("day", MONDAY),
        ("revenue", 7.0),
        ("tv", 2.0),
        ("price", 11.0),
        ("event", "none"),
    ):
        columns[name].append(value)
    prepared = prepare(columns)
    first = prepared.frame.iloc[0]
    assert (first["revenue"], first["tv"], first["price"]) == (107, 2, 10)
    assert said(prepared) == [("summed", "", 2)]


def test_a_row_that_is_delivered_twice_counts_once() -> None:
    columns = {name: [*v, v[0]] for name, v in weeks().items()}
    prepared = prepare(columns)
    assert prepared.frame["revenue"].iloc[0] == 100
    assert said(prepared) == [("dropped", "", 1)]


def test_rows_that_differ_in_a_column_that_is_not_mapped_are_parts() -> None:
    columns = {name: [*v, v[0]] for name, v in weeks().items()}
    columns["campaign"] = ["a"] * 8 + ["b"]
    assert prepare(columns).frame["revenue"].iloc[0] == 200


def test_duplicates_may_be_refused() -> None:
    columns = {name: [*v, v[0]] for name, v in weeks().items()}
    columns["revenue"][-1] = 1.0
    text = refusal(columns, duplicates="refuse")
    assert "2024-01-01 has more than one row" in text


def test_missing_weeks_are_never_silently_zero() -> None:
    columns = {name: v[:3] + v[5:] for name, v in weeks().items()}
    assert "2 of them missing" in refusal(columns)
    text = refusal(columns, gaps="fill", **with_column("tv", fill="zero"))
    assert "column 'revenue': 2 periods are empty, the first 2024-01-22" in text


def test_missing_weeks_are_filled_where_every_column_says_how() -> None:
    columns = {name: v[:3] + v[4:] for name, v in weeks().items()}
    fills: dict[str, Any] = {
        "columns": {
            "tv": {"category": "paid_spend", "channel": "tv", "fill": "zero"},
            "price": {"category": "context", "fill": "previous"},
            "event": {"category": "factor"},
        },
        "goals": [{"column": "revenue", "type": "revenue", "fill": "zero"}],
    }
    prepared = prepare(columns, gaps="fill", **fills)
    row = prepared.frame.iloc[3]
    assert row["day"].date() == MONDAY + timedelta(weeks=3)
    assert (row["revenue"], row["tv"], row["price"]) == (0, 0, 9)
    assert row["event"] == "na"
    assert [rule for rule, _, _ in said(prepared)] == ["filled"] * 5


@pytest.mark.parametrize(("fill", "value"), [("zero", 0.0), ("previous", 10.0)])
def test_empty_cells_are_filled_by_the_columns_rule(
    fill: str, value: float
) -> None:
    columns = weeks()
    columns["price"][2] = None
    assert "is empty" in refusal(columns)
    prepared = prepare(columns, **with_column("price", fill=fill))
    assert prepared.frame["price"].iloc[2] == value
    assert said(prepared) == [("filled", "price", 1)]


def test_negative_spend_is_refused_set_to_zero_or_netted() -> None:
    columns = {name: [*v, v[0]] for name, v in weeks().items()}
    columns["tv"][0], columns["tv"][-1] = 5.0, -2.0
    assert "-2.0 in row 9 is negative spend" in refusal(columns)
    zero = prepare(columns, **with_column("tv", negative="zero"))
    assert zero.frame["tv"].iloc[0] == 5
    assert ("filled", "tv", 1) in said(zero)
    net = prepare(columns, **with_column("tv", negative="net"))
    assert net.frame["tv"].iloc[0] == 3


def test_a_period_that_stays_below_zero_is_refused() -> None:
    columns = weeks()
    columns["tv"][2] = -1.0
    text = refusal(columns, **with_column("tv", negative="net"))
    assert "1 period below zero, the first 2024-01-15 (-1)" in text


def test_months_are_dated_by_their_first_day() -> None:
    columns = weeks()
    columns["day"] = [date(2023, m + 1, 28) for m in range(8)]
    prepared = prepare(columns)
    assert prepared.frequency.interval == "month"
    assert {d.day for d in prepared.frame["day"].dt.date} == {1}
    assert said(prepared) == [("dated", "day", 8)]


def test_the_window_keeps_the_periods_that_begin_in_it() -> None:
    window = {"start": "2024-01-08", "end": "2024-02-05"}
    prepared = prepare(weeks(), window=window)
    assert len(prepared.frame) == 5
    assert said(prepared) == [("dropped", "", 3)]
    assert "0 periods begin" in refusal(weeks(), window={"start": "2030-01-01"})


def test_derived_columns_are_summed_by_period() -> None:
    columns = {**weeks(), "radio": [1.0] * 8}
    fields: dict[str, Any] = {
        "columns": {
            "tv": {"category": "paid_spend", "channel": "tv"},
            "radio": {"category": "paid_spend", "channel": "radio"},
        },
        "derived": {"all": {"sum_of": {"category": "paid_spend"}}},
    }
    frame = prepare(columns, **fields).frame
    assert list(frame["all"]) == list(frame["tv"] + frame["radio"])


def test_holidays_are_counted_in_their_period() -> None:
    prepared = prepare(weeks(), holidays={"country": "DE"})
    assert list(prepared.frame["holidays"]) == [1, 0, 0, 0, 0, 0, 0, 0]
    assert prepared.joined == {"holidays": "context"}


def test_whose_holidays_they_are_has_to_be_known() -> None:
    with pytest.raises(InvalidInputError, match="whose holidays"):
        prepare(weeks(), country="north", holidays={})


def test_what_does_not_vary_is_left_out_with_the_reason() -> None:
    columns = {**weeks(), "price": [9.0] * 8}
    prepared = prepare(columns)
    assert prepared.left_out == {"price": "it is 9.0 in every period"}
    assert "price" in prepared.frame
    assert ("dropped", "price", 1) in said(prepared)


def test_no_spend_or_a_constant_goal_can_not_be_modelled() -> None:
    no_spend = prepare({**weeks(), "tv": [0.0] * 8})
    assert "no channel has any spend" in no_spend.unmodellable["revenue"]
    constant = prepare({**weeks(), "revenue": [5.0] * 8})
    assert "is 5 in every period" in constant.unmodellable["revenue"]
    assert prepare(weeks()).unmodellable == {}


VALUES = st.floats(0, 1e6, allow_nan=False, width=32)


@settings(deadline=None, max_examples=40)
@given(
    values=st.lists(st.tuples(VALUES, VALUES), min_size=62, max_size=100),
    interval=st.sampled_from(["week", "month"]),
    start=st.dates(date(2019, 12, 1), date(2025, 1, 1)),
)
def test_nothing_is_lost_or_made_when_days_are_put_together(
    values: list[tuple[float, float]], interval: str, start: date
) -> None:
    """What is summed is the sum of the days that the periods cover."""
    columns: dict[str, list[Any]] = {
        "day": [start + timedelta(days=n) for n in range(len(values))],
        "revenue": [revenue for revenue, _ in values],
        "tv": [tv for _, tv in values],
        "price": [1.0] * len(values),
        "event": ["x"] * len(values),
    }
    prepared = prepare(columns, resample={"interval": interval})
    frame = prepared.frame
    first = frame["day"].iloc[0].date()
    days = sum(c.count for c in prepared.cleaning if c.rule == "resampled")
    at = (first - start).days
    covered = values[at : at + days]
    assert frame["tv"].sum() == pytest.approx(sum(tv for _, tv in covered))
    assert frame["revenue"].sum() == pytest.approx(
        sum(revenue for revenue, _ in covered)
    )


@settings(deadline=None, max_examples=40)
@given(order=st.permutations(range(8)))
def test_the_order_of_the_rows_does_not_matter(order: list[int]) -> None:
    shuffled = {n: [v[at] for at in order] for n, v in weeks().items()}
    pd.testing.assert_frame_equal(
        prepare(shuffled).frame, prepare(weeks()).frame
    )
