"""Large results come in chunks, over the wire, by the real connector."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from mmmflow.cloud.environment import Snowflake
from mmmflow.cloud.warehouse import SnowflakeWarehouse
from mmmflow.ports import (
    DeniedError,
    NotFoundError,
    Query,
    UnreachableError,
)

from tests.emulators import snowflake
from tests.emulators.snowflake_results import field, put, requests

CHUNKS, ROWS = 60, 500
QUERY = Query('SELECT * FROM "T"', tag="the dataset")
SCHEMA = pa.schema(
    [
        field("ID", "FIXED", pa.int32()),
        field("SPEND", "FIXED", pa.int64(), precision=38, scale=2),
        field("NAME", "TEXT", pa.string()),
        field("DAY", "DATE", pa.date32()),
    ]
)


def chunk(index: int) -> pa.RecordBatch:
    first = index * ROWS
    ids = range(first, first + ROWS)
    return pa.record_batch(
        [
            pa.array(ids, pa.int32()),
            pa.array([10 * i + 1 for i in ids], pa.int64()),
            pa.array([f"n{i % 7}" for i in ids]),
            pa.array([date(2024, 1, 1)] * ROWS, pa.date32()),
        ],
        schema=SCHEMA,
    )


def chunks(count: int = CHUNKS) -> Iterator[pa.RecordBatch]:
    return (chunk(index) for index in range(count))


class Secrets:
    """Secrets in memory."""

    def __init__(self, **known: str) -> None:
        self.known = {k.replace("_", "-"): v for k, v in known.items()}

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} is not asked of the secrets")

    def get(self, name: str) -> str:
        if name not in self.known:
            raise NotFoundError(name)
        return self.known[name]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "results"


@pytest.fixture
def server(folder: Path) -> Iterator[str]:
    folder.mkdir(exist_ok=True)
    with snowflake.chunked(folder) as address:
        yield address


@pytest.fixture(autouse=True)
def few_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connector tries a chunk ten times, up to eight seconds apart."""
    from snowflake.connector import result_batch

    monkeypatch.setattr(result_batch, "MAX_DOWNLOAD_RETRY", 1)


def opened(server: str, **secrets: str) -> SnowflakeWarehouse:
    settings = Snowflake(
        account="test",
        user="mmmflow",
        warehouse="LOAD",
        role="READS",
        statement_seconds=900,
        endpoint=f"http://{server}",
    )
    known = secrets or {"snowflake_password": "the password"}
    return SnowflakeWarehouse(settings, Secrets(**known))


def fetched(warehouse: SnowflakeWarehouse, query: Query = QUERY) -> pa.Table:
    id = warehouse.submit(query)
    assert warehouse.wait(id, query, 10).state == "done"
    return pa.Table.from_batches(warehouse.fetch(id, query))


@pytest.mark.parametrize("gzipped", [False, True])
def test_sixty_chunks_come_in_their_order(
    folder: Path, server: str, gzipped: bool
) -> None:
    put(folder, "t", chunks(), gzipped=gzipped)
    table = fetched(opened(server))
    assert table.column("ID").to_pylist() == list(range(CHUNKS * ROWS))
    assert table.column("SPEND")[1].as_py() == Decimal("0.11")
    assert table.column("DAY")[0].as_py() == date(2024, 1, 1)


def test_how_many_rows_there_are_is_known_before_they_come(
    folder: Path, server: str
) -> None:
    put(folder, "t", chunks())
    warehouse = opened(server)
    status = warehouse.wait(warehouse.submit(QUERY), QUERY, 10)
    assert status.rows == CHUNKS * ROWS


