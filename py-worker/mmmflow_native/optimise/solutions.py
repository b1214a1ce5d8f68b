"""All candidates of a search, with their errors and models."""

from collections.abc import Mapping
from dataclasses import dataclass

from mmmflow_native.model.problem import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Solutions:
    """N candidates, by trial and iteration, in order of evaluation.

    p columns of dt_mod, d searched hyperparameters. Errors are nan where the
    rows are not split; `mape` is 0 without lift tests.
    """

    names: tuple[str, ...]  # d, in the order of Robyn's vector
    values: FloatArray  # (N, d), as used: lambda is λ itself
    fixed: Mapping[str, float]  # hyperparameters that were not searched
    ts_validation: bool  # whether nrmse_val was minimised, not nrmse_train
    lambda_hp: FloatArray  # (N,), λ's position in [0, 1] of its range
    trial: IntArray  # (N,), from 1
    iteration: IntArray  # (N,), from 1
    nrmse_train: FloatArray  # (N,)
    nrmse_val: FloatArray
    nrmse_test: FloatArray
    rsq_train: FloatArray
    rsq_val: FloatArray
    rsq_test: FloatArray
    decomp_rssd: FloatArray
    mape: FloatArray
    intercept_dropped: BoolArray  # (N,)
    intercept: FloatArray  # (N,)
    coefficients: FloatArray  # (N, p), original scale
    contribution: FloatArray  # (N, p), sums over the window

    def __len__(self) -> int:
        return len(self.trial)

    @property
    def nrmse(self) -> FloatArray:
        """The NRMSE (N,) that the search minimised."""
        return self.nrmse_val if self.ts_validation else self.nrmse_train

    @property
    def ids(self) -> tuple[str, ...]:
        """Robyn's solID of every candidate: `<trial>_<iteration>_1`."""
        return tuple(
            f"{t}_{i}_1"
            for t, i in zip(
                self.trial.tolist(), self.iteration.tolist(), strict=True
            )
        )

    def hyperparameters(self, i: int) -> dict[str, float]:
        """What `fit` takes to fit candidate i again."""
        searched = zip(self.names, self.values[i].tolist(), strict=True)
        return {**self.fixed, **dict(searched)}
