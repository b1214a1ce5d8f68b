"""Which of several finished experiments is the best: the rule, in one place.

Every run selects its own best model. Between runs of one country and goal
the least error on periods that the model was not fitted on wins: NRMSE on
the test rows where the run held some out, else in its backtest. Errors in
sample flatter, and DECOMP.RSSD only measures how close effects are to spends:
neither decides between runs, unless a run has nothing better to show.
"""

from collections.abc import Iterable, Mapping
from typing import Any

RULE = (
    "least NRMSE out of sample (test rows where the run validated, else its"
    " backtest); runs without one come last, by NRMSE on their training rows"
)


def score(model: Mapping[str, Any]) -> float:
    """The error that ranks the model; less is better."""
    for name in ("nrmse_test", "nrmse_backtest"):
        if model[name] is not None:
            return float(model[name])
    return float(model["nrmse_train"])


def is_out_of_sample(model: Mapping[str, Any]) -> bool:
    return not (model["nrmse_test"] is None and model["nrmse_backtest"] is None)


def ranked(
    experiments: Iterable[Mapping[str, Any]],
) -> list[Mapping[str, Any]]:
    """Finished experiments, the best first; the older one wins a tie."""
    return sorted(
        experiments,
        key=lambda e: (
            not is_out_of_sample(e["result"]["selected"]),
            e["result"]["score"],
            e["id"],
        ),
    )
