"""What every store of objects does."""

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests
from mmmflow.local.objects import FolderBucket
from mmmflow.local.signed_objects import SignedObjects
from mmmflow.ports import (
    AlreadyExistsError,
    Bucket,
    ConflictError,
    NotFoundError,
    SignedRequest,
)
from werkzeug.exceptions import NotFound
from werkzeug.serving import make_server

GONE = "0"
MINUTE = 60
CSV = "text/csv"


def test_an_object_reads_back_as_it_was_written(bucket: Bucket) -> None:
    bucket.create("a/b.txt", b"\x00 content")
    assert bucket.read("a/b.txt") == b"\x00 content"


def test_a_file_is_stored_without_being_read_whole(
    bucket: Bucket, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    bucket.create("a", path)
    assert bucket.read("a") == b"content"
    assert path.exists()


def test_an_object_tells_its_name_generation_size_and_time(
    bucket: Bucket,
) -> None:
    made = bucket.create("a", b"1234")
    assert made == bucket.stat("a")
    assert (made.name, made.size) == ("a", 4)
    assert made.updated_at.utcoffset() is not None


def test_what_is_not_there_is_none_or_not_found(
    bucket: Bucket, tmp_path: Path
) -> None:
    assert bucket.stat("a") is None
    with pytest.raises(NotFoundError):
        bucket.read("a")
    with pytest.raises(NotFoundError):
        bucket.download("a", tmp_path / "file")


def test_an_object_is_created_only_where_there_is_none(bucket: Bucket) -> None:
    bucket.create("a", b"first")
    with pytest.raises(AlreadyExistsError):
        bucket.create("a", b"second")
    assert bucket.read("a") == b"first"


def test_writing_over_is_another_generation(bucket: Bucket) -> None:
    first = bucket.create("a", b"first")
    second = bucket.write("a", b"second")
    assert second.generation != first.generation
    assert bucket.read("a", second.generation) == b"second"


def test_writing_needs_no_object_to_be_there(bucket: Bucket) -> None:
    bucket.write("a", b"first")
    assert bucket.read("a") == b"first"


def test_writing_over_one_generation_is_refused_for_another(
    bucket: Bucket,
) -> None:
    first = bucket.create("a", b"first")
    second = bucket.write("a", b"second", first.generation)
    with pytest.raises(ConflictError):
        bucket.write("a", b"third", first.generation)
    assert bucket.read("a", second.generation) == b"second"


def test_the_generation_of_what_is_not_there_is_zero(bucket: Bucket) -> None:
    bucket.write("a", b"first", GONE)
    with pytest.raises(ConflictError):
        bucket.write("a", b"second", GONE)
    with pytest.raises(ConflictError):
        bucket.write("b", b"first", "12")


def test_an_old_generation_can_not_be_read(
    bucket: Bucket, tmp_path: Path
) -> None:
    first = bucket.create("a", b"first")
    bucket.write("a", b"second")
    with pytest.raises(NotFoundError):
        bucket.read("a", first.generation)
    with pytest.raises(NotFoundError):
        bucket.download("a", tmp_path / "file", first.generation)


def test_a_download_is_the_object_of_that_generation(
    bucket: Bucket, tmp_path: Path
) -> None:
    made = bucket.create("a", b"content")
    bucket.download("a", tmp_path / "file", made.generation)
    assert (tmp_path / "file").read_bytes() == b"content"


def test_a_list_is_what_begins_with_the_prefix_in_order(
    bucket: Bucket,
) -> None:
    for name in ("a/2", "a/10", "a/ü", "ab", "b/1", "A/1"):
        bucket.create(name, b"")
    assert [info.name for info in bucket.list("a/")] == ["a/10", "a/2", "a/ü"]
    assert [info.name for info in bucket.list("a")][-1] == "ab"
    assert bucket.list("nothing") == []
    assert len(bucket.list("")) == 6


def test_a_listed_object_is_described_as_by_stat(bucket: Bucket) -> None:
    bucket.create("a", b"1234")
    assert bucket.list("") == [bucket.stat("a")]


def test_a_deleted_object_is_gone(bucket: Bucket) -> None:
    made = bucket.create("a/b", b"content")
    bucket.delete("a/b")
    assert bucket.stat("a/b") is None
    assert bucket.list("") == []
    with pytest.raises(NotFoundError):
        bucket.read("a/b", made.generation)


def test_deleting_what_is_gone_is_nothing(bucket: Bucket) -> None:
    bucket.delete("a")


def test_an_object_made_anew_is_another_generation(bucket: Bucket) -> None:
    first = bucket.create("a", b"content")
    bucket.delete("a")
    assert bucket.create("a", b"content").generation != first.generation


@pytest.mark.parametrize("name", ["../a", "/etc/a", "a/../../b", ""])
def test_a_name_never_leads_out_of_the_bucket(
    bucket: Bucket, name: str
) -> None:
    with pytest.raises(ValueError, match="is no object name"):
        bucket.create(name, b"")
    with pytest.raises(NotFoundError):
        bucket.read(name)


def test_an_object_may_be_many_megabytes(
    bucket: Bucket, tmp_path: Path
) -> None:
    content = os.urandom(5_000_000)
    bucket.create("big", content)
    bucket.download("big", tmp_path / "big")
    assert (tmp_path / "big").read_bytes() == content


def test_a_generation_may_be_any_text(bucket: Bucket) -> None:
    bucket.create("a", b"content")
    for generation in ("x", "-1", "9" * 30, ""):
        with pytest.raises(NotFoundError):
            bucket.read("a", generation)
        with pytest.raises(ConflictError):
            bucket.write("a", b"other", generation)
    assert bucket.read("a") == b"content"


def test_of_many_that_create_one_wins(bucket: Bucket) -> None:
    def create(content: int) -> bool:
        try:
            bucket.create("a", str(content).encode())
        except AlreadyExistsError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = [n for n, w in enumerate(pool.map(create, range(20))) if w]
    assert [bucket.read("a")] == [str(n).encode() for n in won]


def test_a_list_has_no_end_of_a_page(bucket: Bucket) -> None:
    names = [f"a/{n:04}" for n in range(1200)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: bucket.create(name, b""), names))
    assert [info.name for info in bucket.list("a/")] == names


