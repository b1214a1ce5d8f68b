"""What a run is estimated to cost: engine × iterations × trials.

An estimate for the guard of a queue's spending, made before the run from the
table below and the list prices. What was really paid comes from the bill.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mmmflow.domain import jobs, prices

CURRENCY = prices.CURRENCY
_PER_VCPU = prices.PRICES["job_cpu"].per_unit
_PER_GIB = prices.PRICES["job_memory"].per_unit


@dataclass(frozen=True)
class EngineCost:
    """How long a job of the engine runs."""

    seconds: float
    vcpu_seconds_per_model: float


# Seconds: the whole run but the search (start, inputs, Pareto front,
# one-pagers); the search, per model, is shared by all the job's processors.
# Robyn was recorded at 12.13 models a second on one core (run_summary.json of
# tests/reference). The native engine searches thousands a second and is done in
# ten seconds (make bench-engine): its line leaves room for daily data, many
# channels and the start of a container, so that a guard errs to the safe side.
TABLE: Mapping[str, EngineCost] = {
    "native": EngineCost(seconds=60, vcpu_seconds_per_model=0.002),
    "robyn": EngineCost(seconds=180, vcpu_seconds_per_model=1 / 12.13),
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
