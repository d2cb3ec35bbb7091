"""Every place of a journal once, in order, whatever comes twice, late, out of order, together or broken."""

import asyncio
import random

import psycopg
import pytest

from cloud.aggregator.database import Database, migrate
from cloud.aggregator.parcels import Parcel
from cloud.aggregator.store import Store
from hub.wire.operator.messages import Batch, Reply, Status
from tests.cloud.wire import (
    EPOCH,
    HUB,
    LATER_EPOCH,
    batch,
    dsn_of,
    event,
    of_items,
    parcel,
    refusals,
    seen,
    skip,
    status,
)


async def upto(store: Store, *messages: Batch | Status) -> list[int]:
    return [reached.upto for reached in await store.keep([parcel(message) for message in messages])]


@pytest.mark.parametrize(
    ("batches", "reached"),
    [
        ([(1, 3)], [3]),
        ([(1, 3), (1, 3)], [3, 3]),  # sent again: the acknowledgement was lost
        ([(1, 3), (4, 6)], [3, 6]),
        ([(1, 3), (2, 6)], [3, 6]),  # resent with more
        ([(4, 6), (1, 3)], [0, 6]),  # two aggregators: the second half was faster
        ([(7, 9), (1, 3), (4, 6)], [0, 3, 9]),
        ([(1, 3), (7, 9), (5, 6), (4, 4)], [3, 3, 3, 9]),
    ],
)
async def test_upto_is_what_is_stored_without_a_hole(
    store: Store, batches: list[tuple[int, int]], reached: list[int]
) -> None:
    assert [(await upto(store, batch(first, last)))[0] for first, last in batches] == reached


async def test_a_reader_sees_nothing_behind_a_hole(store: Store, dsn: str) -> None:
    await upto(store, batch(1, 2), batch(4, 5))
    assert seen(dsn) == [1, 2]
    await upto(store, batch(3, 3))
    assert seen(dsn) == [1, 2, 3, 4, 5]


async def test_what_is_skipped_is_no_hole(store: Store, dsn: str) -> None:
    assert await upto(store, of_items([skip(1, 40), event(41), skip(42, 42), event(43)])) == [43]
    assert await upto(store, of_items([skip(40, 41)])) == [43]  # thinned since: the event stays
    assert seen(dsn) == [41, 43]
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT first, last, reason FROM skip ORDER BY first").fetchall()
    assert rows == [(1, 40, "filtered"), (40, 41, "filtered"), (42, 42, "filtered")]


async def test_many_hubs_in_one_transaction(store: Store, dsn: str) -> None:
    hubs = [f"hub-{n:03}" for n in range(50)]
    reached = await store.keep([parcel(batch(1, n + 1, hub=hub)) for n, hub in enumerate(hubs)])
    assert {one.hub: one.upto for one in reached} == {hub: n + 1 for n, hub in enumerate(hubs)}
    assert seen(dsn, "hub-049") == list(range(1, 51))


async def test_a_new_epoch_begins_its_own_series_and_the_old_stays(store: Store, dsn: str) -> None:
    assert await upto(store, batch(1, 5)) == [5]
    assert await upto(store, batch(1, 2, epoch=LATER_EPOCH)) == [2]
    assert await upto(store, batch(6, 7)) == [7]  # the hub still had something of the old one
    assert seen(dsn, epoch=EPOCH) == [1, 2, 3, 4, 5, 6, 7]
    assert seen(dsn, epoch=LATER_EPOCH) == [1, 2]


async def test_epochs_that_come_together_are_ordered_as_they_came(store: Store, dsn: str) -> None:
    await upto(store, batch(1, 1, epoch=LATER_EPOCH), batch(1, 1, epoch=EPOCH))
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT epoch FROM progress ORDER BY epoch_no").fetchall()
    assert rows == [(LATER_EPOCH,), (EPOCH,)]


async def test_aggregators_at_once_in_any_order(database: Database, dsn: str) -> None:
    stretches = [(hub, first) for hub in ("hub-one", "hub-two") for first in range(1, 1000, 20)] * 2
    random.Random(5).shuffle(stretches)
    parcels = [parcel(batch(first, first + 29, hub=hub)) for hub, first in stretches]
    databases = [Database(dsn) for _ in range(4)]

    async def work(own: Database, share: list[Parcel]) -> None:
        for at in range(0, len(share), 7):
            await Store(own).keep(share[at : at + 7])

    await asyncio.gather(*(work(own, parcels[n::4]) for n, own in enumerate(databases)))
    for own in databases:
        await own.close()
    assert [seen(dsn, hub) for hub in ("hub-one", "hub-two")] == [list(range(1, 1011))] * 2


async def test_what_cannot_be_read_is_put_aside_with_the_reason(store: Store, dsn: str) -> None:
    wrong = [
        Parcel("evhub-up/garage-1/ev", b"\xff\x00"),
        Parcel("evhub-up/garage-1/ev", b"\xff\x00"),
        Parcel("evhub-up/other-hub/ev", batch(1, 1).to_json()),
        Parcel("somewhere", b"{}"),
    ]
    assert [one.upto for one in await store.keep([*wrong, parcel(batch(1, 2))])] == [2]
    assert sorted((topic, times) for topic, _, times in refusals(dsn)) == [
        ("evhub-up/garage-1/ev", 2),
        ("evhub-up/other-hub/ev", 1),
        ("somewhere", 1),
    ]
    reasons = {topic: reason for topic, reason, _ in refusals(dsn)}
    assert reasons["evhub-up/other-hub/ev"] == "it comes from other-hub and says that it is of garage-1"
    assert seen(dsn, "other-hub") == []


