"""Whether a search has converged: Robyn's rule, in its words.

Each objective's errors are put in 20 bins of iterations, over all trials. It
has converged when the last bin's standard deviation is below the mean of the
first three, and its median below the first median less twice that mean.

An optimiser that is fast from the start spreads its first errors widely and
fails the second criterion, so `late_gain` looks at the front itself.
"""

from dataclasses import dataclass

import numpy as np

from mmmflow_native.model.problem import FloatArray, IntArray

BINS = 20
FIRST_BINS = 3
DISTANCE = 2  # standard deviations that the median must have fallen by
LATE = 0.8  # of the iterations: what comes after is late
WORST = 0.9  # quantile of each error that bounds the area to be covered


@dataclass(frozen=True, eq=False)
class Convergence:
    """One objective over the bins; (b,) each, b ≤ 20 bins with models."""

    objective: str
    iteration: IntArray  # the last of each bin
    models: IntArray
    median: FloatArray
    sd: FloatArray

    @property
    def sd_limit(self) -> float:
        """What the last standard deviation is held against."""
        return float(self.sd[:FIRST_BINS].mean())

    @property
    def median_limit(self) -> float:
        """What the last median is held against."""
        return abs(float(self.median[0]) - DISTANCE * self.sd_limit)

    @property
    def converged(self) -> bool:
        """Whether both criteria are met."""
        return self._sd_fell and self._median_fell

    @property
    def message(self) -> str:
        """Robyn's sentence."""
        return (
            f"{self.objective} {'' if self.converged else 'NOT '}converged: "
            f"sd@qt.{BINS} {_short(self.sd[-1])} "
            f"{'<=' if self._sd_fell else '>'} {_short(self.sd_limit)} & "
            f"|med@qt.{BINS}| {_short(abs(self.median[-1]))} "
            f"{'<=' if self._median_fell else '>'} "
            f"{_short(self.median_limit)}"
        )

    @property
    def _sd_fell(self) -> bool:
        return bool(self.sd[-1] < self.sd_limit)

    @property
    def _median_fell(self) -> bool:
        return bool(abs(self.median[-1]) < self.median_limit)


def convergence(
    trial: IntArray, errors: dict[str, FloatArray]
) -> list[Convergence]:
    """Every objective's convergence, from errors (N,) in evaluation order.

    Errors that are 0 or not finite are left out, and so is an objective
    without any other (MAPE without lift tests).
    """
    used = {
        name: np.isfinite(values) & (values > 0)
        for name, values in errors.items()
    }
    steps = {name: _numbered(trial[used[name]]) for name in errors}
    most = max((int(s.max(initial=0)) for s in steps.values()), default=0)
    return [
        _binned(name, values[used[name]], steps[name], most)
        for name, values in errors.items()
        if used[name].any()
    ]


def late_gain(
    iteration: IntArray, nrmse: FloatArray, decomp_rssd: FloatArray
) -> float:
    """How much the last fifth of the iterations added to the Pareto front.

    The share of the area that the front dominates, up to the 90 % quantile
    of each error (N,), which it would lack without them.
    """
    used = np.isfinite(nrmse) & np.isfinite(decomp_rssd)
    x, y, when = nrmse[used], decomp_rssd[used], iteration[used]
    corner = (float(np.quantile(x, WORST)), float(np.quantile(y, WORST)))
    early = when <= LATE * when.max()
    whole = _area(x, y, corner)
    return 1 - _area(x[early], y[early], corner) / whole if whole else 0.0


def _area(x: FloatArray, y: FloatArray, corner: tuple[float, float]) -> float:
    """What the points dominate of the rectangle below `corner`."""
    inside = (x < corner[0]) & (y < corner[1])
    order = np.lexsort((y[inside], x[inside]))
    xs = np.append(x[inside][order], corner[0])
    lowest = np.minimum.accumulate(y[inside][order])
    return float((np.diff(xs) * (corner[1] - lowest)).sum())


def _numbered(trial: IntArray) -> IntArray:
    """1, 2, … within each trial."""
    numbers = np.empty(len(trial), dtype=np.int64)
    for t in np.unique(trial):
        mine = trial == t
        numbers[mine] = np.arange(1, mine.sum() + 1)
    return numbers


def _binned(
    name: str, values: FloatArray, steps: IntArray, most: int
) -> Convergence:
    breaks = np.linspace(0, most, BINS + 1)
    bins = np.searchsorted(breaks, steps, side="left") - 1
    present = np.unique(bins)
    parts = [values[bins == b] for b in present]
    return Convergence(
        objective=name,
        iteration=np.round(breaks[present + 1]).astype(np.int64),
        models=np.array([len(part) for part in parts]),
        median=np.array([np.median(part) for part in parts]),
        sd=np.array(
            [part.std(ddof=1) if len(part) > 1 else 0.0 for part in parts]
        ),
    )


def _short(number: float) -> str:
    """Two significant digits."""
    return f"{float(f'{number:.2g}'):g}"
