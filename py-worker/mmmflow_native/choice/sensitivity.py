"""How firm the answer is: the weight of RSSD, and other plausible models.

DECOMP.RSSD pulls effect shares towards spend shares: it is a preference, no
evidence. Models that predict about as well may disagree about a channel.
Neither range is a confidence interval.
"""

from dataclasses import dataclass

import numpy as np

from mmmflow_native.choice.pareto import error_scores
from mmmflow_native.choice.selection import Selection
from mmmflow_native.model.problem import FloatArray, IntArray, Problem
from mmmflow_native.optimise.solutions import Solutions

RSSD_WEIGHTS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True, eq=False)
class WeightedChoice:
    """The lowest combined error if RSSD weighed `weight`."""

    weight: float
    model: int
    roas: FloatArray  # (k,)
    effect_share: FloatArray  # (k,)


@dataclass(frozen=True, eq=False)
class Plausible:
    """Paid channels' ROAS, effect share and response in plausible models.

    Lowest, median and highest of each, (3, k). The response is the channel's
    contribution, summed over the window, in units of the goal.
    """

    models: IntArray
    roas: FloatArray
    effect_share: FloatArray
    response: FloatArray


def weighted_choices(
    problem: Problem, solutions: Solutions, selection: Selection
) -> list[WeightedChoice]:
    """The kept model with the lowest combined error, by weight of RSSD.

    The combined error is Robyn's, of the NRMSE out of sample: the length of a
    vector, of which the weight stretches the component of RSSD.
    """
    kept = selection.kept
    roas, share = _channels(problem, solutions, kept)
    nothing = np.zeros(len(kept))
    rssd = error_scores(nothing, solutions.decomp_rssd[kept], nothing)
    rest = error_scores(selection.nrmse_out, nothing, solutions.mape[kept])
    choices = []
    for weight in RSSD_WEIGHTS:
        best = int(np.argmin(rest**2 + (weight * rssd) ** 2))
        choices.append(
            WeightedChoice(weight, int(kept[best]), roas[best], share[best])
        )
    return choices


def plausible(
    problem: Problem, solutions: Solutions, selection: Selection
) -> Plausible:
    """Ranges over the models that predict about as well as the best."""
    models = selection.kept[selection.plausible]
    roas, share = _channels(problem, solutions, models)
    response = solutions.contribution[np.ix_(models, problem.paid)]
    quantiles = (0.0, 0.5, 1.0)
    return Plausible(
        models=models,
        roas=np.quantile(roas, quantiles, axis=0),
        effect_share=np.quantile(share, quantiles, axis=0),
        response=np.quantile(response, quantiles, axis=0),
    )


def _channels(
    problem: Problem, solutions: Solutions, models: IntArray
) -> tuple[FloatArray, FloatArray]:
    """ROAS and effect shares (c, k) of some models; ROAS nan unspent."""
    effect = solutions.contribution[np.ix_(models, problem.paid)]
    spend = problem.spend[problem.window].sum(axis=0)
    roas = effect / np.where(spend > 0, spend, np.nan)
    total = effect.sum(axis=1, keepdims=True)
    share = np.divide(effect, total, out=np.zeros_like(effect), where=total > 0)
    return roas, share
