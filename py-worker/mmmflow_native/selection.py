"""Which model to trust first, by a rule that looks out of sample.

Robyn ranks models by their error on the rows they were fitted to (or, with
time-series validation, on the last rows). Here the error is always one on
rows that the fit has not seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from mmmflow_native.backtest import Backtest, backtest
from mmmflow_native.clusters import NO_CLUSTER, Clusters, clusters
from mmmflow_native.pareto import Pareto, error_scores, pareto
from mmmflow_native.problem import FloatArray, IntArray, Problem, Solver
from mmmflow_native.solutions import Solutions

Basis = Literal["test", "backtest", "train"]

RULES: Mapping[Basis, str] = {
    "test": "Of the {models} models on the first {fronts} Pareto fronts, the "
    "one with the lowest combined error: NRMSE on the test rows, which "
    "neither fit nor search has seen, DECOMP.RSSD and MAPE.LIFT, each scaled "
    "to 0…1 over these models, with equal weights.",
    "backtest": "Of the {models} models on the first {fronts} Pareto fronts, "
    "the one with the lowest combined error: NRMSE in a rolling backtest "
    "({cuts} times fitted again up to a cut and held against the {horizon} "
    "{unit}s after it), DECOMP.RSSD and MAPE.LIFT, each scaled to 0…1 over "
    "these models, with equal weights.",
    "train": "Of the {models} models on the first {fronts} Pareto fronts, "
    "the one with the lowest combined error: NRMSE on the rows it was fitted "
    "to (the window is too short to hold rows back), DECOMP.RSSD and "
    "MAPE.LIFT, each scaled to 0…1 over these models, with equal weights.",
}


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
    nrmse_out: FloatArray  # (c,), the NRMSE that the rule reads
    score: FloatArray  # (c,), combined error, lower is better
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
    basis, nrmse_out = _out_of_sample(solutions, kept, tested)
    rssd, mape = solutions.decomp_rssd[kept], solutions.mape[kept]
    score = error_scores(nrmse_out, rssd, mape)
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
        basis=basis,
        nrmse_out=nrmse_out,
        score=score,
        backtest=tested,
        candidates=_candidates(kept, cluster, score),
        error_score=error_scores(robyn, solutions.decomp_rssd, solutions.mape),
        rule=RULES[basis].format(
            models=len(kept),
            fronts=max(front.fronts, 1),
            cuts=len(tested.cuts) if tested else 0,
            horizon=tested.horizon if tested else 0,
            unit=problem.interval,
        ),
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


def _out_of_sample(
    solutions: Solutions, kept: IntArray, tested: Backtest | None
) -> tuple[Basis, FloatArray]:
    on_test = solutions.nrmse_test[kept]
    if solutions.ts_validation and np.isfinite(on_test).any():
        return "test", on_test
    if tested is not None:
        return "backtest", tested.nrmse
    return "train", solutions.nrmse_train[kept]


def _shaping(solutions: Solutions) -> IntArray:
    """The hyperparameters that Robyn clusters by: neither λ nor the split."""
    return np.flatnonzero(
        [name not in ("lambda", "train_size") for name in solutions.names]
    )


def _candidates(
    kept: IntArray, cluster: IntArray, score: FloatArray
) -> tuple[int, ...]:
    """The best model, then the best of each other cluster, best first."""
    order = np.argsort(score, kind="stable")
    chosen, seen = [int(kept[order[0]])], {int(cluster[order[0]])}
    for i in order:
        family = int(cluster[i])
        if family != NO_CLUSTER and family not in seen:
            seen.add(family)
            chosen.append(int(kept[i]))
    return tuple(chosen)
