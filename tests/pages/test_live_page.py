"""The live page in a real browser: what it says, at phone and desktop width, in both themes, and after an outage."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.journeys.hub import Hub, demo

pytestmark = [pytest.mark.needs_chromium, pytest.mark.needs_mosquitto, pytest.mark.timeout(120)]

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with demo(tmp_path_factory.mktemp("page") / "data") as running:
        running.wait_for(lambda s: len(s["chargers"]) == 12 and s["site"]["power_w"] is not None, within_s=30)
        yield running


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_shows_every_bay_and_circuit(
    browser: Browser, hub: Hub, width: int, theme: str, tmp_path: Path
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)  # type: ignore[arg-type]
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(hub.url("/app/"))
    page.locator(".bay").nth(11).wait_for(timeout=15_000)
    assert page.title() == "Riverside Garage"
    assert page.locator("#link").inner_text() == "● live"
    assert "bays charging" in page.locator("#sentence").inner_text()
    assert page.locator("#circuits article").count() == 3
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "it scrolls sideways"
    assert page.screenshot(full_page=True, path=tmp_path / "page.png")
    assert problems == []
    page.close()


def test_the_public_page_says_how_many_bays_are_free(browser: Browser, hub: Hub) -> None:
    page = browser.new_page()
    page.goto(hub.url("/"))
    free = sum(c["online"] and c["status"] == "available" for c in hub.status()["chargers"].values())
    assert page.locator(".sentence").inner_text() == f"{free} of 12 charging bays are free."
    page.close()
