"""Names of topics and subscriptions, bare or with a deployment's prefix."""

import pytest
from mmmflow.messaging import topology

EVERY = [
    (function, topic)
    for function, topics in topology.SUBSCRIPTIONS.items()
    for topic in topics
]


@pytest.mark.parametrize("prefix", ["mmmflow-dev", "sweep", "a.queue.changed"])
@pytest.mark.parametrize(("function", "topic"), EVERY)
def test_a_deployments_subscription_tells_function_and_topic(
    prefix: str, function: str, topic: str
) -> None:
    subscription = f"{prefix}.{function}.{topic}"
    assert topology.function_of(subscription) == function
    assert topology.topic_of(subscription, {}) == topic


@pytest.mark.parametrize("function", topology.SUBSCRIPTIONS)
def test_an_embedded_subscription_is_the_functions(function: str) -> None:
    assert topology.function_of(function) == function


def test_an_object_tells_the_topic_of_an_embedded_subscription() -> None:
    mapping = {"objectId": "metadata/DE/v1/mapping.json"}
    assert topology.topic_of("prepare", mapping) == "object.metadata"


def test_a_message_tells_the_topic_of_an_embedded_subscription() -> None:
    said = {"topic": "batch.changed"}
    assert topology.topic_of("notify", said) == "batch.changed"


def test_the_subscription_knows_better_than_what_a_message_says() -> None:
    said = {"topic": "champion.changed"}
    subscription = "mmmflow-dev.notify.batch.changed"
    assert topology.topic_of(subscription, said) == "batch.changed"


@pytest.mark.parametrize("name", ["", "other", "relaunch", "x.launch.y"])
def test_what_is_none_of_ours_has_no_function(name: str) -> None:
    assert topology.function_of(name) == ""


@pytest.mark.parametrize("topic", sorted({topic for _, topic in EVERY}))
def test_a_topic_is_known_by_either_name(topic: str) -> None:
    assert topology.topic_named(topic) == topic
    assert topology.topic_named(f"mmmflow-dev.{topic}") == topic


def test_a_topic_of_others_keeps_its_name() -> None:
    assert topology.topic_named("their.topic") == "their.topic"
