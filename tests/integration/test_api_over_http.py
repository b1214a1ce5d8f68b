"""The API over real HTTP, on loopback."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from mmmflow import wiring
from mmmflow.domain import paths
from mmmflow.local.server import Server
from mmmflow.steps.collect import collect

from tests import openapi
from tests.steps.test_launch import run_launch
from tests.steps.world import World

EXPERIMENTS = "/api/v1/experiments"
ASKED = {"experiment": {"country": "DE", "preset": "test"}}


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    text: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    @property
    def problems(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = self.body["error"]["problems"]
        return found


@dataclass
class Client:
    """Sends paths as they are written, as `curl --path-as-is` does."""

    port: int

    def ask(
        self,
        method: str,
        path: str,
        content: bytes | None = None,
        **headers: str,
    ) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        named = {k.replace("_", "-"): v for k, v in headers.items()}
        connection.request(method, path, content, named)
        response = connection.getresponse()
        answer = Answer(
            response.status, dict(response.getheaders()), response.read()
        )
        connection.close()
        kind = answer.headers.get("Content-Type", "").partition(";")[0]
        told = openapi.Told(answer.status, kind, answer.text)
        openapi.hold(method, unquote(path), told)
        return answer

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, None, **headers)

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        typed = {"Content_Type": "application/json", **headers}
        return self.ask("POST", path, content, **typed)


@pytest.fixture
def world(home: Path) -> World:
    return World(home)


@pytest.fixture
def client(
    home: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Client]:
    del world
    monkeypatch.setenv("MMMFLOW_HOME", str(home))
    wiring.ports.cache_clear()
    with Server(0) as server:
        yield Client(int(server.url.rpartition(":")[2]))
    wiring.ports.cache_clear()


@pytest.fixture
def trained(world: World) -> str:
    """An experiment that succeeded, with one file of its own."""
    world.prepared()
    (id,) = world.queued()
    run_launch(world)
    folder = paths.attempt_folder(world.run(id), 1)
    world.put(f"{folder}/results/onepager.png", b"a picture")
    collect(world.succeeded(id), world.ports)
    return id


def test_an_experiment_is_made_and_listed(client: Client) -> None:
    made = client.post(EXPERIMENTS, ASKED)
    assert made.status == 201
    (experiment,) = made.body["data"]["experiments"]
    assert experiment["state"] == "WAITING"
    listed = client.get(EXPERIMENTS).body["data"]["experiments"]
    assert [e["id"] for e in listed] == [experiment["id"]]


def test_every_answer_has_one_form(client: Client) -> None:
    for path in (EXPERIMENTS, "/api/v1/champions", "/api/v1/datasets", "/no"):
        answer = client.get(path)
        assert answer.headers["Content-Type"] == "application/json"
        assert {"status", "timestamp", "data", "message"} <= set(answer.body)


def test_an_experiment_is_shown_with_its_result_and_files(
    client: Client, trained: str
) -> None:
    shown = client.get(f"{EXPERIMENTS}/{trained}").body["data"]
    assert shown["state"] == "SUCCEEDED"
    assert shown["summary"]["selected"]["model_id"] == "1_2_1"
    assert "results/onepager.png" in shown["files"]


def test_a_file_of_the_result_is_served_as_what_it_is(
    client: Client, trained: str
) -> None:
    answer = client.get(f"{EXPERIMENTS}/{trained}/files/results/onepager.png")
    assert answer.text == b"a picture"
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "name",
    [
        "../../job_config.json",
        "..%2f..%2fjob_config.json",
        "%2e%2e/%2e%2e/job_config.json",
        "results/../../../job_config.json",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "..%5c..%5cjob_config.json",
        "results/onepager.png%00",
        "results",
    ],
)
def test_no_path_leads_out_of_the_attempts_folder(
    client: Client, trained: str, name: str
) -> None:
    answer = client.get(f"{EXPERIMENTS}/{trained}/files/{name}")
    assert answer.status in (400, 404)
    assert b"dep_var" not in answer.text


def test_what_has_not_changed_is_not_sent_again(client: Client) -> None:
    client.post(EXPERIMENTS, ASKED)
    first = client.get(EXPERIMENTS)
    again = client.get(EXPERIMENTS, If_None_Match=first.headers["ETag"])
    assert (again.status, again.text) == (304, b"")
    client.post(EXPERIMENTS, {"experiment": {"country": "FR"}})
    changed = client.get(EXPERIMENTS, If_None_Match=first.headers["ETag"])
    assert changed.status == 200


def test_the_page_is_served_with_what_it_needs(client: Client) -> None:
    page = client.get("/")
    assert page.headers["Content-Type"].startswith("text/html")
    for name in ("style.css", "app.js"):
        assert client.get(f"/{name}").status == 200
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]


# Idempotency


def test_the_same_key_again_is_answered_with_what_it_made(
    client: Client,
) -> None:
    made = client.post(EXPERIMENTS, ASKED, Idempotency_Key="k")
    again = client.post(EXPERIMENTS, ASKED, Idempotency_Key="k")
    assert (made.status, again.status) == (201, 200)
    ids = [a.body["data"]["experiments"][0]["id"] for a in (made, again)]
    assert ids[0] == ids[1]


def test_another_key_makes_another_experiment(client: Client) -> None:
    for key in ("a", "b"):
        client.post(EXPERIMENTS, ASKED, Idempotency_Key=key)
    listed = client.get(EXPERIMENTS).body["data"]["experiments"]
    assert len(listed) == 2


def test_the_same_key_with_another_body_is_refused(client: Client) -> None:
    client.post(EXPERIMENTS, ASKED, Idempotency_Key="k")
    other = {"experiment": {"country": "FR"}}
    answer = client.post(EXPERIMENTS, other, Idempotency_Key="k")
    assert (answer.status, answer.body["error"]["code"]) == (409, "key_reused")


# What is refused


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"experiment": {"country": "D/E"}}, "country"),
        ({"experiment": {"country": "DE", "trials": 0}}, "trials"),
        ({}, ""),
        ([], "body"),
        (b"no json", "body"),
        (b'{"experiment": {"country": "DE", "seed": 1e999}}', "body"),
        (b'{"experiment": "\\ud800"}', "body"),
        (b"[" * 200_000, "body"),
    ],
)
def test_a_mistake_is_answered_with_where_it_is(
    client: Client, body: Any, where: str
) -> None:
    answer = client.post(EXPERIMENTS, body)
    assert answer.status == 400
    assert answer.problems[0]["where"] == where
    assert client.get(EXPERIMENTS).body["data"]["experiments"] == []


@pytest.mark.parametrize(
    "query", ["state=DONE", "limit=0", "limit=x", "limit=1000", "color=red"]
)
def test_a_filter_that_is_none_is_answered_with_those_there_are(
    client: Client, query: str
) -> None:
    answer = client.get(f"{EXPERIMENTS}?{query}")
    assert answer.status == 400
    assert answer.problems[0]["where"] == query.partition("=")[0]


def test_what_another_sites_form_can_send_is_refused(client: Client) -> None:
    content = json.dumps(ASKED).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = client.post(EXPERIMENTS, content, Content_Type=kind)
        assert (answer.status, answer.body["error"]["code"]) == (
            415,
            "not_json",
        )


def test_a_body_that_is_too_large_is_refused(client: Client) -> None:
    answer = client.post(EXPERIMENTS, b'{"a": "' + b"x" * 1_000_001 + b'"}')
    assert (answer.status, answer.body["error"]["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("GET", f"{EXPERIMENTS}/none", 404),
        ("GET", f"{EXPERIMENTS}/none/files/a", 404),
        ("GET", "/../functions.log", 404),
        ("GET", "/api/v1//experiments", 404),
        ("PUT", EXPERIMENTS, 405),
        ("DELETE", "/api/v1/champions", 405),
    ],
)
def test_what_is_not_there_is_said_to_be_in_json(
    client: Client, method: str, path: str, status: int
) -> None:
    answer = client.ask(method, path)
    assert answer.status == status
    assert answer.problems


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil:80"]
)
def test_a_page_of_another_site_can_not_reach_it(
    client: Client, host: str
) -> None:
    assert client.get(EXPERIMENTS, Host=host).status == 400
    assert client.post(EXPERIMENTS, ASKED, Host=host).status == 400


def test_it_answers_under_both_names_of_this_machine(client: Client) -> None:
    for host in ("localhost", "127.0.0.1"):
        answer = client.get(EXPERIMENTS, Host=f"{host}:{client.port}")
        assert answer.status == 200
