"""The default search finds more than Robyn's with as many evaluations.

Measured by the hypervolume that the candidates dominate, NRMSE up to 0.3 and
DECOMP.RSSD up to 1.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import pytest
from mmmflow_native.model.candidates import candidates
from mmmflow_native.model.evaluate import Evaluator
from mmmflow_native.model.problem import FloatArray, Problem
from mmmflow_native.optimise.search import search

SEEDS = (1, 2, 3, 4, 5)


class Reference(Protocol):
    """What these tests ask of the `reference` fixture."""

    solutions: Mapping[str, FloatArray]
    run: Mapping[str, Any]

    def run_problem(self) -> Problem: ...


@pytest.fixture(scope="module")
def volumes(reference: Reference) -> list[float]:
    found = []
    for seed in SEEDS:
        s = search(
            reference.run_problem(),
            iterations=reference.run["iterations"],
            trials=reference.run["trials"],
            seed=seed,
        )
        found.append(hypervolume(s.nrmse, s.decomp_rssd))
    return found


def test_every_seed_finds_at_least_what_robyn_found(
    reference: Reference, volumes: list[float]
) -> None:
    robyns = reference.solutions
    assert min(volumes) >= hypervolume(robyns["nrmse"], robyns["decomp.rssd"])


def test_seeds_find_more_than_robyns_candidates_fitted_exactly(
    reference: Reference, volumes: list[float]
) -> None:
    problem = reference.run_problem()
    exact = Evaluator(problem).evaluate(
        candidates(problem, reference.solutions)
    )
    nrmse = exact.nrmse_val if problem.ts_validation else exact.nrmse_train
    robyns = hypervolume(nrmse, exact.decomp_rssd)
    assert np.mean(volumes) >= robyns


def hypervolume(nrmse: FloatArray, rssd: FloatArray) -> float:
    """Area dominated below NRMSE 0.3 and DECOMP.RSSD 1."""
    area, lowest = 0.0, 1.0
    for i in np.argsort(nrmse):
        if nrmse[i] < 0.3 and rssd[i] < lowest:
            area += (0.3 - float(nrmse[i])) * (lowest - float(rssd[i]))
            lowest = float(rssd[i])
    return area
