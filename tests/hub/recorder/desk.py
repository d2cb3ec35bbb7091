"""A recorder at a desk: a real database, a picture that the test paints, and a wall clock that the test moves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.core.bus import Bus
from hub.core.database import StoreConfig
from hub.core.orders import Caller, Envelope, Orders
from hub.core.state import LiveCharger, LiveCircuit, LiveMeter, Picture
from hub.core.store import Store
from hub.model.charger import Charger, Status
from hub.model.grant import Grant, Limiter
from hub.model.ids import GRID, ChargerId, MeterId, StationId
from hub.model.person import EVERYBODY
from hub.model.reading import ChargerReading, MeterReading
from hub.model.site import Circuit, Meter, Site
from hub.model.units import PerPhase, Phase, same_on_each
from hub.recorder.api import History
from hub.recorder.config import RecorderConfig
from hub.recorder.service import Recorder
from hub.sdk.testing import FakeClock
from tests.stores import store

BAY, MAIN = ChargerId("bay-1"), MeterId("main")
NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
NOON_S = int(NOON.timestamp())


def drawing(station: str = "S1") -> Site:
    """One bay and one meter on the grid connection."""
    grid = Circuit(GRID, None, same_on_each(63.0), meter=MAIN)
    bay = Charger(BAY, GRID, "ocpp", StationId(station), max_a=16.0)
    return Site("Desk", {GRID: grid}, {BAY: bay}, {MAIN: Meter(MAIN, "shelly", StationId("M1"))})


def charging(amps: float, register_wh: float | None, at: datetime = NOON) -> LiveCharger:
    """A bay that charges on three lines."""
    reading = ChargerReading(at=at, power_w=amps * 690, energy_wh=register_wh, offered_a=amps)
    live = LiveCharger(BAY, StationId("S1"), online=True, status=Status.CHARGING, held_a=amps, reading=reading)
    live.line_a = same_on_each(amps)
    return live


def metered(watts: float, import_wh: float, export_wh: float = 0.0) -> LiveMeter:
    """The main meter."""
    amps: PerPhase[float | None] = PerPhase(watts / 230, 0.0, 0.0)
    reading = MeterReading(at=NOON, current_a=amps, total_w=watts, import_wh=import_wh, export_wh=export_wh)
    return LiveMeter(MAIN, online=True, reading=reading)


def carrying(amps: float) -> LiveCircuit:
    """The grid connection."""
    current: PerPhase[float | None] = same_on_each(amps)
    headroom = current.map(lambda a: None if a is None else 63.0 - a)
    return LiveCircuit(GRID, NOON, current, headroom, same_on_each(63.0), amps * 690, measured=True, binding=False)


def granted(limit_a: float, text: str, limiter: Limiter = Limiter.CIRCUIT) -> Grant:
    """What the balancer gives the bay."""
    return Grant(charger=BAY, limit_a=limit_a, limiter=limiter, text=text, circuit=GRID, phase=Phase.L1)


@dataclass
class Desk:
    """What a test works with."""

    store: Store
    config: RecorderConfig
    picture: Picture
    clock: FakeClock
    bus: Bus
    recorder: Recorder
    orders: Orders

    def charges(self, amps: float, register_wh: float | None) -> None:
        """The bay says something."""
        self.picture.chargers[BAY] = replace(
            charging(amps, register_wh), station=self.picture.site.chargers[BAY].station
        )

    async def passes(self, seconds: int, step_s: int = 5, then: Callable[[int], None] = lambda passed_s: None) -> None:
        """Time passes: a look every `step_s`, what is over is counted. `then` paints before each look."""
        for passed_s in range(step_s, seconds + 1, step_s):
            self.clock.jump(step_s)
            then(passed_s)
            self.recorder.look()
            if passed_s % 60 == 0:
                await self.recorder.write_down()
        await self.recorder.write_down()

    async def again(self) -> None:
        """The recorder is killed, without a word, and another one starts."""
        await self.recorder._tasks.close()
        self.recorder = Recorder(self.picture, self.bus, self.store, self.clock, self.config)
        await self.recorder.start()

    async def ask(self, name: str, **args: object) -> dict[str, Any]:
        """An order's result; the error's text where it is refused."""
        reply = await self.orders.answer(Envelope(name, args), Caller("test", "cli", EVERYBODY))
        return {"error": str(reply.error)} if reply.error else dict(reply.result or {})

    async def table(self, every: str, what: str = "power,energy", **args: object) -> list[dict[str, Any]]:
        """The bay's history as one mapping for each row."""
        found = await self.ask("history.query", **{"of": "bay-1", "every": every, "what": what, **args})
        return [dict(zip(found["columns"], row, strict=True)) for row in found["rows"]]


@asynccontextmanager
async def desk(
    where: Path | str,
    config: RecorderConfig | None = None,
    zone: str = "UTC",
    begins: datetime = NOON,
    keep_free_mb: int = 0,
) -> AsyncIterator[Desk]:
    """A running recorder over a database in this folder, or at this URL, at noon."""
    clock, bus = FakeClock(begins), Bus()
    async with store(where, clock, config=StoreConfig(keep_free_mb=keep_free_mb)) as running:
        picture = Picture(drawing(), meters={MAIN: LiveMeter(MAIN)}, chargers={BAY: LiveCharger(BAY, StationId("S1"))})
        settings = config or RecorderConfig()
        recorder = Recorder(picture, bus, running, clock, settings)
        orders = Orders(clock)
        made = Desk(running, settings, picture, clock, bus, recorder, orders)
        history = History(_Now(made), picture, orders, lambda: zone)  # type: ignore[arg-type]
        await recorder.start()
        await history.start()
        try:
            yield made
        finally:
            await made.recorder.stop()
            await bus.close()


class _Now:
    """The desk's present recorder: `again` puts another in its place."""

    def __init__(self, made: Desk) -> None:
        self._made = made

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made.recorder, name)
