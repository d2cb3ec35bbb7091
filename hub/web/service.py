"""The hub's pages: `/` for everybody, `/app/` the read-only live page, `/api/v1/status`, `/api/v1/live`, `/healthz`."""

from __future__ import annotations

import asyncio
import hashlib
import html
import logging
from collections.abc import Awaitable, Callable, Mapping
from importlib import resources
from typing import Any

import aiohttp
import orjson
from aiohttp import web

from hub.core.bus import Bus
from hub.core.clock import Clock
from hub.core.listen import Listening, listen
from hub.core.tasks import Tasks
from hub.model.facts import ChargerChanged, CircuitsChanged, DeviceFound, DeviceLost, DrawingChanged, Fact, MeterChanged
from hub.web.config import WebConfig
from hub.web.local import Status

log = logging.getLogger(__name__)

SHOWN_AT_MOST_EVERY_S = 1.0
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


class Web:
    """The HTTP listener and everything behind it."""

    def __init__(self, config: WebConfig, bus: Bus, clock: Clock, status: Status) -> None:
        self._config, self._clock, self._status = config, clock, status
        self._tasks = Tasks("web")
        self._watchers: set[web.WebSocketResponse] = set()
        self._changed = asyncio.Event()
        self._listening: Listening | None = None
        wants = (ChargerChanged, MeterChanged, CircuitsChanged, DrawingChanged, DeviceFound, DeviceLost)
        bus.listen("web", wants, self._heard)

    @property
    def port(self) -> int:
        """The real port, also when 0 was asked for."""
        return 0 if self._listening is None else self._listening.port

    async def start(self) -> None:
        """Listen; PortInUse when another program has the port."""
        app = web.Application(middlewares=[_with_headers], client_max_size=64 * 1024)
        app.router.add_get("/", self._public)
        app.router.add_get("/app", _to_app)
        app.router.add_get("/app/", _static("app.html"))
        for name in ("app.css", "app.js", "icon.svg"):
            app.router.add_get(f"/static/{name}", _static(name))
        app.router.add_get("/api/v1/status", self._say_status)
        app.router.add_get("/api/v1/live", self._live)
        app.router.add_get("/healthz", _healthy)
        self._listening = await listen(app, self._config.bind, self._config.port, setting="web.port")
        self._tasks.keep("live", self._show)

    async def stop(self) -> None:
        """Close what watches, then the listener."""
        await self._tasks.close()
        for socket in list(self._watchers):
            await socket.close(code=aiohttp.WSCloseCode.GOING_AWAY)
        if self._listening is not None:
            await self._listening.close()

    async def _heard(self, fact: Fact) -> None:
        self._changed.set()

    async def _public(self, request: web.Request) -> web.Response:
        document = self._status()
        page = _file("public.html").decode()
        for word, value in _public_words(document).items():
            page = page.replace("{{" + word + "}}", html.escape(value))
        return web.Response(text=page, content_type="text/html")

    async def _say_status(self, request: web.Request) -> web.Response:
        """The whole site as JSON, with an ETag over everything but the moment of asking."""
        document = self._status()
        body = orjson.dumps(document)
        tag = hashlib.sha256(orjson.dumps({k: v for k, v in document.items() if k != "ts"})).hexdigest()[:32]
        response = web.Response(body=body, content_type="application/json", headers={"Cache-Control": "no-cache"})
        response.etag = tag
        if request.if_none_match is not None and any(wanted.value == tag for wanted in request.if_none_match):
            return web.Response(status=304, headers={"ETag": f'"{tag}"', "Cache-Control": "no-cache"})
        return response

    async def _live(self, request: web.Request) -> web.WebSocketResponse:
        """The same document now, and again whenever it changed, at most once a second."""
        socket = web.WebSocketResponse(heartbeat=30, max_msg_size=1024)
        await socket.prepare(request)
        await socket.send_bytes(orjson.dumps(self._status()))
        self._watchers.add(socket)
        try:
            async for _ in socket:
                pass  # a watcher has nothing to say
        finally:
            self._watchers.discard(socket)
        return socket

    async def _show(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._watchers:
                body = orjson.dumps(self._status())
                await asyncio.gather(*(_send(socket, body) for socket in list(self._watchers)))
            await self._clock.sleep(SHOWN_AT_MOST_EVERY_S)


async def _send(socket: web.WebSocketResponse, body: bytes) -> None:
    try:
        async with asyncio.timeout(5):
            await socket.send_bytes(body)
    except (TimeoutError, ConnectionError):
        await socket.close()


def _public_words(document: Mapping[str, Any]) -> dict[str, str]:
    """What the public page says: the site's name and how many bays are free. No more than a passer-by can see."""
    chargers = document["chargers"].values()
    free = sum(charger["online"] and charger["status"] == "available" for charger in chargers)
    return {"site": document["site"]["name"], "free": str(free), "total": str(len(chargers))}


def _file(name: str) -> bytes:
    return resources.files("hub.web").joinpath("static", name).read_bytes()


def _static(name: str) -> Handler:
    body = _file(name)
    kind = TYPES[name.rpartition(".")[2]]

    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=body, content_type=kind, charset="utf-8", headers={"Cache-Control": "no-cache"})

    return answer


async def _to_app(request: web.Request) -> web.Response:
    raise web.HTTPFound("/app/")


async def _healthy(request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


@web.middleware
async def _with_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    response = await handler(request)
    if not response.prepared:
        response.headers.update(HEADERS)
    return response
