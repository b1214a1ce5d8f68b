"""The SQL that a request may run: one SELECT, its values bound."""

from typing import NoReturn

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from mmmflow.domain.errors import InvalidInputError
from mmmflow.ports import Json, Query

_DIALECT = "snowflake"
_PARAMETER = "country"
_HINT = "one SELECT; {country} stands for the country"
# Parts of a statement that change or read something else than tables.
_REFUSED = (exp.Into, exp.DML, exp.DDL, exp.Command, exp.Lock)
# Table functions that make rows out of what the SELECT itself holds.
# (The parser calls FLATTEN EXPLODE.)
_HARMLESS = frozenset({"EXPLODE", "FLATTEN", "GENERATOR", "SPLIT_TO_TABLE"})


def require_single_select(query: str) -> exp.Query:
    """The parsed query, with `{country}` as the placeholder `country`.

    Raises:
        InvalidInputError: it is not one SELECT of tables and views.
    """
    statement = _parse(query)
    _refuse_quoted_country(statement)
    for part in statement.walk():
        if isinstance(part, _REFUSED) and not isinstance(part, exp.Query):
            _refuse(f"{part.key} is not allowed")
        if isinstance(part, exp.Placeholder) and part.name != _PARAMETER:
            _refuse("a parameter other than {country} has no value")
        if _is_variable(part):
            _refuse("a session variable has no value")
        if isinstance(part, exp.Column) and part.name.upper() == "NEXTVAL":
            _refuse("a sequence can't be advanced")
        if isinstance(part, exp.Func):
            _refuse_system(part)
        if isinstance(part, exp.Table | exp.TableFromRows | exp.Lateral):
            _require_rows_of_tables(part)
    return statement


def _parse(query: str) -> exp.Query:
    bound = query.replace("{country}", f":{_PARAMETER}")
    try:
        statements = sqlglot.parse(bound, dialect=_DIALECT)
    except SqlglotError as error:
        reason = str(error).splitlines()[0]
        raise InvalidInputError.of("source.query", reason, _HINT) from None
    statement = statements[0] if len(statements) == 1 else None
    if not isinstance(statement, exp.Query) or isinstance(statement, exp.Table):
        _refuse("it is not a single SELECT")
    return statement


def _refuse(what: str) -> NoReturn:
    raise InvalidInputError.of("source.query", what, _HINT)


def _refuse_quoted_country(query: exp.Query) -> None:
    """In quotes it would be a text that no country equals."""
    for literal in query.find_all(exp.Literal, exp.Identifier):
        if f":{_PARAMETER}" in literal.name:
            raise InvalidInputError.of(
                "source.query",
                "{country} stands in quotes: it would be a text",
                "write {country} without quotes",
            )


def _is_variable(part: exp.Expr) -> bool:
    """`$name`, but not `$1`, which is a column by its position."""
    if isinstance(part, exp.Parameter):
        return not (isinstance(part.this, exp.Literal) and part.this.is_int)
    return isinstance(part, exp.SessionParameter)


def _refuse_system(function: exp.Func) -> None:
    """`SYSTEM$…` acts on the account; unknown to the parser, a name."""
    name = function.name if isinstance(function, exp.Anonymous) else ""
    if name.upper().startswith("SYSTEM$"):
        _refuse(f"the function {name} is not allowed")


def _require_rows_of_tables(source: exp.Expr) -> None:
    """No stage's files, no other query's result, no unknown function."""
    rows = source.this
    text = source.sql(dialect=_DIALECT).lstrip()
    if text.startswith(("@", "'@", "'file:")):
        _refuse("files of a stage can't be read")
    if isinstance(rows, exp.Identifier | exp.Subquery | exp.Values):
        return
    name = rows.name if isinstance(rows, exp.Anonymous) else _sql_name(rows)
    if name.upper() not in _HARMLESS:
        _refuse(f"the table function {name or text} is not allowed")


def _sql_name(rows: object) -> str:
    return rows.sql_name() if isinstance(rows, exp.Func) else ""


def read(source: Json, country: str, dialect: str, tag: str = "") -> Query:
    """The SELECT of a source in the warehouse's dialect, and what is bound.

    Raises:
        InvalidInputError: the query is not one SELECT.
    """
    if "query" in source:
        select = require_single_select(source["query"])
    else:
        select = _rows_of(source, dialect)
    bound = [p for p in select.find_all(exp.Placeholder) if p.name]
    for placeholder in bound:
        placeholder.replace(exp.Placeholder())
    return Query(select.sql(dialect=dialect), (country,) * len(bound), tag)


def _rows_of(source: Json, dialect: str) -> exp.Query:
    parts = [
        exp.to_identifier(part, quoted=True)
        for part in table_name(source["table"], dialect).split(".")
    ]
    table = exp.Table(
        **dict(zip(("this", "db", "catalog"), reversed(parts), strict=False))
    )
    select = exp.select("*").from_(table)
    column = source.get("country_column")
    if column is None:
        return select
    condition = exp.EQ(
        this=exp.column(exp.to_identifier(str(column), quoted=True)),
        expression=exp.Placeholder(this=_PARAMETER),
    )
    return select.where(condition)


def table_name(name: str, dialect: str) -> str:
    """As the warehouse stores a name that is written without quotes."""
    return name.upper() if dialect == "snowflake" else name
