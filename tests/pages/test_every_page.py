"""Each page in a real browser, for phone and desktop, light and dark: whole, quiet, and axe finds nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.pages.desk import Desk, picture_of, scrolls_sideways, violations

pytestmark = [pytest.mark.needs_chromium, pytest.mark.needs_mosquitto, pytest.mark.timeout(180)]

# The address of each page, and what is there when it is whole.
PAGES = {
    "/app/": "Bays",
    "/app/chargers": "Garage",
    "/app/chargers/bay-1": "Last sessions",
    "/app/chargers/nobody": "See all chargers",
    "/app/power": "Grid connection",
    "/app/sessions": "Save as CSV",
    "/app/devices": "Retire",
    "/app/people": "New password",
    "/app/more": "Configuration",
    "/app/nothing/here": "Go to Today",
    "/login": "Log in",
    "/claim": "Claim",
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", PAGES)
def test_a_page(desk: Desk, owner: dict[str, Any], path: str, width: int, theme: str, tmp_path: Path) -> None:
    with desk.window(owner, width, theme) as window:
        page = window.go(path)
        expect(page.get_by_text(PAGES[path]).first).to_be_visible()
        page.wait_for_load_state("networkidle") if "/app" not in path else settled(page)
        picture_of(page, tmp_path, "page")
        assert not scrolls_sideways(page)
        assert violations(page) == []
        assert window.problems == []


def settled(page: Page) -> None:
    """What a page asks for beside the picture has come: no chart is being asked for any more."""
    expect(page.get_by_text("● live")).to_be_visible()
    for chart in page.locator("ev-chart").all():
        expect(chart.locator("canvas")).to_be_visible()


@pytest.mark.parametrize(("width", "letters"), [(320, "100%"), (640, "200%")])
@pytest.mark.parametrize("path", [path for path in PAGES if path.startswith("/app")])
def test_a_narrow_page_or_large_letters_scroll_one_way(
    desk: Desk, owner: dict[str, Any], path: str, width: int, letters: str
) -> None:
    with desk.window(owner, width) as window:
        page = window.go(path)
        page.evaluate("size => { document.documentElement.style.fontSize = size }", letters)
        settled(page)
        assert not scrolls_sideways(page)


def test_the_public_page_says_how_many_bays_are_free_and_no_more(desk: Desk) -> None:
    with desk.window() as window:
        window.page.goto(desk.hub.url("/"))
        free = sum(c["online"] and c["status"] == "available" for c in desk.hub.status()["chargers"].values())
        expect(window.page.locator(".sentence")).to_have_text(f"{free} of 12 charging bays are free.")
        assert violations(window.page) == []
        assert window.problems == []


def test_a_theme_that_was_chosen_stays(desk: Desk, owner: dict[str, Any]) -> None:
    with desk.window(owner, theme="light") as window:
        page = window.go("/app/more")
        light = background(page)
        page.get_by_label("Theme").select_option("dark")
        assert background(page) != light
        page.reload()
        page.locator("h1").wait_for()
        assert background(page) != light


def background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))
