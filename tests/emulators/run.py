"""Cloud Run Jobs: each execution is a real process of this machine.

Speaks the services `google.cloud.run.v2.Jobs` and `.Executions` and
`google.longrunning.Operations`. A job is there if `mmmflow.domain.jobs` names
it; those of a step run the step, all others one command. At its end an
execution has the conditions that Cloud Run gives it, what it wrote is in
Cloud Logging (`--logging`), and its audit log entry is in the topic that a
sink would write to (`--tell`).

The variable EMULATE of an execution asks for what a process can't bring
about: the name of a status code, with which RunJob is refused; the same with
`AFTER_`, once the execution has been started; or a fixture of
`tests/data/cloud_run`, by its name, as whose end it ends.

As a process of its own: `python -m tests.emulators.run --port P`.
"""

import argparse
import os
import secrets
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
from google.cloud.run_v2.types import (
    CancelExecutionRequest,
    Condition,
    Container,
    EnvVar,
    Execution,
    GetExecutionRequest,
    ResourceRequirements,
    RunJobRequest,
    TaskTemplate,
)
from google.longrunning import operations_pb2
from mmmflow.domain import jobs

from tests.emulators import audit, logging, processes
from tests.emulators.grpc_server import Method, Services, refuse, serve

WORKER = (sys.executable, "-m", "mmmflow_worker")
STEP = (sys.executable, "-m", "mmmflow.job")
FIXTURES = Path(__file__).parents[1] / "data" / "cloud_run"
GRACE_SECONDS = 10.0  # between SIGTERM and SIGKILL, as on Cloud Run
_INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV")
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_AFTER = "AFTER_"

Tell = Callable[[Execution], None]


@dataclass
class _Run:
    """An execution and its process."""

    execution: Execution
    stopped: str = ""
    process: "subprocess.Popen[bytes] | None" = None
    ended: threading.Event = field(default_factory=threading.Event)


