"""DuckDB over a folder of files as the warehouse.

A table `a.b.c` is the file `a.b.c.csv` or `a.b.c.parquet` in the folder, by
its whole name or its last part, whatever the case.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
import pyarrow as pa

from mmmflow.ports import RefusedError

_ROWS_PER_BATCH = 50_000
_READERS = {".csv": "read_csv", ".parquet": "read_parquet"}


class DuckDbWarehouse:
    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder.resolve()

    def read(
        self, statement: str, parameters: Mapping[str, str]
    ) -> Iterator[pa.RecordBatch]:
        with duckdb.connect(":memory:") as connection:
            unreadable = self._open(connection)
            try:
                _require_select(connection, statement)
                result = connection.sql(statement, params=dict(parameters))
                yield from result.to_arrow_reader(_ROWS_PER_BATCH)
            except (duckdb.Error, pa.ArrowException) as error:
                reasons = [str(error).splitlines()[0], *unreadable]
                raise RefusedError("; ".join(reasons)) from error

    def _open(self, connection: duckdb.DuckDBPyConnection) -> list[str]:
        """A view for each file; no other file can be read after this.

        What is wrong with files that can't be read is returned: nothing,
        unless the statement asks for one of them.
        """
        unreadable = []
        for path in sorted(self._folder.iterdir()):
            reader = _READERS.get(path.suffix.lower())
            if reader is None:
                continue
            try:
                _view(connection, path.stem.split("."), reader, path)
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
