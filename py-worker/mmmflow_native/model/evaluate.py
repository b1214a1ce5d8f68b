"""Errors of many candidates at once: what the search runs.

Media are transformed and the regressions fitted for a block of candidates
together, without a loop over candidates. Blocks bound the memory.
"""

from dataclasses import dataclass, fields

import numpy as np

from mmmflow_native.model.calibration import Calibration
from mmmflow_native.model.candidates import Candidates
from mmmflow_native.model.design import Design
from mmmflow_native.model.glmnet import glmnet
from mmmflow_native.model.moments import Moments
from mmmflow_native.model.objectives import (
    Accuracy,
    accuracy,
    decomp_rssd,
    decomp_rssd_of_refresh,
    goal_of_part,
)
from mmmflow_native.model.problem import (
    BoolArray,
    FloatArray,
    IntArray,
    Problem,
    Solver,
)
from mmmflow_native.model.regularisation import coefficient_limits
from mmmflow_native.model.ridge import (
    Descent,
    Ridge,
    exact,
    ridge,
    squared_residuals,
)
from mmmflow_native.model.split import Split, split
from mmmflow_native.model.transform import transform

DESCENTS: dict[Solver, Descent] = {"exact": exact, "glmnet": glmnet}

# Doubles of adstocked media in a block: 8 MiB, a few of which are held.
BLOCK = 1 << 20


@dataclass(frozen=True, eq=False)
class Evaluated:
    """Errors and models of c candidates; nan where not defined."""

    nrmse_train: FloatArray  # (c,)
    nrmse_val: FloatArray
    nrmse_test: FloatArray
    rsq_train: FloatArray
    rsq_val: FloatArray
    rsq_test: FloatArray
    decomp_rssd: FloatArray
    mape: FloatArray
    intercept: FloatArray
    intercept_dropped: BoolArray
    coefficients: FloatArray  # (p, c)
    contribution: FloatArray  # (p, c), sums over the window


class Evaluator:
    """Evaluates candidates of one problem."""

    def __init__(self, problem: Problem, solver: Solver = "exact") -> None:
        self.problem = problem
        self._descent = DESCENTS[solver]
        self._design = Design(problem)
        self._calibration = Calibration(problem)
        self._y = problem.y[problem.window]
        spend = problem.spend[problem.window].sum(axis=0)
        self._spend_share = spend / spend.sum()
        media = max(1, len(problem.media))
        self._block = max(32, BLOCK // (problem.n * media))

    def evaluate(self, candidates: Candidates) -> Evaluated:
        """Errors and models, candidates on the last axis."""
        starts = range(0, len(candidates), self._block)
        parts = [
            self._evaluate(candidates.take(slice(i, i + self._block)))
            for i in starts
        ]
        if len(parts) == 1:
            return parts[0]
        return Evaluated(
            *(
                np.concatenate([getattr(p, f.name) for p in parts], axis=-1)
                for f in fields(Evaluated)
            )
        )

    def _evaluate(self, candidates: Candidates) -> Evaluated:
        transformed = transform(self.problem, candidates)
        saturated = transformed.saturated
        rows = split(candidates.train_size, len(self._y))
        moments = self._design.moments(saturated, rows.train_end)
        lower, upper = coefficient_limits(self.problem, rows.train_end)
        model = ridge(
            moments,
            candidates.lambda_,
            candidates.penalty_factor,
            lower,
            upper,
            intercept_sign=self.problem.intercept_sign,
            descent=self._descent,
        )
        train, val, test = self._accuracy(saturated, moments, model, rows)
        sums = self._design.window_sums(saturated)
        contribution = sums * model.coefficients
        return Evaluated(
            nrmse_train=train.nrmse,
            nrmse_val=val.nrmse,
            nrmse_test=test.nrmse,
            rsq_train=train.rsq,
            rsq_val=val.rsq,
            rsq_test=test.rsq,
            decomp_rssd=self._rssd(contribution, model),
            mape=self._calibration.mape(
                candidates, transformed, model.coefficients
            ),
            intercept=model.intercept,
            intercept_dropped=model.intercept_dropped,
            coefficients=model.coefficients,
            contribution=contribution,
        )

    def _rssd(self, contribution: FloatArray, model: Ridge) -> FloatArray:
        paid, previous = self.problem.paid, self.problem.previous
        if previous is None:
            return decomp_rssd(contribution[paid], self._spend_share)
        rows = len(self._y)
        return decomp_rssd_of_refresh(
            contribution, model.intercept * rows, paid, previous, rows
        )

    def _accuracy(
        self, saturated: FloatArray, moments: Moments, model: Ridge, rows: Split
    ) -> tuple[Accuracy, Accuracy, Accuracy]:
        """Errors on the training, validation and test rows."""
        w, p = len(self._y), self.problem.p
        start = np.zeros_like(rows.train_end)

        def judged(
            squares: FloatArray, first: IntArray, end: IntArray
        ) -> Accuracy:
            return accuracy(
                squares,
                goal_of_part(self._y, first, end),
                rows.train_end,
                p,
                model.intercept_dropped,
            )

        train = judged(
            squared_residuals(moments, model) * rows.train_end,
            start,
            rows.train_end,
        )
        if (rows.train_end == w).all():
            nothing = np.full(len(start), np.nan)
            none = Accuracy(nothing, nothing)
            return train, none, none
        fitted = self._design.predict(saturated, model.coefficients)
        squares = (self._y[:, None] - fitted - model.intercept) ** 2
        row = np.arange(w)[:, None]
        val, test = (
            judged(
                np.where((row >= first) & (row < end), squares, 0.0).sum(0),
                first,
                end,
            )
            for first, end in rows.parts(w)
        )
        return train, val, test
