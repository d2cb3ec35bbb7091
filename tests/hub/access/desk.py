"""An access room behind a real HTTP listener, with a real database and a clock that the test moves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from hub.access.api import AccessApi
from hub.access.config import AccessConfig
from hub.access.service import Access
from hub.core.bus import Bus
from hub.core.documents import Documents
from hub.core.orders import Args, Caller, Envelope, Orders, Result
from hub.core.store import Store
from hub.model.person import EVERYBODY, STEER
from hub.sdk.testing.clock import FakeClock
from hub.web.config import WebConfig
from hub.web.doors import CSRF, Doors, caller_of
from hub.web.routes import Route, json
from hub.web.service import Web
from tests.stores import store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BOX = Caller("root", "cli", EVERYBODY)
PASSWORD = "correct horse battery"
Json = dict[str, Any]


class Desk:
    """One life of the room."""

    def __init__(self, running: Store, clock: FakeClock, bus: Bus) -> None:
        self.store, self.clock, self.bus = running, clock, bus
        self.orders = Orders(clock)
        self.access = Access(running, Documents(running, clock), self.orders, clock, AccessConfig())
        self.doors = Doors(self.access)
        self.web = Web(WebConfig(port=0, bind="127.0.0.1"), bus, clock, dict, self.doors)
        self.web.add(*AccessApi(self.access, self.doors, self.orders).routes)
        self.web.add(Route("POST", "/api/v1/steer", _who, STEER), Route("GET", "/api/v1/look", _who, EVERYBODY))
        self.orders.serve("charger.steer", Args, self._steer, says="Steer.", may=STEER)

    async def _steer(self, args: Args, caller: Caller) -> Result:
        return {}

    async def order(self, order: str, /, **args: object) -> Json:
        """An order of somebody on the box itself."""
        reply = await self.orders.answer(Envelope(order, args), BOX)
        assert reply.error is None, reply.error
        return dict(reply.result or {})

    async def refused(self, order: str, /, **args: object) -> tuple[str, str]:
        """Why it is not done, and what to do."""
        reply = await self.orders.answer(Envelope(order, args), BOX)
        assert reply.error is not None
        return reply.error.code, reply.error.next

    async def book(self) -> list[tuple[str, str, str, str | None, str]]:
        """Who did what by which way from where, and what came of it; the oldest first."""
        lines = (await self.order("audit.list"))["lines"]
        return [(line["who"], line["order"], line["via"], line["origin"], line["result"]) for line in reversed(lines)]

    def browser(self) -> Browser:
        """A browser without a login."""
        return Browser(self.web.address)


class Browser:
    """Keeps the cookie, and sends the word against forgery once it knows it."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self.headers: dict[str, str] = {}

    async def __aenter__(self) -> Browser:
        return self

    async def __aexit__(self, *why: object) -> None:
        await self.session.close()

    async def get(self, path: str, **headers: str) -> tuple[int, Json]:
        async with self.session.get(f"{self.address}/api/v1/{path}", headers=headers) as answer:
            return answer.status, await answer.json()

    async def post(self, path: str, document: object = None, **headers: str) -> tuple[int, Json]:
        sent = {**self.headers, **headers}
        async with self.session.post(f"{self.address}/api/v1/{path}", json=document or {}, headers=sent) as answer:
            said: Json = await answer.json()
            if isinstance(said.get("csrf"), str):
                self.headers[CSRF] = said["csrf"]
            return answer.status, said

    async def claim(self, code: str | None) -> tuple[int, Json]:
        return await self.post("claim", {"code": code, "name": "Olga", "password": PASSWORD})

    async def login(self, name: str = "olga", password: str = PASSWORD) -> tuple[int, Json]:
        return await self.post("login", {"name": name, "password": password})


async def _who(request: web.Request) -> web.Response:
    caller = caller_of(request)
    return json({"who": caller.who, "via": caller.via, "roles": sorted(caller.roles)})


@asynccontextmanager
async def desk(where: Path | str, clock: FakeClock | None = None) -> AsyncIterator[Desk]:
    """A life of the room on this database, from its start to a clean stop."""
    clock, bus = clock or FakeClock(NOON), Bus()
    async with store(where, clock) as running:
        made = Desk(running, clock, bus)
        await made.access.start()
        await made.web.start()
        try:
            yield made
        finally:
            await made.web.stop()
            await made.access.stop()
            await bus.close()
