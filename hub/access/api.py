"""Coming in and going out over HTTP: claim, login, logout, who am I, another password."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from hub.access.answers import Book, Claimable, Done, Myself, People, Tokens
from hub.access.args import AuditArgs, ClaimArgs, LoginArgs, PasswordArgs
from hub.access.secrets import csrf_of
from hub.access.service import Access
from hub.core.orders import Orders, checked
from hub.model.errors import NotAllowed
from hub.model.person import EVERYBODY
from hub.web.api import get, reading
from hub.web.doors import COOKIE, Doors, caller_of
from hub.web.routes import API, Route, json, sent


@dataclass(frozen=True, slots=True)
class AccessApi:
    """The routes of access."""

    access: Access
    doors: Doors
    orders: Orders

    @property
    def routes(self) -> list[Route]:
        """All of them."""
        return [
            *self._ways,
            get("me", self._me, "Who is logged in, and what he is.", Myself),
            get("users", reading(self.orders, "user.list"), "Who may log in.", People),
            get("tokens", reading(self.orders, "token.list"), "Which programs have a token.", Tokens),
            get("audit", reading(self.orders, "audit.list"), "Who ordered what, newest first.", Book, AuditArgs),
        ]

    @property
    def _ways(self) -> list[Route]:
        """The ways in, out, and to another password."""
        claim, waits = f"{API}/claim", "Whether the hub waits for an owner."
        says = "Become the owner, by the code that the hub printed."
        logout, anew = f"{API}/logout", f"{API}/password"
        return [
            Route("GET", claim, self._claimable, None, waits, gives=Claimable),
            Route("POST", claim, self._claim, None, says, takes=ClaimArgs, gives=Myself),
            Route("POST", f"{API}/login", self._login, None, "Log in.", takes=LoginArgs, gives=Myself),
            Route("POST", logout, self._logout, EVERYBODY, "Log out.", gives=Done),
            Route("POST", anew, self._password, EVERYBODY, "Another password.", takes=PasswordArgs, gives=Myself),
        ]

    async def _claimable(self, request: web.Request) -> web.Response:
        return json({"claimable": self.access.claim_code is not None})

    async def _claim(self, request: web.Request) -> web.Response:
        said = checked(ClaimArgs, await sent(request))
        secret = await self.access.claim(said.code, said.name, said.password, self.doors.origin(request))
        return self._welcome(request, said.name, secret)

    async def _login(self, request: web.Request) -> web.Response:
        said = checked(LoginArgs, await sent(request))
        secret = await self.access.login(said.name, said.password, self.doors.origin(request))
        return self._welcome(request, said.name, secret)

    async def _logout(self, request: web.Request) -> web.Response:
        if (secret := request.cookies.get(COOKIE)) is not None:
            await self.access.logout(secret)
        answer = json({"ok": True})
        answer.del_cookie(COOKIE, path="/")
        return answer

    async def _me(self, request: web.Request) -> web.Response:
        caller, secret = caller_of(request), request.cookies.get(COOKIE)
        csrf = csrf_of(secret) if secret is not None and caller.via == "page" else None
        return json({"name": caller.who, "roles": sorted(caller.roles), "csrf": csrf})

    async def _password(self, request: web.Request) -> web.Response:
        caller, said = caller_of(request), checked(PasswordArgs, await sent(request))
        if caller.via != "page":
            raise NotAllowed("a token has no password", "log in as a person")
        secret = await self.access.change_password(caller.who, said.old, said.new, self.doors.origin(request))
        return self._welcome(request, caller.who, secret)

    def _welcome(self, request: web.Request, name: str, secret: str) -> web.Response:
        answer = json({"name": name, "roles": self.access.person(name)["roles"], "csrf": csrf_of(secret)})
        secure = self.doors.is_secure(request)
        answer.set_cookie(
            COOKIE, secret, path="/", httponly=True, secure=secure, samesite="Strict", max_age=365 * 86_400
        )
        return answer
