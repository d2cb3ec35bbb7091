"""One websocket of a charge point: aiohttp underneath, the PyPI package `ocpp` for frames, schemas and routing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self, TypeVar, cast

import aiohttp
import ocpp.messages
from ocpp.exceptions import OCPPError
from ocpp.routing import create_route_map, on
from ocpp.v16 import ChargePoint

ocpp.messages.ASYNC_VALIDATION = False  # a thread for each message costs more than the check
ANSWER_S = 15.0
CLOSE_S = 1.0
quiet = logging.getLogger("ocpp.simulator")
quiet.setLevel(logging.CRITICAL)  # the package logs each frame

Handler = TypeVar("Handler", bound=Callable[..., object])


class Lost(Exception):
    """The connection is gone."""


class Unanswered(Exception):
    """The central system answered with an error, with nonsense, or not at all."""


class Answer(Protocol):
    """A CALLRESULT of the package; each kind has its own fields."""

    def __getattr__(self, name: str) -> object: ...


def answers(action: str) -> Callable[[Handler], Handler]:
    """Mark a method as the one that answers this action of the central system."""
    return cast(Callable[[Handler], Handler], on(action))


class Point(ChargePoint):
    """The package's charge point; its own wait for an answer can swallow a cancellation on Python 3.11."""

    async def _get_specific_response(self, unique_id: str, timeout: float) -> object:  # noqa: ASYNC109
        async with asyncio.timeout(timeout):
            while True:
                response = await self._response_queue.get()
                if response.unique_id == unique_id:
                    return cast(object, response)


class Link:
    """An open websocket to a central system. Use as `async with`; `receive` must run for `call` to be answered."""

    def __init__(self, identity: str, socket: aiohttp.ClientWebSocketResponse, handlers: object) -> None:
        self._socket = socket
        self._cp = Point(identity, self, response_timeout=ANSWER_S, logger=quiet)
        self._cp.route_map = create_route_map(handlers)
        self.silent: Callable[[], bool] = lambda: False  # true: hears and says nothing, with the socket open

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """End the connection; `receive` then raises Lost."""
        await self._socket.close()

    async def receive(self) -> None:
        """Serve incoming frames until the connection ends. Raises Lost."""
        await self._cp.start()

    async def call(self, request: object) -> Answer:
        """Send one CALL and wait for its answer. Raises Unanswered, Lost."""
        try:
            return cast(Answer, await self._cp.call(request, suppress=False))
        except (OCPPError, TimeoutError, TypeError) as wrong:
            raise Unanswered(f"{type(request).__name__}: {wrong}") from wrong

    async def recv(self) -> str:
        """The next text frame, for the package. Raises Lost."""
        while True:
            frame = await self._socket.receive()
            if frame.type is aiohttp.WSMsgType.TEXT:
                if not self.silent():
                    return str(frame.data)
            elif frame.type is not aiohttp.WSMsgType.BINARY:
                raise Lost(f"the websocket ended: {frame.type.name}")

    async def send(self, text: str) -> None:
        """Send a text frame, for the package. Raises Lost."""
        if self.silent():
            return
        try:
            await self._socket.send_str(text)
        except (ConnectionError, aiohttp.ClientError, asyncio.IncompleteReadError) as wrong:
            raise Lost("the websocket is closed") from wrong


async def dial(session: aiohttp.ClientSession, url: str, identity: str, handlers: object, ping_s: float) -> Link:
    """Open `url/identity` with subprotocol ocpp1.6. Raises Lost."""
    try:
        async with asyncio.timeout(ANSWER_S):
            socket = await session.ws_connect(
                f"{url.rstrip('/')}/{identity}",
                protocols=("ocpp1.6",),
                heartbeat=ping_s or None,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_S),
            )
    except (OSError, aiohttp.ClientError, TimeoutError) as wrong:
        raise Lost(f"cannot reach {url}: {wrong}") from wrong
    return Link(identity, socket, handlers)
