"""What every warehouse does: stream the rows of one SELECT, or say why not.

Snowflake is fakesnow, spoken to by the real connector; what is of DuckDB and
its files alone follows below.
"""

from pathlib import Path

import pyarrow as pa
import pytest
from mmmflow.cloud.warehouse import SnowflakeWarehouse
from mmmflow.ports import Query, RefusedError, Warehouse

ROWS = "country,day,spend\nDE,2024-01-01,1.5\nFR,2024-01-01,2.5\n"


@pytest.fixture
def tables(warehouse: Warehouse, home: Path) -> Path:
    """The table `WEEKLY`, and `ANALYTICS.RAW.WEEKLY_RAW`."""
    if isinstance(warehouse, SnowflakeWarehouse):
        _fill(warehouse)
    return _write(home)


def _write(home: Path) -> Path:
    """The embedded warehouse reads the files of this folder."""
    folder = home / "warehouse"
    (folder / "weekly.csv").write_text(ROWS)
    (folder / "analytics.raw.weekly_raw.csv").write_text(ROWS)
    return folder


def _fill(warehouse: SnowflakeWarehouse) -> None:
    values = (
        '("country" TEXT, "day" DATE, "spend" FLOAT) AS SELECT * FROM VALUES'
        " ('DE', '2024-01-01'::DATE, 1.5::FLOAT),"
        " ('FR', '2024-01-01'::DATE, 2.5::FLOAT)"
    )
    with warehouse._session.cursor() as cursor:
        for statement in (  # what is created last is the current database
            "CREATE DATABASE IF NOT EXISTS ANALYTICS",
            "CREATE SCHEMA IF NOT EXISTS ANALYTICS.RAW",
            f"CREATE OR REPLACE TABLE ANALYTICS.RAW.WEEKLY_RAW {values}",
            "CREATE DATABASE IF NOT EXISTS {database}",
            "CREATE SCHEMA IF NOT EXISTS {database}.PUBLIC",
            "USE SCHEMA {database}.PUBLIC",
            f"CREATE TABLE WEEKLY {values}",
        ):
            database = warehouse._settings.database
            cursor.execute(statement.replace("{database}", database))


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


@pytest.mark.usefixtures("tables")
class TestEveryWarehouse:
    def test_a_table_is_read_by_its_name(self, warehouse: Warehouse) -> None:
        assert len(rows(warehouse, 'SELECT * FROM "WEEKLY"')) == 2

    def test_a_table_is_read_by_its_whole_name(
        self, warehouse: Warehouse
    ) -> None:
        statement = 'SELECT * FROM "ANALYTICS"."RAW"."WEEKLY_RAW"'
        assert len(rows(warehouse, statement)) == 2

    def test_a_parameter_is_bound_never_pasted(
        self, warehouse: Warehouse
    ) -> None:
        statement = 'SELECT "spend" FROM "WEEKLY" WHERE "country" = ?'
        assert rows(warehouse, statement, "FR") == [{"spend": 2.5}]
        assert rows(warehouse, statement, "' OR '1'='1") == []

    def test_a_result_can_be_fetched_again(self, warehouse: Warehouse) -> None:
        query = Query('SELECT * FROM "WEEKLY"')
        id = warehouse.submit(query)
        warehouse.wait(id, query, 10)
        first = [batch.to_pylist() for batch in warehouse.fetch(id, query)]
        again = [batch.to_pylist() for batch in warehouse.fetch(id, query)]
        assert first == again

    def test_a_table_that_is_not_there_is_refused_by_name(
        self, warehouse: Warehouse
    ) -> None:
        message = refusal(warehouse, 'SELECT * FROM "NO_SUCH_TABLE"')
        assert "NO_SUCH_TABLE" in message.upper()

    @pytest.mark.parametrize(
        "statement", ['SELECT nonsense FROM "WEEKLY"', "SELEC * FROM weekly"]
    )
    def test_what_makes_no_sense_is_refused(
        self, warehouse: Warehouse, statement: str
    ) -> None:
        assert refusal(warehouse, statement)

    def test_it_says_when_a_table_was_altered(
        self, warehouse: Warehouse
    ) -> None:
        altered = warehouse.altered("weekly")
        assert altered
        assert warehouse.altered("weekly") == altered
        assert warehouse.altered("analytics.raw.weekly_raw")

    def test_of_a_table_that_is_not_there_it_can_not_tell(
        self, warehouse: Warehouse
    ) -> None:
        assert warehouse.altered("no_such_table") is None

    def test_what_has_ended_can_be_cancelled(
        self, warehouse: Warehouse
    ) -> None:
        query = Query('SELECT * FROM "WEEKLY"')
        id = warehouse.submit(query)
        warehouse.wait(id, query, 10)
        warehouse.cancel(id)


