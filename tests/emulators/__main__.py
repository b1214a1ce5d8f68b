"""`make run-emulated`: the main job as it is deployed, with its progress."""

import argparse
import json
import sys
import time

import pytest
from mmmflow.cli import job_results
from mmmflow.cli.progress import watch
from mmmflow.local import main_job as embedded
from mmmflow.local.main_job import Standing
from rich.console import Console

from tests.emulators import main_job
from tests.emulators.deployment import Deployment, deployed, reached


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--country", action="append")
    parser.add_argument("--preset", default="test")
    parser.add_argument("--minutes", type=float, default=30.0)
    options = parser.parse_args()
    console = Console(highlight=False)
    console.print(
        "Starting Pub/Sub, Firestore, Cloud Storage, Cloud Run, Secret Manager,"
        " Cloud Logging, Snowflake and a process for each function …"
    )
    began = time.monotonic()
    try:
        with deployed("mmm-emulated") as deployment:
            up = time.monotonic() - began
            _show_places(console, deployment)
            try:
                return _run(console, deployment, options, up)
            except TimeoutError as late:
                console.print(f"error: {late}", markup=False)
                _show_errors(console, deployment)
                return 1
    except pytest.skip.Exception as absent:
        console.print(f"error: {absent.msg}", markup=False)
        return 2


def _run(
    console: Console,
    deployment: Deployment,
    options: argparse.Namespace,
    up: float,
) -> int:
    asked = main_job.of_sample(
        {"preset": options.preset},
        adstock=("geometric", "weibull_cdf"),
        countries=tuple(options.country or ("DE", "FR")),
        actor="make run-emulated",
    )
    with reached(deployment) as ports:
        main_job.fill_warehouse(ports)
        began = time.monotonic()
        embedded.publish(ports, asked.job)
        deadline = began + options.minutes * 60

        def standing() -> Standing | None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"not done in {options.minutes:g} minutes")
            return asked.standing(ports)

        ended = watch(console, ports, standing)
        seconds = time.monotonic() - began
        job_results.show(console, ports, ended, asked.job.truth)
    pushes = {
        name: proxy.counts.pushes
        for name, proxy in deployment.proxies.items()
        if proxy.counts.pushes
    }
    console.print()
    console.print("Pushes: " + ", ".join(f"{n} {c}" for n, c in pushes.items()))
    figures = {
        "start_seconds": round(up, 1),
        "job_seconds": round(seconds, 1),
        "experiments": len(ended.experiments),
        "outcome": ended.outcome,
        "pushes": sum(pushes.values()),
    }
    print(json.dumps(figures))
    states = {e.data["state"] for e in ended.experiments}
    return 0 if states == {"SUCCEEDED"} else 1


def _show_places(console: Console, deployment: Deployment) -> None:
    """Where each thing listens."""
    services = ", ".join(
        f"{name} {server.address}"
        for name, server in deployment.services.items()
    )
    functions = ", ".join(
        f"{name} :{function.port}"
        for name, function in deployment.functions.items()
    )
    console.print(f"Services: {services}", soft_wrap=True)
    console.print(f"Functions: {functions}", soft_wrap=True)
    console.print()


def _show_errors(console: Console, deployment: Deployment) -> None:
    """The last thing that went wrong in each function."""
    for name, function in deployment.functions.items():
        wrong = [
            line for line in function.said().splitlines() if "Error" in line
        ]
        if wrong:
            console.print(f"{name}: {wrong[-1]}", markup=False)


if __name__ == "__main__":
    sys.exit(main())
