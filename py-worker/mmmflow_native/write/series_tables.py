"""Tables of fitted models over time, of their curves, and of the features."""

from collections.abc import Sequence

import numpy as np

from mmmflow_native.budget.allocation import Allocation
from mmmflow_native.budget.response import response_curves
from mmmflow_native.model.fit import Fit
from mmmflow_native.model.problem import Problem
from mmmflow_native.write.tables import Columns, from_records

# Model id → the model, best first.
Fits = Sequence[tuple[str, Fit]]


def features(problem: Problem) -> Columns:
    """dt_mod: the goal and every regressor, all rows; exposure as money."""
    inside = np.zeros(problem.n, dtype=bool)
    inside[problem.window] = True
    return {
        "date": problem.dates,
        "in_window": inside,
        "goal": problem.y,
        **{name: problem.x[:, j] for j, name in enumerate(problem.names)},
    }


def decomposition_over_time(problem: Problem, fits: Fits) -> Columns:
    """Per model and period of the window: actual, fitted, and all parts."""
    parts = [_over_time(problem, model_id, fit) for model_id, fit in fits]
    return _stacked(parts)


def media_vectors(problem: Problem, fits: Fits) -> Columns:
    """Per model, medium and period: what became of what was spent.

    `input` and `adstocked` are in money (organic media in their own unit),
    `saturated` is in [0, 1], responses are in units of the goal.
    """
    return _stacked([_media(problem, model_id, fit) for model_id, fit in fits])


def curves(problem: Problem, fits: Fits) -> Columns:
    """Response curves of every model's paid channels."""
    parts = []
    for model_id, fit in fits:
        curve = response_curves(problem, fit)
        rows = len(curve["spend"])
        parts.append({"model_id": np.repeat(model_id, rows), **curve})
    return _stacked(parts)


def allocation(proposal: Allocation) -> Columns:
    """The budget proposal, per channel and period."""
    return {
        "scenario": np.repeat(proposal.scenario, len(proposal.channels)),
        "periods": np.repeat(proposal.periods, len(proposal.channels)),
        **from_records(list(proposal.channels)),
    }


def _over_time(problem: Problem, model_id: str, fit: Fit) -> Columns:
    w = problem.w
    part = np.full(w, "test", dtype="U10")
    part[: fit.train_rows + fit.val_rows] = "validation"
    part[: fit.train_rows] = "train"
    return {
        "model_id": np.repeat(model_id, w),
        "date": problem.dates[problem.window],
        "part": part,
        "actual": problem.y[problem.window],
        "fitted": fit.fitted,
        "residual": fit.residuals,
        "(Intercept)": np.full(w, fit.intercept),
        **{
            name: fit.decomposition[:, j]
            for j, name in enumerate(problem.names)
        },
    }


def _media(problem: Problem, model_id: str, fit: Fit) -> Columns:
    w, m = problem.w, len(problem.media)
    window, media = problem.window, problem.media
    return {
        "model_id": np.repeat(model_id, w * m),
        "variable": np.repeat(problem.media_names, w),
        "kind": np.repeat([problem.columns[i].kind for i in media], w),
        "date": np.tile(problem.dates[window], m),
        "input": problem.x[window][:, media].T.ravel(),
        "adstocked": fit.adstocked[window].T.ravel(),
        "saturated": fit.saturated.T.ravel(),
        "response": (fit.immediate + fit.carryover).T.ravel(),
        "immediate": fit.immediate.T.ravel(),
        "carryover": fit.carryover.T.ravel(),
    }


def _stacked(parts: Sequence[Columns]) -> Columns:
    return {
        name: np.concatenate([part[name] for part in parts])
        for name in parts[0]
    }
