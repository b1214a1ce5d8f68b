"""Adstock carries media over into later periods."""

import numpy as np
import pytest
from mmmflow_native.model import adstock
from mmmflow_native.model.adstock import (
    Weibull,
    geometric,
    weibull,
    weibull_weights,
)
from mmmflow_native.model.problem import FloatArray

FORMS: tuple[Weibull, ...] = ("weibull_cdf", "weibull_pdf")


def _one(value: float) -> FloatArray:
    return np.array([[value]])


def _impulse(n: int) -> FloatArray:
    return np.eye(n)[:, :1]


def test_geometric_adstock_decays_by_theta_each_period() -> None:
    total = geometric(_impulse(4), _one(0.5)).total[:, 0, 0]

    assert total.tolist() == [1.0, 0.5, 0.25, 0.125]


def test_geometric_adstock_adds_up() -> None:
    x = np.array([[1.0], [2.0], [0.0]])

    assert geometric(x, _one(0.5)).total[:, 0, 0].tolist() == [1.0, 2.5, 1.25]


def test_every_candidate_has_its_own_theta() -> None:
    total = geometric(_impulse(2), np.array([[0.0, 0.3]])).total

    assert total[1, 0].tolist() == [0.0, 0.3]


def test_weibull_cdf_weights_are_the_running_product_of_survival() -> None:
    shape, scale, n = 1.5, 0.2, 21
    weights = weibull_weights(_one(shape), _one(scale), n, "weibull_cdf")

    rows = 5.0  # the quantile 0.2 of 1…21
    survival = np.exp(-((np.arange(1, n) / rows) ** shape))
    expected = np.cumprod([1.0, *survival])
    np.testing.assert_allclose(weights[:, 0, 0], expected[: len(weights)])
    assert (expected[len(weights) :] < 1e-20).all()


def test_weibull_pdf_weights_are_the_density_over_its_range() -> None:
    shape, scale, n = 2.5, 0.2, 21
    weights = weibull_weights(_one(shape), _one(scale), n, "weibull_pdf")

    t = np.arange(1.0, n + 1) / 5.0
    density = shape / 5.0 * t ** (shape - 1) * np.exp(-(t**shape))
    expected = (density - density.min()) / np.ptp(density)
    np.testing.assert_allclose(weights[:, 0, 0], expected, atol=1e-15)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("shape", "scale"), [(0.0, 0.1), (2.0, 0.0)])
def test_shape_or_scale_of_0_means_no_adstock(
    form: Weibull, shape: float, scale: float
) -> None:
    x = np.array([[3.0], [1.0], [2.0]])
    adstocked = weibull(x, _one(shape), _one(scale), form)

    np.testing.assert_array_equal(adstocked.total[:, :, 0], x)
    assert adstocked.immediate_weight == 1.0


@pytest.mark.parametrize("form", FORMS)
def test_single_period_has_no_past(form: Weibull) -> None:
    adstocked = weibull(np.array([[3.0]]), _one(2.0), _one(0.5), form)

    assert adstocked.total.tolist() == [[[3.0]]]


@pytest.mark.parametrize(
    ("scale", "rows"),
    [(0.0, 1.0), (1.0, 7.0), (0.25, 2.0), (0.75, 6.0), (0.5, 4.0)],
)
def test_scale_is_a_quantile_rounded_half_to_even(
    scale: float, rows: float
) -> None:
    # 0.25 falls on 2.5 and 0.75 on 5.5.
    assert adstock.scale_rows(_one(scale), 7) == rows


def test_pdf_counts_part_of_a_period_as_immediate() -> None:
    adstocked = weibull(_impulse(20), _one(3.0), _one(0.3), "weibull_pdf")

    np.testing.assert_allclose(
        adstocked.immediate_weight[0, 0], adstocked.total[0, 0, 0]
    )
    assert adstocked.immediate_weight[0, 0] < 0.1


@pytest.mark.parametrize("form", FORMS)
def test_long_series_give_what_the_definition_gives(form: Weibull) -> None:
    n = 900
    x = np.random.default_rng(1).gamma(1.0, 50.0, (n, 1))
    shapes, scales = _one(0.9), _one(0.1)
    total = weibull(x, shapes, scales, form).total[:, 0, 0]

    weights = weibull_weights(shapes, scales, n, form)[:, 0, 0]
    expected = np.convolve(x[:, 0], weights)[:n]
    np.testing.assert_allclose(total, expected, rtol=1e-11)
