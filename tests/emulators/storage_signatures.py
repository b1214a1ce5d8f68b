"""V4 signatures of Cloud Storage, made and verified with a key of this server.

https://cloud.google.com/storage/docs/authentication/signatures
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import parse_qsl, quote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.emulators.storage_objects import StorageError

_ALGORITHM = "GOOG4-RSA-SHA256"
_SIGNATURE = "X-Goog-Signature"
_LENGTH = "x-goog-content-length-range"
_LONGEST_SECONDS = 604_800


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def sign(payload: bytes) -> bytes:
    """What the IAM credentials API's `signBlob` answers."""
    return _key().sign(payload, padding.PKCS1v15(), hashes.SHA256())


def verify(
    method: str, path: str, query: str, headers: Mapping[str, str]
) -> None:
    """Let only a request pass that is the one that was signed.

    Args:
        method: of HTTP.
        path: of the URL, as it was sent.
        query: of the URL, as it was sent.
        headers: of the request, by lower-case name.

    Raises:
        StorageError: it is not signed, or expired, or another request.
    """
    given = dict(parse_qsl(query, keep_blank_values=True))
    if given.get("X-Goog-Algorithm") != _ALGORITHM or _SIGNATURE not in given:
        raise StorageError(403, "AccessDenied", "Access denied.")
    signature = given.pop(_SIGNATURE)
    stamp = given["X-Goog-Date"]
    _require_current(stamp, int(given["X-Goog-Expires"]))
    names = given["X-Goog-SignedHeaders"].split(";")
    unsigned = {n for n in headers if n.startswith("x-goog-")} - set(names)
    if unsigned or not set(names) <= set(headers):
        raise _mismatch()
    canonical = [
        method,
        path,
        "&".join(f"{_q(n)}={_q(v)}" for n, v in sorted(given.items())),
        *(f"{n}:{re.sub(r' +', ' ', headers[n].strip())}" for n in names),
        "",
        ";".join(names),
        "UNSIGNED-PAYLOAD",
    ]
    digest = hashlib.sha256("\n".join(canonical).encode()).hexdigest()
    scope = given["X-Goog-Credential"].partition("/")[2]
    text = "\n".join([_ALGORITHM, stamp, scope, digest]).encode()
    try:
        _key().public_key().verify(
            bytes.fromhex(signature), text, padding.PKCS1v15(), hashes.SHA256()
        )
    except (InvalidSignature, ValueError):
        raise _mismatch() from None


def require_length(headers: Mapping[str, str], size: int) -> None:
    """Raises: StorageError, where a signed range leaves the size out."""
    if _LENGTH not in headers:
        return
    least, most = (int(number) for number in headers[_LENGTH].split(","))
    if size > most:
        raise StorageError(400, "EntityTooLarge", "Your upload is too large.")
    if size < least:
        raise StorageError(400, "EntityTooSmall", "Your upload is too small.")


def _require_current(stamp: str, seconds: int) -> None:
    if not 0 < seconds <= _LONGEST_SECONDS:
        raise StorageError(400, "InvalidArgument", "Bad X-Goog-Expires.")
    made = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if datetime.now(UTC) > made + timedelta(seconds=seconds):
        raise StorageError(400, "ExpiredToken", "The URL has expired.")


def _mismatch() -> StorageError:
    message = "Access denied. The request is not the one that was signed."
    return StorageError(403, "SignatureDoesNotMatch", message)


def _q(text: str) -> str:
    return quote(text, safe="-_.~")
