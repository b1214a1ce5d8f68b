"""Signed URLs of one machine: what a request may do, and until when.

The signature is an HMAC-SHA256 of all that the URL says, under a key that
the home keeps to itself.
"""

import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlencode

PREFIX = "/objects"
_KEY = "signing.key"


class NotGrantedError(Exception):
    """The URL is not what was signed, or has expired."""


@dataclass(frozen=True)
class Grant:
    """One request to one object, until `expires` (seconds since 1970).

    `size_limit` (bytes) and `content_type` are an upload's.
    """

    method: Literal["GET", "PUT"]
    bucket: str
    name: str
    expires: int
    size_limit: int = 0
    content_type: str = ""

    def url(self, key: bytes) -> str:
        """The path and query that a server of this home answers."""
        query = {
            "expires": self.expires,
            "size_limit": self.size_limit,
            "content_type": self.content_type,
            "signature": self._signature(key),
        }
        path = quote(f"{PREFIX}/{self.bucket}/{self.name}")
        return f"{path}?{urlencode(query)}"

    def require_signed(self, key: bytes, signature: str) -> None:
        """Raises: NotGrantedError."""
        if not hmac.compare_digest(
            self._signature(key).encode(), signature.encode()
        ):
            raise NotGrantedError("the URL is not the one that was signed")
        if time.time() > self.expires:
            raise NotGrantedError("the URL has expired: ask for another")

    def _signature(self, key: bytes) -> str:
        text = "\0".join(str(part) for part in astuple(self))
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def granted(
    key: bytes,
    method: str,
    bucket: str,
    name: str,
    query: Mapping[str, str],
) -> Grant:
    """What the request's URL grants.

    Raises: NotGrantedError.
    """
    try:
        grant = Grant(
            "PUT" if method == "PUT" else "GET",
            bucket,
            name,
            int(query["expires"]),
            int(query["size_limit"]),
            query["content_type"],
        )
        signature = query["signature"]
    except (KeyError, ValueError):
        raise NotGrantedError("the URL is not signed") from None
    grant.require_signed(key, signature)
    return grant


@cache
def key(home: Path) -> bytes:
    """The home's own key, made when it is first asked for."""
    path = home / _KEY
    if not path.exists():
        fresh = home / f".{_KEY}.{secrets.token_hex(8)}"
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(32))
        with suppress(FileExistsError):  # another process was quicker
            os.link(fresh, path)
        fresh.unlink()
    return path.read_bytes()
