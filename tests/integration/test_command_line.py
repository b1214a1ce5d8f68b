"""The command line against a system that is up, and one that asks who it is."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from mmmflow import wiring
from mmmflow.cli import failures
from mmmflow.local.server import Server

from tests import google_tokens
from tests.google_tokens import AUDIENCES, Google

PROGRAM = [sys.executable, "-m", "mmmflow"]
ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "functions" / "mmmflow" / "local" / "sample"
QUICK = ("--set", "iterations=40", "--set", "trials=1")
Ended = subprocess.CompletedProcess[str]


def typed(*words: str, **variables: str) -> Ended:
    return subprocess.run(
        [*PROGRAM, *words],
        env={**os.environ, **variables},
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
        timeout=300,
    )


class System:
    """One that is up, in a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.process = subprocess.Popen(
            [*PROGRAM, "serve", "--port", str(port)],
            env={**os.environ, "MMMFLOW_HOME": str(home)},
            stdout=subprocess.DEVNULL,
        )
        until = time.monotonic() + 60
        while not (home / "server.json").exists():
            assert time.monotonic() < until, "it does not come up"
            time.sleep(0.2)

    def __call__(self, *words: str) -> Ended:
        return typed(*words, MMMFLOW_HOME=str(self.home))


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    found = System(tmp_path_factory.mktemp("system") / "home")
    yield found
    found.process.terminate()
    assert found.process.wait(30) == 0
    assert not (found.home / "server.json").exists()


@pytest.fixture(scope="module")
def trained(system: System) -> str:
    """The id of an experiment whose data and mapping came by commands."""
    mapping = str(SAMPLE / "mapping.json")
    table = str(SAMPLE / "marketing_weekly.csv")
    assert system("mapping", "push", mapping).returncode == 0
    dropped = system("upload", "FR", table, "--wait")
    assert dropped.returncode == 0, dropped.stderr
    ended = system("submit", "--country", "FR", *QUICK, "--wait", "--json")
    assert ended.returncode == 0, ended.stderr
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    assert lines[-1]["state"] == "SUCCEEDED"
    return str(lines[-1]["id"])


def test_its_log_and_result_are_read_and_downloaded(
    system: System, trained: str, tmp_path: Path
) -> None:
    assert "FR, revenue: 208 weeks" in system("logs", "-f", trained).stdout
    shown = system("results", trained, "--download", str(tmp_path))
    assert "Proposed budget" in shown.stdout
    summary = json.loads((tmp_path / "model_summary.json").read_text())
    assert summary["experiment_id"] == trained
    assert list((tmp_path / "results").glob("onepager_*.png"))
    table = system("results", trained, "--table", "models")
    assert "model_id" in table.stdout.splitlines()[0]


def test_another_budget_is_answered_from_the_finished_model(
    system: System, trained: str
) -> None:
    free = system("allocate", trained, "--json")
    total = json.loads(free.stdout)["total_budget"]
    more = system("allocate", trained, "--budget", str(total * 1.1), "--json")
    found = json.loads(more.stdout)
    assert found["total_budget"] == pytest.approx(total * 1.1)
    assert found["response_proposed"] >= json.loads(free.stdout)["response_now"]


def test_it_is_the_champion_of_its_country(
    system: System, trained: str
) -> None:
    (champion,) = json.loads(system("champion", "FR", "--json").stdout)
    assert champion["experiment_id"] == trained
    assert trained in system("leaderboard", "FR", "revenue").stdout


def test_nothing_is_left_to_watch(system: System, trained: str) -> None:
    assert trained
    assert system("watch").stdout == "Nothing runs, is queued or waits.\n"


def test_what_failed_is_listed_with_step_reason_and_hint(
    system: System, trained: str
) -> None:
    assert trained
    ended = system("submit", "--country", "FR", "--goal", "profit", "--wait")
    assert ended.returncode == failures.SAYS_NO
    listed = system("ls", "--state", "FAILED").stdout
    assert "'profit' is not a goal of the mapping" in listed
    assert "submit again" in listed


