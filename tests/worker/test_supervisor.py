"""The life of one attempt, around an engine that does as it is told."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from mmmflow import schema
from mmmflow.domain import paths
from mmmflow.ports import Message, NotFoundError
from mmmflow.steps.prepare import prepare
from mmmflow_worker import engine, supervisor
from mmmflow_worker.supervisor import LOG, supervise
from mmmflow_worker.task import Task, from_environment

from tests.faults import CallFailedError, Fault, Plan, faulty
from tests.steps.world import World, summary

T = TypeVar("T")
PATIENCE = 20.0
# Where the engine's own folders are, and how it leaves a file there.
BEGIN = """
import json, os, signal, sys, time
from pathlib import Path
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
IN, OUT = Path(given["--input"]), Path(given["--output"])
def leave(name, content):
    path = OUT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    (OUT / ".part").write_text(text)
    (OUT / ".part").replace(path)
def status(**said):
    leave("status.json", {"schema_version": 1, **said})
print("the engine begins", flush=True)
"""
SUCCEED = """
assert (IN / "job_config.json").exists()
assert (IN / "input_data.parquet").exists()
leave("model_summary.json", SUMMARY)
leave("results/onepager.png", "a picture")
leave("timings.csv", "stage,seconds\\nsearch,1.5\\n")
status(status="succeeded")
"""
HANG = 'leave("note", str(os.getpid()))\ntime.sleep(60)\n'


@dataclass
class Bench:
    """A run that is queued, and an engine to try on it."""

    world: World
    id: str
    task: Task
    folder: Path

    def command(self, program: str) -> list[str]:
        path = self.folder / "engine.py"
        said = f"SUMMARY = {summary(self.id, 0.1)!r}\n"
        path.write_text(said + BEGIN + program)
        return [sys.executable, "-S", str(path)]

    def run(
        self,
        program: str,
        *,
        interrupted: Callable[[], bool] = lambda: False,
        task: Task | None = None,
    ) -> int:
        commands = {"native": self.command(program)}
        return supervise(task or self.task, interrupted, commands)

    def signal(self, kind: Any) -> Any:
        return self.world.read(paths.signal(self.id, 1, kind))

    @property
    def finished(self) -> Any:
        body = self.signal("finished")
        schema.require("signal.json", body)
        return body

    @property
    def silent(self) -> bool:
        return self.world.ports.data.list(paths.signals(self.id)) == []

    def text(self, name: str) -> str:
        name = f"{self.task.folder}/{name}"
        return self.world.ports.data.read(name).decode()


@pytest.fixture
def bench(world: World, tmp_path: Path) -> Bench:
    world.prepared()
    (id,) = world.queued()
    return on_bench(world, id, tmp_path)


def on_bench(world: World, id: str, folder: Path) -> Bench:
    task = Task(
        bucket=world.ports.data,
        run=world.run(id),
        experiment_id=id,
        attempt=1,
        execution="native-1",
        task="0",
        timeout_seconds=30,
        progress_seconds=0.0,
    )
    return Bench(world, id, task, folder)


def wait_for(look: Callable[[], T | None]) -> T:
    deadline = time.monotonic() + PATIENCE
    while (found := look()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


def after(seconds: float) -> Callable[[], bool]:
    """Interrupted so many seconds from now."""
    then = time.monotonic() + seconds
    return lambda: time.monotonic() > then


# How it ends


def test_a_run_that_succeeds_says_so_and_ends_with_zero(bench: Bench) -> None:
    assert bench.run(SUCCEED) == 0
    assert bench.finished["outcome"] == "succeeded"


def test_it_trains_with_the_data_that_its_own_preparation_made(
    world: World, tmp_path: Path
) -> None:
    world.prepared()
    (id,) = world.queued(resample={"interval": "month"})
    for body in world.sent("training.requested"):
        prepare(Message("training.requested", "1", body), world.ports)
    assert on_bench(world, id, tmp_path).run(SUCCEED) == 0


def test_of_a_long_error_the_beginning_is_said_and_how_long_it_was(
    bench: Bench,
) -> None:
    bench.run('status(status="failed", step="x", error="é" * 9000, hint="")')
    error = bench.finished["error"]
    assert len(error) == 4000
    assert error.startswith("ééé")
    assert error.endswith("é… (cut, of 9000 characters)")


def test_the_manifest_says_which_image_it_ran_in(bench: Bench) -> None:
    bench.run(SUCCEED, task=replace(bench.task, image="native@sha256:1"))
    manifest = json.loads(bench.text("manifest.json"))
    schema.require("manifest.json", manifest)
    assert manifest["engine"]["image"] == "native@sha256:1"


def test_it_says_when_it_starts_and_who_it_is(bench: Bench) -> None:
    bench.run(SUCCEED)
    started = bench.signal("started")
    schema.require("signal.json", started)
    assert started["execution"] == "native-1"
    config = bench.world.read(paths.job_config(bench.task.run))
    assert started["correlation_id"] == config["correlation_id"]


def test_the_manifest_names_every_file_of_the_result(bench: Bench) -> None:
    bench.run(SUCCEED)
    manifest = json.loads(bench.text("manifest.json"))
    schema.require("manifest.json", manifest)
    files = {file["name"]: file for file in manifest["files"]}
    assert set(files) == {
        "model_summary.json",
        "results/onepager.png",
        "status.json",
        "timings.csv",
    }
    picture = files["results/onepager.png"]
    assert picture["sha256"] == hashlib.sha256(b"a picture").hexdigest()
    stored = bench.world.ports.data.stat(
        f"{bench.task.folder}/results/onepager.png"
    )
    assert stored is not None
    assert picture["generation"] == stored.generation
    assert manifest["timings"] == {"search": 1.5}


def test_the_signal_names_the_manifest_it_means(bench: Bench) -> None:
    bench.run(SUCCEED)
    stored = bench.world.ports.data.stat(f"{bench.task.folder}/manifest.json")
    assert stored is not None
    assert bench.finished["manifest_generation"] == stored.generation


def test_the_log_a_person_reads_is_kept(bench: Bench) -> None:
    bench.run(SUCCEED)
    assert bench.text(LOG) == "the engine begins\n"


def test_what_the_engine_reports_as_failed_is_not_tried_again(
    bench: Bench,
) -> None:
    program = """
