"""A request may run one SELECT of tables, and its values are bound."""

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
        "SELECT a FROM x WHERE a = 'it''s; two'",
        "SELECT a FROM x -- DROP TABLE x;",
        "/* DELETE; */ SELECT a FROM (SELECT 1 AS a) s JOIN y USING (a)",
        "(SELECT a FROM x)",
        "SELECT t.$1 FROM t",
        "SELECT * FROM t PIVOT(SUM(a) FOR m IN ('x'))",
        "SELECT * FROM t AT(OFFSET => -60)",
        "SELECT a FROM t QUALIFY ROW_NUMBER() OVER (ORDER BY c) = 1",
        "SELECT * FROM t, LATERAL FLATTEN(input => t.j) f",
        "SELECT SEQ4() FROM TABLE(GENERATOR(ROWCOUNT => 10))",
        "SELECT a FROM x, LATERAL (SELECT b FROM y WHERE y.a = x.a) z",
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
        "CALL p() ->> SELECT * FROM $1",
        "EXECUTE IMMEDIATE 'DROP TABLE x'",
        "COPY INTO @stage FROM x",
        "GRANT SELECT ON x TO y",
        "SHOW TABLES",
        "SET a = 1",
        "USE ROLE accountadmin",
        "SELECT 1; DROP TABLE raw.weekly",
        "SELECT 1; SELECT 2",
        "",
    ],
)
def test_anything_but_one_select_is_refused(query: str) -> None:
    assert "it is not a single SELECT" in refusal(query)


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ("SELECT a INTO y FROM x", "into is not allowed"),
        (
            "WITH w AS (DELETE FROM x RETURNING *) SELECT * FROM w",
            "delete is not allowed",
        ),
        (
            "SELECT * FROM (WITH v AS (UPDATE x SET a = 1 RETURNING *)"
            " SELECT * FROM v)",
            "update is not allowed",
        ),
        ("SELECT * FROM x FOR UPDATE", "lock is not allowed"),
        ("SELECT s.NEXTVAL FROM x", "a sequence can't be advanced"),
    ],
)
def test_a_select_that_writes_is_refused(query: str, what: str) -> None:
    assert what in refusal(query)


@pytest.mark.parametrize(
    "source",
    ["@stage", "@~/mine/x.csv", "@db.s.stage/x (FILE_FORMAT => f)"],
)
def test_the_files_of_a_stage_are_refused(source: str) -> None:
    message = refusal(f"SELECT * FROM {source}")
    assert "files of a stage can't be read" in message


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ("SELECT * FROM TABLE(RESULT_SCAN(LAST_QUERY_ID()))", "RESULT_SCAN"),
        (
            "SELECT * FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY())",
            "QUERY_HISTORY",
        ),
        ("SELECT * FROM TABLE(a_function(1))", "a_function"),
        ("SELECT * FROM DIRECTORY(@s)", "DIRECTORY"),
        ("SELECT * FROM TABLE('x')", "TABLE('x')"),
        ("SELECT * FROM {country}", "country"),
    ],
)
def test_a_table_function_that_reads_elsewhere_is_refused(
    query: str, what: str
) -> None:
    message = refusal(query)
    assert "the table function" in message
    assert what in message


@pytest.mark.parametrize(
    "query", ["SELECT SYSTEM$CANCEL_ALL_QUERIES(1)", "SELECT a.b.SYSTEM$WAIT()"]
)
def test_a_function_that_acts_on_the_account_is_refused(query: str) -> None:
    assert "the function SYSTEM$" in refusal(query)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT $a",
        "SELECT * FROM t WHERE a = :other",
        "SELECT * FROM t WHERE a = ?",
    ],
)
def test_a_value_that_nobody_gives_is_refused(query: str) -> None:
    assert "has no value" in refusal(query)


def test_a_mistake_is_answered_with_the_parsers_reason() -> None:
    assert refusal("SELECT FROM WHERE").startswith("source.query: ")


def test_the_country_is_bound_not_pasted() -> None:
    source = {"query": "SELECT * FROM t WHERE market = {country}"}
    query = sql.read(source, "DE' OR 1=1 --", "snowflake")
    assert query.statement == "SELECT * FROM t WHERE market = ?"
    assert query.parameters == ("DE' OR 1=1 --",)


def test_the_country_is_bound_wherever_it_stands() -> None:
    source = {"query": "SELECT {country} AS c FROM t WHERE market = {country}"}
    query = sql.read(source, "DE", "snowflake")
    assert query.statement == "SELECT ? AS c FROM t WHERE market = ?"
    assert query.parameters == ("DE", "DE")


@pytest.mark.parametrize("where", ["m = '{country}'", 'm = "{country}"'])
def test_a_country_in_quotes_would_be_a_text_and_is_refused(where: str) -> None:
    message = refusal(f"SELECT * FROM t WHERE {where}")
    assert "write {country} without quotes" in message


def test_a_query_that_does_not_name_the_country_binds_nothing() -> None:
    query = sql.read({"query": "SELECT 1 AS a"}, "DE", "snowflake", tag="id")
    assert (query.statement, query.parameters) == ("SELECT 1 AS a", ())
    assert query.tag == "id"


def test_a_query_is_said_in_the_words_of_the_warehouse() -> None:
    source = {"query": "SELECT IFF(a > 1, 'x', 'y') AS b FROM t"}
    said = sql.read(source, "DE", "duckdb").statement
    assert said == "SELECT CASE WHEN a > 1 THEN 'x' ELSE 'y' END AS b FROM t"


def test_a_table_is_read_whole_without_a_country_column() -> None:
    query = sql.read({"table": "db.raw.weekly"}, "DE", "duckdb")
    assert query.statement == 'SELECT * FROM "db"."raw"."weekly"'
    assert query.parameters == ()


def test_snowflake_stores_unquoted_names_in_capitals() -> None:
    query = sql.read({"table": "db.raw.weekly"}, "DE", "snowflake")
    assert query.statement == 'SELECT * FROM "DB"."RAW"."WEEKLY"'


def test_a_table_is_read_for_one_country_by_its_column() -> None:
    source = {"table": "weekly", "country_column": 'the "market"'}
    query = sql.read(source, "DE", "duckdb")
    assert query.statement == (
        'SELECT * FROM "weekly" WHERE "the ""market""" = ?'
    )
    assert query.parameters == ("DE",)
