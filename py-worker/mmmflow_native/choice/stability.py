"""Is the answer an answer? The search repeated with other seeds.

A model that another seed of the same search would not have found is luck.
The spread over seeds shows what the search leaves open; what the data leave
open is more.
"""

from dataclasses import dataclass

import numpy as np

from mmmflow_native.budget.proposal import propose
from mmmflow_native.choice.selection import select
from mmmflow_native.data.config import JobConfig
from mmmflow_native.model.fit import fit
from mmmflow_native.model.problem import FloatArray, Problem
from mmmflow_native.optimise.search import search

UNSTABLE = 0.25  # (highest − lowest) / median ROAS that is worth a word


@dataclass(frozen=True, eq=False)
class Stability:
    """The selected model of each of r runs, with its proposal.

    Spends are per period; nan where no budget could be proposed.
    """

    seeds: tuple[int, ...]
    model_ids: tuple[str, ...]
    nrmse_out: FloatArray  # (r,)
    roas: FloatArray  # (r, k), nan unspent
    effect_share: FloatArray  # (r, k)
    spend_proposed: FloatArray  # (r, k)


def stability(problem: Problem, config: JobConfig, runs: int) -> Stability:
    """Search `runs` times; no two of the runs share a trial's seed."""
    seeds = tuple(config.seed + config.trials * run for run in range(runs))
    found = [_run(problem, config, seed) for seed in seeds]
    ids, errors, roas, shares, spends = zip(*found, strict=True)
    return Stability(
        seeds=seeds,
        model_ids=ids,
        nrmse_out=np.array(errors),
        roas=np.stack(roas),
        effect_share=np.stack(shares),
        spend_proposed=np.stack(spends),
    )


def about_stability(problem: Problem, found: Stability) -> list[str]:
    """Where the answer depends on the seed."""
    channels = [problem.columns[i].channel or "" for i in problem.paid]
    low, middle, high = np.quantile(found.roas, (0.0, 0.5, 1.0), axis=0)
    said = [
        f"{name} {low[i]:.2g} to {high[i]:.2g}"
        for i, name in enumerate(channels)
        if high[i] - low[i] > UNSTABLE * middle[i]
    ]
    if not said:
        return []
    return [
        f"Over {len(found.seeds)} seeds of the search the return differs: "
        f"{', '.join(said)} (results/stability)."
    ]


def _run(
    problem: Problem, config: JobConfig, seed: int
) -> tuple[str, float, FloatArray, FloatArray, FloatArray]:
    solutions = search(
        problem,
        iterations=config.iterations,
        trials=config.trials,
        seed=seed,
        solver=config.solver,
        optimiser=config.optimiser,
    )
    selection = select(problem, solutions, config.solver)
    best = selection.best
    model = fit(problem, solutions.hyperparameters(best), solver=config.solver)
    spend = problem.spend[problem.window].sum(axis=0)
    effect = model.contribution[problem.paid]
    proposal, _ = propose(
        problem, model, config.allocation, config.dep_var_type
    )
    return (
        solutions.ids[best],
        float(selection.nrmse_out[selection.position(best)]),
        effect / np.where(spend > 0, spend, np.nan),
        model.effect_share,
        np.array([c.spend_proposed for c in proposal.channels])
        if proposal
        else np.full(len(problem.paid), np.nan),
    )
