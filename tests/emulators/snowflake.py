"""Snowflake on one machine, over its real wire protocol.

`fakesnow` runs SQL in DuckDB and answers in one piece; for results of many
chunks there is the server of `snowflake_chunks`. Each test has a database,
or tables, of its own in them.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.emulators import processes


@contextmanager
def served() -> Iterator[processes.Server]:
    """A server that runs SQL; databases are shared."""
    port = processes.free_port()
    command = [sys.executable, "-m", "tests.emulators.snowflake", str(port)]
    with processes.running(command, port) as server:
        yield server


@contextmanager
def fakesnow() -> Iterator[str]:
    """`host:port` of such a server."""
    with served() as server:
        yield server.address


@contextmanager
def chunked(folder: Path) -> Iterator[str]:
    """`host:port` of a server of the results in the folder, in chunks."""
    port = processes.free_port()
    command = [
        sys.executable,
        "-m",
        "tests.emulators.snowflake_chunks",
        str(port),
        str(folder),
    ]
    with processes.running(command, port) as server:
        yield server.address


def _keep_nulls() -> None:
    """fakesnow sends a NULL timestamp as 1970: send it as NULL."""
    import pyarrow as pa
    import pyarrow.compute as pc
    from fakesnow import arrow

    convert = arrow.timestamp_to_sf_struct

    def with_nulls(times: Any) -> Any:
        struct = convert(times)
        if isinstance(times, pa.ChunkedArray):
            times = times.combine_chunks()
        filled = [
            pc.if_else(field.is_null(), pa.scalar(0, field.type), field)
            for field in struct.flatten()
        ]
        return pa.StructArray.from_arrays(
            filled, fields=list(struct.type), mask=times.is_null()
        )

    setattr(arrow, "timestamp_to_sf_struct", with_nulls)  # noqa: B010


def main() -> None:
    import uvicorn
    from fakesnow.server import app

    _keep_nulls()
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")


if __name__ == "__main__":
    main()
