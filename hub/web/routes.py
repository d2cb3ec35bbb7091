"""Routes: what the hub answers over HTTP, who may ask, and one shape for every error.

A room or the composition root adds routes; nothing is open that does not say so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import orjson
from aiohttp import web
from pydantic import BaseModel

from hub.core.orders import Args
from hub.model.errors import EvhubError, Invalid
from hub.model.person import Roles

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

API = "/api/v1"

STATUS = {
    "invalid": 400,
    "unauthorised": 401,
    "not_allowed": 403,
    "not_found": 404,
    "refused": 409,
    "unsupported": 409,
    "bad_config": 409,
    "expired": 410,
    "too_many": 429,
    "unreachable": 502,
    "not_known": 502,
    "not_kept": 507,
}
"""The HTTP status of each error; any other is 500."""


@dataclass(frozen=True, slots=True)
class Route:
    """One address. `may` None: open to everybody, without a login.

    The models say what it takes and gives, for the checks and for the API's description.
    """

    method: str
    path: str
    handler: Handler
    may: Roles | None
    says: str = ""
    query: type[Args] | None = None  # what may stand in the path and after the `?`; None: nothing
    takes: type[BaseModel] | None = None
    gives: type[BaseModel] | None = None
    kinds: tuple[str, ...] = ("application/json",)
    answers: Mapping[int, str] = field(default_factory=lambda: {200: "Done."})  # beside errors

    def check_query(self, request: web.Request) -> None:
        """Refuse what would be ignored. Raises Invalid."""
        if self.query is None and request.query and self.path.startswith(API):
            raise Invalid(f"unknown parameters: {', '.join(sorted(set(request.query)))}", f"{self.path} takes none")


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


def asked(request: web.Request) -> dict[str, object]:
    """What stands in the path and after the `?`, by name. Raises Invalid where a name comes twice."""
    times = Counter([*request.match_info, *(name for name, _ in request.query.items())])
    if twice := sorted(name for name, count in times.items() if count > 1):
        raise Invalid(f"given twice: {', '.join(twice)}", "give each parameter once")
    return {**request.match_info, **request.query}


def failed(why: EvhubError) -> web.Response:
    """`{"error": {"code", "message", "next"}}` with the status that fits."""
    error = {"code": why.code, "message": why.message, "next": why.next}
    return json({"error": error}, STATUS.get(why.code, 500))
