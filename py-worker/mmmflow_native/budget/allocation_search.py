"""Where the allocator's optimum is: dynamic programming, then SLSQP.

Money is per period throughout, arrays are of the k paid channels.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from mmmflow_native.budget.knapsack import Split, combine, single
from mmmflow_native.budget.response import Responses
from mmmflow_native.model.problem import FloatArray

GRID = 1000  # steps of money; the optimum's region is found to one of them
TOLERANCE = 1e-8  # relative: how far a constraint may be off
SNAP = 1e-10  # of a channel's room: closer to a bound is at it
STEEPEST = 1e12  # stands for an infinite slope, which SLSQP can't take
SMALLEST = 1e-300  # keeps a division by nothing finite


@dataclass(frozen=True, eq=False)
class GroupLimit:
    """Members (k,) as a mask, and what they may spend together."""

    members: NDArray[np.bool_]
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Constraints:
    """Bounds per channel (k,) and limits of disjoint groups."""

    low: FloatArray
    high: FloatArray
    groups: tuple[GroupLimit, ...] = ()

    @property
    def lowest(self) -> float:
        """The least that can be spent in total."""
        raised = (
            max(g.low - float(self.low[g.members].sum()), 0.0)
            for g in self.groups
        )
        return float(self.low.sum()) + sum(raised)

    @property
    def highest(self) -> float:
        """The most that can be spent in total."""
        cut = (
            max(float(self.high[g.members].sum()) - g.high, 0.0)
            for g in self.groups
        )
        return float(self.high.sum()) - sum(cut)


@dataclass(frozen=True, eq=False)
class Frontier:
    """The best response for each total spend on a grid, and its split."""

    total: FloatArray  # (J + 1,)
    response: FloatArray  # (J + 1,), -inf where the total can't be met
    spend: FloatArray = field(repr=False)  # (J + 1, k)


def frontier(model: Responses, limits: Constraints, top: float) -> Frontier:
    """Best responses for totals from the sum of lower bounds to `top`."""
    start = float(limits.low.sum())
    step = max(top - start, 0.0) / GRID
    if step <= start * 1e-12:
        return Frontier(
            np.array([start]),
            np.array([model.response(limits.low).sum()]),
            limits.low[None, :],
        )
    parts = _parts(model, limits, step)
    whole = combine(parts)
    order = np.argsort(whole.members)
    steps = whole.steps[:, order]
    total = start + step * np.arange(GRID + 1, dtype=np.float64)
    spend = np.minimum(limits.low + step * steps, limits.high)
    return Frontier(total, whole.value, spend)


def _parts(model: Responses, limits: Constraints, step: float) -> list[Split]:
    """Every group combined within its limits, and every channel in none."""
    grid = step * np.arange(GRID + 1)
    value = model.response(limits.low + grid[:, None])
    room = np.floor((limits.high - limits.low) / step + 1e-9).astype(int)
    alone = [
        single(i, value[: most + 1, i], GRID) for i, most in enumerate(room)
    ]
    parts = []
    grouped = np.zeros(len(room), dtype=np.bool_)
    for group in limits.groups:
        members = np.flatnonzero(group.members)
        grouped |= group.members
        base = float(limits.low[members].sum())
        most = min((group.high - base) / step, float(GRID))
        high = max(int(np.floor(most + 1e-9)), 0)
        # A limit between two steps of the grid is SLSQP's to meet.
        least = min((group.low - base) / step, float(GRID))
        low = min(int(np.floor(least + 1e-9)), high, int(room[members].sum()))
        parts.append(combine([alone[i] for i in members]).within(low, high))
    return parts + [alone[i] for i in np.flatnonzero(~grouped)]


def best_for_budget(
    model: Responses, limits: Constraints, budget: float
) -> FloatArray:
    """Spend (k,) of the highest response with Σ spend = budget."""
    found = frontier(model, limits, budget)
    reached = int(np.flatnonzero(np.isfinite(found.response)).max())
    total = np.ones_like(limits.low) / max(budget, SMALLEST)
    conditions = [_Linear("eq", total, -1.0), *_group_conditions(limits)]
    spend, _ = _sharpen(model, limits, found.spend[reached], conditions)
    return spend


def best_for_efficiency(
    model: Responses,
    limits: Constraints,
    efficiency: float,
    ceiling: float,
) -> FloatArray | None:
    """Spend (k,) of the highest response at no less than `efficiency`.

    Efficiency is response / spend in total; Σ spend ≤ ceiling. The best
    response grows with the budget, so it is the largest budget whose best
    split is still efficient enough. None if there is no such split.
    """
    found = frontier(model, limits, ceiling)
    reachable = np.isfinite(found.response)
    enough = reachable & (found.response >= efficiency * found.total)
    if enough.any():
        begin = int(np.flatnonzero(enough).max())
    else:
        begin = int(np.argmax(found.response - efficiency * found.total))
    conditions = [
        _Efficient(model, efficiency, max(ceiling, SMALLEST)),
        _Linear("ineq", -np.ones_like(limits.low) / ceiling, 1.0),
        *_group_conditions(limits),
    ]
    spend, met = _sharpen(model, limits, found.spend[begin], conditions)
    return spend if met else None


def highest_efficiency(model: Responses, limits: Constraints) -> float:
    """The best response / spend in total that the bounds allow."""
    found = frontier(model, limits, limits.highest)
    spent = found.total > 0
    return float(np.max(found.response[spent] / found.total[spent]))


@dataclass(frozen=True, eq=False)
class _Linear:
    """weights · spend + offset, = 0 ("eq") or ≥ 0 ("ineq"); about 1 wide."""

    kind: Literal["eq", "ineq"]
    weights: FloatArray
    offset: float

    def value(self, spend: FloatArray) -> float:
        return float(self.weights @ spend) + self.offset

    def slope(self, _spend: FloatArray) -> FloatArray:
        return self.weights

    def met(self, spend: FloatArray) -> bool:
        value = self.value(spend)
        return (abs(value) if self.kind == "eq" else -value) <= TOLERANCE


@dataclass(frozen=True, eq=False)
class _Efficient:
    """(Σ response / efficiency - Σ spend) / ceiling ≥ 0."""

    model: Responses
    efficiency: float
    ceiling: float
    kind: Literal["ineq"] = "ineq"

    def value(self, spend: FloatArray) -> float:
        earned = float(self.model.response(spend).sum()) / self.efficiency
        return (earned - float(spend.sum())) / self.ceiling

    def slope(self, spend: FloatArray) -> FloatArray:
        return (_slope(self.model, spend) / self.efficiency - 1) / self.ceiling

    def met(self, spend: FloatArray) -> bool:
        return self.value(spend) >= -TOLERANCE


_Condition = _Linear | _Efficient


def _group_conditions(limits: Constraints) -> list[_Condition]:
    conditions: list[_Condition] = []
    for group in limits.groups:
        share = group.members.astype(np.float64)
        if group.low > 0:
            conditions.append(_Linear("ineq", share / group.low, -1.0))
        if np.isfinite(group.high):
            unit = max(group.high, SMALLEST)
            conditions.append(_Linear("ineq", -share / unit, 1.0))
    return conditions


def _slope(model: Responses, spend: FloatArray) -> FloatArray:
    return np.minimum(model.marginal(spend), STEEPEST)


def _snapped(z: FloatArray) -> FloatArray:
    """z with what only rounding keeps off a bound put on it."""
    low = np.where(z < SNAP, 0.0, z)
    return np.where(low > 1.0 - SNAP, 1.0, low)


def _sharpen(
    model: Responses,
    limits: Constraints,
    found: FloatArray,
    conditions: Sequence[_Condition],
) -> tuple[FloatArray, bool]:
    """The best of some local optima, and whether it meets the conditions.

    The grid's optimum is the start that matters; three more stand against
    its coarseness. SLSQP moves z in [0, 1] with spend = low + z·(high - low)
    for the channels that have room, so that all are of one scale.
    """
    free = limits.high > limits.low
    span = limits.high - limits.low
    unit = max(float(np.abs(model.response(limits.high)).sum()), SMALLEST)

    def spend_at(z: FloatArray) -> FloatArray:
        spend = limits.low.copy()
        spend[free] += np.clip(z, 0.0, 1.0) * span[free]
        return spend

    def loss(z: FloatArray) -> float:
        return -float(model.response(spend_at(z)).sum()) / unit

    def loss_slope(z: FloatArray) -> FloatArray:
        return -(_slope(model, spend_at(z)) * span)[free] / unit

    def value(z: FloatArray, condition: _Condition) -> float:
        return condition.value(spend_at(z))

    def slope(z: FloatArray, condition: _Condition) -> FloatArray:
        return (condition.slope(spend_at(z)) * span)[free]

    middle = (limits.low + limits.high) / 2
    now = np.clip(model.spend_now, limits.low, limits.high)
    outcomes = [found]
    for start in (found, now, limits.low, middle) if free.any() else ():
        result = minimize(
            loss,
            np.clip((start - limits.low)[free] / span[free], 0.0, 1.0),
            jac=loss_slope,
            bounds=[(0.0, 1.0)] * int(free.sum()),
            constraints=[
                {"type": c.kind, "fun": value, "jac": slope, "args": (c,)}
                for c in conditions
            ],
            method="SLSQP",
            options={"ftol": 1e-13, "maxiter": 300},
        )
        outcomes.append(spend_at(_snapped(result.x)))

    def worth(spend: FloatArray) -> tuple[bool, float]:
        met = all(condition.met(spend) for condition in conditions)
        return met, float(model.response(spend).sum())

    best = max(outcomes, key=worth)
    return best, worth(best)[0]
