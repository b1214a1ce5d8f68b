"""Which model to trust first, by a rule that looks out of sample.

DECOMP.RSSD is a preference for effect shares near spend shares. Robyn trades
it against the error of the fit; here it chooses only among the models that
predict about as well as the best.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from mmmflow_native.choice.backtest import Backtest, backtest
from mmmflow_native.choice.clusters import NO_CLUSTER, Clusters, clusters
from mmmflow_native.choice.pareto import Pareto, error_scores, pareto
from mmmflow_native.model.problem import (
    BoolArray,
    FloatArray,
    IntArray,
    Problem,
    Solver,
)
from mmmflow_native.optimise.solutions import Solutions

Basis = Literal["backtest", "train"]

# What "about as well" is, as a multiple of the lowest error out of sample.
# Chosen on markets whose truth is known: tests/bench/bench_truth.py.
WITHIN = 1.05


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
    plausible: BoolArray  # (c,), who predict about as well as the best
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
    tested = backtest(problem, hyperparameters(solutions, kept), solver)
    nrmse_out = solutions.nrmse_train[kept] if tested is None else tested.nrmse
    plausible = nrmse_out <= WITHIN * nrmse_out.min()
    rssd, mape = solutions.decomp_rssd[kept], solutions.mape[kept]
    preference = error_scores(np.zeros(len(kept)), rssd, mape)
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


def _rule(
    problem: Problem,
    front: Pareto,
    plausible: BoolArray,
    tested: Backtest | None,
) -> str:
    preferred = "DECOMP.RSSD" + (" and MAPE.LIFT" if problem.lifts else "")
    error = (
        "error in sample (the window is too short to hold rows back)"
        if tested is None
        else f"error in a rolling backtest ({len(tested.cuts)} times fitted "
        f"again up to a cut and held against the {tested.horizon} "
        f"{problem.interval}s after it)"
    )
    return (
        f"Of the {len(plausible)} models on the first {max(front.fronts, 1)} "
        f"Pareto fronts, {int(plausible.sum())} are within "
        f"{WITHIN - 1:.0%} of the lowest {error}; of these, the one with the "
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
