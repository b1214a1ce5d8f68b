"""Errors out of sample: a rolling backtest of models that were found.

Each model keeps its hyperparameters and is fitted again on the window up to
a cut; what it then says about the periods after the cut is held against what
happened. The cuts move through the last two years.

The prophet components are those of all rows: a model that leans on them is
judged too kindly, by the same for all candidates.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from mmmflow_native.model.candidates import Candidates, candidates
from mmmflow_native.model.evaluate import Evaluator
from mmmflow_native.model.problem import (
    FloatArray,
    Interval,
    Problem,
    Solver,
)
from mmmflow_native.model.transform import transform
from mmmflow_native.threads import single_threaded

HORIZON: Mapping[Interval, int] = {"day": 91, "week": 13, "month": 3}
MOST_CUTS = 8
# Before the first cut: half of the window, and two rows per variable.
LEAST_SHARE = 0.5
LEAST_ROWS_PER_COLUMN = 2


@dataclass(frozen=True, eq=False)
class Backtest:
    """Errors on the periods after each cut.

    They are divided by the range of the goal over the whole window, so that a
    quiet quarter does not count more than a lively one.
    """

    errors: FloatArray  # (cuts · h, c), goal less prediction
    cuts: tuple[np.datetime64, ...]  # the last date each was fitted on
    horizon: int  # periods after each cut, h

    @property
    def nrmse(self) -> FloatArray:
        """NRMSE (c,) over all periods after the cuts."""
        return np.asarray(np.sqrt(np.mean(self.errors**2, axis=0)))


def cuts(problem: Problem) -> list[int]:
    """Rows of the window before each cut; none in a window too short."""
    horizon = HORIZON[problem.interval]
    least = max(int(LEAST_SHARE * problem.w), LEAST_ROWS_PER_COLUMN * problem.p)
    rows = [problem.w - horizon * (i + 1) for i in range(MOST_CUTS)]
    return sorted(row for row in rows if row >= least)


def backtest(
    problem: Problem,
    hyperparameters: Mapping[str, FloatArray | float],
    solver: Solver = "exact",
) -> Backtest | None:
    """Backtest candidates given by one array (c,) or number per name.

    `train_size` among them is ignored. None in a window too short for it.
    """
    rows = cuts(problem)
    if not rows:
        return None
    horizon = HORIZON[problem.interval]
    start = problem.window.start
    errors = []
    for row in rows:
        part = replace(
            problem,
            x=_without_constants(problem.x, slice(start, start + row)),
            window=slice(start, start + row + horizon),
            lifts=(),
            previous=None,
        )
        # What splits the part after `row` rows (see split.py).
        share = (row - 1 + 1e-9) / (part.w - 1)
        some = candidates(part, {**hyperparameters, "train_size": share})
        errors.append(_after(part, some, row, solver))
    spread = np.ptp(problem.y[problem.window])
    dates = problem.dates[problem.window]
    return Backtest(
        errors=np.concatenate(errors) / spread,
        cuts=tuple(dates[row - 1] for row in rows),
        horizon=horizon,
    )


def _without_constants(x: FloatArray, trained: slice) -> FloatArray:
    """Columns (n, p) that don't vary on the rows trained on set to 0.

    They get no coefficient, so what they do after the cut can't be predicted;
    and 0 is constant whatever the arithmetic.
    """
    varies = np.ptp(x[trained], axis=0) > 0
    return np.where(varies, x, 0.0)


def _after(
    part: Problem, some: Candidates, row: int, solver: Solver
) -> FloatArray:
    """Errors (h, c) on the rows after the first `row`."""
    evaluator = Evaluator(part, solver)
    with single_threaded():
        model = evaluator.evaluate(some)
        saturated = transform(part, some).saturated[row:]
    media = part.media
    other = np.setdiff1d(np.arange(part.p), media)
    x = part.x[part.window][row:]
    fitted = (
        x[:, other] @ model.coefficients[other]
        + np.einsum("hmc,mc->hc", saturated, model.coefficients[media])
        + model.intercept
    )
    goal = part.y[part.window][row:]
    errors: FloatArray = goal[:, None] - fitted
    return errors
