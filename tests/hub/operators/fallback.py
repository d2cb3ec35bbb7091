"""The HTTPS side of the small operator of the tests."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from tests.hub.operators.peer import Peer

TLS = Path(__file__).parents[2] / "tls"
TOKEN = "s3cret"


@dataclass
class Fallback:
    """What it does with requests: `refuses` is an HTTP status that it answers instead."""

    peer: Peer
    refuses: int | None = None
    requests: list[str] = field(default_factory=list)

    async def events(self, request: web.Request) -> web.Response:
        """A batch: the ack is in the answer."""
        self._look(request)
        return web.json_response(self.peer.take(await request.json()))

    async def status(self, request: web.Request) -> web.Response:
        """The live status."""
        self._look(request)
        self.peer.take_status(await request.json())
        return web.Response(status=204)

    def _look(self, request: web.Request) -> None:
        self.requests.append(request.path)
        if self.refuses is not None:
            raise _refusal(self.refuses)
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise web.HTTPUnauthorized


def _refusal(status: int) -> web.HTTPException:
    return {401: web.HTTPUnauthorized(), 503: web.HTTPServiceUnavailable()}[status]


@asynccontextmanager
async def serving(fallback: Fallback, port: int, *, tls: bool = False) -> AsyncIterator[None]:
    """Listen until the end of the block."""
    app = web.Application(client_max_size=1024 * 1024)
    app.router.add_post("/v1/events", fallback.events)
    app.router.add_post("/v1/status", fallback.status)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    context = None
    if tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(TLS / "broker.pem", TLS / "broker.key")
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=context).start()
    try:
        yield
    finally:
        await runner.cleanup()
