"""What one does on the pages reaches the chargers: pause, resume, a limit that binds, refusals, adopting a device."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.hub import Hub, Json
from tests.pages.conftest import demo_site
from tests.pages.desk import Desk

pytestmark = [pytest.mark.needs_chromium, pytest.mark.needs_mosquitto, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A demo of this file's own, since it is changed here."""
    with demo_site(tmp_path_factory.mktemp("orders")) as running:
        yield running


def bay_where(desk: Desk, fits: Callable[[Json], bool]) -> str:
    """A bay with a car of which this is true, as soon as there is one: who parks where is the simulator's matter."""

    def fit(status: Json) -> list[str]:
        return [id for id, one in status["chargers"].items() if one["session"] is not None and fits(one)]

    return fit(desk.hub.wait_for(lambda status: bool(fit(status)), within_s=60))[0]


def is_charging(charger: Json) -> bool:
    return charger["status"] == "charging" and (charger["power_w"] or 0) > 500


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def test_a_charger_is_paused_and_resumed(desk: Desk, owner: dict[str, Any]) -> None:
    bay = bay_where(desk, is_charging)
    with desk.window(owner) as window:
        page = window.go(f"/app/chargers/{bay}")
        lead = page.locator(".lead")
        expect(lead).to_contain_text("Charging")
        button(page, "Pause").click()
        expect(lead).to_contain_text("Paused — paused by request")
        desk.hub.wait_for(lambda s: not s["chargers"][bay]["allowed"] and s["chargers"][bay]["held_a"] == 0, 20)
        button(page, "Resume").click()
        expect(lead).not_to_contain_text("paused by request")
        desk.hub.wait_for(lambda s: s["chargers"][bay]["allowed"], 20)
        assert window.problems == []


def test_one_sees_which_limit_binds(desk: Desk, owner: dict[str, Any]) -> None:
    bay = bay_where(desk, lambda one: is_charging(one) and one["limit_reason"] == "circuit")
    with desk.window(owner) as window:
        page = window.go(f"/app/chargers/{bay}")
        smallest = page.get_by_role("region", name="Limits, smallest first").get_by_role("row").first
        expect(smallest).to_contain_text("binds")
        expect(smallest).to_contain_text("Share of")  # a fuse of the drawing binds at first
        page.get_by_label("At most").fill("6")
        button(page, "Set limit").click()
        expect(smallest).to_contain_text("Asked for")
        expect(smallest).to_contain_text("6.0 A")
        expect(page.locator(".lead")).to_contain_text("limited to 6 A by request")
        desk.hub.wait_for(lambda s: s["chargers"][bay]["held_a"] <= 6, 20)
        page.get_by_role("button", name="No limit").click()
        expect(smallest).not_to_contain_text("Asked for")


def test_a_refusal_stands_beside_its_control_with_the_next_step(desk: Desk, owner: dict[str, Any]) -> None:
    with desk.window(owner) as window:
        page = window.go("/app/chargers/bay-5")
        page.get_by_label("At most").fill("99")
        button(page, "Set limit").click()
        alert = page.locator("ev-limit").get_by_role("alert")
        expect(alert).to_contain_text("bay-5 can be asked for 0 to 16 A")
        expect(alert).to_contain_text("Next: give a number from 0 to 16")
        page.get_by_label("At most").fill("ten")
        button(page, "Set limit").click()
        expect(alert).to_contain_text("“ten” is no number")
        assert desk.hub.status()["chargers"]["bay-5"]["requested_a"] is None


def test_what_cannot_be_undone_is_asked_first(desk: Desk, owner: dict[str, Any]) -> None:
    bay = bay_where(desk, lambda one: one["session"]["transaction"] is not None and "start_stop" in one["can"])
    with desk.window(owner) as window:
        page = window.go(f"/app/chargers/{bay}")
        button(page, "Stop session").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("the driver has to start again")
        button(page, "Leave it").click()
        expect(dialog).to_be_hidden()
        assert desk.hub.status()["chargers"][bay]["session"]["transaction"] is not None


