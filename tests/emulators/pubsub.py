"""The Pub/Sub emulator of the Google Cloud CLI, and what is deployed on it.

What Terraform makes in a project (topics, subscriptions, the notifications
of buckets) is made here from the same table that the functions know.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import cache

import grpc
from google.api_core.exceptions import ServiceUnavailable
from google.cloud.storage import Client
from google.protobuf.duration_pb2 import Duration
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.publisher.transports import (
    PublisherGrpcTransport,
)
from google.pubsub_v1.services.subscriber import SubscriberClient
from google.pubsub_v1.services.subscriber.transports import (
    SubscriberGrpcTransport,
)
from google.pubsub_v1.types import (
    DeadLetterPolicy,
    PushConfig,
    RetryPolicy,
    Subscription,
)
from mmmflow.cloud.environment import Environment
from mmmflow.messaging import topology

from tests.emulators import processes

JAR = "pubsub-emulator/lib/cloud-pubsub-emulator-*-all.jar"
# As in production; the emulator takes shorter ones too.
ACK_SECONDS = 600
BACK_OFF = (timedelta(seconds=10), timedelta(seconds=600))
_UP_WITHIN = 20.0


def start(port: int | None = None) -> processes.Server:
    """Start it, empty; skips the test where the emulator is not there.

    Args:
        port: to listen on; a free one, unless it has to be the same again.
    """
    jar = processes.emulator(JAR, "google-cloud-cli-pubsub-emulator")
    port = processes.free_port() if port is None else port
    where = ["--host=127.0.0.1", f"--port={port}"]
    server = processes.start(
        [processes.java(), *processes.JVM, "-jar", str(jar), *where], port
    )
    _wait_until_it_answers(server.address)
    return server


@contextmanager
def emulated() -> Iterator[str]:
    """`host:port`, for PUBSUB_EMULATOR_HOST."""
    server = start()
    try:
        yield server.address
    finally:
        server.stop()


@cache
def publisher(host: str) -> PublisherClient:
    channel = grpc.insecure_channel(host)
    return PublisherClient(transport=PublisherGrpcTransport(channel=channel))


@cache
def subscriber(host: str) -> SubscriberClient:
    channel = grpc.insecure_channel(host)
    return SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))


def deploy(
    host: str,
    environment: Environment,
    pushed_to: Mapping[str, str] | None = None,
    *,
    ack_seconds: int = ACK_SECONDS,
    back_off: tuple[timedelta, timedelta] | None = BACK_OFF,
) -> None:
    """Make the topics of an environment, and what its functions subscribe.

    Args:
        host: of the emulator, as `host:port`.
        environment: whose names they get.
        pushed_to: URL of each function that is pushed to; the others'
            subscriptions are pulled from.
        ack_seconds: how long a delivery may take.
        back_off: the least and the most time before it comes again; None
            for at once.
    """
    create_topics(host, environment)
    for function, topics in topology.SUBSCRIPTIONS.items():
        for topic in topics:
            subscribe(
                host,
                environment,
                function,
                topic,
                (pushed_to or {}).get(function, ""),
                ack_seconds=ack_seconds,
                back_off=back_off,
            )


def create_topics(host: str, environment: Environment, *more: str) -> None:
    """Make every topic that a function wakes for, and some more."""
    names = {*topology.NOTIFICATIONS.values(), *more}
    for topics in topology.SUBSCRIPTIONS.values():
        names.update(topics)
    for name in names:
        publisher(host).create_topic(name=environment.topic(name))


def subscribe(
    host: str,
    environment: Environment,
    function: str,
    topic: str,
    url: str = "",
    *,
    ack_seconds: int = ACK_SECONDS,
    back_off: tuple[timedelta, timedelta] | None = BACK_OFF,
) -> None:
    """One function's subscription to one topic, with its dead letters.

    The topic stands in the path that is pushed to: the source of the event
    is read from there.
    """
    name = environment.topic(topic)
    subscription = Subscription(
        name=environment.subscription(function, topic),
        topic=name,
        ack_deadline_seconds=ack_seconds,
    )
    if back_off is not None:
        least, most = (_duration(time) for time in back_off)
        subscription.retry_policy = RetryPolicy(
            minimum_backoff=least, maximum_backoff=most
        )
    if url:
        subscription.push_config = PushConfig(push_endpoint=f"{url}/{name}")
    if topic != topology.DEAD_LETTER:
        subscription.dead_letter_policy = DeadLetterPolicy(
            dead_letter_topic=environment.topic(topology.DEAD_LETTER),
            max_delivery_attempts=topology.MAX_DELIVERIES,
        )
    subscriber(host).create_subscription(request=subscription)


def announce_objects(client: Client, environment: Environment) -> None:
    """Make the buckets, and let them tell of their finished objects."""
    buckets = {"uploads": environment.uploads, "data": environment.data}
    for bucket in buckets.values():
        client.create_bucket(bucket)
    for (among, prefix), topic in topology.NOTIFICATIONS.items():
        client.bucket(buckets[among]).notification(
            topic_project=environment.project,
            topic_name=environment.topic(topic).rpartition("/")[2],
            event_types=["OBJECT_FINALIZE"],
            blob_name_prefix=prefix or None,
            payload_format="JSON_API_V1",
        ).create()


def _duration(time: timedelta) -> Duration:
    found = Duration()
    found.FromTimedelta(time)
    return found


def _wait_until_it_answers(host: str) -> None:
    """It listens some tenths of a second before it serves."""
    deadline = time.monotonic() + _UP_WITHIN
    while True:
        try:
            list(publisher(host).list_topics(project="projects/none"))
        except ServiceUnavailable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
