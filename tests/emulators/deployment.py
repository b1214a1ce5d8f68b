"""The whole system as it is deployed, on one machine.

Each function is a process of its own under functions-framework, pushed to by
the Pub/Sub emulator; documents are in the Firestore emulator; objects, jobs,
secrets, logs and the warehouse in the test servers. Nothing of the embedded
services takes part.
"""

import json
import os
import signal
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import mmmflow
from google.cloud.storage import Client
from google.pubsub_v1.types import PubsubMessage
from mmmflow.cloud import environment as deployed_environment
from mmmflow.cloud.environment import Environment
from mmmflow.cloud.ports import CloudPorts
from mmmflow.messaging import topology

from tests.emulators import (
    firestore,
    logging,
    processes,
    pubsub,
    run,
    secrets,
    snowflake,
    storage,
)
from tests.emulators.proxy import Proxy

SOURCE = Path(mmmflow.__path__[0]).parent / "main.py"
SWEEP_EVERY = 3.0
DATABASE = "ANALYTICS"
_BACK_OFF = (timedelta(milliseconds=200), timedelta(seconds=5))
_ACK_SECONDS = 60
_IN_HAND = 0.5  # seconds in which the emulator ends what it has begun


@dataclass
class Function:
    """A function's process, which is started again where it is killed."""

    name: str
    env: Mapping[str, str]
    source: Path = SOURCE
    port: int = field(default_factory=processes.free_port)

    def start(self) -> None:
        command = [sys.executable, "-m", "functions_framework"]
        kind = "http" if self.name == "api" else "cloudevent"
        self.server = processes.start(
            [
                *command,
                f"--target={self.name}",
                f"--source={self.source}",
                f"--signature-type={kind}",
                "--host=127.0.0.1",
                f"--port={self.port}",
            ],
            self.port,
            {**self.env, "K_SERVICE": self.name},
        )

    def signal(self, number: signal.Signals) -> None:
        """To the server and what it has forked."""
        pid = self.server.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        for child in (pid, *map(int, children.split())):
            with suppress(ProcessLookupError):
                os.kill(child, number)

    def kill(self) -> None:
        """As when its instance dies."""
        self.signal(signal.SIGKILL)
        self.server.kill()
        self.start()

    def said(self) -> str:
        """What it wrote to its log."""
        return self.server.output.read_text(errors="replace")


