"""A request may run one SELECT, and its values are bound."""

import pytest
from mmmflow.data import sql
from mmmflow.domain.errors import InvalidInputError


def refusal(query: str) -> str:
    with pytest.raises(InvalidInputError) as invalid:
        sql.require_single_select(query)
    return str(invalid.value)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM raw.weekly",
        "SELECT * FROM raw.weekly;",
        "WITH w AS (SELECT 1 AS a) SELECT a FROM w",
        "SELECT a FROM x UNION ALL SELECT a FROM y",
        "SELECT a FROM x WHERE a = 'DROP TABLE x; --'",
    ],
)
def test_one_select_of_any_form_is_allowed(query: str) -> None:
    sql.require_single_select(query)


@pytest.mark.parametrize(
    "query",
    [
        "DROP TABLE raw.weekly",
        "DELETE FROM raw.weekly",
        "UPDATE raw.weekly SET a = 1",
        "INSERT INTO x SELECT * FROM y",
        "CREATE TABLE x AS SELECT 1",
        "MERGE INTO x USING y ON x.a = y.a WHEN MATCHED THEN DELETE",
        "CALL a_procedure()",
        "COPY INTO @stage FROM x",
        "USE ROLE accountadmin",
        "SELECT 1; DROP TABLE raw.weekly",
    ],
)
def test_anything_but_one_select_is_refused(query: str) -> None:
    assert "it is not a single SELECT" in refusal(query)


def test_a_select_that_writes_is_refused() -> None:
    assert "into is not allowed" in refusal("SELECT a INTO y FROM x")


def test_a_mistake_is_answered_with_the_parsers_reason() -> None:
    assert refusal("SELECT FROM WHERE").startswith("source.query: ")


def test_the_country_is_bound_not_pasted() -> None:
    source = {"query": "SELECT * FROM t WHERE market = {country}"}
    statement, parameters = sql.statement(source, "DE' OR 1=1 --")
    assert statement == "SELECT * FROM t WHERE market = $country"
    assert parameters == {"country": "DE' OR 1=1 --"}


def test_a_country_in_quotes_would_be_a_text_and_is_refused() -> None:
    message = refusal("SELECT * FROM t WHERE market = '{country}'")
    assert "write {country} without quotes" in message


def test_a_query_that_does_not_name_the_country_binds_nothing() -> None:
    statement, parameters = sql.statement({"query": "SELECT 1 AS a"}, "DE")
    assert statement == "SELECT 1 AS a"
    assert parameters == {}


def test_a_table_is_read_whole_without_a_country_column() -> None:
    statement, parameters = sql.statement({"table": "db.raw.weekly"}, "DE")
    assert statement == 'SELECT * FROM "db"."raw"."weekly"'
    assert parameters == {}


def test_a_table_is_read_for_one_country_by_its_column() -> None:
    source = {"table": "weekly", "country_column": 'the "market"'}
    statement, parameters = sql.statement(source, "DE")
    assert statement == (
        'SELECT * FROM "weekly" WHERE "the ""market""" = $country'
    )
    assert parameters == {"country": "DE"}
