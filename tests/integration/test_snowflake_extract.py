"""A table of Snowflake becomes a dataset: SQL by fakesnow, types as its own."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from mmmflow import schema
from mmmflow.cloud.environment import Snowflake
from mmmflow.cloud.warehouse import SnowflakeWarehouse
from mmmflow.domain import paths
from mmmflow.local.ports import open_ports
from mmmflow.ports import Json, Message, Ports
from mmmflow.steps.extract import extract

TABLE = """
CREATE TABLE WEEKLY AS SELECT * FROM VALUES
  ('DE', '2024-01-01'::DATE, 1.10::NUMBER(38,2), 7::NUMBER(38,0),
   '2024-01-01 10:00:00.5'::TIMESTAMP_NTZ,
   '2024-01-01 10:00:00 +00:00'::TIMESTAMP_TZ, 'Größe 東京', TRUE, 0.1::FLOAT),
  ('DE', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  ('FR', '2024-01-08'::DATE, 2.20::NUMBER(38,2), 8::NUMBER(38,0),
   '2024-01-08 00:00:00'::TIMESTAMP_NTZ,
   '2024-01-08 00:00:00 +00:00'::TIMESTAMP_TZ, 'x', FALSE, 0.2::FLOAT)
  AS t(MARKET, DAY, SPEND, CLICKS, LOADED, SEEN, NOTE, IS_SALE, RATE)
"""


class World:
    """The embedded services with Snowflake as their warehouse."""

    def __init__(self, home: Path, host: str) -> None:
        embedded = open_ports(home)
        (home / "secrets").mkdir()
        password = home / "secrets" / "snowflake-password"
        password.touch(mode=0o600)
        password.write_text("secret")
        self.database = f"DB_{uuid.uuid4().hex[:8].upper()}"
        settings = Snowflake(
            account="test",
            user="mmmflow",
            database=self.database,
            endpoint=f"http://{host}",
        )
        self.warehouse = SnowflakeWarehouse(settings, embedded.secrets)
        self.ports: Ports = replace(embedded, warehouse=self.warehouse)

    def run(self, *statements: str) -> None:
        with self.warehouse._session.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def extract(self, **body: Any) -> list[Json]:
        asked = {"schema_version": 1, "countries": ["DE"], **body}
        message = Message("dataset.requested", "1", asked)
        extract(message, self.ports)
        return [d.data for d in self.ports.documents.query("datasets")]

    def rows(self, dataset: Json) -> pa.Table:
        name = paths.raw_data(dataset["country"], dataset["id"])
        return pq.read_table(self.ports.data.uri(name))


@contextmanager
def opened(home: Path, host: str) -> Iterator[World]:
    world = World(home, host)
    world.run(
        f"CREATE SCHEMA IF NOT EXISTS {world.database}.PUBLIC",
        f"USE SCHEMA {world.database}.PUBLIC",
        TABLE,
    )
    yield world


@pytest.fixture
def world(home: Path, fakesnow_host: str) -> Iterator[World]:
    with opened(home, fakesnow_host) as found:
        yield found


def test_a_table_becomes_a_dataset_of_each_country(world: World) -> None:
    source = {
        "table": f"{world.database}.public.weekly",
        "country_column": "MARKET",
    }
    found = world.extract(source=source, countries=["DE", "FR"])
    rows = {d["country"]: world.rows(d).num_rows for d in found}
    assert rows == {"DE": 2, "FR": 1}


def test_every_type_and_null_is_stored_as_it_is(world: World) -> None:
    source = {"table": "weekly", "country_column": "MARKET"}
    (dataset,) = world.extract(source=source)
    table = world.rows(dataset)
    kinds = {f.name: str(f.type) for f in table.schema}
    assert kinds == {
        "MARKET": "string",
        "DAY": "date32[day]",
        "SPEND": "double",
        "CLICKS": "int64",
        "LOADED": "timestamp[us]",
        "SEEN": "timestamp[us, tz=UTC]",
        "NOTE": "string",
        "IS_SALE": "bool",
        "RATE": "double",
    }
    first, nulls = table.to_pylist()
    assert first == {
        "MARKET": "DE",
        "DAY": date(2024, 1, 1),
        "SPEND": 1.1,
        "CLICKS": 7,
        "LOADED": datetime(2024, 1, 1, 10, 0, 0, 500_000),
        "SEEN": datetime(2024, 1, 1, 10, tzinfo=UTC),
        "NOTE": "Größe 東京",
        "IS_SALE": True,
        "RATE": 0.1,
    }
    assert [v for k, v in nulls.items() if k != "MARKET"] == [None] * 8


def test_the_marker_describes_what_is_stored(world: World) -> None:
    source = {"table": "weekly", "country_column": "MARKET"}
    (dataset,) = world.extract(source=source)
    name = paths.dataset_marker("DE", dataset["id"])
    marker = json.loads(world.ports.data.read(name))
    schema.require("dataset.json", marker)
    assert marker["rows"] == 2


def test_a_query_is_asked_with_the_country_bound(world: World) -> None:
    query = (
        "WITH w AS (SELECT * FROM weekly WHERE market = {country})"
        " SELECT market, IFF(COUNT(*) > 1, 'many', 'one') AS many,"
        " SUM(clicks) AS clicks FROM w GROUP BY market"
    )
    found = world.extract(source={"query": query}, countries=["DE", "FR"])
    rows = [world.rows(d).to_pylist()[0] for d in found]
    assert sorted(row["MANY"] for row in rows) == ["many", "one"]
    assert sorted(row["CLICKS"] for row in rows) == [7, 8]


def test_a_number_too_large_for_a_float_stays_exact(world: World) -> None:
    query = "SELECT 123456789012345678.25::NUMBER(38,2) AS a"
    (dataset,) = world.extract(source={"query": query})
    (value,) = world.rows(dataset).column("A").to_pylist()
    assert value == Decimal("123456789012345678.25")


def test_five_hundred_columns_come_out_right(world: World) -> None:
    query = "SELECT " + ", ".join(f"{i} AS c{i}" for i in range(500))
    (dataset,) = world.extract(source={"query": query})
    (row,) = world.rows(dataset).to_pylist()
    assert row == {f"C{i}": i for i in range(500)}


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ({"table": "no_such_table"}, "NO_SUCH_TABLE"),
        ({"query": "SELECT no_such_column FROM weekly"}, "no_such_column"),
        ({"query": "SELECT * FROM weekly WHERE 1 = 0"}, "no rows for DE"),
        ({"query": "SELECT 1 AS a, 2 AS a"}, "it comes 2 times"),
    ],
)
def test_what_can_not_be_had_is_said_to_whoever_asked(
    world: World, source: Json, what: str
) -> None:
    (dataset,) = world.extract(source=source)
    assert dataset["state"] == "FAILED"
    said = dataset["problems"][0]
    assert what.lower() in f"{said['what']} {said['where']}".lower()
    assert world.ports.data.list("datasets/") == []


def test_a_statement_that_is_no_select_never_reaches_snowflake(
    world: World,
) -> None:
    assert world.extract(source={"query": "DROP TABLE weekly"}) == []
    (dataset,) = world.extract(source={"query": "SELECT 1 AS a FROM weekly"})
    assert world.rows(dataset).num_rows == 3


def test_an_unchanged_table_is_not_extracted_again(world: World) -> None:
    source = {"table": "weekly", "country_column": "MARKET"}
    (dataset,) = world.extract(source=source)
    document = world.ports.documents.get("datasets", dataset["id"])
    assert document is not None
    assert document.data["altered"]
    from mmmflow.ports import ObjectEvent
    from mmmflow.steps.prepare import prepare

    marker = paths.dataset_marker("DE", dataset["id"])
    prepare(ObjectEvent("data", marker, "1"), world.ports)
    assert len(world.extract(source=source, message_id="again")) == 1
    forced = world.extract(source=source, message_id="anew", force=True)
    assert len(forced) == 2
