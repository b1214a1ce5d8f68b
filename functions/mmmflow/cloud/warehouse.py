"""Snowflake as the warehouse.

A query is submitted and left alone; its result is fetched by its id, from
any process, for 24 hours. It comes in chunks, each an Arrow file behind a
URL that expires: a chunk that can't be had is asked for again with a new
URL. Two chunks are under way while a third is used, so memory does not grow
with the result.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC
from typing import TYPE_CHECKING, Any
from uuid import UUID

from mmmflow.cloud.environment import Snowflake
from mmmflow.cloud.snowflake_session import Session, told
from mmmflow.ports import (
    NotFoundError,
    Query,
    QueryStatus,
    RefusedError,
    Secrets,
    UnreachableError,
)

if TYPE_CHECKING:
    import pyarrow as pa
    from snowflake.connector.result_batch import ArrowResultBatch

log = logging.getLogger(__name__)

_AHEAD = 2
_TRIES = 3
_NOT_FOUND = 709  # the result is not kept any more
_NO_DATA = 24  # times that nothing is known of a query, until it is given up
_PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0)


class SnowflakeWarehouse:
    dialect = "snowflake"

    def __init__(self, settings: Snowflake, secrets: Secrets) -> None:
        self._settings = settings
        self._session = Session(settings, secrets)
        self._latest: _Result | None = None

    def submit(self, query: Query) -> str:
        with told(), self._session.cursor() as cursor:
            cursor.execute_async(
                query.statement,
                query.parameters or None,
                _statement_params={
                    "QUERY_TAG": query.tag,
                    "STATEMENT_TIMEOUT_IN_SECONDS": (
                        self._settings.statement_seconds
                    ),
                },
            )
            return str(cursor.sfqid)

    def wait(self, id: str, query: Query, seconds: float) -> QueryStatus:
        del query
        deadline = time.monotonic() + seconds
        unknown, pauses = 0, iter(_PAUSES)
        while True:
            state, reason = self._session.status(id)
            if state == "SUCCESS":
                return self._done(id)
            if state == "NO_DATA":
                unknown += 1
                if unknown > _NO_DATA:
                    return QueryStatus("gone", reason="nothing is known of it")
            elif reason:
                return QueryStatus("failed", reason=reason)
            pause = next(pauses, _PAUSES[-1])
            if time.monotonic() + pause > deadline:
                return QueryStatus("running")
            time.sleep(pause)

    def _done(self, id: str) -> QueryStatus:
        try:
            return QueryStatus("done", self._result(id).rows)
        except NotFoundError as gone:
            return QueryStatus("gone", reason=str(gone))

    def fetch(self, id: str, query: Query) -> "Iterator[pa.RecordBatch]":
        del query
        result = self._result(id)
        with ThreadPoolExecutor(_AHEAD) as pool:
            under_way: deque[Future[pa.Table]] = deque()
            indices = iter(range(result.chunks))
            try:
                while True:
                    while len(under_way) < _AHEAD:
                        index = next(indices, None)
                        if index is None:
                            break
                        under_way.append(pool.submit(result.chunk, index))
                    if not under_way:
                        return
                    yield from under_way.popleft().result().to_batches()
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _result(self, id: str) -> "_Result":
        latest = self._latest
        if latest is None or latest.id != id or latest.is_old:
            latest = self._latest = _Result(self._session, id)
        return latest

    def cancel(self, id: str) -> None:
        with suppress(RefusedError), told(), self._session.cursor() as cursor:
            cursor.execute(f"SELECT SYSTEM$CANCEL_QUERY('{UUID(id)}')")

    def altered(self, table: str) -> str | None:
        """Of a table's own rows: a view's rows change without it."""
        parts = [part.upper() for part in table.split(".")]
        settings = self._settings
        defaults = [settings.database.upper(), settings.schema.upper()]
        database, schema, name = [*defaults[: 3 - len(parts)], *parts]
        quoted = '"' + database.replace('"', '""') + '"'
        with told(), self._session.cursor() as cursor:
            cursor.execute(
                "SELECT last_altered"  # noqa: S608  (a quoted identifier)
                f" FROM {quoted}.information_schema.tables"
                " WHERE table_schema = ? AND table_name = ?"
                " AND table_type = 'BASE TABLE'",
                (schema, name),
            )
            row: Any = cursor.fetchone()
        if row is None or row[0] is None:
            return None
        return str(row[0].astimezone(UTC).isoformat())


class _Result:
    """The chunks of a query's result, behind URLs that are made anew."""

    def __init__(self, session: Session, id: str) -> None:
        self.id = id
        self._session = session
        self._guard = threading.Lock()
        self._asked = 0
        self._chunks: list[ArrowResultBatch] = []
        self._renew(0)

    @property
    def rows(self) -> int:
        return sum(chunk.rowcount for chunk in self._chunks)

    @property
    def chunks(self) -> int:
        return len(self._chunks)

    @property
    def is_old(self) -> bool:
        """Its URLs, of six hours, would expire under way."""
        return time.monotonic() - self._at > 3600

    def _renew(self, asked: int) -> None:
        """Ask for the chunks' URLs, unless another thread did meanwhile.

        Raises: NotFoundError; RefusedError; UnreachableError.
        """
        with self._guard:
            if self._asked > asked:
                return
            with told(gone=_NOT_FOUND), self._session.cursor() as cursor:
                cursor.execute(
                    f"SELECT * FROM TABLE(RESULT_SCAN('{UUID(self.id)}'))"  # noqa: S608
                )
                found: Any = cursor.get_result_batches() or []
                self._chunks = found
            self._asked += 1
            self._at = time.monotonic()

    def chunk(self, index: int) -> "pa.Table":
        """One chunk as a table, of as many rows as were promised."""
        import pyarrow as pa
        from snowflake.connector.errors import Error

        for _ in range(_TRIES):
            asked, chunk = self._asked, self._chunks[index]
            try:
                table = chunk.to_arrow(connection=self._session.open())
            except (Error, OSError, EOFError, pa.ArrowException) as error:
                last = type(error).__name__
            else:
                if table.num_rows == chunk.rowcount:
                    return table
                last = f"{table.num_rows} of {chunk.rowcount} rows"
            log.warning("chunk %d of query %s: %s", index + 1, self.id, last)
            self._renew(asked)
        raise UnreachableError(
            f"chunk {index + 1} of {len(self._chunks)} of query {self.id}"
            f" can't be had: {last}"
        )
