"""The Robyn engine with real Robyn: skipped, with the reason, without it."""

from functools import cache

import pytest
from mmmflow_robyn.presence import missing

_reason = cache(missing)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs Robyn; not even CI has it."""
    for item in items:
        if item.get_closest_marker("robyn") and _reason() is not None:
            skip = pytest.mark.skip(reason=f"no Robyn here: {_reason()}")
            item.add_marker(skip)
