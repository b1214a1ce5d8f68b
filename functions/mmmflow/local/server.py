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
from mmmflow.local.objects import FolderBucket
from mmmflow.local.runner import SOURCE
from mmmflow.local.signed_objects import SignedObjects

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_HOST = "127.0.0.1"
_STOPS_WITHIN = 0.05


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Polling pages would fill the log."""


class Server:
    """Serves from entry to exit; needs no identity, so loopback only.

    Raises:
        InvalidInputError: the port is taken.
    """

    def __init__(self, port: int) -> None:
        api = functions_framework.create_app("api", str(SOURCE))
        ports = wiring.ports()
        buckets = (ports.uploads, ports.data)
        app = SignedObjects(
            api, [b for b in buckets if isinstance(b, FolderBucket)]
        )
        try:
            self._server = make_server(
                _HOST,
                port,
                LoopbackOnly(app),
                threaded=True,
                request_handler=_Quiet,
            )
        except (OSError, SystemExit):
            raise InvalidInputError.of(
                "port", f"{port} is in use", "make serve PORT=8081"
            ) from None
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": _STOPS_WITHIN},
            name="http",
            daemon=True,
        )

    @property
    def url(self) -> str:
        return f"http://{_HOST}:{self._server.server_port}"

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
        host = Request(environ).host.rsplit(":", 1)[0]
        if host not in (_HOST, "localhost"):
            problem = Problem("Host", f"{host!r} is not this machine")
            refusal = http.error(wiring.ports(), 400, "invalid", [problem])
            return refusal(environ, start)
        return self._app(environ, start)
