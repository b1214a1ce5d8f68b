"""The active set finds the exact minimum within limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mmmflow_native.model import active_set
from mmmflow_native.model.active_set import LOWER, UPPER, Quadratic, minimise
from mmmflow_native.model.problem import FloatArray


def _random(seed: int, p: int, c: int) -> Quadratic:
    """Correlation-like matrices, with limits of all kinds."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(c, p + 3, p)) + random.normal(size=(c, p + 3, 1))
    a = np.einsum("cni,cnj->ijc", x, x) / (p + 3)
    a[np.arange(p), np.arange(p)] += 0.01
    lower = np.where(random.random((p, c)) < 0.7, 0.0, -np.inf)
    upper = np.where(random.random((p, c)) < 0.3, 0.4, np.inf)
    return Quadratic(a, random.normal(size=(p, c)), lower, upper)


def _violation(q: Quadratic, b: FloatArray) -> float:
    """How far the conditions of a minimum are from being met."""
    gradient = np.einsum("ijc,jc->ic", q.a, b) - q.r
    inside = np.maximum(q.lower - b, b - q.upper)
    falls = np.where(b > q.lower, np.maximum(gradient, 0), 0)
    rises = np.where(b < q.upper, np.maximum(-gradient, 0), 0)
    return float(max(inside.max(), falls.max(), rises.max()))


@given(st.integers(0, 10_000), st.integers(1, 15))
def test_result_meets_the_conditions_of_a_minimum(seed: int, p: int) -> None:
    q = _random(seed, p, 8)

    assert _violation(q, minimise(q)[0]) < 1e-10


def test_minimum_does_not_depend_on_the_guess() -> None:
    q = _random(3, 10, 50)
    guess = np.random.default_rng(0).choice(
        np.array([LOWER, 0], dtype=np.int8), q.r.shape
    )
    guess[np.isinf(q.lower)] = 0

    np.testing.assert_allclose(
        minimise(q, guess)[0], minimise(q)[0], atol=1e-12
    )


def test_states_say_which_coefficients_are_at_a_limit() -> None:
    q = _random(4, 10, 50)
    b, states = minimise(q)

    assert (b[states == LOWER] == q.lower[states == LOWER]).all()
    assert (b[states == UPPER] == q.upper[states == UPPER]).all()


def test_one_move_at_a_time_ends_too(monkeypatch: pytest.MonkeyPatch) -> None:
    q = _random(5, 12, 30)
    expected = minimise(q)[0]
    monkeypatch.setattr(active_set, "_PATIENCE", -1)

    np.testing.assert_allclose(minimise(q)[0], expected, atol=1e-12)


def test_nearly_constant_columns_end_too() -> None:
    random = np.random.default_rng(8)
    means = random.normal(1e5, 1.0, (10, 1, 40))
    a = _random(8, 10, 40).a + means * means.swapaxes(0, 1)
    r = means[:, 0] * 1e5 + random.normal(size=(10, 40))
    q = Quadratic(a, r, np.zeros((10, 40)), np.full((10, 40), np.inf))

    assert _violation(q, minimise(q)[0]) < 1e-9 * a.max()


def test_equal_limits_hold_a_coefficient() -> None:
    q = _random(6, 5, 4)
    q.lower[2] = q.upper[2] = 0.0

    assert (minimise(q)[0][2] == 0.0).all()


def test_duplicate_column_is_not_counted_twice() -> None:
    a = np.array([[1.0, 1.0], [1.0, 1.0]])[:, :, None]
    free = np.full((2, 1), np.inf)
    b, _ = minimise(Quadratic(a, np.array([[0.5], [0.5]]), -free, free))

    assert b[:, 0].tolist() == [0.5, 0.0]
