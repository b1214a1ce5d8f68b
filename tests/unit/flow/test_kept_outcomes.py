"""A dataset's document holds what fits of its preparations."""

from typing import Any

from mmmflow.document_rules import MAX_DOCUMENT, size
from mmmflow.domain import outcomes

FIRST: dict[str, Any] = {
    "trainings": {"v1": {"rows": 1}},
    "prepared_with": "v1",
}


def many(count: int, letters: int) -> dict[str, Any]:
    data = FIRST
    for number in range(count):
        reason = {"left_out": "x" * letters}
        data = outcomes.recorded(data, "trainings", f"v1~{number}", reason)
    return data


def test_of_1000_preparations_the_first_and_the_newest_are_kept() -> None:
    kept = list(many(1000, 10)["trainings"])
    newest = [f"v1~{number}" for number in range(801, 1000)]
    assert kept == ["v1", *newest]


def test_large_ones_are_fewer_than_a_document_holds() -> None:
    data = many(300, 20_000)
    assert size(data) < MAX_DOCUMENT / 2
    assert {"v1", "v1~299", "v1~290"} <= set(data["trainings"])


def test_one_that_is_larger_than_the_room_is_kept_alone() -> None:
    data = outcomes.recorded(many(5, 10), "refusals", "v2", "x" * 500_000)
    assert list(data["refusals"]) == ["v2"]
    assert list(data["trainings"]) == ["v1"]


def test_refusals_and_trainings_share_the_room() -> None:
    data = many(200, 10)
    data = outcomes.recorded(data, "refusals", "v9", [{"what": "no"}])
    assert len(data["trainings"]) + len(data["refusals"]) == outcomes.MOST
    assert "v9" in data["refusals"]


def test_those_from_before_ages_were_noted_are_the_oldest() -> None:
    old: dict[str, Any] = {"v1": {}, "a": {}, "b": {}}
    data = outcomes.recorded(
        {"trainings": old, "prepared_with": "v1"}, "trainings", "c", {}
    )
    assert data["by_age"] == ["v1", "a", "b", "c"]
