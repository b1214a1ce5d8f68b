"""What a run is estimated to cost: engine × iterations × trials.

An estimate for the guard of a queue's spending, made before the run from the
table below. What was really paid comes from the bill.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mmmflow.domain import jobs

CURRENCY = "USD"
# Cloud Run jobs, list price of a tier 1 region, per second.
_PER_VCPU = 0.000018
_PER_GIB = 0.000002


@dataclass(frozen=True)
class EngineCost:
    """How long a job of the engine runs."""

    seconds: float
    vcpu_seconds_per_model: float


# Seconds: the whole run but the search (inputs, Pareto front, one-pagers);
# the search, per model, is shared by all the job's processors.
TABLE: Mapping[str, EngineCost] = {
    "native": EngineCost(seconds=60, vcpu_seconds_per_model=0.002),
    "robyn": EngineCost(seconds=180, vcpu_seconds_per_model=0.1),
}


def seconds(request: Mapping[str, Any]) -> float:
    """How long one run takes; never more than its time limit allows."""
    engine = TABLE[request["engine"]]
    limit = float(request["time_limit_seconds"])
    search = engine.vcpu_seconds_per_model * jobs.models_of(request)
    return min(engine.seconds + search / jobs.machine_of(request).vcpus, limit)


def estimate(request: Mapping[str, Any]) -> float:
    """US dollars of one run."""
    machine = jobs.machine_of(request)
    price = machine.vcpus * _PER_VCPU + machine.gib * _PER_GIB
    return round(seconds(request) * price, 6)
