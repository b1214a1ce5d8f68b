"""One model in full, from its hyperparameters."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mmmflow_native.model.calibration import Calibration, LiftFit
from mmmflow_native.model.candidates import candidates
from mmmflow_native.model.evaluate import Evaluator
from mmmflow_native.model.problem import FloatArray, Problem, Solver
from mmmflow_native.model.split import split
from mmmflow_native.model.transform import carryover, transform
from mmmflow_native.threads import single_threaded


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted model and its decomposition of the goal.

    n rows of the full series, w of the window, p columns of dt_mod, m media
    (paid then organic), k paid media. Errors of parts that the split does
    not make are None.
    """

    hyperparameters: Mapping[str, float]
    lambda_: float
    intercept: float
    intercept_dropped: bool
    coefficients: FloatArray  # (p,), original scale
    nrmse_train: float
    nrmse_val: float | None
    nrmse_test: float | None
    rsq_train: float
    rsq_val: float | None
    rsq_test: float | None
    decomp_rssd: float
    mape: float  # of lift tests; 0 without them
    train_rows: int  # the first rows of the window
    val_rows: int  # the rows after them; the rest of the window tests
    adstocked: FloatArray  # (n, m), on the media's scale
    saturated: FloatArray  # (w, m), in [0, 1]
    inflexions: FloatArray  # (m,), on the media's scale
    inflations: FloatArray  # (m,), Σ adstocked / Σ media, all rows
    decomposition: FloatArray  # (w, p), coefficient · transformed column
    immediate: FloatArray  # (w, m), response to media of the same period
    carryover: FloatArray  # (w, m), response to media of other periods
    fitted: FloatArray  # (w,)
    residuals: FloatArray  # (w,), goal less fitted
    contribution: FloatArray  # (p,), decomposition summed over the window
    effect_share: FloatArray  # (k,), of the paid media's contribution
    spend_share: FloatArray  # (k,)
    lifts: tuple[LiftFit, ...]  # those within the window


def fit(
    problem: Problem,
    hyperparameters: Mapping[str, float],
    *,
    solver: Solver = "exact",
) -> Fit:
    """Fit the model of these hyperparameters.

    They are every `<column>_<hyperparameter>` of the media, `lambda` (λ
    itself), where the problem asks for penalty factors `<column>_penalty`,
    and `train_size` where the rows are to be split.

    Raises:
        KeyError: a hyperparameter is missing.
    """
    evaluator = Evaluator(problem, solver)
    one = candidates(problem, hyperparameters)
    with single_threaded():
        errors = evaluator.evaluate(one)
        transformed = transform(problem, one)
        earlier = carryover(problem, transformed, one)[:, :, 0]
    coefficients = errors.coefficients[:, 0]
    columns = problem.x[problem.window].copy()
    columns[:, problem.media] = transformed.saturated[:, :, 0]
    decomposition = columns * coefficients
    fitted = decomposition.sum(axis=1) + errors.intercept[0]
    contribution = decomposition.sum(axis=0)
    effect = contribution[problem.paid]
    spend = problem.spend[problem.window].sum(axis=0)
    media_coefficients = coefficients[problem.media]
    adstocked = transformed.adstocked.total[:, :, 0]
    rows = split(one.train_size, problem.w)
    return Fit(
        hyperparameters=dict(hyperparameters),
        lambda_=float(one.lambda_[0]),
        intercept=float(errors.intercept[0]),
        intercept_dropped=bool(errors.intercept_dropped[0]),
        coefficients=coefficients,
        nrmse_train=float(errors.nrmse_train[0]),
        nrmse_val=_defined(errors.nrmse_val),
        nrmse_test=_defined(errors.nrmse_test),
        rsq_train=float(errors.rsq_train[0]),
        rsq_val=_defined(errors.rsq_val),
        rsq_test=_defined(errors.rsq_test),
        decomp_rssd=float(errors.decomp_rssd[0]),
        mape=float(errors.mape[0]),
        train_rows=int(rows.train_end[0]),
        val_rows=int(rows.val_end[0] - rows.train_end[0]),
        adstocked=adstocked,
        saturated=transformed.saturated[:, :, 0],
        inflexions=transformed.inflexions[:, 0],
        inflations=_inflations(adstocked, problem.x[:, problem.media]),
        decomposition=decomposition,
        immediate=decomposition[:, problem.media]
        - media_coefficients * earlier,
        carryover=media_coefficients * earlier,
        fitted=fitted,
        residuals=problem.y[problem.window] - fitted,
        contribution=contribution,
        effect_share=_shares(effect),
        spend_share=_shares(spend),
        lifts=Calibration(problem).compare(
            one, transformed, errors.coefficients
        ),
    )


def _defined(values: FloatArray) -> float | None:
    value = float(values[0])
    return None if np.isnan(value) else value


def _shares(parts: FloatArray) -> FloatArray:
    """Parts (k,) of their sum; 0 where the sum is 0."""
    total = parts.sum()
    return parts / total if total else np.zeros_like(parts)


def _inflations(adstocked: FloatArray, x: FloatArray) -> FloatArray:
    """Σ adstocked / Σ x (m,) over all rows; 1 for a channel without media."""
    total = x.sum(axis=0)
    used = total != 0
    inflations = np.ones(len(total))
    inflations[used] = adstocked.sum(axis=0)[used] / total[used]
    return inflations
