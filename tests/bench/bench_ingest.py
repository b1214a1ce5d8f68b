"""How fast and how lean a dropped CSV becomes a dataset.

The file is like what comes out of a spreadsheet in Europe: semicolons,
decimal commas, days as 31.12.2024. It is read in a process of its own that
tells the most memory it ever held. Compared with what one writes first:
`pandas.read_csv(…).to_parquet(…)`, which is told all of that.
`python -m tests.bench.bench_ingest MB` makes a file of so many MB, by
default 200; of more than 300 MB pandas is left out.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

LIMIT_MB = 450
_PANDAS_MB = 300
_NAMES = [
    "day",
    "market",
    "shop",
    *(f"spend_{i}" for i in range(8)),
    *(f"clicks_{i}" for i in range(6)),
]


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "large.csv"
        print(f"Making a CSV of {size} MB …", flush=True)
        rows = _make(path, size)
        figures: dict[str, Any] = {"mb": size, "rows": rows}
        figures["ours"] = _run("ours", path)
        if size <= _PANDAS_MB:
            figures["pandas"] = _run("pandas", path)
    figures["load"] = round(os.getloadavg()[0], 1)
    for how in ("ours", "pandas"):
        if how in figures:
            one = figures[how]
            print(
                f"{how:7} {one['seconds']:6.1f} s, {one['mb_per_second']} MB/s,"
                f" peak {one['peak_mb']} MB"
            )
    print(json.dumps(figures))
    ours = figures["ours"]
    sys.exit(ours["rows"] != rows or ours["peak_mb"] > LIMIT_MB)


def _make(path: Path, size: int) -> int:
    """A block of random rows, again and again; how many rows there are."""
    import numpy as np

    random = np.random.default_rng(3)
    lines = []
    for _ in range(20_000):
        d, m, y = random.integers(1, [29, 13, 10])
        spend = (f"{x:,.2f}" for x in random.gamma(2, 900, 8))
        clicks = (str(x) for x in random.poisson(300, 6))
        cells = [f"{d:02}.{m:02}.201{y}", "DE", f"Köln {d}"]
        cells += [s.translate({44: ".", 46: ","}) for s in spend]
        lines.append(";".join([*cells, *clicks]))
    block = ("\n".join(lines) + "\n").encode()
    rows = 0
    with path.open("wb") as file:
        file.write((";".join(_NAMES) + "\n").encode())
        while file.tell() < size * 1_000_000:
            file.write(block)
            rows += len(lines)
    return rows


def _run(how: str, path: Path) -> dict[str, Any]:
    print(f"Reading with {how} …", flush=True)
    ran = subprocess.run(
        [sys.executable, "-m", __spec__.name, how, str(path)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    figures: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    megabytes = path.stat().st_size / 1e6
    figures["mb_per_second"] = round(megabytes / figures["seconds"], 1)
    return figures


def read(how: str, path: Path) -> None:
    """Read everything in this process, and print what it took."""
    import pandas  # noqa: F401

    begun = time.perf_counter()
    rows = _ours(path) if how == "ours" else _pandas(path)
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = {
        "rows": rows,
        "seconds": round(seconds, 2),
        "peak_mb": round(peak),
    }
    print(json.dumps(figures))


def _ours(path: Path) -> int:
    """As `ingest` does, from and into buckets of this machine."""
    from functools import partial

    from mmmflow.data import files, objects, parquet
    from mmmflow.local.ports import open_ports

    ports = open_ports(path.with_suffix(".home"))
    info = ports.uploads.create("DE/large.csv", path)
    opened = partial(
        objects.open_read, ports.uploads, info.name, info.generation
    )
    file = files.understand(opened, info.name)
    written = objects.Written(ports.data, "raw.parquet")
    return parquet.write(file.read, written.opened).rows


def _pandas(path: Path) -> int:
    import pandas as pd

    frame = pd.read_csv(
        path,
        sep=";",
        decimal=",",
        thousands=".",
        parse_dates=["day"],
        date_format="%d.%m.%Y",
    )
    frame.to_parquet(path.with_suffix(".parquet"), compression="zstd")
    return len(frame)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        read(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
