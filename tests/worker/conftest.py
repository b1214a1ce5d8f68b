"""The world in which an attempt is queued."""

from pathlib import Path

import pytest

from tests.steps.world import World


@pytest.fixture
def world(home: Path) -> World:
    return World(home)
