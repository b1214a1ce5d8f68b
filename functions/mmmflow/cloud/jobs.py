"""Jobs on Cloud Run.

An execution is started by one call that is never repeated: RunJob has no
request id, so a repeat could start a second one. Its name is all that is
waited for. An execution is known by its short name, which is what the worker
sees of itself and the audit log tells: the job's name and a random ending.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property

from google.api_core import exceptions as api
from google.cloud.run_v2 import ExecutionsClient, JobsClient
from google.cloud.run_v2.types import (
    CancelExecutionRequest,
    EnvVar,
    GetExecutionRequest,
    RunJobRequest,
)
from google.cloud.run_v2.types import Execution as RunExecution

from mmmflow.cloud import executions, failures
from mmmflow.cloud.clients import client
from mmmflow.cloud.environment import Environment
from mmmflow.ports import Execution

# With overrides of env and timeout; only to run a job needs less.
_TO_RUN = "roles/run.jobsExecutorWithOverrides"
_TO_READ = "roles/run.viewer"
_TO_CANCEL = "roles/run.jobsExecutor"
_TO_READ_LOGS = "roles/logging.viewAccessor"
_START_SECONDS = 30.0
_CALL_SECONDS = 10.0
_MOST_LINES = 1000  # of one page of the log
_NAME = re.compile(r"(?P<job>[a-z][a-z0-9-]*)-[a-z0-9]+")


class CloudRunJobs:
    """The jobs `<prefix>-<engine>-<size>` of one project and region."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def start(
        self, job: str, env: Mapping[str, str], timeout_seconds: int
    ) -> str:
        name = self._environment.job(job)
        told = {**env, "MMMFLOW_TIMEOUT_SECONDS": str(timeout_seconds)}
        override = RunJobRequest.Overrides.ContainerOverride(
            env=[EnvVar(name=k, value=v) for k, v in told.items()]
        )
        request = RunJobRequest(
            name=name,
            overrides=RunJobRequest.Overrides(
                container_overrides=[override],
                timeout=timedelta(seconds=timeout_seconds),
            ),
        )
        with failures.told(name, _TO_RUN):
            operation = self._jobs.run_job(
                request, retry=None, timeout=_START_SECONDS
            )
        started: RunExecution = operation.metadata
        return started.name.rpartition("/")[2]

    def get(self, execution: str) -> Execution | None:
        found = self._find(execution)
        return executions.read(found) if found is not None else None

    def cancel(self, execution: str) -> None:
        name = self._full_name(execution)
        if name is None:
            return
        request = CancelExecutionRequest(name=name)
        with failures.told(name, _TO_CANCEL):
            try:
                self._executions.cancel_execution(
                    request, retry=failures.RETRY, timeout=_CALL_SECONDS
                )
            except api.NotFound:
                return
            except api.BadRequest:
                found = self.get(execution)
                if found is not None and not found.ended:
                    raise

    def log(self, execution: str, lines: int) -> list[str]:
        found = self._find(execution)
        if found is None:
            return []
        from mmmflow.cloud import logs

        with failures.told(self._environment.log_view, _TO_READ_LOGS):
            return logs.last_lines(
                self._environment,
                execution,
                job=found.job.rpartition("/")[2],
                since=found.create_time,
                lines=min(lines, _MOST_LINES),
            )

    def _find(self, execution: str) -> RunExecution | None:
        name = self._full_name(execution)
        if name is None:
            return None
        with failures.told(name, _TO_READ):
            try:
                return self._executions.get_execution(
                    GetExecutionRequest(name=name),
                    retry=failures.RETRY,
                    timeout=_CALL_SECONDS,
                )
            except api.NotFound:
                return None

    def _full_name(self, execution: str) -> str | None:
        """None for a name that no execution of ours has."""
        match = _NAME.fullmatch(execution)
        prefix = f"{self._environment.prefix}-"
        if match is None or not match["job"].startswith(prefix):
            return None
        job = self._environment.job(match["job"].removeprefix(prefix))
        return f"{job}/executions/{execution}"

    @cached_property
    def _jobs(self) -> JobsClient:
        return client(JobsClient, self._environment.run_endpoint)

    @cached_property
    def _executions(self) -> ExecutionsClient:
        return client(ExecutionsClient, self._environment.run_endpoint)
