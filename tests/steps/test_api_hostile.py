"""What a hostile page, file name or spreadsheet can not do by the API."""

import csv
import io
import json
import logging
from typing import Any

import pytest
from flask.testing import FlaskClient
from mmmflow import log, wiring
from mmmflow.domain import paths
from mmmflow.ports import Create
from mmmflow.show import history
from mmmflow.steps.collect import collect

from tests import held_client
from tests.steps.test_launch import run_launch
from tests.steps.world import World

V1 = "/api/v1"
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def client(world: World, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    monkeypatch.setattr(wiring, "ports", lambda: world.ports)
    return held_client.client()


def finished(world: World) -> tuple[str, str]:
    """An experiment that succeeded, and its attempt's folder."""
    world.prepared()
    (id,) = world.queued()
    run_launch(world)
    collect(world.succeeded(id), world.ports)
    return id, paths.attempt_folder(world.run(id), 1)


# Pages of other sites


CROSS_SITE = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://localhost:81"},
]


@pytest.mark.parametrize("headers", CROSS_SITE)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "pause-all"),
        ("PUT", "queues/night"),
        ("DELETE", "secrets/token"),
        ("PATCH", "standing/x"),
        ("GET", "train?country=DE"),
    ],
)
def test_another_sites_page_changes_nothing(
    world: World,
    client: FlaskClient,
    headers: dict[str, str],
    method: str,
    path: str,
) -> None:
    body: dict[str, str] | None = None if method == "GET" else {}
    answer = client.open(
        f"{V1}/{path}", method=method, headers=headers, json=body
    )
    assert answer.status_code == 403
    assert answer.json is not None
    assert answer.json["error"]["code"] == "cross_site"
    for collection in ("switches", "queues", "experiments"):
        assert world.all(collection) == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_the_own_page_and_programs_may(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    answer = client.post(f"{V1}/pause-all", json={}, headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
    ],
)
def test_what_a_form_can_send_commands_nothing(
    world: World, client: FlaskClient, kind: str
) -> None:
    answer = client.post(f"{V1}/pause-all", data=b"{}", content_type=kind)
    assert answer.status_code == 415
    assert world.all("switches") == []


# What browsers are told


def test_the_page_is_told_to_trust_itself_only(client: FlaskClient) -> None:
    headers = client.get("/").headers
    policy = headers["Content-Security-Policy"]
    for rule in (
        "default-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "object-src 'none'",
    ):
        assert rule in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_errors_carry_the_same_headers(client: FlaskClient) -> None:
    headers = client.get(f"{V1}/nothing").headers
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["report.html", "picture.svg"])
def test_a_results_file_runs_no_script_of_this_origin(
    world: World, client: FlaskClient, name: str
) -> None:
    id, folder = finished(world)
    world.put(f"{folder}/results/{name}", SCRIPT.encode())
    headers = client.get(f"{V1}/experiments/{id}/files/results/{name}").headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script" not in policy


# Names


@pytest.mark.parametrize(
    "name",
    [
        "../../job_config.json",
        "..%2f..%2fjob_config.json",
        "results/../../job_config.json",
        "results//model_summary.json",
        "./model_summary.json",
        "%2e%2e/%2e%2e/job_config.json",
        "..%5c..%5cjob_config.json",
        "%00",
        "results/%0d%0aSet-Cookie:%20a=b",
        "x" * 2000,
    ],
)
@pytest.mark.parametrize("route", ["files", "signed-files"])
def test_no_name_leads_out_of_the_attempts_folder(
    world: World, client: FlaskClient, name: str, route: str
) -> None:
    id, _ = finished(world)
    answer = client.get(f"{V1}/experiments/{id}/{route}/{name}")
    assert answer.status_code == 404
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "file",
    [
        "../FR/a.csv",
        "a/b.csv",
        "..\\b.csv",
        ".hidden.csv",
        "a\u0000.csv",
        "a\r\nb.csv",
        "run.sh",
        "",
        "x" * 300 + ".csv",
    ],
)
def test_an_upload_keeps_to_its_countrys_folder(
    client: FlaskClient, file: str
) -> None:
    body = {
        "country": "DE",
        "file": file,
        "size": 9,
        "content_type": "text/csv",
    }
    answer = client.post(f"{V1}/uploads", json=body)
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["error"]["problems"][0]["where"] == "file"


@pytest.mark.parametrize("id", ["__x__", ".", "..", "a%2Fb", "x" * 600])
def test_no_id_is_one_that_the_store_keeps_to_itself(
    client: FlaskClient, id: str
) -> None:
    assert client.get(f"{V1}/batches/{id}").status_code == 404


def test_a_files_name_injects_no_header(
    world: World, client: FlaskClient
) -> None:
    id, folder = finished(world)
    name = 'a"; filename="b.exe'
    world.put(f"{folder}/{name}", b"x")
    answer = client.get(f"{V1}/experiments/{id}/files/{name}")
    said = answer.headers["Content-Disposition"]
    assert said.startswith('inline; filename="a\\"; filename=\\"b.exe"')


