"""Errors out of sample: a rolling backtest of models that were found.

Each model keeps its hyperparameters and is fitted again on the window up to
a cut; what it then says about the periods after the cut is held against what
happened. The cuts move through the last year.

The prophet components are those of all rows: a model that leans on them is
judged too kindly, by the same for all candidates.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from mmmflow_native.candidates import Candidates, candidates
from mmmflow_native.evaluate import Evaluator
from mmmflow_native.problem import FloatArray, Interval, Problem, Solver
from mmmflow_native.threads import single_threaded
from mmmflow_native.transform import transform

HORIZON: Mapping[Interval, int] = {"day": 91, "week": 13, "month": 3}
MOST_CUTS = 4
# Before the first cut: half of the window, and two rows per variable.
LEAST_SHARE = 0.5
LEAST_ROWS_PER_COLUMN = 2


@dataclass(frozen=True, eq=False)
class Backtest:
    """NRMSE (c,) over the periods after all cuts, and those of each cut.

    RMSE divided by the range of the goal over the whole window, so that a
    quiet quarter does not count more than a lively one.
    """

    nrmse: FloatArray  # (c,)
    by_cut: FloatArray  # (cuts, c)
    cuts: tuple[np.datetime64, ...]  # the last date each was fitted on
    horizon: int  # periods after each cut


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
            window=slice(start, start + row + horizon),
            lifts=(),
            previous=None,
        )
        # What splits the part after `row` rows (see split.py).
        share = (row - 1 + 1e-9) / (part.w - 1)
        some = candidates(part, {**hyperparameters, "train_size": share})
        errors.append(_after(part, some, row, solver))
    spread = np.ptp(problem.y[problem.window])
    by_cut = np.sqrt(np.stack([(e**2).mean(axis=0) for e in errors]))
    together = np.sqrt((by_cut**2).mean(axis=0))
    dates = problem.dates[problem.window]
    return Backtest(
        nrmse=together / spread,
        by_cut=by_cut / spread,
        cuts=tuple(dates[row - 1] for row in rows),
        horizon=horizon,
    )


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
