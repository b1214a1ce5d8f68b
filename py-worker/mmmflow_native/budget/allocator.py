"""The budget allocator: how to split the money so that it brings in most.

Scenarios, as in Robyn's allocator.R:

- `max_response`: maximise Σ response_i(x_i) with Σ x_i = budget;
- `target_efficiency`: maximise it with Σ response / Σ x ≥ the target ROAS
  (or Σ x / Σ response ≤ the target CPA), the budget left open;

both with lower and upper bounds per channel. All money is per period inside;
budgets and group limits come and go for all periods together. Response is at
the mean carryover of the window, which a lasting change of spend would move.

Method: dynamic programming finds the region of the global optimum
(knapsack.py), SLSQP with analytic gradients sharpens it.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from mmmflow_native.budget.allocation import (
    Allocation,
    ChannelAllocation,
    DepVarType,
    FuturePeriod,
    Group,
    Scenario,
)
from mmmflow_native.budget.allocation_checks import (
    check_budget,
    check_limits,
    check_names,
)
from mmmflow_native.budget.allocation_search import (
    Constraints,
    GroupLimit,
    best_for_budget,
    best_for_efficiency,
    frontier,
    highest_efficiency,
)
from mmmflow_native.budget.response import Responses, responses
from mmmflow_native.errors import UserError
from mmmflow_native.model.fit import Fit
from mmmflow_native.model.problem import (
    BoolArray,
    FloatArray,
    Interval,
    Problem,
)

ROAS_KEPT = 0.8  # Robyn's default target: this share of the ROAS now
CPA_RAISED = 1.2  # and this multiple of the CPA now
ROUNDING = 1e-9  # relative: what arithmetic may be off


def allocate(
    problem: Problem,
    fit: Fit,
    *,
    scenario: Scenario,
    total_budget: float | None,
    bounds: Mapping[str, tuple[float, float]],
    dep_var_type: DepVarType = "revenue",
    target_value: float | None = None,
    periods: int | FuturePeriod | None = None,
    locked: Sequence[str] = (),
    groups: Sequence[Group] = (),
) -> Allocation:
    """Propose what to spend per channel and period.

    `bounds` are multiples of a channel's mean spend, "default" holding for
    those not named. `total_budget` is for all periods (default: those of the
    window); None keeps the level of spend. Under `target_efficiency` it is a
    ceiling, and None means none. `locked` channels keep their spend. A
    channel without effect (coefficient ≤ 0) gets money only where no other
    may take it, whatever its lower bound, as in Robyn; unless it is locked.

    Raises:
        UserError: names that don't exist, limits that can't be met.
    """
    model = responses(problem, fit)
    count, period = _periods(problem, periods)
    check_names(model.channels, bounds, locked, groups)
    idle = (model.coefficient <= 0) & ~np.isin(model.channels, locked)
    limits = _limits(
        model,
        bounds=bounds,
        locked=locked,
        idle=idle,
        groups=groups,
        count=count,
    )
    check_limits(limits, model.channels, groups, count)
    target = None
    if scenario == "max_response":
        wanted = (
            float(model.spend_now.sum())
            if total_budget is None
            else total_budget / count
        )
        check_budget(wanted, limits, count, asked=total_budget is not None)
        spend = best_for_budget(
            model, limits, float(np.clip(wanted, limits.lowest, limits.highest))
        )
    else:
        target = _target(model, dep_var_type, target_value)
        ceiling = limits.highest
        if total_budget is not None:
            ceiling = min(ceiling, total_budget / count)
            check_budget(ceiling, limits, count, asked=True)
        spend = _at_target(model, limits, dep_var_type, target, ceiling)
    warnings = (
        *_idle_warnings(model, idle),
        *_reach_warnings(model, spend, problem.interval),
        *_target_warnings(limits, spend, target),
    )
    best = frontier(model, limits, limits.highest)
    reachable = np.isfinite(best.response)
    now = model.response(model.spend_now)
    return Allocation(
        scenario=scenario,
        dep_var_type=dep_var_type,
        interval=problem.interval,
        period=period,
        periods=count,
        target_value=target,
        total_budget=float(spend.sum()) * count,
        spend_now=float(model.spend_now.sum()) * count,
        response_now=float(now.sum()) * count,
        response_proposed=float(model.response(spend).sum()) * count,
        channels=_channels(problem, model, limits, spend, locked),
        frontier_spend=best.total[reachable] * count,
        frontier_response=best.response[reachable] * count,
        warnings=warnings,
    )


def _periods(
    problem: Problem, periods: int | FuturePeriod | None
) -> tuple[int, str]:
    """How many periods the money is for, and what they are called."""
    if periods is None:
        dates = problem.dates[problem.window]
        return problem.w, f"{dates[0]} to {dates[-1]}"
    if isinstance(periods, FuturePeriod):
        last = problem.dates[-1]
        if periods.start <= last or periods.end < periods.start:
            raise UserError(
                f"the period “{periods.name}” ({periods.start} to "
                f"{periods.end}) does not lie after the data, which end on "
                f"{last}",
                "name a start after that date, and an end after the start",
            )
        count = periods.count(problem.interval)
        return count, f"{periods.name}, {periods.start} to {periods.end}"
    if periods < 1:
        raise UserError(
            f"an allocation for {periods} periods",
            "give a number of periods of at least 1",
        )
    return periods, f"{periods} {problem.interval}s"


def _limits(
    model: Responses,
    *,
    bounds: Mapping[str, tuple[float, float]],
    locked: Sequence[str],
    idle: BoolArray,
    groups: Sequence[Group],
    count: int,
) -> Constraints:
    pairs = np.array([bounds.get(c, bounds["default"]) for c in model.channels])
    pairs[np.isin(model.channels, locked)] = 1.0
    pairs[idle, 0] = 0.0
    return Constraints(
        low=pairs[:, 0] * model.spend_now,
        high=pairs[:, 1] * model.spend_now,
        groups=tuple(
            GroupLimit(
                np.isin(model.channels, group.channels),
                group.low / count,
                group.high / count,
            )
            for group in groups
        ),
    )


def _target(
    model: Responses, dep_var_type: DepVarType, asked: float | None
) -> float:
    """The target ROAS or CPA."""
    if asked is not None:
        if asked <= 0:
            raise UserError(
                f"the target value is {asked:g}", "give one above 0"
            )
        return asked
    spend = float(model.spend_now.sum())
    response = float(model.response(model.spend_now).sum())
    if response <= 0:
        raise UserError(
            "no paid channel has an effect in this model, so there is no "
            "efficiency to aim at",
            "choose another model, or leave the allocation out",
        )
    if dep_var_type == "revenue":
        return ROAS_KEPT * response / spend
    return CPA_RAISED * spend / response


def _at_target(
    model: Responses,
    limits: Constraints,
    dep_var_type: DepVarType,
    target: float,
    ceiling: float,
) -> FloatArray:
    revenue = dep_var_type == "revenue"
    efficiency = target if revenue else 1 / target
    spend = best_for_efficiency(model, limits, efficiency, ceiling)
    if spend is None:
        best = highest_efficiency(model, limits)
        measure = "ROAS" if revenue else "CPA"
        raise UserError(
            f"a {measure} of {target:,.4g} can't be reached: within the "
            f"bounds the best is {best if revenue else 1 / best:,.4g}",
            "lower the lower bounds, or ask for less",
        )
    return spend


def _channels(
    problem: Problem,
    model: Responses,
    limits: Constraints,
    spend: FloatArray,
    locked: Sequence[str],
) -> tuple[ChannelAllocation, ...]:
    now = model.response(model.spend_now)
    proposed = model.response(spend)
    marginal_now = model.marginal(model.spend_now)
    marginal_proposed = model.marginal(spend)
    return tuple(
        ChannelAllocation(
            channel=channel,
            variable=problem.paid_names[i],
            spend_now=float(model.spend_now[i]),
            spend_proposed=float(spend[i]),
            spend_low=float(limits.low[i]),
            spend_high=float(limits.high[i]),
            spend_highest=float(model.spend_highest[i]),
            response_now=float(now[i]),
            response_proposed=float(proposed[i]),
            roas_now=_ratio(now[i], model.spend_now[i]),
            roas_proposed=_ratio(proposed[i], spend[i]),
            marginal_now=float(marginal_now[i]),
            marginal_proposed=float(marginal_proposed[i]),
            beyond_observed=bool(_beyond(model, spend)[i]),
            locked=channel in locked,
        )
        for i, channel in enumerate(model.channels)
    )


def _ratio(response: float, spend: float) -> float | None:
    return float(response / spend) if spend > 0 else None


def _beyond(model: Responses, spend: FloatArray) -> BoolArray:
    return np.asarray(spend > model.spend_highest * (1 + ROUNDING))


def _idle_warnings(model: Responses, idle: BoolArray) -> list[str]:
    return [
        f"{model.channels[i]} has no effect in this model: the proposal moves "
        "its money to other channels as far as their bounds allow. Lock the "
        "channel to keep its spend."
        for i in np.flatnonzero(idle & (model.spend_now > 0))
    ]


def _reach_warnings(
    model: Responses, spend: FloatArray, interval: Interval
) -> list[str]:
    return [
        f"{model.channels[i]}: the proposed {spend[i]:,.0f} a {interval} is "
        f"above the highest {interval} in the data "
        f"({model.spend_highest[i]:,.0f}); the response there is "
        "extrapolated, not observed."
        for i in np.flatnonzero(_beyond(model, spend))
    ]


def _target_warnings(
    limits: Constraints, spend: FloatArray, target: float | None
) -> list[str]:
    stopped = spend.sum() >= limits.highest * (1 - ROUNDING)
    if target is None or not stopped:
        return []
    return [
        "Every channel stands at its upper bound and the target is still "
        "met: the bounds, not the target, set this budget."
    ]
