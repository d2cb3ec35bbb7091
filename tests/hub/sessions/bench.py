"""A sessions room by itself: a real database, a clock that the test moves, a charger that says what the test says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from hub.core.bus import Bus
from hub.core.state import LiveCharger, Picture
from hub.core.store import Store
from hub.model.charger import Charger, Status
from hub.model.facts import Event, SessionEnded
from hub.model.ids import GRID, ChargerId, StationId, TransactionId
from hub.model.reading import ChargerReading, ChargerStatus
from hub.model.session import LiveSession, TransactionStart, TransactionStop
from hub.model.site import Circuit, Site
from hub.model.units import same_on_each
from hub.sdk.testing.clock import FakeClock, until
from hub.sessions.service import Sessions
from tests.stores import store

E = TypeVar("E", bound=Event)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BAY, CP = ChargerId("bay-1"), StationId("CP1")
CHARGER = Charger(BAY, GRID, "testing", CP)
OTHER = Charger(ChargerId("bay-2"), GRID, "testing", StationId("CP2"))


def picture() -> Picture:
    """Two chargers that are online and have said no status."""
    site = Site("test", {GRID: Circuit(GRID, None, same_on_each(63.0))}, {BAY: CHARGER, OTHER.id: OTHER})
    drawn = site.chargers.values()
    return Picture(site, {one.id: LiveCharger(one.id, one.station, online=True) for one in drawn})


class Bench:
    """One life of the room. Minutes are counted from noon, whichever life it is."""

    def __init__(self, running: Store, clock: FakeClock, told: list[Event]) -> None:
        self.store, self.clock, self.told = running, clock, told
        self.bus = Bus()
        self.picture = picture()
        self.room = Sessions(self.picture, self.bus, running, clock)

    def of(self, kind: type[E]) -> list[E]:
        """The facts of one kind that this life has told."""
        return [fact for fact in self.told if isinstance(fact, kind)]

    @property
    def live(self) -> LiveSession:
        """What is open at the charger."""
        found = self.room.open_at(BAY)
        assert found is not None
        assert self.picture.chargers[BAY].session == found
        return found

    # what the device says

    async def start(
        self, wh: float | None = 1000, minutes: float | None = None, token: str | None = "ANNE"
    ) -> TransactionId:
        """It begins a transaction, now or so many minutes after noon."""
        return await self.room.started(CHARGER, self.start_said(wh, minutes, token))

    def start_said(self, wh: float | None, minutes: float | None, token: str | None = "ANNE") -> TransactionStart:
        return TransactionStart(connector=1, at=self.at(minutes), token=token, meter_wh=wh)

    async def stop(
        self, transaction: int, wh: float | None = None, minutes: float | None = None, reason: str | None = "Local"
    ) -> None:
        """It ends one."""
        number = TransactionId(transaction)
        stop = TransactionStop(transaction=number, at=self.at(minutes), meter_wh=wh, reason=reason)
        await self.room.stopped(CP, stop)

    def says(self, status: Status | None) -> None:
        """Its status."""
        self.picture.chargers[BAY].status = status
        self.room.heard(CHARGER, ChargerStatus(at=self.clock.now(), status=status))

    def measures(self, wh: float) -> None:
        """Its lifetime register."""
        self.room.heard(CHARGER, ChargerReading(at=self.clock.now(), energy_wh=wh))

    def at(self, minutes: float | None) -> datetime:
        return self.clock.now() if minutes is None else NOON + timedelta(minutes=minutes)

    async def later(self, minutes: float) -> None:
        """Time passes, and the database keeps up with it."""
        for _ in range(round(minutes * 6)):
            await self.clock.advance(10)
            await self.store.write(lambda tx: None)

    async def ended(self, number: int = 1) -> SessionEnded:
        """Wait for so many ends; the newest."""
        await until(lambda: len(self.of(SessionEnded)) >= number)
        return self.of(SessionEnded)[-1]


@asynccontextmanager
async def bench(where: Path | str, clock: FakeClock | None = None) -> AsyncIterator[Bench]:
    """A life of the room on this database, from its start to a clean stop."""
    clock, told = clock or FakeClock(NOON), list[Event]()
    async with store(where, clock, told.append) as running:
        made = Bench(running, clock, told)
        told.clear()
        await made.room.start()
        try:
            yield made
        finally:
            await made.room.stop()
            await made.bus.close()
