"""What a run costs by estimate, and how much of it a queue may start a day."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from mmmflow.domain import costs, request, spending
from mmmflow.domain.spending import Spent

NOW = datetime(2026, 11, 20, 23, 59, tzinfo=UTC)
LATER = NOW + timedelta(minutes=2)
TODAY = spending.day_of(NOW)
SLOT: dict[str, Any] = {"queue": "q", "index": 0, "holder": None}


def asked(**fields: Any) -> dict[str, Any]:
    return request.complete({"country": "DE", **fields})


def test_a_run_costs_its_seconds_by_the_stated_table() -> None:
    # 60 s + 2000 × 5 × 0.001 s; 2 vCPU at 18 and 4 GiB at 2 millionths.
    assert costs.estimate(asked()) == pytest.approx(70 * 44e-6)


def test_more_models_cost_more() -> None:
    assert costs.estimate(asked(trials=10)) > costs.estimate(asked(trials=5))


def test_the_time_limit_bounds_the_cost() -> None:
    limited = asked(time_limit_seconds=30)
    assert costs.estimate(limited) == pytest.approx(30 * 44e-6)


def test_every_engine_has_its_line() -> None:
    request_of = {**asked(), "engine": "robyn"}
    assert costs.estimate(request_of) > costs.estimate(asked())


def test_a_day_is_the_sum_of_its_slots() -> None:
    slots = [
        spending.charged(SLOT, 0.5, TODAY),
        spending.charged(spending.charged(SLOT, 0.5, TODAY), 0.25, TODAY),
        SLOT,
    ]
    assert spending.spent(slots, NOW) == Spent("2026-11-20", 3, 1.25)


def test_the_next_day_begins_at_nothing() -> None:
    slot = spending.charged(SLOT, 0.5, TODAY)
    assert spending.spent([slot], LATER) == Spent("2026-11-21", 0, 0.0)
    again = spending.charged(slot, 0.25, spending.day_of(LATER))
    assert spending.spent([again], LATER).cost == 0.25


def test_a_clock_that_is_behind_counts_into_the_day_that_has_begun() -> None:
    """Else the slot that has forgotten yesterday would be free again."""
    tomorrow = spending.day_of(LATER)
    slots = [
        spending.charged(SLOT, 0.5, TODAY),
        spending.charged(SLOT, 0.5, tomorrow),
    ]
    assert spending.spent(slots, NOW) == Spent(tomorrow, 1, 0.5)


def test_a_day_is_one_of_utc() -> None:
    tokyo = NOW.astimezone(timezone(timedelta(hours=9)))
    assert spending.day_of(tokyo) == "2026-11-20"
    assert spending.next_day(tokyo).isoformat() == "2026-11-21T00:00:00+00:00"


def test_what_never_started_is_given_back() -> None:
    slot = spending.charged(spending.charged(SLOT, 0.5, TODAY), 0.25, TODAY)
    refunded = spending.refunded(slot, 0.25, NOW)
    assert spending.spent([refunded], NOW) == Spent("2026-11-20", 1, 0.5)


def test_what_was_charged_yesterday_is_not_given_back_today() -> None:
    slot = spending.charged(SLOT, 0.5, TODAY)
    assert spending.refunded(slot, 0.5, LATER) == slot


def test_a_queue_without_caps_is_held_back_by_nothing() -> None:
    assert spending.held_back({}, Spent("d", 10**6, 10.0**6), 1.0) is None
    assert not spending.is_capped({"daily_runs": None, "daily_cost": None})


@pytest.mark.parametrize(("runs", "held"), [(2, False), (3, True), (4, True)])
def test_the_cap_of_runs_is_the_last_that_may_start(
    runs: int, *, held: bool
) -> None:
    why = spending.held_back({"daily_runs": 3}, Spent("d", runs, 0.0), 1.0)
    assert (why is not None) == held


@pytest.mark.parametrize(("cost", "held"), [(0.7, False), (0.71, True)])
def test_the_cap_of_cost_may_be_reached_and_not_passed(
    cost: float, *, held: bool
) -> None:
    today = Spent("d", 1, 0.1 + 0.2)
    why = spending.held_back({"daily_cost": 1.0}, today, cost)
    assert (why is not None) == held


def test_no_run_at_all_is_a_cap_too() -> None:
    why = spending.held_back({"daily_runs": 0}, Spent("d", 0, 0.0), 1.0)
    assert why == "0 of 0 runs a day are started"
