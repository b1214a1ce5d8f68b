"""Ways to choose a model, and what each says that the channels brought.

Every function gives contributions (k,) over the window by the name of the
way. `LEARNED` look at data alone; `TOLD` are told something of the truth, and
show how much of an error is whose.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from mmmflow_native.choice.selection import Selection, select
from mmmflow_native.choice.sensitivity import weighted_choices
from mmmflow_native.model.fit import fit
from mmmflow_native.model.problem import BoolArray, FloatArray, Problem
from mmmflow_native.model.regularisation import lambda_limits
from mmmflow_native.optimise.search import search
from mmmflow_native.optimise.solutions import Solutions

from tests.bench.truth_data import Market
from tests.bench.truth_problem import lift, problem, season_as_columns

ITERATIONS, TRIALS = 2000, 5  # the default
WEIGHTS = (0.0, 0.25, 0.5, 1.0)  # of DECOMP.RSSD
WITHIN = (1.02, 1.1)  # other limits than the engine's

ROBYN, CLUSTERS, OURS = "robyn", "robyn_clusters", "mmmflow"
BESIDE = "beside"
LEARNED = {
    ROBYN: "Robyn: lowest error_score",
    CLUSTERS: "Robyn: best of the cluster winners",
    OURS: "mmmflow, as it is",
    "within_1.02": "  limit 2 % instead",
    "within_1.1": "  limit 10 % instead",
    "average": "  average over its plausible models",
    "rssd_0": "backtest alone",
    "rssd_0.25": "backtest + 0.25 RSSD",
    "rssd_0.5": "backtest + 0.5 RSSD",
    "rssd_1": "backtest + 1 RSSD",
    "average_pareto": "average over all Pareto models",
    "train": "error in sample alone",
    "validation": "ts_validation: lowest NRMSE validation",
    "validation_robyn": "ts_validation: Robyn's rule",
    "validation_ours": "ts_validation: mmmflow",
    "free": "free intercept: mmmflow",
    BESIDE: "season as columns: mmmflow",
    "lift_1": "a lift test of tv: mmmflow",
    "lift_2": "lift tests of tv and search: mmmflow",
}
TOLD = {
    "best_pareto": "best Pareto model, told the truth",
    "best_found": "best of all 10,000, told the truth",
    "curves": "true θ, α, γ given; least λ",
    "curves_penalised": "  30 times least λ",
    "curves_free": "  free intercept",
    "curves_season": "  season fitted beside the media",
}

Contributions = dict[str, FloatArray]


@dataclass(frozen=True, eq=False)
class Answer:
    """What one market gave."""

    contributions: Contributions
    truth: FloatArray  # (k,)
    revenue: float  # of the window
    covered: BoolArray  # (k,), truth within the range of plausible models
    plausible: int  # models
    intercept_dropped: Mapping[str, float]  # share of Pareto models, by way


def answer(market: Market, seed: int, *, thorough: bool = True) -> Answer:
    """Every way on one market; without `thorough` only one search's."""
    given = problem(market)
    solutions = _search(given, seed)
    selection = select(given, solutions)
    found = _of_one_search(given, solutions, selection)
    dropped = {OURS: _dropped(solutions, selection)}
    if thorough:
        found |= _validated(problem(market, ts_validation=True), seed)
        free = replace(given, intercept_sign="unconstrained")
        found["free"], _ = _ours(free, seed)
        found[BESIDE], dropped[BESIDE] = _ours(season_as_columns(given), seed)
        tests = tuple(lift(market, given, name) for name in ("tv", "search"))
        found["lift_1"], _ = _ours(replace(given, lifts=tests[:1]), seed)
        found["lift_2"], _ = _ours(replace(given, lifts=tests), seed)
    truth = market.contribution
    effect = solutions.contribution[:, given.paid]
    kept = effect[selection.kept]
    found["best_pareto"] = _nearest(kept, truth)
    found["best_found"] = _nearest(effect, truth)
    found |= answer_with_curves(given, market)
    near = kept[selection.plausible]
    return Answer(
        contributions=found,
        truth=truth,
        revenue=float(given.y[given.window].sum()),
        covered=(near.min(axis=0) <= truth) & (truth <= near.max(axis=0)),
        plausible=len(near),
        intercept_dropped=dropped,
    )


