"""Every implementation of the ports, held to the same cases.

A further implementation is one more entry of `WORLDS`: its ports, and what
the tests themselves ask of the world around them.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from mmmflow.local import messages
from mmmflow.local.jobs import SubprocessJobs
from mmmflow.local.messages import Delivery, SqliteMessages
from mmmflow.local.ports import open_ports
from mmmflow.ports import Bucket, Documents, Jobs, Ports, Warehouse


@dataclass
class World:
    """The ports, and the subscriber's side of the messages."""

    ports: Ports
    home: Path
    pull: Callable[[], list[Delivery]]
    acknowledge: Callable[[Delivery], None]
    refuse: Callable[[Delivery], None]
    pass_time: Callable[[float], None]


def _embedded(home: Path, patch: pytest.MonkeyPatch) -> Iterator[World]:
    ports = open_ports(home)
    bus = ports.messages
    assert isinstance(bus, SqliteMessages)
    assert isinstance(ports.jobs, SubprocessJobs)
    passed = 0.0

    def pass_time(seconds: float) -> None:
        nonlocal passed
        passed += seconds

    clock = SimpleNamespace(time=lambda: time.time() + passed)
    patch.setattr(messages, "time", clock)
    yield World(
        ports,
        home,
        lambda: bus.lease(100),
        bus.acknowledge,
        bus.refuse,
        pass_time,
    )
    ports.jobs.stop()


WORLDS = {"embedded": _embedded}


@pytest.fixture(params=WORLDS)
def world(
    request: pytest.FixtureRequest,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[World]:
    yield from WORLDS[request.param](home, monkeypatch)


@pytest.fixture
def documents(world: World) -> Documents:
    return world.ports.documents


@pytest.fixture
def bucket(world: World) -> Bucket:
    return world.ports.data


@pytest.fixture
def jobs(world: World) -> Jobs:
    return world.ports.jobs


@pytest.fixture
def warehouse(world: World) -> Warehouse:
    return world.ports.warehouse
