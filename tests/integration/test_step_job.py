"""A step that takes long runs as a process of its own, on one machine."""

import time
from pathlib import Path

import pytest
from mmmflow.domain import paths
from mmmflow.local.jobs import SubprocessJobs
from mmmflow.local.ports import open_ports
from mmmflow.ports import Message
from mmmflow.steps import extract as step


def test_a_large_table_is_extracted_by_a_job(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = open_ports(home)
    assert isinstance(ports.jobs, SubprocessJobs)
    rows = "".join(f"2024-01-01,{n}\n" for n in range(1000))
    (home / "warehouse" / "t.csv").write_text(f"day,n\n{rows}")
    monkeypatch.setattr(step, "SMALL_ROWS", 999)
    body = {"schema_version": 1, "source": {"table": "t"}, "countries": ["DE"]}
    step.extract(Message("dataset.requested", "1", body), ports)
    (dataset,) = ports.documents.query("datasets")
    execution = dataset.data["job"]["execution"]
    deadline = time.monotonic() + 60
    found = ports.jobs.get(execution)
    while found is not None and not found.ended:
        assert time.monotonic() < deadline
        time.sleep(0.1)
        found = ports.jobs.get(execution)
    assert found is not None
    assert found.state == "succeeded", found.reason
    marker = paths.dataset_marker("DE", dataset.id)
    assert ports.data.stat(marker) is not None
    (done,) = ports.documents.query("datasets")
    assert done.data["job"] is None
    ports.jobs.stop()