@dataclass
class Deployment:
    """What runs, and where."""

    environment: Environment
    env: Mapping[str, str]
    services: dict[str, processes.Server]
    functions: Mapping[str, Function]
    proxies: Mapping[str, Proxy]

    def publish(self, topic: str, body: Mapping[str, object]) -> None:
        pubsub.publisher(self.env["PUBSUB_EMULATOR_HOST"]).publish(
            topic=self.environment.topic(topic),
            messages=[PubsubMessage(data=json.dumps(body).encode())],
        )

    def fail_storage(self, every: int) -> None:
        """One call in so many is answered with 503; 0 for none."""
        request = urllib.request.Request(  # noqa: S310  (our own server)
            f"{self.env['STORAGE_EMULATOR_HOST']}/_faults",
            data=json.dumps({"every": every}).encode(),
            headers={"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=5).close()  # noqa: S310

    def restart_documents(self) -> None:
        """Firestore is killed, and starts again with what it had stored.

        The emulator keeps all in memory: it begins anew with an export. The
        functions are held meanwhile, or what was confirmed between export
        and end would be lost, as it never is on Firestore. Every document
        has a new version afterwards.
        """
        server = self.services["firestore"]
        for function in self.functions.values():
            function.signal(signal.SIGSTOP)
        try:
            time.sleep(_IN_HAND)
            with tempfile.TemporaryDirectory() as folder:
                stored = firestore.export(
                    server.address, self.environment.project, Path(folder)
                )
                server.kill()
                self.services["firestore"] = firestore.start(
                    server.port, stored
                )
        finally:
            for function in self.functions.values():
                function.signal(signal.SIGCONT)

    @contextmanager
    def without_documents(self) -> Iterator[None]:
        """Firestore answers nobody: its process is stopped, not ended, as
        the emulator keeps everything in memory."""
        process = self.services["firestore"].process
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send_signal(signal.SIGCONT)


@contextmanager
def deployed(
    project: str, *, functions: Sequence[str] = ()
) -> Iterator[Deployment]:
    """Start everything, in parallel; the functions last.

    Args:
        project: id of the project; what is in it is lost at the end.
        functions: their names; all of them by default.
    """
    with ExitStack() as stack:
        services = _start_services(stack)
        environment = Environment(
            project=project,
            region="europe-west3",
            prefix="mmmflow-dev",
            database="(default)",
            uploads=f"{project}-uploads",
            data=f"{project}-data",
            run_endpoint=f"127.0.0.1:{processes.free_port()}",
            secrets_endpoint=services["secrets"].address,
            logging_endpoint=services["logging"].address,
        )
        env = {**_emulators(services), **_variables(environment, services)}
        services["run"] = stack.enter_context(
            run.emulated(
                env={**env, "MMMFLOW_PROGRESS_SECONDS": "0.5"},
                port=int(environment.run_endpoint.rpartition(":")[2]),
                logging_address=environment.logging_endpoint,
                tell_by=env["PUBSUB_EMULATOR_HOST"],
            )
        )
        names = functions or (*topology.SUBSCRIPTIONS, "api")
        processes_of = {name: Function(name, env) for name in names}
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(Function.start, processes_of.values()))
        for function in processes_of.values():
            stack.callback(_stop, function)
        proxies = {
            name: Proxy(function.port, function.kill)
            for name, function in processes_of.items()
        }
        for proxy in proxies.values():
            stack.callback(proxy.stop)
        deployment = Deployment(
            environment, env, services, processes_of, proxies
        )
        _deploy(deployment)
        stack.enter_context(_timer(deployment))
        yield deployment


@contextmanager
def reached(deployment: Deployment) -> Iterator[CloudPorts]:
    """The ports on it, for this process."""
    before = {name: os.environ.get(name) for name in deployment.env}
    os.environ.update(deployment.env)
    try:
        yield CloudPorts(deployed_environment.read())
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _start_services(stack: ExitStack) -> dict[str, processes.Server]:
    """The emulators first: the others are told where some of them are."""
    with ThreadPoolExecutor(2) as pool:
        starting = {
            name: pool.submit(start)
            for name, start in (
                ("pubsub", pubsub.start),
                ("firestore", firestore.start),
            )
        }
        services = {name: made.result() for name, made in starting.items()}
    for name in ("pubsub", "firestore"):
        stack.callback(_stop_service, services, name)
    services["storage"] = storage.start(services["pubsub"].address)
    stack.callback(services["storage"].stop)
    for name, emulated in (
        ("secrets", secrets.emulated),
        ("logging", logging.emulated),
        ("snowflake", snowflake.served),
    ):
        services[name] = stack.enter_context(emulated())
    return services


def _stop_service(services: Mapping[str, processes.Server], name: str) -> None:
    """The one that runs by then: it may have been started again."""
    services[name].stop()


def _emulators(services: Mapping[str, processes.Server]) -> dict[str, str]:
    """The variables that Google's own clients heed."""
    return {
        "PUBSUB_EMULATOR_HOST": services["pubsub"].address,
        "FIRESTORE_EMULATOR_HOST": services["firestore"].address,
        "STORAGE_EMULATOR_HOST": f"http://{services['storage'].address}",
    }


def _variables(
    environment: Environment, services: Mapping[str, processes.Server]
) -> dict[str, str]:
    """What Terraform would tell every process; and no folder of one machine,
    which the one who starts them may have been told."""
    return {
        "MMMFLOW_HOME": "",
        "MMMFLOW_PROJECT": environment.project,
        "MMMFLOW_REGION": environment.region,
        "MMMFLOW_PREFIX": environment.prefix,
        "MMMFLOW_UPLOADS_BUCKET": environment.uploads,
        "MMMFLOW_DATA_BUCKET": environment.data,
        "MMMFLOW_RUN_ENDPOINT": environment.run_endpoint,
        "MMMFLOW_SECRETS_ENDPOINT": environment.secrets_endpoint,
        "MMMFLOW_LOGGING_ENDPOINT": environment.logging_endpoint,
        "MMMFLOW_SNOWFLAKE_ACCOUNT": "test",
        "MMMFLOW_SNOWFLAKE_USER": "mmmflow",
        "MMMFLOW_SNOWFLAKE_DATABASE": DATABASE,
        "MMMFLOW_SNOWFLAKE_ENDPOINT": (
            f"http://{services['snowflake'].address}"
        ),
    }


def _deploy(deployment: Deployment) -> None:
    """What Terraform makes of topics, subscriptions, buckets and secrets."""
    pubsub.deploy(
        deployment.env["PUBSUB_EMULATOR_HOST"],
        deployment.environment,
        {
            name: f"http://127.0.0.1:{proxy.port}"
            for name, proxy in deployment.proxies.items()
        },
        ack_seconds=_ACK_SECONDS,
        back_off=_BACK_OFF,
    )
    with reached(deployment) as ports:
        pubsub.announce_objects(
            Client(project=deployment.environment.project),
            deployment.environment,
        )
        ports.secrets.save("snowflake-password", "secret", "deployment")


@contextmanager
def _timer(deployment: Deployment) -> Iterator[None]:
    """Cloud Scheduler's part: a message to `sweep` every few seconds."""
    stopping = threading.Event()

    def tick() -> None:
        while not stopping.wait(SWEEP_EVERY):
            deployment.publish("timer.sweep", {})

    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def _stop(function: Function) -> None:
    function.server.stop()
