"""Files that people drop are read batch by batch, or refused clearly."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from mmmflow.data import parquet
from mmmflow.domain.errors import InvalidInputError


def read(folder: Path, name: str, content: bytes) -> pa.Table:
    path = folder / "dropped"
    path.write_bytes(content)
    return pa.Table.from_batches(parquet.read_file(path, name))


def refusal(folder: Path, name: str, content: bytes) -> str:
    with pytest.raises(InvalidInputError) as invalid:
        read(folder, name, content)
    return str(invalid.value)


def parquet_bytes(folder: Path, rows: int) -> bytes:
    path = folder / "whole.parquet"
    pq.write_table(pa.table({"a": list(range(rows))}), path)
    return path.read_bytes()


def test_csv_and_parquet_are_told_apart_by_the_name(tmp_path: Path) -> None:
    assert read(tmp_path, "t.CSV", b"a,b\n1,x\n").to_pydict() == {
        "a": [1],
        "b": ["x"],
    }
    content = parquet_bytes(tmp_path, 3)
    assert read(tmp_path, "t.parquet", content).num_rows == 3


def test_another_ending_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, "t.xlsx", b"PK") == (
        "t.xlsx: its ending is not understood (.csv or .parquet)"
    )


@pytest.mark.parametrize(
    "content",
    [b"", b"a,b\n1\n", b"a,b\n\xff\xfe,1\n"],
    ids=["empty", "ragged", "not UTF-8"],
)
def test_a_broken_csv_is_refused_with_the_reason(
    tmp_path: Path, content: bytes
) -> None:
    assert refusal(tmp_path, "t.csv", content).startswith("t.csv")


def test_a_number_that_turns_decimal_late_in_a_file_is_read(
    tmp_path: Path,
) -> None:
    rows = b"1\n" * 2_000_000
    table = read(tmp_path, "t.csv", b"a\n" + rows + b"1.5\n")
    assert table.column("a")[-1].as_py() == 1.5


def test_a_broken_parquet_is_refused_with_the_reason(tmp_path: Path) -> None:
    whole = parquet_bytes(tmp_path, 10_000)
    for content in (b"", b"no parquet", whole[:-10], _damaged(whole)):
        assert refusal(tmp_path, "t.parquet", content).startswith("t.parquet")


def _damaged(content: bytes) -> bytes:
    """The end is whole, what it points to is not."""
    return content[:4] + b"\xff" * 2_000 + content[2_004:]


def test_batches_are_written_as_they_come(tmp_path: Path) -> None:
    batches = [pa.record_batch({"a": [1, 2]}), pa.record_batch({"a": [3]})]
    path = tmp_path / "out.parquet"
    assert parquet.write(iter(batches), path) == 3
    assert parquet.describe(path) == (3, [("a", "int64")])


def test_without_batches_there_are_no_rows(tmp_path: Path) -> None:
    assert parquet.write(iter([]), tmp_path / "out.parquet") == 0
