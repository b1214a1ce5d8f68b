"""Ids sort by first-seen time and are the same for the same message."""

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from mmmflow.domain import ids

FIRST = datetime(2026, 11, 20, 10, 45, 12, tzinfo=UTC)


def test_an_id_is_the_first_seen_time_and_twelve_hex_digits() -> None:
    id = ids.mint(FIRST, "a message")
    assert re.fullmatch(r"20261120T104512Z-[0-9a-f]{12}", id)


def test_the_same_message_and_index_give_the_same_id() -> None:
    assert ids.mint(FIRST, "m", 3) == ids.mint(FIRST, "m", 3)


def test_each_index_and_each_message_has_an_id_of_its_own() -> None:
    made = {ids.mint(FIRST, m, i) for m in ("a", "b") for i in range(100)}
    assert len(made) == 200


def test_ids_sort_by_time() -> None:
    times = [FIRST + timedelta(days=days) for days in range(400)]
    made = [ids.mint(time, "m") for time in times]
    assert made == sorted(made)


@given(st.dictionaries(st.text(), st.integers() | st.text()))
def test_the_content_hash_does_not_know_the_order_of_keys(
    content: dict[str, int | str],
) -> None:
    backwards = dict(reversed(content.items()))
    assert ids.content_hash(content) == ids.content_hash(backwards)


def test_other_content_has_another_hash() -> None:
    assert ids.content_hash({"a": 1}) != ids.content_hash({"a": "1"})
