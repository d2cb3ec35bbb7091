"""Asking one station: orders that must be answered, and questions that it may refuse without harm."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

import msgspec

from hub.sdk import Refused, StationId, Unreachable, Unsupported
from hub.wire.ocpp16 import CallFailed, CallTimeout, Congested, Connection, ConnectionLost
from hub.wire.ocpp16.base import LenientRequest
from integrations.ocpp.pace import Pace

R = TypeVar("R", bound=msgspec.Struct)

NOT_THERE = ("NotImplemented", "NotSupported")
HangUp = Callable[[str], None]
"""Closes the socket, with the reason for the log."""


async def happens(event: asyncio.Event, passed: asyncio.Future[None]) -> bool:
    """Wait for the event until `passed` is over; True when it happened."""
    waiting = asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait((waiting, passed), return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        passed.cancel()
    return event.is_set()


class Asker:
    """Calls one station over one socket. One that has grown deaf to orders is hung up on, so that it dials anew."""

    def __init__(self, station: StationId, connection: Connection, pace: Pace, hang_up: HangUp) -> None:
        self._station, self._connection = station, connection
        self._pace, self._hang_up = pace, hang_up
        self._log = logging.getLogger(f"integrations.ocpp.{station}")
        self._has_obeyed = False
        self._unanswered = 0

    async def ask(self, request: LenientRequest[R]) -> R:
        """The answer to an order. Raises Unreachable, Refused, and Unsupported for what it does not know."""
        name = type(request).__name__
        try:
            answer = await self._connection.call(request, timeout_s=self._pace.answer_s)
        except (CallTimeout, ConnectionLost) as away:
            self._count(away)
            raise Unreachable(f"{self._station} did not answer {name}: {away}", "try again") from away
        except CallFailed as refused:
            self._unanswered, self._has_obeyed = 0, True
            kind = Unsupported if refused.code in NOT_THERE else Refused
            raise kind(f"{self._station} refused {name}: {refused}") from refused
        self._unanswered, self._has_obeyed = 0, True
        return answer

    async def attempt(self, request: LenientRequest[R]) -> R | None:
        """The answer to a question; None when it is refused, misunderstood or not answered. Raises ConnectionLost."""
        try:
            return await self._connection.call(request, timeout_s=self._pace.answer_s)
        except (CallTimeout, CallFailed) as refused:
            self._log.info("%s: %s", type(request).__name__, refused)
            return None

    def _count(self, away: CallTimeout | ConnectionLost) -> None:
        if isinstance(away, (Congested, ConnectionLost)):
            return
        self._unanswered += 1
        if self._has_obeyed and self._unanswered >= self._pace.deaf_after:
            self._unanswered = 0
            self._hang_up(f"it left {self._pace.deaf_after} orders in a row unanswered")
