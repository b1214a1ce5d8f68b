"""Every implementation of the ports, held to the same cases.

A fixture of the tests, as `documents`, runs each case once for every
implementation that `IMPLEMENTATIONS` names; the implementation itself is the
fixture `<implementation>_<fixture>`, as `cloud_documents`, with an emulator
behind it and a project or bucket of its own.
"""

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from mmmflow.cloud.environment import Environment
from mmmflow.local import messages
from mmmflow.local.jobs import SubprocessJobs
from mmmflow.local.messages import Delivery, SqliteMessages
from mmmflow.local.ports import open_ports
from mmmflow.ports import Bucket, Documents, Jobs, Ports, Secrets, Warehouse

IMPLEMENTATIONS = {
    "world": ["embedded", "cloud"],
    "documents": ["embedded", "cloud"],
    "bucket": ["embedded", "cloud"],
    "jobs": ["embedded", "cloud"],
    "secrets": ["embedded", "cloud"],
    "warehouse": ["embedded", "cloud"],
}


def _implementation(request: pytest.FixtureRequest) -> Any:
    """The fixture of the implementation that the case runs against."""
    return request.getfixturevalue(f"{request.param}_{request.fixturename}")


@dataclass
class World:
    """The ports, and the subscriber's side of the messages."""

    ports: Ports
    home: Path
    pull: Callable[[], list[Delivery]]
    acknowledge: Callable[[Delivery], None]
    refuse: Callable[[Delivery], None]
    pass_time: Callable[[float], None]


@pytest.fixture(params=IMPLEMENTATIONS["world"])
def world(request: pytest.FixtureRequest) -> World:
    found: World = _implementation(request)
    return found


@pytest.fixture(params=IMPLEMENTATIONS["documents"])
def documents(request: pytest.FixtureRequest) -> Documents:
    found: Documents = _implementation(request)
    return found


@pytest.fixture(params=IMPLEMENTATIONS["bucket"])
def bucket(request: pytest.FixtureRequest) -> Bucket:
    found: Bucket = _implementation(request)
    return found


@pytest.fixture(params=IMPLEMENTATIONS["jobs"])
def jobs(request: pytest.FixtureRequest) -> Jobs:
    found: Jobs = _implementation(request)
    return found


@pytest.fixture(params=IMPLEMENTATIONS["secrets"])
def secrets(request: pytest.FixtureRequest) -> Secrets:
    found: Secrets = _implementation(request)
    return found


@pytest.fixture(params=IMPLEMENTATIONS["warehouse"])
def warehouse(request: pytest.FixtureRequest) -> Warehouse:
    found: Warehouse = _implementation(request)
    return found


@pytest.fixture
def fresh_name() -> str:
    """A project, database or bucket that no other test has."""
    return f"mmmflow-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def embedded_world(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    ports = open_ports(home)
    bus = ports.messages
    assert isinstance(bus, SqliteMessages)
    assert isinstance(ports.jobs, SubprocessJobs)
    passed = 0.0

    def pass_time(seconds: float) -> None:
        nonlocal passed
        passed += seconds

    clock = SimpleNamespace(time=lambda: time.time() + passed)
    monkeypatch.setattr(messages, "time", clock)
    yield World(
        ports,
        home,
        lambda: bus.lease(100),
        bus.acknowledge,
        bus.refuse,
        pass_time,
    )
    ports.jobs.stop()


@pytest.fixture
def embedded_documents(embedded_world: World) -> Documents:
    return embedded_world.ports.documents


@pytest.fixture
def embedded_bucket(embedded_world: World) -> Bucket:
    return embedded_world.ports.data


@pytest.fixture
def embedded_jobs(embedded_world: World) -> Jobs:
    return embedded_world.ports.jobs


@pytest.fixture
def embedded_secrets(embedded_world: World) -> Secrets:
    return embedded_world.ports.secrets


@pytest.fixture
def embedded_warehouse(embedded_world: World) -> Warehouse:
    return embedded_world.ports.warehouse


@pytest.fixture
def cloud_warehouse(
    fresh_name: str, fakesnow_host: str, embedded_world: World
) -> Warehouse:
    from mmmflow.cloud.environment import Snowflake
    from mmmflow.cloud.warehouse import SnowflakeWarehouse

    secrets = embedded_world.home / "secrets"
    secrets.mkdir()
    password = secrets / "snowflake-password"
    password.touch(mode=0o600)
    password.write_text("secret")
    settings = Snowflake(
        account="test",
        user="mmmflow",
        database=fresh_name.replace("-", "_"),
        endpoint=f"http://{fakesnow_host}",
    )
    return SnowflakeWarehouse(settings, embedded_world.ports.secrets)


@pytest.fixture
def environment(fresh_name: str) -> Environment:
    """Names in a project of the test's own."""
    return Environment(
        project=fresh_name,
        region="europe-west3",
        prefix="mmmflow-test",
        database="(default)",
        uploads=f"{fresh_name}-uploads",
        data=f"{fresh_name}-data",
    )


@pytest.fixture
def cloud_documents(
    environment: Environment,
    firestore_host: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Documents:
    from mmmflow.cloud.documents import FirestoreDocuments

    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_host)
    return FirestoreDocuments(environment)


@pytest.fixture
def cloud_jobs(environment: Environment) -> Iterator[Jobs]:
    from mmmflow.cloud.jobs import CloudRunJobs

    from tests.emulators import grpc_server, logging, run

    log, log_port = grpc_server.serve(logging.CloudLogging().services)
    address = f"127.0.0.1:{log_port}"
    service = run.CloudRun(grace_seconds=0.2, write_log=logging.writer(address))
    server, port = grpc_server.serve(service.services)
    yield CloudRunJobs(
        replace(
            environment,
            run_endpoint=f"127.0.0.1:{port}",
            logging_endpoint=address,
        )
    )
    service.stop()
    server.stop(None)
    log.stop(None)


@pytest.fixture
def cloud_secrets(environment: Environment) -> Iterator[Secrets]:
    from mmmflow.cloud.secrets import SecretManager

    from tests.emulators import grpc_server, secrets

    service = secrets.SecretManagerService()
    server, port = grpc_server.serve(service.services)
    yield SecretManager(
        replace(environment, secrets_endpoint=f"127.0.0.1:{port}")
    )
    server.stop(None)


@pytest.fixture
def cloud_bucket(
    environment: Environment, storage_url: str, monkeypatch: pytest.MonkeyPatch
) -> Bucket:
    from google.cloud.storage import Client
    from mmmflow.cloud.objects import open_buckets

    monkeypatch.setenv("STORAGE_EMULATOR_HOST", storage_url)
    Client(project=environment.project).create_bucket(environment.data)
    signing = replace(
        environment, signer="signs@example.com", iam_endpoint=storage_url
    )
    return open_buckets(signing)[1]


@pytest.fixture
def cloud_world(
    environment: Environment,
    pubsub_host: str,
    announcing_storage_url: str,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    from mmmflow.cloud.messages import PubsubMessages
    from mmmflow.cloud.objects import open_buckets

    from tests.contract.subscriber import Subscriber

    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", pubsub_host)
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", announcing_storage_url)
    subscriber = Subscriber(pubsub_host, environment)
    uploads, data = open_buckets(environment)
    ports = replace(
        open_ports(home),
        messages=PubsubMessages(environment),
        uploads=uploads,
        data=data,
    )
    return World(
        ports,
        home,
        subscriber.pull,
        subscriber.acknowledge,
        subscriber.refuse,
        subscriber.pass_time,
    )
