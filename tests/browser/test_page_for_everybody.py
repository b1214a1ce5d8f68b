"""Light, quick and usable without a mouse, in light and dark."""

from pathlib import Path
from typing import TYPE_CHECKING

import mmmflow
import pytest
from mmmflow.domain.errors import Problem
from playwright.sync_api import Page, Request, expect

from tests.browser import axe

if TYPE_CHECKING:
    from tests.browser.axe import Scheme
    from tests.browser.conftest import World

PAGE = Path(mmmflow.__path__[0]) / "page"


def test_the_page_weighs_150_kb_at_most_without_compression(page: Page) -> None:
    received: list[int] = []
    page.on(
        "response",
        lambda response: received.append(len(response.body())),
    )
    page.goto("/")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    assert len(received) > len(list(PAGE.glob("*.js")))
    assert sum(received) <= 150_000


def test_what_the_document_names_is_all_that_is_loaded(page: Page) -> None:
    """After the document everything comes at once: no file waits for another.

    The scripts and the first data are asked for by the document itself.
    """
    asked: list[Request] = []

    def note(request: Request) -> None:
        asked.append(request)

    page.on("request", note)
    page.goto("/")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    named = page.evaluate(
        """() => [...document.querySelectorAll("head [href], head [src]")]
          .map((one) => one.href || one.src)"""
    )
    loaded = [request.url for request in asked[1:]]
    assert sorted(loaded) == sorted(set(loaded) & set(named))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_where_things_went_wrong(
    world: "World", page: Page, scheme: "Scheme"
) -> None:
    world.succeeds("DE")
    world.fails("FR", "column 'revenue' row 7: 'abc' is no number", "mend it")
    world.waits("SE")
    best = {"nrmse": 0.0712, "decomp_rssd": 0.1034}
    at = {"iteration": 1000, "iterations": 2000, "trial": 5, "trials": 5}
    world.runs("NL", {"step": "search", "best": best, **at})
    world.has_bad_data("AT", Problem("column 'date'", "no date", "mend it"))
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto("/")
    expect(page.get_by_role("article").get_by_role("table")).to_be_visible()
    assert axe.serious(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_while_there_is_nothing_yet(
    page: Page, scheme: "Scheme"
) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto("/")
    expect(page.get_by_text("No model yet.")).to_be_visible()
    assert axe.serious(page) == []


def test_the_tab_key_reaches_everything_and_each_stop_is_seen(
    world: "World", page: Page
) -> None:
    world.succeeds("DE")
    world.fails("FR", "no spend", "mend it")
    page.goto("/")
    expect(page.get_by_role("article").get_by_role("table")).to_be_visible()
    reached: list[str] = []
    for _ in range(80):
        page.keyboard.press("Tab")
        stop = page.evaluate(
            """() => {
              const at = document.activeElement;
              const seen = getComputedStyle(at).outlineStyle !== "none";
              const name = at.ariaLabel || at.id || at.textContent.trim();
              return at === document.body ? null : [name, seen];
            }"""
        )
        if stop is None:
            break
        name, is_seen = stop
        assert is_seen, name
        reached.append(name)
    wanted = ("Skip to the content", "country", "batch-file", "upload-file")
    assert [name for name in wanted if name not in reached] == []
    for word in ("Retry", "Log", "Results", "Leaderboard", "Try another"):
        assert any(name.startswith(word) for name in reached), word


def test_a_sheet_is_opened_closed_and_left_by_the_keyboard(
    world: "World", page: Page
) -> None:
    world.succeeds("DE")
    page.goto("/")
    button = page.get_by_role("button", name="Results")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(button).to_be_focused()


def test_the_skip_link_leads_to_the_content(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
