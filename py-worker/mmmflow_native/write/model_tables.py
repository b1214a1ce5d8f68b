"""Tables of many models: all candidates, the kept ones, their families."""

from collections.abc import Sequence

import numpy as np

from mmmflow_native.choice.clusters import NO_CLUSTER, intervals
from mmmflow_native.choice.convergence import Convergence
from mmmflow_native.choice.pareto import NO_FRONT, Pareto
from mmmflow_native.choice.refresh import CAUSES, Movement
from mmmflow_native.choice.selection import Selection
from mmmflow_native.choice.sensitivity import Plausible, WeightedChoice
from mmmflow_native.choice.stability import Stability
from mmmflow_native.data.config import GoalType
from mmmflow_native.model.problem import FloatArray, IntArray, Problem
from mmmflow_native.optimise.solutions import Solutions
from mmmflow_native.write.tables import Columns


def models(solutions: Solutions, selection: Selection) -> Columns:
    """Every model evaluated (N rows), in order of evaluation."""
    every = np.arange(len(solutions))
    cluster = np.full(len(solutions), np.nan)
    cluster[selection.kept] = _missing(selection.cluster, NO_CLUSTER)
    return {
        **_errors(solutions, selection.error_score, every),
        "pareto_front": _missing(selection.pareto.front, NO_FRONT),
        "cluster": cluster,
        "selected": every == selection.best,
        "lambda_hp": solutions.lambda_hp,
        **_hyperparameters(solutions, every),
    }


def pareto(solutions: Solutions, selection: Selection) -> Columns:
    """The models on the chosen fronts, best first."""
    order = np.argsort(selection.rank)
    kept = selection.kept[order]
    tested = selection.backtest
    nothing = np.full(len(kept), np.nan)
    return {
        "rank": selection.rank[order],
        "plausible": selection.plausible[order],
        **_errors(solutions, selection.error_score, kept),
        "nrmse_backtest": tested.nrmse[order] if tested else nothing,
        "pareto_front": _missing(selection.pareto.front[kept], NO_FRONT),
        "cluster": _missing(selection.cluster[order], NO_CLUSTER),
        "candidate": np.isin(kept, selection.candidates),
        "selected": kept == selection.best,
        **_hyperparameters(solutions, kept),
    }


def found(
    solutions: Solutions,
    front: Pareto,
    error_score: FloatArray,
    models: IntArray,
) -> Columns:
    """Some of the models of a search that was stopped, in their order."""
    return {
        **_errors(solutions, error_score, models),
        "pareto_front": _missing(front.front[models], NO_FRONT),
        "lambda_hp": solutions.lambda_hp[models],
        **_hyperparameters(solutions, models),
    }


def decomposition(
    problem: Problem, solutions: Solutions, kept: IntArray
) -> Columns:
    """Models taken apart: one row per model and variable.

    Contributions are sums over the window, in units of the goal.
    """
    c, size = len(kept), problem.p + 1
    base = solutions.intercept[kept] * problem.w
    effect = np.column_stack([base, solutions.contribution[kept]])
    total = effect.sum(axis=1, keepdims=True)
    spend = np.full(size, np.nan)
    spend[problem.paid + 1] = problem.spend[problem.window].sum(axis=0)
    money = np.broadcast_to(spend, (c, size))
    paid = effect[:, problem.paid + 1]
    effect_share = np.full((c, size), np.nan)
    effect_share[:, problem.paid + 1] = _parts(
        paid, paid.sum(axis=1, keepdims=True)
    )
    columns = problem.columns
    return {
        "model_id": np.repeat(_ids(solutions, kept), size),
        "variable": np.tile(["(Intercept)", *problem.names], c),
        "kind": np.tile(["intercept", *(x.kind for x in columns)], c),
        "channel": np.tile(
            np.array([None, *(x.channel for x in columns)], dtype=object), c
        ),
        "coefficient": np.column_stack(
            [solutions.intercept[kept], solutions.coefficients[kept]]
        ).ravel(),
        "contribution": effect.ravel(),
        "share": _parts(effect, total).ravel(),
        "spend": money.ravel(),
        "spend_share": (money / np.nansum(spend)).ravel(),
        "effect_share": effect_share.ravel(),
        "roas": _parts(effect, money).ravel(),
        "cpa": _parts(money, effect).ravel(),
    }


def clusters(
    problem: Problem,
    solutions: Solutions,
    selection: Selection,
    goal: GoalType,
) -> Columns:
    """Per cluster and paid channel the mean ROAS or CPA, and its interval.

    The interval is that of the mean over the cluster's models: it says how
    much they differ, not how sure the effect is.
    """
    found, kept = selection.clusters, selection.kept
    rows = []
    if found is not None:
        effect = solutions.contribution[np.ix_(kept, problem.paid)]
        spend = problem.spend[problem.window].sum(axis=0)
        ratios = _parts(effect, np.broadcast_to(spend, effect.shape))
        if goal == "conversion":
            ratios = _parts(np.ones_like(ratios), ratios)
        rows = intervals(found, ratios)
    best = found.best if found else ()
    columns = problem.columns
    return {
        "cluster": np.array([r.cluster for r in rows], dtype=np.int64),
        "best_model": _ids(solutions, kept[[best[r.cluster - 1] for r in rows]])
        if rows
        else np.array([], dtype=str),
        "channel": np.array(
            [columns[problem.paid[r.column]].channel for r in rows], dtype=str
        ),
        "metric": np.array(
            ["cpa" if goal == "conversion" else "roas"] * len(rows), dtype=str
        ),
        "models": np.array([r.models for r in rows], dtype=np.int64),
        **{
            name: np.array([getattr(r, name) for r in rows], dtype=np.float64)
            for name in ("mean", "standard_error", "low", "high")
        },
    }


