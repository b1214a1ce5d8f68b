"""What holds of documents in Firestore besides the contract."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from google.api_core import exceptions as api
from google.cloud import firestore
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from mmmflow.cloud import failures
from mmmflow.cloud.documents import FirestoreDocuments
from mmmflow.cloud.environment import Environment
from mmmflow.messaging import outbox
from mmmflow.ports import (
    AlreadyExistsError,
    ConflictError,
    Create,
    Documents,
    Ports,
    UnreachableError,
    Update,
    Where,
)

from tests.emulators import firestore as emulator

NOON = "2026-11-20T12:00:00+00:00"


@pytest.fixture
def reader(
    cloud_documents: Documents, environment: Environment
) -> firestore.Client:
    """The client library that others read the same database with."""
    return firestore.Client(project=environment.project)


@pytest.fixture
def lost_report(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The first commit is applied, and reported as not."""
    commit = FirestoreClient.commit
    lost: list[str] = []

    def applied_but(self: FirestoreClient, *a: Any, **k: Any) -> Any:
        answer = commit(self, *a, **k)
        if not lost:
            lost.append("503")
            raise api.ServiceUnavailable("whatever became of it")
        return answer

    monkeypatch.setattr(FirestoreClient, "commit", applied_but)
    return lost


def test_others_read_plain_fields_and_the_id_to_sort_by(
    cloud_documents: Documents, reader: firestore.Client
) -> None:
    data = {"state": "QUEUED", "n": 1, "map": {"a": [1, None]}}
    cloud_documents.commit([Create("things", "x", data)])
    stored = reader.document("things/x").get().to_dict()
    assert stored is not None
    assert stored.pop("_write")
    assert stored == {**data, "_id": "x"}


def test_the_time_it_expires_at_is_a_timestamp(
    cloud_documents: Documents, reader: firestore.Client
) -> None:
    cloud_documents.commit([Create("things", "x", {"expires_at": NOON})])
    stored = reader.document("things/x").get().get("expires_at")
    assert stored == datetime(2026, 11, 20, 12, tzinfo=UTC)
    by_time = [Where("expires_at", "<=", NOON)]
    assert cloud_documents.count("things", by_time) == 1


@pytest.mark.parametrize("time", ["2026-11-20", "2026-11-20T12:00:00", "soon"])
def test_what_is_no_time_in_utc_is_refused(
    cloud_documents: Documents, time: str
) -> None:
    with pytest.raises(ValueError, match=r"expires_at|isoformat"):
        cloud_documents.commit([Create("things", "x", {"expires_at": time})])


def test_a_version_is_the_time_of_the_last_write(
    cloud_documents: Documents, reader: firestore.Client
) -> None:
    cloud_documents.commit([Create("things", "x", {})])
    document = cloud_documents.get("things", "x")
    assert document is not None
    written = reader.document("things/x").get().update_time
    assert document.version == written.rfc3339()


@pytest.mark.usefixtures("lost_report")
def test_a_create_whose_report_was_lost_is_found_there(
    cloud_documents: Documents,
) -> None:
    with pytest.raises(AlreadyExistsError):
        cloud_documents.commit([Create("things", "x", {"a": 1})])


def test_an_update_whose_report_was_lost_finds_another_version(
    cloud_documents: Documents, lost_report: list[str]
) -> None:
    lost_report.append("not yet")
    cloud_documents.commit([Create("things", "x", {"a": 1})])
    read = cloud_documents.get("things", "x")
    assert read is not None
    lost_report.clear()
    with pytest.raises(ConflictError):
        cloud_documents.commit([Update("things", "x", read.version, {"a": 2})])


@pytest.mark.usefixtures("lost_report")
def test_a_commit_whose_report_was_lost_is_known_by_its_op(
    cloud_documents: Documents, ports: Ports
) -> None:
    there = replace(ports, documents=cloud_documents)
    assert outbox.commit(there, [Create("things", "x", {"a": 1})])


def test_what_firestore_takes_up_again_goes_on(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = emulator.start()
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", server.address)
    documents = FirestoreDocuments(environment)
    documents.commit([Create("things", "x", {})])
    server.kill()
    monkeypatch.setattr(failures, "RETRY", failures.RETRY.with_timeout(0.3))
    with pytest.raises(UnreachableError, match=r"databases/\(default\)"):
        documents.get("things", "x")
    monkeypatch.undo()
    again = emulator.start(server.port)
    try:
        documents.commit([Create("things", "y", {})])
    finally:
        again.stop()
