"""The live WebSocket: the whole document whenever it changed, or a snapshot and then only what changes.

Nothing is queued for a reader: it gets the latest as fast as it takes it, and one that takes nothing is cut off. A
login that ends, ends its sockets too.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable

import aiohttp
import orjson
from aiohttp import web
from pydantic import Field

from hub.core.clock import Clock
from hub.core.orders import Args, checked
from hub.core.tasks import Tasks
from hub.model.errors import Invalid, TooMany
from hub.model.person import EVERYBODY
from hub.web.changes import Changes, Reader
from hub.web.doors import Doors
from hub.web.local import Status
from hub.web.routes import API, Route, asked

SHOWN_AT_MOST_EVERY_S = 1.0
SLOWEST_S = 5.0  # a watcher that takes longer for one message is cut off; the page dials again
GOODBYE_S = 1.0
LOOK_WHO_S = 5.0  # so often it is looked whether the logins behind the sockets still count
MOST_WATCHERS = 500


class LiveArgs(Args):
    """The whole document again and again, or with `changes` (or `after`) a snapshot and then what changes."""

    changes: bool = False
    after: int | None = Field(default=None, ge=0, description="the last number that you have: go on after it")
    epoch: str | None = Field(default=None, description="the series that it counts in")


class Watcher:
    """One open socket. `take` says what it has to be sent now."""

    def __init__(self, request: web.Request, socket: web.WebSocketResponse, take: Callable[[], list[bytes]]) -> None:
        self.request, self.news = request, asyncio.Event()
        self.news.set()
        self._socket, self._take = socket, take
        self._is_sending = False

    async def tell(self) -> None:
        """Send whenever there is news, until the connection ends."""
        try:
            while True:
                await self.news.wait()
                self.news.clear()
                for message in self._take():
                    await self._send(message)
        except (TimeoutError, ConnectionError):
            self._abort()

    async def _send(self, message: bytes) -> None:
        self._is_sending = True
        async with asyncio.timeout(SLOWEST_S):
            await self._socket.send_frame(message, aiohttp.WSMsgType.TEXT)
        self._is_sending = False

    async def dismiss(self, code: int) -> None:
        """Say goodbye, or cut it off when it does not listen: a goodbye would wait behind what it did not take."""
        if self._is_sending:
            return self._abort()
        try:
            async with asyncio.timeout(GOODBYE_S):
                await self._socket.close(code=code)
        except (TimeoutError, ConnectionError):
            self._abort()

    def _abort(self) -> None:
        if self.request.transport is not None:
            self.request.transport.abort()


class Live:
    """All open sockets."""

    def __init__(self, clock: Clock, status: Status, doors: Doors) -> None:
        self._clock, self._status, self._doors = clock, status, doors
        self._changes = Changes(secrets.token_hex(8))
        self._tasks = Tasks("live")
        self._watchers: set[Watcher] = set()
        self._body = b""
        self._news, self._somebody = asyncio.Event(), asyncio.Event()

    @property
    def route(self) -> Route:
        """Where it is."""
        says = "WebSocket: the status document now and whenever it changes; with `changes` only what changes."
        answers = {101: "The socket is open: docs/reference/api.md says what comes."}
        return Route("GET", f"{API}/live", self._answer, EVERYBODY, says, LiveArgs, answers=answers)

    @property
    def watchers(self) -> int:
        """How many sockets are open."""
        return len(self._watchers)

    def start(self) -> None:
        """Show what changes, and look who is there."""
        self._tasks.keep("show", self._show)
        self._tasks.keep("who", self._look_who_is_there)

    async def stop(self) -> None:
        """Close every socket."""
        await self._tasks.close()
        await self._dismiss(list(self._watchers), aiohttp.WSCloseCode.GOING_AWAY)

    def changed(self) -> None:
        """Something moved: look at the site again, at most once a second."""
        self._news.set()

    async def _answer(self, request: web.Request) -> web.WebSocketResponse:
        args = checked(LiveArgs, asked(request))
        socket = web.WebSocketResponse(heartbeat=30, max_msg_size=1024)
        if not socket.can_prepare(request):
            raise Invalid("this address is a WebSocket", "open it as one; GET /api/v1/status gives the document once")
        if len(self._watchers) >= MOST_WATCHERS:
            raise TooMany(f"{MOST_WATCHERS} sockets are open already", "close some")
        with contextlib.suppress(ConnectionError):  # it may be gone before it is answered
            await socket.prepare(request)
            await self._watch(Watcher(request, socket, self._reader(args)), socket)
        return socket

    def _reader(self, args: LiveArgs) -> Callable[[], list[bytes]]:
        self._look()
        if not args.changes and args.after is None:
            return lambda: [self._body]
        return Reader(self._changes, args.after if args.epoch == self._changes.epoch else None).take

    async def _watch(self, watcher: Watcher, socket: web.WebSocketResponse) -> None:
        self._watchers.add(watcher)
        self._somebody.set()
        telling = self._tasks.once("watcher", watcher.tell())
        try:
            async for _ in socket:
                pass  # a watcher has nothing to say
        finally:
            self._watchers.discard(watcher)
            telling.cancel()

    def _look(self) -> None:
        document = self._status()
        self._body = orjson.dumps(document)
        self._changes.see(document)

    async def _show(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            if self._watchers:
                self._look()
                for watcher in self._watchers:
                    watcher.news.set()
            await self._clock.sleep(SHOWN_AT_MOST_EVERY_S)

    async def _look_who_is_there(self) -> None:
        while True:
            await self._somebody.wait()
            await self._clock.sleep(LOOK_WHO_S)
            gone = [one for one in list(self._watchers) if not await self._doors.still_may(one.request, EVERYBODY)]
            await self._dismiss(gone, aiohttp.WSCloseCode.POLICY_VIOLATION)
            if not self._watchers:
                self._somebody.clear()

    async def _dismiss(self, watchers: list[Watcher], code: int) -> None:
        await asyncio.gather(*(watcher.dismiss(code) for watcher in watchers))
