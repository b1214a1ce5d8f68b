"""Messages on Pub/Sub: how many a call takes, and what its failures say."""

from collections.abc import Sequence

import pytest
from mmmflow.cloud import messages
from mmmflow.cloud.environment import Environment
from mmmflow.cloud.messages import PubsubMessages
from mmmflow.ports import DeniedError, Outbound

ENVIRONMENT = Environment("p-one", "r", "mmmflow-dev", "d", "u", "d")


def outbound(size: int = 1) -> Outbound:
    return Outbound("queue.changed", b"x" * size, {"k": "v"})


def counts(found: Sequence[Outbound]) -> list[int]:
    return [len(batch) for batch in messages._batches(found)]


def test_a_call_takes_a_thousand_messages() -> None:
    assert counts([outbound()] * 2500) == [1000, 1000, 500]


def test_a_call_stays_below_ten_megabytes() -> None:
    assert counts([outbound(256 * 1024)] * 70) == [30, 30, 10]


def test_a_message_that_fills_a_call_goes_alone() -> None:
    assert counts([outbound(), outbound(9_000_000), outbound()]) == [1, 1, 1]


def test_a_topic_that_was_not_deployed_is_named(
    pubsub_host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", pubsub_host)
    port = PubsubMessages(ENVIRONMENT)
    topic = "projects/p-one/topics/mmmflow-dev.no.topic"
    with pytest.raises(DeniedError, match=topic):
        port.publish("no.topic", b"{}", {})
