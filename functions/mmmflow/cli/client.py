"""The HTTP API (schemas/openapi.yaml), as the commands ask it."""

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote, urlencode

from mmmflow.cli import transports
from mmmflow.cli.failures import (
    NOT_PERMITTED,
    NOT_REACHABLE,
    SAYS_NO,
    FailedError,
    fail,
)
from mmmflow.cli.transports import Answer, Transport
from mmmflow.domain.errors import Problem

_API = "/api/v1"
_PAGE = 200
_JSON = "application/json"
_REDIRECTS = (302, 303, 307, 308)
_AWAY = (502, 503, 504)
Query = Mapping[str, object]


@dataclass(frozen=True)
class Reply:
    """What was asked for, and the API's sentence about it."""

    data: Any
    message: str
    status: int


class Client:
    """Asks, and turns every refusal into a FailedError with its exit code."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def get(self, path: str, **query: object) -> Any:
        """The data at a path below /api/v1; what is None is not asked."""
        return self.ask("GET", path, query=query).data

    def post(self, path: str, body: object = None, *, key: str = "") -> Reply:
        return self.ask(
            "POST", path, body={} if body is None else body, key=key
        )

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: object = None,
        key: str = "",
    ) -> Reply:
        """Send a JSON body, or none. Raises: FailedError."""
        content = None if body is None else json.dumps(body).encode()
        return self.send(method, path, query, content, _JSON, key=key)

    def send(
        self,
        method: str,
        path: str,
        query: Query | None,
        content: bytes | None,
        content_type: str,
        *,
        key: str = "",
    ) -> Reply:
        """Send bytes of a type. Raises: FailedError."""
        headers = {"Accept": _JSON}
        if content is not None:
            headers["Content-Type"] = content_type
        if key:
            headers["Idempotency-Key"] = key
        with self.transport.send(
            method,
            located(path, query),
            headers,
            None if content is None else BytesIO(content),
            len(content or b""),
        ) as answer:
            return _reply(answer)

    def listed(
        self, path: str, field: str, query: Query, most: int
    ) -> list[Any]:
        """Up to `most` of a list, page by page."""
        found: list[Any] = []
        after = None
        while len(found) < most:
            limit = min(_PAGE, most - len(found))
            page = self.get(path, **{**query, "limit": limit, "after": after})
            found += page[field]
            after = page["next"]
            if after is None:
                break
        return found

    def text(self, path: str, **query: object) -> Iterator[bytes]:
        """The pieces of an answer that is no JSON."""
        with self._raw(located(path, query)) as answer:
            while piece := answer.body.read(65536):
                yield piece

    def download(self, path: str, target: Path) -> int:
        """A file, whole or not at all; its size in bytes."""
        with self._raw(located(path, None)) as answer:
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(
                dir=target.parent, delete=False
            ) as file:
                partial = Path(file.name)
                try:
                    shutil.copyfileobj(answer.body, file)
                    size = file.tell()
                except BaseException:
                    partial.unlink()
                    raise
            partial.chmod(0o644)
            partial.replace(target)
        return size

    def put_signed(
        self, signed: Mapping[str, Any], content: BinaryIO, size: int
    ) -> None:
        """Send a file where a signed request says, with nobody's token."""
        url, headers = signed["url"], signed["headers"]
        send = (
            self.transport.send if url.startswith("/") else transports.outside
        )
        with send(signed["method"], url, headers, content, size) as answer:
            if answer.status >= 300:
                said = answer.body.read(300).decode(errors="replace")
                fail(
                    SAYS_NO,
                    "upload",
                    f"the bucket answers {answer.status}: {said}",
                )

    def _raw(self, path: str) -> Answer:
        """An answer that is a file, from its bucket where the API says so."""
        answer = self.transport.send("GET", path, {})
        if answer.status in _REDIRECTS:
            answer.body.close()
            place = answer.headers["location"]
            if place.startswith("/"):
                answer = self.transport.send("GET", place, {})
            else:
                answer = transports.outside("GET", place, {})
        if answer.status >= 300:
            with answer:
                _reply(answer)
        return answer


def located(path: str, query: Query | None) -> str:
    """A path below /api/v1 with its query."""
    given = {k: _word(v) for k, v in (query or {}).items() if v is not None}
    place = f"{_API}{quote(path)}"
    return f"{place}?{urlencode(given)}" if given else place


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _reply(answer: Answer) -> Reply:
    """Raises: FailedError: it is a refusal, or none of this API's."""
    content = answer.body.read()
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    if not isinstance(found, dict) or "status" not in found:
        _no_api(answer.status)
    if answer.status < 300:
        return Reply(found["data"], found["message"], answer.status)
    problems = [
        Problem(one["where"], one["what"], one["hint"])
        for one in found["error"]["problems"]
    ]
    raise FailedError(_exit_code(answer.status), problems)


def _no_api(status: int) -> None:
    code = _exit_code(status)
    hints = {
        NOT_PERMITTED: "Google lets you not in: may you invoke the service?",
        NOT_REACHABLE: "try again in a moment",
    }
    fail(
        code if status >= 400 else NOT_REACHABLE,
        "",
        f"the address answers {status}, and not as the API does",
        hints.get(code, "does --url or MMMFLOW_URL name the API?"),
    )


def _exit_code(status: int) -> int:
    if status in (401, 403):
        return NOT_PERMITTED
    return NOT_REACHABLE if status in _AWAY else SAYS_NO
