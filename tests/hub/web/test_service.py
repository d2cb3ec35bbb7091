"""The pages over real sockets: watchers that are slow or gone, names that are HTML, and where the hub says it is."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest

from hub.core.bus import Bus
from hub.core.clock import SystemClock
from hub.model.facts import CircuitsChanged
from hub.model.person import Role
from hub.web import live
from hub.web.config import WebConfig
from hub.web.doors import Doors, Guest
from hub.web.service import Web
from tests.simulator.bench import until

NAME = "<script>alert(1)</script> {{free}}"


KEY = {"Authorization": "Bearer sesame"}


class Keeper:
    """Knows one token."""

    async def by_cookie(self, secret: str) -> Guest | None:
        return None

    async def by_token(self, secret: str, origin: str) -> Guest | None:
        return Guest("vera", frozenset({Role.VIEWER}), None) if secret == "sesame" else None


class Site:
    """A status document that is as large as the test wants, and counts how often it was asked for."""

    def __init__(self) -> None:
        self.asked = 0
        self.padding = ""

    def status(self) -> dict[str, object]:
        self.asked += 1
        hub = {"loop_lag_ms": {"p99": 0.1, "max": self.asked}}
        return {"ts": self.asked, "site": {"name": NAME}, "chargers": {}, "padding": self.padding, "hub": hub}


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
async def web(site: Site, bus: Bus, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Web]:
    monkeypatch.setattr(live, "SHOWN_AT_MOST_EVERY_S", 0.01)
    running = Web(WebConfig(port=0, bind="127.0.0.1"), bus, SystemClock(), site.status, Doors(Keeper()))
    await running.start()
    yield running
    await running.stop()
    await bus.close()


def change(bus: Bus) -> None:
    bus.publish(CircuitsChanged())


async def watcher_that_never_reads(port: int) -> socket.socket:
    """An upgraded websocket whose owner does nothing more."""
    loop = asyncio.get_running_loop()
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    await loop.sock_connect(raw, ("127.0.0.1", port))
    key = base64.b64encode(os.urandom(16)).decode()
    upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key
    upgrade += f"\r\nAuthorization: {KEY['Authorization']}"
    await loop.sock_sendall(raw, f"GET /api/v1/live HTTP/1.1\r\nHost: hub\r\n{upgrade}\r\n\r\n".encode())
    assert (await loop.sock_recv(raw, 12)).endswith(b"101")
    return raw


async def test_a_watcher_that_never_reads_holds_nobody_up(web: Web, site: Site, bus: Bus) -> None:
    slow = await watcher_that_never_reads(web.port)
    async with (
        aiohttp.ClientSession(headers=KEY) as session,
        session.ws_connect(f"{web.address}/api/v1/live", max_msg_size=0) as quick,
    ):
        await quick.receive()
        site.padding = "x" * 8_000_000  # more than the kernel keeps for it
        async with asyncio.timeout(live.SLOWEST_S - 1):
            for _ in range(3):
                change(bus)
                await quick.receive()
    slow.close()


async def test_stopping_does_not_wait_for_a_watcher_that_never_reads(web: Web, site: Site, bus: Bus) -> None:
    slow = await watcher_that_never_reads(web.port)
    site.padding, before = "x" * 8_000_000, site.asked
    change(bus)
    await until(lambda: site.asked > before)
    async with asyncio.timeout(5):
        await web.stop()
    slow.close()


async def test_a_hundred_watchers_get_the_document_that_was_made_once(web: Web, site: Site, bus: Bus) -> None:
    async with aiohttp.ClientSession(headers=KEY, connector=aiohttp.TCPConnector(limit=0)) as session:
        watchers = [await session.ws_connect(f"{web.address}/api/v1/live") for _ in range(100)]
        for watcher in watchers:
            await watcher.receive()
        before = site.asked
        change(bus)
        async with asyncio.timeout(5):
            heard = {(await watcher.receive()).data for watcher in watchers}
        assert (len(heard), site.asked) == (1, before + 1)
        for watcher in watchers:
            await watcher.close()


async def test_a_name_that_is_html_is_shown_as_text(web: Web) -> None:
    async with aiohttp.ClientSession(headers=KEY) as session, session.get(f"{web.address}/") as page:
        shown = await page.text()
    assert "<script>alert(1)</script>" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{free}}" in shown  # its braces are no blanks to be filled


async def test_who_asks_again_is_told_when_nothing_is_new(web: Web, site: Site) -> None:
    async with aiohttp.ClientSession(headers=KEY) as session:
        url = f"{web.address}/api/v1/status"
        async with session.get(url) as first:
            tag = first.headers["ETag"]
        async with session.get(url, headers={"If-None-Match": tag}) as again:
            assert again.status == 304  # the moment and the hub's own figures are no news
        site.padding = "x"
        async with session.get(url, headers={"If-None-Match": tag}) as changed:
            assert changed.status == 200


async def test_health_is_an_answer_and_how_late_the_loop_was(web: Web) -> None:
    async with aiohttp.ClientSession(headers=KEY) as session, session.get(f"{web.address}/healthz") as answer:
        assert await answer.json() == {"status": "ok", "hub": {"loop_lag_ms": {"p99": 0.1, "max": 1}}}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("POST", "/app/", 405), ("GET", "/static/../service.py", 404), ("GET", "/app", 302)],
)
async def test_answers_that_are_no_page_have_the_same_headers(web: Web, method: str, path: str, status: int) -> None:
    async with (
        aiohttp.ClientSession(headers=KEY) as session,
        session.request(method, f"{web.address}{path}", allow_redirects=False) as answer,
    ):
        assert answer.status == status
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("bind", "address"),
    [
        ("0.0.0.0", "http://127.0.0.1:0"),
        ("192.168.1.5", "http://192.168.1.5:0"),
        ("::", "http://[::1]:0"),
        ("fd00::5", "http://[fd00::5]:0"),
    ],
)
async def test_it_says_an_address_where_it_really_listens(site: Site, bus: Bus, bind: str, address: str) -> None:
    assert Web(WebConfig(bind=bind), bus, SystemClock(), site.status).address == address
