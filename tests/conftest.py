"""A home of its own for every test, and the services that tests share."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import settings
from mmmflow.local.documents import SqliteDocuments
from mmmflow.local.ports import open_ports
from mmmflow.ports import Document, Order, Ports, Where

from tests import firestore_indexes

# No test is timed: how long an example takes is the machine's affair.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def ports(home: Path) -> Ports:
    return open_ports(home)


@pytest.fixture(scope="session", autouse=True)
def _declared_indexes() -> Iterator[None]:
    """No test passes that makes a query which Firestore has no index for."""
    query, count = SqliteDocuments.query, SqliteDocuments.count

    def indexed_query(
        self: SqliteDocuments,
        collection: str,
        where: Sequence[Where] = (),
        order_by: Sequence[Order] = (),
        limit: int | None = None,
    ) -> list[Document]:
        firestore_indexes.require(collection, where, order_by)
        return query(self, collection, where, order_by, limit)

    def indexed_count(
        self: SqliteDocuments, collection: str, where: Sequence[Where] = ()
    ) -> int:
        firestore_indexes.require(collection, where)
        return count(self, collection, where)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqliteDocuments, "query", indexed_query)
        patch.setattr(SqliteDocuments, "count", indexed_count)
        yield


@pytest.fixture(scope="session")
def firestore_host() -> Iterator[str]:
    """The `host:port` of the Firestore emulator."""
    from tests.emulators import firestore

    with firestore.emulated() as address:
        yield address


@pytest.fixture(scope="session")
def pubsub_host() -> Iterator[str]:
    """The `host:port` of the Pub/Sub emulator."""
    from tests.emulators import pubsub

    with pubsub.emulated() as address:
        yield address


@pytest.fixture(scope="session")
def storage_url() -> Iterator[str]:
    """The URL of a Cloud Storage that tells nobody of its objects."""
    from tests.emulators import storage

    with storage.emulated() as url:
        yield url


@pytest.fixture(scope="session")
def announcing_storage_url(pubsub_host: str) -> Iterator[str]:
    """The URL of a Cloud Storage that tells Pub/Sub of its objects."""
    from tests.emulators import storage

    with storage.emulated(pubsub_host) as url:
        yield url


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter,
) -> None:
    """Say how many cases of the contract ran on each implementation."""
    ran: dict[str, int] = {}
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, ()):
            if report.nodeid.startswith("tests/contract/"):
                for name in ("embedded", "cloud"):
                    if name in report.nodeid.partition("[")[2]:
                        ran[name] = ran.get(name, 0) + 1
    if ran:
        cases = ", ".join(f"{count} on {name}" for name, count in ran.items())
        terminalreporter.write_line(f"contract cases that ran: {cases}")


@pytest.fixture(scope="session")
def fakesnow_host() -> Iterator[str]:
    """The `host:port` of a Snowflake that runs SQL."""
    from tests.emulators import snowflake

    with snowflake.fakesnow() as address:
        yield address
