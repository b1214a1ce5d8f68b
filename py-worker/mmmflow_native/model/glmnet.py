"""glmnet's own descent, at its own tolerance: Robyn's very numbers.

Covariance-updating coordinate descent (Friedman, Hastie & Tibshirani 2010,
section 2.2) from 0: one pass over all columns, then passes over those that
have moved until they settle, and again, until a pass over all moves none by
more than the tolerance. It is far from the minimum where it stops; that is
what it is here for.
"""

import numpy as np

from mmmflow_native.model.active_set import StateArray
from mmmflow_native.model.problem import FloatArray
from mmmflow_native.model.ridge import Penalised

THRESHOLD = 1e-7  # of the largest fall of the objective, times 2
MAX_PASSES = 100_000


def glmnet(
    problem: Penalised, guess: StateArray | None = None
) -> tuple[FloatArray, None]:
    """Coefficients (p, c) where glmnet stops; there is no use for a guess."""
    columns = [
        _descend(
            problem.gram[:, :, i].tolist(),
            problem.rhs[:, i].tolist(),
            problem.penalty[:, i].tolist(),
            problem.lower[:, i].tolist(),
            problem.upper[:, i].tolist(),
        )
        for i in range(problem.rhs.shape[1])
    ]
    return np.array(columns).T.reshape(problem.rhs.shape), None


def _descend(
    gram: list[list[float]],
    gradient: list[float],
    penalty: list[float],
    lower: list[float],
    upper: list[float],
) -> list[float]:
    """Coefficients of one regression.

    Plain floats: for a dozen columns they are faster than arrays.
    """
    everything = [j for j in range(len(gradient)) if gram[j][j] > 0]
    curvature = [gram[j][j] + penalty[j] for j in range(len(gradient))]
    b = [0.0] * len(gradient)
    moved: list[int] = []
    columns = everything
    for _ in range(MAX_PASSES):
        largest = 0.0
        for j in columns:
            old, row = b[j], gram[j]
            new = (gradient[j] + old * row[j]) / curvature[j]
            # Comparisons, for min and max take longer than all the rest.
            if new < lower[j]:
                new = lower[j]
            elif new > upper[j]:
                new = upper[j]
            if new == old:
                continue
            step = new - old
            b[j] = new
            change = row[j] * step * step
            largest = max(largest, change)
            gradient = [
                g - step * r for g, r in zip(gradient, row, strict=True)
            ]
            if columns is everything and j not in moved:
                moved.append(j)
        if largest >= THRESHOLD:
            columns = moved
        elif columns is everything:
            break
        else:
            columns = everything
    return b
