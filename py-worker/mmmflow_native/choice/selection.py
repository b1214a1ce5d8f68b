"""Which model to trust first, by a rule that looks out of sample.

DECOMP.RSSD is a preference for effect shares near spend shares. Robyn trades
it against the error of the fit; here it chooses only among models that the
data can't tell apart.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from mmmflow_native.choice.backtest import Backtest, backtest
from mmmflow_native.choice.clusters import NO_CLUSTER, Clusters, clusters
from mmmflow_native.choice.pareto import Pareto, error_scores, pareto
from mmmflow_native.model.candidates import candidates
from mmmflow_native.model.evaluate import Evaluator
from mmmflow_native.model.problem import (
    BoolArray,
    FloatArray,
    IntArray,
    Problem,
    Solver,
)
from mmmflow_native.optimise.solutions import Solutions
from mmmflow_native.threads import single_threaded

Basis = Literal["backtest", "train"]

# −2 log of the likelihood ratio to the best fit: what AIC would take for two
# more parameters.
FIT_WITHIN = 4.0
BEHIND_WITHIN = 1.0  # standard errors, in the backtest


@dataclass(frozen=True, eq=False)
class Selection:
    """The kept models of N, and the best of them.

    `kept` (c,) are indices of the models on the chosen fronts, in order of
    evaluation; what follows is aligned with it. `candidates` are indices of
    the models a person should look at, one per cluster, best first: the
    first is the selected one.
    """

    pareto: Pareto
    kept: IntArray
    cluster: IntArray  # (c,), NO_CLUSTER where there is none
    clusters: Clusters | None
    basis: Basis
    nrmse_out: FloatArray  # (c,), out of sample, on train where it can't be
    fit_behind: FloatArray  # (c,), −2 log likelihood ratio to the best fit
    plausible: BoolArray  # (c,), whom the data can't tell from the best
    rank: IntArray  # (c,), from 1
    backtest: Backtest | None
    candidates: tuple[int, ...]
    error_score: FloatArray  # (N,), Robyn's, over all models
    rule: str

    @property
    def best(self) -> int:
        """Index of the selected model."""
        return self.candidates[0]

    def position(self, model: int) -> int:
        """Where a kept model stands in what is aligned with `kept`."""
        return int(np.flatnonzero(self.kept == model)[0])


def select(
    problem: Problem, solutions: Solutions, solver: Solver = "exact"
) -> Selection:
    """Fronts, families and the best model of a search."""
    front = pareto(solutions.nrmse, solutions.decomp_rssd, solutions.mape)
    kept = np.flatnonzero(front.kept)
    if not kept.size:  # too few models for any to pass every quantile
        kept = np.array([int(np.argmin(solutions.nrmse))])
    values = hyperparameters(solutions, kept)
    tested = backtest(problem, values, solver)
    fit_behind = _fit_behind(problem, values, solver)
    plausible = fit_behind <= FIT_WITHIN
    if tested is not None:
        plausible &= tested.behind(plausible) <= BEHIND_WITHIN
    rssd, mape = solutions.decomp_rssd[kept], solutions.mape[kept]
    preference = error_scores(np.zeros(len(kept)), rssd, mape)
    nrmse_out = solutions.nrmse_train[kept] if tested is None else tested.nrmse
    order = np.lexsort((np.where(plausible, preference, nrmse_out), ~plausible))
    robyn = (
        solutions.nrmse_test
        if solutions.ts_validation
        else solutions.nrmse_train
    )
    families = clusters(
        solutions.values[np.ix_(kept, _shaping(solutions))],
        robyn[kept],
        rssd,
        mape,
    )
    cluster = families.cluster if families else np.full(len(kept), NO_CLUSTER)
    return Selection(
        pareto=front,
        kept=kept,
        cluster=cluster,
        clusters=families,
        basis="train" if tested is None else "backtest",
        nrmse_out=nrmse_out,
        fit_behind=fit_behind,
        plausible=plausible,
        rank=np.argsort(order, kind="stable") + 1,
        backtest=tested,
        candidates=_candidates(kept, cluster, order),
        error_score=error_scores(robyn, solutions.decomp_rssd, solutions.mape),
        rule=_rule(problem, front, plausible, tested),
    )


def hyperparameters(
    solutions: Solutions, models: IntArray
) -> dict[str, FloatArray | float]:
    """Hyperparameters of some models: one array per searched name."""
    searched = solutions.values[models]
    return {
        **solutions.fixed,
        **{name: searched[:, j] for j, name in enumerate(solutions.names)},
    }


def _fit_behind(
    problem: Problem, values: dict[str, FloatArray | float], solver: Solver
) -> FloatArray:
    """−2 log likelihood ratio (c,) to the best fit, all rows trained on.

    Of normal errors: w · log(mean squared error / the lowest).
    """
    whole = candidates(problem, {**values, "train_size": 1.0})
    with single_threaded():
        nrmse = Evaluator(problem, solver).evaluate(whole).nrmse_train
    return np.asarray(2 * problem.w * np.log(nrmse / nrmse.min()))


def _rule(
    problem: Problem,
    front: Pareto,
    plausible: BoolArray,
    tested: Backtest | None,
) -> str:
    preferred = "DECOMP.RSSD" + (" and MAPE.LIFT" if problem.lifts else "")
    outside = (
        "(the window is too short to hold rows back)"
        if tested is None
        else f"and in a rolling backtest ({len(tested.cuts)} times fitted "
        f"again up to a cut and held against the {tested.horizon} "
        f"{problem.interval}s after it)"
    )
    return (
        f"Of the {len(plausible)} models on the first {max(front.fronts, 1)} "
        f"Pareto fronts, {int(plausible.sum())} can't be told from the best "
        f"by the data, in their fit {outside}; of these, the one with the "
        f"lowest {preferred}."
    )


def _shaping(solutions: Solutions) -> IntArray:
    """The hyperparameters that Robyn clusters by: neither λ nor the split."""
    return np.flatnonzero(
        [name not in ("lambda", "train_size") for name in solutions.names]
    )


def _candidates(
    kept: IntArray, cluster: IntArray, order: IntArray
) -> tuple[int, ...]:
    """The best model, then the best of each other cluster, best first."""
    chosen, seen = [int(kept[order[0]])], {int(cluster[order[0]])}
    for i in order:
        family = int(cluster[i])
        if family != NO_CLUSTER and family not in seen:
            seen.add(family)
            chosen.append(int(kept[i]))
    return tuple(chosen)
