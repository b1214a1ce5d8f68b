"""A request from outside is answered once, and its repeats alike."""

from typing import Any

import pytest
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.ports import Create, Ports
from mmmflow.submit import requests
from mmmflow.submit.requests import KeyReusedError, Request


def read(**body: Any) -> Request:
    return requests.read("experiment.requested", body)


def test_a_request_is_known_by_its_key() -> None:
    assert read(message_id="k", a=1).key == "k"


def test_else_it_is_known_by_its_content() -> None:
    assert read(a=1).id == read(a=1).id
    assert read(a=1).id != read(a=2).id


def test_who_sent_it_is_no_part_of_the_content() -> None:
    assert read(a=1, actor="x", correlation_id="y").id == read(a=1).id


def test_the_same_key_of_another_kind_is_another_request() -> None:
    assert requests.read("upload", {"message_id": "k"}).id != (
        read(message_id="k").id
    )


def test_a_request_that_nobody_made_has_no_answer(ports: Ports) -> None:
    assert requests.answered(ports, read(a=1)) is None


def test_what_a_request_makes_and_its_answer_are_one_commit(
    ports: Ports,
) -> None:
    asked = read(message_id="k", actor="a person")
    assert requests.accept(ports, asked, ["x"], [Create("things", "x", {})])
    answer = requests.answered(ports, asked)
    assert answer is not None
    assert answer["actor"] == "a person"
    (made,) = requests.made(ports, answer, "things")
    assert made.id == "x"


def test_a_repeat_makes_nothing_and_finds_what_was_made(ports: Ports) -> None:
    asked = read(message_id="k")
    requests.accept(ports, asked, ["x"], [Create("things", "x", {})])
    assert not requests.accept(ports, asked, ["y"], [Create("things", "y", {})])
    assert ports.documents.get("things", "y") is None
    answer = requests.answered(ports, asked)
    assert answer is not None
    assert answer["made"] == ["x"]


def test_the_same_key_with_other_content_is_refused(ports: Ports) -> None:
    requests.accept(ports, read(message_id="k", a=1), [], [])
    with pytest.raises(KeyReusedError, match="'k' was used for another"):
        requests.answered(ports, read(message_id="k", a=2))


def test_a_refusal_is_kept_with_every_problem(ports: Ports) -> None:
    asked = read(message_id="k")
    problems = [Problem("a", "wrong", "right"), Problem("b", "wrong")]
    requests.refuse(ports, asked, problems)
    answer = requests.answered(ports, asked)
    assert answer is not None
    with pytest.raises(InvalidInputError) as invalid:
        requests.made(ports, answer, "things")
    assert invalid.value.problems == problems


def test_refusing_a_reused_key_leaves_the_content_free_for_another(
    ports: Ports,
) -> None:
    requests.accept(ports, read(message_id="k", a=1), [], [])
    requests.refuse_reused(ports, read(message_id="k", a=2), "k was used")
    assert requests.answered(ports, read(a=2)) is None


def test_a_reused_key_is_refused_where_it_can_be_looked_up(
    ports: Ports,
) -> None:
    reused = read(message_id="k", a=2)
    requests.refuse_reused(ports, reused, "k was used")
    (refused,) = ports.documents.query("requests")
    assert refused.data["state"] == "REFUSED"
    assert refused.data["problems"][0]["where"] == "message_id"
    assert refused.data["content_hash"] == reused.content_hash
