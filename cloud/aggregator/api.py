"""The HTTP side: what hubs push where MQTT is blocked, and the fleet for the operator. One JSON shape for errors."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web
from pydantic_core import to_json

from cloud.aggregator.database import AWAY
from cloud.aggregator.fleet import Fleet, Page
from cloud.aggregator.parcels import Parcel, opened
from cloud.aggregator.store import Reached, Store
from hub.wire.operator.topics import Topics

log = logging.getLogger(__name__)

MOST_BYTES = 8 * 1024 * 1024
MOST_HUBS = 5000
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Problem(Exception):
    """An answer that is an error: a code for programs, what happened, and what to do next."""

    def __init__(self, status: int, code: str, message: str, next_step: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"code": code, "message": message, "next": next_step}}


class Api:
    """The handlers. Every hub has a token of its own, and whose a batch is, is said by the token."""

    def __init__(self, fleet: Fleet, store: Store, operator_token: str | None) -> None:
        self._fleet, self._store, self._operator_token = fleet, store, operator_token

    def application(self) -> web.Application:
        """The routes of `/v1`, and `/healthz`."""
        app = web.Application(client_max_size=MOST_BYTES, middlewares=[in_one_shape])
        app.router.add_post("/v1/events", self.events)
        app.router.add_post("/v1/status", self.status)
        app.router.add_get("/v1/fleet", self.fleet)
        app.router.add_get("/healthz", self.health)
        return app

    async def events(self, request: web.Request) -> web.Response:
        """Keep a Batch; the answer is the Ack, sent after the commit."""
        hub = await self._hub(request)
        reached = await self._kept(Parcel(Topics(hub).events, await request.read()))
        return _json(reached.ack(resend=reached.has_gap).to_json())

    async def status(self, request: web.Request) -> web.Response:
        """Keep a Status."""
        hub = await self._hub(request)
        await self._kept(Parcel(Topics(hub).status, await request.read()))
        return web.Response(status=204)

    async def fleet(self, request: web.Request) -> web.Response:
        """The hubs, each with its last status; `?hub=` for one, `?after=` and `?limit=` for pages."""
        self._must_be_operator(request)
        page = _page(request)
        hubs = await self._fleet.hubs(page)
        more = hubs[-1]["hub"] if len(hubs) == page.limit else None
        body = to_json({"schema": "evhub.fleet.v1", "hubs": hubs, "after": more})
        etag = hashlib.sha256(body).hexdigest()[:32]
        if any(known.value == etag for known in request.if_none_match or ()):
            return web.Response(status=304, headers={"ETag": f'"{etag}"'})
        answer = _json(body)
        answer.etag = etag
        return answer

    async def health(self, request: web.Request) -> web.Response:
        """200 while the database answers."""
        await self._fleet.is_well()
        return _json(to_json({"ok": True}))

    async def _hub(self, request: web.Request) -> str:
        hub = await self._fleet.hub_of(_bearer(request))
        if hub is None:
            raise Problem(401, "unauthorised", "this token is no hub's", "make one: python -m cloud.tokens add <hub>")
        return hub

    async def _kept(self, parcel: Parcel) -> Reached:
        refused = opened([parcel]).refused
        reached = await self._store.keep([parcel])  # a refused one too: it is looked at later
        if refused or not reached:
            why = refused[0].reason if refused else "the database does not take it"
            raise Problem(400, "invalid", why, "compare it with docs/reference/operator.schema.json")
        return reached[0]

    def _must_be_operator(self, request: web.Request) -> None:
        token = _bearer(request).encode()
        if self._operator_token is None or not hmac.compare_digest(token, self._operator_token.encode()):
            raise Problem(401, "unauthorised", "this token is not the operator's", "see --operator-token-file")


@web.middleware
async def in_one_shape(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors of every origin as `{"error": {"code", "message", "next"}}`."""
    try:
        return await handler(request)
    except Problem as known:
        problem = known
    except AWAY as failed:
        log.warning("the database is away: %s", str(failed).partition("\n")[0])
        problem = Problem(503, "unreachable", "the database does not answer", "try again later")
    except web.HTTPException as failed:
        why = failed.reason or "error"
        code = why.lower().replace(" ", "_")
        problem = Problem(
            failed.status, code, f"{request.method} {request.path}: {why}", "see docs/reference/operator.md"
        )
    return _json(to_json(problem.body), problem.status)


def _page(request: web.Request) -> Page:
    asked = request.query.get("limit", "1000")
    if not asked.isdecimal() or not 1 <= int(asked) <= MOST_HUBS:
        raise Problem(400, "invalid", f"limit is {asked!r}", f"give a number from 1 to {MOST_HUBS}")
    return Page(request.query.get("hub"), request.query.get("after", ""), int(asked))


def _bearer(request: web.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Problem(401, "unauthorised", "there is no token", "send `Authorization: Bearer <token>`")
    return token


def _json(body: bytes, status: int = 200) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/json")