status(status="failed", step="search", error="it broke", hint="mend it")
sys.exit(1)
"""
    assert bench.run(program) == 1
    said = bench.finished
    assert said["outcome"] == "failed"
    assert (said["step"], said["error"]) == ("search", "it broke")
    assert said["retriable"] is False
    assert bench.text(LOG)


def test_what_can_not_be_modelled_is_skipped_with_the_reason(
    bench: Bench,
) -> None:
    assert bench.run('status(status="skipped", reason="no spend")') == 0
    assert bench.finished["outcome"] == "skipped"
    assert bench.finished["reason"] == "no spend"


@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("sys.exit(3)", "3"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "-9"),
        ('leave("status.json", "{}")', "0"),
        ('leave("status.json", "no json")', "0"),
    ],
)
def test_an_engine_that_dies_without_a_report_may_be_tried_again(
    bench: Bench, program: str, code: str
) -> None:
    assert bench.run(program) == 1
    assert bench.finished["retriable"] is True
    assert f"exit code {code} and no report" in bench.finished["error"]


@pytest.mark.parametrize(
    ("program", "error"),
    [
        ('status(status="succeeded")', "the result is not valid"),
        (
            'leave("model_summary.json", {"a": float("nan")})\n'
            'status(status="succeeded")',
            "the result is not valid",
        ),
        (
            'leave("model_summary.json", SUMMARY)\nstatus(status="succeeded")',
            "onepager.png is missing",
        ),
    ],
)
def test_a_result_that_is_not_whole_is_no_success(
    bench: Bench, program: str, error: str
) -> None:
    assert bench.run(program) == 1
    assert bench.finished["outcome"] == "failed"
    assert error in bench.finished["error"]


# Time and interruption


def test_an_engine_that_takes_too_long_is_stopped(bench: Bench) -> None:
    task = replace(bench.task, timeout_seconds=1)
    assert bench.run(HANG, task=task) == 1
    said = bench.finished
    assert said["error"].startswith("timeout")
    assert (said["retriable"], said["interrupted"]) == (False, False)
    assert "time_limit_seconds" in said["hint"]


def test_a_worker_that_is_stopped_says_so_and_uses_up_no_try(
    bench: Bench,
) -> None:
    assert bench.run(HANG, interrupted=after(0.3)) == 1
    said = bench.finished
    assert said["error"].startswith("cancelled")
    assert said["interrupted"] is True


def test_a_worker_that_is_stopped_at_its_limit_was_too_slow(
    bench: Bench,
) -> None:
    """The platform's clock began before ours, and ends it first."""
    task = replace(bench.task, timeout_seconds=1)
    bench.run(HANG, interrupted=after(0.92), task=task)
    said = bench.finished
    assert said["error"].startswith("timeout")
    assert said["interrupted"] is False


