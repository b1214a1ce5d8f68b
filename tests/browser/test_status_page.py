"""The status page in a real browser, on the real API and its documents."""

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from mmmflow.domain.errors import Problem
from playwright.sync_api import Locator, Page, Route, expect
from werkzeug.serving import BaseWSGIServer

if TYPE_CHECKING:
    from tests.browser.conftest import World

ATTACK = "bad <b>row</b><img src=x onerror=\"document.title='owned'\">"


def test_the_champion_appears_with_its_fit_channels_and_budget(
    world: "World", page: Page
) -> None:
    world.succeeds("DE")
    page.goto("/")
    champion = page.get_by_role("article")
    expect(champion.get_by_role("heading")).to_have_text("DE · revenue")
    for fit in ("0.0789", "0.0612", "0.964", "0.083"):
        expect(champion.get_by_text(fit, exact=True)).to_be_visible()
    search = champion.get_by_role("row").filter(has_text="search").first
    expect(search).to_contain_text("2.82")
    expect(search).to_contain_text("54,798")
    expect(search).to_contain_text("82,197")
    expect(search).to_contain_text("+50%")


def test_the_one_pager_is_shown_and_linked_in_full_size(
    world: "World", page: Page
) -> None:
    id = world.succeeds("DE")
    page.goto("/")
    picture = page.get_by_role("article").get_by_role("img").first
    expect(picture).to_have_js_property("naturalWidth", 120)
    link = page.get_by_role("article").get_by_role("link").first
    place = f"api/v1/experiments/{id}/files/results/onepagers/3_1412_1.png"
    expect(link).to_have_attribute("href", place)


def test_a_champion_that_comes_later_appears_by_itself(
    world: "World", page: Page
) -> None:
    page.clock.install()
    page.goto("/")
    expect(page.get_by_text("No model yet.")).to_be_visible()
    world.succeeds("DE")
    page.clock.run_for(2000)
    expect(page.get_by_role("article")).to_be_visible()


def test_what_a_person_opened_stays_open_when_something_changes(
    world: "World", page: Page
) -> None:
    world.succeeds("DE")
    page.clock.install()
    page.goto("/")
    files = page.get_by_role("article").get_by_text("files of this run")
    files.click()
    world.succeeds("FR")
    page.clock.run_for(2000)
    expect(page.get_by_role("article")).to_have_count(2)
    link = page.get_by_role("link", name="model_summary.json")
    expect(link.first).to_be_visible()


def test_a_running_experiment_shows_how_far_it_is(
    world: "World", page: Page
) -> None:
    best = {"nrmse": 0.0712, "decomp_rssd": 0.1034}
    at = {"iteration": 1000, "iterations": 2000, "trial": 5, "trials": 5}
    world.runs("DE", {"step": "search", "best": best, **at})
    page.goto("/")
    row = _row(page, "DE")
    expect(row).to_contain_text("Iteration 1,000 of 2,000")
    expect(row).to_contain_text("NRMSE 0.0712, DECOMP.RSSD 0.103")
    bar = row.get_by_role("progressbar")
    assert bar.evaluate("bar => bar.value") == pytest.approx(0.45)


def test_a_running_experiment_says_when_its_search_ends(
    world: "World", page: Page
) -> None:
    at = {"iteration": 500, "iterations": 2000, "trials": 5}
    minute_later = (world.now() + timedelta(minutes=1)).isoformat()
    world.runs("DE", {"step": "search", "updated_at": minute_later, **at})
    page.goto("/")
    expect(_row(page, "DE")).to_contain_text(
        re.compile("about (3 min 0 s|2 min 5[89] s) left")
    )