# ranges


@pytest.mark.parametrize(
    ("start", "length", "found"),
    [
        (0, 4, b"0123"),
        (3, 4, b"3456"),
        (8, 4, b"89"),
        (8, None, b"89"),
        (10, 4, b""),
        (99, None, b""),
        (3, 0, b""),
    ],
)
def test_a_part_of_an_object_is_read(
    bucket: Bucket, start: int, length: int | None, found: bytes
) -> None:
    bucket.create("a", b"0123456789")
    assert bucket.read("a", start=start, length=length) == found


def test_an_empty_object_has_empty_parts(bucket: Bucket) -> None:
    bucket.create("a", b"")
    assert bucket.read("a", start=0, length=4) == b""


def test_a_part_is_of_the_generation_that_is_asked_for(bucket: Bucket) -> None:
    first = bucket.create("a", b"0123")
    assert bucket.read("a", first.generation, start=1, length=2) == b"12"
    bucket.write("a", b"4567")
    for length in (2, 0):
        with pytest.raises(NotFoundError):
            bucket.read("a", first.generation, start=1, length=length)


# in parts


def test_what_is_written_in_parts_reads_back_as_one(bucket: Bucket) -> None:
    with bucket.open_write("a") as writer:
        assert writer.write(b"first ") == 6
        writer.write(b"second")
    assert bucket.read("a") == b"first second"
    assert writer.info == bucket.stat("a")


def test_nothing_may_be_written_of_an_object(bucket: Bucket) -> None:
    with bucket.open_write("a"):
        pass
    assert bucket.read("a") == b""


def test_nothing_is_there_before_the_last_part(bucket: Bucket) -> None:
    with bucket.open_write("a") as writer:
        writer.write(os.urandom(20_000_000))
        assert bucket.stat("a") is None
        assert bucket.list("") == []


def test_what_is_given_up_half_way_was_never_there(bucket: Bucket) -> None:
    given_up = pytest.raises(ZeroDivisionError)
    with given_up, bucket.open_write("a") as writer:
        writer.write(os.urandom(20_000_000))
        raise ZeroDivisionError
    assert bucket.list("") == []
    bucket.create("a", b"content")


def test_parts_are_written_only_where_there_is_no_object(
    bucket: Bucket,
) -> None:
    bucket.create("a", b"first")
    with pytest.raises(AlreadyExistsError), bucket.open_write("a") as writer:
        writer.write(b"second")
    assert bucket.read("a") == b"first"


def test_who_is_overtaken_while_writing_parts_is_refused(
    bucket: Bucket,
) -> None:
    refused = pytest.raises(AlreadyExistsError)
    with refused, bucket.open_write("a") as writer:
        writer.write(os.urandom(20_000_000))
        bucket.create("a", b"first")
    assert bucket.read("a") == b"first"


def test_parts_of_any_size_are_put_together(bucket: Bucket) -> None:
    parts = [os.urandom(size) for size in (1, 9_000_000, 300_000, 17_000_000)]
    with bucket.open_write("a") as writer:
        for part in parts:
            writer.write(part)
    assert bucket.read("a") == b"".join(parts)


@pytest.mark.parametrize("name", ["../a", "/etc/a", ""])
def test_parts_never_lead_out_of_the_bucket(bucket: Bucket, name: str) -> None:
    refused = pytest.raises(ValueError, match="is no object name")
    with refused, bucket.open_write(name) as writer:
        writer.write(b"x")


# signed


@pytest.fixture
def origin(bucket: Bucket) -> Iterator[str]:
    """What the signed URLs of the bucket are relative to."""
    if not isinstance(bucket, FolderBucket):
        yield ""
        return
    app = SignedObjects(NotFound(), [bucket])
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def send(
    origin: str, signed: SignedRequest, content: bytes | None = None
) -> requests.Response:
    return requests.request(
        signed.method,
        urljoin(origin, signed.url),
        data=content,
        headers=dict(signed.headers),
        timeout=10,
    )


