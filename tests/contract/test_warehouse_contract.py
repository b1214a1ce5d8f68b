"""What every warehouse does: stream the rows of one SELECT, or say why not."""

from pathlib import Path

import pyarrow as pa
import pytest
from mmmflow.ports import Query, RefusedError, Warehouse

ROWS = "country,day,spend\nDE,2024-01-01,1.5\nFR,2024-01-01,2.5\n"


@pytest.fixture(autouse=True)
def tables(warehouse: Warehouse, home: Path) -> Path:
    """The embedded warehouse reads the files of this folder."""
    folder = home / "warehouse"
    (folder / "weekly.csv").write_text(ROWS)
    (folder / "analytics.raw.weekly_raw.csv").write_text(ROWS)
    return folder


def rows(
    warehouse: Warehouse, statement: str, *parameters: str
) -> list[object]:
    query = Query(statement, parameters)
    id = warehouse.submit(query)
    status = warehouse.wait(id, query, 10)
    assert status.state == "done", status.reason
    batches = list(warehouse.fetch(id, query))
    found = pa.Table.from_batches(batches).to_pylist() if batches else []
    assert status.rows == len(found)
    return found


def refusal(warehouse: Warehouse, statement: str) -> str:
    query = Query(statement)
    try:
        status = warehouse.wait(warehouse.submit(query), query, 10)
    except RefusedError as refused:
        return str(refused)
    assert status.state == "failed"
    return status.reason


def test_a_table_is_read_by_its_name(warehouse: Warehouse) -> None:
    assert len(rows(warehouse, 'SELECT * FROM "weekly"')) == 2


def test_a_table_is_read_by_its_whole_name(warehouse: Warehouse) -> None:
    statement = 'SELECT * FROM "ANALYTICS"."RAW"."WEEKLY_RAW"'
    assert len(rows(warehouse, statement)) == 2


def test_a_parameter_is_bound_never_pasted(warehouse: Warehouse) -> None:
    statement = 'SELECT spend FROM "weekly" WHERE country = ?'
    assert rows(warehouse, statement, "FR") == [{"spend": 2.5}]
    assert rows(warehouse, statement, "' OR '1'='1") == []


def test_rows_come_in_batches(warehouse: Warehouse) -> None:
    statement = "SELECT range AS a FROM range(200000)"
    query = Query(statement)
    fetched = warehouse.fetch(warehouse.submit(query), query)
    sizes = [batch.num_rows for batch in fetched]
    assert sum(sizes) == 200_000
    assert len(sizes) > 1


def test_a_table_that_is_not_there_is_refused_by_name(
    warehouse: Warehouse,
) -> None:
    assert "no_such_table" in refusal(warehouse, "SELECT * FROM no_such_table")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT nonsense FROM weekly",
        "SELEC * FROM weekly",
        "CREATE TABLE x (a INT)",
        "DROP VIEW weekly",
        "",
    ],
)
def test_what_is_no_select_of_what_there_is_is_refused(
    warehouse: Warehouse, statement: str
) -> None:
    assert refusal(warehouse, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('{other}')",
        "SELECT * FROM '{other}'",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM glob('/etc/*')",
        "COPY (SELECT 1) TO '{other}'",
        "ATTACH '{other}' AS x",
    ],
)
def test_no_file_outside_the_warehouse_can_be_reached(
    warehouse: Warehouse, tmp_path: Path, statement: str
) -> None:
    other = tmp_path / "other.csv"
    other.write_text("secret\n1\n")
    refusal(warehouse, statement.format(other=other))
    assert other.read_text() == "secret\n1\n"


def test_a_file_that_can_not_be_read_harms_no_other(
    warehouse: Warehouse, tables: Path
) -> None:
    (tables / "broken.parquet").write_bytes(b"no parquet")
    assert len(rows(warehouse, 'SELECT * FROM "weekly"')) == 2


def test_a_file_that_can_not_be_read_is_named_when_it_is_asked_for(
    warehouse: Warehouse, tables: Path
) -> None:
    (tables / "broken.parquet").write_bytes(b"no parquet")
    message = refusal(warehouse, 'SELECT * FROM "broken"')
    assert "broken.parquet can't be read" in message
