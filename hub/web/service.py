"""The hub's listener: its own pages, the live document, the health check, and the routes that others add.

Open to everybody are `/`, the shell of the pages (which holds nothing), `/healthz`, and what says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import html
import logging
import re
from collections.abc import Callable, Mapping
from importlib import resources
from ipaddress import ip_address
from typing import Any

import aiohttp
import orjson
from aiohttp import web

from hub.core.bus import Bus
from hub.core.clock import Clock
from hub.core.listen import Listening, listen
from hub.core.tasks import Tasks
from hub.model.errors import EvhubError, Invalid, NotFound
from hub.model.facts import ChargerChanged, CircuitsChanged, DeviceFound, DeviceLost, DrawingChanged, Fact, MeterChanged
from hub.model.person import EVERYBODY
from hub.web import pages
from hub.web.config import WebConfig
from hub.web.doors import Doors
from hub.web.local import Status
from hub.web.routes import Handler, Route, failed

log = logging.getLogger(__name__)

SHOWN_AT_MOST_EVERY_S = 1.0
SLOWEST_S = 5.0  # a watcher that takes longer for one document is cut off; the page dials again
GOODBYE_S = 1.0
MOVES = ("ts", "hub")  # differs in each document, and is no news
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
API = "/api/v1/"
WORD = re.compile(r"\{\{(\w+)\}\}")


class Watcher:
    """One open page. It gets the latest document as fast as it takes it; one that takes nothing is cut off."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport | None) -> None:
        self.news = asyncio.Event()
        self.news.set()
        self._socket, self._transport = socket, transport
        self._is_sending = False

    async def tell(self, latest: Callable[[], bytes]) -> None:
        """Send the latest document whenever there is news, until the connection ends."""
        try:
            while True:
                await self.news.wait()
                self.news.clear()
                self._is_sending = True
                async with asyncio.timeout(SLOWEST_S):
                    await self._socket.send_bytes(latest())
                self._is_sending = False
        except (TimeoutError, ConnectionError):
            self._abort()

    async def dismiss(self) -> None:
        """Say goodbye, or cut it off when it does not listen: a goodbye would wait behind what it did not take."""
        if self._is_sending:
            return self._abort()
        try:
            async with asyncio.timeout(GOODBYE_S):
                await self._socket.close(code=aiohttp.WSCloseCode.GOING_AWAY)
        except (TimeoutError, ConnectionError):
            self._abort()

    def _abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class Web:
    """The HTTP listener and everything behind it."""

    def __init__(self, config: WebConfig, bus: Bus, clock: Clock, status: Status, doors: Doors | None = None) -> None:
        self._config, self._clock, self._status = config, clock, status
        self._doors = doors or Doors(keeper=None)
        self._routes: list[Route] = []
        self._tasks = Tasks("web")
        self._watchers: set[Watcher] = set()
        self._body = b""
        self._changed = asyncio.Event()
        self._listening: Listening | None = None
        wants = (ChargerChanged, MeterChanged, CircuitsChanged, DrawingChanged, DeviceFound, DeviceLost)
        bus.listen("web", wants, self._heard)

    @property
    def port(self) -> int:
        """The real port, also when 0 was asked for."""
        return 0 if self._listening is None else self._listening.port

    @property
    def address(self) -> str:
        """Where a browser on this machine finds it: http://127.0.0.1:8080, or the one address that it listens on."""
        bind = ip_address(self._config.bind)
        host = ("127.0.0.1" if bind.version == 4 else "::1") if bind.is_unspecified else self._config.bind
        scheme = "http" if self._config.certificate is None else "https"
        return f"{scheme}://[{host}]:{self.port}" if bind.version == 6 else f"{scheme}://{host}:{self.port}"

    def add(self, *routes: Route) -> None:
        """Answer these too, from the next start on."""
        self._routes.extend(routes)

    async def start(self) -> None:
        """Listen; PortInUse when another program has the port."""
        app = web.Application(middlewares=[_with_headers, _with_errors], client_max_size=64 * 1024)
        for route in (*self._own(), *self._routes):
            app.router.add_route(route.method, route.path, self._doors.guarded(route))
        tls = self._config.tls()
        self._listening = await listen(app, self._config.bind, self._config.port, setting="web.port", tls=tls)
        self._tasks.keep("live", self._show)

    def _own(self) -> list[Route]:
        return [
            Route("GET", "/", self._public, None),
            Route("GET", "/app", _to_app, None),
            Route("GET", "/static/public.css", _static("public.css"), None),
            *pages.routes(),
            Route("GET", "/healthz", self._healthy, None, "It lives, and how late its event loop was of late."),
            Route("GET", "/api/v1/status", self._say_status, EVERYBODY, "The whole site in one document."),
            Route("GET", "/api/v1/live", self._live, EVERYBODY, "WebSocket: that document, now and when it changes."),
        ]

    async def stop(self) -> None:
        """Close what watches, then the listener."""
        await self._tasks.close()
        await asyncio.gather(*(watcher.dismiss() for watcher in self._watchers))
        if self._listening is not None:
            await self._listening.close()

    async def _heard(self, fact: Fact) -> None:
        self._changed.set()

    async def _public(self, request: web.Request) -> web.Response:
        document = self._status()
        words = _public_words(document)
        page = WORD.sub(lambda found: html.escape(words[found.group(1)]), _file("public.html").decode())
        return web.Response(text=page, content_type="text/html")

    async def _say_status(self, request: web.Request) -> web.Response:
        """The whole site as JSON, with an ETag over everything but the moment of asking and the hub's own figures."""
        document = self._status()
        body = orjson.dumps(document)
        tag = hashlib.sha256(orjson.dumps({k: v for k, v in document.items() if k not in MOVES})).hexdigest()[:32]
        response = web.Response(body=body, content_type="application/json", headers={"Cache-Control": "no-cache"})
        response.etag = tag
        if request.if_none_match is not None and any(wanted.value == tag for wanted in request.if_none_match):
            return web.Response(status=304, headers={"ETag": f'"{tag}"', "Cache-Control": "no-cache"})
        return response

    async def _healthy(self, request: web.Request) -> web.Response:
        """It answers, so it lives; and how late its event loop was of late."""
        return web.json_response({"status": "ok", "hub": self._status()["hub"]})

    async def _live(self, request: web.Request) -> web.WebSocketResponse:
        """The same document now, and again whenever it changed, at most once a second."""
        socket = web.WebSocketResponse(heartbeat=30, max_msg_size=1024)
        with contextlib.suppress(ConnectionError):  # it may be gone before it is answered
            await socket.prepare(request)
            self._body = orjson.dumps(self._status())
            watcher = Watcher(socket, request.transport)
            self._watchers.add(watcher)
            telling = self._tasks.once("watcher", watcher.tell(lambda: self._body))
            try:
                async for _ in socket:
                    pass  # a watcher has nothing to say
            finally:
                self._watchers.discard(watcher)
                telling.cancel()
        return socket

    async def _show(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._watchers:
                self._body = orjson.dumps(self._status())
                for watcher in self._watchers:
                    watcher.news.set()
            await self._clock.sleep(SHOWN_AT_MOST_EVERY_S)


def _public_words(document: Mapping[str, Any]) -> dict[str, str]:
    """What the public page says: the site's name and how many bays are free. No more than a passer-by can see."""
    chargers = document["chargers"].values()
    free = sum(charger["online"] and charger["status"] == "available" for charger in chargers)
    return {"site": document["site"]["name"], "free": str(free), "total": str(len(chargers))}


def _file(name: str) -> bytes:
    return resources.files("hub.web").joinpath("static", name).read_bytes()


def _static(name: str) -> Handler:
    body = _file(name)

    async def answer(request: web.Request) -> web.Response:
        headers = {"Cache-Control": "no-cache"}
        return web.Response(body=body, content_type="text/css", charset="utf-8", headers=headers)

    return answer


async def _to_app(request: web.Request) -> web.Response:
    raise web.HTTPFound("/app/")


@web.middleware
async def _with_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        response = await handler(request)
    except web.HTTPException as refused:
        refused.headers.update(HEADERS)
        raise
    if not response.prepared:
        response.headers.update(HEADERS)
    return response


@web.middleware
async def _with_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """One shape for every error of the API."""
    try:
        return await handler(request)
    except EvhubError as why:
        return failed(why)
    except web.HTTPNotFound:
        if request.path.startswith(API):
            return failed(NotFound(f"there is nothing at {request.path}", f"see {API}openapi.json"))
        raise
    except web.HTTPMethodNotAllowed as wrong:
        if request.path.startswith(API):
            allowed = " or ".join(sorted(wrong.allowed_methods))
            answer = failed(Invalid(f"{request.path} does not take {request.method}", f"use {allowed}"))
            answer.set_status(405)
            answer.headers["Allow"] = ", ".join(sorted(wrong.allowed_methods))
            return answer
        raise
    except web.HTTPRequestEntityTooLarge:
        answer = failed(Invalid("the request is too large", "send less than 64 kB"))
        answer.set_status(413)
        return answer