def test_a_signed_upload_becomes_an_object(bucket: Bucket, origin: str) -> None:
    signed = bucket.signed_upload("DE/ü 1.csv", 100, CSV, MINUTE)
    assert send(origin, signed, b"a,b\n").status_code == 200
    assert bucket.read("DE/ü 1.csv") == b"a,b\n"


def test_a_signed_upload_writes_over_what_is_there(
    bucket: Bucket, origin: str
) -> None:
    first = bucket.create("a", b"first")
    signed = bucket.signed_upload("a", 100, CSV, MINUTE)
    assert send(origin, signed, b"second").status_code == 200
    second = bucket.stat("a")
    assert second is not None
    assert second.generation != first.generation
    assert bucket.read("a") == b"second"


def test_a_signed_download_is_the_object_as_a_file(
    bucket: Bucket, origin: str
) -> None:
    bucket.create("DE/ü 1.csv", b"a,b\n")
    answer = send(origin, bucket.signed_download("DE/ü 1.csv", MINUTE))
    assert (answer.status_code, answer.content) == (200, b"a,b\n")
    assert answer.headers["Content-Disposition"] == "attachment"
    assert answer.headers["Content-Type"].startswith(CSV)


def test_a_signed_download_of_what_is_gone_is_not_found(
    bucket: Bucket, origin: str
) -> None:
    answer = send(origin, bucket.signed_download("a", MINUTE))
    assert answer.status_code == 404


def test_as_many_bytes_as_were_allowed_may_be_sent_and_no_more(
    bucket: Bucket, origin: str
) -> None:
    signed = bucket.signed_upload("a", 10, CSV, MINUTE)
    assert send(origin, signed, b"x" * 11).status_code in (400, 413)
    assert bucket.stat("a") is None
    assert send(origin, signed, b"x" * 10).status_code == 200


def test_the_limit_holds_where_the_size_is_not_said(
    bucket: Bucket, origin: str
) -> None:
    signed = bucket.signed_upload("a", 10, CSV, MINUTE)
    answer = requests.put(
        urljoin(origin, signed.url),
        data=iter([b"x" * 6, b"x" * 6]),  # sent in chunks, without a length
        headers=dict(signed.headers),
        timeout=10,
    )
    assert answer.status_code in (400, 413)
    assert bucket.stat("a") is None


def test_a_signed_url_expires(bucket: Bucket, origin: str) -> None:
    bucket.create("a", b"content")
    up = bucket.signed_upload("a", 100, CSV, 1)
    down = bucket.signed_download("a", 1)
    time.sleep(2.1)
    assert send(origin, up, b"other").status_code in (400, 403)
    assert send(origin, down).status_code in (400, 403)
    assert bucket.read("a") == b"content"


@pytest.mark.parametrize(
    ("said", "instead"),
    [("/a?", "/b?"), ("xpires=", "xpires=9"), ("ignature=", "ignature=0")],
)
def test_a_url_that_was_changed_is_refused(
    bucket: Bucket, origin: str, said: str, instead: str
) -> None:
    bucket.create("a", b"content")
    bucket.create("b", b"secret")
    down = bucket.signed_download("a", MINUTE)
    url = down.url.replace(said, instead, 1)
    assert url != down.url
    answer = send(origin, SignedRequest("GET", url, {}))
    assert answer.status_code in (400, 403)


def test_a_signature_is_for_one_method(bucket: Bucket, origin: str) -> None:
    bucket.create("a", b"content")
    url = bucket.signed_download("a", MINUTE).url
    assert send(origin, SignedRequest("PUT", url, {}), b"x").status_code == 403
    assert bucket.read("a") == b"content"


def test_a_signed_upload_is_for_one_kind_of_content(
    bucket: Bucket, origin: str
) -> None:
    signed = bucket.signed_upload("a", 100, CSV, MINUTE)
    headers = {**signed.headers, "Content-Type": "text/html"}
    html = SignedRequest("PUT", signed.url, headers)
    assert send(origin, html, b"<script>").status_code == 403
    assert bucket.stat("a") is None


def test_without_a_signature_nothing_is_given(
    bucket: Bucket, origin: str
) -> None:
    bucket.create("a", b"content")
    url = bucket.signed_download("a", MINUTE).url.partition("?")[0]
    assert send(origin, SignedRequest("GET", url, {})).status_code == 403


@pytest.mark.parametrize("name", ["../a", "a/../../b", ""])
def test_nothing_is_signed_that_leads_out_of_the_bucket(
    bucket: Bucket, name: str
) -> None:
    with pytest.raises(ValueError, match="is no object name"):
        bucket.signed_upload(name, 1, CSV, MINUTE)
    with pytest.raises(ValueError, match="is no object name"):
        bucket.signed_download(name, MINUTE)
