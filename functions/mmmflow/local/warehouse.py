"""DuckDB over a folder of files as the warehouse.

A table `a.b.c` is the file `a.b.c.csv` (or .tsv, .parquet, .json, .jsonl,
.ndjson, and any but Parquet with .gz behind it) in the folder, by its whole
name or its last part, whatever the case. Nothing runs in the background: a
query is counted when it is waited for, and runs each time it is fetched.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from mmmflow.domain import spreadsheets
from mmmflow.ports import Query, QueryStatus, RefusedError

_ROWS_PER_BATCH = 50_000
_READERS = {
    ".csv": "read_csv",
    ".tsv": "read_csv",
    ".parquet": "read_parquet",
    ".json": "read_json",
    ".jsonl": "read_json",
    ".ndjson": "read_json",
}


class DuckDbWarehouse:
    dialect = "duckdb"

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder.resolve()

    def submit(self, query: Query) -> str:
        text = "\0".join([query.statement, *query.parameters, query.tag])
        return f"duckdb-{hashlib.sha256(text.encode()).hexdigest()[:16]}"

    def wait(self, id: str, query: Query, seconds: float) -> QueryStatus:
        del id, seconds
        try:
            with self._connection(query) as connection:
                (rows,) = connection.execute(
                    f"SELECT count(*) FROM ({query.statement})",  # noqa: S608
                    list(query.parameters),
                ).fetchall()[0]
        except RefusedError as refused:
            return QueryStatus("failed", reason=str(refused))
        return QueryStatus("done", rows)

    def fetch(self, id: str, query: Query) -> Iterator[pa.RecordBatch]:
        del id
        with self._connection(query) as connection:
            result = connection.sql(
                query.statement, params=list(query.parameters)
            )
            yield from result.to_arrow_reader(_ROWS_PER_BATCH)

    def cancel(self, id: str) -> None:
        """Nothing runs but while it is waited for."""

    def altered(self, table: str) -> str | None:
        times = [
            path.stat().st_mtime
            for path, parts, _ in self._tables()
            if table.lower() in (".".join(parts).lower(), parts[-1].lower())
        ]
        if not times:
            return None
        return datetime.fromtimestamp(max(times), UTC).isoformat()

    @contextmanager
    def _connection(self, query: Query) -> Iterator[duckdb.DuckDBPyConnection]:
        """Raises: RefusedError, for whatever DuckDB refuses in the block."""
        with duckdb.connect(":memory:") as connection:
            unreadable = self._open(connection)
            try:
                _require_select(connection, query.statement)
                yield connection
            except (duckdb.Error, pa.ArrowException) as error:
                reasons = [str(error).splitlines()[0], *unreadable]
                raise RefusedError("; ".join(reasons)) from error

    def _tables(self) -> Iterator[tuple[Path, list[str], str]]:
        """(file, parts of the table's name, its reader) of each file."""
        for path in sorted(self._folder.iterdir()):
            name = path.name.removesuffix(".gz")
            stem, dot, ending = name.rpartition(".")
            reader = _READERS.get(f"{dot}{ending}".lower())
            if reader is not None and stem:
                yield path, stem.split("."), reader

    def _open(self, connection: duckdb.DuckDBPyConnection) -> list[str]:
        """A view for each file; no other file can be read after this.

        What is wrong with files that can't be read is returned: nothing,
        unless the statement asks for one of them.
        """
        unreadable = [
            f"{path.name} can't be read: {reason}; {spreadsheets.HINT}"
            for path in sorted(self._folder.iterdir())
            if (reason := spreadsheets.refusal(path.name)) is not None
        ]
        for path, parts, reader in self._tables():
            try:
                _view(connection, parts, reader, path)
            except duckdb.Error as error:
                reason = str(error).splitlines()[0]
                unreadable.append(f"{path.name} can't be read: {reason}")
        connection.execute(f"SET allowed_directories = [{_text(self._folder)}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        return unreadable


def _require_select(
    connection: duckdb.DuckDBPyConnection, statement: str
) -> None:
    statements = connection.extract_statements(statement)
    if [s.type for s in statements] != [duckdb.StatementType.SELECT]:
        raise RefusedError("it is not a single SELECT")


def _view(
    connection: duckdb.DuckDBPyConnection,
    parts: list[str],
    reader: str,
    path: Path,
) -> None:
    """`database.schema.table`, and the table's own name in the default."""
    source = f"SELECT * FROM {reader}({_text(path)})"  # noqa: S608
    *above, table = parts
    if len(above) == 2:
        database = _name(above[0])
        connection.execute(f"ATTACH IF NOT EXISTS ':memory:' AS {database}")
    if above:
        schema = ".".join(_name(part) for part in above)
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        connection.execute(
            f"CREATE OR REPLACE VIEW {schema}.{_name(table)} AS {source}"
        )
    connection.execute(f"CREATE OR REPLACE VIEW {_name(table)} AS {source}")


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"
