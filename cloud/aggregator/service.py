"""The aggregator's life: take parcels, keep them, and only then tell the broker and the hub.

Whatever is away (the database, the broker) is waited for with back-off. Nothing is lost by that: the broker keeps what
is not done, and the hub keeps what is not acknowledged.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from cloud.aggregator.database import AWAY, Database, migrate
from cloud.aggregator.lines import Line, LineDown, Uplink
from cloud.aggregator.parcels import Parcel
from cloud.aggregator.store import PATIENCE_S, Reached, Store
from hub.wire.operator.topics import Topics

log = logging.getLogger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
DATABASE = "the database"
T = TypeVar("T")


class Patience:
    """Try until it works; log an outage once when it begins and once when it ends."""

    def __init__(self, what: str, away: tuple[type[Exception], ...]) -> None:
        self._what, self._away = what, away

    async def until_done(self, work: Callable[[], Awaitable[T]]) -> T:
        """The first result of `work()` that is not an outage."""
        attempt = 0
        while True:
            try:
                result = await work()
            except self._away as failed:
                attempt += 1
                if attempt == 1:
                    log.warning("%s is away: %s; trying again", self._what, str(failed).partition("\n")[0])
                await asyncio.sleep(pause_s(attempt))
            else:
                if attempt:
                    log.info("%s is back", self._what)
                return result


def pause_s(attempt: int) -> float:
    """Seconds before try number `attempt` + 1: doubled each time, capped, with full jitter over its upper half."""
    ceiling: float = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(attempt - 1, 16))
    return ceiling / 2 + random.random() * ceiling / 2


async def prepare(database_url: str) -> None:
    """Wait for the database, and bring its schema up to date."""
    database = Database(database_url)
    try:
        for applied in await Patience(DATABASE, AWAY).until_done(lambda: migrate(database)):
            log.info("schema %s applied", applied)
    finally:
        await database.close()


class Aggregator:
    """One aggregator between a broker and a database. `run()` ends by cancellation, and leaves nothing half done."""

    def __init__(self, uplink: Uplink, database_url: str) -> None:
        self._uplink = uplink
        self._databases = {name: Database(database_url) for name in ("events", "status", "gaps")}
        self._database = Patience(DATABASE, AWAY)
        self._broker = Patience("the broker", (LineDown,))

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            await self._broker.until_done(self._uplink.open)
            log.info("aggregator ready")
            async with asyncio.TaskGroup() as group:
                group.create_task(self._work(self._uplink.events, self._databases["events"]), name="events")
                group.create_task(self._work(self._uplink.status, self._databases["status"]), name="status")
                group.create_task(self._ask_again(), name="gaps")
        finally:
            await self._uplink.close()
            for database in self._databases.values():
                await database.close()

    async def _work(self, line: Line, database: Database) -> None:
        store = Store(database)
        while True:
            parcels = await self._broker.until_done(lambda: self._taken(line))
            reached = await self._database.until_done(lambda: store.keep(parcels))  # noqa: B023  # awaited at once
            await line.done(parcels)
            await self._acknowledge(reached)

    async def _taken(self, line: Line) -> Sequence[Parcel]:
        try:
            return await line.take()
        except LineDown:
            await self._uplink.open()
            return await line.take()

    async def _acknowledge(self, reached: Sequence[Reached], *, resend: bool = False) -> None:
        for one in reached:
            if one.upto or resend:  # of nothing there is nothing to say: the hub may still be in an older epoch
                await self._uplink.tell(Topics(one.hub).acks, one.ack(resend=resend).to_json())

    async def _ask_again(self) -> None:
        """A gap that stays is loss: ask its hub for what is missing, again and again but ever less often."""
        store = Store(self._databases["gaps"])
        while True:
            await asyncio.sleep(PATIENCE_S / 2)
            stuck = await self._database.until_done(store.stuck)
            for one in stuck:
                log.info("%s: something after %d is missing, asked for it again", one.hub, one.upto)
            await self._acknowledge(stuck, resend=True)
