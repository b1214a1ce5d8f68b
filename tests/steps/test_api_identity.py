"""Nobody gets in unverified, and viewers change nothing: every route walked.

Real tokens, signed as Google signs them, by keys that a server of the test
lists over HTTP.
"""

import base64
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from mmmflow import wiring
from mmmflow.api.routes import ROUTES
from mmmflow.cloud import identity
from mmmflow.cloud.environment import Access
from mmmflow.cloud.identity import GoogleIdentity, NoIdentity

from tests import google_tokens, held_client, openapi
from tests.google_tokens import AUDIENCES, Google
from tests.held_client import HeldClient
from tests.steps.world import World

OPERATOR = "olga@example.com"
ROBOT = "robot@project.iam.gserviceaccount.com"
V1 = "/api/v1"


@pytest.fixture(params=["iap", "token"])
def google(request: pytest.FixtureRequest) -> Iterator[Google]:
    with google_tokens.google(request.param) as found:
        yield found


@pytest.fixture
def access(google: Google) -> Access:
    return Access(
        kind=google.kind,
        audiences=frozenset({AUDIENCES[google.kind]}),
        domains=frozenset({"example.com"}),
        accounts=frozenset({ROBOT}),
        operators=frozenset({OPERATOR, ROBOT, "@ops.example.com"}),
        certificates_url=google.url,
    )


@pytest.fixture
def client(
    world: World, access: Access, monkeypatch: pytest.MonkeyPatch
) -> HeldClient:
    world.ports = replace(world.ports, identity=GoogleIdentity(access))
    monkeypatch.setattr(wiring, "ports", lambda: world.ports)
    return held_client.client()


def altered(token: str) -> str:
    """Another person's name under the same signature."""
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    text = json.dumps({**claims, "email": OPERATOR}).encode()
    changed = base64.urlsafe_b64encode(text).decode().rstrip("=")
    return f"{head}.{changed}.{signature}"


def unsigned(token: str) -> str:
    _, body, _ = token.split(".")
    head = base64.urlsafe_b64encode(b'{"alg":"none","kid":"key-1"}').decode()
    return f"{head}.{body}."


STRANGERS: dict[str, Callable[[Google], dict[str, str]]] = {
    "without credentials": lambda g: {},
    "with no token": lambda g: g.headers("x"),
    "with an empty token": lambda g: g.headers(""),
    "with an expired token": lambda g: g.headers(
        g.token(iat=int(time.time()) - 7200, exp=int(time.time()) - 3600)
    ),
    "with a token of tomorrow": lambda g: g.headers(
        g.token(iat=int(time.time()) + 86400, exp=int(time.time()) + 90000)
    ),
    "for a wrong audience": lambda g: g.headers(g.token(aud="https://other")),
    "without an audience": lambda g: g.headers(g.token(aud=None)),
    "of a wrong issuer": lambda g: g.headers(g.token(iss="https://evil")),
    "without an issuer": lambda g: g.headers(g.token(iss=None)),
    "without an expiry": lambda g: g.headers(g.token(exp=None)),
    "without a mail address": lambda g: g.headers(g.token(email=None)),
    "signed by another key": lambda g: g.headers(g.token(g.stranger())),
    "altered": lambda g: g.headers(altered(g.token())),
    "unsigned": lambda g: g.headers(unsigned(g.token())),
    "with a scheme only": lambda g: {"Authorization": "Bearer"},
    "with a password": lambda g: {"Authorization": "Basic YW5uOmFubg=="},
    "with IAP's plain headers": lambda g: {
        "X-Goog-Authenticated-User-Email": f"accounts.google.com:{OPERATOR}"
    },
}
NOT_LET_IN: dict[str, Callable[[Google], str]] = {
    "of a wrong domain": lambda g: g.token(
        email="eve@evil.example", hd="evil.example"
    ),
    "of a subdomain": lambda g: g.token(
        email="eve@sub.example.com", hd="sub.example.com"
    ),
    "with the domain in a mail address only": lambda g: g.token(
        email="eve@example.com", hd=None
    ),
    "of another service account": lambda g: g.token(
        email="other@project.iam.gserviceaccount.com", hd=None
    ),
}


