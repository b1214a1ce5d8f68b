"""The SQL that a request may run: one SELECT, its values bound."""

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from mmmflow.domain.errors import InvalidInputError
from mmmflow.ports import Json

_DIALECT = "snowflake"
_PARAMETER = "country"


def require_single_select(query: str) -> exp.Query:
    """The parsed query, with `{country}` as the parameter `$country`.

    Raises:
        InvalidInputError: it is not one SELECT.
    """
    bound = query.replace("{country}", f":{_PARAMETER}")
    hint = "one SELECT; {country} stands for the country"
    try:
        statements = sqlglot.parse(bound, dialect=_DIALECT)
    except SqlglotError as error:
        reason = str(error).splitlines()[0]
        raise InvalidInputError.of("source.query", reason, hint) from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise InvalidInputError.of(
            "source.query", "it is not a single SELECT", hint
        )
    _refuse_quoted_country(statements[0])
    writes = (exp.Into, exp.DML, exp.DDL, exp.Command)
    statement = statements[0]
    for node in statement.find_all(*writes):
        if not isinstance(node, exp.Query):
            raise InvalidInputError.of(
                "source.query", f"{node.key} is not allowed", hint
            )
    return statement


def _refuse_quoted_country(query: exp.Query) -> None:
    """In quotes it would be a text that no country equals."""
    for literal in query.find_all(exp.Literal):
        if f":{_PARAMETER}" in literal.name:
            raise InvalidInputError.of(
                "source.query",
                "{country} stands in quotes: it would be a text",
                "write {country} without quotes",
            )


def statement(source: Json, country: str) -> tuple[str, dict[str, str]]:
    """The SELECT of a source, and the parameters to bind.

    Raises:
        InvalidInputError: the query is not one SELECT.
    """
    if "query" in source:
        query = require_single_select(source["query"])
        uses_country = any(
            p.name == _PARAMETER for p in query.find_all(exp.Placeholder)
        )
        parameters = {_PARAMETER: country} if uses_country else {}
        return _text(query), parameters
    parts = [
        exp.to_identifier(part, quoted=True)
        for part in source["table"].split(".")
    ]
    table = exp.Table(
        **dict(zip(("this", "db", "catalog"), reversed(parts), strict=False))
    )
    select = exp.select("*").from_(table)
    column = source.get("country_column")
    if column is None:
        return _text(select), {}
    condition = exp.EQ(
        this=exp.column(exp.to_identifier(str(column), quoted=True)),
        expression=exp.Placeholder(this=_PARAMETER),
    )
    return _text(select.where(condition)), {_PARAMETER: country}


def _text(query: exp.Query) -> str:
    """In the dialect that the warehouse port binds: `$name`."""
    return query.sql(dialect="duckdb")
