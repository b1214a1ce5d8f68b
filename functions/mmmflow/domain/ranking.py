"""Which of several finished experiments is the best: the rule, in one place.

Every run selects its own best model. Between runs of one country and goal
the champion has the least distance to the ideal, sqrt(NRMSE² + DECOMP.RSSD²).
NRMSE is the one on data the model was not fitted on where the run validated,
else the one on its training rows; a validated run ranks before one that was
not, since errors in sample flatter.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

RULE = (
    "validated runs first, then least sqrt(NRMSE² + DECOMP.RSSD²), with the"
    " validation NRMSE where there is one"
)


def score(model: Mapping[str, Any]) -> float:
    """Distance to the ideal model; less is better."""
    return math.hypot(_nrmse(model), model["decomp_rssd"])


def _nrmse(model: Mapping[str, Any]) -> float:
    validated = model["nrmse_val"]
    return float(model["nrmse_train"] if validated is None else validated)


def ranked(
    experiments: Iterable[Mapping[str, Any]],
) -> list[Mapping[str, Any]]:
    """Finished experiments, the best first; the older one wins a tie."""
    return sorted(
        experiments,
        key=lambda e: (
            e["result"]["selected"]["nrmse_val"] is None,
            e["result"]["score"],
            e["id"],
        ),
    )
