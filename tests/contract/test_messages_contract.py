"""What every message service does: at least once, back-off, dead letters."""

from contextlib import suppress
from pathlib import Path

import pytest
from mmmflow.local.messages import Delivery, SqliteMessages
from mmmflow.messaging import topology
from mmmflow.ports import AlreadyExistsError, ConflictError, Outbound

from tests.contract.conftest import World

LONG = 700.0


# On Pub/Sub its subscription comes again at once: nobody waits for its end.
HASTY = "ranking.changed"


def publish(world: World, topic: str = "queue.changed") -> None:
    world.ports.messages.publish(topic, b'{"a": 1}', {"k": "v"})


def pull_one(world: World) -> Delivery:
    (delivery,) = world.pull()
    return delivery


def exhaust(world: World) -> None:
    """Refuse the one message there is until it is given up."""
    for _ in range(topology.MAX_DELIVERIES):
        world.refuse(pull_one(world))
        world.pass_time(LONG)


def test_a_message_arrives_as_it_was_published(world: World) -> None:
    publish(world)
    delivery = pull_one(world)
    assert delivery.subscription == "launch"
    assert delivery.topic == "queue.changed"
    assert delivery.data == b'{"a": 1}'
    assert delivery.attributes == {"k": "v"}
    assert delivery.deliveries == 1


def test_every_subscription_of_a_topic_gets_it(world: World) -> None:
    publish(world, "experiment.changed")
    found = sorted(d.subscription for d in world.pull())
    assert found == ["notify", "tally"]


def test_many_are_published_at_once_each_to_its_topic(world: World) -> None:
    messages = [
        Outbound(topic, str(n).encode(), {"n": str(n)})
        for n in range(30)
        for topic in ("queue.changed", "ranking.changed")
    ]
    world.ports.messages.publish_all(messages)
    found = {(d.topic, d.data, d.attributes["n"]) for d in world.pull()}
    assert found == {(m.topic, m.data, m.attributes["n"]) for m in messages}


def test_to_publish_nothing_is_nothing(world: World) -> None:
    world.ports.messages.publish_all([])
    assert world.pull() == []


def test_data_and_attributes_may_be_any_text_or_bytes(world: World) -> None:
    said = {"k": "Zürich \U0001f4c8", "empty": ""}
    world.ports.messages.publish("queue.changed", b"\x00\xff", said)
    delivery = pull_one(world)
    assert (delivery.data, delivery.attributes) == (b"\x00\xff", said)


def test_a_message_may_have_256_kilobytes(world: World) -> None:
    content = b"x" * 256 * 1024
    world.ports.messages.publish("queue.changed", content, {})
    assert pull_one(world).data == content


def test_a_topic_without_subscriptions_takes_messages_too(
    world: World,
) -> None:
    publish(world, "nobody.listens")
    assert world.pull() == []


def test_what_is_acknowledged_never_comes_again(world: World) -> None:
    publish(world)
    world.acknowledge(pull_one(world))
    world.pass_time(LONG)
    assert world.pull() == []


def test_what_is_being_delivered_is_not_delivered_twice(world: World) -> None:
    publish(world)
    pull_one(world)
    assert world.pull() == []


def test_what_nobody_acknowledges_comes_again_after_the_deadline(
    world: World,
) -> None:
    publish(world)
    pull_one(world)
    world.pass_time(LONG)
    assert pull_one(world).deliveries == 2


def test_what_is_refused_comes_again_but_not_at_once(world: World) -> None:
    publish(world)
    for _ in range(2):
        world.refuse(pull_one(world))
        world.pass_time(LONG)
    world.refuse(pull_one(world))
    assert world.pull() == []
    world.pass_time(LONG)
    assert pull_one(world).deliveries == 4


def test_the_first_refusal_is_backed_off_from_too(world: World) -> None:
    if not isinstance(world.ports.messages, SqliteMessages):
        pytest.skip("the Pub/Sub emulator backs off from the second on")
    publish(world)
    world.refuse(pull_one(world))
    assert world.pull() == []


def test_the_back_off_grows(world: World) -> None:
    publish(world)
    for _ in range(4):
        world.refuse(pull_one(world))
        world.pass_time(LONG)
    world.refuse(pull_one(world))
    world.pass_time(0.3)
    assert world.pull() == []


