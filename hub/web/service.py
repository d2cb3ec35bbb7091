"""The hub's listener: its own pages, the live document, the health check, and the routes that others add.

Open to everybody are `/`, the shell of the pages (which holds nothing), `/healthz`, and what says so.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Mapping
from importlib import resources
from ipaddress import ip_address
from typing import Any

import orjson
from aiohttp import hdrs, web

from hub.core.bus import Bus
from hub.core.clock import Clock
from hub.core.listen import Listening, listen
from hub.core.shapes import Health, SiteDocument
from hub.model.errors import EvhubError, Invalid, NotFound
from hub.model.facts import ChargerChanged, CircuitsChanged, DeviceFound, DeviceLost, DrawingChanged, Fact, MeterChanged
from hub.model.person import EVERYBODY
from hub.web import pages
from hub.web.changes import MOVES
from hub.web.config import WebConfig
from hub.web.doors import Doors
from hub.web.live import Live
from hub.web.local import Status
from hub.web.routes import API, Handler, Route, failed

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
WORD = re.compile(r"\{\{(\w+)\}\}")


class Web:
    """The HTTP listener and everything behind it. `routes`: what it answers, once it has started."""

    def __init__(self, config: WebConfig, bus: Bus, clock: Clock, status: Status, doors: Doors | None = None) -> None:
        self._config, self._clock, self._status = config, clock, status
        self._doors = doors or Doors(keeper=None)
        self._added: list[Route] = []
        self.routes: list[Route] = []
        self.live = Live(clock, status, self._doors)
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
        self._added.extend(routes)

    async def start(self) -> None:
        """Listen; PortInUse when another program has the port."""
        app = web.Application(middlewares=[_with_errors], client_max_size=64 * 1024)
        app.on_response_prepare.append(_add_headers)
        self.routes = [*self._own(), *self._added]
        for route in self.routes:
            add = app.router.add_get if route.method == hdrs.METH_GET else app.router.add_post  # GET brings HEAD along
            add(route.path, self._doors.guarded(route))
        tls = self._config.tls()
        self._listening = await listen(app, self._config.bind, self._config.port, setting="web.port", tls=tls)
        self.live.start()

    def _own(self) -> list[Route]:
        status = "The whole site in one document."
        answers = {200: "The document.", 304: "Nothing is new since the one with that ETag."}
        healthy = "It lives, and how late its event loop was of late."
        return [
            Route("GET", "/", self._public, None),
            Route("GET", "/app", _to_app, None),
            Route("GET", "/static/public.css", _static("public.css"), None),
            *pages.routes(),
            Route("GET", "/healthz", self._healthy, None, healthy, gives=Health),
            Route("GET", f"{API}/status", self._say_status, EVERYBODY, status, gives=SiteDocument, answers=answers),
            self.live.route,
        ]

    async def stop(self) -> None:
        """Close what watches, then the listener."""
        await self.live.stop()
        if self._listening is not None:
            await self._listening.close()

    async def _heard(self, fact: Fact) -> None:
        self.live.changed()

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


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)


@web.middleware
async def _with_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """One shape for every error of the API."""
    try:
        return await handler(request)
    except EvhubError as why:
        return failed(why)
    except web.HTTPNotFound:
        if request.path.startswith(API):
            return failed(NotFound(f"there is nothing at {request.path}", f"see {API}/openapi.json"))
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
