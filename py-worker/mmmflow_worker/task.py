"""What the platform tells a worker: which attempt of which run it is."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mmmflow.domain import paths
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
    image: str = ""  # what it runs in, if that is an image

    @property
    def folder(self) -> str:
        return paths.attempt_folder(self.run, self.attempt)


def from_environment(env: Mapping[str, str] = os.environ) -> Task:
    """What a runner of one machine says, or Cloud Run.

    Raises:
        KeyError: a variable is not set; it names the variable.
        ValueError: a variable can't be what it should.
    """
    bucket, run = _open(env["MMMFLOW_RUN_URI"], env)
    return Task(
        bucket=bucket,
        run=run,
        experiment_id=env["MMMFLOW_EXPERIMENT"],
        attempt=int(env["MMMFLOW_ATTEMPT"]),
        execution=_either(env, "CLOUD_RUN_EXECUTION", "MMMFLOW_EXECUTION"),
        task=env.get("CLOUD_RUN_TASK_INDEX", "0"),
        timeout_seconds=int(env["MMMFLOW_TIMEOUT_SECONDS"]),
        progress_seconds=float(env.get("MMMFLOW_PROGRESS_SECONDS", "5")),
        image=env.get("MMMFLOW_IMAGE", ""),
    )


def _open(uri: str, env: Mapping[str, str]) -> tuple[Bucket, str]:
    """The bucket of the run, and the name in it of the run's folder.

    A folder of one machine, or `gs://bucket/name`; nothing else of either
    world is opened.
    """
    if uri.startswith("gs://"):
        from mmmflow.cloud import objects as storage

        return storage.open_run(env["MMMFLOW_PROJECT"], uri)
    from mmmflow.local import objects as folders

    return folders.open_run(Path(env["MMMFLOW_HOME"]), uri)


def _either(env: Mapping[str, str], name: str, other: str) -> str:
    return env.get(name) or env[other]
