"""Adstock: what is left today of what was advertised before.

Geometric: a[t] = x[t] + θ·a[t-1] (Broadbent 1979). Weibull: a = x convolved
with weights that follow a Weibull distribution, in the two forms of Robyn
3.12: `cdf`, the running product of 1 − F, and `pdf`, the density scaled to
[0, 1] by its range.

Candidates are the last axis of every array, so that each line works on all of
them at once: n rows, m media, c candidates.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from mmmflow_native.model.problem import FloatArray

Weibull = Literal["weibull_cdf", "weibull_pdf"]

# A weight below 2^-70 of the largest can't reach the last bit of a sum.
_NEGLIGIBLE = 2.0**-70
_STRIP = 64


@dataclass(frozen=True, eq=False)
class Adstocked:
    """Adstocked media and what part of them is of the same period."""

    total: FloatArray  # (n, m, c)
    immediate_weight: FloatArray  # (m, c); immediate part = weight · x


def geometric(x: FloatArray, thetas: FloatArray) -> Adstocked:
    """Adstock x (n, m), n ≥ 1, geometrically with thetas (m, c)."""
    total = np.empty((len(x), *thetas.shape))
    total[0] = x[0][:, None]
    rows = list(total)
    for before, now, fresh in zip(rows, rows[1:], x[1:, :, None], strict=False):
        np.multiply(before, thetas, out=now)
        np.add(now, fresh, out=now)
    return Adstocked(total, np.ones_like(thetas))


def weibull(
    x: FloatArray, shapes: FloatArray, scales: FloatArray, form: Weibull
) -> Adstocked:
    """Adstock x (n, m) with Weibull weights of shapes and scales (m, c).

    `scales` are quantiles of 1…n; they mean another lag on a longer series.
    A series of one row has no past: it is returned as it is.
    """
    if len(x) == 1:
        return Adstocked(
            np.broadcast_to(x[:, :, None], (1, *shapes.shape)).copy(),
            np.ones_like(shapes),
        )
    weights = weibull_weights(shapes, scales, len(x), form)
    return Adstocked(_convolve(x, weights), weights[0])


def weibull_weights(
    shapes: FloatArray, scales: FloatArray, n: int, form: Weibull
) -> FloatArray:
    """Weights (lags, m, c) by lag, from 0 on, of series of n > 1 rows.

    Lags whose weights are all negligible are left out. A shape or a scale of
    0 means no adstock: weight 1 at lag 0.
    """
    none = (shapes == 0) | (scales == 0)
    shape = np.where(none, 1.0, shapes)
    scale = scale_rows(scales, n)
    if form == "weibull_cdf":
        weights = _cdf_weights(shape, scale, n)
    else:
        weights = _pdf_weights(shape, scale, n)
    weights[0][none] = 1.0
    weights[1:, none] = 0.0
    return weights


def scale_rows(scales: FloatArray, n: int) -> FloatArray:
    """The scale in periods: the rounded quantile of 1…n, half to even.

    Interpolated between neighbours as R's quantile type 7 does, so that ties
    fall on the same side.
    """
    position = 1.0 + (n - 1) * scales
    below = np.floor(position)
    part = position - below
    rows: FloatArray = np.round((1.0 - part) * below + part * np.ceil(position))
    return rows


def _cdf_weights(shape: FloatArray, scale: FloatArray, n: int) -> FloatArray:
    """Running product of 1 − F(lag) = exp(−Σ (lag / scale)^shape)."""
    lags = np.log(np.arange(1.0, n))[:, None, None]
    log_scale = np.log(scale)
    exponents = np.zeros((n, *shape.shape))
    floor = -np.log(_NEGLIGIBLE)
    step = 32
    for start in range(1, n, step):
        stop = min(start + step, n)
        hazard = np.exp(shape * (lags[start - 1 : stop - 1] - log_scale))
        hazard[0] += exponents[start - 1]
        np.cumsum(hazard, axis=0, out=exponents[start:stop])
        if stop < n and exponents[stop - 1].min() > floor:
            exponents = exponents[:stop]
            break
    np.negative(exponents, out=exponents)
    return np.exp(exponents, out=exponents)


def _pdf_weights(shape: FloatArray, scale: FloatArray, n: int) -> FloatArray:
    """Density at 1…n, less its smallest, over its range.

    A density without range (all of it before the first period) is an impulse.
    """
    lags = np.log(np.arange(1.0, n + 1))[:, None, None]
    logs = lags - np.log(scale)
    # Of the density's factors those without the lag cancel in the scaling.
    logs *= shape
    density: FloatArray = np.exp(logs - lags - np.exp(logs))
    low = density.min(axis=0)
    spread = density.max(axis=0) - low
    flat = ~(spread > 0)
    density -= low
    density /= np.where(flat, 1.0, spread)
    density[0][flat] = 1.0
    return density


def _convolve(x: FloatArray, weights: FloatArray) -> FloatArray:
    """Causal convolution (n, m, c) of x (n, m) with weights (lags, m, c).

    A product of matrices per strip of rows, of the lags that reach back into
    the series; up to a few thousand rows faster than by Fourier transform,
    and exact where there was no media.
    """
    n, m = x.shape
    lags = len(weights)
    total = np.empty((n, m, weights.shape[2]))
    for j in range(m):
        by_lag = np.ascontiguousarray(weights[:, j])
        padded = np.concatenate([np.zeros(lags - 1), x[:, j]])
        past = sliding_window_view(padded, lags)[:, ::-1]  # row t: x[t - lag]
        for start in range(0, n, _STRIP):
            end = min(n, start + _STRIP)
            strip = np.ascontiguousarray(past[start:end, :end])
            total[start:end, j] = strip @ by_lag[:end]
    return total
