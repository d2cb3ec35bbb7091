"""Starts that the database did not take, and stops that name no transaction: whose energy it is, at several outlets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hub.core.state import LiveCharger
from hub.model.charger import Charger, Status
from hub.model.errors import NotKept
from hub.model.facts import SessionEnded, SessionStarted
from hub.model.ids import ChargerId, TransactionId
from hub.model.reading import ChargerReading, ChargerStatus
from hub.model.session import TransactionStart, TransactionStop
from hub.sdk.testing.clock import until
from tests.hub.sessions.bench import CHARGER, CP, Bench, bench

LEFT = CHARGER
RIGHT = replace(CHARGER, id=ChargerId("bay-1b"), connector=2)


@pytest.fixture
async def two(where: Path | str) -> AsyncIterator[Bench]:
    """The station CP1 with two outlets."""
    async with bench(where) as room:
        drawn = room.picture.site
        room.picture.site = replace(drawn, chargers={**drawn.chargers, RIGHT.id: RIGHT})
        room.picture.chargers[RIGHT.id] = LiveCharger(RIGHT.id, CP, online=True)
        yield room


class Full:
    """The disk is full while this is entered."""

    def __init__(self, room: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        self._room, self._patch = room, monkeypatch

    def __enter__(self) -> None:
        self._patch.setattr(self._room.store, "write", _takes_nothing)

    def __exit__(self, *why: object) -> None:
        self._patch.undo()


async def _takes_nothing(work: object, *, durable: bool = True) -> None:
    raise NotKept("the database does not take it: the disk is full", "make room")


def says(room: Bench, charger: Charger, status: Status) -> None:
    room.picture.chargers[charger.id].status = status
    room.room.heard(charger, ChargerStatus(at=room.clock.now(), status=status))


def measures(room: Bench, charger: Charger, wh: float) -> None:
    reading = ChargerReading(at=room.clock.now(), energy_wh=wh)
    room.picture.chargers[charger.id].reading = reading
    room.room.heard(charger, reading)


async def begins(room: Bench, charger: Charger, wh: float, token: str = "ANNE") -> TransactionId:
    start = TransactionStart(connector=charger.connector, at=room.clock.now(), token=token, meter_wh=wh)
    return await room.room.started(charger, start)


async def ends(room: Bench, number: int, wh: float | None, minutes: float | None = None) -> None:
    at = room.at(minutes)
    await room.room.stopped(CP, TransactionStop(transaction=TransactionId(number), at=at, meter_wh=wh, reason="Local"))


def figures(room: Bench) -> list[tuple[str, float | None, tuple[str, ...]]]:
    return [(ended.charger, ended.energy_wh, ended.flags) for ended in room.of(SessionEnded)]


# starts that were not kept


async def test_a_refused_start_is_kept_as_soon_as_there_is_room(two: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    says(two, RIGHT, Status.CHARGING)
    with Full(two, monkeypatch), pytest.raises(NotKept):
        await begins(two, RIGHT, 5000, "BERT")
    began_at = two.clock.now()
    await two.clock.advance(seconds=120)
    measures(two, RIGHT, 5400)
    await until(lambda: bool(two.of(SessionStarted)))
    await two.clock.advance(minutes=10)
    started = two.of(SessionStarted)[0]
    assert (started.charger, started.token, started.at, started.start_wh) == ("bay-1b", "BERT", began_at, 5000)
    await ends(two, -1, 9000)
    says(two, RIGHT, Status.AVAILABLE)
    await until(lambda: bool(two.of(SessionEnded)))
    assert figures(two) == [("bay-1b", 4000, ())]


async def test_its_station_may_ask_again_at_any_time(two: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    start = TransactionStart(connector=2, at=two.clock.now(), token="BERT", meter_wh=5000)
    with Full(two, monkeypatch):
        for _ in range(3):
            with pytest.raises(NotKept):
                await two.room.started(RIGHT, start)
    await two.later(minutes=1)
    number = await two.room.started(RIGHT, start)
    assert [one.transaction for one in two.of(SessionStarted)] == [number]
    await ends(two, -1, 5500)  # and forgets it
    assert figures(two) == [("bay-1b", 500, ())]


async def test_the_stop_comes_first(two: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    running = await begins(two, LEFT, 20_000)
    with Full(two, monkeypatch):
        with pytest.raises(NotKept):
            await begins(two, RIGHT, 5000, "BERT")
        await two.clock.advance(minutes=10)
        with pytest.raises(NotKept):
            await ends(two, -1, 8000, minutes=10)
    await ends(two, -1, 8000, minutes=10)
    assert figures(two) == [("bay-1b", 3000, ("late",))]
    assert two.live.transaction == running  # not "the only one that runs"


async def test_three_cars_in_a_row_are_three_sessions(two: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with Full(two, monkeypatch):
        for token, wh in (("A", 1000), ("B", 3000), ("C", 3500)):
            with pytest.raises(NotKept):
                await begins(two, LEFT, wh, token)
            await two.clock.advance(minutes=30)
            with pytest.raises(NotKept):
                await ends(two, -1, wh + 100)
    await begins(two, LEFT, 4000, "D")
    assert [(one.token, one.start_wh) for one in two.of(SessionStarted)] == [
        ("A", 1000),
        ("B", 3000),
        ("C", 3500),
        ("D", 4000),
    ]
    assert [energy for _, energy, _ in figures(two)] == [2000, 500, 500]  # all of it, and none of it twice


async def test_a_car_that_has_gone_by_then(two: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    says(two, LEFT, Status.CHARGING)
    with Full(two, monkeypatch):
        with pytest.raises(NotKept):
            await begins(two, LEFT, 1000)
        measures(two, LEFT, 1060)
        says(two, LEFT, Status.AVAILABLE)
    await two.later(minutes=4)
    await until(lambda: bool(two.of(SessionEnded)))
    assert figures(two) == [("bay-1", 60, ())]


async def test_a_station_that_is_replaced_takes_its_refused_starts_with_it(
    two: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Full(two, monkeypatch), pytest.raises(NotKept):
        await begins(two, LEFT, 1000)
    await two.room.end_all(LEFT.id, CP, "replaced")
    await two.later(minutes=1)
    assert two.told == []


# stops without a number


async def test_the_one_that_its_register_fits(two: Bench) -> None:
    left, right = await begins(two, LEFT, 20_000), await begins(two, RIGHT, 5000, "BERT")
    await two.clock.advance(minutes=10)
    await ends(two, 0, 5500)
    assert two.live.transaction == left
    ended = two.of(SessionEnded)
    assert [(one.transaction, one.energy_wh) for one in ended] == [(right, 500)]


async def test_a_car_nobody_has_heard_of_at_the_other_outlet(two: Bench) -> None:
    running = await begins(two, LEFT, 20_000)
    measures(two, RIGHT, 5000)
    says(two, RIGHT, Status.CHARGING)
    plugged_at = two.clock.now()
    await two.clock.advance(minutes=3)
    await ends(two, -1, 5900)
    assert figures(two) == [("bay-1b", 900, ("start_missing",))]
    assert two.of(SessionEnded)[0].started_at == plugged_at
    assert two.live.transaction == running
    measures(two, RIGHT, 5900)
    await two.later(minutes=10)
    assert len(two.told) == 3  # what it took is in no second session


async def test_where_it_could_be_either_nobodys_session_is_touched(two: Bench) -> None:
    left, right = await begins(two, LEFT, 5000), await begins(two, RIGHT, 5000, "BERT")
    await ends(two, -1, 5040)
    assert figures(two) == [("bay-1", None, ("start_missing",))]
    assert {two.room.transaction_of(LEFT.id), two.room.transaction_of(RIGHT.id)} == {left, right}


async def test_where_it_is_neither_it_is_kept_all_the_same(two: Bench) -> None:
    measures(two, LEFT, 20_000)
    measures(two, RIGHT, 90_000)
    await ends(two, -1, 55_000)
    assert figures(two) == [("bay-1", None, ("start_missing",))]


async def test_the_outlet_where_a_car_stands_comes_first(two: Bench) -> None:
    measures(two, LEFT, 5000)
    measures(two, RIGHT, 5000)
    says(two, LEFT, Status.AVAILABLE)
    says(two, RIGHT, Status.FINISHING)
    await two.clock.advance(minutes=5)
    await ends(two, -1, 5700)
    assert figures(two) == [("bay-1b", 700, ("start_missing",))]


async def test_a_number_of_somebody_else_never_ends_what_runs_with_one_of_ours(two: Bench) -> None:
    running = await begins(two, LEFT, 20_000)
    await ends(two, 4711, 20_010)
    assert two.live.transaction == running


@pytest.mark.parametrize("number", [0, -1, 4711])
async def test_a_stop_that_comes_again_is_the_same_stop(two: Bench, number: int) -> None:
    await begins(two, LEFT, 20_000)
    await begins(two, RIGHT, 5000, "BERT")
    for _ in range(3):
        await ends(two, number, 5010, minutes=0)
    assert len(two.of(SessionEnded)) == 1


async def test_a_register_that_nobody_has_looked_at_for_long_says_nothing(two: Bench) -> None:
    measures(two, LEFT, 20_000)
    await two.clock.advance(seconds=timedelta(days=2).total_seconds())
    await ends(two, -1, 60_000)
    assert figures(two)[0][1] is None
