"""A demo site and a browser for all pages. One demo for all files that leave it as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.journeys.hub import Hub, demo
from tests.pages.desk import Desk

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


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with demo_site(tmp_path_factory.mktemp("pages")) as running:
        yield running


@contextmanager
def demo_site(folder: Path) -> Iterator[Hub]:
    """A demo whose twelve bays are adopted and whose meter has spoken."""
    with demo(folder / "data") as running:
        running.wait_for(lambda s: len(s["chargers"]) == 12 and s["site"]["power_w"] is not None, within_s=60)
        yield running


@pytest.fixture(scope="module")
def desk(browser: Browser, hub: Hub) -> Desk:
    return Desk(browser, hub)


@pytest.fixture(scope="module")
def owner(desk: Desk) -> dict[str, Any]:
    """Who claimed the demo: owner and installer."""
    said = re.search(r"login (\w+), password (\S+)", "\n".join(desk.hub.said))
    assert said, desk.hub.said
    return desk.login(*said.groups())
