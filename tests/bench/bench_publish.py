"""Publishing: one message, and what a large commit sends, to the emulator.

Held against Google's publisher, which gathers messages in a thread: with its
defaults, and told to send each at once.
"""

import json
import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from google.cloud.pubsub_v1 import PublisherClient
from google.cloud.pubsub_v1.types import BatchSettings
from mmmflow.cloud.environment import Environment
from mmmflow.cloud.messages import PubsubMessages
from mmmflow.ports import Outbound

from tests.emulators import pubsub

_TOPIC = "queue.changed"
_ENVIRONMENT = Environment("bench", "r", "mmmflow-bench", "d", "u", "d")
_DATA = json.dumps({"schema_version": 1, "queue": "default"}).encode()
_SAID = {"correlation_id": "a-correlation-id"}
_TIMES = 200
_MANY = 500
_SECONDS = 30.0


def main() -> None:
    with pubsub.emulated() as host:
        os.environ["PUBSUB_EMULATOR_HOST"] = host
        pubsub.create_topics(host, _ENVIRONMENT)
        figures = _measure()
    cores, load = os.cpu_count(), os.getloadavg()[0]
    print(f"one message, p50 of {_TIMES}, and {_MANY} messages, confirmed")
    for name, (one, many) in figures.items():
        print(f"  {name:32} {one * 1e3:7.2f} ms {many * 1e3:9.1f} ms")
    print(f"Pub/Sub emulator, {cores} cores, load {load:.1f}")
    told = {
        name: {"one_p50_ms": round(one * 1e3, 2), "many_s": round(many, 4)}
        for name, (one, many) in figures.items()
    }
    print(json.dumps({"publish": told, "many": _MANY, "load": load}))


def _measure() -> dict[str, tuple[float, float]]:
    port = PubsubMessages(_ENVIRONMENT)
    publish = partial(port.publish, _TOPIC, _DATA, _SAID)
    messages = [Outbound(_TOPIC, _DATA, _SAID)] * _MANY
    at_once = BatchSettings(max_messages=1)
    default = _gathered(PublisherClient())
    told = _gathered(PublisherClient(batch_settings=at_once))
    return {
        "publish, publish_all": _figures(
            publish, partial(port.publish_all, messages)
        ),
        "publish, one after the other": _figures(
            publish, partial(_repeat, publish)
        ),
        "Google's publisher": _figures(*default),
        "Google's, max_messages=1": _figures(*told),
    }


def _gathered(publisher: Any) -> tuple[Callable[[], None], Callable[[], None]]:
    """One message, and many at once, by Google's publisher."""

    def publish(number: int) -> None:
        topic = _ENVIRONMENT.topic(_TOPIC)
        sent = [publisher.publish(topic, _DATA, **_SAID) for _ in range(number)]
        for future in sent:
            future.result(_SECONDS)

    return partial(publish, 1), partial(publish, _MANY)


def _figures(
    one: Callable[[], None], many: Callable[[], None]
) -> tuple[float, float]:
    """Seconds: the median of one, and the median of many."""
    for _ in range(20):
        one()
    return (
        statistics.median(_seconds(one) for _ in range(_TIMES)),
        statistics.median(_seconds(many) for _ in range(3)),
    )


def _repeat(publish: Callable[[], None]) -> None:
    for _ in range(_MANY):
        publish()


def _seconds(call: Callable[[], None]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
