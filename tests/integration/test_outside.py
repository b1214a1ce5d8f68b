"""Posting to the outside: in time, to public addresses, astray by nobody."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from mmmflow.people.outside import HttpOutside
from mmmflow.ports import RefusedError, UnreachableError

from tests.listener import Listener, listening

HEADERS = {"Idempotency-Key": "k1"}


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as found:
        yield found


@pytest.fixture
def resolving(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What names resolve to, in place of the world's."""
    names: dict[str, list[str]] = {}

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        kind = socket.SOCK_STREAM
        return [
            (socket.AF_INET, kind, 6, "", (address, port))
            for address in names[host]
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return names


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every address that a connection was tried to; none is made."""
    tried: list[Any] = []

    def create_connection(address: Any, *_: Any) -> Any:
        tried.append(address)
        raise ConnectionRefusedError("not in a test")

    monkeypatch.setattr(socket, "create_connection", create_connection)
    return tried


def test_json_is_posted_with_its_headers(listener: Listener) -> None:
    outside = HttpOutside(private=True)
    status = outside.post(f"{listener.url}/hook?a=b", {"x": "ü"}, HEADERS)
    (posted,) = listener.posted
    assert status == 204
    assert posted.path == "/hook?a=b"
    assert posted.body == {"x": "ü"}
    assert posted.headers["Idempotency-Key"] == "k1"
    assert posted.headers["Content-Type"] == "application/json"


def test_a_redirect_is_an_answer_and_not_followed(listener: Listener) -> None:
    listener.statuses = [302]
    outside = HttpOutside(private=True)
    assert outside.post(listener.url, {}, {}) == 302
    assert len(listener.posted) == 1


def test_who_never_answers_is_given_up_in_time(listener: Listener) -> None:
    listener.silent = True
    outside = HttpOutside(private=True, seconds=0.2)
    begun = time.monotonic()
    with pytest.raises(UnreachableError):
        outside.post(listener.url, {}, {})
    assert time.monotonic() - begun < 2


def test_who_is_not_there_is_unreachable(listener: Listener) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(UnreachableError, match=r"127\.0\.0\.1"):
            HttpOutside(private=True).post(url, {}, {})


def test_who_does_not_speak_tls_is_unreachable(listener: Listener) -> None:
    url = listener.url.replace("http", "https")
    with pytest.raises(UnreachableError):
        HttpOutside(private=True, seconds=1).post(url, {}, {})
    assert listener.posted == []


def test_this_machine_is_refused_unless_its_owner_allows_it(
    listener: Listener,
) -> None:
    with pytest.raises(RefusedError):
        HttpOutside().post(listener.url, {}, {})
    assert listener.posted == []


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["169.254.169.254"]]
)
def test_a_name_that_leads_inside_is_refused_before_any_connection(
    resolving: dict[str, list[str]],
    connected: list[Any],
    addresses: list[str],
) -> None:
    resolving["hook.example.com"] = addresses
    with pytest.raises(RefusedError, match="no public address"):
        HttpOutside().post("https://hook.example.com/x", {}, {})
    assert connected == []


def test_the_connection_goes_to_the_address_that_was_checked(
    resolving: dict[str, list[str]], connected: list[Any]
) -> None:
    """A name that is resolved again could lead elsewhere by then."""
    resolving["hook.example.com"] = ["8.8.8.8"]
    with pytest.raises(UnreachableError):
        HttpOutside().post("https://hook.example.com/x", {}, {})
    assert connected == [("8.8.8.8", 443)]
