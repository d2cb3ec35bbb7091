"""The recorder over real databases: counted once, through kills, late samples, a full disk and old age."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.model.charger import Status
from hub.model.facts import ReadingCameLate
from hub.model.ids import StationId
from hub.model.reading import ChargerReading
from hub.model.units import same_on_each
from hub.recorder import store as rows
from hub.recorder.config import RecorderConfig
from tests.hub.recorder.desk import BAY, MAIN, NOON, NOON_S, Desk, desk, drawing, granted, metered

DAY_S = 86_400


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs_postgres)])
async def at_noon(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Desk]:
    where = tmp_path if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    async with desk(where) as made:
        yield made


async def count(made: Desk, table: sa.Table) -> int:
    return await made.store.read(lambda c: c.scalar(sa.select(sa.func.count()).select_from(table)) or 0)


async def test_an_hour_at_two_powers(at_noon: Desk) -> None:
    register = 1000.0

    def paint(passed_s: int) -> None:
        nonlocal register
        watts = 11_040 if passed_s <= 1800 else 4140
        register += watts * 5 / 3600
        at_noon.charges(watts / 690, register)

    at_noon.charges(16, register)
    at_noon.recorder.look()
    await at_noon.passes(3600 + 60, then=paint)
    five = await at_noon.table("5m")
    assert [row["energy_wh"] for row in five[:12]] == [905, *[920] * 5, 354, *[345] * 5]  # the last of each at :55
    assert [row["power_w"] for row in five[:6]] == [11_040] * 6
    (hour, _) = await at_noon.table("1h")
    assert hour["power_w"] == 7600  # 1805 s at 11.04 kW and 1795 s at 4.14: each sample holds until the next
    assert (hour["power_min_w"], hour["power_max_w"], hour["known_s"]) == (4140, 11_040, 3600)
    assert hour["energy_wh"] == sum(row["energy_wh"] for row in five[:12])
    (total,) = (await at_noon.ask("history.totals"))["rows"]
    assert total["chargers"] == {"bay-1": round(register) - 1000}


async def test_import_and_export_of_the_site(at_noon: Desk) -> None:
    for passed_s in range(0, 600, 10):
        at_noon.picture.meters[MAIN] = metered(-720, 5000, 100 + passed_s / 5)
        at_noon.clock.jump(10)
        at_noon.recorder.look()
    (total,) = (await at_noon.ask("history.totals"))["rows"]
    assert (total["grid_import_wh"], total["grid_export_wh"]) == (0, 118)
    assert total["chargers_wh"] is None
    found = await at_noon.ask("history.query", of="main", every="5m")
    assert found["rows"][1][found["columns"].index("power_w")] == -720


async def test_a_killed_hub_counts_nothing_twice_and_says_that_it_was_away(at_noon: Desk) -> None:
    at_noon.charges(16, 1000)
    await at_noon.passes(420, then=lambda s: at_noon.charges(16, 1000 + s))
    at_noon.picture.chargers[BAY].online = None  # so a hub begins
    await at_noon.again()
    at_noon.clock.jump(1200)
    await at_noon.passes(420, then=lambda s: at_noon.charges(6, 3000 + s))
    five = await at_noon.table("5m", "power,energy,status")
    assert sum(row["energy_wh"] or 0 for row in five) == 3420 - 1005  # what flowed while it was away counts, once
    assert [(row["time_utc"][11:16], row["known_s"], row["charging_s"]) for row in five] == [
        ("12:00", 295, 295),
        ("12:05", 121, 121),  # up to the last word of the hub that was killed, and a second
        ("12:25", 175, 175),
        ("12:30", 240, 240),
    ]


async def test_counting_again_changes_nothing(at_noon: Desk) -> None:
    await at_noon.passes(890, then=lambda s: at_noon.charges(16, 1000 + s))
    once = await at_noon.table("5m", "all")
    for _ in range(3):
        await at_noon.again()
    assert await at_noon.table("5m", "all") == once


async def test_a_charger_that_was_replaced_goes_on_under_its_name(at_noon: Desk) -> None:
    await at_noon.passes(300, then=lambda s: at_noon.charges(16, 50_000 + s))
    at_noon.picture.site = drawing("S2")
    await at_noon.passes(300, then=lambda s: at_noon.charges(16, 49_000 + s))  # another device, a little less on it
    (total,) = (await at_noon.ask("history.totals"))["rows"]
    assert total["chargers"] == {"bay-1": 295 + 290}


async def test_late_samples_go_into_their_own_five_minutes(at_noon: Desk) -> None:
    at_noon.charges(16, 1000)
    at_noon.recorder.look()
    at_noon.picture.chargers[BAY].online = False
    await at_noon.passes(3600)
    at_noon.charges(16, 7000)
    await at_noon.passes(60)
    before = await at_noon.ask("history.totals")
    for minute, register in ((5, 2000.0), (10, 3000.0), (15, 4000.0), (-60 * 72, 0.0)):
        at = NOON + timedelta(minutes=minute)
        late = ChargerReading(at=at, power_w=12_000, energy_wh=register)
        at_noon.bus.publish(ReadingCameLate(BAY, late, same_on_each(17.0)))
    await at_noon.bus.drained()
    await at_noon.recorder.write_down()
    five = {row["time_utc"][11:16]: row for row in await at_noon.table("5m")}
    assert [five[at]["energy_wh"] for at in ("12:05", "12:10", "12:15", "13:00")] == [1000, 1000, 1000, 3000]
    assert five["12:10"]["power_w"] == 12_000
    assert await at_noon.ask("history.totals") == before
    assert at_noon.recorder.dropped == 1  # of three days ago


async def test_what_is_old_goes_a_little_at_a_time(at_noon: Desk) -> None:
    kept = RecorderConfig(raw_hours=1, changes_days=1, five_minute_days=2, hourly_years=1)
    at_noon.recorder.take(kept)
    at_noon.picture.grants[BAY] = granted(16, "the first reason")
    await at_noon.passes(3000, then=lambda s: at_noon.charges(16, 1000 + s))
    at_noon.picture.grants[BAY] = granted(10, "the second reason")
    await at_noon.passes(3000, then=lambda s: at_noon.charges(10, 4000 + s))
    at_noon.picture.chargers[BAY].online = False
    await at_noon.passes(5)
    await at_noon.recorder.tidy()
    oldest = await at_noon.store.read(lambda c: c.scalar(sa.select(sa.func.min(rows.samples.c.at))))
    assert oldest is not None
    assert 3600 - 10 <= at_noon.recorder.now - oldest <= 3600
    assert await count(at_noon, rows.five_minutes) > 15
    at_noon.clock.jump(3 * DAY_S)
    await at_noon.recorder.tidy()
    assert await count(at_noon, rows.samples) == 0
    assert await count(at_noon, rows.five_minutes) == 0
    assert await count(at_noon, rows.changes) == 1  # that it was lost: it still is
    assert await count(at_noon, rows.recorder_texts) == 1
    assert await count(at_noon, rows.hours) > 0
    at_noon.clock.jump(400 * DAY_S)
    await at_noon.recorder.tidy()
    assert await count(at_noon, rows.hours) == 0


async def test_with_little_room_samples_stop_and_statistics_do_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    free_mb = shutil.disk_usage(tmp_path).free // 1_000_000
    async with desk(tmp_path, keep_free_mb=free_mb * 3 // 2) as short:
        await short.passes(660, then=lambda s: short.charges(16, 1000 + s))
        assert short.store.is_short_of_space
        assert not short.store.is_nearly_full
        assert await count(short, rows.samples) == 0
        five = await short.table("5m")
        assert [row["energy_wh"] for row in five] == [290, 300, 65]
        short.store._space.keep_free_mb = 0
        await short.clock.advance(11)  # the disk is looked at every ten seconds
        await short.passes(120, then=lambda s: short.charges(16, 2000 + s))
        assert await count(short, rows.samples) > 0
    said = [record.message for record in caplog.records if record.name == "hub.recorder.service"]
    assert said == [
        "history: samples are not kept any more, only their statistics",
        "history: samples are kept again",
    ]


async def test_with_hardly_any_room_hours_are_what_remains(tmp_path: Path) -> None:
    async with desk(tmp_path, keep_free_mb=10**9) as full:
        await full.passes(3660, then=lambda s: full.charges(16, 1000 + s))
        assert full.store.is_nearly_full
        assert await count(full, rows.five_minutes) == 0
        hour, _ = await full.table("1h")
        assert (hour["energy_wh"], hour["power_w"], hour["known_s"]) == (3590, 11_040, 3595)


async def test_a_database_that_takes_nothing_for_a_while_costs_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path) as made:
        await made.passes(60, then=lambda s: made.charges(16, 1000 + s))
        with closing(sqlite3.connect(tmp_path / "evhub.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            made.charges(16, 2000)
            made.clock.jump(5)
            made.recorder.look()
            await made.recorder.flush()  # waits five seconds for the lock, and gives up
            assert other.execute("SELECT max(energy_wh) FROM samples").fetchone() == (1060,)
            other.execute("ROLLBACK")
        await made.recorder.flush()
        found = await made.table("raw", "energy")
        assert [row["register_wh"] for row in found][-2:] == [1060, 2000]


async def test_a_wall_clock_that_goes_back_harms_nothing(at_noon: Desk) -> None:
    await at_noon.passes(600, then=lambda s: at_noon.charges(16, 1000 + s))
    at_noon.clock.jump(-420)
    await at_noon.passes(900, then=lambda s: at_noon.charges(16, 1600 + s))
    (total,) = (await at_noon.ask("history.totals", **{"from": "2026-03-03", "to": "2026-03-04"}))["rows"]
    assert total["chargers_wh"] is not None
    assert 0 <= total["chargers_wh"] <= 1500


async def test_states_that_nobody_knows_are_not_counted(at_noon: Desk) -> None:
    at_noon.charges(0, 1000)
    at_noon.picture.chargers[BAY].status = None
    await at_noon.passes(300)
    at_noon.picture.chargers[BAY] = replace(at_noon.picture.chargers[BAY], status=Status.AVAILABLE)
    await at_noon.passes(300)
    first, second, _ = await at_noon.table("5m", "status")
    assert sum(value for key, value in first.items() if key.endswith("_s") and key != "known_s") == 0
    assert second["available_s"] == 295


KILLED = """
import asyncio, sys
from pathlib import Path
from tests.hub.recorder.desk import desk

