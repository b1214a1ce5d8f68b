"""What stands between Pub/Sub and a function, and can get in the way.

It forwards each push to the function as it is. Told to, it takes the
function's answer and says 500 to Pub/Sub, so that a message that was handled
is delivered again; or it kills the function while that works.
"""

import json
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_SECONDS = 60.0
_NOT_ITS_OWN = ("connection", "transfer-encoding", "server", "date")


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asks may hang up: the emulator does, between pushes."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@dataclass
class Meddling:
    """What is done to the pushes, until it is told otherwise.

    Attributes:
        again: every message is handled, and then delivered once more.
        kill_after: seconds after which the function is killed while it
            handles a push; once, then it is left alone.
    """

    again: bool = False
    kill_after: float | None = None


@dataclass
class Counts:
    """Of pushes: how many came, and what was done to them."""

    pushes: int = 0
    redelivered: int = 0
    kills: int = 0


@dataclass
class Proxy:
    """Listens on `port`, forwards to `target`.

    Attributes:
        target: port of the function.
        kill: ends the function's process at once, and starts a new one.
    """

    target: int
    kill: Callable[[], None]
    meddling: Meddling = field(default_factory=Meddling)
    counts: Counts = field(default_factory=Counts)
    _seen: set[str] = field(default_factory=set)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                proxy.forward(self)

            def do_GET(self) -> None:
                proxy.forward(self)

            def log_message(self, *_: Any) -> None:
                return

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def forward(self, request: BaseHTTPRequestHandler) -> None:
        length = int(request.headers.get("Content-Length") or 0)
        body = request.rfile.read(length)
        with self._guard:
            self.counts.pushes += 1
            after, self.meddling.kill_after = self.meddling.kill_after, None
        if after is not None:
            threading.Timer(after, self._kill).start()
        try:
            status, headers, answer = self._ask(request, body)
        except (OSError, HTTPException):  # it died, or is starting
            status, headers, answer = 503, {}, b""
        if status in range(200, 300) and self._is_to_come_again(body):
            status, headers, answer = 500, {}, b"delivered again"
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(answer)))
        request.end_headers()
        request.wfile.write(answer)

    def _ask(
        self, request: BaseHTTPRequestHandler, body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        connection = HTTPConnection("127.0.0.1", self.target, timeout=_SECONDS)
        try:
            connection.request(
                request.command, request.path, body, dict(request.headers)
            )
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        kept = {
            name: value
            for name, value in response.getheaders()
            if name.lower() not in (*_NOT_ITS_OWN, "content-length")
        }
        return response.status, kept, answer

    def _is_to_come_again(self, body: bytes) -> bool:
        if not self.meddling.again:
            return False
        id = json.loads(body)["message"]["messageId"]
        with self._guard:
            if id in self._seen:
                return False
            self._seen.add(id)
            self.counts.redelivered += 1
        return True

    def _kill(self) -> None:
        self.counts.kills += 1
        self.kill()