def walk(client: HeldClient, headers: dict[str, str]) -> dict[str, int]:
    """The status of every operation of the contract."""
    return {
        f"{operation.method} {operation.path}": client.open(
            re.sub(r"\{\w+\}", "x", operation.path),
            method=operation.method,
            headers=headers,
        ).status_code
        for operation in openapi.operations()
    }


# What is posted because it is long, and changes nothing.
ASKING = (
    "/dry-run", "/validate", "/suggest", "/what-if", "/status", "/metadata",
)  # fmt: skip


@pytest.mark.parametrize("who", STRANGERS)
def test_no_route_answers_a_stranger(
    client: HeldClient, google: Google, who: str
) -> None:
    statuses = walk(client, STRANGERS[who](google))
    assert {r: s for r, s in statuses.items() if s != 401} == {}


@pytest.mark.parametrize("who", NOT_LET_IN)
def test_no_route_answers_whom_nobody_let_in(
    client: HeldClient, google: Google, who: str
) -> None:
    statuses = walk(client, google.headers(NOT_LET_IN[who](google)))
    assert {r: s for r, s in statuses.items() if s != 403} == {}


def test_a_viewer_may_call_what_changes_nothing_and_no_other_route(
    client: HeldClient, google: Google
) -> None:
    statuses = walk(client, google.headers(google.token()))
    refused = {route for route, status in statuses.items() if status == 403}
    changing = {
        f"{o.method} {o.path}"
        for o in openapi.operations()
        if (o.method != "GET" and not o.path.endswith(ASKING))
        or o.path in (f"{V1}/train", f"{V1}/experiments/{{id}}/archive")
    }
    assert refused == changing


def test_an_operator_is_refused_nothing(
    client: HeldClient, google: Google
) -> None:
    statuses = walk(client, google.headers(google.token(email=OPERATOR)))
    assert {r: s for r, s in statuses.items() if s in (401, 403)} == {}


def test_the_walk_goes_by_every_route_of_the_code() -> None:
    assert len(openapi.operations()) == len(ROUTES)


def test_an_unknown_route_tells_a_stranger_nothing(client: HeldClient) -> None:
    assert client.get("/api/v1/nothing").status_code == 401
    assert client.get("/").status_code == 401


@pytest.mark.parametrize(
    ("claims", "roles"),
    [
        ({}, ["viewer"]),
        ({"email": OPERATOR}, ["operator", "viewer"]),
        ({"email": "Olga@Example.com"}, ["operator", "viewer"]),
        ({"email": ROBOT, "hd": None}, ["operator", "viewer"]),
    ],
)
def test_who_asks_is_told_who_they_are(
    client: HeldClient, google: Google, claims: Any, roles: list[str]
) -> None:
    headers = google.headers(google.token(**claims))
    answer = client.get(f"{V1}/me", headers=headers).json
    assert answer is not None
    mail = claims.get("email", "ann@example.com").lower()
    assert answer["data"] == {"mail": mail, "roles": roles}


def test_a_domain_may_be_the_operators(access: Access, google: Google) -> None:
    wider = replace(access, domains=frozenset({"ops.example.com"}))
    token = google.token(email="o@ops.example.com", hd="ops.example.com")
    headers = {k.lower(): v for k, v in google.headers(token).items()}
    assert "operator" in GoogleIdentity(wider).identify(headers).roles


def test_a_token_says_that_its_mail_address_is_verified(
    client: HeldClient, google: Google
) -> None:
    """IAP lets in verified accounts only, and says nothing of it."""
    for said in (False, None, "true", 1):
        headers = google.headers(google.token(email_verified=said))
        status = client.get(f"{V1}/health", headers=headers).status_code
        assert status == (401 if google.kind == "token" else 200)


