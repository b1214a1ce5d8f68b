"""Tokens as Google signs them, by keys that a test's own server lists."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qs

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from google.auth import crypt, jwt
from google.auth.crypt import es

Kind = Literal["iap", "token"]
AUDIENCES: Mapping[Kind, str] = {
    "iap": "/projects/1/locations/europe-west3/services/mmmflow-dev-page",
    "token": "https://api.example.com",
}
ISSUERS: Mapping[Kind, str] = {
    "iap": "https://cloud.google.com/iap",
    "token": "https://accounts.google.com",
}


def _private(key: Any) -> str:
    text: bytes = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return text.decode()


def _public(key: Any) -> str:
    text: bytes = key.public_key().public_bytes(
        serialization.Encoding.PEM,
        serialization.PublicFormat.SubjectPublicKeyInfo,
    )
    return text.decode()


def _signer(kind: Kind, key: Any, key_id: str) -> Any:
    if kind == "iap":
        return es.EsSigner.from_string(_private(key), key_id)
    return crypt.RSASigner.from_string(_private(key), key_id)


def _key(kind: Kind) -> Any:
    if kind == "iap":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Google:
    """Signs, and lists the keys by which that is verified."""

    kind: Kind
    url: str = ""
    max_age: int = 3600
    fetched: int = 0
    broken: bool = False
    _keys: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rotate("key-1")

    def rotate(self, key_id: str) -> None:
        """From now on another key is used, and the only one listed."""
        self._keys = {key_id: _key(self.kind)}

    @property
    def listed(self) -> dict[str, str]:
        return {id: _public(key) for id, key in self._keys.items()}

    def token(self, signed_by: Any = None, **claims: Any) -> str:
        """Of a person of example.com, unless the claims say otherwise."""
        ((id, key),) = self._keys.items()
        now = int(time.time())
        said = {
            "iss": ISSUERS[self.kind],
            "aud": AUDIENCES[self.kind],
            "iat": now - 5,
            "exp": now + 600,
            "sub": "1",
            "email": "ann@example.com",
            "hd": "example.com",
            "email_verified": True,
            **claims,
        }
        kept = {k: v for k, v in said.items() if v is not None}
        signer = _signer(self.kind, signed_by or key, id)
        signed: bytes = jwt.encode(signer, kept)
        return signed.decode()

    def headers(self, token: str) -> dict[str, str]:
        if self.kind == "iap":
            return {"x-goog-iap-jwt-assertion": token}
        return {"Authorization": f"Bearer {token}"}

    def stranger(self) -> Any:
        """Another key of the same sort."""
        return _key(self.kind)


@contextmanager
def google(kind: Kind) -> Iterator[Google]:
    """Its keys, over HTTP, until the end of the block."""
    found = Google(kind)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.fetched += 1
            content = json.dumps(found.listed).encode()
            self.send_response(500 if found.broken else 200)
            self.send_header("Cache-Control", f"max-age={found.max_age}")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Nothing: a test's output is its own."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}/certs"
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def exchange(google: Google, account: str) -> Iterator[dict[str, str]]:
    """A service account's key file, and who gives ID tokens for it.

    The token is for the audience that the account's own word asks for.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            asked = parse_qs(self.rfile.read(size).decode())
            claims = jwt.decode(asked["assertion"][0], verify=False)
            token = google.token(
                aud=claims["target_audience"], email=account, hd=None
            )
            content = json.dumps({"id_token": token}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Nothing: a test's output is its own."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield {
            "type": "service_account",
            "client_email": account,
            "private_key": _private(_key("token")),
            "private_key_id": "1",
            "token_uri": f"http://127.0.0.1:{server.server_port}/token",
        }
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
