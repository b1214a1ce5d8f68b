"""Robyn's own optimiser: nevergrad's TwoPointsDE, driven as Robyn drives it.

With nevergrad 1.0.12, the `glmnet` solver and the same seed the search takes
the path that Robyn takes on one core: one candidate asked and told at a
time, positions rounded to 10 significant digits.
"""

import nevergrad as ng
import numpy as np

from mmmflow_native.model.problem import FloatArray


class TwoPointsDE:
    """One trial of the search."""

    log_lambda = False

    def __init__(
        self, dimensions: int, objectives: int, budget: int, seed: int
    ) -> None:
        cube = ng.p.Array(shape=(dimensions,), lower=0, upper=1)
        # Robyn seeds NumPy's global state, from which nevergrad draws the
        # seed of its own; drawn here without touching that state.
        drawn = np.random.RandomState(seed).randint(2**32, dtype=np.uint32)
        cube.random_state = np.random.RandomState(drawn)
        self._optimiser = ng.optimizers.registry["TwoPointsDE"](
            cube, budget=budget, num_workers=1
        )
        # Hypervolume is measured from 1 in all objectives, weighted alike.
        ones = (1.0,) * objectives
        self._optimiser.tell(ng.p.MultiobjectiveReference(), ones)
        self._optimiser.set_objective_weights(ones)
        self._asked = cube

    def ask(self, most: int) -> FloatArray:
        """One position (1, d)."""
        self._asked = self._optimiser.ask()
        return np.array([[float(f"{v:.9e}") for v in self._asked.value]])

    def tell(self, errors: FloatArray) -> None:
        """Errors (1, objectives) of the position asked last."""
        losses = tuple(errors[0].tolist())
        self._optimiser.tell(self._asked, losses)
