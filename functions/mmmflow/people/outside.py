"""Posting to addresses that people name, without being led astray.

The name is resolved once, every address it has is checked, and the
connection goes to one that was checked. Redirects are not followed.
"""

import http.client
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from urllib.parse import SplitResult, urlsplit

from mmmflow.domain import addresses
from mmmflow.ports import Json, RefusedError, UnreachableError

_SECONDS = 10.0


class HttpOutside:
    """`private` allows http and private addresses: on one machine only."""

    def __init__(
        self, *, private: bool = False, seconds: float = _SECONDS
    ) -> None:
        self._private = private
        self._seconds = seconds

    def refusal(self, url: str) -> str:
        return addresses.refusal(url, private=self._private)

    def post(self, url: str, body: Json, headers: Mapping[str, str]) -> int:
        why = self.refusal(url)
        if why:
            raise RefusedError(why)
        parts = urlsplit(url)
        content = json.dumps(body, ensure_ascii=False).encode()
        try:
            with self._connected(parts) as connection:
                connection.request(
                    "POST",
                    (parts.path or "/")
                    + (f"?{parts.query}" if parts.query else ""),
                    content,
                    {**headers, "Content-Type": "application/json"},
                )
                return connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            what = str(error) or type(error).__name__
            raise UnreachableError(f"{parts.hostname}: {what}") from error

    @contextmanager
    def _connected(
        self, parts: SplitResult
    ) -> Iterator[http.client.HTTPConnection]:
        """A connection to a checked address, cut when the time is over."""
        secure = parts.scheme == "https"
        host = parts.hostname or ""
        port = parts.port or (443 if secure else 80)
        address = self._resolve(host, port)
        raw = socket.create_connection((address, port), self._seconds)
        with raw, raw.dup() as duplicate:
            cut = threading.Timer(self._seconds, _cut, [duplicate])
            cut.daemon = True
            cut.start()
            kind = (
                http.client.HTTPSConnection
                if secure
                else http.client.HTTPConnection
            )
            connection = kind(host, port)
            try:
                connection.sock = _secured(raw, host) if secure else raw
                yield connection
            finally:
                cut.cancel()
                connection.close()

    def _resolve(self, host: str, port: int) -> str:
        """Raises: RefusedError, if one of its addresses is not public."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        known = [str(entry[4][0]).partition("%")[0] for entry in found]
        for address in known:
            public = addresses.is_public(ipaddress.ip_address(address))
            if not (public or self._private):
                raise RefusedError(f"{host} resolves to no public address")
        return known[0]


def _secured(raw: socket.socket, host: str) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    return context.wrap_socket(raw, server_hostname=host)


def _cut(duplicate: socket.socket) -> None:
    """Whoever still reads from the connection finds it ended."""
    with suppress(OSError):
        duplicate.shutdown(socket.SHUT_RDWR)
