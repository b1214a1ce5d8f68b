"""Convergence as Robyn judges it, and as the front itself shows it."""

import numpy as np
import pytest
from mmmflow_native.choice.convergence import convergence, late_gain

TRIAL = np.ones(2000, dtype=np.int64)


def _falling(spread: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    random = np.random.default_rng(2)
    steps = np.arange(2000) / 2000
    return 0.1 + np.exp(-5 * steps) * (1 + spread * random.random(2000))


def test_errors_that_fall_and_settle_have_converged() -> None:
    [found] = convergence(TRIAL, {"NRMSE": _falling(0.1)})
    assert found.converged
    assert found.message.startswith("NRMSE converged: sd@qt.20 ")


def test_errors_that_stay_have_not_converged() -> None:
    random = np.random.default_rng(3)
    [found] = convergence(TRIAL, {"NRMSE": random.random(2000)})
    assert not found.converged
    assert found.message.startswith("NRMSE NOT converged: ")


def test_there_are_twenty_bins_of_iterations() -> None:
    [found] = convergence(TRIAL, {"NRMSE": _falling(0.1)})
    assert found.iteration.tolist() == list(range(100, 2001, 100))
    assert found.models.tolist() == [100] * 20


def test_an_objective_without_errors_is_left_out() -> None:
    found = convergence(TRIAL, {"NRMSE": _falling(0.1), "MAPE": np.zeros(2000)})
    assert [c.objective for c in found] == ["NRMSE"]


def test_trials_are_binned_by_their_own_iterations() -> None:
    trials = np.repeat([1, 2], 1000)
    [found] = convergence(trials, {"NRMSE": _falling(0.1)})
    assert found.iteration[-1] == 1000
    assert found.models.tolist() == [100] * 20


def test_a_late_find_is_a_late_gain() -> None:
    iteration = np.arange(1, 101)
    nrmse, rssd = np.linspace(1, 2, 100), np.linspace(1, 2, 100)
    assert late_gain(iteration, nrmse, rssd) == pytest.approx(0, abs=1e-12)
    nrmse[-1] = rssd[-1] = 0.5
    assert late_gain(iteration, nrmse, rssd) == pytest.approx(
        1 - (0.891 / 1.391) ** 2, abs=0.01
    )
