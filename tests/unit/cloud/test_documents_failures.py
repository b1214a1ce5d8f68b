"""What is told when Firestore fails, and what is tried again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from google.cloud.firestore_v1 import types
from mmmflow.cloud import failures
from mmmflow.cloud.documents import FirestoreDocuments
from mmmflow.cloud.environment import Environment
from mmmflow.ports import (
    Create,
    DeniedError,
    Order,
    RefusedError,
    UnreachableError,
)

from tests.emulators.grpc_server import Method, refuse, serve

Code = grpc.StatusCode
DATABASE = "projects/p/databases/mmmflow"
CALLS: dict[str, Callable[[FirestoreDocuments], object]] = {
    "get": lambda d: d.get("things", "x"),
    "query": lambda d: d.query("things", order_by=[Order("n")]),
    "count": lambda d: d.count("things"),
    "commit": lambda d: d.commit([Create("things", "x", {})]),
}
METHODS = ("BatchGetDocuments", "RunQuery", "RunAggregationQuery", "Commit")


@dataclass
class Server:
    """Fails as often as there are codes left, then answers with nothing."""

    codes: list[grpc.StatusCode] = field(default_factory=list)
    calls: int = 0

    def answer(self, empty: Any) -> Callable[[Any, Any], Any]:
        def handle(_request: Any, context: Any) -> Any:
            self.calls += 1
            if self.codes:
                refuse(context, self.codes.pop(0), "in its own words")
            return empty

        return handle


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    failing = Server()
    methods = {
        name: (
            getattr(types, f"{name}Request"),
            getattr(types, f"{name}Response"),
        )
        for name in METHODS
    }
    serving, port = serve(
        {
            "google.firestore.v1.Firestore": {
                name: Method(failing.answer(answer()), request, answer)
                for name, (request, answer) in methods.items()
            }
        }
    )
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{port}")
    monkeypatch.setattr(failures, "RETRY", failures.RETRY.with_timeout(1.0))
    yield failing
    serving.stop(None)


@pytest.fixture
def documents(server: Server) -> FirestoreDocuments:
    return FirestoreDocuments(
        Environment("p", "europe-west3", "mmmflow", "mmmflow", "u", "d")
    )


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("code", "words"),
    [
        (Code.PERMISSION_DENIED, "grant roles/datastore.user"),
        (Code.UNAUTHENTICATED, "roles/datastore.user"),
        (Code.NOT_FOUND, "there is no"),
        (Code.INVALID_ARGUMENT, "refused the request"),
    ],
)
def test_what_a_person_has_to_mend_is_told_at_once(
    server: Server,
    documents: FirestoreDocuments,
    call: str,
    code: grpc.StatusCode,
    words: str,
) -> None:
    server.codes = [code]
    with pytest.raises(DeniedError) as told:
        CALLS[call](documents)
    assert DATABASE in str(told.value)
    assert words in str(told.value)
    assert server.calls == 1


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "code",
    [
        Code.UNAVAILABLE,
        Code.RESOURCE_EXHAUSTED,
        Code.DEADLINE_EXCEEDED,
        Code.ABORTED,
        Code.INTERNAL,
    ],
)
def test_what_may_pass_is_tried_again(
    server: Server,
    documents: FirestoreDocuments,
    call: str,
    code: grpc.StatusCode,
) -> None:
    server.codes = [code]
    CALLS[call](documents)
    assert server.calls == 2


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        (Code.RESOURCE_EXHAUSTED, RefusedError, "the quota of"),
        (Code.UNAVAILABLE, UnreachableError, "can't be reached"),
        (Code.DEADLINE_EXCEEDED, UnreachableError, "did not answer in time"),
    ],
)
def test_what_does_not_pass_is_told_in_the_end(
    server: Server,
    documents: FirestoreDocuments,
    code: grpc.StatusCode,
    error: type[Exception],
    words: str,
) -> None:
    server.codes = [code] * 99
    with pytest.raises(error) as told:
        documents.get("things", "x")
    assert DATABASE in str(told.value)
    assert words in str(told.value)
    assert server.calls > 1


def test_a_query_without_its_index_is_told_in_firestores_words(
    server: Server, documents: FirestoreDocuments
) -> None:
    server.codes = [Code.FAILED_PRECONDITION]
    with pytest.raises(DeniedError, match="in its own words"):
        documents.query("things", order_by=[Order("n")])
