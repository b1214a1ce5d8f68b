"""What a candidate is judged by: NRMSE, adjusted R² and DECOMP.RSSD.

Formulas of Robyn 3.12 (`model_refit`, `get_rsq`, `robyn_mmm`); c candidates,
p columns of dt_mod, k paid media.
"""

from dataclasses import dataclass

import numpy as np

from mmmflow_native.model.problem import (
    BoolArray,
    FloatArray,
    IntArray,
    Previous,
)


@dataclass(frozen=True, eq=False)
class Accuracy:
    """Errors on one part of the rows."""

    nrmse: FloatArray  # (c,)
    rsq: FloatArray  # (c,), adjusted


@dataclass(frozen=True, eq=False)
class Goal:
    """The goal on one part of the rows; nan where the part is empty."""

    rows: IntArray  # (c,)
    spread: FloatArray  # (c,), max − min
    squares: FloatArray  # (c,), Σ (y − mean)²


def goal_of_part(y: FloatArray, first: IntArray, end: IntArray) -> Goal:
    """Describe y (w,) on the rows first … end − 1 of each candidate (c,)."""
    pairs, which = np.unique(
        np.stack([first, end]), axis=1, return_inverse=True
    )
    parts = [y[a:b] for a, b in pairs.T]
    spread = [np.ptp(v) if len(v) else np.nan for v in parts]
    squares = [((v - v.mean()) ** 2).sum() if len(v) else np.nan for v in parts]
    return Goal(
        np.maximum(end - first, 0),
        np.array(spread, dtype=np.float64)[which],
        np.array(squares, dtype=np.float64)[which],
    )


def accuracy(
    squares: FloatArray,
    goal: Goal,
    train_rows: IntArray,
    p: int,
    dropped: BoolArray,
) -> Accuracy:
    """Errors from the sums of squared residuals (c,) of a part.

    NRMSE = sqrt(mean squared residual) / (max y − min y). The adjusted R² is
    1 − (1 − R²)(n − df)/(n − p − 1) with n the training rows, for all parts;
    df is 1 with an intercept and 0 without.
    """
    df = np.where(dropped, 0, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        nrmse = np.sqrt(squares / goal.rows) / goal.spread
        unexplained = squares / goal.squares
        rsq = 1 - unexplained * (train_rows - df) / (train_rows - p - 1)
    return Accuracy(nrmse, rsq)


def decomp_rssd(effect: FloatArray, spend_share: FloatArray) -> FloatArray:
    """Distance (c,) of effect shares from spend shares of paid media.

    effect (k, c) are sums of contributions. The distance grows by the share
    of channels whose effect share rounds to 0 at four decimals, and is
    infinite where no channel has an effect.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        share = effect / effect.sum(axis=0)
        distance = np.sqrt(((share - spend_share[:, None]) ** 2).sum(axis=0))
    without = np.mean(np.round(share, 4) == 0, axis=0)
    rssd: FloatArray = distance * (1 + without)
    rssd[np.isnan(rssd)] = np.inf
    return rssd


def decomp_rssd_of_refresh(
    contribution: FloatArray,
    intercept: FloatArray,
    paid: IntArray,
    previous: Previous,
    rows: int,
) -> FloatArray:
    """Distance (c,) of a refreshed model's shares from the previous one's.

    contribution (p, c) and intercept (c,) are sums over the window of `rows`
    rows, paid (k,) the paid media's columns. The mean squared change of paid
    media's shares and that of all others' are rooted and added, the latter
    over 1 − new periods / rows.
    """
    fitted = intercept + contribution.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        change = contribution / fitted - previous.shares[:, None]
        baseline = intercept / fitted - previous.intercept_share
    others = np.vstack([baseline, np.delete(change, paid, axis=0)])
    drift: FloatArray = np.sqrt(np.mean(change[paid] ** 2, axis=0))
    drift += np.sqrt(np.mean(others**2, axis=0)) / (1 - previous.steps / rows)
    drift[np.isnan(drift)] = np.inf
    return drift
