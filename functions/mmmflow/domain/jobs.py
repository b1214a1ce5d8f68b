"""The jobs of a deployment: each engine in each size, and the long steps.

A job's processors and memory are fixed where it is deployed, not when it is
run; so there is one for each size, and an experiment names a size. Memory
keeps to what Cloud Run allows with that many processors (4 GiB with one, 8
with two, 16 with four, 32 with eight).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SIZES = ("small", "medium", "large")
# A size is enough for that many models (iterations × trials).
_ENOUGH_FOR = {"small": 5_000, "medium": 20_000}


@dataclass(frozen=True)
class Machine:
    """What a job is given."""

    vcpus: int
    gib: int


MACHINES: Mapping[str, Mapping[str, Machine]] = {
    "native": {
        "small": Machine(1, 2),
        "medium": Machine(2, 4),
        "large": Machine(4, 16),
    },
    "robyn": {
        "small": Machine(2, 8),
        "medium": Machine(4, 16),
        "large": Machine(8, 32),
    },
}
# Steps that go on in a job where a function's time would not do.
STEPS = ("extract", "ingest", "prepare")
# Every job that a deployment has, by its name without the prefix.
JOBS: Mapping[str, Machine] = {
    f"{engine}-{size}": machine
    for engine, sizes in MACHINES.items()
    for size, machine in sizes.items()
} | dict.fromkeys(STEPS, Machine(2, 4))


def size_for(models: int) -> str:
    """The size that a search of that many models asks for by default."""
    return next(
        (size for size, most in _ENOUGH_FOR.items() if models <= most), "large"
    )


def size_of(request: Mapping[str, Any]) -> str:
    """The size of a complete request, or of one from before there were any."""
    return str(request.get("size") or size_for(models_of(request)))


def models_of(request: Mapping[str, Any]) -> int:
    """How many models a run evaluates, all its searches together."""
    searches = 1 + int(request.get("stability", 0))
    return int(request["iterations"]) * int(request["trials"]) * searches


def job_of(request: Mapping[str, Any]) -> str:
    """The name of the job that runs the request."""
    return f"{request['engine']}-{size_of(request)}"


def machine_of(request: Mapping[str, Any]) -> Machine:
    """What the job of the request is given."""
    return MACHINES[request["engine"]][size_of(request)]
