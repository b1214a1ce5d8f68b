"""The best split of a budget over channels with S-shaped responses.

The total is a sum of functions of one channel each, so that dynamic
programming over a grid of money finds the region of the global optimum for
every budget at once (Bellman 1957, "Dynamic Programming", chapter 1):

    F_i(b) = max over e of F_{i-1}(b - e) + f_i(e)

From there money is moved between pairs of channels, in ever smaller amounts,
as long as that brings in more. All money is per period.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mmmflow.domain.response import Curve

STEPS = 300
_HALVINGS = 20
_BISECTIONS = 30
_NOTHING = float("-inf")

Spend = list[float]


@dataclass(frozen=True)
class Limits:
    """What each channel may spend, in the order of the curves."""

    low: tuple[float, ...]
    high: tuple[float, ...]

    @property
    def lowest(self) -> float:
        return sum(self.low)

    @property
    def highest(self) -> float:
        return sum(self.high)


@dataclass(frozen=True)
class Frontier:
    """The best response for each total spend on a grid, and its split."""

    totals: tuple[float, ...]
    responses: tuple[float, ...]
    splits: tuple[tuple[int, ...], ...]  # steps of each channel
    step: float

    def spend(self, index: int, limits: Limits) -> Spend:
        """The split of the `index`-th total."""
        return [
            min(low + steps * self.step, high)
            for low, high, steps in zip(
                limits.low, limits.high, self.splits[index], strict=True
            )
        ]


def response(curves: Sequence[Curve], spend: Sequence[float]) -> float:
    """Of all channels together, per period."""
    return sum(c.response(x) for c, x in zip(curves, spend, strict=True))


def frontier(curves: Sequence[Curve], limits: Limits, top: float) -> Frontier:
    """Best responses for totals from the sum of lower bounds to `top`."""
    start = limits.lowest
    step = max(top - start, 0.0) / STEPS
    if step <= start * 1e-12:
        least = response(curves, limits.low)
        none = (0,) * len(curves)
        return Frontier((start,), (least,), (none,), 0.0)
    best = [0.0] + [_NOTHING] * STEPS
    choices: list[list[int]] = []
    for curve, low, high in zip(curves, limits.low, limits.high, strict=True):
        room = min(int((high - low) / step + 1e-9), STEPS)
        worth = [curve.response(low + step * e) for e in range(room + 1)]
        best, choice = _with(best, worth)
        choices.append(choice)
    reached = [b for b, value in enumerate(best) if value > _NOTHING]
    return Frontier(
        totals=tuple(start + step * b for b in reached),
        responses=tuple(best[b] for b in reached),
        splits=tuple(_split(choices, b) for b in reached),
        step=step,
    )


def best_for_budget(
    curves: Sequence[Curve], limits: Limits, budget: float
) -> Spend:
    """The spend of the highest response with their sum the budget.

    The budget lies between the sums of the bounds.
    """
    found = frontier(curves, limits, budget)
    spend = found.spend(len(found.totals) - 1, limits)
    return _sharpened(curves, limits, spend, budget)


def best_for_efficiency(
    curves: Sequence[Curve], limits: Limits, efficiency: float, ceiling: float
) -> Spend | None:
    """The spend of the highest response at no less than the efficiency.

    Efficiency is response / spend in total; their sum is at most `ceiling`.
    The best response grows with the budget, so it is the largest budget
    whose best split is still efficient enough. None if there is none.
    """
    found = frontier(curves, limits, ceiling)
    enough = [
        index
        for index, total in enumerate(found.totals)
        if found.responses[index] >= efficiency * total
    ]
    if not enough:
        return None
    begin = found.spend(enough[-1], limits)
    low, high = sum(begin), min(sum(begin) + found.step, ceiling)
    best = begin
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        spend = _sharpened(curves, limits, begin, middle)
        if response(curves, spend) >= efficiency * middle:
            low, best = middle, spend
        else:
            high = middle
    return best


def highest_efficiency(curves: Sequence[Curve], limits: Limits) -> float:
    """The best response / spend in total that the bounds allow."""
    found = frontier(curves, limits, limits.highest)
    pairs = zip(found.totals, found.responses, strict=True)
    return max(
        (worth / total for total, worth in pairs if total > 0), default=0
    )


def _with(
    best: list[float], worth: list[float]
) -> tuple[list[float], list[int]]:
    """(the best for each total with one more channel, what that one gets)."""
    values, choice = [], []
    for total in range(len(best)):
        value, given = max(
            (best[total - e] + worth[e], -e)
            for e in range(min(total, len(worth) - 1) + 1)
        )
        values.append(value)
        choice.append(-given)
    return values, choice


def _split(choices: list[list[int]], total: int) -> tuple[int, ...]:
    given = []
    for choice in reversed(choices):
        given.append(choice[total])
        total -= choice[total]
    return tuple(reversed(given))


def _sharpened(
    curves: Sequence[Curve],
    limits: Limits,
    start: Sequence[float],
    total: float,
) -> Spend:
    """A local optimum near the start, with exactly that total."""
    spend = list(start)
    _fill(curves, limits, spend, total - sum(spend))
    amount = max(total, sum(limits.high) - sum(limits.low)) / STEPS
    for _ in range(_HALVINGS):
        while _move(curves, limits, spend, amount):
            pass
        amount /= 2
    return spend


def _fill(
    curves: Sequence[Curve], limits: Limits, spend: Spend, rest: float
) -> None:
    """Give what is not placed yet to whom it brings in most, in parts."""
    part = rest / 10
    while rest > 0:
        given = [
            min(part, rest, high - x)
            for x, high in zip(spend, limits.high, strict=True)
        ]
        gains = [
            ((c.response(x + g) - c.response(x)) / g, index)
            for index, (c, x, g) in enumerate(
                zip(curves, spend, given, strict=True)
            )
            if g > 0
        ]
        if not gains:
            return
        _, index = max(gains)
        spend[index] += given[index]
        rest -= given[index]


def _move(
    curves: Sequence[Curve], limits: Limits, spend: Spend, amount: float
) -> bool:
    """Move up to that much to where it brings in most, if that is more."""
    most, best = 0.0, None
    worth = [c.response(x) for c, x in zip(curves, spend, strict=True)]
    least = 1e-12 * max(abs(value) for value in worth)
    for giver, taker in (
        (a, b) for a in range(len(spend)) for b in range(len(spend)) if a != b
    ):
        moved = min(
            amount,
            spend[giver] - limits.low[giver],
            limits.high[taker] - spend[taker],
        )
        if moved <= 0:
            continue
        gain = (
            curves[giver].response(spend[giver] - moved)
            - worth[giver]
            + curves[taker].response(spend[taker] + moved)
            - worth[taker]
        )
        if gain > max(most, least):
            most, best = gain, (giver, taker, moved)
    if best is None:
        return False
    giver, taker, moved = best
    spend[giver] -= moved
    spend[taker] += moved
    return True
