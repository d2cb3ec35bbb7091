"""Routes: what the hub answers over HTTP, who may ask, and one shape for every error.

A room or the composition root adds routes; nothing is open that does not say so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson
from aiohttp import web

from hub.model.errors import EvhubError, Invalid
from hub.model.person import Roles

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

STATUS = {
    "invalid": 400,
    "unauthorised": 401,
    "not_allowed": 403,
    "not_found": 404,
    "refused": 409,
    "unsupported": 409,
    "expired": 410,
    "too_many": 429,
    "unreachable": 502,
    "not_known": 502,
    "not_kept": 507,
}
"""The HTTP status of each error; any other is 500."""


@dataclass(frozen=True, slots=True)
class Route:
    """One address. `may` None: open to everybody, without a login."""

    method: str
    path: str
    handler: Handler
    may: Roles | None
    says: str = ""


def json(document: object, status: int = 200) -> web.Response:
    """A JSON answer that nobody keeps."""
    headers = {"Cache-Control": "no-store"}
    return web.Response(body=orjson.dumps(document), status=status, content_type="application/json", headers=headers)


async def sent(request: web.Request) -> dict[str, object]:
    """The JSON object that was sent. Raises Invalid; another content type too: no form of another site sends JSON."""
    if request.content_type != "application/json":
        raise Invalid(f"the content type is {request.content_type}", "send application/json")
    try:
        document = orjson.loads(await request.read())
    except orjson.JSONDecodeError as wrong:
        raise Invalid(f"what was sent is not JSON: {wrong}") from None
    if not isinstance(document, dict):
        raise Invalid("what was sent is not a JSON object", 'for example {"args": {}}')
    return document


def failed(why: EvhubError) -> web.Response:
    """`{"error": {"code", "message", "next"}}` with the status that fits."""
    error = {"code": why.code, "message": why.message, "next": why.next}
    return json({"error": error}, STATUS.get(why.code, 500))