@pytest.fixture
def guarded(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Google, dict[str, str]]]:
    """An API that asks who comes, and how a person here reaches it."""
    gcloud = tmp_path / "bin" / "gcloud"
    gcloud.parent.mkdir()
    gcloud.write_text('#!/bin/sh\ncat "$(dirname "$0")/token"\n')
    gcloud.chmod(0o755)
    with google_tokens.google("token") as google:
        monkeypatch.setenv("MMMFLOW_HOME", str(home))
        monkeypatch.setenv("MMMFLOW_IDENTITY", "token")
        monkeypatch.setenv("MMMFLOW_AUDIENCES", AUDIENCES["token"])
        monkeypatch.setenv("MMMFLOW_ALLOWED_DOMAINS", "example.com")
        monkeypatch.setenv("MMMFLOW_OPERATORS", "bob@example.com")
        monkeypatch.setenv("MMMFLOW_CERTIFICATES_URL", google.url)
        wiring.ports.cache_clear()
        with Server(0) as server:
            yield (
                google,
                {
                    "MMMFLOW_URL": server.url,
                    "MMMFLOW_AUDIENCE": AUDIENCES["token"],
                    "PATH": f"{gcloud.parent}:{os.environ['PATH']}",
                    "TOKEN_FILE": str(gcloud.parent / "token"),
                },
            )
    wiring.ports.cache_clear()


def test_a_deployed_system_knows_the_caller_by_gclouds_token(
    guarded: tuple[Google, dict[str, str]],
) -> None:
    google, where = guarded
    Path(where["TOKEN_FILE"]).write_text(google.token())
    doctor = typed("doctor", "--json", **where)
    found = {one["name"]: one for one in json.loads(doctor.stdout)}
    assert found["api"]["state"] == "ok"
    assert found["identity"]["found"] == "ann@example.com, viewer"
    assert "people.operators" in found["identity"]["mend"]


def test_who_may_look_may_not_change_and_who_may_is_remembered(
    guarded: tuple[Google, dict[str, str]],
) -> None:
    google, where = guarded
    token = Path(where["TOKEN_FILE"])
    token.write_text(google.token())
    assert typed("ls", **where).returncode == 0
    refused = typed("submit", "--country", "DE", **where)
    assert refused.returncode == failures.NOT_PERMITTED
    assert "may look, but not change anything" in refused.stderr
    token.write_text(google.token(email="bob@example.com"))
    made = typed("submit", "--country", "DE", "--json", **where)
    (one,) = json.loads(made.stdout)["experiments"]
    assert one["actor"] == "bob@example.com"


def test_a_token_for_somebody_else_is_refused_with_its_reason(
    guarded: tuple[Google, dict[str, str]],
) -> None:
    google, where = guarded
    wrong = google.token(aud="https://other.example.com")
    Path(where["TOKEN_FILE"]).write_text(wrong)
    ended = typed("ls", **where)
    assert ended.returncode == failures.NOT_PERMITTED
    assert "the token is not accepted" in ended.stderr
    assert wrong not in ended.stdout + ended.stderr


def test_without_a_token_the_way_to_one_is_told(
    guarded: tuple[Google, dict[str, str]],
) -> None:
    ended = typed("ls", **guarded[1])
    assert ended.returncode == failures.NOT_PERMITTED
    assert "gcloud auth login" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_service_account_comes_with_a_token_for_the_api(
    guarded: tuple[Google, dict[str, str]], tmp_path: Path
) -> None:
    google, where = guarded
    account = "robot@mmm-dev.iam.gserviceaccount.com"
    with google_tokens.exchange(google, account) as key:
        file = tmp_path / "key.json"
        file.write_text(json.dumps(key))
        credentials = {"GOOGLE_APPLICATION_CREDENTIALS": str(file)}
        ended = typed("ls", **where, **credentials)
    assert ended.returncode == failures.NOT_PERMITTED
    assert f"{account} is not let in" in ended.stderr
