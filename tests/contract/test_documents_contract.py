"""What every store of documents does."""

import threading
from collections.abc import Sequence

import pytest
from mmmflow.ports import (
    AlreadyExistsError,
    ConflictError,
    Create,
    Delete,
    Document,
    Documents,
    Json,
    Order,
    Update,
    Where,
    Write,
)


def put(documents: Documents, id: str, **data: object) -> Document:
    documents.commit([Create("things", id, data)])
    return get(documents, id)


def get(documents: Documents, id: str) -> Document:
    found = documents.get("things", id)
    assert found is not None
    return found


def ids(found: Sequence[Document]) -> list[str]:
    return [document.id for document in found]


def test_what_is_not_there_is_none(documents: Documents) -> None:
    assert documents.get("things", "x") is None


def test_a_document_reads_back_as_it_was_written(documents: Documents) -> None:
    data: Json = {
        "text": "Zürich\n\t'\"",
        "number": 1.5,
        "whole": 2**53,
        "none": None,
        "yes": True,
        "list": [1, {"a": []}],
        "map": {"ü": {}},
    }
    assert put(documents, "x", **data).data == data


def test_a_document_is_created_only_where_there_is_none(
    documents: Documents,
) -> None:
    put(documents, "x", a=1)
    with pytest.raises(AlreadyExistsError):
        documents.commit([Create("things", "x", {"a": 2})])
    assert get(documents, "x").data == {"a": 1}


def test_the_same_id_in_another_collection_is_another_document(
    documents: Documents,
) -> None:
    put(documents, "x", a=1)
    documents.commit([Create("others", "x", {"a": 2})])
    assert get(documents, "x").data == {"a": 1}


def test_an_update_replaces_the_whole_document(documents: Documents) -> None:
    read = put(documents, "x", a=1, b=2)
    documents.commit([Update("things", "x", read.version, {"a": 3})])
    assert get(documents, "x").data == {"a": 3}


def test_an_update_of_what_has_changed_meanwhile_is_refused(
    documents: Documents,
) -> None:
    read = put(documents, "x", a=1)
    documents.commit([Update("things", "x", read.version, {"a": 2})])
    with pytest.raises(ConflictError):
        documents.commit([Update("things", "x", read.version, {"a": 3})])
    assert get(documents, "x").data == {"a": 2}


def test_the_same_content_written_again_is_another_version(
    documents: Documents,
) -> None:
    read = put(documents, "x", a=1)
    documents.commit([Update("things", "x", read.version, {"a": 1})])
    assert get(documents, "x").version != read.version


def test_a_document_made_anew_is_not_at_the_version_of_the_old_one(
    documents: Documents,
) -> None:
    read = put(documents, "x", a=1)
    documents.commit([Delete("things", "x")])
    put(documents, "x", a=1)
    with pytest.raises(ConflictError):
        documents.commit([Update("things", "x", read.version, {"a": 2})])


def test_an_update_of_what_is_gone_is_refused(documents: Documents) -> None:
    read = put(documents, "x", a=1)
    documents.commit([Delete("things", "x")])
    with pytest.raises(ConflictError):
        documents.commit([Update("things", "x", read.version, {"a": 2})])


def test_deleting_what_is_gone_is_nothing(documents: Documents) -> None:
    documents.commit([Delete("things", "x")])


def test_a_delete_at_a_version_is_refused_at_another(
    documents: Documents,
) -> None:
    read = put(documents, "x", a=1)
    documents.commit([Update("things", "x", read.version, {"a": 2})])
    with pytest.raises(ConflictError):
        documents.commit([Delete("things", "x", read.version)])
    documents.commit([Delete("things", "x", get(documents, "x").version)])
    assert documents.get("things", "x") is None
    with pytest.raises(ConflictError):
        documents.commit([Delete("things", "x", read.version)])


@pytest.mark.parametrize("refused_first", [True, False])
def test_a_commit_is_all_or_none(
    documents: Documents, refused_first: bool
) -> None:
    there = put(documents, "there", a=1)
    put(documents, "refused", a=1)
    refused = Create("things", "refused", {})
    writes: list[Write] = [
        Create("things", "new", {}),
        Update("things", "there", there.version, {"a": 2}),
    ]
    writes.insert(0 if refused_first else 2, refused)
    with pytest.raises(AlreadyExistsError):
        documents.commit(writes)
    assert documents.get("things", "new") is None
    assert get(documents, "there").data == {"a": 1}