async def test_what_postgresql_does_not_take_harms_no_other(store: Store, dsn: str) -> None:
    odd = batch(3, 3).to_json().replace(b"2026-01-31", b"2026-W05-6")  # ISO 8601 too, but not to PostgreSQL
    await store.keep([parcel(batch(1, 2)), Parcel("evhub-up/garage-1/ev", odd), parcel(batch(4, 4))])
    assert seen(dsn) == [1, 2]
    assert [reason.partition(":")[0] for _, reason, _ in refusals(dsn)] == [
        "invalid input syntax for type timestamp with time zone"
    ]
    assert await upto(store, batch(3, 3)) == [4]


async def test_text_with_nul_is_kept_with_a_sign_in_its_place(store: Store, dsn: str) -> None:
    assert await upto(store, of_items([event(1, token="a\0\0b", path="c:\\u0000")])) == [1]
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT data->>'token', data->>'path' FROM event").fetchone()
    assert row == ("a\ufffd\ufffdb", "c:\\u0000")


async def test_a_reply_is_kept_once_under_its_hub(store: Store, dsn: str) -> None:
    replies = [Reply(id="c-1", ok=True, result={"limit_a": 10}), Reply(id="c-1", ok=True, result={"limit_a": 11})]
    await store.keep([Parcel("evhub-up.garage-1.re", reply.to_json()) for reply in replies])
    await store.keep([Parcel("evhub-up/garage-2/re", replies[1].to_json())])
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT hub_id, id, document->'result' FROM reply ORDER BY hub_id").fetchall()
    assert rows == [("garage-1", "c-1", {"limit_a": 10}), ("garage-2", "c-1", {"limit_a": 11})]


async def test_an_unknown_schema_is_kept_raw(store: Store, dsn: str) -> None:
    raw = (
        batch(1, 1)
        .to_json()
        .replace(b"session_progressed.v1", b"bay_painted.v7")
        .replace(b'"n":1', b'"rgb":[1,2.5,{}]')
    )
    await store.keep([Parcel("evhub-up/garage-1/ev", raw)])
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT schema, data FROM event").fetchone()
    assert row == ("evhub.bay_painted.v7", {"rgb": [1, 2.5, {}]})


@pytest.mark.parametrize(
    ("statuses", "wins"),
    [
        ([(10, 1), (10, 2)], "at 10.2"),
        ([(10, 2), (10, 1)], "at 10.2"),
        ([(11, 1), (10, 9)], "at 11.1"),
        ([(10, 9), (11, 1)], "at 11.1"),
    ],
)
@pytest.mark.parametrize("together", [True, False])
async def test_the_latest_status_wins(
    store: Store, dsn: str, statuses: list[tuple[int, int]], wins: str, together: bool
) -> None:
    parcels = [parcel(status(seq, rev)) for seq, rev in statuses]
    for group in [parcels] if together else [[one] for one in parcels]:
        await store.keep(group)
    assert shown(dsn) == wins


async def test_a_new_boot_and_a_new_epoch_begin_to_count_anew(store: Store, dsn: str) -> None:
    await upto(store, status(10, 900))
    await upto(store, status(10, 1, boot="d" * 32))
    assert shown(dsn) == "at 10.1"
    await upto(store, status(0, 0, epoch=LATER_EPOCH))
    await upto(store, status(99, 1))
    assert shown(dsn) == "at 0.0"


def shown(dsn: str) -> str:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT document->'site'->>'name' FROM hub_status").fetchone()
    assert row is not None
    return str(row[0])


async def test_a_gap_that_stays_is_asked_for_ever_less_often(store: Store, dsn: str) -> None:
    await upto(store, batch(1, 2), batch(5, 6))
    assert await store.stuck() == []  # another aggregator may bring 3 and 4 in a moment
    later(dsn, 2.1)
    assert [(one.hub, one.upto) for one in await store.stuck()] == [(HUB, 2)]
    assert await store.stuck() == []  # whoever asks next: once is enough
    later(dsn, 3.9)
    assert await store.stuck() == []
    later(dsn, 0.2)
    assert len(await store.stuck()) == 1  # 4 s after the first, then 8 s
    later(dsn, 4.1)
    assert await store.stuck() == []
    await upto(store, batch(3, 4))
    later(dsn, 1000)
    assert await store.stuck() == []


async def test_a_second_gap_is_asked_for_as_soon_as_the_first(store: Store, dsn: str) -> None:
    await upto(store, batch(1, 2), batch(5, 6))
    later(dsn, 2.1)
    assert len(await store.stuck()) == 1
    await upto(store, batch(3, 4), batch(8, 9))
    later(dsn, 2.1)
    assert [one.upto for one in await store.stuck()] == [6]


def later(dsn: str, seconds: float) -> None:
    """As if so much time had gone by."""
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "UPDATE progress SET gap_since = gap_since - make_interval(secs => %(s)s),"
            " asked_at = asked_at - make_interval(secs => %(s)s)",
            {"s": seconds},
        )


async def test_the_schema_is_applied_once_however_many_start(postgres_url: str) -> None:
    databases = [Database(dsn_of(postgres_url)) for _ in range(4)]
    applied = await asyncio.gather(*(migrate(database) for database in databases))
    for database in databases:
        await database.close()
    assert sorted(applied) == [[], [], [], ["0001_journal"]]
