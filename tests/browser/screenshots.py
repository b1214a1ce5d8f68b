"""Pictures of the status page of a system that runs, to be looked at.

`python -m tests.browser.screenshots http://127.0.0.1:8080 FOLDER` writes
`<width>-<scheme>.png` at the widths of a desk and a phone, light and dark,
and `status-page.png`, which the README shows: down to the first best model.
"""

import sys
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.axe import Scheme
from tests.browser.conftest import launch

_WIDTHS = (1280, 390)
_SCHEMES: tuple[Scheme, ...] = ("light", "dark")
_HEIGHT = 900
_MARGIN = 20


def main(url: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for width, scheme in product(_WIDTHS, _SCHEMES):
            _take(browser, url, folder, width, scheme)
        browser.close()


def _take(
    browser: Browser, url: str, folder: Path, width: int, scheme: Scheme
) -> None:
    page = browser.new_page(
        viewport={"width": width, "height": _HEIGHT}, color_scheme=scheme
    )
    page.goto(url)
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    page.wait_for_load_state("networkidle")
    path = folder / f"{width}-{scheme}.png"
    page.screenshot(path=path, full_page=True)
    print(path)
    box = page.get_by_role("article").first.bounding_box()
    if box and (width, scheme) == (_WIDTHS[0], _SCHEMES[0]):
        path = folder / "status-page.png"
        page.screenshot(
            path=path,
            full_page=True,
            clip={
                "x": 0,
                "y": 0,
                "width": width,
                "height": box["y"] + box["height"] + _MARGIN,
            },
        )
        print(path)
    page.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
