"""Media as the regression sees them: adstocked over all rows, then saturated.

Adstock runs over the full series, saturation over the modelling window only.
"""

from dataclasses import dataclass

import numpy as np

from mmmflow_native.model import adstock
from mmmflow_native.model.adstock import Adstocked
from mmmflow_native.model.candidates import Candidates
from mmmflow_native.model.problem import FloatArray, Problem
from mmmflow_native.model.saturation import hill, inflexions


@dataclass(frozen=True, eq=False)
class Transformed:
    """Transformed media of c candidates, in media order."""

    adstocked: Adstocked
    inflexions: FloatArray  # (m, c)
    saturated: FloatArray  # (w, m, c)


def adstock_media(
    problem: Problem, x: FloatArray, decay: tuple[FloatArray, ...]
) -> Adstocked:
    """Adstock media x (rows, m) by the problem's kind of adstock."""
    if problem.adstock == "geometric":
        return adstock.geometric(x, *decay)
    shapes, scales = decay
    return adstock.weibull(x, shapes, scales, problem.adstock)


def transform(problem: Problem, candidates: Candidates) -> Transformed:
    """Adstock and saturate the problem's media."""
    adstocked = adstock_media(
        problem, problem.x[:, problem.media], candidates.decay
    )
    window = adstocked.total[problem.window]
    points = inflexions(window, candidates.gammas)
    return Transformed(
        adstocked, points, hill(window, candidates.alphas, points)
    )


def carryover(
    problem: Problem, transformed: Transformed, candidates: Candidates
) -> FloatArray:
    """Saturated response (w, m, c) to what was advertised in other periods.

    The immediate response is the total less this.
    """
    x = problem.x[problem.window, problem.media]
    same_period = x[:, :, None] * transformed.adstocked.immediate_weight
    earlier = transformed.adstocked.total[problem.window] - same_period
    return hill(
        np.maximum(earlier, 0.0), candidates.alphas, transformed.inflexions
    )
