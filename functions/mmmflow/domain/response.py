"""What a channel's spend brings in, per period.

At the mean carryover c of the modelling window (Robyn's allocator.R):

    response(x) = β·h(x + c),   h(u) = u^α / (u^α + i^α)

with x the spend of a period in money, β the coefficient, i the inflexion.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

_LARGEST = 700.0  # of an exponent: e^700 is still a number


@dataclass(frozen=True)
class Curve:
    """The response function of one paid channel of one fitted model."""

    channel: str
    coefficient: float  # goal per period at full saturation
    alpha: float
    inflexion: float  # money per period
    carryover: float  # money per period, mean over the window
    spend_now: float  # money per period, mean over the window
    spend_highest: float  # highest of any period in the data

    def response(self, spend: float) -> float:
        """Goal per period for the spend of a period."""
        total = spend + self.carryover
        if total <= 0 or self.inflexion <= 0:
            return 0.0
        power = self.alpha * (math.log(self.inflexion) - math.log(total))
        if power > _LARGEST:
            return 0.0
        return self.coefficient / (1.0 + math.exp(power))


def read(row: Mapping[str, Any]) -> Curve:
    """A curve as a model's file holds it."""
    return Curve(**{field.name: row[field.name] for field in fields(Curve)})
