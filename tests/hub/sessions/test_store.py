"""What is written down of sessions: numbers that never come twice, and all that is needed to go on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.core.pen import new_epoch
from hub.core.store import Store
from hub.model.session import TransactionStart, TransactionStop
from hub.sdk.testing.clock import FakeClock
from hub.sessions import store as books
from hub.sessions.energy import Count, Flag, Sample
from tests.hub.sessions.bench import CHARGER, CP, NOON, bench
from tests.stores import store

Where = Path | str
YESTERDAY = NOON - timedelta(days=1)


async def number(running: Store) -> int:
    """The next one."""
    return await running.write(lambda tx: books._next_number(tx.connection))


async def ready(running: Store, now: datetime, epoch: str = "first") -> None:
    await running.write(lambda tx: books.ready_numbers(tx.connection, epoch, now))


async def test_numbers_go_on_after_a_restart(where: Where) -> None:
    async with store(where) as running:
        await ready(running, YESTERDAY)
        first = await number(running)
        await ready(running, NOON)
        assert await number(running) == first + 1
        assert first == (YESTERDAY - datetime(2020, 1, 1, tzinfo=UTC)).total_seconds()


@pytest.mark.parametrize("now", [NOON, datetime(1970, 1, 1, tzinfo=UTC)], ids=["clock", "no clock"])
async def test_a_restored_hub_gives_no_number_that_was_given_after_its_backup(where: Where, now: datetime) -> None:
    async with store(where) as running:
        await ready(running, YESTERDAY)
        backup = await number(running)
        given = [await number(running) for _ in range(20)]
        await running.write(lambda tx: tx.connection.execute(books.numbers.update().values(next=backup + 1)))
        await ready(running, now, "second")
        assert await number(running) > max(given) + 1000


async def test_a_restore_is_noticed_by_the_epoch_of_the_journal(where: Where) -> None:
    clock = FakeClock(NOON)
    async with bench(where, clock) as before:
        given = await before.start(1000)
    async with store(where, clock) as running:
        await running.write(lambda tx: new_epoch(tx.connection, running.head, clock))
    async with bench(where, clock) as after:
        await after.stop(given, 1100)
        assert await after.start(1100) > given + 1000


async def test_a_hub_without_a_clock_begins_at_one(where: Where) -> None:
    async with store(where) as running:
        await ready(running, datetime(1970, 1, 1, tzinfo=UTC))
        assert [await number(running), await number(running)] == [1, 2]


async def test_signed_values_are_kept_byte_for_byte(where: Where) -> None:
    async with bench(where) as room:
        begun, ended = b"OCMF|{\x00\xff}|begin", b"OCMF|{}|end\r\n"
        start = TransactionStart(connector=1, at=NOON, meter_wh=1.0, signed=begun)
        transaction = await room.room.started(CHARGER, start)
        stop = TransactionStop(transaction=transaction, at=NOON, meter_wh=2.0, signed=ended)
        await room.room.stopped(CP, stop)
        row = await room.store.read(lambda connection: connection.execute(sa.select(books.transactions)).one())
        assert (row.signed_start, row.signed_stop) == (begun, ended)
        assert (row.start_wh, row.stop_wh, row.begun_at, row.stopped_at) == (1.0, 2.0, NOON, NOON)


@pytest.mark.parametrize(
    "count",
    [
        Count(),
        Count(12.5, Sample(1012.5, NOON)),
        Count(12.5, Sample(1012.5, None), Sample(3.0, NOON), frozenset({Flag.GAP, Flag.CLOCK}), own=True),
    ],
)
def test_the_count_comes_back_as_it_was(count: Count) -> None:
    assert books.count_of_json(books.count_to_json(count)) == count
