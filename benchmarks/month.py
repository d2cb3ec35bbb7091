"""A month of a hundred chargers, written by the recorder itself: how large it is, and how long questions take.

`python -m benchmarks.month [DAYS]` takes a quarter of an hour, so it is not part of `make bench`. Time is lapsed: a
minute a look, and in the last two days, of which samples are kept, a second. A third of the chargers charge at any
time; their limits move every minute; the main meter speaks every second, a charging bay every five.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from benchmarks.recorder import BEGINS, LapsedClock
from hub.core.bus import Bus
from hub.core.database import StoreConfig, url_of
from hub.core.orders import Caller, Envelope, Orders
from hub.core.state import LiveCharger, LiveCircuit, LiveMeter, Picture
from hub.core.store import Store
from hub.model.charger import Charger, Status
from hub.model.grant import Grant, Limiter
from hub.model.ids import GRID, ChargerId, CircuitId, MeterId, StationId
from hub.model.person import EVERYBODY
from hub.model.reading import ChargerReading, MeterReading
from hub.model.site import Circuit, Meter, Site
from hub.model.units import PerPhase, Phase, same_on_each
from hub.recorder.api import History
from hub.recorder.config import RecorderConfig
from hub.recorder.service import Recorder
from hub.web.local import LocalDoor, socket_path, stream

CHARGERS, ROWS = 100, 10  # ten rows of ten bays, a circuit each
DAY_S, FINE_S = 86_400, 2 * 86_400
MAIN = MeterId("main")


class Garage:
    """Paints the picture of a busy garage at any second."""

    def __init__(self) -> None:
        rows = [Circuit(CircuitId(f"row-{n}"), GRID, same_on_each(80.0)) for n in range(ROWS)]
        bays = [
            Charger(ChargerId(f"bay-{n}"), rows[n % ROWS].id, "bench", StationId(f"S{n}"), max_a=16.0)
            for n in range(CHARGERS)
        ]
        circuits = {c.id: c for c in [Circuit(GRID, None, same_on_each(400.0), meter=MAIN), *rows]}
        meter = Meter(MAIN, "bench", StationId("M"))
        self.picture = Picture(Site("Garage", circuits, {bay.id: bay for bay in bays}, {MAIN: meter}))
        self.picture.chargers = {bay.id: LiveCharger(bay.id, bay.station, online=True) for bay in bays}
        self.picture.meters = {MAIN: LiveMeter(MAIN, online=True)}
        self._wh = [1000.0 * n for n in range(CHARGERS)]
        self._import_wh = 0.0

    def paint(self, second: int, passed_s: int) -> None:
        """The garage at this second."""
        total_a = 0.0
        for number, live in enumerate(self.picture.chargers.values()):
            total_a += self._bay(number, live, second, passed_s)
        self._import_wh += total_a * 690 * passed_s / 3600
        amps: PerPhase[float | None] = same_on_each(total_a + second % 7 * 0.13)
        reading = MeterReading(at=BEGINS, current_a=amps, total_w=total_a * 690, import_wh=self._import_wh)
        self.picture.meters[MAIN].reading = reading
        for circuit in self.picture.site.circuits.values():
            share = amps if circuit.id == GRID else amps.map(lambda a: None if a is None else a / ROWS)
            self.picture.circuits[circuit.id] = LiveCircuit(
                circuit.id, BEGINS, share, share, circuit.limit_a, total_a * 690, measured=True, binding=False
            )

    def _bay(self, number: int, live: LiveCharger, second: int, passed_s: int) -> float:
        """Three hours of charging in nine, a car that is full, and an empty bay; answers the current."""
        turn = (second + number * 317) % (9 * 3600) // (3 * 3600)
        live.status = (Status.CHARGING, Status.SUSPENDED_EV, Status.AVAILABLE)[turn]
        limit_a = 6.0 + (number * 7 + second // 60 * 13) % 100 / 10 if turn == 0 else 0.0
        self._wh[number] += limit_a * 690 * passed_s / 3600
        if live.held_a != limit_a:
            live.held_a = limit_a
            self.picture.grants[live.id] = _grant(live.id, limit_a, number)
        if passed_s > 1 or second % 5 == number % 5:
            flows = max(0.0, limit_a - number % 4 * 0.21)
            live.line_a = same_on_each(flows)
            live.reading = ChargerReading(at=BEGINS, power_w=flows * 690, energy_wh=self._wh[number], offered_a=limit_a)
        return limit_a


def _grant(charger: ChargerId, limit_a: float, number: int) -> Grant:
    if limit_a == 0:
        return Grant(charger=charger, limit_a=0.0, limiter=Limiter.NO_CAR, text="no car")
    row = number % ROWS
    text = f"{limit_a:g} A because Row {row} circuit L1 is full (80 A)"
    where = CircuitId(f"row-{row}")
    return Grant(charger=charger, limit_a=limit_a, limiter=Limiter.CIRCUIT, text=text, circuit=where, phase=Phase.L1)


async def fill(recorder: Recorder, clock: LapsedClock, garage: Garage, days: int) -> None:
    """Let the days pass."""
    second, fine_from = 0, days * DAY_S - FINE_S
    while second < days * DAY_S:
        step_s = 1 if second >= fine_from else 60
        second += step_s
        clock.at = BEGINS + timedelta(seconds=second)
        garage.paint(second, step_s)
        recorder.look()
        if second % 60 == 0 or (step_s == 1 and second % 5 == 0):
            await recorder.write_down()
        if second % 3600 == 0:
            await recorder.tidy()
        if second % DAY_S == 0:
            print(f"day {second // DAY_S}, {time.process_time():.0f} s of CPU", flush=True)


async def ask(folder: Path, orders: Orders, history: History, days: int) -> None:
    """The questions that people ask, with the time that the answers take."""
    door = LocalDoor(folder, orders, dict)
    door.offer("/history", history.stream)
    await history.start()
    await door.start()
    first, last = (BEGINS + timedelta(days=n) for n in (0, days))
    month = {"from": first.isoformat(), "to": last.isoformat()}
    day = {"from": (last - timedelta(days=1)).isoformat(), "to": last.isoformat()}

    async def csv(query: dict[str, str]) -> int:
        parts = [part async for part in stream(socket_path(folder), "/history", {"of": "bay-7", **query})]
        return b"".join(parts).count(b"\n") - 1

    async def order(name: str, args: dict[str, str]) -> int:
        reply = await orders.answer(Envelope(name, args), Caller("bench", "cli", EVERYBODY))
        assert reply.result is not None, reply.error
        rows = reply.result.get("rows", ())
        return len(rows) if isinstance(rows, (list, tuple)) else 0

    await order("history.why", {"charger": "bay-7"})  # the first answer counts what is open
    questions: dict[str, Callable[[], Awaitable[int]]] = {
        "a day of one charger, raw": lambda: csv({"every": "raw", "what": "all", **day}),
        "a month of one charger, 5 minutes": lambda: csv({"every": "5m", "what": "all", **month}),
        "a month of one charger, hours": lambda: csv({"every": "1h", "what": "all", **month}),
        "a month of one charger, days": lambda: csv({"every": "1d", "what": "all", **month}),
        "a month of all chargers, energy by day": lambda: order("history.totals", {"by": "day", **month}),
        "a month of all chargers, energy": lambda: order("history.totals", month),
        "why had it six amps": lambda: order("history.why", {"charger": "bay-7", "at": day["from"]}),
    }
    for name, question in questions.items():
        before_s = time.perf_counter()
        rows = await question()
        print(f"{name:<40} {(time.perf_counter() - before_s) * 1000:7.0f} ms {rows:7} rows")
    await door.stop()


def sizes(file: Path) -> None:
    """Megabytes of the file and rows of each table."""
    with sqlite3.connect(file) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        free, page = (database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("freelist_count", "page_size"))
        for table in ("samples", "changes", "recorder_texts", "five_minutes", "hours"):
            rows, width = database.execute(f"SELECT count(*), {_width(database, table)} FROM {table}").fetchone()
            print(f"{table:<16} {rows:9} rows {rows * (width or 0) / 1e6:8.1f} MB of values")
    print(f"the file: {file.stat().st_size / 1e6:.0f} MB, {free * page / 1e6:.0f} MB of it free for what comes next")


def _width(database: sqlite3.Connection, table: str) -> str:
    """An expression for the mean width of a row, as SQLite stores it: a header's byte a column, and the values."""
    names = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    of = (
        f"1 + CASE WHEN {n} IS NULL OR {n} IN (0, 1) THEN 0 WHEN typeof({n}) = 'text' THEN length({n})"
        f" WHEN abs({n}) < 128 THEN 1 WHEN abs({n}) < 32768 THEN 2 WHEN abs({n}) < 8388608 THEN 3"
        f" WHEN abs({n}) < 2147483648 THEN 4 WHEN abs({n}) < 140737488355328 THEN 6 ELSE 8 END"
        for n in names
    )
    return f"avg({' + '.join(of)})"


async def main(days: int) -> None:
    """Fill, look, ask."""
    clock, bus, garage = LapsedClock(), Bus(), Garage()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(url_of(StoreConfig(), Path(folder)), StoreConfig(), clock, bus.deliver)
        await store.start("bench")
        recorder = Recorder(garage.picture, bus, store, clock, RecorderConfig())
        orders = Orders(clock)
        await recorder.start()
        await fill(recorder, clock, garage, days)
        await ask(Path(folder), orders, History(recorder, garage.picture, orders, lambda: "Europe/Brussels"), days)
        await recorder.stop()
        await bus.close()
        await store.stop()
        sizes(Path(folder) / "evhub.db")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 30))
