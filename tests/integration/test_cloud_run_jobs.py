"""Jobs on Cloud Run: what is told of a start, an end and a refusal."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.cloud.run_v2.types import Execution
from mmmflow import schema
from mmmflow.cloud.environment import Environment
from mmmflow.cloud.jobs import CloudRunJobs
from mmmflow.ports import DeniedError, RefusedError, UnreachableError

from tests import obedient_worker
from tests.emulators import audit, grpc_server, run
from tests.obedient_worker import ended, said, wait_for


@pytest.fixture
def note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return obedient_worker.install(tmp_path, monkeypatch)


@pytest.fixture
def told() -> list[Execution]:
    """The executions whose end was told."""
    return []


@pytest.fixture
def jobs(told: list[Execution]) -> Iterator[CloudRunJobs]:
    service = run.CloudRun(grace_seconds=0.2, tell=told.append)
    server, port = grpc_server.serve(service.services)
    yield CloudRunJobs(
        Environment(
            project="mmm-test",
            region="europe-west3",
            prefix="mmmflow-test",
            database="(default)",
            uploads="uploads",
            data="data",
            run_endpoint=f"127.0.0.1:{port}",
        )
    )
    service.stop()
    server.stop(None)


def test_a_job_that_is_not_deployed_is_named(jobs: CloudRunJobs) -> None:
    with pytest.raises(DeniedError, match="jobs/mmmflow-test-native-huge"):
        jobs.start("native-huge", {}, 10)


def test_a_missing_role_is_named(jobs: CloudRunJobs) -> None:
    with pytest.raises(DeniedError, match="jobsExecutorWithOverrides"):
        jobs.start("native-small", {"EMULATE": "PERMISSION_DENIED"}, 10)


def test_a_quota_is_refused_for_now(jobs: CloudRunJobs) -> None:
    with pytest.raises(RefusedError, match="quota") as refused:
        jobs.start("native-small", {"EMULATE": "RESOURCE_EXHAUSTED"}, 10)
    assert not isinstance(refused.value, DeniedError)


@pytest.mark.parametrize("code", ["UNAVAILABLE", "DEADLINE_EXCEEDED"])
def test_a_start_that_may_have_happened_is_not_told_as_refused(
    jobs: CloudRunJobs, code: str
) -> None:
    with pytest.raises(UnreachableError):
        jobs.start("native-small", {"EMULATE": code}, 10)


def test_a_start_is_asked_for_once(
    jobs: CloudRunJobs, note: Path, told: list[Execution]
) -> None:
    env = {"DO": "fail", "NOTE": str(note), "EMULATE": "AFTER_UNAVAILABLE"}
    with pytest.raises(UnreachableError):
        jobs.start("native-small", env, 10)
    wait_for(lambda: told or None)
    assert len(told) == 1


def test_nobody_there_is_unreachable() -> None:
    nowhere = Environment(
        *("p", "r", "x", "d", "u", "b"), run_endpoint="127.0.0.1:1"
    )
    with pytest.raises(UnreachableError):
        CloudRunJobs(nowhere).start("native-small", {}, 10)


def test_an_execution_of_others_is_none_of_ours(jobs: CloudRunJobs) -> None:
    assert jobs.get("backup-x7k2p") is None
    jobs.cancel("backup-x7k2p")
    assert jobs.log("backup-x7k2p", 10) == []


@pytest.mark.parametrize(
    ("fixture", "words"),
    [("out_of_memory", "out of memory"), ("image_missing", "is missing")],
)
def test_an_end_that_no_process_can_bring_about(
    jobs: CloudRunJobs, fixture: str, words: str
) -> None:
    name = jobs.start("native-small", {"EMULATE": fixture}, 10)
    execution = ended(jobs, name)
    assert execution.state == "failed"
    assert words in execution.reason


def test_the_end_is_told_by_an_audit_log_entry(
    jobs: CloudRunJobs, note: Path, told: list[Execution]
) -> None:
    env = {"DO": "fail", "NOTE": str(note)}
    name = jobs.start("native-small", env, 10)
    (execution,) = wait_for(lambda: told or None)
    entry = json.loads(json.dumps(audit.entry(execution)))
    schema.require("execution.ended.json", entry)
    resource = entry["protoPayload"]["resourceName"]
    assert resource == f"namespaces/mmm-test/executions/{name}"


def test_a_worker_is_told_its_execution_and_task(
    jobs: CloudRunJobs, note: Path
) -> None:
    env = {"DO": "succeed", "NOTE": str(note)}
    name = jobs.start("native-small", env, 10)
    environment = said(note)
    assert f"('CLOUD_RUN_EXECUTION', '{name}')" in environment
    assert "('CLOUD_RUN_TASK_INDEX', '0')" in environment
