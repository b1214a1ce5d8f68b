"""What tells a worker which run is its own: a folder, or Cloud Storage."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from google.cloud.storage import Client
from mmmflow_worker.task import from_environment

TOLD = {
    "MMMFLOW_EXPERIMENT": "20261120T104512Z-1f3a9c0b77de",
    "MMMFLOW_ATTEMPT": "2",
    "MMMFLOW_TIMEOUT_SECONDS": "3600",
}
ON_CLOUD_RUN = {
    **TOLD,
    "MMMFLOW_PROJECT": "mmm-dev",
    "MMMFLOW_RUN_URI": "gs://mmm-dev-data/robyn/r-1/DE/x",
    "CLOUD_RUN_EXECUTION": "mmmflow-dev-native-small-x7k2p",
    "CLOUD_RUN_TASK_INDEX": "0",
}


def test_a_folder_of_one_machine(home: Path) -> None:
    uri = home / "data" / "robyn" / "r-1" / "DE" / "x"
    told = {
        **TOLD,
        "MMMFLOW_HOME": str(home),
        "MMMFLOW_RUN_URI": str(uri),
        "MMMFLOW_EXECUTION": "native-small-1",
    }
    task = from_environment(told)
    assert (task.run, task.execution) == ("robyn/r-1/DE/x", "native-small-1")
    assert task.folder == "robyn/r-1/DE/x/attempts/2"


def test_a_bucket_of_cloud_storage(
    storage_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", storage_url)
    task = from_environment(ON_CLOUD_RUN)
    assert task.bucket.name == "mmm-dev-data"
    assert task.run == "robyn/r-1/DE/x"
    assert task.execution == "mmmflow-dev-native-small-x7k2p"


@pytest.mark.parametrize("uri", ["gs://", "gs://bucket", "gs:///x"])
def test_a_uri_that_names_no_run_is_refused(uri: str) -> None:
    with pytest.raises(ValueError, match="is not gs://bucket/name"):
        from_environment({**ON_CLOUD_RUN, "MMMFLOW_RUN_URI": uri})


def test_a_worker_in_the_cloud_needs_no_service_but_storage(
    storage_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", storage_url)
    project = "mmm-worker"
    Client(project=project).create_bucket("mmm-worker-data")
    told = {
        **ON_CLOUD_RUN,
        "MMMFLOW_PROJECT": project,
        "MMMFLOW_RUN_URI": "gs://mmm-worker-data/robyn/r-1/DE/x",
        "STORAGE_EMULATOR_HOST": storage_url,
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    program = (
        "import sys; from mmmflow_worker.__main__ import main; main();"
        "print([m for m in sys.modules if m.startswith(("
        "'google.cloud.firestore', 'google.pubsub', 'google.cloud.run',"
        " 'snowflake'))])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program],
        env=told,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.splitlines()[-1] == "[]"
    bucket = Client(project=project).bucket("mmm-worker-data")
    name = "robyn/r-1/DE/x/attempts/2/claim.json"
    assert b"native-small-x7k2p" in bucket.blob(name).download_as_bytes()
