"""How far ridge's penalty λ ranges, and limits on the coefficients.

Both follow Robyn 3.12: `lambda_seq` with a tenth of its maximum, and the
limits of `robyn_mmm`.
"""

import numpy as np

from mmmflow_native.model.problem import FloatArray, IntArray, Problem

_MIN_RATIO = 1e-4
_ALPHA = 1e-3  # glmnet's stand-in for alpha = 0 when it looks for the largest λ


def lambda_limits(problem: Problem) -> tuple[float, float]:
    """Smallest and largest λ of a search, on glmnet's scale.

    λmax = 0.1 · max|Σ z·y| / (0.001 · n), z the untransformed dt_mod
    standardised over all n rows; λmin is 1/10,000 of it.
    """
    centred = problem.x - problem.x.mean(axis=0)
    sd = np.sqrt(np.mean(centred**2, axis=0))
    varies = sd > 0
    z = centred[:, varies] / sd[varies]
    largest = float(np.abs(problem.y @ z).max() / (_ALPHA * problem.n) * 0.1)
    return largest * _MIN_RATIO, largest


def lambda_at(problem: Problem, position: FloatArray) -> FloatArray:
    """λ (c,) at Robyn's position in [0, 1] between the limits."""
    low, high = lambda_limits(problem)
    return low + (high - low) * position


def lambda_position(problem: Problem, lambda_: FloatArray) -> FloatArray:
    """Robyn's position (c,) of λ: the inverse of `lambda_at`."""
    low, high = lambda_limits(problem)
    return (lambda_ - low) / (high - low)


def coefficient_limits(
    problem: Problem, train_end: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Lower and upper limits (p, c) on the original scale.

    Prophet components are in units of the goal and lie in [0, 1], whatever
    their sign says; the trend in [−1, 0] where its sum over the training
    rows, the first train_end (c,) of the window, is negative.
    """
    shape = (problem.p, len(train_end))
    lower, upper = np.full(shape, -np.inf), np.full(shape, np.inf)
    for j, column in enumerate(problem.columns):
        if column.kind == "prophet":
            lower[j], upper[j] = 0.0, 1.0
            if column.name == "trend":
                sums = np.cumsum(problem.x[problem.window, j])[train_end - 1]
                lower[j, sums < 0], upper[j, sums < 0] = -1.0, 0.0
        elif column.sign == "positive":
            lower[j] = 0.0
        elif column.sign == "negative":
            upper[j] = 0.0
    return lower, upper
