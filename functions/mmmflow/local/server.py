"""The `api` function and signed objects over HTTP, on loopback."""

import threading
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING

import functions_framework
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request

from mmmflow import wiring
from mmmflow.api import http
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.local import identity
from mmmflow.local.objects import FolderBucket
from mmmflow.local.runner import SOURCE
from mmmflow.local.signed_objects import SignedObjects

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HOST = "127.0.0.1"
_STOPS_WITHIN = 0.05


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Polling pages would fill the log."""


class Server:
    """Serves from entry to exit; on loopback nobody is asked who they are.

    Raises:
        InvalidInputError: the port is taken, or others could reach it
            without being asked.
    """

    def __init__(self, port: int, host: str = HOST) -> None:
        identity.require_safe(host, wiring.ports().identity)
        app = application()
        own = identity.is_loopback(host)
        try:
            self._server = make_server(
                host,
                port,
                LoopbackOnly(app) if own else app,
                threaded=True,
                request_handler=_Quiet,
            )
        except (OSError, SystemExit):
            raise InvalidInputError.of(
                "port",
                f"{port} of {host} can't be had",
                "another one: make serve PORT=8081",
            ) from None
        self._host = host
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": _STOPS_WITHIN},
            name="http",
            daemon=True,
        )

    @property
    def url(self) -> str:
        return f"http://{self._host}:{self._server.server_port}"

    def __enter__(self) -> "Server":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def wait(self) -> None:
        self._thread.join()


def application() -> "WSGIApplication":
    """The `api` function and this home's signed objects."""
    ports = wiring.ports()
    buckets = (ports.uploads, ports.data)
    return SignedObjects(
        functions_framework.create_app("api", str(SOURCE)),
        [b for b in buckets if isinstance(b, FolderBucket)],
    )


class LoopbackOnly:
    """Refuses a request whose Host is not this machine.

    Without it a page elsewhere could reach the API under a name of its own
    that resolves to 127.0.0.1.
    """

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app

    def __call__(
        self, environ: "WSGIEnvironment", start: "StartResponse"
    ) -> Iterable[bytes]:
        host = Request(environ).host.rsplit(":", 1)[0].strip("[]")
        if not identity.is_loopback(host):
            problem = Problem("Host", f"{host!r} is not this machine")
            refusal = http.error(wiring.ports(), 400, "invalid", [problem])
            return refusal(environ, start)
        return self._app(environ, start)
