"""Second moments of the training rows: all that ridge regression reads.

p columns, c candidates; the candidates are the last axis.
"""

from dataclasses import dataclass

from mmmflow_native.model.problem import BoolArray, FloatArray


@dataclass(frozen=True, eq=False)
class Moments:
    """Means and (population) covariances of regressors and goal."""

    mean_x: FloatArray  # (p, c)
    covariance: FloatArray  # (p, p, c)
    mean_y: FloatArray  # (c,)
    covariance_xy: FloatArray  # (p, c)
    variance_y: FloatArray  # (c,)
    constant: BoolArray  # (p, c): columns without variation are left out

    def take(self, candidates: BoolArray) -> "Moments":
        """Return the moments of some of the candidates."""
        return Moments(
            self.mean_x[:, candidates],
            self.covariance[:, :, candidates],
            self.mean_y[candidates],
            self.covariance_xy[:, candidates],
            self.variance_y[candidates],
            self.constant[:, candidates],
        )