def test_several_documents_change_in_one_commit(documents: Documents) -> None:
    a, b = put(documents, "a", n=1), put(documents, "b", n=1)
    documents.commit(
        [
            Update("things", "a", a.version, {"n": 2}),
            Delete("things", "b"),
            Create("things", "c", {"n": 3}),
        ]
    )
    assert b.id not in ids(documents.query("things"))
    assert [d.data["n"] for d in documents.query("things")] == [2, 3]


def test_of_many_at_once_one_wins(documents: Documents) -> None:
    read = put(documents, "x", winner=None)
    start = threading.Barrier(4)
    won: list[int] = []

    def race(number: int) -> None:
        update = Update("things", "x", read.version, {"winner": number})
        start.wait()
        try:
            documents.commit([update])
        except ConflictError:
            return
        won.append(number)

    threads = [threading.Thread(target=race, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [get(documents, "x").data["winner"]] == won


@pytest.fixture
def several(documents: Documents) -> Documents:
    put(documents, "a", state="QUEUED", n=2, at="2026-01-01", map={"k": 1})
    put(documents, "b", state="QUEUED", n=10, at="2026-01-03", map={"k": 2})
    put(documents, "c", state="FAILED", n=10, at=None, map={"k": 2})
    put(documents, "d", state="WAITING", n=1, at="2026-01-02", map={})
    documents.commit([Create("others", "z", {"state": "QUEUED", "n": 10})])
    return documents


def test_a_query_without_conditions_is_the_collection(
    several: Documents,
) -> None:
    assert ids(several.query("things")) == ["a", "b", "c", "d"]


def test_a_query_gives_versions_that_can_be_written_over(
    several: Documents,
) -> None:
    first = several.query("things")[0]
    several.commit([Update("things", first.id, first.version, {"n": 0})])
    assert get(several, first.id).data == {"n": 0}


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ([Where("state", "==", "QUEUED")], ["a", "b"]),
        ([Where("state", "==", "NONE")], []),
        ([Where("state", "in", ["FAILED", "WAITING"])], ["c", "d"]),
        ([Where("state", "in", [])], []),
        ([Where("n", "<", 10)], ["d", "a"]),
        ([Where("n", "<=", 2)], ["d", "a"]),
        ([Where("n", ">=", 10)], ["b", "c"]),
        ([Where("at", "<=", "2026-01-02")], ["a", "d"]),
        ([Where("at", "==", None)], ["c"]),
        ([Where("map.k", "==", 2)], ["b", "c"]),
        ([Where("id", "<", "c")], ["a", "b"]),
        ([Where("n", "==", 10), Where("state", "==", "QUEUED")], ["b"]),
        ([Where("missing", "==", 1)], []),
    ],
)
def test_a_query_finds_what_meets_every_condition(
    several: Documents, where: list[Where], expected: list[str]
) -> None:
    assert ids(several.query("things", where)) == expected
    assert several.count("things", where) == len(expected)


@pytest.mark.parametrize(
    ("order_by", "expected"),
    [
        ([Order("n")], ["d", "a", "b", "c"]),
        ([Order("n", descending=True)], ["c", "b", "a", "d"]),
        ([Order("state"), Order("n", descending=True)], ["c", "b", "a", "d"]),
        ([Order("id", descending=True)], ["d", "c", "b", "a"]),
        ([Order("at")], ["c", "a", "d", "b"]),
    ],
)
def test_a_query_is_in_order_and_ties_in_that_of_the_ids(
    several: Documents, order_by: list[Order], expected: list[str]
) -> None:
    assert ids(several.query("things", order_by=order_by)) == expected


def test_a_limit_cuts_after_the_order(several: Documents) -> None:
    found = several.query("things", order_by=[Order("n")], limit=2)
    assert ids(found) == ["d", "a"]


def test_a_value_is_never_part_of_the_query(several: Documents) -> None:
    value = "QUEUED' OR '1'='1"
    assert several.query("things", [Where("state", "==", value)]) == []
