"""A warehouse with one small table."""

import io
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING

from tests.simulation.world import World

if TYPE_CHECKING:
    import pyarrow as pa

_WEEKS = 26


class SimWarehouse:
    def __init__(self, world: World) -> None:
        self._world = world

    def read(
        self, statement: str, parameters: Mapping[str, str]
    ) -> "Iterator[pa.RecordBatch]":
        from pyarrow import csv

        country = parameters["country"]
        content = self._world.call(
            f"select for {country}", lambda: csv_of(country)
        )
        yield from csv.read_csv(io.BytesIO(content)).to_batches()


def csv_of(country: str) -> bytes:
    """Half a year of weeks."""
    first = date(2024, 1, 1)
    rows = [
        f"{first + timedelta(weeks=week)},{country},{100 + week},{week},7"
        for week in range(_WEEKS)
    ]
    return "\n".join(["date,country,revenue,tv,search", *rows, ""]).encode()
