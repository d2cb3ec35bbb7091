"""A whole hub as its composition root makes it, with nothing on the network, and a token for each role."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from hub.app import App
from hub.config.load import load
from hub.core.orders import Caller, Envelope
from hub.model.person import EVERYBODY, Role

SITE = """
site: {name: Desk}
grid: {limit_a: 25}
circuits:
  garage: {parent: grid, limit_a: 20}
chargers:
  bay-1: {integration: ocpp, station: CP1, circuit: garage}
  bay-2: {integration: ocpp, station: CP2, circuit: garage}
web: {port: 0, bind: 127.0.0.1}
ocpp: {port: 0, bind: 127.0.0.1}
mqtt: {enabled: false}
discovery: {enabled: false}
"""
BOX = Caller("root", "cli", EVERYBODY)
Json = dict[str, Any]


class Whole:
    """The hub, and programs of every role that ask it."""

    def __init__(self, app: App, session: aiohttp.ClientSession) -> None:
        self.app, self.session = app, session
        self.tokens: dict[str, str] = {}

    async def order(self, name: str, /, **args: object) -> Json:
        """An order of somebody on the box itself."""
        reply = await self.app.orders.answer(Envelope(name, args), BOX)
        assert reply.error is None, reply.error
        return dict(reply.result or {})

    async def ask(
        self, method: str, path: str, role: str | None = "owner", document: object = None, **headers: str
    ) -> tuple[int, Json, Any]:
        """Status, document and headers of what a program of this role is answered; None: one without a token."""
        bearer = {} if role is None else {"Authorization": f"Bearer {self.tokens[role]}"}
        url = f"{self.app.web.address}{path}"
        async with self.session.request(method, url, headers={**bearer, **headers}, json=document) as answer:
            body = await answer.read()
            is_json = body and answer.content_type == "application/json"
            return answer.status, await answer.json() if is_json else {"text": body.decode()}, answer.headers

    async def get(self, path: str, role: str | None = "owner", **headers: str) -> tuple[int, Json]:
        """GET below /api/v1."""
        return (await self.ask("GET", f"/api/v1/{path}", role, **headers))[:2]

    async def give(self, name: str, role: str | None = "owner", /, **document: object) -> tuple[int, Json]:
        """Give an order by HTTP."""
        return (await self.ask("POST", f"/api/v1/orders/{name}", role, document))[:2]


@asynccontextmanager
async def whole(folder: Path, config: str = SITE) -> AsyncIterator[Whole]:
    """A life of the hub."""
    (folder / "config.yaml").write_text(config)
    app = App(load(folder / "config.yaml"), folder)
    await app.start()
    try:
        async with aiohttp.ClientSession() as session:
            made = Whole(app, session)
            for role in Role:
                made.tokens[role] = (await made.order("token.create", name=role, roles=[role]))["token"]
            yield made
    finally:
        await app.stop()