def test_an_engine_that_does_not_listen_is_killed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_KILL_AFTER", 0.2)
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + HANG
    bench.run(deaf, interrupted=after(0.3))
    assert bench.finished["interrupted"] is True


# What it had found by then

FOUND = """
def stopped(number, frame):
    leave("partial/models.csv", "model_id")
    leave("partial/partial.json", {})
    status(status="failed", step="search", error="stopped", hint="")
    sys.exit(1)
signal.signal(signal.SIGTERM, stopped)
"""


def test_what_an_engine_that_is_stopped_had_found_is_kept(bench: Bench) -> None:
    bench.run(FOUND + HANG, interrupted=after(0.3))
    assert bench.text("partial/models.csv") == "model_id"
    assert bench.text("partial/partial.json") == "{}"
    assert bench.finished["interrupted"] is True


def test_a_timeout_says_where_what_it_had_found_is(bench: Bench) -> None:
    task = replace(bench.task, timeout_seconds=1)
    bench.run(FOUND + HANG, task=task)
    assert "partial/" in bench.finished["hint"]
    assert bench.text("partial/partial.json") == "{}"


def test_what_is_not_marked_as_complete_is_not_kept(bench: Bench) -> None:
    leave = 'leave("partial/models.csv", "half")\n'
    bench.run(leave + HANG, interrupted=after(0.3))
    with pytest.raises(NotFoundError):
        bench.text("partial/models.csv")


def test_the_end_is_said_though_what_it_had_found_can_not_be_kept(
    bench: Bench,
) -> None:
    plan = Plan(Fault.FAILED, at="data.stat")
    bucket = faulty(bench.world.ports, plan).data
    task = replace(bench.task, bucket=bucket)
    with pytest.raises(CallFailedError):
        bench.run(FOUND + HANG, interrupted=after(0.3), task=task)
    assert bench.finished["interrupted"] is True


