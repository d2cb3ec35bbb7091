"""The list of sessions and its totals, as people ask for them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub.core.orders import Caller, Envelope, Orders
from hub.model.charger import Status
from hub.model.person import EVERYBODY
from hub.sessions.api import Log
from tests.hub.sessions.bench import OTHER, Bench, bench

CALLER = Caller("test", "test", EVERYBODY)
HOUR, DAY = 60, 1440


class Desk:
    """A sessions room with three sessions, and somebody who asks."""

    def __init__(self, room: Bench) -> None:
        self.room, self.orders = room, Orders(room.clock)
        Log(room.room, room.store, room.clock, lambda: "Europe/Brussels").offer(self.orders)

    async def ask(self, **args: object) -> Any:
        reply = await self.orders.answer(Envelope("sessions.list", args), CALLER)
        assert reply.error is None, reply.error
        return reply.result


@pytest.fixture
async def desk(where: Path | str) -> AsyncIterator[Desk]:
    async with bench(where) as room:
        await room.stop(await room.start(1000, -2 * DAY), 9000, minutes=-2 * DAY + 120)  # on 27 February
        await room.stop(4711, 99_000, minutes=-HOUR)
        room.says(Status.CHARGING)
        await room.start(9000)
        await room.room.started(OTHER, room.start_said(50, None, "BERT"))
        await room.clock.advance(minutes=30)
        room.measures(12_000)
        yield Desk(room)


async def test_the_newest_first_and_open_ones_as_they_are_now(desk: Desk) -> None:
    found = await desk.ask(charger="bay-1")
    assert [(one["started_at"], one["energy_wh"]) for one in found["sessions"]] == [
        ("2026-03-01T12:00:00.000Z", 3000),
        ("2026-03-01T11:00:00.000Z", None),
        ("2026-02-27T12:00:00.000Z", 8000),
    ]
    running, unknown, first = found["sessions"]
    assert running == {
        "id": desk.room.live.id,
        "charger": "bay-1",
        "station": "CP1",
        "transaction": desk.room.live.transaction,
        "token": "ANNE",
        "plugged_at": "2026-03-01T12:00:00.000Z",
        "started_at": "2026-03-01T12:00:00.000Z",
        "ended_at": None,
        "energy_wh": 3000,
        "reason": None,
        "flags": [],
    }
    assert (first["ended_at"], first["reason"], first["flags"]) == (
        "2026-02-27T14:00:00.000Z",
        "Local",
        ["gap", "late"],
    )
    assert unknown["flags"] == ["late", "start_missing"]


async def test_totals_by_charger_and_month(desk: Desk) -> None:
    assert (await desk.ask())["totals"] == [
        {"month": "2026-02", "charger": "bay-1", "sessions": 1, "energy_wh": 8000, "unknown": 0},
        {"month": "2026-03", "charger": "bay-1", "sessions": 2, "energy_wh": 3000, "unknown": 1},
        {"month": "2026-03", "charger": "bay-2", "sessions": 1, "energy_wh": 0, "unknown": 0},
    ]


@pytest.mark.parametrize(
    ("args", "sessions", "more"),
    [
        ({}, 4, 0),
        ({"running": True}, 2, 0),
        ({"running": False}, 2, 0),
        ({"limit": 3}, 3, 1),
        ({"from": "2026-03-01"}, 3, 0),
        ({"since": "2026-03-01 12:30"}, 2, 0),  # Brussels is an hour ahead
        ({"from": "2026-02-27", "to": "2026-02-28"}, 1, 0),
        ({"charger": "bay-9"}, 0, 0),
    ],
)
async def test_what_is_asked_for(desk: Desk, args: dict[str, object], sessions: int, more: int) -> None:
    found = await desk.ask(**args)
    assert (len(found["sessions"]), found["more"]) == (sessions, more)


@pytest.mark.parametrize("args", [{"from": "soon"}, {"limit": 0}, {"chargers": "bay-1"}])
async def test_what_makes_no_sense_is_refused(desk: Desk, args: dict[str, object]) -> None:
    reply = await desk.orders.answer(Envelope("sessions.list", args), CALLER)
    assert reply.error is not None
    assert (reply.error.code, bool(reply.error.next)) == ("invalid", True)


async def test_a_page_at_a_time(desk: Desk) -> None:
    whole = await desk.ask()
    first = await desk.ask(limit=2)
    assert (len(first["sessions"]), first["more"], first["next"]) == (2, 2, first["sessions"][-1]["id"])
    second = await desk.ask(limit=2, after=first["next"])
    assert first["sessions"] + second["sessions"] == whole["sessions"]
    assert (second["more"], second["next"], second["totals"]) == (0, None, whole["totals"])


async def test_a_page_after_what_was_not_asked_for_is_refused(desk: Desk) -> None:
    other = (await desk.ask(charger="bay-2"))["sessions"][0]["id"]
    reply = await desk.orders.answer(Envelope("sessions.list", {"charger": "bay-1", "after": other}), CALLER)
    assert reply.error is not None
    assert reply.error.next == "ask with the same from, to and charger"
