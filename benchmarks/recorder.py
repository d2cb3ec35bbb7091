"""CPU of a measured row from the live picture to the database, against a bare sqlite3 executemany of the same rows.

A thousand devices say something new every second, which is a thousand rows a second: looked at, collected and written
as the hub does it, counted into five minutes, and taken out when they are old. The peer only writes what the hub wrote.
Both run in turns in this process; what counts is its CPU time, with all threads.
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from benchmarks.page import Row
from hub.core.bus import Bus
from hub.core.clock import SystemClock
from hub.core.database import StoreConfig, url_of
from hub.core.state import LiveMeter, Picture
from hub.core.store import Store
from hub.model.ids import GRID, MeterId, StationId
from hub.model.reading import MeterReading
from hub.model.site import Circuit, Meter, Site
from hub.model.units import PerPhase, same_on_each
from hub.recorder.config import RecorderConfig
from hub.recorder.service import FLUSH_S, Recorder

DEVICES, SECONDS, ROUNDS = 1000, 100, 3
BEGINS = datetime(2026, 3, 1, tzinfo=UTC)


class LapsedClock(SystemClock):
    """A wall clock that stands where it was put; nobody who sleeps by it wakes."""

    def __init__(self) -> None:
        self.at = BEGINS

    def now(self) -> datetime:
        """As it was put."""
        return self.at

    async def sleep(self, seconds: float) -> None:
        """For ever."""
        await asyncio.Event().wait()


def site() -> Picture:
    """A thousand meters."""
    meters = {MeterId(f"m{n}"): Meter(MeterId(f"m{n}"), "bench", StationId(f"S{n}")) for n in range(DEVICES)}
    drawn = Site("Bench", {GRID: Circuit(GRID, None, same_on_each(63.0))}, meters=meters)
    return Picture(drawn, meters={meter: LiveMeter(meter, online=True) for meter in meters})


def painted(picture: Picture, second: int) -> None:
    """Every meter says something new."""
    at = BEGINS + timedelta(seconds=second)
    for number, live in enumerate(picture.meters.values()):
        amps: PerPhase[float | None] = PerPhase(second % 16 + number / 100, 3.21, 0.5)
        live.reading = MeterReading(at=at, current_a=amps, total_w=230.0 * second, import_wh=5000 + second + number)


class Spent(NamedTuple):
    """CPU microseconds of a row."""

    written: float
    counted: float
    taken_out: float
    bare: float = 0.0


async def ours(folder: Path) -> Spent:
    """A row's whole life in the recorder."""
    clock, bus, picture = LapsedClock(), Bus(), site()
    store = Store(url_of(StoreConfig(), folder), StoreConfig(), clock, bus.deliver)
    await store.start("bench")
    recorder = Recorder(picture, bus, store, clock, RecorderConfig(raw_hours=1))
    await recorder.start()
    await recorder.tidy()  # what is done once a day
    written = 0.0
    for second in range(SECONDS):
        clock.at = BEGINS + timedelta(seconds=second)
        painted(picture, second)
        before_s = time.process_time()
        recorder.look()
        if second % FLUSH_S == FLUSH_S - 1:
            await recorder.write_down()
        written += time.process_time() - before_s
    spent = Spent(written, await _cpu_s(clock, 400, recorder.write_down), 0.0)
    with sqlite3.connect(folder / "evhub.db") as written_file, sqlite3.connect(folder / "full.db") as full:
        written_file.backup(full)
    spent = spent._replace(taken_out=await _cpu_s(clock, 2 * 3600, recorder.tidy))
    await recorder.stop()
    await bus.close()
    await store.stop()
    return Spent(*(seconds / (SECONDS * DEVICES) * 1e6 for seconds in spent))


async def _cpu_s(clock: LapsedClock, at_s: int, work: Callable[[], Awaitable[None]]) -> float:
    """What some work takes when so many seconds have passed."""
    clock.at = BEGINS + timedelta(seconds=at_s)
    before_s = time.process_time()
    await work()
    return time.process_time() - before_s


def bare(folder: Path) -> float:
    """CPU microseconds of a row that sqlite3 is only given: read from our file, written into another, as often."""
    with sqlite3.connect(folder / "full.db") as written:
        (schema,) = written.execute("SELECT sql FROM sqlite_master WHERE name = 'samples'").fetchone()
        rows = written.execute("SELECT * FROM samples ORDER BY at").fetchall()
    peer = sqlite3.connect(folder / "bare.db")
    peer.execute("PRAGMA journal_mode=WAL")
    peer.execute("PRAGMA synchronous=NORMAL")
    peer.execute(schema)
    before_s = time.process_time()
    for batch in _batches(rows, DEVICES * FLUSH_S):
        with peer:
            peer.executemany(f"INSERT INTO samples VALUES ({', '.join('?' * len(batch[0]))})", batch)
    spent_s = time.process_time() - before_s
    peer.close()
    return spent_s / len(rows) * 1e6


def _batches(rows: list[tuple[int, ...]], size: int) -> Iterator[list[tuple[int, ...]]]:
    return (rows[first : first + size] for first in range(0, len(rows), size))


def run() -> list[Row]:
    """Take turns; the medians."""
    rounds = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            spent = asyncio.run(ours(Path(folder)))
            rounds.append(spent._replace(bare=bare(Path(folder))))
    written, counted, taken_out, peer = map(statistics.median, zip(*rounds, strict=True))
    return [
        Row(
            "a row from the live picture to the database",
            f"{peer:.1f} µs CPU",
            f"{written:.1f} µs CPU",
            f"{peer / written:.2f} (peer ÷ ours)",
        ),
        Row(
            "its whole life: written, counted, taken out",
            f"{peer:.1f} µs CPU",
            f"{written + counted + taken_out:.1f} µs CPU",
            f"{(written + counted + taken_out) / 10:.2f} % of a core at 1,000 a second",
        ),
    ]
