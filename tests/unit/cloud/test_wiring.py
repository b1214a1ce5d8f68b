"""Which world a process runs in: one folder, or one project."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mmmflow import wiring
from mmmflow.cloud.ports import CloudPorts
from mmmflow.local.documents import SqliteDocuments
from mmmflow.ports import Deployment

DEPLOYED = {
    "MMMFLOW_PROJECT": "mmm-dev",
    "MMMFLOW_REGION": "europe-west3",
    "MMMFLOW_PREFIX": "mmmflow-dev",
    "MMMFLOW_UPLOADS_BUCKET": "mmm-dev-uploads",
    "MMMFLOW_DATA_BUCKET": "mmm-dev-data",
}


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("MMMFLOW_HOME", *DEPLOYED):
        monkeypatch.delenv(name, raising=False)
    wiring.ports.cache_clear()
    yield
    wiring.ports.cache_clear()


def test_a_home_is_one_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MMMFLOW_HOME", str(tmp_path))
    assert isinstance(wiring.ports().documents, SqliteDocuments)


def test_a_project_is_the_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in DEPLOYED.items():
        monkeypatch.setenv(name, value)
    assert isinstance(wiring.ports(), CloudPorts)


def test_the_ports_are_opened_once_a_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in DEPLOYED.items():
        monkeypatch.setenv(name, value)
    assert wiring.ports() is wiring.ports()
    assert wiring.ports().jobs is wiring.ports().jobs


def test_a_deployment_tells_its_engine_and_its_images(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = {
        "MMMFLOW_DEFAULT_ENGINE": "robyn",
        "MMMFLOW_IMAGE_NATIVE": "n@sha256:1",
        "MMMFLOW_IMAGE_ROBYN": "r@sha256:2",
    }
    for name, value in {**DEPLOYED, **told}.items():
        monkeypatch.setenv(name, value)
    images = {"native": "n@sha256:1", "robyn": "r@sha256:2"}
    assert wiring.ports().deployment == Deployment("robyn", images)


def test_neither_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="none is set"):
        wiring.ports()


def test_both_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMMFLOW_HOME", "/somewhere")
    monkeypatch.setenv("MMMFLOW_PROJECT", "mmm-dev")
    with pytest.raises(RuntimeError, match="both are set"):
        wiring.ports()


@pytest.mark.parametrize("missing", list(DEPLOYED)[1:])
def test_a_deployment_in_part_names_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    for name, value in DEPLOYED.items():
        if name != missing:
            monkeypatch.setenv(name, value)
    with pytest.raises(RuntimeError, match=missing):
        wiring.ports()


def test_opening_the_ports_imports_no_client() -> None:
    program = (
        "import os, sys; from mmmflow import wiring; wiring.ports();"
        "print([m for m in sys.modules if m.startswith('google.cloud.')])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": ":".join(sys.path), **DEPLOYED},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == "[]\n"
