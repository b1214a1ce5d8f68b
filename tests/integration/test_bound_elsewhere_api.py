"""Bound to more than loopback, the API asks who comes, or does not start."""

from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from mmmflow import wiring
from mmmflow.domain.errors import InvalidInputError
from mmmflow.local.identity import is_loopback
from mmmflow.local.server import Server

from tests import google_tokens
from tests.google_tokens import AUDIENCES

ANYWHERE = "0.0.0.0"  # noqa: S104  (that is what is tested)


@pytest.fixture(autouse=True)
def at_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MMMFLOW_HOME", str(home))
    monkeypatch.delenv("MMMFLOW_IDENTITY", raising=False)
    wiring.ports.cache_clear()
    yield
    wiring.ports.cache_clear()


def status(url: str, headers: dict[str, str]) -> int:
    port = int(url.rpartition(":")[2])
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/api/v1/health", headers=headers)
    found = connection.getresponse().status
    connection.close()
    return found


@pytest.mark.parametrize("host", [ANYWHERE, "::", "192.0.2.1", "myhost"])
def test_elsewhere_it_does_not_start_without_identity(host: str) -> None:
    with pytest.raises(InvalidInputError, match="MMMFLOW_IDENTITY"):
        Server(0, host)


def test_elsewhere_it_verifies_who_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with google_tokens.google("token") as google:
        monkeypatch.setenv("MMMFLOW_IDENTITY", "token")
        monkeypatch.setenv("MMMFLOW_AUDIENCES", AUDIENCES["token"])
        monkeypatch.setenv("MMMFLOW_ALLOWED_DOMAINS", "example.com")
        monkeypatch.setenv("MMMFLOW_CERTIFICATES_URL", google.url)
        with Server(0, ANYWHERE) as server:
            assert status(server.url, {}) == 401
            headers = google.headers(google.token())
            assert status(server.url, headers) == 200


@pytest.mark.parametrize(
    ("host", "is_one"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("localhost", True),
        ("::1", True),
        (ANYWHERE, False),
        ("localhost.evil", False),
        ("127.0.0.1.evil", False),
        ("", False),
    ],
)
def test_which_hosts_are_loopback(host: str, is_one: bool) -> None:
    assert is_loopback(host) is is_one