class TestFiles:
    """DuckDB over a folder."""

    @pytest.fixture
    def files(self, embedded_warehouse: Warehouse, home: Path) -> Path:
        del embedded_warehouse  # it makes the folder
        return _write(home)

    @pytest.fixture
    def warehouse(
        self, embedded_warehouse: Warehouse, files: Path
    ) -> Warehouse:
        del files
        return embedded_warehouse

    def test_rows_come_in_batches(self, warehouse: Warehouse) -> None:
        query = Query("SELECT range AS a FROM range(200000)")
        fetched = warehouse.fetch(warehouse.submit(query), query)
        sizes = [batch.num_rows for batch in fetched]
        assert sum(sizes) == 200_000
        assert len(sizes) > 1

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("t.tsv", b"a\tb\n1\tx\n"),
            ("t.json", b'[{"a": 1, "b": "x"}]'),
            ("t.jsonl", b'{"a": 1, "b": "x"}\n'),
            ("t.NDJSON", b'{"a": 1, "b": "x"}\n'),
        ],
    )
    def test_any_file_that_duckdb_reads_is_a_table(
        self, warehouse: Warehouse, files: Path, name: str, content: bytes
    ) -> None:
        (files / name).write_bytes(content)
        assert rows(warehouse, 'SELECT * FROM "t"') == [{"a": 1, "b": "x"}]

    def test_a_file_may_be_gzipped(
        self, warehouse: Warehouse, files: Path
    ) -> None:
        import gzip

        (files / "t.csv.gz").write_bytes(gzip.compress(b"a\n1\n"))
        assert rows(warehouse, 'SELECT * FROM "t"') == [{"a": 1}]

    def test_any_sql_of_duckdb_may_be_asked(self, warehouse: Warehouse) -> None:
        statement = (
            "SELECT day, sum(spend) AS spend FROM weekly GROUP BY ALL"
            " HAVING sum(spend) > 1"
        )
        (found,) = rows(warehouse, statement)
        assert isinstance(found, dict)
        assert found["spend"] == 4.0

    @pytest.mark.parametrize(
        "statement", ["CREATE TABLE x (a INT)", "DROP VIEW weekly", ""]
    )
    def test_what_is_no_select_is_refused(
        self, warehouse: Warehouse, statement: str
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
        self, warehouse: Warehouse, tmp_path: Path, statement: str
    ) -> None:
        other = tmp_path / "other.csv"
        other.write_text("secret\n1\n")
        refusal(warehouse, statement.format(other=other))
        assert other.read_text() == "secret\n1\n"

    def test_a_file_that_can_not_be_read_harms_no_other(
        self, warehouse: Warehouse, files: Path
    ) -> None:
        (files / "broken.parquet").write_bytes(b"no parquet")
        assert len(rows(warehouse, 'SELECT * FROM "weekly"')) == 2

    def test_a_file_that_can_not_be_read_is_named_when_it_is_asked_for(
        self, warehouse: Warehouse, files: Path
    ) -> None:
        (files / "broken.parquet").write_bytes(b"no parquet")
        message = refusal(warehouse, 'SELECT * FROM "broken"')
        assert "broken.parquet can't be read" in message

    def test_a_spreadsheet_is_named_with_the_way_out(
        self, warehouse: Warehouse, files: Path
    ) -> None:
        (files / "plan.xlsx").write_bytes(b"PK")
        message = refusal(warehouse, 'SELECT * FROM "plan"')
        assert "plan.xlsx can't be read: it is a spreadsheet" in message
        assert "save its sheet as CSV" in message
