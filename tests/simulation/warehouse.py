"""A warehouse with one small table."""

import io
from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

from mmmflow.ports import Query, QueryStatus

from tests.simulation.world import World

if TYPE_CHECKING:
    import pyarrow as pa

_WEEKS = 26


class SimWarehouse:
    dialect = "duckdb"

    def __init__(self, world: World) -> None:
        self._world = world
        self._submitted = 0

    def submit(self, query: Query) -> str:
        def number() -> str:
            self._submitted += 1
            return f"query-{self._submitted}"

        return self._world.call(f"submit {query.tag}", number)

    def wait(self, id: str, query: Query, seconds: float) -> QueryStatus:
        del query, seconds
        return self._world.call(
            f"wait for {id}", lambda: QueryStatus("done", _WEEKS)
        )

    def fetch(self, id: str, query: Query) -> "Iterator[pa.RecordBatch]":
        from pyarrow import csv

        (country,) = query.parameters
        content = self._world.call(f"fetch {id}", lambda: csv_of(country))
        yield from csv.read_csv(io.BytesIO(content)).to_batches()

    def cancel(self, id: str) -> None:
        self._world.call(f"cancel {id}", lambda: None)

    def altered(self, table: str) -> str | None:
        return self._world.call(f"altered {table}", lambda: None)


def csv_of(country: str) -> bytes:
    """Half a year of weeks."""
    first = date(2024, 1, 1)
    rows = [
        f"{first + timedelta(weeks=week)},{country},{100 + week},{week},7"
        for week in range(_WEEKS)
    ]
    return "\n".join(["date,country,revenue,tv,search", *rows, ""]).encode()
