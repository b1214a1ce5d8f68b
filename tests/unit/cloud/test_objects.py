"""Objects in Cloud Storage when the service or the way to it fails."""

import gc
import os
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from google.cloud.storage import Client
from mmmflow.cloud import objects
from mmmflow.cloud.environment import Environment
from mmmflow.cloud.objects import StorageBucket, open_buckets, open_run
from mmmflow.ports import (
    AlreadyExistsError,
    DeniedError,
    RefusedError,
    UnreachableError,
)

# Where a download is refused, Google's client drops the answer unclosed.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket:"
    "pytest.PytestUnraisableExceptionWarning"
)

Fail = Callable[..., None]
MEGABYTE = 1024 * 1024


@pytest.fixture
def environment(storage_url: str, tmp_path: Path) -> Environment:
    name = f"mmmflow-{tmp_path.name.lower()}-{os.urandom(4).hex()}"
    return Environment(name, "r", "mmmflow-test", "d", f"{name}-u", name)


@pytest.fixture
def bucket(
    environment: Environment, storage_url: str, monkeypatch: pytest.MonkeyPatch
) -> StorageBucket:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", storage_url)
    Client(project=environment.project).create_bucket(environment.data)
    return open_buckets(environment)[1]


@pytest.fixture
def fail(storage_url: str) -> Iterator[Fail]:
    """Tell the server how to fail until the test ends."""

    def tell(**faults: Any) -> None:
        requests.post(f"{storage_url}/_faults", json=faults, timeout=10)

    yield tell
    tell()
    gc.collect()  # here, where it is no failure of another test


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls are given up after half a second."""
    quick = objects._RETRY.with_timeout(0.5)
    monkeypatch.setitem(objects._CALL, "retry", quick)


def test_one_call_in_three_may_fail(bucket: StorageBucket, fail: Fail) -> None:
    fail(every=3)
    for n in range(6):
        bucket.create(f"a/{n}", str(n).encode())
    with bucket.open_write("big") as writer:
        writer.write(os.urandom(20 * MEGABYTE))
    assert [bucket.read(f"a/{n}") for n in range(6)] == [
        str(n).encode() for n in range(6)
    ]
    assert [info.name for info in bucket.list("a/")][-1] == "a/5"
    assert bucket.read("big", start=5, length=1) != b""
    bucket.delete("big")
    assert bucket.stat("big") is None


def test_a_create_that_was_applied_but_reported_as_failed_is_there_already(
    bucket: StorageBucket, fail: Fail
) -> None:
    fail(every=2, applied=True)
    bucket.stat("a")  # the first call; the next one is the second
    with pytest.raises(AlreadyExistsError):
        bucket.create("a", b"content")
    assert bucket.read("a") == b"content"


def test_a_part_that_was_cut_off_is_sent_again(
    bucket: StorageBucket, fail: Fail
) -> None:
    content = os.urandom(20 * MEGABYTE)
    fail(cuts=2)
    with bucket.open_write("a") as writer:
        writer.write(content)
    assert bucket.read("a") == content


def test_a_file_is_sent_in_parts_that_may_be_cut_off(
    bucket: StorageBucket, fail: Fail, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(os.urandom(20 * MEGABYTE))
    fail(cuts=1)
    bucket.create("a", path)
    assert bucket.read("a") == path.read_bytes()


def test_an_upload_session_goes_on_where_it_was_interrupted(
    bucket: StorageBucket, storage_url: str, fail: Fail
) -> None:
    begun = requests.post(
        f"{storage_url}/upload/storage/v1/b/{bucket.name}/o"
        "?uploadType=resumable&name=a&ifGenerationMatch=0",
        timeout=10,
    )
    session = begun.headers["Location"]
    content = os.urandom(MEGABYTE)
    fail(cuts=1)
    whole = {"Content-Range": f"bytes 0-{MEGABYTE - 1}/{MEGABYTE}"}
    cut = requests.put(session, content, headers=whole, timeout=10)
    asked = requests.put(
        session, headers={"Content-Range": f"bytes */{MEGABYTE}"}, timeout=10
    )
    assert (cut.status_code, asked.status_code) == (503, 308)
    assert asked.headers["Range"] == f"bytes=0-{MEGABYTE // 2 - 1}"
    rest = {"Content-Range": f"bytes {MEGABYTE // 2}-{MEGABYTE - 1}/{MEGABYTE}"}
    half = content[MEGABYTE // 2 :]
    made = requests.put(session, half, headers=rest, timeout=10)
    assert made.status_code == 200
    assert bucket.read("a") == content


@pytest.mark.usefixtures("impatient")
def test_a_service_that_stays_away_is_said_to_be_unreachable(
    bucket: StorageBucket, fail: Fail
) -> None:
    bucket.create("a", b"content")
    fail(every=1)
    for call in (
        lambda: bucket.read("a"),
        lambda: bucket.create("b", b"content"),
        lambda: bucket.stat("a"),
        lambda: bucket.list(""),
        lambda: bucket.delete("a"),
    ):
        with pytest.raises(UnreachableError, match=f"bucket {bucket.name}"):
            call()


@pytest.mark.usefixtures("impatient")
def test_an_upload_in_parts_that_fails_leaves_nothing(
    bucket: StorageBucket, fail: Fail
) -> None:
    lost = pytest.raises(UnreachableError)
    with lost, bucket.open_write("a") as writer:
        writer.write(os.urandom(9 * MEGABYTE))
        fail(every=1)
        writer.write(os.urandom(9 * MEGABYTE))
    fail()
    assert bucket.list("") == []


@pytest.mark.usefixtures("impatient")
def test_where_nobody_listens_it_is_said_to_be_unreachable(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9")
    bucket = open_buckets(environment)[1]
    with pytest.raises(UnreachableError, match=f"bucket {bucket.name}"):
        bucket.read("a")


def test_a_bucket_that_is_missing_is_no_object_that_is_missing(
    environment: Environment, storage_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", storage_url)
    bucket = open_buckets(environment)[1]
    for call in (
        lambda: bucket.read("a"),
        lambda: bucket.stat("a"),
        lambda: bucket.list(""),
        lambda: bucket.create("a", b""),
        lambda: bucket.delete("a"),
    ):
        with pytest.raises(DeniedError, match=f"no bucket {bucket.name}"):
            call()


def test_content_that_was_damaged_on_its_way_is_not_taken(
    bucket: StorageBucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bucket.create("a", b"content")
    send = requests.Session.send

    def damage(*args: Any, **kwargs: Any) -> requests.Response:
        answer = send(*args, **kwargs)
        if "x-goog-hash" in answer.headers:
            answer.headers["x-goog-hash"] = "crc32c=AAAAAA=="
        return answer

    monkeypatch.setattr(requests.Session, "send", damage)
    with pytest.raises(UnreachableError, match=r"[Cc]hecksum"):
        bucket.read("a")
    with pytest.raises(UnreachableError, match=r"[Cc]hecksum"):
        bucket.download("a", tmp_path / "file")


def test_writing_in_parts_holds_a_few_parts_in_memory(
    bucket: StorageBucket,
) -> None:
    part = os.urandom(MEGABYTE)
    tracemalloc.start()
    with bucket.open_write("a") as writer:
        for _ in range(100):
            writer.write(part)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40 * MEGABYTE


def test_without_a_signer_nothing_is_signed(bucket: StorageBucket) -> None:
    with pytest.raises(RefusedError, match="MMMFLOW_SIGNER"):
        bucket.signed_download("a", 60)


def test_a_run_is_found_by_its_uri(bucket: StorageBucket) -> None:
    bucket.create("robyn/r-1/DE/x/job_config.json", b"{}")
    uri = bucket.uri("robyn/r-1/DE/x")
    assert uri == f"gs://{bucket.name}/robyn/r-1/DE/x"
    opened, run = open_run("p", uri)
    assert opened.read(f"{run}/job_config.json") == b"{}"


@pytest.mark.parametrize("uri", ["/a/b", "gs://bucket", "gs:///a", "s3://a/b"])
def test_a_uri_of_anything_else_is_refused(uri: str) -> None:
    with pytest.raises(ValueError, match="is not gs://bucket/name"):
        open_run("p", uri)