def test_a_viewer_is_told_so_and_finds_nothing_that_changes_anything(
    world: "World", page: Page
) -> None:
    def as_viewer(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        body["data"]["me"]["roles"] = ["viewer"]
        route.fulfill(response=answer, json=body)

    page.route("**/api/v1/overview", as_viewer)
    world.succeeds("DE")
    world.fails("FR", "no spend", "mend it")
    page.goto("/")
    expect(page.get_by_text("You may look, but not start")).to_be_visible()
    expect(page.get_by_role("button", name="Start exp")).to_be_disabled()
    expect(page.get_by_role("button", name="Retry")).to_have_count(0)
    expect(page.get_by_role("button", name="Pause")).to_have_count(0)
    expect(page.get_by_role("button", name="Results")).to_be_enabled()
    expect(page.get_by_role("slider")).to_be_enabled()


def test_a_run_older_than_the_newest_fifty_is_shown_first(
    world: "World", page: Page
) -> None:
    world.ahead = timedelta(hours=-1)
    world.runs("DE")
    world.ahead = timedelta(0)
    for _ in range(50):
        world.waits("FR")
    page.goto("/")
    first = page.locator("#experiment-rows tr").first
    expect(first).to_contain_text("DE")
    expect(page.locator("#experiment-rows tr")).to_have_count(51)


def test_a_waiting_experiment_says_what_it_waits_for(
    world: "World", page: Page
) -> None:
    world.waits("DE")
    page.goto("/")
    row = _row(page, "DE")
    expect(row).to_contain_text("drop a CSV into uploads/DE/")


def test_a_failed_experiment_shows_its_reason_and_what_to_do(
    world: "World", page: Page
) -> None:
    world.fails("FR", "column 'revenue' row 7: 'abc' is no number", "mend it")
    page.goto("/")
    row = _row(page, "FR")
    expect(row).to_contain_text("column 'revenue' row 7: 'abc' is no number")
    expect(row).to_contain_text("mend it")


def test_markup_in_an_error_is_shown_as_text_and_not_run(
    world: "World", page: Page
) -> None:
    world.fails("FR", ATTACK, "")
    page.goto("/")
    expect(page.get_by_text(ATTACK)).to_be_visible()
    assert page.locator("tbody img, tbody b").count() == 0
    expect(page).to_have_title("mmmflow")


def test_a_dataset_shows_what_is_wrong_with_it(
    world: "World", page: Page
) -> None:
    problem = Problem("column 'date'", "row 3 is no date", "use YYYY-MM-DD")
    world.has_bad_data("AT", problem)
    page.goto("/")
    row = _row(page, "AT")
    expect(row).to_contain_text(
        "column 'date': row 3 is no date (use YYYY-MM-DD)"
    )


def test_the_form_makes_the_experiment_that_it_describes(
    world: "World", page: Page
) -> None:
    page.goto("/")
    page.get_by_label("Country", exact=True).fill("DE")
    page.get_by_label("Size of the search").select_option("test")
    page.get_by_label("Adstock").select_option("weibull_pdf")
    page.get_by_role("button", name="Start experiment").click()
    row = _row(page, "DE")
    expect(row).to_contain_text("Weibull PDF, 200 × 3")
    assert world.ports.documents.count("experiments") == 1


def test_an_error_in_the_form_stands_beside_its_field(
    world: "World", page: Page
) -> None:
    page.goto("/")
    country = page.get_by_label("Country", exact=True)
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
    page.clock.install()
    page.goto("/")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    server.shutdown()
    server.server_close()
    page.clock.run_for(2000)
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
    with page.expect_request("**/api/v1/overview"):
        _say_hidden(page, hidden=False)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_window(
    world: "World", page: Page, width: int, scheme: str
) -> None:
    world.succeeds("DE")
    world.fails("FR", "x" * 300, "y" * 200)
    world.has_bad_data("AT", Problem("z" * 100, "is wrong", "mend it"))
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/")
    champion = page.get_by_role("article")
    expect(champion).to_be_visible()
    if width < 600:  # there a champion comes folded
        champion.get_by_text("One-pager, channels and budget").click()
    expect(champion.get_by_role("table").first).to_be_visible()
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
