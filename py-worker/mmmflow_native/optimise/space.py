"""The space of hyperparameters that a search moves in.

A search works on the unit cube; this module gives its axes their names, in
the order of Robyn's vector, and turns positions into hyperparameters.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mmmflow_native.model.problem import (
    MEDIA_HYPERPARAMETERS,
    FloatArray,
    Problem,
)
from mmmflow_native.model.regularisation import lambda_at


@dataclass(frozen=True, eq=False)
class Space:
    """d searched hyperparameters with their ranges, and the fixed ones.

    The range of `lambda` is of Robyn's position in [0, 1]; a fixed `lambda`
    is λ itself.
    """

    problem: Problem
    names: tuple[str, ...]  # d
    low: FloatArray  # (d,)
    high: FloatArray  # (d,)
    fixed: Mapping[str, float]

    def values(self, unit: FloatArray, *, log_lambda: bool) -> FloatArray:
        """Hyperparameters (c, d) at positions (c, d) of the unit cube.

        All are linear in the position. With log_lambda λ is not: equal steps
        multiply it by equal factors. In the result `lambda` is λ itself.
        """
        values = self.low + (self.high - self.low) * unit
        if "lambda" in self.names:
            j = self.names.index("lambda")
            ends = lambda_at(
                self.problem, np.array([self.low[j], self.high[j]])
            )
            if log_lambda:
                low, high = np.log(ends)
                values[:, j] = np.exp(low + (high - low) * unit[:, j])
            else:
                values[:, j] = lambda_at(self.problem, values[:, j])
        return values

    def by_name(self, values: FloatArray) -> dict[str, FloatArray | float]:
        """All hyperparameters of values (c, d): searched and fixed ones."""
        searched = dict(zip(self.names, values.T, strict=True))
        return {**self.fixed, **searched}


def space(problem: Problem) -> Space:
    """Space of a problem's ranges; what is missing gets Robyn's range.

    The order: media hyperparameters sorted by name, train_size, lambda, then
    the penalties in dt_mod's order. Without validation nothing is split, and
    a train_size is left out, as in Robyn's search.

    Raises:
        KeyError: a medium's hyperparameter has no range.
        ValueError: validation is asked for, but no rows are left for it.
    """
    kinds = MEDIA_HYPERPARAMETERS[problem.adstock]
    order = sorted(f"{m}_{k}" for m in problem.media_names for k in kinds)
    ranges = {name: problem.ranges[name] for name in order}
    if problem.ts_validation:
        ranges["train_size"] = problem.ranges.get("train_size", (0.5, 0.8))
    ranges["lambda"] = problem.ranges.get("lambda", (0.0, 1.0))
    if problem.add_penalty_factor:
        for name in problem.names:
            penalty = f"{name}_penalty"
            ranges[penalty] = problem.ranges.get(penalty, (0.0, 1.0))
    fixed, searched = {}, {}
    for name, range_ in ranges.items():
        if isinstance(range_, tuple):
            searched[name] = range_
        else:
            fixed[name] = float(range_)
    if fixed.get("train_size", 0.0) >= 1:
        raise ValueError("train_size leaves no rows for validation")
    ends = np.array(list(searched.values()), dtype=np.float64).reshape(-1, 2)
    return Space(problem, tuple(searched), ends[:, 0], ends[:, 1], fixed)
