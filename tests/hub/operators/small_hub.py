"""A hub of one room: store, journal, bus, orders and the operators. Also as a process of its own, to be killed.

`python -m tests.hub.operators.small_hub DATA BROKER_PORT FACTS` journals so many facts a second until it is killed.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from hub.core.bus import Bus
from hub.core.clock import Clock, SystemClock
from hub.core.database import StoreConfig
from hub.core.documents import Documents
from hub.core.journal import Journal
from hub.core.orders import Args, Caller, Orders, Result
from hub.core.state import LiveCharger, Picture
from hub.core.store import Store, Tx
from hub.model.charger import Charger
from hub.model.errors import Refused
from hub.model.facts import ChargerConnected, Event, Fact
from hub.model.ids import GRID, ChargerId, StationId
from hub.model.person import EVERYBODY
from hub.model.site import Circuit, Site
from hub.model.units import same_on_each
from hub.operators.config import OperatorConfig
from hub.operators.service import Operators
from hub.operators.uplink import Hub
from tests import stores

BAY_1 = ChargerId("bay-1")
AT = datetime(2026, 1, 31, 15, 4, 5, 123000, tzinfo=UTC)


def picture() -> Picture:
    """One charger, online."""
    site = Site(
        "Riverside 12",
        circuits={GRID: Circuit(GRID, None, same_on_each(63.0), "Grid connection")},
        chargers={BAY_1: Charger(BAY_1, GRID, "ocpp", StationId("CP-1"))},
        meters={},
    )
    return Picture(site, {BAY_1: LiveCharger(BAY_1, StationId("CP-1"), online=True)})


class LimitArgs(Args):
    """As the hub's own charger.set_limit."""

    charger: str
    limit_a: float


@dataclass
class SmallHub:
    """The parts; `done` counts what was carried out, `facts` what the bus told."""

    store: Store
    journal: Journal
    bus: Bus
    orders: Orders
    picture: Picture
    operators: Operators
    done: list[float] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def set_limit(self, args: LimitArgs, caller: Caller) -> Result:
        """Carried out when the gate is open."""
        self.done.append(args.limit_a)
        await self.gate.wait()
        if args.limit_a > 32:
            raise Refused("bay-1 takes 32 A at most", "ask for 32 or less")
        return {"limit_a": args.limit_a, "who": caller.who, "via": caller.via}

    async def fail(self, args: Args, caller: Caller) -> Result:
        """A mistake of ours."""
        raise KeyError("a mistake of ours")

    async def heard(self, fact: Fact) -> None:
        """What the bus tells."""
        self.facts.append(fact)

    async def journals(self, count: int, fact: Callable[[int], Event] | None = None) -> None:
        """So many facts, in one commit for each 500."""
        make = fact or (lambda number: ChargerConnected(at=AT, charger=ChargerId(f"bay-{number}")))
        for first in range(0, count, 500):
            await self.store.write(lambda tx: _record(tx, make, range(first, min(first + 500, count))))  # noqa: B023


def _record(tx: Tx, make: Callable[[int], Event], numbers: range) -> None:
    for number in numbers:
        tx.record(make(number))


@asynccontextmanager
async def running(
    where: Path | str,
    operators: dict[str, OperatorConfig],
    clock: Clock | None = None,
    synced: Callable[[], bool | None] = lambda: True,
) -> AsyncIterator[SmallHub]:
    """A small hub between its start and its clean stop."""
    clock, bus = clock or SystemClock(), Bus()
    async with stores.store(where, clock, bus.deliver) as store:
        bus.keep_by(store.tell)
        journal, orders, seen = Journal(store, StoreConfig(), clock), Orders(clock), picture()
        room = Operators(
            Hub(store, journal, seen, bus, clock), orders, Documents(store, clock), operators, synced=synced
        )
        hub = SmallHub(store, journal, bus, orders, seen, room)
        hub.gate.set()
        bus.listen("test", (Event,), hub.heard)
        orders.serve("charger.set_limit", LimitArgs, hub.set_limit, says="", may=EVERYBODY)
        orders.serve("hub.fail", Args, hub.fail, says="", may=EVERYBODY)
        try:
            await room.start()
            yield hub
        finally:
            await room.stop()
            await bus.close()


async def main(data: Path, port: int, a_second: int) -> None:
    """Run until killed."""
    config = OperatorConfig(url=f"mqtt://127.0.0.1:{port}", hub_id="riverside-12", begin="beginning")
    async with running(data, {"acme": config}) as hub:
        while True:
            await hub.journals(a_second // 10)
            await asyncio.sleep(0.1)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
