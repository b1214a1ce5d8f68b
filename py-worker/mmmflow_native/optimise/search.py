"""The search: candidates, asked of an optimiser and evaluated together.

The trials are independent of each other; they advance side by side so that
their candidates share a batch.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Literal, Protocol

import numpy as np

from mmmflow_native.model.candidates import candidates
from mmmflow_native.model.evaluate import Evaluated, Evaluator
from mmmflow_native.model.problem import (
    FloatArray,
    Problem,
    Solver,
)
from mmmflow_native.model.regularisation import lambda_position
from mmmflow_native.optimise.de import DifferentialEvolution
from mmmflow_native.optimise.solutions import Solutions
from mmmflow_native.optimise.space import Space, space
from mmmflow_native.threads import single_threaded

OptimiserName = Literal["de", "twopointsde"]


class Optimiser(Protocol):
    """One trial: proposes positions in the unit cube, learns their errors."""

    log_lambda: bool  # whether its axis of λ is logarithmic

    def ask(self, most: int) -> FloatArray:
        """Up to `most` positions (b, d)."""

    def tell(self, errors: FloatArray) -> None:
        """Errors (b, objectives) of the positions asked last."""


@dataclass(frozen=True)
class SearchProgress:
    """How far a search is; every trial has done `iteration` iterations."""

    iteration: int
    iterations: int
    trials: int
    nrmse: float  # of the candidate nearest to (0, 0)
    decomp_rssd: float


def search(
    problem: Problem,
    *,
    iterations: int,
    trials: int,
    seed: int,
    solver: Solver = "exact",
    optimiser: OptimiserName = "de",
    on_progress: Callable[[SearchProgress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Solutions:
    """Search hyperparameters with few errors: NRMSE, RSSD and MAPE.

    The same arguments give the same solutions. Trial t starts from seed + t.
    `should_stop` is asked after every batch; what has been evaluated by then
    is returned. With all hyperparameters fixed there is one solution.

    Raises:
        KeyError: a medium's hyperparameter has no range.
    """
    where = space(problem)
    if not where.names:
        iterations = trials = 1
    evaluator = Evaluator(problem, solver)
    optimisers = [
        _optimiser(optimiser, where, iterations, seed + trial)
        for trial in range(1, trials + 1)
    ]
    batches: list[_Batch] = []
    best = (np.inf, np.inf)
    done = 0
    with single_threaded():
        while done < iterations:
            asked = [o.ask(iterations - done) for o in optimisers]
            values = where.values(
                np.concatenate(asked), log_lambda=optimisers[0].log_lambda
            )
            evaluated = evaluator.evaluate(
                candidates(problem, where.by_name(values))
            )
            errors = _objectives(problem, evaluated)
            for o, told in zip(
                optimisers, np.split(errors, trials), strict=True
            ):
                o.tell(told)
            batches.append(_Batch(values, evaluated))
            done += len(asked[0])
            best = _nearest(best, errors)
            if on_progress:
                on_progress(SearchProgress(done, iterations, trials, *best))
            if should_stop and should_stop():
                break
    return _solutions(where, trials, batches)


def _optimiser(
    name: OptimiserName, where: Space, budget: int, seed: int
) -> Optimiser:
    dimensions = len(where.names)
    if name == "de":
        return DifferentialEvolution(dimensions, seed)
    # Nevergrad takes seconds to import: only those wait who ask for it.
    from mmmflow_native.optimise.twopointsde import TwoPointsDE

    objectives = 3 if where.problem.lifts else 2
    return TwoPointsDE(dimensions, objectives, budget, seed)


def _objectives(problem: Problem, evaluated: Evaluated) -> FloatArray:
    """What is minimised, (c, 2), or (c, 3) with lift tests."""
    nrmse = (
        evaluated.nrmse_val if problem.ts_validation else evaluated.nrmse_train
    )
    errors = [nrmse, evaluated.decomp_rssd]
    if problem.lifts:
        errors.append(evaluated.mape)
    return np.column_stack(errors)


def _nearest(
    best: tuple[float, float], errors: FloatArray
) -> tuple[float, float]:
    """NRMSE and RSSD with the least distance to (0, 0)."""
    both = np.vstack([best, errors[:, :2]])
    i = np.nanargmin(np.hypot(both[:, 0], both[:, 1]))
    return float(both[i, 0]), float(both[i, 1])


@dataclass(frozen=True, eq=False)
class _Batch:
    """What all trials asked at a time: trial 1's positions first."""

    values: FloatArray  # (trials · b, d)
    evaluated: Evaluated


def _solutions(
    where: Space, trials: int, batches: Sequence[_Batch]
) -> Solutions:
    """Sort batches by trial and iteration."""
    sizes = [len(b.values) // trials for b in batches]
    trial = np.concatenate([np.repeat(np.arange(trials), b) for b in sizes])
    first = np.cumsum([0, *sizes])
    iteration = np.concatenate(
        [
            np.tile(np.arange(b) + f, trials)
            for b, f in zip(sizes, first[:-1], strict=True)
        ]
    )
    order = np.lexsort((iteration, trial))
    values = np.concatenate([b.values for b in batches])[order]
    errors = {
        f.name: np.concatenate(
            [getattr(b.evaluated, f.name).T for b in batches]
        )[order]
        for f in fields(Evaluated)
    }
    by_name = where.by_name(values)
    lambda_ = np.broadcast_to(by_name["lambda"], len(values))
    return Solutions(
        names=where.names,
        values=values,
        fixed=dict(where.fixed),
        ts_validation=where.problem.ts_validation,
        lambda_hp=lambda_position(where.problem, lambda_),
        trial=trial[order] + 1,
        iteration=iteration[order] + 1,
        **errors,
    )
