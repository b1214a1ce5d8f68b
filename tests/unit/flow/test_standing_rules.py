"""New data starts a standing experiment, unless its rules say not yet."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from mmmflow.domain import standing

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
STANDING = {
    "id": "s",
    "country": "DE",
    "experiment": {"adstock": "geometric"},
    "sweep": None,
    "confirm": False,
    "minimum_interval_hours": 24,
    "new_rows_threshold": 4,
    "last_started": None,
}
STARTED = standing.considered(STANDING, "d2", 100, NOW, None)


def why_not(
    *, id: str = "d3", rows: int = 104, hours: float = 24, **changed: Any
) -> str | None:
    later = NOW + timedelta(hours=hours)
    return standing.why_not({**STARTED, **changed}, id, rows, later)


def test_the_first_data_starts_it() -> None:
    assert standing.why_not(STANDING, "d1", 1, NOW) is None


def test_enough_rows_after_enough_time_start_it_again() -> None:
    assert why_not() is None


def test_the_interval_is_since_it_was_last_started() -> None:
    why = why_not(hours=23.9)
    assert why is not None
    assert "at least 24 hours must lie between" in why


def test_too_few_new_rows_do_not_start_it() -> None:
    assert why_not(rows=103) == (
        "3 new rows since it was last started; it wants 4"
    )


def test_without_a_threshold_any_new_data_starts_it() -> None:
    assert why_not(rows=99, new_rows_threshold=0) is None


@pytest.mark.parametrize("id", ["d1", "d2"])
def test_data_that_is_no_newer_does_not_start_it(id: str) -> None:
    why = why_not(id=id)
    assert why is not None
    assert "it was started for newer data, d2" in why


def test_why_it_did_not_start_is_kept_beside_when_it_did() -> None:
    data = standing.considered(STARTED, "d3", 101, NOW, "too few")
    assert data["last_started"] == STARTED["last_started"]
    assert data["last_considered"] == {
        "dataset_id": "d3",
        "at": NOW.isoformat(),
        "started": False,
        "why": "too few",
    }


def test_it_asks_for_its_template_with_the_new_data() -> None:
    body = standing.asked_for(STANDING, "d3", "v1")
    assert body["experiment"] == {
        "adstock": "geometric",
        "country": "DE",
        "dataset_id": "d3",
        "mapping_version": "v1",
        "labels": {"standing": "s"},
    }
    assert "sweep" not in body
