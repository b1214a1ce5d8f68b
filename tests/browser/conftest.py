"""The status page's world: a home, the API over HTTP and a real browser.

Chromium is looked for where Debian puts it, or at `CHROMIUM`.
"""

import json
import os
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from mmmflow import wiring
from mmmflow.data import datasets
from mmmflow.domain import experiment, paths, request
from mmmflow.domain.errors import Problem
from mmmflow.local.ports import open_ports
from mmmflow.local.runner import Runner
from mmmflow.local.server import Server, application
from mmmflow.ports import Create, Document, Json, Ports, Update
from mmmflow.steps import collect, enqueue
from mmmflow.submit import requests
from playwright.sync_api import Browser, Page, Playwright, sync_playwright
from werkzeug.serving import BaseWSGIServer, make_server

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
SUMMARY = Path(__file__).parent / "data" / "model_summary.json"


class World:
    """A home of its own, and what happens in it."""

    def __init__(self, home: Path) -> None:
        self.ahead = timedelta(0)
        self.ports: Ports = replace(open_ports(home), clock=self)
        self._asked = 0

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def waits(self, country: str) -> Document:
        self._asked += 1
        body = {
            "schema_version": 1,
            "message_id": f"test-{self._asked}",
            "experiment": {"country": country},
        }
        asked = requests.read("experiment.requested", body)
        return enqueue.submit(asked, self.ports)[0]

    def runs(self, country: str, progress: Json | None = None) -> Json:
        waiting = self.waits(country)
        now = self.now()
        data = experiment.queued(waiting.data, {}, now=now)
        data = experiment.launching(data, "default-0", now=now)
        data = experiment.running(data, "native-1", now=now)
        self.ports.documents.commit(
            [Update("experiments", waiting.id, waiting.version, data)]
        )
        if progress is not None:
            said = {"schema_version": 1, "updated_at": now.isoformat()}
            self._write(data, "progress.json", {**said, **progress})
        return data

    def fails(self, country: str, error: str, hint: str) -> str:
        data = self.runs(country)
        ended = {"outcome": "failed", "step": "prepare", "retriable": False}
        return self._ends(data, {**ended, "error": error, "hint": hint})

    def succeeds(self, country: str) -> str:
        data = self.runs(country)
        summary = json.loads(SUMMARY.read_text())
        summary |= {"experiment_id": data["id"], "country": country}
        self._write(data, "model_summary.json", summary)
        onepager = f"{_folder(data)}/{summary['selected']['onepager']}"
        self.ports.data.create(onepager, _picture())
        generation = self._write(data, "manifest.json", _manifest(data))
        ended = {"outcome": "succeeded", "manifest_generation": generation}
        return self._ends(data, ended)

    def has_bad_data(self, country: str, problem: Problem) -> None:
        asked = requests.read("upload", {"message_id": f"upload-{country}"})
        data = datasets.new(
            asked,
            0,
            now=self.ports.clock.now(),
            country=country,
            source={"upload": f"{country}/weekly.csv"},
            mapping_version=None,
            train=None,
        )
        self.ports.documents.commit([Create("datasets", data["id"], data)])
        made = self.ports.documents.get("datasets", data["id"])
        assert made is not None
        datasets.fail(self.ports, made, [problem])

    def _ends(self, data: Json, outcome: Json) -> str:
        signal = paths.Signal(data["id"], data["attempt"], "finished")
        body = {
            "schema_version": 1,
            "kind": "finished",
            "experiment_id": data["id"],
            "attempt": data["attempt"],
            "correlation_id": data["correlation_id"],
            "execution": data["execution"],
            "sent_at": self.now().isoformat(),
            **outcome,
        }
        name = paths.signal(data["id"], data["attempt"], "finished")
        self.ports.data.create(name, json.dumps(body).encode())
        collect.hear(signal, self.ports)
        return str(data["id"])

    def _write(self, data: Json, name: str, content: Json) -> str:
        place = f"{_folder(data)}/{name}"
        text = json.dumps(content).encode()
        return self.ports.data.write(place, text).generation


def _folder(data: Json) -> str:
    return paths.attempt_folder(request.run_folder(data), data["attempt"])


def _manifest(data: Json) -> Json:
    return {
        "schema_version": 1,
        "experiment_id": data["id"],
        "attempt": data["attempt"],
        "engine": {"name": "native", "version": "0.1.0"},
        "seed": 123,
        "data_sha256": "0" * 64,
        "config_sha256": "0" * 64,
        "platform": {
            "python": "3.11",
            "machine": "x86_64",
            "cpu_features": [],
            "packages": {},
        },
        "timings": {},
        "files": [],
    }


def _picture(width: int = 120, height: int = 80) -> bytes:
    """A grey PNG."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        checksum = zlib.crc32(kind + body)
        return (
            struct.pack(">I", len(body))
            + kind
            + body
            + struct.pack(">I", checksum)
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = (b"\0" + b"\xcc" * width) * height
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", header),
            chunk(b"IDAT", zlib.compress(rows)),
            chunk(b"IEND", b""),
        ]
    )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        reason = f"{CHROMIUM} is missing: apt-get install chromium"
        if os.environ.get("REQUIRE_EMULATORS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(
        executable_path=CHROMIUM,
        args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
    )


@dataclass(frozen=True)
class System:
    """All of it, running: the functions, the workers, the API and the page."""

    ports: Ports
    url: str


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MMMFLOW_HOME", str(home))
        wiring.ports.cache_clear()
        runner = Runner(home, wiring.ports())
        runner.start()
        with Server(0) as server:
            yield System(wiring.ports(), server.url)
        runner.stop()
        wiring.ports.cache_clear()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("MMMFLOW_HOME", str(tmp_path))
    wiring.ports.cache_clear()
    yield World(tmp_path)
    wiring.ports.cache_clear()


@pytest.fixture
def server(world: World) -> Iterator[BaseWSGIServer]:
    del world  # the functions read its home
    server = make_server("127.0.0.1", 0, application(), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(browser: Browser, server: BaseWSGIServer) -> Iterator[Page]:
    """A page that has not gone to the server yet; no script may fail on it."""
    with _a_page(browser, f"http://127.0.0.1:{server.server_port}") as page:
        yield page


@pytest.fixture
def running_page(browser: Browser, system: System) -> Iterator[Page]:
    """As `page`, of the running system."""
    with _a_page(browser, system.url) as page:
        yield page


@contextmanager
def _a_page(browser: Browser, url: str) -> Iterator[Page]:
    context = browser.new_context(base_url=url)
    page = context.new_page()
    page.set_default_timeout(10_000)
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(error.message))
    page.on(
        "console",
        lambda said: (
            failures.append(said.text)
            if "Content Security Policy" in said.text
            else None
        ),
    )
    yield page
    context.close()
    assert failures == []
