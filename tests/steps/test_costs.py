"""The timer writes what each day cost, again while its bill changes."""

from dataclasses import replace
from pathlib import Path

import pytest
from mmmflow.domain.bills import CostLine
from mmmflow.local.ports import open_ports
from mmmflow.ports import Message, Ports
from mmmflow.steps.costs import costs

from tests.steps.world import SetClock

TIMER = Message("timer.costs", "1", {})


class Bill:
    """A bill on paper."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.found = [
            CostLine("2026-11-19", "Cloud Run", "Jobs CPU", "EUR", 1.5)
        ]

    def lines(self, since: str) -> list[CostLine]:
        self.asked.append(since)
        return self.found


@pytest.fixture
def bill() -> Bill:
    return Bill()


@pytest.fixture
def ports(tmp_path: Path, bill: Bill) -> Ports:
    return replace(open_ports(tmp_path), billing=bill, clock=SetClock())


def test_a_day_becomes_a_document(ports: Ports, bill: Bill) -> None:
    costs(TIMER, ports)
    document = ports.documents.get("costs", "2026-11-19")
    assert document is not None
    assert document.data["total"] == 1.5
    assert bill.asked == ["2026-11-10"]


def test_the_same_bill_writes_nothing_again(ports: Ports) -> None:
    costs(TIMER, ports)
    first = ports.documents.get("costs", "2026-11-19")
    costs(TIMER, ports)
    assert ports.documents.get("costs", "2026-11-19") == first


def test_a_line_that_comes_late_is_added(ports: Ports, bill: Bill) -> None:
    costs(TIMER, ports)
    bill.found.append(
        CostLine("2026-11-19", "Cloud Storage", "Storage", "EUR", 0.25)
    )
    costs(TIMER, ports)
    document = ports.documents.get("costs", "2026-11-19")
    assert document is not None
    assert document.data["total"] == 1.75