def test_html_in_a_name_is_text_in_json(
    world: World, client: FlaskClient
) -> None:
    body = {"country": "DE", "experiment": {}, "name": SCRIPT}
    made = client.post(f"{V1}/standing", json=body)
    assert made.mimetype == "application/json"
    assert made.headers["X-Content-Type-Options"] == "nosniff"
    assert made.json is not None
    assert made.json["data"]["name"] == SCRIPT
    missing = client.get(f"{V1}/experiments/{SCRIPT.replace('/', '')}")
    assert missing.mimetype == "application/json"
    assert world.all("standing")[0]["name"] == SCRIPT


def test_a_log_line_stays_one_line(client: FlaskClient) -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(log.JsonFormatter())
    logger = logging.getLogger("mmmflow.steps.api")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        forged = '%0d{"severity":"ALERT"}%0d<script>'
        client.post(f"{V1}/experiments/x{forged}/cancel", json={})
        client.post(f"{V1}/experiments/x<script>/cancel", json={})
    finally:
        logger.removeHandler(handler)
    lines = written.getvalue().splitlines()
    assert [json.loads(line)["severity"] for line in lines] == ["INFO"]
    assert json.loads(lines[0])["message"].endswith("x<script>/cancel by local")


# Sizes


@pytest.mark.parametrize(
    ("path", "kind", "size", "hint"),
    [
        ("experiments", "application/json", 1_000_001, "/api/v1/batches"),
        ("batches", "text/csv", 30_000_001, "batch_object"),
        ("batches", "application/x-ndjson", 30_000_001, "batch_object"),
    ],
)
def test_a_body_that_is_too_large_is_told_another_way(
    client: FlaskClient, path: str, kind: str, size: int, hint: str
) -> None:
    answer = client.post(
        f"{V1}/{path}",
        content_type=kind,
        environ_overrides={"CONTENT_LENGTH": str(size)},
    )
    assert answer.status_code == 413
    assert answer.json is not None
    assert hint in answer.json["error"]["problems"][0]["hint"]


def test_a_body_of_unknown_length_is_read_up_to_the_limit(
    client: FlaskClient,
) -> None:
    read: list[int] = []

    class Endless(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            size = len(buffer)
            read.append(size)
            buffer[:] = b" " * size
            return size

    answer = client.post(
        f"{V1}/experiments",
        content_type="application/json",
        environ_overrides={
            "wsgi.input": Endless(),
            "wsgi.input_terminated": True,
            "CONTENT_LENGTH": "",
        },
    )
    assert answer.status_code == 413
    assert sum(read) < 3_000_000


# Spreadsheets


FORMULAS = ['=HYPERLINK("http://evil")', "+1+1", "-2+3", "@SUM(A1)", "\t=1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_of_the_history_is_a_formula(
    world: World, client: FlaskClient, text: str
) -> None:
    (id,) = world.queued()
    world.change("experiments", id, actor=text, goal=text)
    rows = csv.DictReader(io.StringIO(client.get(f"{V1}/history.csv").text))
    (row,) = rows
    assert row["actor"] == f"'{text}"
    assert row["goal"] == f"'{text}"
    assert row["attempt"] == "0"


def test_a_number_stays_one_in_the_history() -> None:
    assert history.safe(-1.5) == -1.5


# Secrets


def test_a_secret_is_saved_and_never_shown(
    world: World, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    value = "hunter2-of-the-warehouse"
    path = f"{V1}/secrets/warehouse-key"
    answers = [
        client.put(path, json={"value": value}),
        client.get(path),
        client.post(f"{path}/rotate", json={"value": value[::-1]}),
        client.put(path, json={"value": 7, "note": value}),
        client.put(path, json={"value": value + "\ud83d"}),
    ]
    assert [a.status_code for a in answers] == [200, 200, 200, 400, 400]
    assert not any(value in a.text for a in answers)
    assert value not in caplog.text
    assert world.ports.secrets.get("warehouse-key") == value[::-1]
    assert answers[1].json is not None
    assert answers[1].json["data"]["saved_by"] == "local"
    assert client.delete(path).status_code == 200
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("name", ["..", "a.b", "1a", "a" * 81])
def test_a_secret_has_a_name_that_is_one(
    client: FlaskClient, name: str
) -> None:
    answer = client.put(f"{V1}/secrets/{name}", json={"value": "x"})
    assert answer.status_code in (400, 404)


def test_a_dead_letter_shows_html_as_text(
    world: World, client: FlaskClient
) -> None:
    letter = {
        "state": "BURIED",
        "topic": "queue.changed",
        "function": "launch",
        "reason": SCRIPT,
        "body": {"queue": SCRIPT},
        "attributes": {},
        "correlation_id": "c",
        "buried_at": "2026-11-20T10:45:12+00:00",
    }
    world.ports.documents.commit([Create("dead_letters", "x", letter)])
    answer = client.get(f"{V1}/dead-letters")
    assert answer.mimetype == "application/json"
    assert answer.json is not None
    assert answer.json["data"]["dead_letters"][0]["reason"] == SCRIPT
