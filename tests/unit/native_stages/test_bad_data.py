"""Wrong data is refused with its column and row."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mmmflow_native.data.calendar import interval
from mmmflow_native.data.config import JobConfig
from mmmflow_native.data.config_reader import parse_config
from mmmflow_native.data.features import build
from mmmflow_native.data.table import Table, read_table
from mmmflow_native.errors import UnmodellableError, UserError

Rows = dict[str, list[Any]]
MakeTable = Callable[[Rows], Table]


def _put(column: str, row: int, value: Any) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        rows[column][row - 1] = value

    return change


WRONG: dict[str, tuple[Callable[[Rows], object], str]] = {
    "text in numbers": (
        _put("price", 17, "12,5x"),
        "column 'price', row 17: '12,5x' is not a number",
    ),
    "a missing value": (
        _put("price", 17, None),
        "column 'price', row 17 (2022-04-25) has no value",
    ),
    "nan": (
        _put("revenue", 3, "nan"),
        "column 'revenue', row 3 (2022-01-17) has no value",
    ),
    "infinity": (
        _put("newsletter", 4, "inf"),
        "column 'newsletter', row 4 (2022-01-24) is infinite",
    ),
    "negative spend": (
        _put("search_spend", 5, -3.5),
        "column 'search_spend', row 5 (2022-01-31) is negative (-3.5)",
    ),
    "negative exposure": (
        _put("tv_grps", 5, -1.0),
        "column 'tv_grps', row 5 (2022-01-31) is negative (-1)",
    ),
    "a date that is none": (
        _put("date", 2, "tomorrow"),
        "column 'date', row 2: 'tomorrow' is not a date",
    ),
    "a duplicate": (
        _put("date", 9, "2022-02-21"),
        "the date 2022-02-21 comes twice: rows 8 and 9",
    ),
    "a gap": (
        lambda rows: [values.pop(20) for values in rows.values()],
        "row 21 (2022-05-30) comes 14 days after 2022-05-16, but the data are "
        "weeks",
    ),
    "a column that is not there": (
        lambda rows: rows.pop("price"),
        "the data has no column 'price'",
    ),
    "exposure without spend's trace": (
        lambda rows: rows.update(tv_grps=[0.0] * len(rows["date"])),
        "column 'tv_grps' is 0 in the whole window, though",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_data_is_named(
    case: str, rows: Rows, make_table: MakeTable, config: JobConfig
) -> None:
    change, message = WRONG[case]
    change(rows)
    with pytest.raises(UserError) as refused:
        build(make_table(rows), config, [])
    assert message in str(refused.value)


def test_more_rows_of_the_kind_are_counted(
    rows: Rows, make_table: MakeTable, config: JobConfig
) -> None:
    rows["price"][3] = rows["price"][5] = rows["price"][7] = None
    with pytest.raises(UserError, match="and 2 more rows"):
        build(make_table(rows), config, [])


def test_a_constant_goal_is_skipped(
    rows: Rows, make_table: MakeTable, config: JobConfig
) -> None:
    rows["revenue"] = [7.0] * len(rows["date"])
    with pytest.raises(UnmodellableError, match="'revenue' is 7 in every row"):
        build(make_table(rows), config, [])


def test_data_without_any_spend_is_skipped(
    rows: Rows, make_table: MakeTable, config: JobConfig
) -> None:
    rows["tv_spend"] = rows["search_spend"] = [0.0] * len(rows["date"])
    with pytest.raises(UnmodellableError, match="no channel has any spend"):
        build(make_table(rows), config, [])


def test_fewer_rows_than_variables_are_refused(
    table: Table, document: dict[str, Any]
) -> None:
    document["window"] = {"start": "2022-01-03", "end": "2022-01-31"}
    with pytest.raises(UserError, match="5 rows for 4 variables"):
        build(table, parse_config(document), [])


def test_a_window_outside_of_the_data_is_refused(
    table: Table, document: dict[str, Any]
) -> None:
    document["window"]["start"] = "2030-01-01"
    with pytest.raises(UserError, match="start 2030-01-01 is outside"):
        build(table, parse_config(document), [])


def test_a_lift_test_outside_of_the_window_is_refused(
    table: Table, document: dict[str, Any]
) -> None:
    document["calibration"] = [
        {
            "channel": "TV",
            "liftStartDate": "2021-03-07",
            "liftEndDate": "2021-04-03",
            "liftAbs": 100.0,
            "metric": "revenue",
            "calibration_scope": "total",
        }
    ]
    with pytest.raises(UserError, match="calibration, row 1: 2021-03-07"):
        build(table, parse_config(document), [])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("data.xlsx", "", "is neither .parquet nor .csv"),
        ("data.csv", "date,revenue\n", "holds no rows"),
        ("data.csv", "date\n1,2\n", "can't be read"),
    ],
)
def test_a_file_that_is_no_table_is_named(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(UserError, match=message):
        read_table(path, "date")


def test_data_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no data at"):
        read_table(tmp_path / "data.parquet", "date")


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        (["2022-01-01", "2022-01-04", "2022-01-07"], "3 days apart"),
        (["2022-01-01", "2022-02-02", "2022-03-02"], "not the first day"),
        (["2022-01-01", "2022-02-01", "2022-03-01", "2022-05-01"], "months"),
        (["2022-01-01", "2022-01-02"], "has 2 rows"),
    ],
)
def test_dates_that_are_no_periods_are_refused(
    dates: list[str], message: str, make_table: MakeTable
) -> None:
    with pytest.raises(UserError, match=message):
        interval(make_table({"date": dates}))
