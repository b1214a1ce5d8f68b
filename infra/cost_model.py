"""`make cost-model`: what a run, a month and an idle month cost, by the prices.

How long a job runs and what it holds was measured (infra/measured.json, with
the command for each figure). What one experiment makes the functions do is
counted in a simulated world where nothing goes wrong. What could be neither
measured nor counted here is an assumption, and printed as one.
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mmmflow.domain import jobs, prices
from mmmflow.domain.prices import cost
from mmmflow.messaging import topology

from tests.infra.recording import Call, calls

_MEASURED = Path(__file__).with_name("measured.json")
RUNS = (0, 10, 100, 1_000, 10_000)
MODELS = {"iterations": 2000, "trials": 5}
_MONTH_MINUTES = 30 * 24 * 60
_MONTH_HOURS = 30 * 24
_GIB = 2**30


@dataclass(frozen=True)
class Assumed:
    """What this machine can't tell.

    Attributes:
        start_seconds: of a job: pulling its image and starting Python.
        call_seconds: of one call of a service, from a function beside it.
        cold_seconds: of a function's start.
        warm_share: of events that find a warm instance.
        message_bytes: billed per message at least 1,000, in and out.
        log_bytes: of one event's log lines.
        images_gib: in the registry: two images, and the functions' builds.
        sweep_minutes: between two rounds (scheduler.tf).
        timers, secrets, alerts: as many as Terraform makes.
    """

    start_seconds: float = 15.0
    call_seconds: float = 0.015
    cold_seconds: float = 3.0
    warm_share: float = 0.5
    message_bytes: float = 2_000.0
    log_bytes: float = 2_000.0
    images_gib: float = 4.0
    sweep_minutes: float = 10.0
    timers: int = 2
    secrets: int = 3
    alerts: int = 6


ASSUMED = Assumed()


# Units of each price, by its name.
Use = dict[str, float]


def load_measured() -> dict[str, Any]:
    """By engine: seconds, files and MiB of a run, and who printed them."""
    measured: dict[str, Any] = json.loads(_MEASURED.read_text())
    return measured


def run_use(engine: str, measured: Mapping[str, Any]) -> Use:
    """One experiment of 2000 × 5: its job, and what functions do for it."""
    machine = jobs.machine_of({"engine": engine, **MODELS})
    seconds = measured[engine]["seconds"] + ASSUMED.start_seconds
    job = {
        "job_cpu": seconds * machine.vcpus,
        "job_memory": seconds * machine.gib,
        "object_write": measured[engine]["files"] + seconds / 5,
        "object_storage": measured[engine]["mib"] / 1024,
    }
    return _sum(job, functions_use(of_one_experiment()))


def idle_use() -> Use:
    """A month in which nothing happens: timers, and what lies there."""
    rounds = _MONTH_MINUTES / ASSUMED.sweep_minutes
    lying = {
        "timer": float(ASSUMED.timers),
        "secret": float(ASSUMED.secrets),
        "image_storage": ASSUMED.images_gib,
    }
    return _sum(lying, _times(functions_use(_of_one_round()), rounds))


def functions_use(found: Mapping[Call, float]) -> Use:
    """What those calls make up for: time, documents, objects, messages."""
    woken = len({who for who, *_ in found})
    called = sum(found.values()) * ASSUMED.call_seconds
    cold = woken * (1 - ASSUMED.warm_share) * ASSUMED.cold_seconds
    use: Use = defaultdict(float)
    use["function_cpu"] = called + cold
    use["function_memory"] = use["function_cpu"] / 2  # 512 MiB
    use["request"] = woken
    use["log"] = woken * ASSUMED.log_bytes / _GIB
    for (_, port, method, _about), times in found.items():
        if port == "messages":
            use["message"] += times * ASSUMED.message_bytes
        elif port == "documents":
            kind = "write" if method == "commit" else "read"
            use[f"document_{kind}"] += times
        elif port in ("data", "uploads"):
            kind = "read" if method in _READING else "write"
            use[f"object_{kind}"] += times
    return use


_READING = {"read", "download", "open_read", "stat"}


def monitoring_use() -> Use:
    return {
        "alert": float(ASSUMED.alerts),
        "uptime_check": 3 * _MONTH_MINUTES / 15,
    }


def egress_use() -> Use:
    return {"gateway": _MONTH_HOURS, "address": _MONTH_HOURS}


def of_one_experiment() -> Mapping[Call, float]:
    """Calls of the functions for one more experiment, sweep's left out."""
    one = _functions_calls({"request 0 experiments": 2})
    two = _functions_calls({"request 0 experiments": 12})
    return {call: (two[call] - one[call]) / 10 for call in two}


def _of_one_round() -> Mapping[Call, float]:
    found = calls([0], {})
    rounds = found["sweep", "uploads", "list", ""] or 1
    return {c: n / rounds for c, n in found.items() if c[0] == "sweep"}


def _functions_calls(recorded: Mapping[str, int]) -> Counter[Call]:
    found = calls([0], recorded)
    ours = set(topology.SUBSCRIPTIONS) - {"sweep"}
    return Counter({c: n for c, n in found.items() if c[0] in ours})


def _sum(*uses: Use) -> Use:
    names = {name for use in uses for name in use}
    return {n: sum(use.get(n, 0.0) for use in uses) for n in names}


def _times(use: Use, factor: float) -> Use:
    return {name: units * factor for name, units in use.items()}


def dollars(use: Use, *, free: bool = False) -> float:
    """By the list prices; with `free`, what is beyond the free tiers."""
    return sum(cost(name, units, free=free) for name, units in use.items())


def main() -> int:
    measured = load_measured()
    idle = idle_use()
    runs = {engine: run_use(engine, measured) for engine in ("native", "robyn")}
    print(f"List prices of {prices.AS_OF}, US dollars, europe-west1")
    print("\nMeasured:")
    for engine in runs:
        known = measured[engine]
        print(
            f"  {engine}, 2000 × 5: {known['seconds']:g} s on"
            f" {known['on']}, {known['files']} files, {known['mib']:g} MiB"
            f" ({known['command']})"
        )
    print("Assumed:")
    for name, value in asdict(ASSUMED).items():
        print(f"  {name} = {value:g}")
    figures: dict[str, Any] = {"as_of": prices.AS_OF}
    print("\nOne run of 2000 × 5, no free tier:")
    for engine, use in runs.items():
        job = {name: use[name] for name in ("job_cpu", "job_memory")}
        figures[f"{engine}_run"] = round(dollars(use), 5)
        print(
            f"  {engine:<8} ${dollars(use):.5f}, of which its job"
            f" ${dollars(job):.5f}"
        )
    print("\nA month                      with free tiers   without")
    _line("idle", idle, figures, "idle")
    for engine, use in runs.items():
        for number in RUNS[1:]:
            month = _sum(idle, _times(use, number))
            key = f"{engine}_{number}"
            _line(f"{number:,} {engine} runs", month, figures, key)
    _line("+ monitoring", monitoring_use(), figures, "monitoring")
    _line("+ static egress", egress_use(), figures, "static_egress")
    print(json.dumps(figures))
    return 0


def _line(title: str, use: Use, figures: dict[str, Any], key: str) -> None:
    beyond, whole = dollars(use, free=True), dollars(use)
    figures[key] = [round(beyond, 4), round(whole, 4)]
    print(f"  {title:<24} {beyond:>13.3f} {whole:>13.3f}")


if __name__ == "__main__":
    sys.exit(main())