def _of_one_search(
    given: Problem, solutions: Solutions, selection: Selection
) -> Contributions:
    effect = solutions.contribution[:, given.paid]
    kept = selection.kept
    chosen = {
        ROBYN: int(np.argmin(selection.error_score)),
        CLUSTERS: int(kept[_best_winner(selection)]),
        OURS: selection.best,
        "train": int(np.argmin(solutions.nrmse)),
    }
    for choice in weighted_choices(given, solutions, selection):
        if choice.weight in WEIGHTS:
            chosen[f"rssd_{choice.weight:g}"] = choice.model
    out, rssd = selection.nrmse_out, solutions.decomp_rssd[kept]
    for limit in WITHIN:
        near = out <= limit * out.min()
        i = np.argmin(np.where(near, rssd, np.inf))
        chosen[f"within_{limit:g}"] = int(kept[i])
    found = {way: effect[model] for way, model in chosen.items()}
    found["average"] = effect[kept[selection.plausible]].mean(axis=0)
    found["average_pareto"] = effect[kept].mean(axis=0)
    return found


def _best_winner(selection: Selection) -> int:
    """Of the clusters' best models, the one with the least error_score."""
    families = selection.clusters
    assert families is not None
    return min(families.best, key=lambda i: float(families.score[i]))


def _search(given: Problem, seed: int) -> Solutions:
    return search(given, iterations=ITERATIONS, trials=TRIALS, seed=seed)


def _ours(given: Problem, seed: int) -> tuple[FloatArray, float]:
    """Contributions (k,), and how many Pareto models have no intercept."""
    solutions = _search(given, seed)
    selection = select(given, solutions)
    effect = solutions.contribution[selection.best, given.paid]
    return np.asarray(effect), _dropped(solutions, selection)


def _dropped(solutions: Solutions, selection: Selection) -> float:
    return float(solutions.intercept_dropped[selection.kept].mean())


def _validated(given: Problem, seed: int) -> Contributions:
    """The search minimised the error on rows held back for validation."""
    solutions = _search(given, seed)
    selection = select(given, solutions)
    kept = selection.kept
    chosen = {
        "validation": int(kept[np.argmin(solutions.nrmse_val[kept])]),
        "validation_robyn": int(np.argmin(selection.error_score)),
        "validation_ours": selection.best,
    }
    effect = solutions.contribution[:, given.paid]
    return {way: effect[model] for way, model in chosen.items()}


def _nearest(effect: FloatArray, truth: FloatArray) -> FloatArray:
    """The model (k,) of effect (c, k) with the least mean relative error."""
    error = np.abs(effect / truth - 1).mean(axis=1)
    return np.asarray(effect[np.argmin(error)])


def answer_with_curves(given: Problem, market: Market) -> Contributions:
    """The regression alone, given the true transformations."""
    least, _ = lambda_limits(given)
    true = {**market.hyperparameters, "lambda": least}
    free = replace(given, intercept_sign="unconstrained")
    return {
        "curves": fit(given, true).contribution[given.paid],
        "curves_penalised": fit(
            given, {**true, "lambda": 30 * least}
        ).contribution[given.paid],
        "curves_free": fit(free, true).contribution[given.paid],
        "curves_season": _season_beside_media(given, true),
    }


def _season_beside_media(
    given: Problem, true: Mapping[str, float]
) -> FloatArray:
    """Least squares without limits, trend and season fitted with all else."""
    media = fit(given, true).saturated
    beside = season_as_columns(given)
    other = np.setdiff1d(np.arange(beside.p), beside.media)
    rest = beside.x[beside.window][:, other]
    x = np.column_stack([media, rest, np.ones(beside.w)])
    b = np.linalg.lstsq(x, given.y[given.window])[0]
    k = len(given.paid)
    return np.asarray(b[:k] * media[:, :k].sum(axis=0))
