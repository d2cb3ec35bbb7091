"""Sessions from plug-in to plug-out, with everything that chargers do instead, on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from hub.model.charger import Status
from hub.model.facts import SessionEnded, SessionProgressed, SessionStarted
from hub.model.ids import StationId, TransactionId
from hub.model.reading import ChargerReading
from hub.model.session import TransactionStop
from hub.sdk.testing.clock import FakeClock, until
from tests.hub.sessions.bench import BAY, CHARGER, CP, NOON, OTHER, Bench, bench

Where = Path | str


@pytest.fixture
async def room(where: Where) -> AsyncIterator[Bench]:
    async with bench(where) as running:
        yield running


async def pass_by(room: Bench, minutes: float, *registers: float) -> None:
    """Time passes with a sample now and then."""
    for wh in registers:
        await room.clock.advance(minutes=minutes / len(registers))
        room.measures(wh)


# one car


async def test_from_plug_in_to_plug_out(room: Bench) -> None:
    room.says(Status.PREPARING)
    await room.clock.advance(minutes=1)
    transaction = await room.start(1000)
    room.says(Status.CHARGING)
    await pass_by(room, 30, 3000, 6000)
    assert (room.live.transaction, room.live.energy_wh) == (transaction, 5000)
    await room.stop(transaction, 6100)
    assert (room.live.transaction, room.live.energy_wh) == (None, 5100)
    assert room.room.transaction_of(BAY) is None
    room.says(Status.FINISHING)
    await room.clock.advance(minutes=20)
    room.says(Status.AVAILABLE)
    ended = await room.ended()
    assert (ended.transaction, ended.energy_wh, ended.reason, ended.flags) == (transaction, 5100, "Local", ())
    assert (ended.started_at, ended.ended_at) == (room.at(1), room.at(51))
    assert room.picture.chargers[BAY].session is None
    assert [(fact.session, fact.token, fact.start_wh) for fact in room.of(SessionStarted)] == [
        (ended.session, "ANNE", 1000)
    ]


async def test_q08_a_charger_that_never_says_a_status_ends_its_session_at_the_stop(room: Bench) -> None:
    await room.stop(await room.start(1000, -60), 9000)
    assert (await room.ended()).energy_wh == 8000


async def test_one_that_forgets_to_say_that_it_is_free_ends_it_with_the_next_start(room: Bench) -> None:
    first = await room.start(1000)
    room.says(Status.CHARGING)
    await room.clock.advance(minutes=10)
    await room.stop(first, 3000)
    await room.clock.advance(minutes=50)
    second = await room.start(3000)
    ended = await room.ended()
    assert (ended.transaction, ended.ended_at, ended.energy_wh) == (first, room.at(10), 2000)
    assert room.live.transaction == second


async def test_the_same_card_again_while_the_car_stays_is_the_same_session(room: Bench) -> None:
    first = await room.start(1000)
    room.says(Status.CHARGING)
    await room.clock.advance(minutes=30)
    await room.stop(first, 5000)
    room.says(Status.FINISHING)
    before = room.live.id
    await room.clock.advance(minutes=30)
    second = await room.start(5000)
    assert (room.live.id, room.live.transaction) == (before, second)
    assert second != first
    await room.clock.advance(minutes=30)
    await room.stop(second, 7000)
    room.says(Status.AVAILABLE)
    ended = await room.ended()
    assert (ended.session, ended.transaction, ended.energy_wh) == (before, second, 6000)
    assert len(room.of(SessionStarted)) == 1


async def test_another_card_ends_one_session_and_begins_the_next(room: Bench) -> None:
    first = await room.start(1000)
    room.says(Status.CHARGING)
    await pass_by(room, 10, 2000)
    second = await room.start(2100, token="BERT")
    ended = await room.ended()
    assert (ended.transaction, ended.reason, ended.energy_wh) == (first, "replaced", 1100)
    assert (room.live.transaction, room.live.token) == (second, "BERT")


async def test_two_chargers_have_a_session_each(room: Bench) -> None:
    one = await room.start()
    other = await room.room.started(OTHER, room.start_said(50, None))
    assert one != other
    await room.stop(one)
    await room.room.stopped(StationId("CP2"), TransactionStop(transaction=one, at=NOON))
    assert room.room.transaction_of(OTHER.id) == other


# the stop was lost


async def test_a_free_outlet_whose_stop_never_comes_ends_its_session_when_it_was_left(room: Bench) -> None:
    await room.start(1000)
    await pass_by(room, 10, 2000)
    room.says(Status.AVAILABLE)
    await room.later(2)
    assert room.live.energy_wh == 1000
    await room.later(2)
    ended = await room.ended()
    assert (ended.reason, ended.ended_at, ended.energy_wh, ended.flags) == ("Other", room.at(10), 1000, ())


async def test_a_charger_that_is_away_keeps_its_session(room: Bench) -> None:
    await room.start(1000)
    room.says(Status.AVAILABLE)
    room.picture.chargers[BAY].online = False
    await room.later(20)
    assert room.live.energy_wh == 0


async def test_one_that_says_so_by_mistake_goes_on(room: Bench) -> None:
    await room.start(1000)
    room.says(Status.AVAILABLE)
    await room.later(1)
    room.says(Status.CHARGING)
    await room.later(20)
    assert room.live.energy_wh == 0


# restarts


async def test_a_restart_goes_on_from_where_it_was_written_down(where: Where) -> None:
    clock = FakeClock(NOON)
    async with bench(where, clock) as before:
        transaction = await before.start(1000)
        await pass_by(before, 10, 3000)
        session = before.live.id
    await clock.advance(minutes=120)
    async with bench(where, clock) as after:
        assert (after.live.id, after.live.transaction, after.live.energy_wh) == (session, transaction, 2000)
        after.measures(40_000)  # while nobody looked
        assert after.live.energy_wh == 39_000
        await after.stop(transaction, 40_100)
        ended = await after.ended()
        assert (ended.session, ended.energy_wh, ended.flags) == (session, 39_100, ("gap",))


async def test_a_register_that_restarted_while_the_hub_was_away_loses_nothing(where: Where) -> None:
    clock = FakeClock(NOON)
    async with bench(where, clock) as before:
        transaction = await before.start(1000)
        await pass_by(before, 10, 4000)
    await clock.advance(minutes=60)
    async with bench(where, clock) as after:
        await pass_by(after, 2, 500, 700)
        await after.stop(transaction, 900)
        ended = await after.ended()
        assert (ended.energy_wh, ended.flags) == (3900, ("register_reset",))


async def test_a_car_that_left_while_the_hub_was_away(where: Where) -> None:
    clock = FakeClock(NOON)
    async with bench(where, clock) as before:
        before.says(Status.CHARGING)
        await before.start(1000)
        await pass_by(before, 10, 3000)
    await clock.advance(minutes=60)
    async with bench(where, clock) as after:
        after.measures(3500)
        after.says(Status.AVAILABLE)
        await after.later(4)
        ended = await after.ended()
        assert (ended.reason, ended.energy_wh) == ("unplugged_unseen", 2500)
        assert ended.flags == ("gap", "unplugged_unseen")
        assert ended.ended_at == after.at(70)  # when it was noticed


async def test_a_car_that_left_after_its_stop_while_the_hub_was_away(where: Where) -> None:
    clock = FakeClock(NOON)
    async with bench(where, clock) as before:
        before.says(Status.CHARGING)
        await before.stop(await before.start(1000, -30), 3000)
    async with bench(where, clock) as after:
        after.says(Status.AVAILABLE)
        ended = await after.ended()
        assert (ended.reason, ended.energy_wh, ended.flags) == ("Local", 2000, ("gap", "late", "unplugged_unseen"))


async def test_another_car_came_while_the_hub_was_away(where: Where) -> None:
    clock = FakeClock(NOON)
    async with bench(where, clock) as before:
        first = await before.start(1000)
    await clock.advance(minutes=300)
    async with bench(where, clock) as after:
        after.says(Status.CHARGING)
        await after.stop(first, 9000, minutes=60)  # what the charger has kept, in order
        second = await after.start(9000, minutes=200, token="BERT")
        ended = await after.ended()
        assert (ended.transaction, ended.energy_wh, ended.ended_at) == (first, 8000, after.at(60))
        assert after.live.transaction == second


async def test_history_whose_stop_has_not_come_is_known_after_a_restart(where: Where) -> None:
    clock = FakeClock(NOON)
    async with bench(where, clock) as before:
        today = await before.start(9000, -10, token="TODAY")
        old = await before.start(1000, -1000, token="OLD")
    async with bench(where, clock) as after:
        assert after.live.transaction == today
        await after.stop(old, 4000, minutes=-900)
        ended = await after.ended()
        assert (ended.transaction, ended.energy_wh, ended.ended_at) == (old, 3000, after.at(-900))
        assert ended.flags == ("gap", "late")
        assert after.live.transaction == today


# twice, and never


async def test_what_is_told_twice_is_told_once(where: Where) -> None:
    clock = FakeClock(NOON)
    async with bench(where, clock) as before:
        first = await before.start(1000, -60)
        assert await before.start(1000, -60) == first
        await before.stop(first, 3000)
        await before.stop(first, 3000)
        assert await before.start(1000, -60) == first
        assert before.room.open_at(BAY) is None
    async with bench(where, clock) as after:
        assert await after.start(1000, -60) == first
        await after.stop(first, 3000)
        assert after.room.open_at(BAY) is None
        assert after.told == []
        assert len(before.told) == 2


async def test_the_same_start_at_once_from_two_sockets_is_one(room: Bench) -> None:
    both = await asyncio.gather(room.start(1000, -1), room.start(1000, -1))
    assert both[0] == both[1]
    assert len(room.of(SessionStarted)) == 1


async def test_a_caller_that_goes_away_does_not_break_a_start_off(room: Bench) -> None:
    start = asyncio.create_task(room.start(1000, -1))
    await asyncio.sleep(0)
    start.cancel()
    await until(lambda: room.room.transaction_of(BAY))
    assert await room.start(1000, -1) == room.room.transaction_of(BAY)


async def test_a_stop_whose_start_never_came_is_a_session_of_unknown_energy(room: Bench) -> None:
    for _ in range(2):
        await room.stop(4711, 9000, minutes=-30)
    ended = await room.ended()
    assert (ended.energy_wh, ended.started_at, ended.flags) == (None, room.at(-30), ("late", "start_missing"))
    assert len(room.told) == 2
    assert ended.transaction != 4711


@pytest.mark.parametrize("number", [4711, 0, -1, 2**70])
async def test_one_that_says_no_register_says_nothing(room: Bench, number: int) -> None:
    await room.stop(number)
    assert room.told == []


async def test_nobody_ends_what_runs_at_another_station(room: Bench) -> None:
    number = await room.start()
    await room.room.stopped(OTHER.station, TransactionStop(transaction=number, at=NOON, meter_wh=9000))
    assert room.live.transaction == number
    assert len(room.told) == 1


# energy without a start


async def flowing(room: Bench) -> None:
    """A car charges from 12:01 on, from a register of 5000, and nobody has begun anything."""
    room.says(Status.CHARGING)
    room.measures(5000)
    await room.later(1)
    room.measures(5000)
    await room.later(1)
    room.measures(5200)
    await room.later(5)
    assert (room.live.transaction, room.live.energy_wh, room.live.started_at) == (None, 200, room.at(1))


async def test_energy_that_flows_without_a_start_is_a_session(room: Bench) -> None:
    await flowing(room)
    room.measures(6000)
    room.says(Status.AVAILABLE)
    ended = await room.ended()
    assert (ended.energy_wh, ended.reason, ended.flags) == (1000, "EVDisconnected", ("no_authorisation",))


async def test_a_start_that_comes_late_claims_it(room: Bench) -> None:
    await flowing(room)
    number = await room.start(4900, minutes=-3)
    live = room.live
    assert (live.transaction, live.token, live.start_wh, live.energy_wh) == (number, "ANNE", 4900, 300)
    assert [(fact.token, fact.start_wh) for fact in room.of(SessionStarted)] == [(None, 5000), ("ANNE", 4900)]
    assert len({fact.session for fact in room.of(SessionStarted)}) == 1
    room.says(None)
    await room.stop(number, 6000)
    ended = await room.ended()
    assert (ended.energy_wh, ended.flags) == (1100, ())


async def test_a_stop_of_an_unknown_transaction_ends_what_flows(room: Bench) -> None:
    await flowing(room)
    await room.stop(4711, 5300)
    assert (await room.ended()).energy_wh == 300
    assert room.room.open_at(BAY) is None
    assert len(room.told) == 2


async def test_what_was_taken_while_the_charger_was_away_is_a_session_that_is_over(room: Bench) -> None:
    room.says(Status.AVAILABLE)
    room.measures(5000)
    await room.clock.advance(minutes=120)
    room.measures(15_000)
    await room.later(6)
    ended = await room.ended()
    assert ended.energy_wh == 10_000
    assert ended.flags == ("gap", "no_authorisation", "unplugged_unseen")


async def test_a_charger_that_was_away_may_send_first_how_far_its_register_is(room: Bench) -> None:
    """Then what it has kept of two charges: each has its own energy, and nothing is there twice."""
    first = await room.start(1000, token="ANNE")
    await room.clock.advance(minutes=300)
    room.says(Status.AVAILABLE)
    room.measures(9000)
    await room.later(1)
    await room.stop(first, 5000, minutes=60)
    second = await room.start(5000, minutes=120, token="BERT")
    room.measures(9010)
    await room.stop(second, 9000, minutes=180)
    room.measures(9010)
    await room.later(10)
    assert [(ended.transaction, ended.energy_wh) for ended in room.of(SessionEnded)] == [(first, 4000), (second, 4000)]
    assert len(room.of(SessionStarted)) == 2


async def test_a_charger_that_was_away_while_nobody_had_a_session_sends_the_start_after_its_register(
    room: Bench,
) -> None:
    room.says(Status.AVAILABLE)
    room.measures(5000)
    await room.clock.advance(minutes=120)
    room.measures(15_000)
    await room.later(2)
    number = await room.start(5000, minutes=10)
    await room.stop(number, 15_000, minutes=100)
    room.measures(15_000)
    await room.later(10)
    assert [ended.energy_wh for ended in room.of(SessionEnded)] == [10_000]


async def test_one_without_a_status_is_over_when_nothing_flows_any_more(room: Bench) -> None:
    room.measures(5000)
    await room.clock.advance(minutes=10)
    room.measures(7000)
    await room.later(6)
    assert room.live.energy_wh == 2000
    await room.later(20)
    assert room.live.energy_wh == 2000
    await room.later(11)
    assert (await room.ended()).energy_wh == 2000


async def test_a_charger_that_needs_a_little_itself_charges_nobody(room: Bench) -> None:
    room.measures(5000)
    await pass_by(room, 600, *range(5005, 5600, 5))
    assert room.told == []


# progress


async def test_progress_is_told_once_a_minute_and_only_when_there_is_some(room: Bench) -> None:
    await room.start(1000)
    for n in range(1, 31):
        room.measures(1000 + 20 * n)
        await room.later(1 / 6)
    assert len(room.of(SessionProgressed)) == 5
    await room.later(3)
    assert room.of(SessionProgressed)[-1].energy_wh == 600
    assert len(room.of(SessionProgressed)) == 6


async def test_a_killed_hub_goes_on_from_the_last_minute(where: Where) -> None:
    clock = FakeClock(NOON)
    async with bench(where, clock) as before:
        await before.start(1000)
        await pass_by(before, 2, 1500, 2000)
        await until(lambda: before.of(SessionProgressed))
        before.room._open.clear()  # what was only in memory is gone
    async with bench(where, clock) as after:
        after.measures(2300)
        assert after.live.energy_wh == 1300


# clocks


async def test_a_clock_that_cannot_be_meant_gives_the_hubs_time_and_a_flag(room: Bench) -> None:
    start = room.start_said(1000, None)
    number = await room.room.started(CHARGER, type(start)(connector=1, at=NOON.replace(year=1970), meter_wh=1000))
    assert room.live.started_at == NOON
    stop = TransactionStop(transaction=number, at=NOON.replace(year=2099), meter_wh=31_000)
    await room.room.stopped(CP, stop)
    ended = await room.ended()
    assert (ended.energy_wh, ended.ended_at, ended.flags) == (30_000, NOON, ("clock",))


async def test_no_session_ends_before_it_began(room: Bench) -> None:
    await room.stop(await room.start(1000), 1100, minutes=-90)
    ended = await room.ended()
    assert ended.ended_at == ended.started_at


# the drawing


async def test_what_is_open_ends_when_its_device_leaves_the_drawing(room: Bench) -> None:
    await room.start(9000, -10)
    await room.start(1000, -1000, token="OLD")
    room.measures(9300)
    await room.room.end_all(BAY, StationId("CP9"), "replaced")
    assert room.live.energy_wh == 300
    await room.room.end_all(BAY, CP, "replaced")
    await room.ended(2)
    assert {(fact.reason, fact.energy_wh) for fact in room.of(SessionEnded)} == {
        ("replaced", 300),
        ("replaced", 0),
    }
    assert room.room.open_at(BAY) is None


async def test_a_hub_that_was_killed_while_a_device_left_ends_its_session_later(where: Where) -> None:
    clock = FakeClock(NOON)
    async with bench(where, clock) as before:
        await before.start(1000)
    async with bench(where, clock) as after:
        del after.picture.site.chargers[BAY]  # type: ignore[attr-defined]
        await after.later(1)
        assert (await after.ended()).reason == "retired"


async def test_a_reading_costs_no_visit_to_the_database(room: Bench) -> None:
    await room.start(1000)
    commits = room.store._pen.commits
    for n in range(100):
        room.room.heard(CHARGER, ChargerReading(at=NOON + timedelta(seconds=n), energy_wh=1000.0 + n))
    assert room.store._pen.commits == commits
    assert room.live.energy_wh == 99


async def test_a_transaction_number_is_one_beyond_all_others(room: Bench) -> None:
    first = await room.start(1000, -60)
    await room.stop(first, 1000)
    second = await room.start(1000, -30)
    assert second == TransactionId(first + 1)