def test_nothing_is_kept_of_what_was_deleted_meanwhile(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = bench.task.bucket
    monkeypatch.setattr(bucket, "stat", lambda name: None)
    bench.run(FOUND + HANG, interrupted=after(0.3))
    monkeypatch.undo()
    assert bucket.stat(f"{bench.task.folder}/partial/partial.json") is None


def test_storing_what_it_had_found_takes_no_longer_than_there_is_time(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "_FOR_PARTIAL", -1.0)
    task = replace(bench.task, timeout_seconds=1)
    bench.run(FOUND + HANG, task=task)
    with pytest.raises(NotFoundError):
        bench.text("partial/models.csv")
    assert bench.finished["error"].startswith("timeout")


# While it runs


def test_progress_and_log_are_shown_while_it_works(bench: Bench) -> None:
    seen: list[str] = []

    def look() -> bool:
        try:
            seen.append(bench.text("progress.json") + bench.text(LOG))
        except NotFoundError:
            return False
        return True

    bench.run('leave("progress.json", "half")\n' + HANG, interrupted=look)
    assert seen[0] == "halfthe engine begins\n"


def test_no_engine_outlives_its_supervisor(bench: Bench) -> None:
    program = 'leave("progress.json", str(os.getpid()))\ntime.sleep(60)\n'
    seen: list[int] = []

    def fails() -> bool:
        try:
            seen.append(int(bench.text("progress.json")))
        except NotFoundError:
            return False
        raise CallFailedError

    with pytest.raises(CallFailedError):
        bench.run(program, interrupted=fails)
    with pytest.raises(ProcessLookupError):
        os.kill(seen[0], 0)


# The claim


def test_the_claim_names_the_execution(bench: Bench) -> None:
    bench.run(SUCCEED)
    claim = json.loads(bench.text("claim.json"))
    schema.require("claim.json", claim)
    assert (claim["execution"], claim["task"]) == ("native-1", "0")


def test_who_finds_the_attempt_claimed_leaves_without_a_word(
    bench: Bench,
) -> None:
    bench.world.ports.data.create(
        paths.claim(bench.task.run, 1),
        json.dumps({"execution": "native-2", "token": "x"}).encode(),
    )
    assert bench.run('leave("never", "")') == 0
    assert bench.silent


def test_of_two_workers_of_an_attempt_one_trains(bench: Bench) -> None:
    bench.run(SUCCEED)
    before = bench.world.ports.data.list("")
    other = replace(bench.task, execution="native-1", task="1")
    assert bench.run(SUCCEED, task=other) == 0
    assert bench.world.ports.data.list("") == before


def test_ones_own_claim_that_was_reported_as_taken_is_ones_own(
    bench: Bench,
) -> None:
    plan = Plan(Fault.REPEATED, at="data.create")
    bucket = faulty(bench.world.ports, plan).data
    assert bench.run(SUCCEED, task=replace(bench.task, bucket=bucket)) == 0
    assert bench.finished["outcome"] == "succeeded"


@pytest.mark.parametrize("fault", [Fault.FAILED, Fault.APPLIED])
def test_a_claim_that_nobody_can_be_sure_of_starts_nothing(
    bench: Bench, fault: Fault
) -> None:
    bucket = faulty(bench.world.ports, Plan(fault, at="data.create")).data
    with pytest.raises(CallFailedError):
        bench.run(SUCCEED, task=replace(bench.task, bucket=bucket))
    assert bench.silent


# What it is given


def test_data_with_another_checksum_is_not_trained_on(bench: Bench) -> None:
    name = paths.job_config(bench.task.run)
    config = bench.world.read(name)
    config["data"]["sha256"] = "0" * 64
    bench.world.put(name, json.dumps(config).encode())
    assert bench.run(SUCCEED) == 1
    assert "checksum is not the config's" in bench.finished["error"]


def test_data_that_was_replaced_is_not_trained_on(bench: Bench) -> None:
    config = bench.world.read(paths.job_config(bench.task.run))
    name = paths.training_data("DE", config["dataset_id"], "v1")
    bench.world.put(f"{name}/input_data.parquet", b"other")
    assert bench.run(SUCCEED) == 1
    assert (bench.finished["step"], bench.finished["retriable"]) == (
        "fetch",
        False,
    )


def refreshing(bench: Bench, sha256: str) -> None:
    """Its configuration refreshes a model that is stored."""
    model = bench.world.put("elsewhere/1_2_1.json", b"a model")
    name = paths.job_config(bench.task.run)
    config = bench.world.read(name)
    config["previous"] = {
        "experiment_id": bench.id,
        "model_id": "1_2_1",
        "name": "elsewhere/1_2_1.json",
        "generation": model.generation,
        "sha256": sha256,
    }
    bench.world.put(name, json.dumps(config).encode())


def test_the_model_that_it_refreshes_is_beside_the_configuration(
    bench: Bench,
) -> None:
    refreshing(bench, hashlib.sha256(b"a model").hexdigest())
    read = 'assert (IN / "previous.json").read_text() == "a model"\n'
    assert bench.run(read + SUCCEED) == 0


def test_a_model_with_another_checksum_is_not_refreshed(bench: Bench) -> None:
    refreshing(bench, "0" * 64)
    assert bench.run(SUCCEED) == 1
    assert "elsewhere/1_2_1.json: its checksum" in bench.finished["error"]


@pytest.mark.parametrize("content", [b"{}", b"no json"])
def test_a_configuration_that_is_none_is_said_to_be(
    bench: Bench, content: bytes
) -> None:
    bench.world.put(paths.job_config(bench.task.run), content)
    assert bench.run(SUCCEED) == 1
    assert bench.finished["step"] == "fetch"


# The process


PROCESS = """
import sys
from mmmflow_worker.__main__ import main
sys.exit(main({"native": sys.argv[1:]}))
"""


def process(bench: Bench, program: str) -> "subprocess.Popen[str]":
    data = bench.world.ports.data
    told = {
        "MMMFLOW_HOME": str(bench.world.home),
        "MMMFLOW_RUN_URI": data.uri(bench.task.run),
        "MMMFLOW_EXPERIMENT": bench.id,
        "MMMFLOW_ATTEMPT": "1",
        "MMMFLOW_EXECUTION": "native-1",
        "MMMFLOW_TIMEOUT_SECONDS": "30",
        "MMMFLOW_PROGRESS_SECONDS": "0",
    }
    return subprocess.Popen(
        [sys.executable, "-c", PROCESS, *bench.command(program)],
        env={**os.environ, **told},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_a_process_that_is_terminated_says_so_within_five_seconds(
    bench: Bench,
) -> None:
    with process(bench, 'leave("progress.json", "1")\n' + HANG) as running:
        name = f"{bench.task.folder}/progress.json"
        wait_for(lambda: bench.world.ports.data.stat(name))
        running.send_signal(signal.SIGTERM)
        assert running.wait(5) == 1
    assert bench.finished["interrupted"] is True


def test_a_process_that_is_not_told_enough_names_what_is_missing() -> None:
    with pytest.raises(KeyError, match="MMMFLOW_RUN_URI"):
        from_environment({})
    ended = subprocess.run(
        [sys.executable, "-m", "mmmflow_worker"],
        env={k: v for k, v in os.environ.items() if "MMMFLOW" not in k},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert "MMMFLOW_RUN_URI" in ended.stderr + ended.stdout
