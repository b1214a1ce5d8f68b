"""What Pub/Sub really pushes, to functions as they are deployed.

Topics and subscriptions bear the deployment's names; each function is a
process of its own under functions-framework.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import pytest
from google.cloud.storage import Client
from mmmflow.cloud.documents import FirestoreDocuments
from mmmflow.cloud.environment import Environment
from mmmflow.cloud.messages import PubsubMessages
from mmmflow.cloud.objects import open_buckets
from mmmflow.local.ports import open_ports
from mmmflow.messaging import dead_letters, topology
from mmmflow.ports import Document, Ports

from tests.emulators import pubsub
from tests.emulators.deployment import Function

TOPICS = {
    "notify": "batch.changed",
    "ingest": "object.uploads",
    "bury": topology.DEAD_LETTER,
}
POISON = b"no JSON"

Found = TypeVar("Found")


@dataclass
class Pushed:
    """The ports of a deployment, and its functions, which are pushed to."""

    ports: Ports
    functions: dict[str, Function]

    def letters(self, number: int) -> list[Document]:
        return wait_for(
            lambda: dead_letters.index(self.ports),
            lambda found: len(found) == number,
        )


@pytest.fixture(scope="module")
def pushed(
    tmp_path_factory: pytest.TempPathFactory,
    firestore_host: str,
    pubsub_host: str,
    announcing_storage_url: str,
) -> Iterator[Pushed]:
    project = f"pushed-{os.urandom(4).hex()}"
    environment = Environment(
        project, "r", "sweep-dev", "(default)", f"{project}-u", f"{project}-d"
    )
    env = {
        "FIRESTORE_EMULATOR_HOST": firestore_host,
        "PUBSUB_EMULATOR_HOST": pubsub_host,
        "STORAGE_EMULATOR_HOST": announcing_storage_url,
        "MMMFLOW_HOME": "",  # which whoever runs the tests may have set
        "MMMFLOW_PROJECT": environment.project,
        "MMMFLOW_REGION": environment.region,
        "MMMFLOW_PREFIX": environment.prefix,
        "MMMFLOW_UPLOADS_BUCKET": environment.uploads,
        "MMMFLOW_DATA_BUCKET": environment.data,
    }
    functions = {name: Function(name, env) for name in TOPICS}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in env.items():
            patch.setenv(name, value)
        pubsub.create_topics(pubsub_host, environment)
        pubsub.announce_objects(Client(project=project), environment)
        for name, function in functions.items():
            function.start()
            url = f"http://127.0.0.1:{function.port}"
            pubsub.subscribe(
                pubsub_host,
                environment,
                name,
                TOPICS[name],
                url,
                back_off=None,
            )
        uploads, data = open_buckets(environment)
        ports = Ports(
            **{
                **vars(open_ports(tmp_path_factory.mktemp("home"))),
                "documents": FirestoreDocuments(environment),
                "messages": PubsubMessages(environment),
                "uploads": uploads,
                "data": data,
            }
        )
        yield Pushed(ports, functions)
    for function in functions.values():
        function.server.stop()


@pytest.fixture(scope="module")
def letter(pushed: Pushed) -> Document:
    """The dead letter of a message that no function can read."""
    said = {"correlation_id": "c-1", "k": "v"}
    pushed.ports.messages.publish("batch.changed", POISON, said)
    (found,) = pushed.letters(1)
    return found


def test_what_was_refused_ten_times_is_buried(letter: Document) -> None:
    assert letter.data["deliveries"] == str(topology.MAX_DELIVERIES)
    assert letter.data["attributes"] == {"correlation_id": "c-1", "k": "v"}
    assert letter.data["correlation_id"] == "c-1"


def test_function_and_topic_are_told_by_the_names_of_the_deployment(
    letter: Document,
) -> None:
    """Though the prefix of this one, `sweep-dev`, names a function too."""
    assert letter.data["function"] == "notify"
    assert letter.data["topic"] == "batch.changed"
    assert letter.data["subscription"] == "sweep-dev.notify.batch.changed"


def test_the_reason_is_what_the_function_failed_of(letter: Document) -> None:
    assert "no JSON" in letter.data["reason"]


def test_the_log_says_our_name_of_the_topic(
    pushed: Pushed, letter: Document
) -> None:
    said = pushed.functions["notify"].said()
    assert '"topic": "batch.changed"' in said
    assert '"correlation_id": "c-1"' in said


def test_a_replay_goes_to_that_function_and_is_buried_anew(
    pushed: Pushed, letter: Document
) -> None:
    dead_letters.replay(pushed.ports, letter.id, actor="a person")
    again = [d for d in pushed.letters(2) if d.id != letter.id]
    (attributes,) = (document.data["attributes"] for document in again)
    assert attributes["replay_of"] == letter.id
    assert attributes[dead_letters.ONLY] == "notify"


def test_a_finished_object_wakes_its_function(pushed: Pushed) -> None:
    """A file that is in no country's folder is refused by name."""
    pushed.ports.uploads.create("misplaced.csv", b"a\n1\n")
    (refused,) = wait_for(lambda: pushed.ports.documents.query("requests"))
    assert refused.data["problems"][0]["where"] == "misplaced.csv"


def wait_for(
    look: Callable[[], Found],
    good: Callable[[Found], bool] = bool,
    seconds: float = 60.0,
) -> Found:
    deadline = time.monotonic() + seconds
    while not good(found := look()):
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return found
