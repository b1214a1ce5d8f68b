"""People are told, at least once; a target that fails holds up no other."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from mmmflow.domain.errors import InvalidInputError
from mmmflow.messaging import topology
from mmmflow.people import notifications
from mmmflow.people.notifications import NotDeliveredError
from mmmflow.people.outside import HttpOutside
from mmmflow.ports import Message, NotFoundError, UnreachableError
from mmmflow.steps.collect import collect
from mmmflow.steps.notify import notify

from tests.listener import Listener, listening
from tests.steps.test_launch import run_launch
from tests.steps.world import World

ME = "a person"
ALL = ["champion.changed", "experiment.failed"]


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as found:
        yield found


@pytest.fixture
def world(world: World) -> World:
    """Where notifications may go to this machine itself."""
    outside = HttpOutside(private=True, seconds=2)
    world.ports = replace(world.ports, outside=outside)
    return world


def add(world: World, listener: Listener, **fields: Any) -> None:
    asked = {
        "id": "team",
        "kind": "webhook",
        "events": ALL,
        "url": f"{listener.url}/team",
        **fields,
    }
    notifications.save(world.ports, asked, actor=ME)


def failed(world: World) -> str:
    """An experiment that failed; its id."""
    world.prepared()
    (id,) = world.queued()
    run_launch(world)
    collect(world.failed(id), world.ports)
    return id


def hear(world: World, topic: str, which: int = -1) -> None:
    body = world.sent(topic)[which]
    notify(Message(topic, "1", body), world.ports)


def hear_all(world: World) -> None:
    """Every event, and every notice that follows from one."""
    for topic in topology.SUBSCRIPTIONS["notify"]:
        for body in world.sent(topic):
            notify(Message(topic, "1", body), world.ports)


def test_a_failed_run_is_told_with_its_reason(
    world: World, listener: Listener
) -> None:
    add(world, listener)
    id = failed(world)
    hear_all(world)
    (posted,) = listener.posted
    assert posted.path == "/team"
    assert posted.body["event"] == "experiment.failed"
    assert posted.body["title"] == "A run failed: DE"
    assert "it broke" in posted.body["text"]
    assert posted.body["data"]["experiment_id"] == id


def test_a_new_champion_is_told(world: World, listener: Listener) -> None:
    add(world, listener, kind="chat")
    world.prepared()
    (id,) = world.queued()
    run_launch(world)
    collect(world.succeeded(id), world.ports)
    hear_all(world)
    (posted,) = listener.posted
    assert posted.body["text"].startswith("New champion: DE, revenue\n")


def test_a_mail_goes_through_its_providers_webhook(
    world: World, listener: Listener
) -> None:
    mail = {"sender": "mmm@example.com", "address": ["me@example.com"]}
    add(world, listener, kind="mail", **mail)
    failed(world)
    hear_all(world)
    (posted,) = listener.posted
    assert posted.body["to"] == ["me@example.com"]
    assert posted.body["subject"] == "A run failed: DE"


def test_nobody_is_told_what_he_did_not_ask_for(
    world: World, listener: Listener
) -> None:
    add(world, listener, events=["champion.changed"])
    failed(world)
    hear_all(world)
    assert listener.posted == []


def test_each_target_is_told_by_a_message_of_its_own(
    world: World, listener: Listener
) -> None:
    add(world, listener)
    add(world, listener, id="boss", url=f"{listener.url}/boss")
    failed(world)
    hear(world, "experiment.changed")
    told = [m["target_id"] for m in world.sent("notification.due")]
    assert sorted(told) == ["boss", "team"]


def test_what_is_delivered_is_not_posted_again(
    world: World, listener: Listener
) -> None:
    add(world, listener)
    failed(world)
    hear_all(world)
    hear_all(world)
    assert len(listener.posted) == 1


def test_what_a_target_refuses_is_tried_again_under_the_same_key(
    world: World, listener: Listener
) -> None:
    add(world, listener)
    failed(world)
    hear(world, "experiment.changed")
    listener.statuses = [503]
    with pytest.raises(NotDeliveredError, match="team answered 503"):
        hear(world, "notification.due")
    hear(world, "notification.due")
    first, second = (p.headers["Idempotency-Key"] for p in listener.posted)
    assert first == second


def test_the_same_event_heard_twice_is_told_under_the_same_key(
    world: World, listener: Listener
) -> None:
    add(world, listener)
    failed(world)
    hear(world, "experiment.changed")
    hear(world, "experiment.changed")
    keys = {m["message_id"] for m in world.sent("notification.due")}
    assert len(keys) == 1


def test_a_redirect_is_no_delivery(world: World, listener: Listener) -> None:
    add(world, listener)
    failed(world)
    hear(world, "experiment.changed")
    listener.statuses = [302]
    with pytest.raises(NotDeliveredError):
        hear(world, "notification.due")


def test_who_never_answers_fails_the_delivery_and_nothing_else(
    world: World, listener: Listener
) -> None:
    add(world, listener)
    world.ports = replace(
        world.ports, outside=HttpOutside(private=True, seconds=0.2)
    )
    listener.silent = True
    id = failed(world)
    assert world.experiment(id)["state"] == "FAILED"
    hear(world, "experiment.changed")
    with pytest.raises(UnreachableError):
        hear(world, "notification.due")


@pytest.mark.parametrize("gone", [True, False])
def test_a_target_that_is_gone_or_disabled_meanwhile_is_told_nothing(
    world: World, listener: Listener, gone: bool
) -> None:
    add(world, listener)
    failed(world)
    hear(world, "experiment.changed")
    if gone:
        notifications.remove(world.ports, "team")
    else:
        add(world, listener, enabled=False)
    hear(world, "notification.due")
    assert listener.posted == []


def test_a_secret_is_named_and_sent_but_stands_nowhere(
    world: World, listener: Listener
) -> None:
    store(world, "mail-key", "hunter22")
    add(world, listener, secret="mail-key")
    failed(world)
    hear_all(world)
    (posted,) = listener.posted
    assert posted.headers["Authorization"] == "Bearer hunter22"
    assert "hunter22" not in (world.home / "state.db").read_bytes().decode(
        "latin-1"
    )


def test_a_url_that_is_a_secret_is_read_when_it_is_needed(
    world: World, listener: Listener
) -> None:
    store(world, "chat-url", f"{listener.url}/T1/B1")
    asked = {
        "id": "chat",
        "kind": "chat",
        "events": ALL,
        "url_secret": "chat-url",
    }
    notifications.save(world.ports, asked, actor=ME)
    failed(world)
    hear_all(world)
    assert [p.path for p in listener.posted] == ["/T1/B1"]


def store(world: World, name: str, value: str) -> None:
    path = world.home / "secrets" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(value)
    path.chmod(0o600)


def test_a_target_is_shown_without_what_may_be_secret(
    world: World, listener: Listener
) -> None:
    add(world, listener)
    (shown,) = notifications.targets(world.ports)
    assert shown["host"] == "127.0.0.1"
    assert "url" not in shown
    assert shown["last_delivered"] is None


def test_a_target_shows_when_it_was_told_last(
    world: World, listener: Listener
) -> None:
    add(world, listener)
    failed(world)
    hear_all(world)
    (shown,) = notifications.targets(world.ports)
    assert shown["last_delivered"]["event"] == "experiment.failed"


def test_a_target_of_the_same_id_is_replaced(
    world: World, listener: Listener
) -> None:
    add(world, listener)
    add(world, listener, events=["batch.changed"])
    (shown,) = notifications.targets(world.ports)
    assert shown["events"] == ["batch.changed"]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest",
        "https://localhost/",
    ],
)
def test_a_target_inside_is_refused_when_it_is_made(
    world: World, listener: Listener, url: str
) -> None:
    world.ports = replace(world.ports, outside=HttpOutside())
    with pytest.raises(InvalidInputError) as refused:
        add(world, listener, url=url)
    assert [p.where for p in refused.value.problems] == ["url"]
    assert notifications.targets(world.ports) == []


def test_a_test_is_posted_at_once(world: World, listener: Listener) -> None:
    add(world, listener)
    assert notifications.test(world.ports, "team") == 204
    assert listener.posted[0].body["event"] == "test"


def test_there_is_no_testing_a_target_that_is_not_there(world: World) -> None:
    with pytest.raises(NotFoundError):
        notifications.test(world.ports, "nobody")


def test_old_deliveries_are_forgotten(world: World, listener: Listener) -> None:
    add(world, listener)
    failed(world)
    hear_all(world)
    assert len(world.all("notifications")) == 1
    world.sweep(after=timedelta(days=31).total_seconds())
    assert world.all("notifications") == []
