"""A home of its own for every test, and the embedded services in it."""

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
