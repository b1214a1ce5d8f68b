"""What every store of objects does."""

import os
from pathlib import Path

import pytest
from mmmflow.ports import (
    AlreadyExistsError,
    Bucket,
    ConflictError,
    NotFoundError,
)

GONE = "0"


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
