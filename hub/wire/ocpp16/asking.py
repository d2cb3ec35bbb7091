"""The asking half of a connection: one call on the wire at a time, the others in line, late answers never mistaken."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable

import msgspec

from hub.wire.ocpp16.errors import CallTimeout, Congested, ConnectionLost
from hub.wire.ocpp16.frames import Error, Result, encode_call

Transmit = Callable[[bytes], Awaitable[None]]
"""Sends one frame; raises ConnectionLost."""


class Line:
    """Calls to the peer, first come first served. The lock is fair, and a caller that is cancelled leaves the line."""

    __slots__ = ("_answer", "_asked", "_closed", "_most", "_transmit", "_turn", "_waiting")

    def __init__(self, transmit: Transmit, most: int) -> None:
        self._transmit = transmit
        self._most = most
        self._waiting = 0
        self._turn = asyncio.Lock()
        self._asked = ""
        self._answer: asyncio.Future[Result | Error] | None = None
        self._closed = False

    async def ask(self, action: str, request: msgspec.Struct, timeout_s: float) -> Result | Error:
        """Send a call when its turn comes and wait for the answer. Raises the subclasses of NoAnswer."""
        if self._waiting >= self._most:
            raise Congested(f"{self._waiting} calls wait already: {action} was not sent")
        self._waiting += 1
        try:
            async with self._turn:
                return await self._exchange(action, request, timeout_s)
        finally:
            self._waiting -= 1

    def settle(self, frame: Result | Error) -> bool:
        """Hand an answer to the call that waits for it; False when there is none (late, or of another's invention)."""
        if self._answer is None or frame.id != self._asked or self._answer.done():
            return False
        self._answer.set_result(frame)
        return True

    def close(self) -> None:
        """Fail the call on the wire; each in line fails as soon as its turn comes, which is at once."""
        self._closed = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionLost("the connection was closed before the answer came"))

    async def _exchange(self, action: str, request: msgspec.Struct, timeout_s: float) -> Result | Error:
        if self._closed:
            raise ConnectionLost(f"the connection is closed: {action} was not sent")
        self._asked = str(uuid.uuid4())
        answer: asyncio.Future[Result | Error] = asyncio.get_running_loop().create_future()
        self._answer = answer
        try:
            async with asyncio.timeout(timeout_s):
                await self._transmit(encode_call(self._asked, action, request))
                return await answer
        except TimeoutError as late:
            raise CallTimeout(f"no answer to {action} in {timeout_s:g} s") from late
        finally:
            self._answer = None
