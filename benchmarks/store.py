"""Durable facts a second: the store's group commit against a bare fdatasync loop and a bare SQLite WAL FULL loop.

All three on the same disk in one run, in turns, the medians of five. The bare loops do one flush for each record, as a
program without group commit must; the store has 1, 16, 64 or 256 callers who each wait for their own fact. `at` is the
time from the call until the caller knows that its fact is on disk.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from benchmarks.page import Row
from hub.core.clock import SystemClock
from hub.core.database import StoreConfig, url_of
from hub.core.store import Store
from hub.model.facts import ChargerConnected
from hub.model.ids import ChargerId

ROUNDS = 5
ROUND_S = 1.5
CALLERS = (1, 16, 64, 256)
RECORD = b'{"at":"2026-03-01T12:00:00.000Z","charger":"bay-1"}' * 3
FACT = ChargerConnected(at=datetime(2026, 3, 1, 12, tzinfo=UTC), charger=ChargerId("bay-1"))


def run() -> list[Row]:
    """The medians of the rounds."""
    with tempfile.TemporaryDirectory(prefix="evhub-bench-", dir=".") as name:
        return asyncio.run(_measure(Path(name)))


async def _measure(folder: Path) -> list[Row]:
    config, clock = StoreConfig(), SystemClock()
    store = Store(url_of(config, folder), config, clock, lambda fact: None)
    await store.start("bench")
    bare: dict[str, list[float]] = {"fdatasync": [], "sqlite": []}
    ours: dict[int, list[tuple[float, float, float]]] = {callers: [] for callers in CALLERS}
    for _ in range(ROUNDS):
        bare["fdatasync"].append(_each_flushed(folder / "log"))
        bare["sqlite"].append(_each_committed(folder / "bare.db"))
        for callers, rounds in ours.items():
            rounds.append(await _facts(store, callers))
    await store.stop()
    sync, sqlite = median(bare["fdatasync"]), median(bare["sqlite"])
    return [_row(callers, rounds, sync, sqlite) for callers, rounds in ours.items()]


def _row(callers: int, rounds: list[tuple[float, float, float]], sync: float, sqlite: float) -> Row:
    rate, mid_ms, p99_ms = (median(one[n] for one in rounds) for n in range(3))
    return Row(
        f"durable facts, {callers} callers: fdatasync loop, SQLite loop",
        f"{sync:.0f}/s, {sqlite:.0f}/s",
        f"{rate:.0f}/s, at {mid_ms:.2f} ms, p99 {p99_ms:.2f} ms",
        f"{rate / sync:.1f}, {rate / sqlite:.1f} (ours ÷ peer)",
    )


async def _facts(store: Store, callers: int) -> tuple[float, float, float]:
    """Facts a second, and the median and 99th percentile of the milliseconds that one took."""
    took_ms: list[float] = []
    until_s = time.perf_counter() + ROUND_S

    async def caller() -> None:
        while (began_s := time.perf_counter()) < until_s:
            await store.write(lambda tx: tx.record(FACT))
            took_ms.append(1000 * (time.perf_counter() - began_s))

    began_s = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    rate = len(took_ms) / (time.perf_counter() - began_s)
    took_ms.sort()
    return rate, median(took_ms), took_ms[int(len(took_ms) * 0.99)]


def _each_flushed(path: Path) -> float:
    with path.open("ab", buffering=0) as file:

        def one() -> None:
            file.write(RECORD)
            os.fdatasync(file.fileno())

        return _rate(one)


def _each_committed(path: Path) -> float:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE IF NOT EXISTS record (no INTEGER PRIMARY KEY, data BLOB)")
        return _rate(lambda: connection.execute("INSERT INTO record (data) VALUES (?)", (RECORD,)))


def _rate(one: Callable[[], object]) -> float:
    done, began_s = 0, time.perf_counter()
    while time.perf_counter() - began_s < ROUND_S:
        one()
        done += 1
    return done / (time.perf_counter() - began_s)
