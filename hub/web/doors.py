"""Who stands at the door: each request gets its caller, or an answer that says what is missing.

A browser shows a cookie that scripts cannot read and, on everything that changes something, a header that another site
cannot send (and it must come from our own pages). A program shows a bearer token. Behind a trusted proxy the far end is
who the proxy says.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Protocol
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from hub.core.orders import Caller
from hub.model.errors import NotAllowed, TooMany, Unauthorised
from hub.model.person import Roles
from hub.web.routes import Handler, Route

COOKIE = "evhub_session"
CSRF = "X-CSRF-Token"
SAFE = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})
BEARER = "bearer"
CALLER = web.RequestKey("caller", Caller)

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who has shown who he is. `csrf` None: by a token, which no browser sends by itself."""

    who: str
    roles: Roles
    csrf: str | None


class Doorkeeper(Protocol):
    """Who knows people and tokens. Answered by the access room."""

    async def by_cookie(self, secret: str) -> Guest | None:
        """The person whose login this is, if it still counts."""
        ...

    async def by_token(self, secret: str, origin: str) -> Guest | None:
        """The program whose token this is. Raises TooMany where somebody guesses."""
        ...


@dataclass(frozen=True, slots=True)
class Doors:
    """Checks every request before its handler sees it. Without a `keeper` only open routes answer."""

    keeper: Doorkeeper | None
    public_url: Callable[[], str | None] = lambda: None
    proxies: Sequence[Network] = ()
    has_certificate: bool = False

    def guarded(self, route: Route) -> Handler:
        """The route's handler behind its door."""

        async def answer(request: web.Request) -> web.StreamResponse:
            if route.may is not None:
                request[CALLER] = await self._caller(request, route.may)
            route.check_query(request)
            return await route.handler(request)

        return answer

    def origin(self, request: web.Request) -> str:
        """The address of the far end: what a trusted proxy says, else who is connected."""
        near = request.remote or ""
        said = ",".join(request.headers.getall(hdrs.X_FORWARDED_FOR, ())).split(",")
        while said and self._is_proxy(near):
            address = _address(said.pop())
            if address is None:  # the proxy does not say who it is: then it is the proxy
                return near
            near = address
        return near

    def is_secure(self, request: web.Request) -> bool:
        """The browser speaks TLS: with the hub itself, or with a trusted proxy before it."""
        if self.has_certificate:
            return True
        said = request.headers.get(hdrs.X_FORWARDED_PROTO, "").partition(",")[0].strip()
        return self._is_proxy(request.remote or "") and said == "https"

    async def still_may(self, request: web.Request, may: Roles) -> bool:
        """Whether who came in by this request would be let in again."""
        try:
            await self._caller(request, may)
        except (Unauthorised, NotAllowed, TooMany):
            return False
        return True

    async def _caller(self, request: web.Request, may: Roles) -> Caller:
        guest, origin = await self._guest(request), self.origin(request)
        if guest.csrf is not None and (request.method not in SAFE or _is_upgrade(request)):
            self._check_own_page(request)
        if guest.csrf is not None and request.method not in SAFE:
            sent = request.headers.get(CSRF, "")
            if not hmac.compare_digest(sent.encode(errors="surrogateescape"), guest.csrf.encode()):
                raise NotAllowed(f"the header {CSRF} does not belong to this login", "reload the page")
        if not guest.roles & may:
            raise NotAllowed(f"{guest.who} may not see this", f"ask somebody who is {' or '.join(sorted(may))}")
        via = "page" if guest.csrf is not None else "api"
        return Caller(guest.who, via, guest.roles, origin)

    async def _guest(self, request: web.Request) -> Guest:
        if self.keeper is None:
            raise Unauthorised("nobody can log in here yet", "claim the hub first")
        said = request.headers.get(hdrs.AUTHORIZATION, "")
        scheme, _, token = said.partition(" ")
        if scheme.lower() == BEARER:
            guest = await self.keeper.by_token(token.strip(), self.origin(request))
            if guest is None:
                raise Unauthorised("this token is not known", "make one with 'evhub token create'")
            return guest
        cookie = request.cookies.get(COOKIE)
        guest = None if cookie is None else await self.keeper.by_cookie(cookie)
        if guest is None:
            raise Unauthorised("you are not logged in", "log in at /login, or send a token")
        return guest

    def _check_own_page(self, request: web.Request) -> None:
        """A browser says from which page it asks: it must be one of ours."""
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is None:
            return
        own = {_host(f"http://{request.host}"), _host(f"https://{request.host}"), _host(self.public_url() or "")}
        place = _host(origin)  # a page in a sandbox has none: it says "null"
        if place is None or place not in own:
            raise NotAllowed(
                f"a page of {origin} may not do this", "open the hub's own page; behind a proxy set public_url"
            )

    def _is_proxy(self, address: str) -> bool:
        try:
            far = ip_address(address)
        except ValueError:
            return False
        return any(far in network for network in self.proxies)


def _host(url: str) -> tuple[str, int | None] | None:
    """Host and port of an address, the usual port of its scheme where none is named; None where it has none."""
    try:
        parts = urlsplit(url)
        usual = {"http": 80, "https": 443}.get(parts.scheme)
        return None if parts.hostname is None else (parts.hostname, parts.port or usual)
    except ValueError:
        return None


def _address(said: str) -> str | None:
    """An address as a proxy writes it, perhaps with a port: the address alone; None where it is none."""
    text = said.strip()
    bare = text[1:].partition("]")[0] if text.startswith("[") else text
    for part in (bare, bare.rpartition(":")[0]):
        try:
            return str(ip_address(part))
        except ValueError:
            continue
    return None


def caller_of(request: web.Request) -> Caller:
    """Who asks, on a route that is not open."""
    return request[CALLER]


def _is_upgrade(request: web.Request) -> bool:
    return request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"
