"""How fast and how lean a result of Snowflake becomes a dataset.

A server of its own speaks Snowflake's protocol with chunked Arrow; the real
connector reads it, each side in a process of its own, which tells the most
memory that it ever held. Compared with what one writes first:
`cursor.fetch_pandas_all().to_parquet(…)`. `python -m tests.bench.bench_extract
ROWS` measures so many rows, by default 1,000,000; of more only ours, to see
that its memory stays what it is.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.emulators import snowflake

COLUMNS = 20
CHUNK_ROWS = 25_000
MOST_MADE = 40  # chunks beside the first; they are served several times
LIMIT_MB = 350
_TABLE = "bench"
_STATEMENT = 'SELECT * FROM "BENCH"'


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"Making {COLUMNS} columns in chunks of {CHUNK_ROWS:,} rows …")
        _put(folder / "served", rows)
        figures = _measure(folder, rows)
    _show(figures)
    print(json.dumps(figures))
    sys.exit(figures["ours"]["peak_mb"] > LIMIT_MB)


def _measure(folder: Path, rows: int) -> dict[str, Any]:
    figures: dict[str, Any] = {"rows": rows, "columns": COLUMNS}
    with snowflake.chunked(folder / "served") as address:
        figures["ours"] = _run("ours", address, folder)
        if rows <= 1_000_000:
            figures["pandas"] = _run("pandas", address, folder)
            ours, pandas = figures["ours"], figures["pandas"]
            figures["speed_ratio"] = round(
                ours["rows_per_second"] / pandas["rows_per_second"], 2
            )
            figures["memory_ratio"] = round(
                ours["peak_mb"] / pandas["peak_mb"], 2
            )
    figures["load"] = round(os.getloadavg()[0], 1)
    return figures


def _run(how: str, address: str, folder: Path) -> dict[str, Any]:
    target = folder / f"{how}.parquet"
    print(f"Reading with {how} …", flush=True)
    ran = subprocess.run(
        [sys.executable, "-m", __spec__.name, how, address, str(target)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    figures: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    figures["file_mb"] = round(target.stat().st_size / 1e6, 1)
    target.unlink()
    return figures


def _show(figures: dict[str, Any]) -> None:
    for how in ("ours", "pandas"):
        if how in figures:
            one = figures[how]
            print(
                f"{how:7} {one['rows']:>11,} rows in {one['seconds']:6.1f} s:"
                f" {one['rows_per_second']:>9,} rows/s,"
                f" peak {one['peak_mb']} MB, file {one['file_mb']} MB"
            )


# the processes that are measured


def read(how: str, address: str, target: Path) -> None:
    """Read everything in this process, and print what it took.

    What is imported counts as memory, not as time: it is the same of both.
    """
    import pandas  # noqa: F401
    import snowflake.connector  # noqa: F401

    begun = time.perf_counter()
    rows = _ours(address, target) if how == "ours" else _pandas(address, target)
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = {
        "rows": rows,
        "seconds": round(seconds, 2),
        "rows_per_second": round(rows / seconds),
        "peak_mb": round(peak),
    }
    print(json.dumps(figures))


def _ours(address: str, target: Path) -> int:
    """As `extract` does, into a bucket of this machine."""
    from mmmflow.data import objects, parquet
    from mmmflow.local.ports import open_ports
    from mmmflow.ports import Query

    home = target.with_suffix(".home")
    (home / "secrets").mkdir(parents=True)
    password = home / "secrets" / "snowflake-password"
    password.touch(mode=0o600)
    password.write_text("the password")
    ports = open_ports(home)
    warehouse = _warehouse(address, ports.secrets)
    query = Query(_STATEMENT)
    id = warehouse.submit(query)
    warehouse.wait(id, query, 60)
    written = objects.Written(ports.data, "raw.parquet")
    described = parquet.write(
        lambda: warehouse.fetch(id, query), written.opened
    )
    (home / "data" / "raw.parquet").rename(target)
    return described.rows


def _warehouse(address: str, secrets: Any) -> Any:
    from mmmflow.cloud.environment import Snowflake
    from mmmflow.cloud.warehouse import SnowflakeWarehouse

    settings = Snowflake(
        account="bench", user="bench", endpoint=f"http://{address}"
    )
    return SnowflakeWarehouse(settings, secrets)


def _pandas(address: str, target: Path) -> int:
    import snowflake.connector

    host, port = address.split(":")
    connection = snowflake.connector.connect(
        account="bench",
        user="bench",
        password="the password",
        protocol="http",
        host=host,
        port=int(port),
    )
    with closing(connection), connection.cursor() as cursor:
        cursor.execute(_STATEMENT)
        frame = cursor.fetch_pandas_all()
    frame.to_parquet(target, compression="zstd")
    return len(frame)


# what is served


def _put(folder: Path, rows: int) -> None:
    from tests.emulators.snowflake_results import put

    further = rows // CHUNK_ROWS - 1
    made = max(n for n in range(1, MOST_MADE) if further % n == 0)
    folder.mkdir()
    chunks = _chunks(1 + made)
    put(folder, _TABLE, chunks, gzipped=True, repeat=further // made)


def _chunks(count: int) -> Iterator[Any]:
    """Sales by day and shop: counts, money, rates, names, days and times."""
    import numpy as np
    import pyarrow as pa

    from tests.emulators.snowflake_results import field

    schema = pa.schema(
        [
            field("DAY", "DATE", pa.date32()),
            field("COUNTRY", "TEXT", pa.string()),
            field("SHOP", "TEXT", pa.string()),
            field("LOADED", "TIMESTAMP_NTZ", pa.int64(), scale=3),
            *(field(f"N{i}", "FIXED", pa.int32()) for i in range(6)),
            *(
                field(f"M{i}", "FIXED", pa.int64(), precision=38, scale=2)
                for i in range(6)
            ),
            *(field(f"R{i}", "REAL", pa.float64()) for i in range(4)),
        ]
    )
    random = np.random.default_rng(7)
    countries = np.array(["DE", "FR", "ES", "IT"])
    for _ in range(count):
        size = CHUNK_ROWS
        yield pa.RecordBatch.from_arrays(
            [
                pa.array(
                    random.integers(18_000, 20_000, size).astype("int32")
                ).cast(pa.date32()),
                pa.array(countries[random.integers(0, 4, size)]),
                pa.array([f"shop {n}" for n in random.integers(0, 500, size)]),
                pa.array(random.integers(0, 2**40, size)),
                *(
                    pa.array(random.poisson(30, size).astype("int32"))
                    for _ in range(6)
                ),
                *(pa.array(random.integers(0, 10**8, size)) for _ in range(6)),
                *(pa.array(random.normal(size=size)) for _ in range(4)),
            ],
            schema=schema,
        )


if __name__ == "__main__":
    if len(sys.argv) > 3:
        read(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
    else:
        main()
