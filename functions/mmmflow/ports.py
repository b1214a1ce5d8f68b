"""What a step may ask of the world.

A step takes an event and one `Ports`; `mmmflow.local` implements the ports
on one machine. Every call may fail after it was applied: callers rely on
create-if-absent and compare-and-set, never on a call's report alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

    from mmmflow.domain.bills import CostLine

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
    """Content is JSON, read back as it was written, with its keys sorted."""

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
    """A condition on a field; `a.b` reaches into a map.

    `contains` asks for a value in a list, at most one of a query. A document
    without the field meets no condition on it.
    """

    field: str
    op: Literal["==", "<", "<=", ">=", "in", "contains"]
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
        """Documents that meet every condition and have every field ordered by.

        After the orders named come the fields of ranges by name, then the
        id, each in the direction of the last order. Nothing comes before
        anything. Every combination of fields has its index declared in
        `infra/firestore.indexes.json`.
        """
        ...

    def count(self, collection: str, where: Sequence[Where] = ()) -> int: ...

    def commit(self, writes: Sequence[Write]) -> None:
        """All or none; each document once.

        Raises:
            TooLargeError: of `document_rules`; nothing was written.
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


class ObjectWriter(Protocol):
    """An object that is being written, and not there yet."""

    def write(self, data: bytes, /) -> int: ...

    @property
    def info(self) -> ObjectInfo:
        """What was made; known once the block has ended."""
        ...


@dataclass(frozen=True)
class SignedRequest:
    """An HTTP request that whoever holds it may make until it expires.

    Its headers have to be sent as they are. The URL may be relative to the
    API's own address.
    """

    method: Literal["GET", "PUT"]
    url: str
    headers: Mapping[str, str]


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

    def open_write(self, name: str) -> AbstractContextManager[ObjectWriter]:
        """Create in parts: only a chunk of it is in memory at a time.

        The object is there once the block has ended, and never if it ends
        with an exception.

        Raises: AlreadyExistsError, at the latest when the block ends.
        """
        ...

    def read(
        self,
        name: str,
        generation: str | None = None,
        *,
        start: int = 0,
        length: int | None = None,
    ) -> bytes:
        """The content, or up to `length` bytes of it from `start` on.

        Raises: NotFoundError, also when the generation is another.
        """
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

    def signed_upload(
        self, name: str, size_limit: int, content_type: str, seconds: int
    ) -> SignedRequest:
        """Let somebody write over the object, with up to `size_limit` bytes.

        Raises: RefusedError, when nothing may be signed here.
        """
        ...

    def signed_download(self, name: str, seconds: int) -> SignedRequest:
        """Let somebody read the object, as a file to be saved.

        Raises: RefusedError, when nothing may be signed here.
        """
        ...


@dataclass(frozen=True)
class Outbound:
    """A message to publish."""

    topic: str
    data: bytes
    attributes: Mapping[str, str]


class Messages(Protocol):
    def publish(
        self, topic: str, data: bytes, attributes: Mapping[str, str]
    ) -> None:
        """Returns when the message is safely stored by the service."""
        ...

    def publish_all(self, messages: Sequence[Outbound]) -> None:
        """As `publish`, of many at once; if it fails, some may be stored."""
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

        Raises:
            RefusedError: it was definitely not started; DeniedError if it
                never will be as things are.
            UnreachableError: it may have been started; nobody knows.
        """
        ...

    def get(self, execution: str) -> Execution | None:
        """The execution, its env holding at least what it was given."""
        ...

    def cancel(self, execution: str) -> None:
        """See that it ends; nothing happens if it has, or never was."""
        ...

    def log(self, execution: str, lines: int) -> list[str]:
        """The last lines that it wrote, oldest first; [] if there are none.

        Complete only some time after the execution has ended.
        """
        ...


@dataclass(frozen=True)
class Query:
    """One SELECT: the n-th `?` of it is bound to the n-th parameter.

    `tag` is what the warehouse's own history shows beside it.
    """

    statement: str
    parameters: tuple[str, ...] = ()
    tag: str = ""


@dataclass(frozen=True)
class QueryStatus:
    """How far a query is; `gone`: its result is not kept any more."""

    state: Literal["running", "done", "failed", "gone"]
    rows: int = 0  # once it is done
    reason: str = ""


class Warehouse(Protocol):
    @property
    def dialect(self) -> str:
        """The SQL that it speaks, by sqlglot's name."""
        ...

    def submit(self, query: Query) -> str:
        """Start the SELECT and return its id, without waiting for rows.

        Raises: RefusedError, with the warehouse's reason.
        """
        ...

    def wait(self, id: str, query: Query, seconds: float) -> QueryStatus:
        """Its state once it has ended, or after that many seconds."""
        ...

    def fetch(self, id: str, query: Query) -> "Iterator[pa.RecordBatch]":
        """Stream the rows of a query that is done; again, the same rows.

        Raises:
            RefusedError: with the warehouse's reason.
            NotFoundError: the result is not kept any more.
            UnreachableError: the connection is lost and does not come back.
        """
        ...

    def cancel(self, id: str) -> None:
        """Nothing happens if it has ended."""
        ...

    def altered(self, table: str) -> str | None:
        """What tells one state of the table from another, as a time.

        None if the warehouse can't tell: a view, or no such table.
        """
        ...


@dataclass(frozen=True)
class SecretState:
    """What may be told of a secret: all but its value."""

    created_at: datetime
    created_by: str


class Secrets(Protocol):
    """Values that nobody but who uses them may see; each save is a version."""

    def get(self, name: str) -> str:
        """The newest version that is enabled.

        Raises: NotFoundError; RefusedError, when others can read it.
        """
        ...

    def state(self, name: str) -> SecretState | None:
        """Of the newest version that is enabled; None if there is none."""
        ...

    def save(self, name: str, value: str, actor: str) -> None:
        """A new version; the older ones stay as they are.

        Raises: ValueError, for a name or a value that can't be one.
        """
        ...

    def rotate(self, name: str, value: str, actor: str) -> None:
        """A new version; once it is there, the older ones are destroyed.

        Raises: ValueError, for a name or a value that can't be one.
        """
        ...

    def clear(self, name: str) -> None:
        """Destroy every version; nothing happens if there is none."""
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


class Billing(Protocol):
    """The bill of what runs the flow."""

    def lines(self, since: str) -> "list[CostLine]":
        """What each SKU cost on each day from `since`, 2026-11-20, on."""
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
        """`headers` are by their names in lower case.

        Raises:
            UnidentifiedError: they prove nobody's identity.
            NotPermittedError: they do, of somebody who is not let in.
            UnreachableError: what verifies them can't be had now.
        """
        ...


@dataclass(frozen=True)
class Deployment:
    """What is decided where it runs, for all experiments.

    Attributes:
        engine: of an experiment that names none.
        images: what each engine's jobs run, by its name; none where an
            engine is what is installed.
    """

    engine: str = "native"
    images: Mapping[str, str] = field(default_factory=dict)


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
    billing: Billing
    clock: Clock
    entropy: Entropy
    deployment: Deployment = field(default_factory=Deployment)


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
