"""`make scale`: what limits first at 100, 10,000 and 1,000,000 a day.

What one experiment asks of each service is counted in a simulated world
(infra/cost_model.py) and held against the services' quotas; how long
experiments wait is simulated for queues of several widths, with a day's
arrivals at once, as a nightly load brings them, or spread over the day.
"""

import heapq
import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mmmflow.domain import jobs

from infra.cost_model import (
    ASSUMED,
    MODELS,
    functions_use,
    load_measured,
    of_one_experiment,
)

_DAY = 86_400.0
RATES = (100, 10_000, 1_000_000)
WIDTHS = (10, 100, 1_000)
_SHOWN = 10_000  # experiments that are simulated, at most


@dataclass(frozen=True)
class Quota:
    """What a project may use of a service at once, or in a second."""

    what: str
    most: float
    unit: str
    source: str


EXECUTIONS = Quota(
    "running executions", 1_000, "at once, per region", "run/quotas"
)
STARTS = Quota("starts of jobs", 3.0, "per second (assumed)", "run/quotas")
VCPUS = Quota(
    "vCPUs of jobs", 2_000, "at once (assumed; by region)", "run/quotas"
)
WRITES = Quota(
    "document writes", 10_000, "per second, ramped up", "firestore/quotas"
)
PUBLISHED = Quota(
    "published bytes", 200e6, "per second, small region", "pubsub/quotas"
)
OBJECTS = Quota(
    "object writes", 1_000, "per second and bucket, ramped up",
    "storage/docs/request-rate",
)  # fmt: skip


def demands(engine: str, per_day: int) -> Iterator[tuple[Quota, float]]:
    """What that many experiments a day, evenly spread, ask of each quota."""
    rate = per_day / _DAY
    known = load_measured()[engine]
    seconds = known["seconds"] + ASSUMED.start_seconds
    machine = jobs.machine_of({"engine": engine, **MODELS})
    use = functions_use(of_one_experiment())
    yield EXECUTIONS, rate * seconds
    yield VCPUS, rate * seconds * machine.vcpus
    yield STARTS, rate
    yield WRITES, rate * use["document_write"]
    yield PUBLISHED, rate * use["message"]
    yield OBJECTS, rate * (use["object_write"] + known["files"] + seconds / 5)


def waits(arrivals: Sequence[float], seconds: float, width: int) -> list[float]:
    """How long each waits for one of the slots, first come, first served."""
    free = [0.0] * width
    found = []
    for arrival in arrivals:
        start = max(arrival, heapq.heappop(free))
        heapq.heappush(free, start + seconds)
        found.append(start - arrival)
    return found


def _arrivals(number: int, *, at_once: bool) -> list[float]:
    if at_once:
        return [0.0] * number
    chance = random.Random(1)  # noqa: S311  (no secret)
    return sorted(chance.uniform(0, _DAY) for _ in range(number))


def main() -> int:
    figures: dict[str, object] = {}
    for engine in ("native", "robyn"):
        print(f"\n{engine}, 2000 × 5: share of each quota, evenly spread")
        for per_day in RATES:
            shares = sorted(
                (
                    (asked / q.most, q, asked)
                    for q, asked in demands(engine, per_day)
                ),
                key=lambda one: -one[0],
            )
            first = shares[0]
            figures[f"{engine}_{per_day}"] = {
                "first": first[1].what,
                "share": round(first[0], 4),
            }
            print(f"  {per_day:>9,} a day")
            for share, quota, asked in shares[:3]:
                print(
                    f"    {share:>8.1%} {quota.what:<20} {asked:,.1f} of"
                    f" {quota.most:,.0f} {quota.unit}"
                )
    print("\nWaiting for a slot: median, 95 % (minutes)")
    for engine in ("native", "robyn"):
        seconds = load_measured()[engine]["seconds"] + ASSUMED.start_seconds
        for per_day in RATES[:2]:
            for at_once in (False, True):
                how = "at once" if at_once else "over the day"
                told = []
                for width in WIDTHS:
                    arrivals = _arrivals(min(per_day, _SHOWN), at_once=at_once)
                    found = sorted(waits(arrivals, seconds, width))
                    median = found[len(found) // 2] / 60
                    most = found[int(0.95 * len(found))] / 60
                    told.append(f"{width:,} slots {median:,.1f} {most:,.1f}")
                print(f"  {engine} {per_day:>6,} {how:<13} " + "   ".join(told))
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
