"""Documents in Firestore.

A document is one of Firestore's, field by field, with two fields more: `_id`,
its own id, to sort and filter by, and `_write`, new at each write, since
Firestore takes a write that changes nothing for none. Its version is
Firestore's `update_time`. There is no transaction that could be contended
for: every commit is one batch of writes with preconditions.

The field `expires_at` of a document, a time in UTC as `datetime.isoformat`
writes it, is stored as a timestamp: a TTL policy goes by it.
"""

import os
import secrets
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeVar

import grpc
from google.api_core import exceptions as api
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import (
    FirestoreGrpcTransport,
)
from google.protobuf.timestamp_pb2 import Timestamp

from mmmflow import document_rules
from mmmflow.cloud import failures, firestore_queries
from mmmflow.cloud import firestore_values as values
from mmmflow.cloud.environment import Environment
from mmmflow.cloud.firestore_queries import ID
from mmmflow.ports import (
    AlreadyExistsError,
    ConflictError,
    Create,
    Delete,
    Document,
    Order,
    Where,
    Write,
)

ROLE = "roles/datastore.user"
_WRITE = "_write"
_EMULATOR = "FIRESTORE_EMULATOR_HOST"
_SECONDS = 10.0  # that one try of a call may take
_UNLIMITED = [
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
]

# The protocol's own message, ten times faster than its wrapper.
_Write: Any = types.Write.pb()

T = TypeVar("T")


class FirestoreDocuments:
    """The documents of one database."""

    def __init__(self, environment: Environment) -> None:
        self._database = (
            f"projects/{environment.project}/databases/{environment.database}"
        )
        self._root = f"{self._database}/documents"
        self._call: Any = {
            "retry": None,
            "timeout": _SECONDS,
            "metadata": [("google-cloud-resource-prefix", self._database)],
        }
        if _EMULATOR in os.environ:  # which takes this for an owner's token
            self._call["metadata"].append(("authorization", "Bearer owner"))

    def get(self, collection: str, id: str) -> Document | None:
        if not id:
            return None
        request = types.BatchGetDocumentsRequest(
            database=self._database, documents=[self._name(collection, id)]
        )

        def ask() -> list[Document]:
            answers = self._api.batch_get_documents(request, **self._call)
            return [
                _document(answer.found)
                for answer in answers
                if "found" in answer
            ]

        found = self._tried(ask)
        return found[0] if found else None

    def query(
        self,
        collection: str,
        where: Sequence[Where] = (),
        order_by: Sequence[Order] = (),
        limit: int | None = None,
    ) -> list[Document]:
        if _is_empty(where):
            return []
        query = firestore_queries.structured(collection, where, order_by)
        if limit is not None:
            query.limit.value = limit
        request = types.RunQueryRequest(
            parent=self._root, structured_query=query
        )

        def ask() -> list[Document]:
            answers = self._api.run_query(request, **self._call)
            return [
                _document(answer.document)
                for answer in answers
                if "document" in answer
            ]

        return self._tried(ask)

    def count(self, collection: str, where: Sequence[Where] = ()) -> int:
        if _is_empty(where):
            return 0
        query = {
            "structured_query": firestore_queries.structured(
                collection, where, ()
            ),
            "aggregations": [{"alias": "count", "count": {}}],
        }
        request = types.RunAggregationQueryRequest(
            parent=self._root, structured_aggregation_query=query
        )

        def ask() -> int:
            answers = self._api.run_aggregation_query(request, **self._call)
            return sum(
                answer.result.aggregate_fields["count"].integer_value
                for answer in answers
                if "result" in answer
            )

        return self._tried(ask)

    def commit(self, writes: Sequence[Write]) -> None:
        document_rules.require_fits(writes)
        request = types.CommitRequest(
            database=self._database,
            writes=[self._write(write) for write in writes],
        )

        def ask() -> Exception | None:
            try:
                self._api.commit(request, **self._call)
            except api.AlreadyExists as error:
                return AlreadyExistsError(error.message)
            except api.FailedPrecondition as error:
                return ConflictError(error.message)
            except api.NotFound as error:
                if all(isinstance(write, Create) for write in writes):
                    raise  # it is the database that is not there
                return ConflictError(error.message)
            return None

        refusal = self._tried(ask)
        if refusal is not None:
            raise refusal

    @cached_property
    def _api(self) -> FirestoreClient:
        host = os.environ.get(_EMULATOR)
        if host is None:
            return FirestoreClient()
        channel = grpc.insecure_channel(host, options=_UNLIMITED)
        return FirestoreClient(
            transport=FirestoreGrpcTransport(host=host, channel=channel)
        )

    def _tried(self, ask: Callable[[], T]) -> T:
        """Ask, and again where that can help; failures in the ports' words."""
        with failures.told(self._database, ROLE):
            return failures.RETRY(ask)()

    def _name(self, collection: str, id: str) -> str:
        return f"{self._root}/{collection}/{id}"

    def _write(self, write: Write) -> Any:
        name = self._name(write.collection, write.id)
        if isinstance(write, Delete):
            if write.version is None:
                return _Write(delete=name)
            return _Write(delete=name, current_document=_at(write.version))
        fields = {
            name: values.encode_field(name, value)
            for name, value in write.data.items()
        }
        fields[ID] = values.encode(write.id)
        fields[_WRITE] = values.encode(secrets.token_hex(8))
        before = (
            {"exists": False}
            if isinstance(write, Create)
            else _at(write.version)
        )
        document = {"name": name, "fields": fields}
        return _Write(update=document, current_document=before)


def _at(version: str) -> dict[str, Timestamp]:
    stamp = Timestamp()
    stamp.FromJsonString(version)
    return {"update_time": stamp}


def _document(found: types.Document) -> Document:
    stored = types.Document.pb(found)
    collection, id = stored.name.rsplit("/", 2)[-2:]
    data = values.decode_fields(stored.fields)
    del data[ID], data[_WRITE]
    version = stored.update_time.ToJsonString()
    return Document(collection, id, version, data)


def _is_empty(where: Sequence[Where]) -> bool:
    """Nothing is one of no alternatives; Firestore refuses to be asked."""
    return any(one.op == "in" and not one.value for one in where)