def convergence(found: Sequence[Convergence]) -> Columns:
    """Median and spread of the errors by bin of iterations."""
    return {
        "objective": np.concatenate(
            [np.repeat(c.objective, len(c.models)) for c in found]
        ),
        "iteration": np.concatenate([c.iteration for c in found]),
        "models": np.concatenate([c.models for c in found]),
        "median": np.concatenate([c.median for c in found]),
        "sd": np.concatenate([c.sd for c in found]),
        "converged": np.concatenate(
            [np.repeat(c.converged, len(c.models)) for c in found]
        ),
    }


def rssd_weights(
    problem: Problem,
    solutions: Solutions,
    choices: Sequence[WeightedChoice],
) -> Columns:
    """The lowest combined error with other weights of RSSD."""
    channels, k = _channels(problem), len(problem.paid)
    chosen = np.array([choice.model for choice in choices])
    return {
        "weight": np.repeat([choice.weight for choice in choices], k),
        "model_id": np.repeat(_ids(solutions, chosen), k),
        "channel": np.tile(channels, len(choices)),
        "roas": np.concatenate([choice.roas for choice in choices]),
        "effect_share": np.concatenate([c.effect_share for c in choices]),
    }


def plausible(problem: Problem, near: Plausible) -> Columns:
    """The range of each channel over the models that may well be right."""
    return {
        "channel": _channels(problem),
        "models": np.repeat(len(near.models), len(problem.paid)),
        **{
            f"{name}_{which}": getattr(near, name)[i]
            for name in ("roas", "effect_share", "response")
            for i, which in enumerate(("lowest", "median", "highest"))
        },
    }


def stability(problem: Problem, found: Stability) -> Columns:
    """The selected model of every seed, per channel."""
    k = len(problem.paid)
    return {
        "seed": np.repeat(found.seeds, k),
        "model_id": np.repeat(found.model_ids, k),
        "nrmse": np.repeat(found.nrmse_out, k),
        "channel": np.tile(_channels(problem), len(found.seeds)),
        "roas": found.roas.ravel(),
        "effect_share": found.effect_share.ravel(),
        "spend_proposed": found.spend_proposed.ravel(),
    }


def movement(found: Movement) -> Columns:
    """ROAS of a refresh, cause by cause, per channel."""
    return {
        "channel": np.array(found.channels, dtype=str),
        **{f"roas_{cause}": getattr(found, cause) for cause in CAUSES},
    }


def _errors(
    solutions: Solutions, error_score: FloatArray, models: IntArray
) -> Columns:
    return {
        "model_id": _ids(solutions, models),
        "trial": solutions.trial[models],
        "iteration": solutions.iteration[models],
        "nrmse": solutions.nrmse[models],
        "decomp_rssd": solutions.decomp_rssd[models],
        "mape": solutions.mape[models],
        "error_score": error_score[models],
        "nrmse_train": solutions.nrmse_train[models],
        "nrmse_val": solutions.nrmse_val[models],
        "nrmse_test": solutions.nrmse_test[models],
        "rsq_train": solutions.rsq_train[models],
        "rsq_val": solutions.rsq_val[models],
        "rsq_test": solutions.rsq_test[models],
        "intercept_dropped": solutions.intercept_dropped[models],
    }


def _hyperparameters(solutions: Solutions, models: IntArray) -> Columns:
    searched = {
        name: solutions.values[models, j]
        for j, name in enumerate(solutions.names)
    }
    fixed = {
        name: np.full(len(models), value)
        for name, value in solutions.fixed.items()
    }
    return dict(sorted((searched | fixed).items()))


def _ids(
    solutions: Solutions, models: IntArray
) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    ids = solutions.ids
    return np.array([ids[i] for i in models], dtype=str)


def _channels(problem: Problem) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    return np.array(
        [problem.columns[i].channel for i in problem.paid], dtype=str
    )


def _missing(numbers: IntArray, none: int) -> FloatArray:
    return np.asarray(np.where(numbers == none, np.nan, numbers))


def _parts(part: FloatArray, whole: FloatArray) -> FloatArray:
    """part / whole; nan where there is no whole."""
    known = np.broadcast_to(np.isfinite(whole) & (whole != 0), part.shape)
    nothing = np.full(part.shape, np.nan)
    return np.asarray(np.divide(part, whole, out=nothing, where=known))
