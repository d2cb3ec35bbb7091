"""One open socket of one station: its connection, who speaks on it, and how it is pinged and closed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

import aiohttp
from aiohttp import web

from hub.sdk import StationId, Tasks
from hub.wire.ocpp16 import MAX_BYTES, BadFrame, Connection, Oddity, Owner
from integrations.ocpp.charger import ChargePoint
from integrations.ocpp.pace import Pace
from integrations.ocpp.stranger import Stranger

Socket = web.WebSocketResponse[Literal[False]]


@dataclass(slots=True, eq=False)
class Line:
    """One open socket. Exactly one of `chargepoint` and `stranger` answers on it."""

    identity: StationId
    socket: Socket
    transport: asyncio.Transport | None
    heard_at_s: float
    connection: Connection = field(init=False)
    pinged_at_s: float = 0.0
    chargepoint: ChargePoint | None = None
    stranger: Stranger | None = None
    work: list[asyncio.Task[bool]] = field(default_factory=list)

    def begin(self, tasks: Tasks, name: str, work: Coroutine[object, object, object]) -> None:
        """Do something in the background for as long as this line lasts."""
        self.work = [task for task in self.work if not task.done()]
        self.work.append(tasks.once(f"{self.identity}.{name}", work))

    def end_work(self) -> None:
        """Cancel what is being done for this line."""
        for task in self.work:
            task.cancel()
        if self.chargepoint is not None:
            self.chargepoint.end()

    async def ping(self) -> None:
        """A ping; whether it is answered shows in `heard_at_s`."""
        with suppress(ConnectionError):
            await self.socket.ping()

    async def hang_up(self, code: int, within_s: float) -> None:
        """Close the socket; where the other end does not answer in time, drop what is beneath it."""
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(2 * within_s):
                await self.socket.close(code=code)
        unanswered = self.socket.close_code in (None, aiohttp.WSCloseCode.ABNORMAL_CLOSURE)
        if unanswered and self.transport is not None:
            self.transport.abort()


def socket_for(subprotocol: str | None, pace: Pace) -> Socket:
    """A WebSocket as chargers need it: no compression, texts as bytes so that broken UTF-8 does not end it."""
    return web.WebSocketResponse(
        protocols=(subprotocol,) if subprotocol else (),
        timeout=pace.close_s,
        autoping=False,
        max_msg_size=MAX_BYTES,
        compress=False,
        decode_text=False,
    )


def owner_of(identity: StationId) -> Owner:
    """What a station does that is not quite OCPP goes to the log, once for each kind."""
    station = logging.getLogger(f"integrations.ocpp.{identity}")
    told = False

    def failed(error: BaseException) -> None:
        station.error("an answer failed", exc_info=error)

    def odd(action: str, oddity: Oddity) -> None:
        station.warning("%s: %s %r: %s", action, oddity.path, oddity.value, oddity.why)

    def bad_frame(bad: BadFrame) -> None:
        nonlocal told
        station.log(logging.DEBUG if told else logging.WARNING, "not an OCPP frame: %s", bad.why)
        told = True

    return Owner(failed=failed, odd=odd, bad_frame=bad_frame)
