"""What a channel's spend brings in: response and marginal response.

Per period, at the mean carryover c of the window (Robyn's allocator.R):

    response(x) = β·h(x + c),   h(u) = u^α / (u^α + i^α)
    marginal(x) = β·h'(x + c),  h'(u) = α·h(u)·(1 - h(u)) / u

with x the spend of a period in money, β the coefficient, i the inflexion.
The response at x = 0 is what earlier periods still bring in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmmflow_native.model.adstock import weibull_weights
from mmmflow_native.model.fit import Fit
from mmmflow_native.model.problem import FloatArray, Problem
from mmmflow_native.model.saturation import hill

CURVE_POINTS = 101
CURVE_REACH = 1.2  # of the highest spend observed


@dataclass(frozen=True, eq=False)
class Responses:
    """The response functions of k paid channels of one fitted model."""

    channels: tuple[str, ...]
    coefficient: FloatArray  # (k,) goal per period at full saturation
    alpha: FloatArray  # (k,)
    inflexion: FloatArray  # (k,) money per period
    carryover: FloatArray  # (k,) money per period, mean over the window
    spend_now: FloatArray  # (k,) money per period, mean over the window
    spend_highest: FloatArray  # (k,) highest of any period in the data

    def response(self, spend: FloatArray) -> FloatArray:
        """Goal per period for spend (..., k) per period, same shape."""
        return np.asarray(self.coefficient * self._saturated(spend))

    def marginal(self, spend: FloatArray) -> FloatArray:
        """Goal per further unit of money, (..., k) as `spend`.

        Infinite at no spend and no carryover where α < 1.
        """
        total = spend + self.carryover
        saturated = self._saturated(spend)
        some = total > 0
        slope = (
            self.alpha
            * saturated
            * (1 - saturated)
            / np.where(some, total, 1.0)
        )
        slope = np.where(some, slope, self._slope_at_nothing())
        alive = (self.inflexion > 0) & (self.coefficient != 0)
        return self.coefficient * np.where(alive, slope, 0.0)

    def _saturated(self, spend: FloatArray) -> FloatArray:
        total = spend + self.carryover
        saturated = hill(
            total[..., None], self.alpha[:, None], self.inflexion[:, None]
        )
        return np.asarray(saturated[..., 0])

    def _slope_at_nothing(self) -> FloatArray:
        linear = 1.0 / np.where(self.inflexion > 0, self.inflexion, 1.0)
        steep = np.where(self.alpha < 1, np.inf, linear)
        return np.where(self.alpha > 1, 0.0, steep)


def responses(problem: Problem, fit: Fit) -> Responses:
    """The response functions of the paid channels, in column order."""
    k = len(problem.paid)
    spent = problem.spend[problem.window]
    return Responses(
        channels=tuple(
            problem.columns[i].channel or problem.names[i] for i in problem.paid
        ),
        coefficient=fit.coefficients[problem.paid],
        alpha=np.array(
            [fit.hyperparameters[f"{n}_alphas"] for n in problem.paid_names]
        ),
        inflexion=fit.inflexions[:k],
        carryover=mean_carryover(problem, fit)[:k],
        spend_now=spent.mean(axis=0),
        spend_highest=problem.spend.max(axis=0),
    )


def adstock_weights(problem: Problem, fit: Fit) -> FloatArray:
    """What is left of one unit of each medium by lag, (lags, m), from lag 0.

    Geometric: θ^lag for all n lags. Weibull: see adstock.py; lags without
    weight are left out.
    """

    def per_medium(kind: str) -> FloatArray:
        return np.array(
            [fit.hyperparameters[f"{n}_{kind}"] for n in problem.media_names]
        )

    if problem.adstock == "geometric":
        lags = np.arange(problem.n)[:, None]
        return np.asarray(per_medium("thetas") ** lags)
    weights = weibull_weights(
        per_medium("shapes")[:, None],
        per_medium("scales")[:, None],
        problem.n,
        problem.adstock,
    )
    return np.asarray(weights[:, :, 0])


def mean_carryover(problem: Problem, fit: Fit) -> FloatArray:
    """Mean over the window of what earlier periods add to each medium, (m,).

    In the units of the media; the immediate part of the input is x times the
    weight of lag 0.
    """
    x = problem.x[:, problem.media]
    carried = fit.adstocked - adstock_weights(problem, fit)[0] * x
    mean: FloatArray = carried[problem.window].mean(axis=0)
    return np.maximum(mean, 0.0)


def response_curves(
    problem: Problem, fit: Fit, points: int = CURVE_POINTS
) -> Mapping[str, NDArray[Any]]:
    """The table of curves, k × (points + 1) rows, as columns by name.

    Per channel a grid of spend per period from 0 to 1.2 times the highest
    observed (or the mean, if that is all there is), and one more row, marked
    `current`, at the mean spend of the window; sorted by spend. Money and
    goal are per period; `beyond_observed` marks the extrapolated part.
    """
    model = responses(problem, fit)
    k = len(model.channels)
    top = CURVE_REACH * np.maximum(model.spend_highest, model.spend_now)
    grid = np.linspace(0.0, 1.0, points)[:, None] * top
    spend = np.vstack([grid, model.spend_now[None, :]])
    current = np.zeros(spend.shape, dtype=np.bool_)
    current[-1] = True
    order = np.argsort(spend, axis=0, kind="stable")
    spend = np.take_along_axis(spend, order, axis=0)
    current = np.take_along_axis(current, order, axis=0)
    rows = len(spend)

    def flat(values: NDArray[Any]) -> NDArray[Any]:
        return np.broadcast_to(values, (rows, k)).T.ravel()

    return {
        "channel": np.repeat(np.array(model.channels, dtype=object), rows),
        "variable": np.repeat(np.array(problem.paid_names, dtype=object), rows),
        "spend": flat(spend),
        "response": flat(model.response(spend)),
        "marginal_response": flat(model.marginal(spend)),
        "mean_carryover": flat(model.carryover),
        "highest_spend": flat(model.spend_highest),
        "current": flat(current),
        "beyond_observed": flat(spend > model.spend_highest),
    }