def test_a_refused_message_does_not_hold_up_others(world: World) -> None:
    publish(world)
    for _ in range(2):
        world.refuse(pull_one(world))
        world.pass_time(LONG)
    world.refuse(pull_one(world))
    publish(world)
    assert pull_one(world).deliveries == 1


def test_after_the_last_delivery_it_is_a_dead_letter(world: World) -> None:
    publish(world, HASTY)
    exhaust(world)
    letter = pull_one(world)
    assert letter.subscription == "bury"
    assert letter.data == b'{"a": 1}'
    source = "CloudPubSubDeadLetterSource"
    subscription = letter.attributes[f"{source}Subscription"]
    assert topology.function_of(subscription) == "rank"
    assert letter.attributes[f"{source}DeliveryCount"] == "10"
    own = {k: v for k, v in letter.attributes.items() if source not in k}
    assert own == {"k": "v"}


def test_a_dead_letter_is_delivered_until_it_is_buried(world: World) -> None:
    publish(world, HASTY)
    exhaust(world)
    exhaust(world)
    assert pull_one(world).subscription == "bury"


@pytest.mark.parametrize(
    ("bucket", "name", "subscription"),
    [
        ("uploads", "DE/table.csv", "ingest"),
        ("data", "datasets/DE/x/dataset.json", "prepare"),
        ("data", "metadata/DE/v1/mapping.json", "prepare"),
        ("data", "signals/x/1/finished.json", "collect"),
    ],
)
def test_a_finished_object_under_a_known_prefix_is_announced(
    world: World, bucket: str, name: str, subscription: str
) -> None:
    there = getattr(world.ports, bucket)
    made = there.create(name, b"content")
    delivery = pull_one(world)
    assert delivery.subscription == subscription
    prefix = "" if bucket == "uploads" else f"{name.split('/', maxsplit=1)[0]}/"
    assert delivery.topic == topology.NOTIFICATIONS[(bucket, prefix)]
    attributes = dict(delivery.attributes)
    assert attributes.pop("payloadFormat") in ("NONE", "JSON_API_V1")
    assert attributes.items() >= {
        ("eventType", "OBJECT_FINALIZE"),
        ("bucketId", there.name),
        ("objectId", name),
        ("objectGeneration", made.generation),
    }


@pytest.mark.parametrize(
    "name",
    ["robyn/r-1/DE/x/attempts/1/claim.json", "training-data/a", "signals.txt"],
)
def test_other_objects_wake_nobody(world: World, name: str) -> None:
    world.ports.data.create(name, b"content")
    assert world.pull() == []


def test_each_generation_is_announced(world: World) -> None:
    first = world.ports.data.create("signals/x", b"first")
    second = world.ports.data.write("signals/x", b"second")
    announced = {d.attributes["objectGeneration"] for d in world.pull()}
    assert announced == {first.generation, second.generation}


def test_an_object_written_in_parts_is_announced_once(world: World) -> None:
    with world.ports.data.open_write("signals/x") as writer:
        writer.write(b"first")
        assert world.pull() == []
        writer.write(b"second")
    announced = pull_one(world).attributes["objectGeneration"]
    assert announced == writer.info.generation


def test_an_object_that_is_given_up_is_not_announced(world: World) -> None:
    opened = world.ports.data.open_write("signals/x")
    with suppress(ZeroDivisionError), opened as writer:
        writer.write(b"first")
        raise ZeroDivisionError
    assert world.pull() == []


def test_a_refused_write_is_not_announced(world: World) -> None:
    world.ports.data.create("signals/x", b"first")
    world.acknowledge(pull_one(world))
    with pytest.raises(AlreadyExistsError):
        world.ports.data.create("signals/x", b"second")
    with pytest.raises(ConflictError):
        world.ports.data.write("signals/x", b"second", "0")
    assert world.pull() == []


def test_a_read_is_not_announced(world: World, tmp_path: Path) -> None:
    world.ports.data.create("signals/x", b"first")
    world.acknowledge(pull_one(world))
    world.ports.data.read("signals/x")
    world.ports.data.download("signals/x", tmp_path / "file")
    assert world.pull() == []
