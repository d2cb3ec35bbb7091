"""The other end of a connection in tests: a peer written by hand, and two connections joined by queues."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from hub.wire.ocpp16 import Connection, Handler, Owner, Terms, lenient

DEADLINE_S = 5.0


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop run until the condition holds; fails at the deadline."""
    async with asyncio.timeout(DEADLINE_S):
        while not condition():
            await asyncio.sleep(0.001)


async def heartbeat(_action: str, _request: msgspec.Struct) -> msgspec.Struct:
    """The simplest handler."""
    return lenient.HeartbeatResponse(current_time="2026-01-01T00:00:00Z")


class Told:
    """An owner that writes down what it is told."""

    def __init__(self) -> None:
        self.failed: list[BaseException] = []
        self.odd: list[tuple[str, str, str]] = []
        self.bad: list[str] = []

    def owner(self) -> Owner:
        return Owner(
            failed=self.failed.append,
            odd=lambda action, oddity: self.odd.append((action, oddity.path, oddity.why)),
            bad_frame=lambda bad: self.bad.append(bad.why),
        )


class Script:
    """A connection whose peer is the test: `say` what the peer says, read in `sent` what it hears."""

    def __init__(self, handler: Handler = heartbeat, terms: Terms | None = None) -> None:
        self.told = Told()
        self.sent: list[Any] = []
        self.broken: OSError | None = None
        self.connection = Connection(self._send, handler, self.told.owner(), terms)

    async def _send(self, text: str) -> None:
        if self.broken is not None:
            raise self.broken
        self.sent.append(json.loads(text))

    async def say(self, *frame: object) -> None:
        await self.connection.received(json.dumps(frame))

    async def heard(self, count: int) -> list[Any]:
        """The first frames that the peer hears, once there are so many."""
        await until(lambda: len(self.sent) >= count)
        return self.sent[:count]

    def answers(self) -> list[Any]:
        return [frame for frame in self.sent if frame[0] != 2]


@asynccontextmanager
async def joined(csms: Handler, charger: Handler) -> AsyncIterator[tuple[Connection, Connection]]:
    """A CSMS and a charge point whose frames travel through two queues."""
    up: asyncio.Queue[str] = asyncio.Queue()
    down: asyncio.Queue[str] = asyncio.Queue()
    ends = Connection(down.put, csms), Connection(up.put, charger)
    pumps = [asyncio.create_task(_pump(up, ends[0])), asyncio.create_task(_pump(down, ends[1]))]
    try:
        yield ends
    finally:
        for end in ends:
            await end.close()
        for pump in pumps:
            pump.cancel()
        await asyncio.wait(pumps)


async def _pump(frames: asyncio.Queue[str], end: Connection) -> None:
    while True:
        await end.received(await frames.get())
