"""The live socket: one document or many changes, going on after a break, and logins that end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hub.model.facts import CircuitsChanged
from hub.web import live
from tests.hub.access.desk import PASSWORD, Browser, Desk, desk
from tests.simulator.bench import until

PATH = "/api/v1/live"


class Site:
    """What the status says; a test changes it."""

    def __init__(self) -> None:
        self.power_w = 0

    def status(self) -> dict[str, object]:
        return {"ts": self.power_w, "site": {"power_w": self.power_w}, "chargers": {"bay-1": {"power_w": 7}}}


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path) as made:
        yield made


@pytest.fixture
async def site(hub: Desk) -> Site:
    made = Site()
    hub.web.live._status = made.status
    return made


@pytest.fixture
async def olga(hub: Desk) -> AsyncIterator[Browser]:
    async with hub.browser() as browser:
        await browser.claim(hub.access.claim_code)
        yield browser


async def watch(browser: Browser, query: str = "") -> aiohttp.ClientWebSocketResponse:
    return await browser.session.ws_connect(f"{browser.address}{PATH}{query}")


async def moves(hub: Desk, site: Site, power_w: int) -> None:
    """The site changes, and a second passes."""
    site.power_w = power_w
    hub.bus.publish(CircuitsChanged())
    await hub.clock.advance(live.SHOWN_AT_MOST_EVERY_S)


async def test_the_whole_document_where_nothing_else_is_asked_for(hub: Desk, site: Site, olga: Browser) -> None:
    async with await watch(olga) as socket:
        assert (await socket.receive_json())["site"] == {"power_w": 0}
        await moves(hub, site, 5)
        assert (await socket.receive_json()) == site.status()


async def test_a_snapshot_then_changes_then_going_on(hub: Desk, site: Site, olga: Browser) -> None:
    async with await watch(olga, "?changes=1") as socket:
        snapshot = await socket.receive_json()
        assert (snapshot["kind"], snapshot["status"]) == ("snapshot", site.status())
        await moves(hub, site, 5)
        change: dict[str, Any] = await socket.receive_json()
    place = f"?after={change['seq']}&epoch={change['epoch']}"
    assert (change["kind"], change["seq"], change["site"]) == ("change", snapshot["seq"] + 1, {"power_w": 5})
    assert "chargers" not in change
    await until(lambda: hub.web.live.watchers == 0)
    site.power_w = 6  # while nobody watches
    async with await watch(olga, place) as socket:
        missed = await socket.receive_json()
        assert (missed["kind"], missed["seq"], missed["site"]) == ("change", change["seq"] + 1, {"power_w": 6})


@pytest.mark.parametrize("place", ["?after=1&epoch=another", "?after=1", "?after=999&epoch={epoch}"])
async def test_a_place_that_is_not_ours_gets_a_snapshot(site: Site, olga: Browser, place: str) -> None:
    async with await watch(olga, "?changes=1") as socket:
        epoch = (await socket.receive_json())["epoch"]
    async with await watch(olga, place.format(epoch=epoch)) as socket:
        assert (await socket.receive_json())["kind"] == "snapshot"


async def test_a_question_that_is_no_socket(hub: Desk, olga: Browser) -> None:
    status, said = await olga.get("live")
    assert (status, said["error"]["code"]) == (400, "invalid")


async def test_more_sockets_than_the_hub_bears(hub: Desk, olga: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_WATCHERS", 2)
    async with await watch(olga), await watch(olga):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await watch(olga)
        assert refused.value.status == 429


async def closed(hub: Desk, socket: aiohttp.ClientWebSocketResponse) -> int:
    """Ten seconds pass; the code with which the hub closes the socket."""
    await hub.clock.advance(10)
    async with asyncio.timeout(5):
        while (message := await socket.receive()).type is not aiohttp.WSMsgType.CLOSE:
            assert message.type is aiohttp.WSMsgType.TEXT
    code: int = message.data
    return code


@pytest.mark.parametrize("how", ["logout", "password", "removed", "idle"])
async def test_a_login_that_ends_closes_its_socket_within_ten_seconds(
    hub: Desk, site: Site, olga: Browser, how: str
) -> None:
    async with await watch(olga) as socket:
        await socket.receive()
        await hub.clock.advance(20)
        assert hub.web.live.watchers == 1
        if how == "logout":
            await olga.post("logout")
        elif how == "password":
            await olga.post("password", {"old": PASSWORD, "new": "another horse, a battery"})
        elif how == "removed":
            await hub.order("user.add", name="anne", roles=["owner"])
            await hub.order("user.remove", name="olga")
        else:
            hub.clock.jump(8 * 86_400)
        assert await closed(hub, socket) == aiohttp.WSCloseCode.POLICY_VIOLATION


async def test_a_token_that_is_revoked_closes_its_socket(hub: Desk, site: Site) -> None:
    token = (await hub.order("token.create", name="panel", roles=["viewer"]))["token"]
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session,
        session.ws_connect(f"{hub.web.address}{PATH}") as socket,
    ):
        await socket.receive()
        await hub.order("token.revoke", name="panel")
        assert await closed(hub, socket) == aiohttp.WSCloseCode.POLICY_VIOLATION


async def test_a_guesser_at_the_same_address_closes_nobodys_socket(hub: Desk, site: Site) -> None:
    token = (await hub.order("token.create", name="panel", roles=["viewer"]))["token"]
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{hub.web.address}{PATH}", headers={"Authorization": f"Bearer {token}"}) as socket,
    ):
        await socket.receive()
        for _ in range(8):
            async with session.get(f"{hub.web.address}/api/v1/me", headers={"Authorization": "Bearer evhub_x"}):
                pass
        await hub.clock.advance(10)
        assert hub.web.live.watchers == 1
        await hub.order("token.revoke", name="panel")
        assert await closed(hub, socket) == aiohttp.WSCloseCode.POLICY_VIOLATION


async def test_a_page_of_another_site_cannot_watch(hub: Desk, olga: Browser) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await olga.session.ws_connect(f"{olga.address}{PATH}", origin="https://evil.example")
    assert refused.value.status == 403
