"""Clocks for tests: one that stands still until the test moves it, and one that runs faster than the machine's."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hub.core.clock import SystemClock

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
SETTLE_TURNS = 25  # turns of the loop that woken tasks get before time goes on


class FakeClock:
    """Time that only `advance` moves. Tasks that sleep on it wake in the order of their due times."""

    def __init__(self, start: datetime = NEW_YEAR) -> None:
        self._wall = start
        self._passed_s = 0.0
        self._order = itertools.count()
        self._sleeping: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """Wall time, aware, UTC."""
        return self._wall + timedelta(seconds=self._passed_s)

    def monotonic(self) -> float:
        """Seconds that were advanced so far."""
        return self._passed_s

    async def sleep(self, seconds: float) -> None:
        """Wait until the test has advanced so far."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleeping, (self._passed_s + seconds, next(self._order), woken))
        await woken

    async def advance(self, seconds: float = 0.0, *, minutes: float = 0.0) -> None:
        """Let time pass. Each sleeper wakes at its own moment and may sleep again before the next one wakes."""
        until_s = self._passed_s + seconds + 60 * minutes
        await _settle()
        while self._sleeping and self._sleeping[0][0] <= until_s:
            due_s, _, woken = heapq.heappop(self._sleeping)
            if not woken.done():  # cancelled sleepers stay in the heap
                self._passed_s = due_s
                woken.set_result(None)
                await _settle()
        self._passed_s = until_s
        await _settle()

    def jump(self, seconds: float) -> None:
        """Set the wall clock, as NTP or a person does: monotonic time and sleepers do not notice."""
        self._wall += timedelta(seconds=seconds)


class QuickClock(SystemClock):
    """Real time whose sleeps are `pace` times shorter and whose monotonic seconds pass `pace` times faster."""

    def __init__(self, pace: float) -> None:
        self.pace = pace

    def monotonic(self) -> float:
        """Seconds of the machine's monotonic clock, times `pace`."""
        return super().monotonic() * self.pace

    async def sleep(self, seconds: float) -> None:
        """Wait a share of it."""
        await asyncio.sleep(seconds / self.pace)


async def until(condition: Callable[[], object], within_s: float = 5.0) -> None:
    """Wait in real time until the condition is true. Raises TimeoutError."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - any condition, not one that could set an event
            await asyncio.sleep(0.005)


async def _settle() -> None:
    for _ in range(SETTLE_TURNS):
        await asyncio.sleep(0)
