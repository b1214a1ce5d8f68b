"""Who sends a request to this machine's own services."""

import importlib.util
import ipaddress
import os
from collections.abc import Mapping

from mmmflow.domain.errors import InvalidInputError
from mmmflow.ports import Identity, Person

LOCAL = Person("local", frozenset({"viewer", "operator"}))


class LoopbackIdentity:
    """Whoever reaches the loopback address works on this machine."""

    def identify(self, headers: Mapping[str, str]) -> Person:
        del headers
        return LOCAL


def open_identity() -> Identity:
    """Everybody's on loopback, or Google's where MMMFLOW_IDENTITY is set.

    Raises:
        InvalidInputError: the environment contradicts itself, or what
            verifies is not installed.
    """
    if not os.environ.get("MMMFLOW_IDENTITY"):
        return LoopbackIdentity()
    if importlib.util.find_spec("google.auth") is None:
        raise InvalidInputError.of(
            "MMMFLOW_IDENTITY",
            "google-auth, which verifies identities, is not installed",
            "pip install -r requirements-functions.lock",
        )
    from mmmflow.cloud import identity

    try:
        return identity.open_identity()
    except ValueError as error:
        raise InvalidInputError.of("MMMFLOW_IDENTITY", str(error)) from None


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def require_safe(host: str, identity: Identity) -> None:
    """Raises: InvalidInputError: others could reach it, and nobody asks who."""
    if isinstance(identity, LoopbackIdentity) and not is_loopback(host):
        raise InvalidInputError.of(
            "host",
            f"bound to {host}, it would let in whoever reaches this machine",
            "set MMMFLOW_IDENTITY and MMMFLOW_AUDIENCES (docs/api.md), or"
            " leave the host out",
        )
