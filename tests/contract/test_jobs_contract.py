"""What every service of jobs does: start, end, cancel, time out, tell."""

import os
import signal
from pathlib import Path

import pytest
from mmmflow.local import jobs as embedded
from mmmflow.ports import Jobs

from tests import obedient_worker
from tests.obedient_worker import (
    ended,
    is_gone,
    said,
    start,
    wait_for,
)


@pytest.fixture(autouse=True)
def note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return obedient_worker.install(tmp_path, monkeypatch)


def test_an_execution_that_nobody_started_is_none(jobs: Jobs) -> None:
    assert jobs.get("native-small-1") is None


def test_an_execution_knows_the_environment_it_was_given(
    jobs: Jobs, note: Path
) -> None:
    execution = ended(jobs, start(jobs, note, "succeed"))
    assert execution.env["DO"] == "succeed"
    assert execution.env["NOTE"] == str(note)


def test_the_worker_gets_it_with_its_execution_and_its_limit(
    jobs: Jobs, note: Path
) -> None:
    name = start(jobs, note, "succeed", seconds=17)
    environment = said(note)
    assert name in environment  # under a name of the platform's own
    assert "('MMMFLOW_TIMEOUT_SECONDS', '17')" in environment
    assert "('DO', 'succeed')" in environment


def test_the_worker_sees_no_secrets_of_the_one_who_started_it(
    jobs: Jobs, note: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_PASSWORD", "secret")
    start(jobs, note, "succeed")
    assert "A_PASSWORD" not in said(note)


def test_starting_does_not_wait_for_the_end(jobs: Jobs, note: Path) -> None:
    name = start(jobs, note, "hang")
    said(note)
    execution = jobs.get(name)
    assert execution is not None
    assert execution.state == "running"


def test_every_start_is_another_execution(jobs: Jobs, note: Path) -> None:
    names = {start(jobs, note, "succeed") for _ in range(3)}
    assert len(names) == 3


def test_exit_code_zero_is_success(jobs: Jobs, note: Path) -> None:
    execution = ended(jobs, start(jobs, note, "succeed"))
    assert (execution.state, execution.reason) == ("succeeded", "")


def test_any_other_exit_code_is_failure(jobs: Jobs, note: Path) -> None:
    execution = ended(jobs, start(jobs, note, "fail"))
    assert (execution.state, execution.reason) == ("failed", "exit code 3")


def test_a_worker_that_is_killed_has_failed(jobs: Jobs, note: Path) -> None:
    name = start(jobs, note, "hang")
    os.kill(int(said(note)), signal.SIGKILL)
    execution = ended(jobs, name)
    assert (execution.state, execution.reason) == (
        "failed",
        "killed by SIGKILL",
    )


def test_an_execution_can_be_cancelled(jobs: Jobs, note: Path) -> None:
    name = start(jobs, note, "hang")
    said(note)
    jobs.cancel(name)
    assert ended(jobs, name).state == "cancelled"


def test_cancelling_what_has_ended_or_never_was_is_nothing(
    jobs: Jobs, note: Path
) -> None:
    name = start(jobs, note, "succeed")
    ended(jobs, name)
    jobs.cancel(name)
    jobs.cancel("native-small-1")
    assert ended(jobs, name).state == "succeeded"


def test_an_execution_is_ended_at_its_limit(jobs: Jobs, note: Path) -> None:
    execution = ended(jobs, start(jobs, note, "hang", seconds=1))
    assert (execution.state, execution.reason) == (
        "failed",
        "over its limit of 1 s",
    )


def test_a_worker_that_does_not_listen_is_killed(
    jobs: Jobs, note: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "_KILL_AFTER", 0.2)
    name = start(jobs, note, "ignore", seconds=1)
    assert ended(jobs, name).reason == "over its limit of 1 s"


def test_nothing_that_a_worker_started_outlives_it(
    jobs: Jobs, note: Path
) -> None:
    ended(jobs, start(jobs, note, "leave a child"))
    child = int(said(note))
    wait_for(lambda: True if is_gone(child) else None)


def test_the_last_lines_of_an_execution_that_has_ended(
    jobs: Jobs, note: Path
) -> None:
    name = start(jobs, note, "speak")
    ended(jobs, name)
    assert jobs.log(name, 3) == ["line 2", "line 3", "line 4"]


def test_an_execution_without_a_word_has_no_log(jobs: Jobs, note: Path) -> None:
    name = start(jobs, note, "fail")
    ended(jobs, name)
    assert jobs.log(name, 3) == []
    assert jobs.log("native-small-1", 3) == []
