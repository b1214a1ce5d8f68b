"""Ridge regression with box limits, as glmnet poses it (alpha = 0, one λ).

With standardised regressors z = (x − mean x) / sd(x), goal u = y / sd(y) and
n training rows, it minimises

    1/(2n) Σ (u − ū − z'b)² + ½ Σ pf[j] · λ/sd(y) · b[j]²

subject to the limits, which hold on the original scale; sds are population
sds, and the penalty factors pf are rescaled to sum to p. Where the intercept
comes out negative and must not, it is dropped: the regressors are then
divided by their sd but not centred, and y's scale is sqrt(mean(y²)).
(Friedman, Hastie & Tibshirani 2010; Robyn 3.12 `model_refit`.)
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mmmflow_native.model import active_set
from mmmflow_native.model.active_set import Quadratic, StateArray
from mmmflow_native.model.moments import Moments
from mmmflow_native.model.problem import BoolArray, FloatArray, InterceptSign


@dataclass(frozen=True, eq=False)
class Ridge:
    """Fitted regressions on the original scale, c candidates."""

    coefficients: FloatArray  # (p, c)
    intercept: FloatArray  # (c,)
    intercept_dropped: BoolArray  # (c,)


@dataclass(frozen=True, eq=False)
class Penalised:
    """One standardised regression per candidate: what a descent minimises.

    ½ b'(gram + diag(penalty))b − rhs'b within lower and upper.
    """

    gram: FloatArray  # (p, p, c)
    rhs: FloatArray  # (p, c)
    penalty: FloatArray  # (p, c)
    lower: FloatArray  # (p, c)
    upper: FloatArray  # (p, c)


Descent = Callable[
    [Penalised, StateArray | None], tuple[FloatArray, StateArray | None]
]


def exact(
    problem: Penalised, guess: StateArray | None
) -> tuple[FloatArray, StateArray | None]:
    """Coefficients (p, c) at the exact minimum, and their states."""
    a = problem.gram.copy()
    diagonal = np.arange(len(a))
    a[diagonal, diagonal] += problem.penalty
    return active_set.minimise(
        Quadratic(a, problem.rhs, problem.lower, problem.upper), guess
    )


def ridge(
    moments: Moments,
    lambda_: FloatArray,
    penalty_factor: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    *,
    intercept_sign: InterceptSign,
    descent: Descent = exact,
) -> Ridge:
    """Fit c candidates.

    lambda_ is (c,); penalty_factor, lower and upper are (p, c). Factors that
    are all 0 mean no penalty. Columns without variation over the training
    rows get the coefficient 0.
    """
    total = penalty_factor.sum(axis=0)
    share = penalty_factor / np.where(total > 0, total, 1.0)
    penalty = lambda_ * share * len(share)
    coefficients, states = _fit(
        moments,
        penalty,
        lower,
        upper,
        centred=True,
        descent=descent,
    )
    intercept = moments.mean_y - np.einsum(
        "pc,pc->c", moments.mean_x, coefficients
    )
    dropped = np.zeros(len(intercept), dtype=np.bool_)
    if intercept_sign == "non_negative":
        dropped = intercept < 0
    if dropped.any():
        coefficients[:, dropped], _ = _fit(
            moments.take(dropped),
            penalty[:, dropped],
            lower[:, dropped],
            upper[:, dropped],
            centred=False,
            descent=descent,
            guess=None if states is None else states[:, dropped],
        )
        intercept[dropped] = 0.0
    return Ridge(coefficients, intercept, dropped)


def squared_residuals(moments: Moments, model: Ridge) -> FloatArray:
    """Mean squared residual (c,) over the training rows."""
    b = model.coefficients
    mean = moments.mean_y - model.intercept
    mean = mean - np.einsum("pc,pc->c", moments.mean_x, b)
    slope = np.einsum("ijc,jc->ic", moments.covariance, b)
    slope -= 2.0 * moments.covariance_xy
    spread = moments.variance_y + np.einsum("pc,pc->c", slope, b)
    squares: FloatArray = np.maximum(spread, 0.0) + mean**2
    return squares


def _fit(
    moments: Moments,
    penalty: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    *,
    centred: bool,
    descent: Descent,
    guess: StateArray | None = None,
) -> tuple[FloatArray, StateArray | None]:
    """Coefficients (p, c) on the original scale, with or without intercept."""
    diagonal = np.arange(len(penalty))
    gram, rhs = moments.covariance, moments.covariance_xy
    sd = np.sqrt(gram[diagonal, diagonal])
    sd = np.where(moments.constant, 1.0, sd)
    variance_y = moments.variance_y
    if not centred:
        gram = gram + moments.mean_x[:, None] * moments.mean_x
        rhs = rhs + moments.mean_x * moments.mean_y
        variance_y = variance_y + moments.mean_y**2
    sd_y = np.sqrt(variance_y)
    inverse = np.where(moments.constant, 0.0, 1.0 / sd)
    gram = gram * inverse[:, None]
    gram *= inverse
    scale = sd / sd_y
    # A left-out column is held at 0 by its limits.
    keep = ~moments.constant
    b, states = descent(
        Penalised(
            gram,
            rhs * inverse / sd_y,
            penalty / sd_y,
            np.where(keep, lower, 0.0) * scale,
            np.where(keep, upper, 0.0) * scale,
        ),
        guess,
    )
    return b / scale, states
