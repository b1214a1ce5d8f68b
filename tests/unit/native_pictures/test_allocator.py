"""The allocator: what it keeps to, what it warns of, what it refuses."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import pytest
from mmmflow_native.budget.allocation import Allocation, FuturePeriod, Group
from mmmflow_native.budget.allocator import allocate
from mmmflow_native.errors import UserError
from mmmflow_native.model.fit import Fit
from mmmflow_native.model.problem import Interval, Problem

BOUNDS = {"default": (0.5, 2.0)}


class Model(Protocol):
    """What the `model` fixture holds."""

    @property
    def problem(self) -> Problem: ...
    @property
    def fit(self) -> Fit: ...


def proposed(model: Model, **changes: Any) -> Allocation:
    settings: dict[str, Any] = {
        "scenario": "max_response",
        "total_budget": None,
        "bounds": BOUNDS,
        **changes,
    }
    return allocate(model.problem, model.fit, **settings)


def spend_of(proposal: Allocation) -> dict[str, float]:
    return {c.channel: c.spend_proposed for c in proposal.channels}


def test_without_a_budget_the_same_money_is_spent(model: Model) -> None:
    proposal = proposed(model)
    spent = model.problem.spend[model.problem.window].sum()
    assert proposal.spend_now == pytest.approx(spent)
    assert proposal.total_budget == pytest.approx(spent)


def test_the_proposal_brings_no_less_than_today(model: Model) -> None:
    proposal = proposed(model)
    assert proposal.response_proposed >= proposal.response_now


def test_a_budget_is_for_all_periods_together(model: Model) -> None:
    now = proposed(model)
    planned = proposed(model, total_budget=now.spend_now / 10, periods=10)
    weekly = sum(c.spend_proposed for c in planned.channels)
    assert 10 * weekly == pytest.approx(now.spend_now / 10)


def test_bounds_of_a_channel_are_multiples_of_its_mean_spend(
    model: Model,
) -> None:
    bounds = {"default": (0.5, 2.0), "CHANNEL_0": (1.1, 1.2)}
    channel = proposed(model, bounds=bounds).channels[0]
    ratio = channel.spend_proposed / channel.spend_now
    assert 1.1 - 1e-9 <= ratio <= 1.2 + 1e-9


def test_a_locked_channel_keeps_its_spend(model: Model) -> None:
    channel = proposed(model, locked=("CHANNEL_1",)).channels[1]
    assert channel.locked
    assert channel.spend_proposed == pytest.approx(channel.spend_now)


def test_with_every_channel_locked_nothing_changes(model: Model) -> None:
    names = ("CHANNEL_0", "CHANNEL_1", "CHANNEL_2")
    proposal = proposed(model, locked=names)
    assert proposal.response_proposed == pytest.approx(proposal.response_now)


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.8), (1.15, 9.0)])
def test_a_group_keeps_within_its_limits(
    model: Model, low: float, high: float
) -> None:
    free = proposed(model)
    members = ("CHANNEL_0", "CHANNEL_1")
    money = free.periods * sum(
        c.spend_now for c in free.channels if c.channel in members
    )
    group = Group("online", members, low * money, high * money)
    spend = spend_of(proposed(model, groups=(group,)))
    together = free.periods * sum(spend[name] for name in members)
    assert low * money * (1 - 1e-7) <= together <= high * money * (1 + 1e-7)


def test_interior_channels_have_the_same_marginal_response(
    model: Model,
) -> None:
    proposal = proposed(model, bounds={"default": (0.05, 8.0)})
    inside = [
        c.marginal_proposed
        for c in proposal.channels
        if c.spend_low * 1.01 < c.spend_proposed < c.spend_high * 0.99
    ]
    assert len(inside) >= 2
    assert inside == pytest.approx([inside[0]] * len(inside), rel=1e-4)


def test_the_default_target_is_four_fifths_of_todays_roas(
    model: Model,
) -> None:
    proposal = proposed(model, scenario="target_efficiency")
    roas = proposal.response_now / proposal.spend_now
    assert proposal.target_value == pytest.approx(0.8 * roas)


def test_a_target_of_roas_is_met(model: Model) -> None:
    wide = {"default": (0.1, 10.0)}
    proposal = proposed(model, scenario="target_efficiency", bounds=wide)
    reached = proposal.response_proposed / proposal.total_budget
    assert reached == pytest.approx(proposal.target_value, rel=1e-6)


def test_a_target_of_cpa_is_met_for_conversions(model: Model) -> None:
    proposal = proposed(
        model,
        scenario="target_efficiency",
        bounds={"default": (0.1, 10.0)},
        dep_var_type="conversion",
    )
    now = proposal.spend_now / proposal.response_now
    assert proposal.target_value == pytest.approx(1.2 * now)
    reached = proposal.total_budget / proposal.response_proposed
    assert reached == pytest.approx(proposal.target_value, rel=1e-6)


def test_a_budget_is_a_ceiling_when_aiming_at_efficiency(
    model: Model,
) -> None:
    ceiling = proposed(model).spend_now * 1.1
    proposal = proposed(
        model,
        scenario="target_efficiency",
        bounds={"default": (0.1, 10.0)},
        total_budget=ceiling,
    )
    assert proposal.total_budget <= ceiling * (1 + 1e-7)


def test_a_channel_without_effect_gives_its_money_away_with_a_warning(
    make_model: Callable[..., Model],
) -> None:
    made = make_model(channels=4, idle=(2,))
    made.fit.coefficients[made.problem.paid[2]] = 0.0
    proposal = proposed(made)
    assert proposal.channels[2].spend_proposed == 0
    assert "CHANNEL_2 has no effect" in proposal.warnings[0]


def test_a_locked_channel_without_effect_keeps_its_money(
    make_model: Callable[..., Model],
) -> None:
    made = make_model(channels=4, idle=(2,))
    made.fit.coefficients[made.problem.paid[2]] = 0.0
    channel = proposed(made, locked=("CHANNEL_2",)).channels[2]
    assert channel.spend_proposed == pytest.approx(channel.spend_now)


def test_money_that_no_other_may_take_stays_with_a_channel_without_effect(
    make_model: Callable[..., Model],
) -> None:
    made = make_model(channels=2)
    made.fit.coefficients[made.problem.paid[1]] = 0.0
    bounds = {"default": (0.0, 1.1)}
    proposal = proposed(made, bounds=bounds)
    assert proposal.total_budget == pytest.approx(proposal.spend_now)
    assert proposal.channels[1].spend_proposed > 0


def test_a_proposal_beyond_any_spend_observed_is_marked_and_warned_of(
    model: Model,
) -> None:
    proposal = proposed(
        model,
        bounds={"default": (0.0, 30.0)},
        total_budget=proposed(model).spend_now * 25,
    )
    marked = [c.channel for c in proposal.channels if c.beyond_observed]
    assert marked
    assert all(
        any(text.startswith(name) for text in proposal.warnings)
        for name in marked
    )


def test_bounds_that_end_before_the_target_does_are_said_to(
    model: Model,
) -> None:
    proposal = proposed(
        model,
        scenario="target_efficiency",
        bounds={"default": (0.9, 1.05)},
    )
    assert "the bounds, not the target" in proposal.warnings[-1]


def test_the_frontier_is_never_below_the_proposal(model: Model) -> None:
    proposal = proposed(model)
    best = np.interp(
        proposal.total_budget,
        proposal.frontier_spend,
        proposal.frontier_response,
    )
    assert best == pytest.approx(proposal.response_proposed, rel=1e-3)


def test_one_channel_takes_the_whole_budget(
    make_model: Callable[..., Model],
) -> None:
    proposal = proposed(make_model(channels=1))
    channel = proposal.channels[0]
    assert channel.spend_proposed == pytest.approx(channel.spend_now)


def test_the_same_question_has_the_same_answer(model: Model) -> None:
    assert spend_of(proposed(model)) == spend_of(proposed(model))


def test_a_future_period_is_counted_in_weeks(model: Model) -> None:
    spring = FuturePeriod(
        "spring", np.datetime64("2025-03-03"), np.datetime64("2025-05-25")
    )
    proposal = proposed(model, periods=spring)
    assert proposal.periods == 12
    assert proposal.period.startswith("spring")


@pytest.mark.parametrize(
    ("interval", "count"), [("day", 59), ("week", 9), ("month", 2)]
)
def test_a_period_is_counted_in_the_units_of_the_data(
    interval: Interval, count: int
) -> None:
    winter = FuturePeriod(
        "winter", np.datetime64("2025-01-01"), np.datetime64("2025-02-28")
    )
    assert winter.count(interval) == count


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"total_budget": 1.0}, "below the sum of the lower bounds"),
        ({"total_budget": 1e12}, "above the sum of the upper bounds"),
        ({"bounds": {"default": (0.1, 0.9)}}, "what was spent, .* is above"),
        ({"bounds": {"default": (2.0, 1.0)}}, "bounds of default are 2 to 1"),
        ({"bounds": {**BOUNDS, "tvv": (1, 1)}}, "bounds name tvv"),
        ({"locked": ("radio",)}, "locked channels name radio"),
        ({"groups": (Group("g", ("radio",)),)}, "groups name radio"),
        (
            {"groups": (Group("g", ("CHANNEL_0",), 0.0, 1.0),)},
            "group g is limited to 0 to 1",
        ),
        (
            {
                "groups": (
                    Group("g", ("CHANNEL_0",)),
                    Group("h", ("CHANNEL_0",)),
                )
            },
            "CHANNEL_0 is in more than one",
        ),
        ({"periods": 0}, "an allocation for 0 periods"),
        (
            {
                "periods": FuturePeriod(
                    "past",
                    np.datetime64("2022-01-03"),
                    np.datetime64("2022-02-03"),
                )
            },
            "does not lie after the data",
        ),
        (
            {"scenario": "target_efficiency", "target_value": 1e9},
            "a ROAS of .* can't be reached",
        ),
        (
            {"scenario": "target_efficiency", "target_value": -1.0},
            "target value is -1",
        ),
    ],
)
def test_what_cannot_be_met_is_refused_with_the_reason(
    model: Model, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        proposed(model, **changes)


def test_no_effect_at_all_is_no_efficiency_to_aim_at(
    make_model: Callable[..., Model],
) -> None:
    made = make_model(channels=2)
    made.fit.coefficients[made.problem.paid] = 0.0
    with pytest.raises(UserError, match="no paid channel has an effect"):
        proposed(made, scenario="target_efficiency")
