"""Lines of the billing export, put together by day and by category."""

from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest
import sqlglot
from mmmflow.cloud.billing import statement
from mmmflow.domain.bills import CostLine, category, days


def line(cost: float, **other: str) -> CostLine:
    known = {
        "day": "2026-11-20",
        "service": "Cloud Run",
        "sku": "Jobs CPU in europe-west3",
        "currency": "EUR",
    }
    return CostLine(cost=cost, **{**known, **other})


def test_a_day_is_summed_by_service_and_by_category() -> None:
    found = days(
        [
            line(0.5),
            line(0.25, sku="Requests"),
            line(0.125, service="Cloud Scheduler", sku="Jobs"),
        ]
    )
    assert found["2026-11-20"] == {
        "schema_version": 1,
        "day": "2026-11-20",
        "currency": "EUR",
        "total": 0.875,
        "services": {"Cloud Run": 0.75, "Cloud Scheduler": 0.125},
        "categories": {"compute": 0.5, "requests": 0.25, "scheduler": 0.125},
    }


def test_each_day_has_a_document_of_its_own() -> None:
    found = days([line(1.0), line(2.0, day="2026-11-21")])
    totals = {day: one["total"] for day, one in found.items()}
    assert totals == {"2026-11-20": 1.0, "2026-11-21": 2.0}


def test_money_of_two_currencies_is_never_added() -> None:
    with pytest.raises(ValueError, match="EUR and USD"):
        days([line(1.0), line(1.0, currency="USD")])


@pytest.mark.parametrize(
    ("service", "sku", "expected"),
    [
        ("Cloud Run", "Jobs Memory in europe-west3", "compute"),
        ("Cloud Run", "Requests", "requests"),
        ("Cloud Run Functions", "CPU", "compute"),
        ("Cloud Storage", "Standard Storage Frankfurt", "storage"),
        ("Cloud Storage", "Download data transfer to Asia", "networking"),
        ("Compute Engine", "External IP Charge", "networking"),
        ("Artifact Registry", "Storage", "registry"),
        ("Cloud Firestore", "Read Ops", "database"),
        ("Cloud Pub/Sub", "Message Delivery Basic", "messaging"),
        ("Cloud Logging", "Log Storage", "monitoring"),
        ("Something New", "Anything", "other"),
    ],
)
def test_a_line_is_for_what_its_service_and_sku_say(
    service: str, sku: str, expected: str
) -> None:
    assert category(service, sku) == expected


def exported(
    day: int, project: str = "p", cost: float = 1.0, **other: Any
) -> dict[str, Any]:
    """A row of the export, in its standard form."""
    return {
        "_PARTITIONTIME": datetime(2026, 11, day, tzinfo=UTC),
        "usage_start_time": datetime(2026, 11, day, 7, tzinfo=UTC),
        "service": {"id": "1", "description": "Cloud Run"},
        "sku": {"id": "2", "description": "Jobs CPU"},
        "project": {"id": project},
        "labels": [{"key": "environment", "value": "dev"}],
        "credits": [],
        "currency": "EUR",
        "cost": cost,
        **other,
    }


def asked(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """The statement, in DuckDB's words, over the rows."""
    import pyarrow as pa

    text = statement("p.d.t").replace("`p.d.t`", "export")
    said = sqlglot.transpile(text, read="bigquery", write="duckdb")[0]
    table = pa.Table.from_pylist(rows, schema=schema())
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("export", table)
        parameters = {
            "since": "2026-11-10",
            "project": "p",
            "environment": "dev",
        }
        return connection.execute(said, parameters).fetchall()


def schema() -> Any:
    import pyarrow as pa

    named = pa.struct([("id", pa.string()), ("description", pa.string())])
    label = pa.struct([("key", pa.string()), ("value", pa.string())])
    credit = pa.struct([("name", pa.string()), ("amount", pa.float64())])
    time = pa.timestamp("us", "UTC")
    return pa.schema(
        [
            ("_PARTITIONTIME", time),
            ("usage_start_time", time),
            ("service", named),
            ("sku", named),
            ("project", pa.struct([("id", pa.string())])),
            ("labels", pa.list_(label)),
            ("credits", pa.list_(credit)),
            ("currency", pa.string()),
            ("cost", pa.float64()),
        ]
    )


def test_the_export_is_summed_by_day_service_and_sku() -> None:
    rows = [exported(20), exported(20, cost=0.5), exported(21, cost=4.0)]
    assert asked(rows) == [
        ("2026-11-20", "Cloud Run", "Jobs CPU", "EUR", 1.5),
        ("2026-11-21", "Cloud Run", "Jobs CPU", "EUR", 4.0),
    ]


def test_credits_are_taken_off() -> None:
    rows = [exported(20, credits=[{"name": "free tier", "amount": -0.75}])]
    assert asked(rows)[0][-1] == 0.25


@pytest.mark.parametrize(
    "other",
    [
        {"project": "another"},
        {"labels": [{"key": "environment", "value": "prod"}]},
        {"day": 9},
    ],
)
def test_what_is_not_this_environments_or_too_old_is_left_out(
    other: dict[str, Any],
) -> None:
    assert asked([exported(**{"day": 20, **other})]) == []


def test_what_carries_no_label_is_the_projects() -> None:
    assert len(asked([exported(20, labels=[])])) == 1


@pytest.mark.parametrize("table", ["t", "p.d", "p.d.t`; DROP", "p.d.t x"])
def test_only_a_whole_name_of_a_table_is_put_into_the_statement(
    table: str,
) -> None:
    with pytest.raises(ValueError, match="no project"):
        statement(table)
