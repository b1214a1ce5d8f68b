"""What a budget allocation is asked for, and what it answers."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from mmmflow_native.model.problem import FloatArray, Interval

Scenario = Literal["max_response", "target_efficiency"]
DepVarType = Literal["revenue", "conversion"]


@dataclass(frozen=True)
class Group:
    """Channels whose money together stays within limits, for all periods."""

    name: str
    channels: tuple[str, ...]
    low: float = 0.0
    high: float = np.inf


@dataclass(frozen=True)
class FuturePeriod:
    """A period to plan for, both ends inclusive."""

    name: str
    start: np.datetime64
    end: np.datetime64

    def count(self, interval: Interval) -> int:
        """Number of days, weeks or months that it spans."""
        if interval == "month":
            first, last = (
                d.astype("datetime64[M]").astype(int)
                for d in (self.start, self.end)
            )
            return int(last - first) + 1
        days = int((self.end - self.start) / np.timedelta64(1, "D"))
        return days // (7 if interval == "week" else 1) + 1


@dataclass(frozen=True)
class ChannelAllocation:
    """One channel, per period. Ratios are None where there is no money."""

    channel: str
    variable: str
    spend_now: float
    spend_proposed: float
    spend_low: float
    spend_high: float
    spend_highest: float
    response_now: float
    response_proposed: float
    roas_now: float | None
    roas_proposed: float | None
    marginal_now: float
    marginal_proposed: float
    beyond_observed: bool
    locked: bool


@dataclass(frozen=True, eq=False)
class Allocation:
    """The proposal; totals are for all periods together.

    `total_budget` is the money placed. `frontier_spend` and
    `frontier_response` hold the best response for every total spend within
    the bounds (J + 1 points, all periods).
    """

    scenario: Scenario
    dep_var_type: DepVarType
    interval: Interval
    period: str
    periods: int
    target_value: float | None
    total_budget: float
    spend_now: float
    response_now: float
    response_proposed: float
    channels: tuple[ChannelAllocation, ...]
    frontier_spend: FloatArray
    frontier_response: FloatArray
    warnings: tuple[str, ...]
