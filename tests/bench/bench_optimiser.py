"""The default optimiser beside Robyn's own, on problems of every kind.

    python -m tests.bench.bench_optimiser

Both get 1000 iterations × 2 trials and the exact solver, so that only the
optimiser differs. What is compared is the hypervolume that the candidates
dominate. The last line is JSON.
"""

import json
import statistics
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from mmmflow_native.model.problem import FloatArray, Problem
from mmmflow_native.optimise.search import OptimiserName, search
from mmmflow_native.optimise.solutions import Solutions

from tests.bench.daily import daily_problem
from tests.reference.conftest import REFERENCE
from tests.reference.test_hypervolume import hypervolume

SEEDS = (1, 2, 3)
OPTIMISERS: tuple[OptimiserName, ...] = ("de", "twopointsde")
WORST_MAPE = 1.5


def main() -> None:
    """Print the mean and least hypervolume of both on every problem."""
    figures: dict[str, float] = {}
    for name, problem in _problems().items():
        for optimiser in OPTIMISERS:
            found = [_volume(problem, optimiser, seed) for seed in SEEDS]
            figures[f"{name}_{optimiser}_mean"] = statistics.mean(found)
            figures[f"{name}_{optimiser}_least"] = min(found)
            print(
                f"{name:14} {optimiser:12} "
                f"mean {statistics.mean(found):.5f}  least {min(found):.5f}"
            )
    print(json.dumps({k: round(v, 6) for k, v in figures.items()}))


def _problems() -> Mapping[str, Problem]:
    weekly = REFERENCE.run_problem()
    lifted = REFERENCE.problem_of(REFERENCE.case("fixed_geometric_calibrated"))
    return {
        "weekly": weekly,
        "weibull_cdf": REFERENCE.problem("weibull_cdf"),
        "weibull_pdf": REFERENCE.problem("weibull_pdf"),
        "validation": replace(
            REFERENCE.problem("geometric"), ts_validation=True
        ),
        "penalties": replace(weekly, add_penalty_factor=True),
        "lift_tests": lifted,
        "daily": daily_problem(),
    }


def _volume(problem: Problem, optimiser: OptimiserName, seed: int) -> float:
    found = search(
        problem, iterations=1000, trials=2, seed=seed, optimiser=optimiser
    )
    if problem.lifts:
        return _volume_of_three(found)
    return hypervolume(found.nrmse, found.decomp_rssd)


def _volume_of_three(found: Solutions) -> float:
    """Volume dominated below NRMSE 0.3, RSSD 1 and MAPE 1.5.

    Slabs between successive MAPEs, each as wide as what the candidates with
    no greater MAPE dominate of the other two errors.
    """
    order = np.argsort(found.mape)
    nrmse, rssd = found.nrmse[order], found.decomp_rssd[order]
    mape: FloatArray = np.minimum(found.mape[order], WORST_MAPE)
    heights = np.diff(np.append(mape, WORST_MAPE))
    areas = [
        hypervolume(nrmse[:i], rssd[:i]) if height > 0 else 0.0
        for i, height in enumerate(heights.tolist(), start=1)
    ]
    return float(heights @ np.array(areas))


if __name__ == "__main__":
    main()