class CloudRun:
    """The executions of every project that asks.

    Args:
        command: what every container runs.
        env: variables that every job is deployed with.
        grace_seconds: that a process has to end itself.
        write_log: takes an execution and the lines that it wrote.
        tell: takes each execution that has ended.
    """

    def __init__(
        self,
        command: Sequence[str] = WORKER,
        env: Mapping[str, str] | None = None,
        *,
        grace_seconds: float = GRACE_SECONDS,
        write_log: Callable[[Execution, list[str]], None] | None = None,
        tell: Tell | None = None,
    ) -> None:
        self._command = command
        self._env = dict(env or {})
        self._grace = grace_seconds
        self._write_log = write_log
        self._tell = tell
        self._runs: dict[str, _Run] = {}
        self._guard = threading.Lock()

    @property
    def services(self) -> Services:
        operation = operations_pb2.Operation
        return {
            "google.cloud.run.v2.Jobs": {
                "RunJob": Method(self._run_job, RunJobRequest, operation)
            },
            "google.cloud.run.v2.Executions": {
                "GetExecution": Method(
                    self._get_execution, GetExecutionRequest, Execution
                ),
                "CancelExecution": Method(
                    self._cancel_execution, CancelExecutionRequest, operation
                ),
            },
            "google.longrunning.Operations": {
                "GetOperation": Method(
                    self._get_operation,
                    operations_pb2.GetOperationRequest,
                    operation,
                )
            },
        }

    def stop(self) -> None:
        """End every process that still runs."""
        with self._guard:
            runs = list(self._runs.values())
        for run in runs:
            if run.process is not None and run.process.poll() is None:
                _signal_group(run.process, signal.SIGKILL)
            run.ended.wait(5.0)

    def _run_job(self, request: RunJobRequest, context: Any) -> Any:
        job = request.name.rpartition("/")[2]
        known = next((n for n in jobs.JOBS if job.endswith(f"-{n}")), None)
        if known is None:
            refuse(
                context,
                grpc.StatusCode.NOT_FOUND,
                f"Resource '{job}' of kind 'JOB' in region 'europe-west3' does"
                " not exist.",
            )
        execution = _new(request, jobs.JOBS[known], self._env)
        emulate = _env(execution).get("EMULATE", "")
        if emulate in grpc.StatusCode.__members__:
            refuse(context, grpc.StatusCode[emulate], "as it was asked to")
        run = _Run(execution)
        with self._guard:
            self._runs[execution.name] = run
        threading.Thread(target=self._work, args=(run,), daemon=True).start()
        if emulate.startswith(_AFTER):
            code = grpc.StatusCode[emulate.removeprefix(_AFTER)]
            refuse(context, code, "as it was asked to")
        return _operation(execution)

    def _get_execution(
        self, request: GetExecutionRequest, context: Any
    ) -> Execution:
        return self._found(request.name, context).execution

    def _cancel_execution(
        self, request: CancelExecutionRequest, context: Any
    ) -> Any:
        run = self._found(request.name, context)
        if run.ended.is_set():
            short = request.name.rpartition("/")[2]
            refuse(
                context,
                grpc.StatusCode.FAILED_PRECONDITION,
                f"Execution '{short}' cannot be cancelled because it is not"
                " running.",
            )
        run.stopped = run.stopped or "cancelled"
        threading.Thread(
            target=self._end_process, args=(run,), daemon=True
        ).start()
        return _operation(run.execution)

    def _get_operation(self, request: Any, context: Any) -> Any:
        name = request.name.replace("/operations/", "/executions/")
        for full, run in list(self._runs.items()):
            if full.endswith(name.rpartition("/")[2]):
                return _operation(run.execution)
        return refuse(context, grpc.StatusCode.NOT_FOUND, request.name)

    def _found(self, name: str, context: Any) -> _Run:
        run = self._runs.get(name)
        if run is None:
            refuse(
                context,
                grpc.StatusCode.NOT_FOUND,
                f"Resource '{name.rpartition('/')[2]}' of kind 'EXECUTION' does"
                " not exist.",
            )
        return run

    def _work(self, run: _Run) -> None:
        execution = run.execution
        emulate = _env(execution).get("EMULATE", "")
        fixture = FIXTURES / f"{emulate}.json"
        output: list[str] = []
        if emulate and fixture.is_file():
            recorded = Execution.from_json(fixture.read_text())
            conditions = list(recorded.conditions)
        else:
            code = self._process(run, output)
            conditions = [_completed(execution, code, run.stopped)]
        if self._write_log is not None:
            self._write_log(execution, output)
        _end(execution, conditions)
        run.ended.set()
        if self._tell is not None:
            self._tell(execution)

    def _process(self, run: _Run, output: list[str]) -> int:
        """Run the container's process; its exit code, negative if killed."""
        execution = run.execution
        inherited = {k: os.environ[k] for k in _INHERITED if k in os.environ}
        is_step = execution.job.rpartition("-")[2] in jobs.STEPS
        process = subprocess.Popen(
            list(STEP if is_step else self._command),
            env={
                **inherited,
                **_env(execution),
                "CLOUD_RUN_JOB": execution.job.rpartition("/")[2],
                "CLOUD_RUN_EXECUTION": execution.name.rpartition("/")[2],
                "CLOUD_RUN_TASK_INDEX": "0",
                "CLOUD_RUN_TASK_ATTEMPT": "0",
                "CLOUD_RUN_TASK_COUNT": "1",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        run.process = process
        reader = threading.Thread(
            target=_read, args=(process, output), daemon=True
        )
        reader.start()
        if run.stopped:  # cancelled before it began
            self._end_process(run)
        seconds = execution.template.timeout.total_seconds()
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            run.stopped = run.stopped or "timeout"
            self._end_process(run)
            code = process.wait()
        _signal_group(process, signal.SIGKILL)  # a container ends as a whole
        reader.join(5.0)
        return code

    def _end_process(self, run: _Run) -> None:
        process = run.process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(self._grace)
        except subprocess.TimeoutExpired:
            _signal_group(process, signal.SIGKILL)


def _new(
    request: RunJobRequest, machine: jobs.Machine, env: Mapping[str, str]
) -> Execution:
    """An execution of the job as it would be deployed, with overrides."""
    given = dict(env)
    for override in request.overrides.container_overrides:
        given.update({v.name: v.value for v in override.env})
    ending = "".join(secrets.choice(_LETTERS) for _ in range(5))
    now = datetime.now(UTC)
    name = request.name.rpartition("/")[2]
    return Execution(
        name=f"{request.name}/executions/{name}-{ending}",
        job=request.name,
        create_time=now,
        start_time=now,
        task_count=1,
        running_count=1,
        template=TaskTemplate(
            timeout=request.overrides.timeout,
            max_retries=0,
            containers=[
                Container(
                    image="europe-west3-docker.pkg.dev/p/mmmflow/py-worker:1",
                    env=[EnvVar(name=k, value=v) for k, v in given.items()],
                    resources=ResourceRequirements(
                        limits={
                            "cpu": str(machine.vcpus),
                            "memory": f"{machine.gib}Gi",
                        }
                    ),
                )
            ],
        ),
        conditions=[
            Condition(
                type_="Completed", state=Condition.State.CONDITION_RECONCILING
            )
        ],
    )


def _completed(execution: Execution, code: int, stopped: str) -> Condition:
    """The condition with which Cloud Run ends it, in its words."""
    now = datetime.now(UTC)
    task = f"Task {execution.name.rpartition('/')[2]}-task0 failed with"
    if stopped == "cancelled":
        return Condition(
            type_="Completed",
            state=Condition.State.CONDITION_FAILED,
            execution_reason=Condition.ExecutionReason.CANCELLED,
            message="Execution was cancelled.",
            last_transition_time=now,
        )
    if code == 0 and not stopped:
        return Condition(
            type_="Completed",
            state=Condition.State.CONDITION_SUCCEEDED,
            last_transition_time=now,
        )
    if stopped == "timeout":
        what = "exit code: 0 and message: The configured timeout was reached."
    elif code < 0:
        what = f"message: Container terminated on signal {-code}."
    else:
        what = (
            f"exit code: {code} and message: The container exited with an"
            " error."
        )
    return Condition(
        type_="Completed",
        state=Condition.State.CONDITION_FAILED,
        execution_reason=Condition.ExecutionReason.NON_ZERO_EXIT_CODE,
        message=f"{task} {what}",
        last_transition_time=now,
    )


def _end(execution: Execution, conditions: list[Condition]) -> None:
    completed = next(c for c in conditions if c.type_ == "Completed")
    execution.conditions = conditions
    execution.completion_time = datetime.now(UTC)
    execution.running_count = 0
    if completed.state == Condition.State.CONDITION_SUCCEEDED:
        execution.succeeded_count = 1
    elif completed.execution_reason == Condition.ExecutionReason.CANCELLED:
        execution.cancelled_count = 1
    else:
        execution.failed_count = 1


def _operation(execution: Execution) -> Any:
    operation = operations_pb2.Operation(
        name=execution.name.replace("/executions/", "/operations/"),
        done=bool(execution.completion_time),
    )
    operation.metadata.Pack(Execution.pb(execution))
    if operation.done:
        operation.response.Pack(Execution.pb(execution))
    return operation


def _env(execution: Execution) -> dict[str, str]:
    return {v.name: v.value for v in execution.template.containers[0].env}


def _read(process: "subprocess.Popen[bytes]", output: list[str]) -> None:
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            output.append(line.decode(errors="replace").rstrip("\n"))


def _signal_group(
    process: "subprocess.Popen[bytes]", number: signal.Signals
) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


@contextmanager
def emulated(
    env: Mapping[str, str],
    *,
    port: int | None = None,
    logging_address: str = "",
    tell_by: str = "",
) -> Iterator[processes.Server]:
    """A process of its own, for MMMFLOW_RUN_ENDPOINT.

    Args:
        env: variables that every job is deployed with.
        port: to listen on; a free one by default.
        logging_address: `host:port` of Cloud Logging.
        tell_by: `host:port` of Pub/Sub, to tell of each end.
    """
    port = processes.free_port() if port is None else port
    arguments = [f"--port={port}", *(f"--env={k}={v}" for k, v in env.items())]
    arguments += [f"--logging={logging_address}"] if logging_address else []
    arguments += ["--tell"] if tell_by else []
    told = {"PUBSUB_EMULATOR_HOST": tell_by} if tell_by else {}
    module = [sys.executable, "-m", "tests.emulators.run"]
    with processes.running([*module, *arguments], port, told) as server:
        yield server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--command", default=shlex.join(WORKER))
    parser.add_argument("--env", action="append", default=[])
    parser.add_argument("--logging", default="", help="host:port")
    parser.add_argument("--tell", action="store_true")
    parser.add_argument("--grace", type=float, default=GRACE_SECONDS)
    options = parser.parse_args()
    run = CloudRun(
        shlex.split(options.command),
        dict(item.split("=", 1) for item in options.env),
        grace_seconds=options.grace,
        write_log=logging.writer(options.logging) if options.logging else None,
        tell=audit.publish if options.tell else None,
    )
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    server, _ = serve(run.services, options.port)
    while not stopping.wait(1.0):
        time.sleep(0)
    server.stop(None)
    run.stop()


if __name__ == "__main__":
    main()
