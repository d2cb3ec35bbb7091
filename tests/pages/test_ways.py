"""Ways through the pages: logging in, addresses and the back button, the keyboard, other roles, and lost contact."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, WebSocketRoute, expect

from tests.journeys.hub import started
from tests.pages.desk import Desk, fill_login

pytestmark = [pytest.mark.needs_chromium, pytest.mark.needs_mosquitto, pytest.mark.timeout(180)]


def test_who_is_not_logged_in_is_sent_to_log_in_and_back(desk: Desk, owner: dict[str, Any]) -> None:
    made = json.loads(desk.hub.cli("user", "add", "vera", "--role", "viewer", "--json").stdout)
    with desk.window() as window:
        page = window.page
        page.goto(desk.hub.url("/app/chargers/bay-2"))
        page.wait_for_url("**/login?next=*")
        fill_login(page, "vera", "not this one")
        expect(page.get_by_role("alert")).to_contain_text("Next:")
        fill_login(page, "vera", made["result"]["password"])
        page.wait_for_url("**/app/chargers/bay-2")
        expect(page.get_by_role("heading", level=1)).to_have_text("bay-2")
        for order in ("Pause", "Set limit", "Stop session", "Unlock cable"):
            expect(page.get_by_role("button", name=order)).to_have_count(0)  # what one may not do is not shown
        page.get_by_role("link", name="More", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("More")
        expect(page.get_by_role("link", name="People and tokens")).to_have_count(0)
        page.get_by_role("button", name="Log out").click()
        page.wait_for_url("**/login")
        page.goto(desk.hub.url("/app/"))
        page.wait_for_url("**/login?next=*")


def test_a_new_hub_is_claimed_with_the_code_that_it_printed(browser: Browser, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    quiet = "web: {port: 0, bind: 127.0.0.1}\nocpp: {port: 0, bind: 127.0.0.1}\nmqtt: {enabled: false}\n"
    (data / "config.yaml").write_text(
        f"{quiet}site: {{name: New}}\ngrid: {{limit_a: 25}}\ndiscovery: {{enabled: false}}\n"
    )
    with started(("run",), data, "device.adopt") as hub:
        code = re.search(r"type the code (\S+)", "\n".join(hub.said))
        assert code, hub.said
        desk = Desk(browser, hub)
        with desk.window() as window:
            page = window.go("/app/")
            page.get_by_role("link", name="claim it").click()
            for wrong in ("0000-0000", code.group(1)):
                page.get_by_label("Code").fill(wrong)
                page.get_by_label("Your name").fill("olga")
                page.get_by_label("Password").fill("four or five words")
                page.get_by_role("button", name="Claim").click()
                if wrong != code.group(1):
                    expect(page.get_by_role("alert")).to_be_visible()
            page.wait_for_url("**/app/")
            expect(page.get_by_text("No charger is in the drawing yet.").first).to_be_visible()
            page.get_by_role("link", name="More", exact=True).click()
            page.get_by_text("Change password").first.click()
            page.get_by_label("Password now").fill("four or five words")
            page.get_by_label("New password").fill("other words, five of them")
            page.get_by_role("button", name="Change password").click()
            expect(page.get_by_text("It counts from now on.")).to_be_visible()
            page.get_by_role("button", name="Log out").click()
            page.wait_for_url("**/login")
            fill_login(page, "olga", "other words, five of them")
            page.wait_for_url("**/app/")


def test_every_page_has_an_address_and_the_back_button_works(desk: Desk, owner: dict[str, Any]) -> None:
    with desk.window(owner) as window:
        page, title = window.go("/app/"), window.page.get_by_role("heading", level=1)
        page.get_by_role("link", name="Chargers", exact=True).click()
        expect(title).to_have_text("Chargers")
        expect(title).to_be_focused()
        page.get_by_role("link", name="bay-4", exact=True).click()
        expect(title).to_have_text("bay-4")
        assert page.url.endswith("/app/chargers/bay-4")
        page.reload()
        expect(title).to_have_text("bay-4")
        page.go_back()
        expect(title).to_have_text("Chargers")
        page.go_back()
        expect(title).to_have_text("Today")
        page.go_forward()
        expect(title).to_have_text("Chargers")
        assert page.title() == "Chargers · Riverside Garage"
        assert window.problems == []


def test_the_circuit_tree_is_walked_with_the_keys(desk: Desk, owner: dict[str, Any]) -> None:
    with desk.window(owner) as window:
        page = window.go("/app/power")
        rows = page.get_by_role("row").filter(has=page.get_by_role("gridcell"))
        expect(rows).to_have_count(15)  # three circuits and twelve bays
        page.get_by_role("link", name="More", exact=True).focus()
        page.keyboard.press("Tab")
        expect(rows.nth(0)).to_be_focused()
        page.keyboard.press("ArrowDown")
        expect(rows.nth(1)).to_be_focused()
        expect(rows.nth(1)).to_contain_text("Garage")
        page.keyboard.press("ArrowLeft")
        expect(rows).to_have_count(9)
        expect(rows.nth(1)).to_have_attribute("aria-expanded", "false")
        page.keyboard.press("ArrowRight")
        expect(rows).to_have_count(15)
        page.keyboard.press("ArrowRight")
        expect(rows.nth(2)).to_be_focused()
        page.keyboard.press("ArrowLeft")
        expect(rows.nth(1)).to_be_focused()
        page.keyboard.press("End")
        expect(rows.nth(14)).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("bay-12")


def test_a_page_without_contact_says_since_when_and_comes_back(desk: Desk, owner: dict[str, Any]) -> None:
    lines: list[WebSocketRoute] = []

    def through(line: WebSocketRoute) -> None:
        lines.append(line)
        line.connect_to_server()

    with desk.window(owner) as window:
        window.page.route_web_socket(re.compile(r"/api/v1/live"), through)
        page = window.go("/app/")
        expect(page.get_by_text("● live")).to_be_visible()
        lines[-1].close()
        expect(page.get_by_role("alert")).to_contain_text(re.compile(r"No contact with the hub since \d\d:\d\d\."))
        expect(page.get_by_text("● live")).to_be_visible()  # it dialled again
        expect(page.get_by_role("alert")).to_have_count(0)


def test_offline_an_installed_page_opens_and_says_so(desk: Desk, owner: dict[str, Any]) -> None:
    with desk.window(owner) as window:
        page = window.go("/app/")
        page.evaluate("navigator.serviceWorker.ready")
        page.reload()  # now through the worker, which keeps what it sees
        page.get_by_text("● live").wait_for()
        page.wait_for_function("async () => (await (await caches.open('evhub-pages')).keys()).length > 5")
        kept = page.evaluate("caches.open('evhub-pages').then((k) => k.keys()).then((all) => all.map((r) => r.url))")
        assert not [url for url in kept if "/api/" in url]
        page.context.set_offline(True)
        page.reload()
        expect(page.get_by_role("alert")).to_contain_text("This device is offline since")
