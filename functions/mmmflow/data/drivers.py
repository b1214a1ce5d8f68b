"""Drivers against the goal, and against each other."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmmflow.domain.driver_checks import Design, Driver

FloatArray = npt.NDArray[np.float64]
_EQUAL = 1e-9
# Correlated more than this, two drivers are named beside a high VIF.
_TOGETHER = 0.5


def check(
    frame: pd.DataFrame, goal: str, names: Sequence[str], factors: int
) -> tuple[list[Driver], list[tuple[str, ...]], Design]:
    """Each driver, the groups of identical ones, and the whole design.

    `names` are numeric drivers; those without variation are left out.
    `factors` counts as many drivers more.
    """
    varying = [name for name in names if frame[name].nunique() > 1]
    x = frame[varying].to_numpy(dtype=np.float64)
    y = frame[goal].to_numpy(dtype=np.float64)
    z = _standardised(x)
    r = z.T @ z / max(len(z) - 1, 1)
    inflation = _vif(z)
    drivers = [
        Driver(
            name=name,
            r2=_r2(x[:, j], y),
            nmae=_nmae(x[:, j], y),
            spearman=_finite(spearman(frame[name], frame[goal])),
            vif=float(inflation[j]),
            others=_companions(r[j], j, varying),
        )
        for j, name in enumerate(varying)
    ]
    design = Design(len(frame), len(varying) + factors, _condition(z))
    return drivers, _identical(r, varying), design


def spearman(a: "pd.Series[float]", b: "pd.Series[float]") -> float:
    """Rank correlation, ties by their mean rank; NaN for a constant."""
    ranks = [np.asarray(v.rank(), dtype=np.float64) for v in (a, b)]
    return pearson(ranks[0], ranks[1])


def pearson(a: FloatArray, b: FloatArray) -> float:
    """NaN for a constant."""
    a, b = a - a.mean(), b - b.mean()
    scale = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / scale if scale > 0 else math.nan


def _standardised(x: FloatArray) -> FloatArray:
    """(n, p) with mean 0 and standard deviation 1 per column."""
    if not x.size:
        return x
    z: FloatArray = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
    return z


def _r2(x: FloatArray, y: FloatArray) -> float | None:
    """Of y on x with an intercept: the squared correlation."""
    r = pearson(x, y)
    return None if math.isnan(r) else r * r


def _nmae(x: FloatArray, y: FloatArray) -> float | None:
    """Mean absolute error of y on x, over the mean of |y|."""
    spread = float(((x - x.mean()) ** 2).sum())
    level = float(np.abs(y).mean())
    if spread == 0 or level == 0:
        return None
    slope = float((x - x.mean()) @ (y - y.mean())) / spread
    residual = (y - y.mean()) - slope * (x - x.mean())
    return float(np.abs(residual).mean()) / level


def _vif(z: FloatArray) -> FloatArray:
    """(p,) 1 / (1 − R²) of each column on the others; ∞ if they give it."""
    p = z.shape[1]
    found = np.ones(p)
    for j in range(p if p > 1 else 0):
        others = np.delete(z, j, axis=1)
        fit, *_ = np.linalg.lstsq(others, z[:, j], rcond=None)
        rest = z[:, j] - others @ fit
        share = float(rest @ rest) / float(z[:, j] @ z[:, j])
        found[j] = math.inf if share < _EQUAL else 1 / share
    return found


def _condition(z: FloatArray) -> float | None:
    """Largest over smallest singular value; ∞ where columns are dependent."""
    if z.shape[1] < 2 or len(z) < 2:
        return None
    sizes = np.linalg.svd(z, compute_uv=False)
    if len(z) < z.shape[1] or sizes[-1] <= sizes[0] * 1e-10:
        return math.inf
    return float(sizes[0] / sizes[-1])


def _identical(r: FloatArray, names: Sequence[str]) -> list[tuple[str, ...]]:
    """Groups of columns that are each other's multiples."""
    found: list[tuple[str, ...]] = []
    taken: set[int] = set()
    for j in range(len(names)):
        same = [
            k
            for k in range(j, len(names))
            if k not in taken and r[j, k] > 1 - _EQUAL
        ]
        if j not in taken and len(same) > 1:
            found.append(tuple(names[k] for k in same))
        taken |= set(same)
    return found


def _companions(
    row: FloatArray, own: int, names: Sequence[str]
) -> tuple[str, ...]:
    order = np.argsort(-np.abs(row), kind="stable")
    return tuple(
        names[k] for k in order if k != own and abs(row[k]) > _TOGETHER
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
