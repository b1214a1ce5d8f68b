"""How a request reaches the API: over HTTP, or in this process."""

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol
from urllib.parse import urlsplit

from mmmflow.cli.failures import NOT_REACHABLE, USAGE, fail

if TYPE_CHECKING:
    from urllib.request import BaseHandler

Headers = Mapping[str, str]
_SECONDS = 60.0


@dataclass(frozen=True)
class Answer(AbstractContextManager["Answer"]):
    """A status, headers by their names in lower case, and a body to read."""

    status: int
    headers: Headers
    body: BinaryIO

    def __exit__(self, *_: object) -> None:
        self.body.close()


class Transport(Protocol):
    """One request, one answer; `path` begins with / and holds the query.

    Raises:
        FailedError: there is no answer.
    """

    is_local: bool

    def send(
        self,
        method: str,
        path: str,
        headers: Headers,
        body: BinaryIO | None = None,
        size: int = 0,
    ) -> Answer: ...


class Http:
    """The API at an address, asked with an ID token where there is one."""

    def __init__(
        self, url: str, token: Callable[[bool], str] | None = None
    ) -> None:
        self.url = url.rstrip("/")
        self.is_local = is_loopback(self.url)
        self._token = token

    def send(
        self,
        method: str,
        path: str,
        headers: Headers,
        body: BinaryIO | None = None,
        size: int = 0,
    ) -> Answer:
        url = self.url + path
        if self._token is None:
            return outside(method, url, headers, body, size)
        answer = self._identified(method, url, headers, body, size)
        if answer.status == 401:  # a token lasts an hour: a watch longer
            answer.body.close()
            if body is not None:
                body.seek(0)
            return self._identified(
                method, url, headers, body, size, fresh=True
            )
        return answer

    def _identified(
        self,
        method: str,
        url: str,
        headers: Headers,
        body: BinaryIO | None,
        size: int,
        *,
        fresh: bool = False,
    ) -> Answer:
        assert self._token is not None  # noqa: S101  (looked at before)
        identity = {"Authorization": f"Bearer {self._token(fresh)}"}
        return outside(method, url, {**headers, **identity}, body, size)


class InProcess:
    """The API of the embedded services under a folder, without a server."""

    is_local = True

    def __init__(self, home: Path) -> None:
        os.environ["MMMFLOW_HOME"] = str(home)
        from werkzeug.test import Client

        from mmmflow.local.runner import configure_logging
        from mmmflow.local.server import application

        configure_logging(home)
        self._client = Client(application())

    def send(
        self,
        method: str,
        path: str,
        headers: Headers,
        body: BinaryIO | None = None,
        size: int = 0,
    ) -> Answer:
        with closing(body or BytesIO()) as stream:
            answer = self._client.open(
                path,
                method=method,
                headers=dict(headers),
                input_stream=stream,
                content_length=size,
                buffered=True,
            )
        received = {k.lower(): v for k, v in answer.headers.items()}
        return Answer(answer.status_code, received, BytesIO(answer.get_data()))


def outside(
    method: str,
    url: str,
    headers: Headers,
    body: BinaryIO | None = None,
    size: int = 0,
) -> Answer:
    """One request to an address; a redirect is an answer like any other.

    Raises:
        FailedError: there is no answer, or it would go in the clear.
    """
    from http.client import HTTPException
    from urllib import error, request

    require_safe(url)
    length = {"Content-Length": str(size)} if body is not None else {}
    asked = request.Request(  # noqa: S310  (https, or this machine)
        url, body, {**headers, **length}, method=method
    )
    handlers: list[request.BaseHandler] = [_redirects()]
    if is_loopback(url):
        handlers.append(request.ProxyHandler({}))
    opener = request.build_opener(*handlers)
    try:
        found = opener.open(asked, timeout=_SECONDS)
    except error.HTTPError as refused:
        found = refused
    except (OSError, HTTPException) as lost:
        why = getattr(lost, "reason", lost)
        place = urlsplit(url)
        fail(
            NOT_REACHABLE,
            f"{place.scheme}://{place.netloc}",
            f"no answer: {why}",
            "is it up? `mmmflow doctor` looks; --url or MMMFLOW_URL names it",
        )
    received = {k.lower(): v for k, v in found.headers.items()}
    return Answer(found.status, received, found)


def _redirects() -> "BaseHandler":
    """Leaves redirects alone: a token is for the API's own address."""
    from urllib.request import HTTPRedirectHandler

    class Kept(HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    return Kept()


def require_safe(url: str) -> None:
    """Raises: FailedError: it is no URL, or others could listen."""
    if urlsplit(url).scheme == "https" or is_loopback(url):
        return
    fail(
        USAGE,
        "url",
        f"{url} is neither https nor this machine",
        "name it as https://…",
    )


def is_loopback(url: str) -> bool:
    from mmmflow.local.identity import is_loopback as named

    parts = urlsplit(url)
    return parts.scheme == "http" and named(parts.hostname or "")
