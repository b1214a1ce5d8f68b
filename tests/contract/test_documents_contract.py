"""What every store of documents does."""

import json
import threading
from collections.abc import Sequence

import pytest
from mmmflow.document_rules import TooLargeError
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


@pytest.mark.parametrize(
    "value",
    [
        [[0.5, 3], [], [[1], [[2]]]],
        [{"[]": [1]}, {"{}": {}}, {"[]": 1, "{}": 2}, {"{}": {"[]": []}}],
        {"[]": {"{}": [[1]]}},
        {"tv.spend": 1, "a`b\\": 2, "": 3, "Ü-Wagen 1/2": 4, "7": [None]},
        {"__index_level_0__": 1, "=": {"==": 2}, "_": 3, "____": 4, "a.b": 5},
        [None, True, 0, 0.0, -1.5, "", "2026-11-20T10:45:12+00:00"],
        -(2**63),
        1e308,
        "\x00\U0001f600",
    ],
)
def test_every_json_value_reads_back_as_it_was_written(
    documents: Documents, value: object
) -> None:
    read = put(documents, "x", value=value).data["value"]
    assert read == value
    # True is not 1, 1 is not 1.0, and keys come back sorted.
    assert json.dumps(read) == json.dumps(value, sort_keys=True)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_is_no_json_is_refused(
    documents: Documents, number: float
) -> None:
    with pytest.raises(ValueError, match="JSON"):
        put(documents, "x", number=number)
    assert documents.get("things", "x") is None


def test_the_time_it_expires_at_reads_back_as_it_was_written(
    documents: Documents,
) -> None:
    times = ["2026-11-20T10:45:12+00:00", "2026-11-20T10:45:12.000123+00:00"]
    for number, time in enumerate(times):
        read = put(documents, f"x{number}", expires_at=time)
        assert read.data == {"expires_at": time}


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


def test_a_commit_names_each_document_once(documents: Documents) -> None:
    with pytest.raises(ValueError, match="once"):
        documents.commit([Delete("things", "x"), Create("things", "x", {})])
    assert documents.get("things", "x") is None


def test_a_commit_of_nothing_is_nothing(documents: Documents) -> None:
    documents.commit([])


def test_a_commit_takes_500_writes_and_no_more(documents: Documents) -> None:
    writes = [Create("things", f"{n:03}", {"n": n}) for n in range(501)]
    with pytest.raises(TooLargeError, match="501 writes, more than 500"):
        documents.commit(writes)
    documents.commit(writes[:500])
    assert documents.count("things") == 500


def test_a_document_has_up_to_a_mebibyte(documents: Documents) -> None:
    with pytest.raises(TooLargeError, match="things/x has 10"):
        put(documents, "x", text="x" * 1024 * 1024)
    put(documents, "x", text="x" * 1024 * 1000)


def test_a_document_is_nested_up_to_20_levels_deep(
    documents: Documents,
) -> None:
    def nested(levels: int) -> Json:
        return {"a": nested(levels - 1)} if levels > 1 else {"a": 1}

    put(documents, "x", **nested(19))
    with pytest.raises(TooLargeError, match="deeper than 20"):
        put(documents, "y", **nested(21))


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
    put(
        documents,
        "a",
        state="QUEUED",
        n=2,
        at="2026-01-01",
        map={"k": 1},
        tags=["t=1", "u=1"],
    )
    put(
        documents,
        "b",
        state="QUEUED",
        n=10,
        at="2026-01-03",
        map={"k": 2},
        tags=["t=1"],
    )
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
        ([Where("missing", "==", None)], []),
        ([Where("map.missing", "==", None)], []),
        ([Where("missing", "<=", 1)], []),
        ([Where("tags", "contains", "t=1")], ["a", "b"]),
        ([Where("tags", "contains", "t")], []),
        ([Where("n", "==", 2), Where("tags", "contains", "u=1")], ["a"]),
        ([Where("n", ">=", 2), Where("n", "<", 10)], ["a"]),
        ([Where("n", ">=", 2), Where("at", "<=", "2026-01-02")], ["a"]),
        ([Where("state", "in", ["QUEUED"]), Where("n", "<", 5)], ["a"]),
        ([Where("id", ">=", "b"), Where("state", "==", "QUEUED")], ["b"]),
        ([Where("id", "in", ["a", "z"])], ["a"]),
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
        ([Order("map.k", descending=True)], ["c", "b", "a"]),
        ([Order("n", descending=True), Order("id")], ["b", "c", "a", "d"]),
    ],
)
def test_a_query_is_in_order_and_ties_in_that_of_the_ids(
    several: Documents, order_by: list[Order], expected: list[str]
) -> None:
    assert ids(several.query("things", order_by=order_by)) == expected


def test_what_may_be_too_much_is_no_reason_for_another_order(
    several: Documents,
) -> None:
    found = several.query(
        "things",
        [Where("n", "<=", 10), Where("at", "<=", "2026-01-03")],
        [Order("n", descending=True), Order("id")],
        limit=2,
    )
    assert ids(found) == ["b", "a"]


@pytest.mark.parametrize("descending", [False, True])
def test_pages_follow_each_other_without_a_gap(
    documents: Documents, descending: bool
) -> None:
    documents.commit([Create("things", f"{n:02}", {}) for n in range(23)])
    seen: list[str] = []
    after: list[Where] = []
    while page := documents.query(
        "things", after, [Order("id", descending)], limit=5
    ):
        seen += ids(page)
        last = page[-1].id
        after = [
            Where("id", *(("<", last) if descending else (">=", f"{last}~")))
        ]
    expected = [f"{n:02}" for n in range(23)]
    assert seen == (expected[::-1] if descending else expected)


def test_a_condition_names_up_to_30_alternatives(several: Documents) -> None:
    names = [*map(str, range(29)), "a"]
    assert ids(several.query("things", [Where("id", "in", names)])) == ["a"]
    for ask in (several.query, several.count):
        with pytest.raises(TooLargeError, match="31 alternatives"):
            ask("things", [Where("id", "in", [*names, "z"])])


def test_a_limit_cuts_after_the_order(several: Documents) -> None:
    found = several.query("things", order_by=[Order("n")], limit=2)
    assert ids(found) == ["d", "a"]


def test_a_value_is_never_part_of_the_query(several: Documents) -> None:
    value = "QUEUED' OR '1'='1"
    assert several.query("things", [Where("state", "==", value)]) == []