async def main():
    async with desk(Path(sys.argv[1])) as made:
        passed = 0
        while True:
            def paint(s):
                made.charges(16, 1000 + passed + s)
            await made.passes(60, then=paint)
            passed += 60
            print(passed, flush=True)

asyncio.run(main())
"""


def test_a_process_killed_again_and_again_in_mid_write_leaves_a_whole_history(tmp_path: Path) -> None:
    for looks in (3, 9, 14):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.getcwd()},
        )
        assert process.stdout is not None
        for _ in range(looks):
            assert process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.communicate()
    with sqlite3.connect(tmp_path / "evhub.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        counted = dict(database.execute("SELECT at, energy_wh FROM five_minutes WHERE subject = 1").fetchall())
    assert counted[NOON_S] == 290
    assert all(0 <= energy <= 305 for energy in counted.values())


async def test_a_site_that_says_nothing_still_has_its_hours(at_noon: Desk) -> None:
    at_noon.picture.chargers[BAY].online = False
    await at_noon.passes(1200, step_s=60)
    (hour,) = await at_noon.table("1h", "status", until="2026-03-03 12:20")  # not over yet
    assert hour["offline_s"] == 1140
    await at_noon.passes(3000, step_s=60)
    hour, _ = await at_noon.table("1h", "status")
    assert (hour["offline_s"], hour["known_s"]) == (3540, 0)


async def test_a_subject_keeps_its_number(at_noon: Desk) -> None:
    await at_noon.passes(60, then=lambda s: at_noon.charges(16, 1000 + s))
    before = dict(at_noon.recorder.subjects)
    await at_noon.again()
    assert at_noon.recorder.subjects == before
    assert at_noon.picture.chargers[BAY].station == StationId("S1")