def test_a_device_is_retired_found_adopted_proved_and_renamed(desk: Desk, owner: dict[str, Any]) -> None:
    station = desk.hub.status()["chargers"]["bay-11"]["station"]
    with desk.window(owner) as window:
        page = window.go("/app/devices")
        known = page.get_by_role("listitem").filter(has_text=station)
        known.get_by_role("button", name="Retire").click()
        page.get_by_role("dialog").get_by_role("button", name="Retire").click()
        page.get_by_role("button", name=f"Adopt {station}").click()
        form = page.get_by_role("form", name=f"Adopt {station}")
        form.get_by_label("Name").fill("Bay eleven")
        form.get_by_label("Circuit").select_option("yard")
        form.get_by_label("Supply line").select_option("L3")
        form.get_by_label("Most").fill("32")
        form.get_by_role("button", name="Adopt").click()
        expect(page.get_by_text("is in the drawing.")).to_be_visible()
        status = desk.hub.wait_for(lambda s: any(c["name"] == "Bay eleven" for c in s["chargers"].values()), 10)
        id, charger = next((i, c) for i, c in status["chargers"].items() if c["name"] == "Bay eleven")
        assert (charger["circuit"], charger["drawn"]["phases"], charger["drawn"]["max_a"]) == ("yard", ["L3"], 32)

        known.get_by_role("button", name="Test with 6 A").click()
        for word in ("It took 6 A", "The limit is taken away again"):
            expect(known.get_by_text(word)).to_be_visible(timeout=60_000)
        assert desk.hub.status()["chargers"][id]["requested_a"] is None
        known.get_by_role("button", name="Rename").click()
        known.get_by_label("Name").fill("Bay 11 again")
        known.get_by_role("button", name="Rename").last.click()
        expect(known.get_by_role("heading", name="Bay 11 again")).to_be_visible()
        assert window.problems == []


def test_a_token_is_shown_once_and_ended(desk: Desk, owner: dict[str, Any]) -> None:
    with desk.window(owner) as window:
        page = window.go("/app/people")
        make = page.get_by_role("region", name="Make a token")
        make.get_by_role("button", name="Make").click()
        make.get_by_label("Name").fill("nodered")
        make.get_by_role("checkbox", name="viewer").check()
        make.get_by_role("button", name="Make").click()
        expect(page.get_by_text("The token of nodered")).to_be_visible()
        button(page, "I have it").click()
        tokens = page.get_by_role("listitem").filter(has_text="nodered")
        expect(tokens).to_contain_text("made by owner")
        button(page, "Revoke").click()
        page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        expect(tokens).to_have_count(0)


def test_history_is_a_chart_a_table_and_a_file(desk: Desk, owner: dict[str, Any]) -> None:
    with desk.window(owner) as window:
        page = window.go("/app/chargers/bay-2")
        expect(page.locator("ev-chart canvas")).to_be_visible()
        page.get_by_text("As a table").click()
        table = page.get_by_role("region", name="History as a table")
        expect(table.get_by_role("columnheader", name="Limit, A")).to_be_visible()
        with page.expect_download() as saving:
            page.get_by_role("link", name="All as CSV").click()
        head = saving.value.path().read_text().splitlines()[0]
        assert head.startswith("time_utc,power_w,current_l1_a")
        assert ",limit_a," in head
        assert window.problems == []


def test_sessions_of_a_month_and_a_file_of_them(desk: Desk, owner: dict[str, Any]) -> None:
    bay = bay_where(desk, lambda one: True)
    with desk.window(owner) as window:
        page = window.go("/app/sessions")
        expect(page.get_by_text("running").first).to_be_visible()
        page.get_by_label("Bay").select_option(bay)
        page.wait_for_url(f"**charger={bay}")
        expect(page.get_by_role("row")).to_have_count(2)  # the head and the one that runs
        with page.expect_download() as saving:
            button(page, "Save as CSV").click()
        head, first, *_ = saving.value.path().read_text().splitlines()
        assert head == "start,end,charger,token,energy_wh,reason,flags,id"
        assert f",{bay},CARD-{bay}," in first
        page.get_by_role("navigation", name="Months").get_by_role("link").first.click()
        expect(page.get_by_text("None in this time.")).to_be_visible()
