"""The journal: no holes, cursors that never go back, and nothing taken out that a reader still needs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.core.database import StoreConfig
from hub.core.entry import Position
from hub.core.journal import Journal
from hub.core.pen import new_epoch
from hub.core.store import Store
from hub.core.tables import journal as rows
from hub.model.charger import Status
from hub.model.facts import ChargerConnected, CircuitBackUnderLimit, Event, Gap, StatusChanged
from hub.model.ids import GRID, ChargerId
from hub.sdk.testing import FakeClock
from tests.stores import store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BAY = ChargerId("bay-1")
CONFIG = StoreConfig(journal_days=10)


def status(charger: str, after: Status) -> StatusChanged:
    return StatusChanged(at=NOW, charger=ChargerId(charger), before=None, after=after)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs_postgres)])
async def running(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Store]:
    where = tmp_path if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    async with store(where, clock) as one:
        yield one


@pytest.fixture
def journal(running: Store, clock: FakeClock) -> Journal:
    return Journal(running, CONFIG, clock)


async def tell(running: Store, *facts: Event) -> None:
    for fact in facts:
        await running.write(lambda tx, fact=fact: tx.record(fact))


async def numbers(journal: Journal, after: int = 0) -> list[int]:
    return [entry.no for entry in await journal.after(after)]


async def test_a_reader_sees_what_comes_and_waits_for_more(running: Store, journal: Journal) -> None:
    begin = await journal.cursor("operator:a")
    assert begin == journal.head == 1
    waiting = asyncio.ensure_future(journal.grown(begin))
    await tell(running, ChargerConnected(at=NOW, charger=BAY))
    async with asyncio.timeout(5):
        await waiting
    (entry,) = await journal.after(begin)
    assert (entry.no, entry.name, entry.data) == (
        2,
        "charger_connected",
        '{"at":"2026-03-01T12:00:00.000Z","charger":"bay-1"}',
    )
    assert journal.head_position == entry.position == Position(running.epoch, 2)


async def test_a_cursor_is_durable_and_never_goes_back(running: Store, journal: Journal) -> None:
    assert await journal.cursor("r") == 1
    await tell(running, *[ChargerConnected(at=NOW, charger=BAY)] * 5)
    for to in (4, 2):
        await journal.advance("r", to)
        assert await journal.cursor("r") == 4
    await journal.forget("r")
    assert await journal.cursor("r") == 6


@pytest.mark.parametrize(
    ("days", "cursor", "left_from"),
    [
        (9, 5, 1),  # not old enough
        (11, 5, 6),  # old, and the reader has up to 5
        (11, 1, 2),  # old, and the reader has nothing but the first
    ],
)
async def test_only_what_is_old_and_read_goes(
    running: Store, journal: Journal, clock: FakeClock, days: int, cursor: int, left_from: int
) -> None:
    await journal.cursor("r")
    await tell(running, *[ChargerConnected(at=NOW, charger=BAY)] * 9)
    await journal.advance("r", cursor)
    await clock.advance(days * 86_400)
    assert await journal.prune() == left_from - 1
    assert await numbers(journal) == list(range(left_from, 11))
    await tell(running, ChargerConnected(at=NOW, charger=BAY))
    assert journal.head == 11  # numbers go on, whatever was taken out


async def test_without_readers_old_is_enough(running: Store, journal: Journal, clock: FakeClock) -> None:
    await tell(running, *[ChargerConnected(at=NOW, charger=BAY)] * 3)
    await clock.advance(11 * 86_400)
    assert await journal.prune() == 4
    assert journal.head == 4


async def test_a_reader_that_stays_away_finds_status_thinned_and_what_counts_whole(
    running: Store, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "_config", CONFIG.model_copy(update={"journal_rows": 4}))
    await journal.cursor("r")
    kept = CircuitBackUnderLimit(at=NOW, circuit=GRID, for_s=1.0)
    await tell(
        running,
        status("a", Status.CHARGING),  # 2
        kept,  # 3
        status("b", Status.CHARGING),  # 4: the latest of b
        status("a", Status.FINISHING),  # 5
        kept,  # 6
        status("a", Status.AVAILABLE),  # 7: the latest of a
    )
    assert await journal.prune() == 3  # the first entry is read; 2 and 5 have a later one
    assert await numbers(journal) == [3, 4, 6, 7, 8]
    last = (await journal.after(7))[0]
    assert (last.name, last.data) == (
        Gap.name,
        f'{{"at":"{_iso(journal)}","kind":"status","count":2,"first":2,"last":5}}',
    )


def _iso(journal: Journal) -> str:
    return journal._clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def test_after_a_restore_numbers_begin_a_new_series_and_old_ones_keep_theirs(
    running: Store, journal: Journal, clock: FakeClock
) -> None:
    await tell(running, *[ChargerConnected(at=NOW, charger=BAY)] * 4)
    old = running.epoch
    fresh = await running.write(lambda tx: new_epoch(tx.connection, 5, clock))
    running._pen.epoch, running._pen.base = fresh, 5
    assert [await journal.no_of(Position(old, seq)) for seq in (0, 3, 5, 400)] == [0, 3, 5, 5]  # it knew more: all
    assert [await journal.no_of(Position(fresh, seq)) for seq in (0, 1)] == [5, None]
    assert await journal.no_of(Position("somebody else's", 1)) is None
    assert journal.head_position == Position(fresh, 0)


async def test_pruning_a_large_journal_goes_in_small_steps(running: Store, journal: Journal, clock: FakeClock) -> None:
    facts = [ChargerConnected(at=NOW, charger=BAY)] * 5_000
    await asyncio.gather(*(running.write(lambda tx, f=f: tx.record(f)) for f in facts))
    await clock.advance(11 * 86_400)
    assert await journal.prune() == 5_001
    assert await running.read(lambda c: c.scalar(sa.select(sa.func.count()).select_from(rows))) == 0
