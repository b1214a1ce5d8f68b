"""Robyn's own search, taken again candidate by candidate."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import pytest
from mmmflow_native.model.problem import FloatArray, Problem
from mmmflow_native.optimise.search import search
from mmmflow_native.optimise.solutions import Solutions

BOUND = 1e-8


class Reference(Protocol):
    """What these tests ask of the `reference` fixture."""

    solutions: Mapping[str, FloatArray]
    solution_ids: tuple[str, ...]
    run: Mapping[str, Any]

    def run_problem(self) -> Problem: ...


@pytest.fixture(scope="module")
def solutions(reference: Reference) -> Solutions:
    return search(
        reference.run_problem(),
        iterations=reference.run["iterations"],
        trials=reference.run["trials"],
        seed=123,
        solver="glmnet",
        optimiser="twopointsde",
    )


def test_candidates_come_in_robyns_order(
    reference: Reference, solutions: Solutions
) -> None:
    assert solutions.ids == reference.solution_ids


def test_every_candidate_is_robyns(
    reference: Reference, solutions: Solutions
) -> None:
    expected = np.column_stack(
        [reference.solutions[name] for name in solutions.names]
    )
    np.testing.assert_allclose(solutions.values, expected, rtol=BOUND, atol=0)


@pytest.mark.parametrize(
    ("ours", "robyns"),
    [
        ("nrmse", "nrmse"),
        ("decomp_rssd", "decomp.rssd"),
        ("rsq_train", "rsq_train"),
        ("lambda_hp", "lambda_hp"),
    ],
)
def test_every_error_is_robyns(
    reference: Reference, solutions: Solutions, ours: str, robyns: str
) -> None:
    np.testing.assert_allclose(
        getattr(solutions, ours),
        reference.solutions[robyns],
        rtol=BOUND,
        atol=BOUND * 1e-3,
    )
