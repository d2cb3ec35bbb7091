"""A browser in front of a running hub: pages opened as somebody, and what went wrong on them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from tests.architecture.tree import REPOSITORY
from tests.journeys.hub import Hub

AXE = REPOSITORY / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
PATIENCE_MS = 20_000  # a busy machine draws slowly

expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Window:
    """One browser window of somebody, and every complaint of its console."""

    page: Page
    hub: Hub
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Listen before anything is loaded."""
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("console", self._complained)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))

    def go(self, path: str) -> Page:
        """Open an address and wait for its page."""
        self.page.goto(self.hub.url(path))
        self.page.locator("h1").wait_for()
        return self.page

    def _complained(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(message.text)


@dataclass(frozen=True)
class Desk:
    """A browser and a hub, and how one logs in there."""

    browser: Browser
    hub: Hub

    @contextmanager
    def window(self, who: dict[str, Any] | None = None, width: int = 1280, theme: str = "light") -> Iterator[Window]:
        """A window of its own; `who`: what `login` gave, None: a stranger."""
        context = self.browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=theme,  # type: ignore[arg-type]
            storage_state=who,  # type: ignore[arg-type]
            timezone_id="America/New_York",  # the reader is elsewhere: the site's clock counts
        )
        try:
            yield Window(context.new_page(), self.hub)
        finally:
            context.close()

    def login(self, name: str, password: str) -> dict[str, Any]:
        """What a browser keeps of a login."""
        with self.window() as window:
            page = window.go("/login")
            fill_login(page, name, password)
            page.wait_for_url("**/app/")
            return kept_of(page.context)


def fill_login(page: Page, name: str, password: str) -> None:
    """Type it and send it."""
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def kept_of(context: BrowserContext) -> dict[str, Any]:
    """Its cookies, for other windows."""
    return dict(context.storage_state())


def violations(page: Page) -> list[str]:
    """What axe finds on the page, each with the elements that it means."""
    page.evaluate(_axe())
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    return [f"{one['id']}: {[node['target'] for node in one['nodes']]}" for one in found]


@cache
def _axe() -> str:
    return AXE.read_text()


def scrolls_sideways(page: Page) -> bool:
    """Whether something is wider than the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


def picture_of(page: Page, folder: Path, name: str) -> None:
    """The whole page as a file, for whoever wants to look."""
    page.screenshot(full_page=True, path=folder / f"{name}.png")
