"""Moments of the training rows: fixed columns once, media per candidate.

q fixed columns (prophet, context), m media, w rows of the window.
"""

import numpy as np

from mmmflow_native.model.moments import Moments
from mmmflow_native.model.problem import (
    BoolArray,
    FloatArray,
    IntArray,
    Problem,
)

# A medium whose sd is less than this part of its mean is constant.
_CONSTANT = 1e-12
_STRIP = 32


class Design:
    """The regressors of a problem, ready to meet transformed media."""

    def __init__(self, problem: Problem) -> None:
        window = problem.x[problem.window]
        self.media = problem.media
        self.fixed: IntArray = np.setdiff1d(np.arange(problem.p), self.media)
        z = np.column_stack([window[:, self.fixed], problem.y[problem.window]])
        self._shift = z.mean(axis=0)
        self._z = z - self._shift  # (w, q + 1), the goal last
        self._sums = z.sum(axis=0)[:-1]
        self._known: dict[int, tuple[FloatArray, FloatArray, BoolArray]] = {}

    def moments(self, saturated: FloatArray, train_end: IntArray) -> Moments:
        """Moments over the first train_end (c,) rows, media (w, m, c)."""
        mean_m, cross, square = self._media_moments(saturated, train_end)
        mean_z, cov_z, constant_z = self._fixed_moments(train_end)
        (m, c), q = mean_m.shape, len(self.fixed)
        p = q + m
        fixed, media = self.fixed, self.media
        mean_x = np.empty((p, c))
        mean_x[fixed], mean_x[media] = mean_z[:q], mean_m
        covariance = np.empty((p, p, c))
        covariance[np.ix_(fixed, fixed)] = cov_z[:q, :q]
        covariance[np.ix_(fixed, media)] = cross[:q]
        covariance[np.ix_(media, fixed)] = cross[:q].swapaxes(0, 1)
        covariance[np.ix_(media, media)] = square
        covariance_xy = np.empty((p, c))
        covariance_xy[fixed], covariance_xy[media] = cov_z[:q, q], cross[q]
        variance = covariance[np.arange(p), np.arange(p)]
        constant = variance <= (_CONSTANT * mean_x) ** 2
        constant[fixed] = constant_z[:q]
        return Moments(
            mean_x,
            covariance,
            mean_z[q],
            covariance_xy,
            cov_z[q, q],
            constant,
        )

    def window_sums(self, saturated: FloatArray) -> FloatArray:
        """Sums (p, c) of all regressors over the window."""
        _, m, c = saturated.shape
        sums = np.empty((len(self.fixed) + m, c))
        sums[self.fixed] = self._sums[:, None]
        sums[self.media] = saturated.sum(axis=0)
        return sums

    def predict(
        self, saturated: FloatArray, coefficients: FloatArray
    ) -> FloatArray:
        """Fitted goal (w, c), without an intercept."""
        b = coefficients[self.fixed]
        fitted: FloatArray = self._z[:, :-1] @ b + self._shift[:-1] @ b
        fitted += np.einsum("wmc,mc->wc", saturated, coefficients[self.media])
        return fitted

    def _media_moments(
        self, saturated: FloatArray, train_end: IntArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Means (m, c), and covariances: with z (q + 1, m, c), (m, m, c)."""
        w, m, c = saturated.shape
        train = np.arange(w)[:, None] < train_end
        whole = bool(train.all())
        if whole:
            mean = saturated.mean(axis=0)
        else:
            mean = np.einsum("wmc,wc->mc", saturated, train) / train_end
        # By strips of rows, so that what is worked on stays in the cache.
        cross = np.zeros((self._z.shape[1], m * c))
        series = np.empty((m * c, w))
        for i in range(0, w, _STRIP):
            strip = saturated[i : i + _STRIP] - mean
            if not whole:
                strip *= train[i : i + _STRIP, None]
            flat = strip.reshape(-1, m * c)
            cross += self._z[i : i + _STRIP].T @ flat
            series[:, i : i + _STRIP] = flat.T
        by_medium = series.reshape(m, c, w)
        square = by_medium.swapaxes(0, 1) @ by_medium.transpose(1, 2, 0)
        return (
            mean,
            cross.reshape(-1, m, c) / train_end,
            square.transpose(1, 2, 0) / train_end,
        )

    def _fixed_moments(
        self, train_end: IntArray
    ) -> tuple[FloatArray, FloatArray, BoolArray]:
        """Means (q + 1, c), covariances (q + 1, q + 1, c), what is constant.

        A fixed column is constant if all its training rows are the same
        number: its variance there is only rounding, whatever its size.
        """
        ends, which = np.unique(train_end, return_inverse=True)
        for end in ends.tolist():
            if end not in self._known:
                part = self._z[:end]
                mean = part.mean(axis=0)
                centred = part - mean
                self._known[end] = (
                    mean + self._shift,
                    centred.T @ centred / end,
                    (part == part[0]).all(axis=0),
                )
        known = [self._known[end] for end in ends.tolist()]
        means, covariances, constant = (
            np.stack(parts, axis=-1) for parts in zip(*known, strict=True)
        )
        return means[:, which], covariances[:, :, which], constant[:, which]
