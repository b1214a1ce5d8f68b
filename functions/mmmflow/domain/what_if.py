"""Another budget with a finished model: answered from its file alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from mmmflow.domain import allocator, budget_question, response
from mmmflow.domain.allocator import Limits
from mmmflow.domain.budget_question import Question
from mmmflow.domain.errors import InvalidInputError, NotAllowedError
from mmmflow.domain.response import Curve

Data = dict[str, Any]

_ROAS_KEPT = 0.8  # Robyn's default target: this share of the ROAS now
_CPA_RAISED = 1.2  # and this multiple of the CPA now
_ROUNDING = 1e-9  # relative: what arithmetic may be off
_POINTS = 60  # of the frontier that is shown


def answer(model: Mapping[str, Any], asked: Mapping[str, Any]) -> Data:
    """The proposal for `asked`, a valid what_if.json.

    Money and goal are per period in `channels`, and for all periods
    together elsewhere.

    Raises:
        NotAllowedError: the model's file holds no response curves.
        InvalidInputError: names that don't exist, limits that can't be met.
    """
    if not model.get("responses"):
        raise NotAllowedError.of(
            "model_id",
            "the model's file holds no response curves: it is from before",
            "clone the experiment, which trains it again",
        )
    curves = [response.read(row) for row in model["responses"]]
    usual = model["allocation"]
    question = budget_question.read(usual, asked)
    budget_question.require_known(question, curves)
    periods = budget_question.periods(model["problem"], question.period)
    limits = _limits(curves, question)
    target = _target(model, curves, question)
    spend = _spend(
        model, curves, limits, asked=question, target=target, periods=periods
    )
    return {
        "model_id": model["model_id"],
        "scenario": question.scenario,
        "target_value": target,
        "total_budget": sum(spend) * periods,
        "interval": model["problem"]["interval"],
        "period": question.period,
        "periods": periods,
        "spend_now": sum(c.spend_now for c in curves) * periods,
        "response_now": _now(curves) * periods,
        "response_proposed": allocator.response(curves, spend) * periods,
        "channels": [
            _channel(*row, question.locked)
            for row in zip(curves, spend, limits.low, limits.high, strict=True)
        ],
        "frontier": _frontier(curves, limits, periods),
        "warnings": _warnings(curves, spend, question, usual),
    }


def _limits(curves: Sequence[Curve], asked: Question) -> Limits:
    """A channel without effect may be left without money, unless locked."""
    pairs = []
    for curve in curves:
        low, high = asked.bounds.get(curve.channel, asked.bounds["default"])
        if curve.channel in asked.locked:
            low = high = 1.0
        elif curve.coefficient <= 0:
            low = 0.0
        pairs.append((low * curve.spend_now, high * curve.spend_now))
    return Limits(*(tuple(side) for side in zip(*pairs, strict=True)))


def _now(curves: Sequence[Curve]) -> float:
    return allocator.response(curves, [c.spend_now for c in curves])


def _target(
    model: Mapping[str, Any], curves: Sequence[Curve], asked: Question
) -> float | None:
    """The ROAS or CPA to hold; None where the budget is given."""
    if asked.scenario == "max_response":
        return None
    if asked.target_value is not None:
        return asked.target_value
    spend, earned = sum(c.spend_now for c in curves), _now(curves)
    if earned <= 0 or spend <= 0:
        raise InvalidInputError.of(
            "scenario",
            "no paid channel has an effect in this model: there is no"
            " efficiency to aim at",
            "choose another model, or max_response",
        )
    if model["dep_var_type"] == "revenue":
        return _ROAS_KEPT * earned / spend
    return _CPA_RAISED * spend / earned


def _spend(
    model: Mapping[str, Any],
    curves: Sequence[Curve],
    limits: Limits,
    *,
    asked: Question,
    target: float | None,
    periods: int,
) -> list[float]:
    now = sum(curve.spend_now for curve in curves)
    budget = asked.total_budget
    wanted = now if budget is None else budget / periods
    if target is None:
        _require_room(wanted, limits, periods, above=True)
        held = min(max(wanted, limits.lowest), limits.highest)
        return allocator.best_for_budget(curves, limits, held)
    ceiling = limits.highest
    if budget is not None:
        _require_room(wanted, limits, periods, above=False)
        ceiling = min(ceiling, wanted)
    revenue = model["dep_var_type"] == "revenue"
    efficiency = target if revenue else 1 / target
    spend = allocator.best_for_efficiency(curves, limits, efficiency, ceiling)
    if spend is None:
        best = allocator.highest_efficiency(curves, limits)
        measure = "ROAS" if revenue else "CPA"
        reached = best if revenue else 1 / best
        raise InvalidInputError.of(
            "target_value",
            f"a {measure} of {target:,.4g} can't be reached: within the bounds"
            f" the best is {reached:,.4g}",
            "lower the lower bounds, or ask for less",
        )
    return spend


def _require_room(
    wanted: float, limits: Limits, periods: int, *, above: bool
) -> None:
    """The bounds must be able to place the budget (per period)."""
    total, lowest = wanted * periods, limits.lowest * periods
    highest = limits.highest * periods
    if total < lowest * (1 - _ROUNDING):
        raise InvalidInputError.of(
            "total_budget",
            f"{total:,.0f} is below the sum of the lower bounds,"
            f" {lowest:,.0f} ({periods} periods)",
            "give a budget above that, or lower bounds",
        )
    if above and total > highest * (1 + _ROUNDING):
        raise InvalidInputError.of(
            "total_budget",
            f"{total:,.0f} is above the sum of the upper bounds,"
            f" {highest:,.0f} ({periods} periods)",
            "give a budget below that, or higher bounds",
        )


def _channel(
    curve: Curve, spend: float, low: float, high: float, locked: Sequence[str]
) -> Data:
    now, proposed = curve.response(curve.spend_now), curve.response(spend)
    return {
        "channel": curve.channel,
        "spend_now": curve.spend_now,
        "spend_proposed": spend,
        "spend_low": low,
        "spend_high": high,
        "response_now": now,
        "response_proposed": proposed,
        "roas_now": now / curve.spend_now if curve.spend_now > 0 else None,
        "roas_proposed": proposed / spend if spend > 0 else None,
        "beyond_observed": _beyond(curve, spend),
        "locked": curve.channel in locked,
    }


def _beyond(curve: Curve, spend: float) -> bool:
    return spend > curve.spend_highest * (1 + _ROUNDING)


def _frontier(
    curves: Sequence[Curve], limits: Limits, periods: int
) -> list[Data]:
    """The best response for every total spend within the bounds."""
    found = allocator.frontier(curves, limits, limits.highest)
    every = max(1, len(found.totals) // _POINTS)
    return [
        {"spend": total * periods, "response": earned * periods}
        for total, earned in list(
            zip(found.totals, found.responses, strict=True)
        )[::every]
    ]


def _warnings(
    curves: Sequence[Curve],
    spend: Sequence[float],
    asked: Question,
    usual: Mapping[str, Any],
) -> list[str]:
    found = [
        f"{curve.channel} has no effect in this model: its money goes to other"
        " channels as far as their bounds allow. Lock it to keep its spend."
        for curve in curves
        if curve.coefficient <= 0
        and curve.spend_now > 0
        and curve.channel not in asked.locked
    ]
    found += [
        f"{curve.channel}: the proposed {x:,.0f} is above the highest of any"
        f" period in the data ({curve.spend_highest:,.0f}); the response there"
        " is extrapolated, not observed."
        for curve, x in zip(curves, spend, strict=True)
        if _beyond(curve, x)
    ]
    if usual.get("groups"):
        found.append(
            "The run's own proposal kept groups of channels within limits;"
            " this one does not."
        )
    return found
