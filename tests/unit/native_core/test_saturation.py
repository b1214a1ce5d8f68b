"""Hill saturation: the more media, the less a further unit brings."""

import numpy as np
from mmmflow_native.model.problem import FloatArray
from mmmflow_native.model.saturation import hill, inflexions


def _column(*values: float) -> FloatArray:
    return np.array(values)[:, None, None]


def _hill(x: FloatArray, alpha: float, inflexion: float) -> list[float]:
    response = hill(x, np.array([[alpha]]), np.array([[inflexion]]))
    return [float(value) for value in response[:, 0, 0]]


def test_inflexion_is_gamma_of_the_largest() -> None:
    points = inflexions(_column(1.0, 8.0, 3.0), np.array([[0.5]]))

    assert points.tolist() == [[4.0]]


def test_response_is_half_at_the_inflexion() -> None:
    assert _hill(_column(4.0), 2.0, 4.0) == [0.5]


def test_response_is_the_hill_function() -> None:
    x, alpha, inflexion = np.array([0.5, 3.0, 9.0]), 1.7, 4.0
    expected = x**alpha / (x**alpha + inflexion**alpha)

    np.testing.assert_allclose(
        _hill(_column(*x), alpha, inflexion), expected, rtol=1e-14
    )


def test_no_media_is_no_response() -> None:
    assert _hill(_column(0.0), 0.5, 4.0) == [0.0]


def test_channel_without_media_has_no_response() -> None:
    assert _hill(_column(0.0, 0.0), 0.5, 0.0) == [0.0, 0.0]