@pytest.mark.parametrize(
    "faults",
    [
        {"30": ["drop"]},
        {"30": ["cut"]},
        {"30": ["busy", "drop"]},
        {"30": ["expire"]},
        {"10": ["expire"], "20": ["drop"], "59": ["expire"]},
    ],
    ids=json.dumps,
)
def test_a_chunk_that_is_lost_or_expired_is_asked_for_again(
    folder: Path,
    server: str,
    faults: dict[str, list[str]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    put(folder, "t", chunks(), faults=faults)
    table = fetched(opened(server))
    assert table.column("ID").to_pylist() == list(range(CHUNKS * ROWS))
    assert "chunk" in caplog.text
    assert "generation=" not in caplog.text, "a URL lets anybody read rows"


def test_a_connection_that_does_not_come_back_ends_without_rows_lost(
    folder: Path, server: str
) -> None:
    put(folder, "t", chunks(), faults={"30": ["drop"] * 9})
    with pytest.raises(UnreachableError, match="chunk 31 of 60"):
        fetched(opened(server))


def test_the_result_is_fetched_by_another_process_without_asking_again(
    folder: Path, server: str
) -> None:
    put(folder, "t", chunks(3))
    id = opened(server).submit(QUERY)
    other = opened(server)
    assert other.wait(id, QUERY, 10).rows == 3 * ROWS
    assert sum(b.num_rows for b in other.fetch(id, QUERY)) == 3 * ROWS
    asked = [r["sql"] for r in requests(folder) if r.get("is_async")]
    assert asked == [QUERY.statement]


def test_a_query_says_whose_it_is_and_when_to_end_it(
    folder: Path, server: str
) -> None:
    put(folder, "t", chunks(1))
    query = Query('SELECT * FROM "T" WHERE c = ?', ("DE' --",), "the dataset")
    opened(server).submit(query)
    login, submitted = requests(folder)
    assert submitted["parameters"] == {
        "QUERY_TAG": "the dataset",
        "STATEMENT_TIMEOUT_IN_SECONDS": 900,
    }
    assert submitted["is_async"]
    assert submitted["bindings"]["1"]["value"] == "DE' --"
    assert login["parameters"]["QUERY_TAG"] == "mmmflow"
    assert login["parameters"]["STATEMENT_TIMEOUT_IN_SECONDS"] == 900


def test_a_query_is_waited_for_as_long_as_is_said(
    folder: Path, server: str
) -> None:
    put(folder, "t", chunks(1), status={"running": 4})
    warehouse = opened(server)
    id = warehouse.submit(QUERY)
    assert warehouse.wait(id, QUERY, 0.15).state == "running"
    assert warehouse.wait(id, QUERY, 10).state == "done"


def test_a_query_that_fails_is_said_to_with_snowflakes_reason(
    folder: Path, server: str
) -> None:
    put(folder, "t", chunks(1), status={"error": "Numeric value 'x' is bad"})
    warehouse = opened(server)
    status = warehouse.wait(warehouse.submit(QUERY), QUERY, 10)
    assert status.state == "failed"
    assert "Numeric value 'x' is bad" in status.reason


def test_a_result_that_is_not_kept_any_more_is_said_to_be_gone(
    folder: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmmflow.cloud.warehouse._NO_DATA", 1)
    id = "01b2c3d4-0000-0000-0000-000000000000"
    assert opened(server).wait(id, QUERY, 10).state == "gone"
    with pytest.raises(NotFoundError):
        list(opened(server).fetch(id, QUERY))


def test_a_query_without_rows_has_none(folder: Path, server: str) -> None:
    empty = pa.RecordBatch.from_pylist([], schema=SCHEMA)
    put(folder, "t", [empty])
    warehouse = opened(server)
    id = warehouse.submit(QUERY)
    assert warehouse.wait(id, QUERY, 10).rows == 0
    assert sum(b.num_rows for b in warehouse.fetch(id, QUERY)) == 0


def test_who_stops_reading_stops_the_threads_that_read_ahead(
    folder: Path, server: str
) -> None:
    put(folder, "t", chunks())
    warehouse = opened(server)
    id = warehouse.submit(QUERY)
    before = threading.active_count()
    batches = warehouse.fetch(id, QUERY)
    next(batches)
    batches.close()  # type: ignore[attr-defined]
    assert threading.active_count() <= before


def key_pair(folder: Path, passphrase: str = "") -> str:
    """A private key as PEM; its public half goes to the server."""
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM,
        serialization.PublicFormat.SubjectPublicKeyInfo,
    )
    (folder / "public.pem").write_bytes(public)
    how: serialization.KeySerializationEncryption = (
        serialization.BestAvailableEncryption(passphrase.encode())
        if passphrase
        else serialization.NoEncryption()
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how
    )
    return pem.decode()


@pytest.mark.parametrize("passphrase", ["", "horse battery"])
def test_a_key_pair_proves_the_user(
    folder: Path, server: str, passphrase: str
) -> None:
    put(folder, "t", chunks(2))
    secrets = {"snowflake_key": key_pair(folder, passphrase)}
    if passphrase:
        secrets["snowflake_key_passphrase"] = passphrase
    secrets["snowflake_password"] = "not used"
    assert fetched(opened(server, **secrets)).num_rows == 2 * ROWS
    assert requests(folder)[0]["login"] == "key"


def test_without_a_key_the_password_does(folder: Path, server: str) -> None:
    put(folder, "t", chunks(2))
    key_pair(folder)
    warehouse = opened(server, snowflake_password="the password")
    assert fetched(warehouse).num_rows == 2 * ROWS
    assert requests(folder)[0]["login"] == "password"


def refusal(server: str, **secrets: str) -> str:
    with pytest.raises(DeniedError) as denied:
        opened(server, **secrets).submit(QUERY)
    return str(denied.value)


def test_who_can_not_prove_himself_is_told_what_to_mend(
    folder: Path, server: str
) -> None:
    encrypted = key_pair(folder, "right")
    key_pair(folder)  # the server now knows another key
    wrong = key_pair(folder.parent)
    assert "is encrypted" in refusal(server, snowflake_key=encrypted)
    passphrase = {"snowflake_key_passphrase": "wrong"}
    message = refusal(server, snowflake_key=encrypted, **passphrase)
    assert "is not its passphrase" in message
    assert "no private key in PEM" in refusal(server, snowflake_key="x")
    assert "JWT token is invalid" in refusal(server, snowflake_key=wrong)
    message = refusal(server, snowflake_password="guessed")
    assert "Incorrect username or password" in message
    assert "guessed" not in message
    message = refusal(server, other="")
    assert "save the secret snowflake-key, or snowflake-password" in message


def test_every_type_arrives_as_what_it_is(folder: Path, server: str) -> None:
    """A golden row of each type, as Snowflake's server writes it."""
    stamp = pa.struct([("epoch", pa.int64()), ("fraction", pa.int32())])
    zoned = pa.struct(
        [
            ("epoch", pa.int64()),
            ("fraction", pa.int32()),
            ("timezone", pa.int32()),
        ]
    )
    columns: list[tuple[pa.Field, list[Any], list[Any]]] = [
        (field("TINY", "FIXED", pa.int8()), [1, None], [1, None]),
        (
            field("BIG", "FIXED", pa.decimal128(38, 0)),
            [Decimal(10**37), None],
            [Decimal(10**37), None],
        ),
        (
            field("MONEY", "FIXED", pa.int64(), scale=2),
            [123456, None],
            [1234.56, None],
        ),
        (
            field("EXACT", "FIXED", pa.decimal128(38, 4), scale=4),
            [Decimal("123456789012345678.1234"), None],
            [Decimal("123456789012345678.1234"), None],
        ),
        (field("REAL", "REAL", pa.float64()), [0.1, None], [0.1, None]),
        (field("TEXT", "TEXT", pa.string()), ["ü東🙂", None], ["ü東🙂", None]),
        (
            field("DAY", "DATE", pa.date32()),
            [date(2024, 2, 29), None],
            [date(2024, 2, 29), None],
        ),
        (field("TRUTH", "BOOLEAN", pa.bool_()), [True, None], [True, None]),
        (field("BYTES", "BINARY", pa.binary()), [b"\0", None], [b"\0", None]),
        (
            field("STAMP", "TIMESTAMP_NTZ", stamp, scale=9),
            [{"epoch": 1704067200, "fraction": 500_000_000}, None],
            [datetime(2024, 1, 1, 0, 0, 0, 500_000), None],
        ),
        (
            field("FAR", "TIMESTAMP_NTZ", stamp, scale=9),
            [{"epoch": 253402214400, "fraction": 0}, None],
            [datetime(9999, 12, 31), None],
        ),
        (
            field("ZONED", "TIMESTAMP_TZ", zoned, scale=9),
            [{"epoch": 1704067200, "fraction": 0, "timezone": 1500}, None],
            [datetime(2024, 1, 1, tzinfo=UTC), None],
        ),
        (
            field("LOCAL", "TIMESTAMP_LTZ", stamp, scale=9),
            [{"epoch": 1704067200, "fraction": 0}, None],
            [datetime(2024, 1, 1, tzinfo=UTC), None],
        ),
        (
            field("JSON", "VARIANT", pa.string()),
            ['{"a": 1}', None],
            ['{"a": 1}', None],
        ),
    ]
    schema = pa.schema([column for column, _, _ in columns])
    batch = pa.RecordBatch.from_arrays(
        [pa.array(sent, column.type) for column, sent, _ in columns],
        schema=schema,
    )
    put(folder, "t", [batch, batch])
    stored = store(opened(server), folder)
    assert stored.num_rows == 4
    for column, _, want in columns:
        found = stored.column(column.name).to_pylist()[2:]
        assert found == want, column.name


def test_five_hundred_columns_are_stored(folder: Path, server: str) -> None:
    schema = pa.schema(
        [field(f"C{i}", "FIXED", pa.int16(), scale=1) for i in range(500)]
    )
    batch = pa.RecordBatch.from_arrays(
        [pa.array([i, None, -i], pa.int16()) for i in range(500)],
        schema=schema,
    )
    put(folder, "t", [batch] * 3)
    stored = store(opened(server), folder)
    assert (stored.num_rows, stored.num_columns) == (9, 500)
    assert stored.column("C499").to_pylist()[:3] == [49.9, None, -49.9]


def store(warehouse: SnowflakeWarehouse, folder: Path) -> pa.Table:
    """The rows as a dataset holds them."""
    from contextlib import contextmanager

    from mmmflow.data import parquet

    path = folder / "stored.parquet"

    @contextmanager
    def sink() -> Iterator[Any]:
        with path.open("wb") as file:
            yield file

    id = warehouse.submit(QUERY)
    assert warehouse.wait(id, QUERY, 10).state == "done"
    parquet.write(lambda: warehouse.fetch(id, QUERY), sink)
    return pq.read_table(path)
