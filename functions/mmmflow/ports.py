"""What a step may ask of the world.

A step takes an event and one `Ports`; `mmmflow.local` implements the ports
on one machine. Every call may fail after it was applied: callers rely on
create-if-absent and compare-and-set, never on a call's report alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

Json = dict[str, Any]


class AlreadyExistsError(Exception):
    """A document or object that was to be created is there already."""


class ConflictError(Exception):
    """A document or object is not at the version that the caller read."""


class NotFoundError(Exception):
    """A document, object, table or execution is not there."""


class RefusedError(Exception):
    """The world definitely did not do it, and says why."""


class DeniedError(RefusedError):
    """Refused until a person grants, makes or mends what it names."""


class UnreachableError(Exception):
    """Something outside can't be reached now, or ended without an answer."""


class UnidentifiedError(Exception):
    """A request does not show who sends it, or not in a way that holds."""


class NotPermittedError(Exception):
    """Who sends a request is known, and may not do it."""


@dataclass(frozen=True)
class Document:
    collection: str
    id: str
    version: str
    data: Json


@dataclass(frozen=True)
class Create:
    """Refused with `AlreadyExistsError` if the document is there."""

    collection: str
    id: str
    data: Json


@dataclass(frozen=True)
class Update:
    """Replaces the whole document; refused unless it is at `version`."""

    collection: str
    id: str
    version: str
    data: Json


@dataclass(frozen=True)
class Delete:
    """Removes the document; nothing happens if it is gone.

    With `version` it is refused unless the document is at it.
    """

    collection: str
    id: str
    version: str | None = None


Write = Create | Update | Delete


@dataclass(frozen=True)
class Where:
    """A condition on a field; `a.b` reaches into a map."""

    field: str
    op: Literal["==", "<", "<=", ">=", "in"]
    value: Any


@dataclass(frozen=True)
class Order:
    field: str
    descending: bool = False


class Documents(Protocol):
    def get(self, collection: str, id: str) -> Document | None: ...

    def query(
        self,
        collection: str,
        where: Sequence[Where] = (),
        order_by: Sequence[Order] = (),
        limit: int | None = None,
    ) -> list[Document]:
        """Documents that meet every condition; ties end in id order."""
        ...

    def count(self, collection: str, where: Sequence[Where] = ()) -> int: ...

    def commit(self, writes: Sequence[Write]) -> None:
        """All or none.

        Raises:
            AlreadyExistsError: a `Create` found its document.
            ConflictError: an `Update`, or a `Delete` that names a version,
                found another version, or none.
        """
        ...


@dataclass(frozen=True)
class ObjectInfo:
    name: str
    generation: str
    size: int
    updated_at: datetime


class Bucket(Protocol):
    @property
    def name(self) -> str: ...

    def uri(self, name: str) -> str: ...

    def create(self, name: str, content: bytes | Path) -> ObjectInfo:
        """Raises: AlreadyExistsError."""
        ...

    def write(
        self, name: str, content: bytes | Path, generation: str | None = None
    ) -> ObjectInfo:
        """Write over; with `generation`, only over that one.

        Raises: ConflictError.
        """
        ...

    def read(self, name: str, generation: str | None = None) -> bytes:
        """Raises: NotFoundError, also when the generation is another."""
        ...

    def download(
        self, name: str, path: Path, generation: str | None = None
    ) -> None:
        """Raises: NotFoundError, also when the generation is another."""
        ...

    def stat(self, name: str) -> ObjectInfo | None: ...

    def list(self, prefix: str) -> list[ObjectInfo]: ...

    def delete(self, name: str) -> None:
        """Nothing happens if it is gone."""
        ...


class Messages(Protocol):
    def publish(
        self, topic: str, data: bytes, attributes: Mapping[str, str]
    ) -> None:
        """Returns when the message is safely stored by the service."""
        ...


@dataclass(frozen=True)
class Execution:
    """One run of a job, as the platform sees it."""

    name: str
    state: Literal["running", "succeeded", "failed", "cancelled"]
    env: Mapping[str, str]
    reason: str = ""

    @property
    def ended(self) -> bool:
        return self.state != "running"


class Jobs(Protocol):
    def start(
        self, job: str, env: Mapping[str, str], timeout_seconds: int
    ) -> str:
        """Start an execution and return its name, without waiting for it.

        Raises: RefusedError, when it was definitely not started.
        """
        ...

    def get(self, execution: str) -> Execution | None: ...

    def cancel(self, execution: str) -> None: ...


class Warehouse(Protocol):
    def read(
        self, statement: str, parameters: Mapping[str, str]
    ) -> "Iterator[pa.RecordBatch]":
        """Stream the rows of one SELECT; `$name` is a bound parameter.

        Raises: RefusedError, with the warehouse's reason.
        """
        ...


class Secrets(Protocol):
    def get(self, name: str) -> str:
        """Raises: NotFoundError; RefusedError, when others can read it."""
        ...


class Outside(Protocol):
    """Addresses that people name, to be told of what happened."""

    def refusal(self, url: str) -> str:
        """Why the URL will never be posted to; "" if it may be."""
        ...

    def post(self, url: str, body: Json, headers: Mapping[str, str]) -> int:
        """Post JSON; the status of the answer, within ten seconds.

        Raises:
            RefusedError: the URL, or what it resolves to, is not allowed.
            UnreachableError: there was no answer.
        """
        ...


class Clock(Protocol):
    def now(self) -> datetime:
        """The time in UTC."""
        ...


class Entropy(Protocol):
    def token(self) -> str:
        """A random name, new at each call."""
        ...


Role = Literal["viewer", "operator"]


@dataclass(frozen=True)
class Person:
    """Who sends a request: a verified e-mail address, and what they may do."""

    mail: str
    roles: frozenset[Role]


class Identity(Protocol):
    """Who sends a request, as its headers prove it."""

    def identify(self, headers: Mapping[str, str]) -> Person:
        """`headers` finds a header whatever the case of its name.

        Raises:
            UnidentifiedError: they prove nobody's identity.
            NotPermittedError: they do, of somebody who is not let in.
            UnreachableError: what verifies them can't be had now.
        """
        ...


@dataclass(frozen=True)
class Ports:
    documents: Documents
    uploads: Bucket
    data: Bucket
    messages: Messages
    jobs: Jobs
    warehouse: Warehouse
    secrets: Secrets
    outside: Outside
    identity: Identity
    clock: Clock
    entropy: Entropy


@dataclass(frozen=True)
class Message:
    """A message as a step sees it: its own id, and the decoded body."""

    topic: str
    message_id: str
    body: Json
    attributes: Mapping[str, str] = field(default_factory=dict)
    size: int = field(default=0, compare=False)  # bytes, as it came


@dataclass(frozen=True)
class ObjectEvent:
    """An object was written."""

    bucket: str
    name: str
    generation: str
