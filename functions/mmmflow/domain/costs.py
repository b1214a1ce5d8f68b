"""What a run is estimated to cost: engine × iterations × trials.

An estimate for the guard of a queue's spending, made before the run from the
table below. What was really paid comes from the bill.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CURRENCY = "USD"
# Cloud Run jobs, list price of a tier 1 region, per second.
_PER_VCPU = 0.000018
_PER_GIB = 0.000002


@dataclass(frozen=True)
class EngineCost:
    """What a job of the engine holds, and for how long."""

    vcpus: float
    gib: float
    seconds: float
    seconds_per_model: float


# Seconds: the whole run but the search (inputs, Pareto front, one-pagers);
# seconds_per_model: the search, per model, with all the job's processors.
TABLE: Mapping[str, EngineCost] = {
    "native": EngineCost(2, 4, seconds=60, seconds_per_model=0.001),
    "robyn": EngineCost(4, 16, seconds=180, seconds_per_model=0.025),
}


def estimate(request: Mapping[str, Any]) -> float:
    """US dollars of one run; never more than its time limit allows."""
    engine = TABLE[request["engine"]]
    models = int(request["iterations"]) * int(request["trials"])
    limit = float(request["time_limit_seconds"])
    seconds = min(engine.seconds + engine.seconds_per_model * models, limit)
    price = engine.vcpus * _PER_VCPU + engine.gib * _PER_GIB
    return round(seconds * price, 6)
