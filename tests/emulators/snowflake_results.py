"""Results for the server of chunks, written as Snowflake writes them.

A NUMBER is the whole number of its smallest unit in the narrowest integer,
a time counts its units since 1970, and each field says its logical type.
"""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa


def field(
    name: str,
    kind: str,
    physical: pa.DataType,
    *,
    precision: int = 38,
    scale: int = 0,
) -> pa.Field:
    """A column of Snowflake's type `kind`, as TEXT or FIXED."""
    told = {
        "logicalType": kind,
        "precision": str(precision),
        "scale": str(scale),
        "charLength": "16777216",
    }
    return pa.field(name, physical, metadata=told)


def put(
    folder: Path,
    table: str,
    chunks: Iterable[pa.RecordBatch],
    *,
    gzipped: bool = False,
    repeat: int = 1,
    **said: Any,
) -> None:
    """Make the result of a table; `said` are its faults.json, status.json.

    With `repeat` all chunks but the first are served that many times.
    """
    target = folder / table
    target.mkdir(parents=True)
    rows: list[int] = []
    for index, batch in enumerate(chunks):
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        content = sink.getvalue().to_pybytes()
        if gzipped:
            content = gzip.compress(content, 1)
        (target / f"{index}.arrow").write_bytes(content)
        rows.append(batch.num_rows)
        schema = batch.schema
    result = {
        "rowtype": [_rowtype(field) for field in schema],
        "rows": [rows[0], *rows[1:] * repeat],
        "files": len(rows),
    }
    for name, content in {"result": result, **said}.items():
        (target / f"{name}.json").write_text(json.dumps(content))


def _rowtype(column: pa.Field) -> dict[str, Any]:
    told = {k.decode(): v.decode() for k, v in column.metadata.items()}
    return {
        "name": column.name,
        "type": told["logicalType"].lower(),
        "precision": int(told["precision"]),
        "scale": int(told["scale"]),
        "length": int(told["charLength"]),
        "byteLength": int(told["charLength"]),
        "nullable": True,
        "collation": None,
        "database": "",
        "schema": "",
        "table": "",
    }


def requests(folder: Path) -> list[dict[str, Any]]:
    """What the server was asked for, in order."""
    path = folder / "requests.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]
