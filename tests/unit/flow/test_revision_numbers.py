"""The next revision of a tag and country comes from a document."""

from typing import Any

from mmmflow.domain import revision
from mmmflow.messaging import outbox
from mmmflow.ports import Ports
from mmmflow.submit import revisions


def asked(number: int = 1, country: str = "DE", tag: str = "r") -> Any:
    return {"country": country, "revision": {"tag": tag, "number": number}}


def test_a_number_that_is_asked_for_is_given() -> None:
    numbers = revision.numbers([asked(7)], {"r~DE": 3}, force=False)
    assert numbers == {"r~DE": {"7": 7}}


def test_under_force_the_next_number_is_given() -> None:
    numbers = revision.numbers([asked(1)], {"r~DE": 3}, force=True)
    assert revision.numbered(asked(1), numbers)["revision"] == {
        "tag": "r",
        "number": 4,
    }


def test_under_force_different_revisions_stay_different() -> None:
    wanted = [asked(2), asked(1), asked(2)]
    numbers = revision.numbers(wanted, {"r~DE": 3}, force=True)
    assert numbers == {"r~DE": {"1": 4, "2": 5}}


def test_each_tag_and_country_counts_by_itself() -> None:
    wanted = [asked(), asked(country="FR"), asked(tag="q3")]
    last = {"r~DE": 5, "r~FR": 0, "q3~DE": 1}
    assert revision.numbers(wanted, last, force=True) == {
        "r~DE": {"1": 6},
        "r~FR": {"1": 1},
        "q3~DE": {"1": 2},
    }


def test_the_first_number_of_a_tag_is_one(ports: Ports) -> None:
    assert revisions.proposed(ports, "q3", "DE") == 1


def test_the_next_is_proposed_after_the_highest_that_was_taken(
    ports: Ports,
) -> None:
    _, writes = revisions.take(ports, [asked(4), asked(2)], force=False)
    outbox.commit(ports, writes)
    assert revisions.proposed(ports, "r", "DE") == 5
    assert revisions.proposed(ports, "r", "FR") == 1


def test_a_number_below_the_highest_writes_nothing(ports: Ports) -> None:
    _, writes = revisions.take(ports, [asked(4)], force=False)
    outbox.commit(ports, writes)
    assert revisions.take(ports, [asked(3)], force=False)[1] == []


def test_of_two_that_take_the_next_one_is_overtaken(ports: Ports) -> None:
    _, first = revisions.take(ports, [asked()], force=True)
    _, second = revisions.take(ports, [asked()], force=True)
    assert outbox.commit(ports, first)
    assert not outbox.commit(ports, second)
