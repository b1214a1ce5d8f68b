"""A home of its own for every test, and the services that tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from mmmflow.local.ports import open_ports
from mmmflow.ports import Ports


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def ports(home: Path) -> Ports:
    return open_ports(home)


@pytest.fixture(scope="session")
def firestore_host() -> Iterator[str]:
    """The `host:port` of the Firestore emulator."""
    from tests.emulators import firestore

    with firestore.emulated() as address:
        yield address


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
