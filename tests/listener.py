"""A server on this machine that notes what is posted to it."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer
from typing import Any


@dataclass(frozen=True)
class Posted:
    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass
class Listener:
    """Answers with the statuses given, one after the other, then with 204.

    `silent` never answers, until `hang_up` is set.
    """

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    posted: list[Posted] = field(default_factory=list)
    silent: bool = False
    hang_up: threading.Event = field(default_factory=threading.Event)


@contextmanager
def listening() -> Iterator[Listener]:
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = json.loads(self.rfile.read(length))
            listener.posted.append(Posted(self.path, dict(self.headers), body))
            if listener.silent:
                listener.hang_up.wait(10)
                return
            status = listener.statuses.pop(0) if listener.statuses else 204
            self.send_response(status)
            self.send_header("Content-Length", "0")
            if status // 100 == 3:
                self.send_header("Location", f"{listener.url}/elsewhere")
            self.end_headers()

        def log_request(self, *_: Any) -> None:
            """Nothing on the terminal."""

    # Not an HTTPServer: that asks the network for this machine's name.
    server = TCPServer(("127.0.0.1", 0), Handler)
    listener.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=[0.02])
    thread.start()
    try:
        yield listener
    finally:
        listener.hang_up.set()
        server.shutdown()
        thread.join()
        server.server_close()
