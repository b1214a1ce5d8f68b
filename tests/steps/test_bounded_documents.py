"""What is kept stays within a document's limits, and not for ever.

Large lists live in objects; what may grow with its input or with time is cut
where it is written.
"""

from datetime import datetime, timedelta

import pytest
from mmmflow.document_rules import MAX_DOCUMENT, size
from mmmflow.domain import experiment
from mmmflow.domain.errors import InvalidInputError, NotAllowedError, Problem
from mmmflow.messaging import dead_letters
from mmmflow.ports import Json, Message
from mmmflow.queueing import queues
from mmmflow.steps.collect import collect
from mmmflow.steps.enqueue import enqueue
from mmmflow.steps.launch import launch
from mmmflow.steps.prepare import prepare
from mmmflow.steps.tally import tally
from mmmflow.submit import requests, revisions

from tests.steps.world import START, World

ME = "a person"
QUARTER = timedelta(days=90)


def refused(world: World, problems: list[Problem]) -> Json:
    asked = requests.read("experiment.requested", {"message_id": "m"})
    requests.refuse(world.ports, asked, problems)
    found: Json = world.all("requests")[0]
    return found


def buried(world: World, body: Json) -> str:
    attributes = {"topic": "queue.changed"}
    failed = Message("dead-letter", "1", body, attributes)
    dead_letters.bury(world.ports, failed)
    (letter,) = dead_letters.index(world.ports)
    return letter.id


def test_of_many_problems_the_first_are_kept_and_how_many_more(
    world: World,
) -> None:
    many = [Problem(f"row {n}", "x" * 10_000) for n in range(5000)]
    kept = refused(world, many)
    assert size(kept) < MAX_DOCUMENT / 2
    assert len(kept["problems"]) == 201
    assert kept["problems"][-1]["what"] == "and 4800 more problems"


def test_a_few_problems_are_all_kept(world: World) -> None:
    few = [Problem("a", "b", "c"), Problem("d", "e")]
    kept = refused(world, few)["problems"]
    assert [Problem(**one) for one in kept] == few


def test_an_experiments_history_keeps_its_newest_200_entries() -> None:
    data: Json = {"state": "QUEUED", "attempt": 1, "history": []}
    for number in range(300):
        data = experiment.noted(data, now=START, why=str(number))
    assert [e["why"] for e in data["history"]] == [
        str(number) for number in range(100, 300)
    ]


def test_an_experiment_keeps_the_beginning_of_a_long_error() -> None:
    data: Json = {"state": "RUNNING", "attempt": 1, "tries": 0, "max_tries": 1}
    error = {"step": "train", "error": "x" * 100_000, "hint": "y" * 5000}
    failed = experiment.failed(
        {**data, "history": []}, error, retriable=True, now=START
    )
    assert failed["error"]["error"].endswith("x… (cut, of 100000 characters)")
    assert failed["error"]["hint"].endswith("y… (cut, of 5000 characters)")
    assert len(failed["error"]["error"]) == 4000
    assert len(failed["history"][0]["why"]) == 500


def test_a_long_note_is_known_again() -> None:
    data: Json = {"state": "QUEUED", "attempt": 1, "history": []}
    noted = experiment.noted(data, now=START, why="x" * 1000)
    assert experiment.is_noted(noted, "x" * 1000)


def test_a_message_too_large_for_a_document_is_buried_by_its_beginning(
    world: World,
) -> None:
    id = buried(world, {"rows": "x" * 2_000_000})
    (letter,) = world.all("dead_letters")
    assert letter["body"]["too_large_to_keep"].startswith('{"rows": "xxx')
    assert size(letter) < 10_000
    with pytest.raises(NotAllowedError, match="too large to be kept"):
        dead_letters.replay(world.ports, id, actor=ME)


def test_a_mapping_too_large_for_a_document_is_refused(world: World) -> None:
    event = world.put_mapping()
    world.ports.data.write(event.name, b'"' + b"x" * 600_000 + b'"')
    prepare(event, world.ports)
    (mapping,) = world.all("mappings")
    assert mapping["state"] == "REFUSED"
    assert "more than 524288" in mapping["problems"][0]["what"]


def test_a_request_names_at_most_300_tags_and_countries(world: World) -> None:
    def asked(count: int) -> list[Json]:
        return [
            {"country": "DE", "revision": {"tag": f"r{n}", "number": 1}}
            for n in range(count)
        ]

    _, writes = revisions.take(world.ports, asked(300), force=False)
    assert len(writes) == 300
    with pytest.raises(InvalidInputError, match="301 tags and countries"):
        revisions.take(world.ports, asked(301), force=False)


def test_pausing_reaches_the_slots_of_however_many_queues(
    world: World,
) -> None:
    for name in ("a", "b", "c"):
        queues.change(world.ports, name, actor=ME, parallelism=200)
    slots = world.ports.documents.query
    before = {slot.id: slot.version for slot in slots("slots")}
    queues.pause_all(world.ports, actor=ME)
    after = {slot.id: slot.version for slot in slots("slots")}
    assert len(after) == 600
    assert not set(before.items()) & set(after.items())


@pytest.mark.parametrize("state", ["ACCEPTED", "REFUSED"])
def test_a_request_answers_repeats_for_90_days(
    world: World, state: str
) -> None:
    country = "DE" if state == "ACCEPTED" else 7
    body = {"experiment": {"country": country}}
    enqueue(world.message("experiment.requested", **body), world.ports)
    (request,) = world.all("requests")
    assert request["state"] == state
    assert datetime.fromisoformat(request["expires_at"]) == START + QUARTER


def test_a_dead_letter_expires_once_a_person_has_settled_it(
    world: World,
) -> None:
    id = buried(world, {"a": 1})
    assert "expires_at" not in world.all("dead_letters")[0]
    world.clock.advance(60)
    dead_letters.discard(world.ports, id, actor=ME)
    (letter,) = world.all("dead_letters")
    settled = datetime.fromisoformat(letter["updated_at"])
    assert datetime.fromisoformat(letter["expires_at"]) == settled + QUARTER


def test_times_of_expiry_are_what_firestore_takes_for_a_time(
    world: World,
) -> None:
    from mmmflow.cloud.firestore_values import encode_field

    dead_letters.discard(world.ports, buried(world, {"a": 1}), actor=ME)
    (letter,) = world.all("dead_letters")
    value = encode_field("expires_at", letter["expires_at"])
    assert value.WhichOneof("value_type") == "timestamp_value"


def test_a_batch_ends_though_its_requests_are_forgotten(world: World) -> None:
    world.prepared()
    first, second = world.queued(2)
    for dataset in world.ports.documents.query("datasets"):
        batch = world.experiment(first)["batch_id"]
        train = {"experiment": {"preset": "test"}}
        world.change("datasets", dataset.id, batch_id=batch, train=train)
    body = {"message_id": "m", "correlation_id": "c", "queue": "default"}
    launch(world.message("queue.changed", **body), world.ports)
    for id in (first, second):
        collect(world.succeeded(id), world.ports)
    changed = world.sent("experiment.changed")[-1]
    told = Message("experiment.changed", "m", changed)
    tally(told, world.ports)
    assert world.sent("batch.changed") == []
    world.clock.advance(QUARTER.total_seconds())
    tally(told, world.ports)
    assert len(world.sent("batch.changed")) == 1
