"""Which candidates are worth a look: Pareto fronts, and Robyn's error score.

As Robyn's pareto.R: filter by quantiles, then fronts of NRMSE against
DECOMP.RSSD; MAPE.LIFT only filters.
"""

from dataclasses import dataclass

import numpy as np

from mmmflow_native.model.problem import BoolArray, FloatArray, IntArray

KEPT_QUANTILE = 0.9  # of NRMSE and of DECOMP.RSSD
CALIBRATION_QUANTILE = 0.1  # of MAPE.LIFT, Robyn's calibration_constraint
MIN_CANDIDATES = 100
NO_FRONT = 0


@dataclass(frozen=True, eq=False)
class Pareto:
    """`front` (N,) counts from 1, `NO_FRONT` where filtered out.

    The first `fronts` fronts are kept: `kept` (N,) marks their models.
    """

    front: IntArray
    fronts: int

    @property
    def kept(self) -> BoolArray:
        """Models (N,) of the chosen fronts."""
        return np.asarray(
            (self.front != NO_FRONT) & (self.front <= self.fronts)
        )


def pareto(
    nrmse: FloatArray,
    decomp_rssd: FloatArray,
    mape: FloatArray,
    *,
    fronts: int | None = None,
    min_candidates: int = MIN_CANDIDATES,
) -> Pareto:
    """Fronts of N models, all (N,); `mape` is 0 without lift tests.

    `fronts` None keeps the first k fronts that hold `min_candidates` models
    together (Robyn's "auto"), or all where there are fewer.
    """
    passed = (
        (nrmse <= _quantile(nrmse, KEPT_QUANTILE))
        & (decomp_rssd <= _quantile(decomp_rssd, KEPT_QUANTILE))
        & (mape <= _quantile(mape, CALIBRATION_QUANTILE))
    )
    front = np.full(len(nrmse), NO_FRONT, dtype=np.int64)
    front[passed] = front_numbers(nrmse[passed], decomp_rssd[passed])
    if fronts is None:
        fronts = _enough(front[passed], min_candidates)
    return Pareto(front, fronts)


def front_numbers(x: FloatArray, y: FloatArray) -> IntArray:
    """The front (N,) of each point, from 1; x and y are to be small.

    A front is where the running minimum of y falls over the points sorted by
    x, then y. Of identical points one is taken per front, and all are given
    the lowest.
    """
    order = np.lexsort((y, x))
    front = np.zeros(len(x), dtype=np.int64)
    left, number = order, 0
    while left.size:
        number += 1
        lowest = np.minimum.accumulate(y[left])
        falls = np.append(True, lowest[1:] < lowest[:-1])
        front[left[falls]] = number
        left = left[~falls]
    same = np.append(
        False,
        (x[order][1:] == x[order][:-1]) & (y[order][1:] == y[order][:-1]),
    )
    for i in np.flatnonzero(same):
        front[order[i]] = front[order[i - 1]]
    return front


def error_scores(
    nrmse: FloatArray, decomp_rssd: FloatArray, mape: FloatArray
) -> FloatArray:
    """Robyn's error_score (N,): distance to the least errors.

    sqrt(Σ (e/3)²) over the three errors, each scaled to [0, 1] over the
    models at hand; an error that is the same for all stays as it is.
    """
    errors = np.stack([_scaled(e) for e in (nrmse, decomp_rssd, mape)])
    return np.asarray(np.sqrt(np.sum((errors / 3) ** 2, axis=0)))


def _scaled(error: FloatArray) -> FloatArray:
    # An infinite error counts as 1 in Robyn, one that is not defined as the
    # worst.
    values = np.where(np.isinf(error), 1.0, error)
    if np.isnan(values).all():
        return np.zeros_like(values)
    low, high = np.nanmin(values), np.nanmax(values)
    if low == high:
        return np.where(np.isnan(values), 1.0, values)
    return np.where(np.isnan(values), 1.0, (values - low) / (high - low))


def _quantile(values: FloatArray, share: float) -> float:
    """R's default quantile; infinite where it would lie beyond the finite."""
    finite = values[~np.isnan(values)]
    if not finite.size:
        return np.inf
    low, high = (
        np.quantile(finite, share, method="lower"),
        np.quantile(finite, share, method="higher"),
    )
    if np.isinf(high):
        return float(low) if low == high else np.inf
    return float(np.quantile(finite, share))


def _enough(front: IntArray, least: int) -> int:
    """How many fronts hold `least` models; all if they don't."""
    if not front.size:
        return 0
    together = np.cumsum(np.bincount(front)[1:])
    enough = np.flatnonzero(together >= least)
    return int(enough[0]) + 1 if enough.size else len(together)
