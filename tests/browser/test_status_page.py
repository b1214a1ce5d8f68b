"""The status page in a real browser, on the real API and its documents.

Chromium is looked for where Debian puts it, or at `CHROMIUM`.
"""

import json
import os
import struct
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import functions_framework
import pytest
from mmmflow import datasets, requests, wiring
from mmmflow.domain import experiment, paths, request
from mmmflow.domain.errors import Problem
from mmmflow.local.ports import open_ports
from mmmflow.local.runner import SOURCE
from mmmflow.ports import Create, Document, Json, Ports, Update
from mmmflow.steps import collect, enqueue
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from werkzeug.serving import BaseWSGIServer, make_server

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
SUMMARY = Path(__file__).parent / "data" / "model_summary.json"
ATTACK = "bad <b>row</b><img src=x onerror=\"document.title='owned'\">"


class World:
    """A home of its own, and what happens in it."""

    def __init__(self, home: Path) -> None:
        self.ports: Ports = open_ports(home)
        self._asked = 0

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
        now = self.ports.clock.now()
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
            self.ports,
            asked,
            0,
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
            "sent_at": self.ports.clock.now().isoformat(),
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
        return struct.pack(">I", len(body)) + kind + body + struct.pack(
            ">I", checksum
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
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("MMMFLOW_HOME", str(tmp_path))
    wiring.ports.cache_clear()
    yield World(tmp_path)
    wiring.ports.cache_clear()


@pytest.fixture
def server(world: World) -> Iterator[BaseWSGIServer]:
    del world  # the functions read its home
    app = functions_framework.create_app("api", str(SOURCE))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(browser: Browser, server: BaseWSGIServer) -> Iterator[Page]:
    """A page that has not gone to the server yet; no script may fail on it."""
    address = f"http://127.0.0.1:{server.server_port}"
    context = browser.new_context(base_url=address)
    page = context.new_page()
    page.set_default_timeout(10_000)
    failures: list[Any] = []
    page.on("pageerror", lambda error: failures.append(error))
    yield page
    context.close()
    assert failures == []


def test_the_champion_appears_with_its_fit_channels_and_budget(
    world: World, page: Page
) -> None:
    world.succeeds("DE")
    page.goto("/")
    champion = page.get_by_role("article")
    expect(champion.get_by_role("heading")).to_have_text("DE · revenue")
    expect(champion).to_contain_text("0.964")
    expect(champion).to_contain_text("0.0612")
    search = champion.get_by_role("row").filter(has_text="search").first
    expect(search).to_contain_text("2.82")
    expect(search).to_contain_text("54,798")
    expect(search).to_contain_text("82,197")
    expect(search).to_contain_text("+50%")


def test_the_one_pager_is_shown_and_linked_in_full_size(
    world: World, page: Page
) -> None:
    id = world.succeeds("DE")
    page.goto("/")
    picture = page.get_by_role("article").get_by_role("img").first
    expect(picture).to_have_js_property("naturalWidth", 120)
    link = page.get_by_role("article").get_by_role("link").first
    place = f"api/v1/experiments/{id}/files/results/onepagers/3_1412_1.png"
    expect(link).to_have_attribute("href", place)


def test_a_champion_that_comes_later_appears_by_itself(
    world: World, page: Page
) -> None:
    page.goto("/")
    expect(page.get_by_text("No model yet.")).to_be_visible()
    world.succeeds("DE")
    expect(page.get_by_role("article")).to_be_visible()


def test_a_running_experiment_shows_how_far_it_is(
    world: World, page: Page
) -> None:
    best = {"nrmse": 0.0712, "decomp_rssd": 0.1034}
    at = {"iteration": 1000, "iterations": 2000, "trial": 5, "trials": 5}
    world.runs("DE", {"step": "search", "best": best, **at})
    page.goto("/")
    row = _row(page, "DE")
    expect(row).to_contain_text("Iteration 1,000 of 2,000")
    expect(row).to_contain_text("NRMSE 0.0712, DECOMP.RSSD 0.103")
    bar = row.get_by_role("progressbar")
    expect(bar).to_have_js_property("value", pytest.approx(0.45))


def test_a_waiting_experiment_says_what_it_waits_for(
    world: World, page: Page
) -> None:
    world.waits("DE")
    page.goto("/")
    row = _row(page, "DE")
    expect(row).to_contain_text("drop a CSV into uploads/DE/")


def test_a_failed_experiment_shows_its_reason_and_what_to_do(
    world: World, page: Page
) -> None:
    world.fails("FR", "column 'revenue' row 7: 'abc' is no number", "mend it")
    page.goto("/")
    row = _row(page, "FR")
    expect(row).to_contain_text("column 'revenue' row 7: 'abc' is no number")
    expect(row).to_contain_text("mend it")


def test_markup_in_an_error_is_shown_as_text_and_not_run(
    world: World, page: Page
) -> None:
    world.fails("FR", ATTACK, "")
    page.goto("/")
    expect(page.get_by_text(ATTACK)).to_be_visible()
    assert page.locator("tbody img, tbody b").count() == 0
    expect(page).to_have_title("mmmflow")


def test_a_dataset_shows_what_is_wrong_with_it(
    world: World, page: Page
) -> None:
    problem = Problem("column 'date'", "row 3 is no date", "use YYYY-MM-DD")
    world.has_bad_data("AT", problem)
    page.goto("/")
    row = _row(page, "AT")
    expect(row).to_contain_text(
        "column 'date': row 3 is no date (use YYYY-MM-DD)"
    )


def test_the_form_makes_the_experiment_that_it_describes(
    world: World, page: Page
) -> None:
    page.goto("/")
    page.get_by_label("Country").fill("DE")
    page.get_by_label("Size of the search").select_option("test")
    page.get_by_label("Adstock").select_option("weibull_pdf")
    page.get_by_role("button", name="Start experiment").click()
    row = _row(page, "DE")
    expect(row).to_contain_text("Weibull PDF, 200 × 3")
    assert world.ports.documents.count("experiments") == 1


def test_an_error_in_the_form_stands_beside_its_field(
    world: World, page: Page
) -> None:
    page.goto("/")
    country = page.get_by_label("Country")
    country.fill("no such/place")
    page.get_by_role("button", name="Start experiment").click()
    beside = page.locator("p", has=country).locator(".error")
    expect(beside).to_contain_text("no such/place")
    expect(country).to_be_focused()
    expect(country).to_have_attribute("aria-invalid", "true")
    assert world.ports.documents.count("experiments") == 0


def test_a_server_that_is_gone_is_said_to_be_gone(
    page: Page, server: BaseWSGIServer
) -> None:
    page.goto("/")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    server.shutdown()
    server.server_close()
    alert = page.get_by_role("alert").filter(has_text="No answer")
    expect(alert).to_contain_text("make serve")


def test_a_hidden_page_asks_nothing_until_it_is_seen_again(
    page: Page,
) -> None:
    page.clock.install()
    page.goto("/")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    _say_hidden(page, hidden=True)
    page.clock.run_for(60_000)
    assert asked == []
    with page.expect_request("**/api/v1/experiments*"):
        _say_hidden(page, hidden=False)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_window(
    world: World, page: Page, width: int, scheme: str
) -> None:
    world.succeeds("DE")
    world.fails("FR", "x" * 300, "y" * 200)
    world.has_bad_data("AT", Problem("z" * 100, "is wrong", "mend it"))
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/")
    expect(page.get_by_role("article").get_by_role("table")).to_be_visible()
    widest = page.evaluate("document.documentElement.scrollWidth")
    assert widest == width


def _row(page: Page, text: str) -> Locator:
    return page.locator("tbody tr").filter(has_text=text)


def _say_hidden(page: Page, *, hidden: bool) -> None:
    """Tell the page what a browser tells one whose tab is put away."""
    page.evaluate(
        """hidden => {
          Object.defineProperty(document, "hidden",
            { configurable: true, get: () => hidden });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )
