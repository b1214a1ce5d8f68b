"""What the platform tells a worker: which attempt of which run it is."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mmmflow.domain import paths
from mmmflow.local.objects import open_run
from mmmflow.ports import Bucket


@dataclass(frozen=True)
class Task:
    """One attempt of one run, and the bucket where it lives."""

    bucket: Bucket
    run: str
    experiment_id: str
    attempt: int
    execution: str
    task: str
    timeout_seconds: int
    progress_seconds: float

    @property
    def folder(self) -> str:
        return paths.attempt_folder(self.run, self.attempt)


def from_environment(env: Mapping[str, str] = os.environ) -> Task:
    """Raises: KeyError naming the variable that is not set."""
    bucket, run = open_run(Path(env["MMMFLOW_HOME"]), env["MMMFLOW_RUN_URI"])
    return Task(
        bucket=bucket,
        run=run,
        experiment_id=env["MMMFLOW_EXPERIMENT"],
        attempt=int(env["MMMFLOW_ATTEMPT"]),
        execution=env["MMMFLOW_EXECUTION"],
        task=env.get("MMMFLOW_TASK", "0"),
        timeout_seconds=int(env["MMMFLOW_TIMEOUT_SECONDS"]),
        progress_seconds=float(env.get("MMMFLOW_PROGRESS_SECONDS", "5")),
    )