def test_a_change_is_stored_with_who_made_it(
    world: World, client: HeldClient, google: Google
) -> None:
    headers = google.headers(google.token(email=OPERATOR))
    body = {"experiment": {"country": "DE"}}
    made = client.post(f"{V1}/experiments", json=body, headers=headers)
    assert made.json is not None
    (shown,) = made.json["data"]["experiments"]
    assert shown["actor"] == OPERATOR
    client.post(
        f"{V1}/experiments/{shown['id']}/cancel", json={}, headers=headers
    )
    assert world.experiment(shown["id"])["history"][-1]["actor"] == OPERATOR
    client.put(f"{V1}/queues/night", json={}, headers=headers)
    assert world.document("queues", "night")["actor"] == OPERATOR


@pytest.mark.parametrize(
    "path", ["experiments", "standing", "queues/x/pause", "uploads", "datasets"]
)
def test_nobody_says_who_they_are_themselves(
    client: HeldClient, google: Google, path: str
) -> None:
    headers = google.headers(google.token(email=OPERATOR))
    answer = client.post(
        f"{V1}/{path}", json={"actor": "somebody"}, headers=headers
    )
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["error"]["problems"][0]["where"] == "actor"


# Keys


def test_keys_are_fetched_once_and_kept(
    client: HeldClient, google: Google
) -> None:
    headers = google.headers(google.token())
    for _ in range(3):
        assert client.get(f"{V1}/health", headers=headers).status_code == 200
    assert google.fetched == 1


def test_a_key_that_is_new_is_fetched(
    client: HeldClient, google: Google, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = google.headers(google.token())
    assert client.get(f"{V1}/health", headers=first).status_code == 200
    google.rotate("key-2")
    second = google.headers(google.token())
    assert client.get(f"{V1}/health", headers=second).status_code == 401
    later = time.monotonic() + 61
    monkeypatch.setattr("mmmflow.cloud.certificates._now", lambda: later)
    assert client.get(f"{V1}/health", headers=second).status_code == 200
    assert client.get(f"{V1}/health", headers=first).status_code == 401


def test_while_keys_can_not_be_had_nobody_gets_in(
    client: HeldClient, google: Google
) -> None:
    google.broken = True
    headers = google.headers(google.token())
    answer = client.get(f"{V1}/health", headers=headers)
    assert answer.status_code == 503


def test_a_refusal_holds_no_token(
    client: HeldClient, google: Google, caplog: pytest.LogCaptureFixture
) -> None:
    token = google.token(aud="https://other")
    answer = client.get(f"{V1}/health", headers=google.headers(token))
    body = token.split(".")[1]
    assert body not in answer.text
    assert body not in caplog.text


# What a deployment says


def said(**changes: str) -> dict[str, str]:
    return {
        "MMMFLOW_IDENTITY": "iap",
        "MMMFLOW_AUDIENCES": "a, b",
        "MMMFLOW_ALLOWED_DOMAINS": "Example.com",
        "MMMFLOW_OPERATORS": "@example.com,x@y.z",
        **changes,
    }


def opened(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> Any:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return identity.open_identity()


def test_a_deployment_that_says_nothing_lets_in_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MMMFLOW_IDENTITY", raising=False)
    assert isinstance(opened(monkeypatch, {}), NoIdentity)


def test_a_deployment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(opened(monkeypatch, said()), GoogleIdentity)


@pytest.mark.parametrize(
    "changes",
    [
        {"MMMFLOW_IDENTITY": "none"},
        {"MMMFLOW_AUDIENCES": ""},
        {"MMMFLOW_ALLOWED_DOMAINS": " , "},
    ],
)
def test_a_deployment_that_says_half_does_not_start(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match=r"MMMFLOW"):
        opened(monkeypatch, said(**changes))
