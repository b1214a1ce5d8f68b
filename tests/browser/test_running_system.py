"""The page on the running system: what a person does, from data to budget.

The tests share one system and run in the order they stand: the first brings
the data and the model that the others look at.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import mmmflow.local
import pytest
from mmmflow.messaging import dead_letters
from mmmflow.ports import Message
from playwright.sync_api import Locator, Page, expect

from tests.browser import axe

if TYPE_CHECKING:
    from tests.browser.axe import Scheme
    from tests.browser.conftest import System

SAMPLE = Path(mmmflow.local.__path__[0]) / "sample"
RUN = 60_000  # ms: a tiny search on a machine that has other work too


@pytest.fixture(scope="module", autouse=True)
def _mapping(system: "System") -> None:
    name = "metadata/universal/sample/mapping.json"
    system.ports.data.create(name, (SAMPLE / "mapping.json").read_bytes())


def test_the_main_job_is_watched_from_the_file_to_the_best_model(
    running_page: Page,
) -> None:
    page = running_page
    page.goto("/")
    page.get_by_label("Country of the data").fill("DE")
    page.get_by_label("CSV or Parquet file").set_input_files(
        SAMPLE / "marketing_weekly.csv"
    )
    page.get_by_role("button", name="Upload").click()
    data = page.locator("#dataset-rows tr")
    expect(data.locator(".badge")).to_have_text("ready", timeout=RUN)
    _start(page, "DE")
    row = page.locator("#experiment-rows tr")
    expect(row).to_contain_text(re.compile("running|starting"), timeout=RUN)
    expect(row).to_contain_text("succeeded", timeout=RUN)
    expect(row).to_contain_text("600 models tried")
    expect(_champion(page)).to_contain_text("DE · revenue")
    expect(_champion(page).get_by_role("table").first).to_be_visible()


def test_another_budget_is_tried_with_the_slider_and_no_job(
    system: "System", running_page: Page
) -> None:
    page = running_page
    page.goto("/")
    champion = _champion(page)
    expect(champion.locator("tfoot")).to_be_visible()
    _, now, proposed, change = champion.locator("tfoot td").all()[:4]
    expect(change).to_have_text("0%")
    today = _number(now)
    assert _number(proposed) == today
    slider = champion.get_by_role("slider")
    slider.focus()
    for _ in range(20):
        slider.press("ArrowRight")
    expect(change).to_have_text("+20%")
    assert _number(proposed) == pytest.approx(1.2 * today, abs=1)
    assert system.ports.documents.count("experiments") == 1


def test_a_model_shows_what_the_goal_is_made_of_and_its_response_curves(
    running_page: Page,
) -> None:
    running_page.goto("/")
    champion = _champion(running_page)
    champion.get_by_text("Where the goal comes from").click()
    parts = champion.get_by_role("region", name=re.compile("^Parts of"))
    expect(parts.get_by_role("row").filter(has_text="search")).to_contain_text(
        "%"
    )
    champion.get_by_text("Response curves", exact=True).click()
    curve = champion.get_by_role("img", name=re.compile("Response curve of tv"))
    expect(curve).to_have_accessible_name(re.compile(r"[\d,]+ today bring"))


def test_the_quality_of_data_is_shown_column_by_column(
    running_page: Page,
) -> None:
    running_page.goto("/")
    running_page.get_by_role("button", name=re.compile("^Quality")).click()
    sheet = running_page.get_by_role("dialog")
    expect(sheet).to_contain_text("208 weeks, 4 Jan 2021 to 23 Dec 2024")
    row = sheet.get_by_role("row").filter(has_text="ooh_spend").first
    expect(row).to_contain_text("paid spend")
    expect(row.locator("path.line")).to_have_count(1)
    running_page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()


def test_a_batch_is_seen_before_it_starts_and_two_of_its_runs_compared(
    running_page: Page, tmp_path: Path
) -> None:
    page = running_page
    file = tmp_path / "batch.csv"
    file.write_text(
        "country;iterations;trials;adstock\n"
        "DE;60;1;weibull_cdf\nNO;60;1;geometric\n"
    )
    page.goto("/")
    _drop(page, file)
    page.get_by_role("button", name="Start 2 experiments").click()
    batch = page.locator("#batch-list li").first
    expect(batch).to_contain_text("1 of 2 experiments ended", timeout=RUN)
    page.get_by_role("button", name=re.compile("^Leaderboard")).click()
    sheet = page.get_by_role("dialog")
    for rank in (1, 2):
        sheet.get_by_label(f"Compare rank {rank}").check()
    fit = sheet.get_by_role("region", name="Fit")
    expect(fit).to_contain_text("NRMSE in sample")
    expect(sheet.get_by_role("region", name="Channels")).to_contain_text("tv")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_the_page_and_its_sheets(
    running_page: Page, scheme: "Scheme"
) -> None:
    page = running_page
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto("/")
    champion = _champion(page)
    champion.get_by_text("Where the goal comes from").click()
    champion.get_by_text("Response curves", exact=True).click()
    expect(champion.locator("svg.curve").first).to_be_visible()
    assert axe.serious(page) == []
    for name in ("Leaderboard", "Quality", "Log"):
        page.get_by_role("button", name=re.compile(f"^{name}")).first.click()
        sheet = page.get_by_role("dialog")
        expect(sheet).not_to_contain_text("Loading…")
        assert axe.serious(page) == []
        sheet.get_by_role("button", name="Close").click()


def test_a_wrong_row_of_a_batch_is_named_and_nothing_is_made(
    system: "System", running_page: Page, tmp_path: Path
) -> None:
    before = system.ports.documents.count("experiments")
    file = tmp_path / "wrong.csv"
    file.write_text("country;iterations\nDE;many\n")
    running_page.goto("/")
    _drop(running_page, file)
    problems = running_page.locator("#batch-problems")
    expect(problems).to_contain_text("iterations")
    assert system.ports.documents.count("experiments") == before


def test_an_undelivered_message_is_replayed_and_does_its_work(
    system: "System", running_page: Page
) -> None:
    body = {
        "schema_version": 1,
        "message_id": "lost",
        "experiment": {"country": "SE"},
    }
    attributes = {
        "CloudPubSubDeadLetterSourceSubscription": "enqueue",
        "topic": "experiment.requested",
    }
    dead_letters.bury(system.ports, Message("", "lost", body, attributes))
    page = running_page
    page.goto("/")
    letter = page.locator("#letter-list li")
    expect(letter).to_contain_text("enqueue")
    letter.get_by_role("button", name=re.compile("^Replay")).click()
    expect(_row(page, "SE")).to_contain_text("Waits for data")
    expect(letter).to_have_count(0)


def test_an_experiment_is_cancelled_and_then_tried_again(
    running_page: Page,
) -> None:
    page = running_page
    page.goto("/")
    row = _row(page, "SE")
    page.on("dialog", lambda asked: asked.accept())
    row.get_by_role("button", name=re.compile("^Cancel")).click()
    expect(row.locator(".badge")).to_have_text("cancelled")
    row.get_by_role("button", name=re.compile("^Retry")).click()
    expect(row.locator(".badge")).to_have_text(re.compile("waiting|queued"))


def test_a_standing_experiment_is_made_and_switched_off(
    running_page: Page,
) -> None:
    page = running_page
    page.goto("/")
    page.get_by_label("Country", exact=True).fill("DE")
    page.get_by_role("button", name="Run on all new data").click()
    standing = page.locator("#standing-list li")
    expect(standing.locator(".badge")).to_have_text("on")
    standing.get_by_role("button", name=re.compile("^Switch off")).click()
    expect(standing.locator(".badge")).to_have_text("off")


def test_the_log_of_a_run_is_shown_from_its_end(running_page: Page) -> None:
    running_page.goto("/")
    done = running_page.locator("#experiment-rows tr").filter(
        has_text="succeeded"
    )
    done.first.get_by_role("button", name=re.compile("^Log")).click()
    log = running_page.get_by_role("dialog").locator("pre")
    expect(log).not_to_be_empty()


def test_a_paused_queue_says_who_paused_it(running_page: Page) -> None:
    page = running_page
    page.goto("/")
    queue = page.locator("#queues li")
    queue.get_by_role("button", name=re.compile("^Pause")).click()
    expect(queue).to_contain_text("paused by local")
    queue.get_by_role("button", name=re.compile("^Resume")).click()
    expect(queue).not_to_contain_text("paused by local")


def _start(page: Page, country: str) -> None:
    page.get_by_label("Country", exact=True).fill(country)
    page.get_by_label("Size of the search").select_option("test")
    page.get_by_role("button", name="Start experiment").click()


def _drop(page: Page, file: Path) -> None:
    """Drop the file on the form, as from a folder's window."""
    transfer = page.evaluate_handle(
        """([name, text]) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([text], name, { type: "text/csv" }));
          return transfer;
        }""",
        [file.name, file.read_text()],
    )
    page.locator("#batch-form").dispatch_event(
        "drop", {"dataTransfer": transfer}
    )


def _number(cell: Locator) -> int:
    return int((cell.text_content() or "").replace(",", ""))


def _champion(page: Page) -> Locator:
    return page.get_by_role("article").first


def _row(page: Page, text: str) -> Locator:
    return page.locator("#experiment-rows tr").filter(has_text=text)
