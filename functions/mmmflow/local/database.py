"""The one SQLite file that holds documents, messages, objects and jobs.

One connection a thread, write-ahead log; every write is a transaction that
takes the write lock first, so that it never fails half-way for want of it.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
  collection TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY (collection, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS objects (
  bucket TEXT NOT NULL,
  name TEXT NOT NULL,
  generation INTEGER NOT NULL,
  size INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL,
  updated_at TEXT NOT NULL,
  PRIMARY KEY (bucket, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  subscription TEXT NOT NULL,
  topic TEXT NOT NULL,
  data BLOB NOT NULL,
  attributes TEXT NOT NULL,
  published_at TEXT NOT NULL,
  deliveries INTEGER NOT NULL DEFAULT 0,
  due REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS messages_due ON messages (due);
CREATE TABLE IF NOT EXISTS executions (
  name TEXT PRIMARY KEY,
  job TEXT NOT NULL,
  env TEXT NOT NULL,
  pid INTEGER,
  deadline REAL NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  started_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counters (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) WITHOUT ROWID;
"""

# Fields of each index of documents, after the collection, with how many
# documents share the fields up to there where there are many. Told these
# figures, SQLite finds what it is asked for without reading a collection.
_INDEXES = {
    "by_state": (
        ("state", "queue", "priority DESC", "id"),
        (9000, 4000, 2000, 1),
    ),
    "by_state_time": (("state", "id"), (9000, 1)),
    "by_country": (("country", "state", "id"), (9000, 4000, 1)),
    "by_country_time": (("country", "id"), (9000, 1)),
    "by_batch": (("batch_id", "state", "id"), (1000, 500, 1)),
    "by_batch_time": (("batch_id", "id"), (1000, 1)),
    "by_queue_time": (("queue", "id"), (9000, 1)),
    "by_goal_time": (("goal", "id"), (9000, 1)),
    "by_lease": (("lease_until",), (2,)),
}
_MANY = 100_000


class Database:
    """The file, opened once per thread."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._local = threading.local()
        with self.write() as connection:
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            _index(connection)

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's connection, for reading."""
        if hasattr(self._local, "connection"):
            existing: sqlite3.Connection = self._local.connection
            return existing
        connection = sqlite3.connect(
            self._path, timeout=30, isolation_level=None
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        self._local.connection = connection
        return connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: committed at the end, rolled back on an error."""
        connection = self.connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def next_value(connection: sqlite3.Connection, counter: str) -> int:
    """The next number of a counter, inside the caller's transaction."""
    row = connection.execute(
        "INSERT INTO counters VALUES (?, 1)"
        " ON CONFLICT (name) DO UPDATE SET value = value + 1"
        " RETURNING value",
        (counter,),
    ).fetchone()
    return int(row[0])


def _index(connection: sqlite3.Connection) -> None:
    """The indexes of documents, and what SQLite is to believe of them."""
    figures = [("documents", f"{_MANY} {_MANY // 5} 1")]
    for name, (fields, shared) in _INDEXES.items():
        columns = ", ".join(_column(field) for field in fields)
        connection.execute(
            f"CREATE INDEX IF NOT EXISTS documents_{name} ON documents"
            f" (collection, {columns}) WHERE {_column(fields[0])} IS NOT NULL"
        )
        counts = " ".join(str(count) for count in shared)
        figures.append((f"documents_{name}", f"{_MANY} {_MANY // 5} {counts}"))
    if not connection.execute(
        "SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1'"
    ).fetchall():
        connection.execute("ANALYZE counters")  # makes the table of figures
    known = connection.execute(
        "SELECT idx, stat FROM sqlite_stat1 WHERE tbl = 'documents'"
    ).fetchall()
    if sorted(known) == sorted(figures):
        return
    connection.execute("DELETE FROM sqlite_stat1 WHERE tbl = 'documents'")
    connection.executemany(
        "INSERT INTO sqlite_stat1 VALUES ('documents', ?, ?)", figures
    )
    connection.execute("ANALYZE sqlite_schema")


def _column(field: str) -> str:
    """A field with its order as SQL; the id is a column of its own."""
    name, _, order = field.partition(" ")
    return "id" if name == "id" else f"data ->> '$.{name}' {order}".rstrip()
