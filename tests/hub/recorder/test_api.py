"""What people ask: rows, totals by the site's days, reasons, and long answers as a stream."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.model.errors import Invalid, NotFound
from hub.recorder.api import History
from hub.web.local import LocalDoor, socket_path, stream
from tests.hub.recorder.desk import BAY, Desk, carrying, desk, granted


@pytest.fixture
async def at_noon(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path, zone="Europe/Brussels") as made:
        made.picture.circuits = {"grid": carrying(10)}  # type: ignore[dict-item]
        yield made


async def test_why_a_bay_had_six_amps(at_noon: Desk) -> None:
    at_noon.picture.grants[BAY] = granted(16, "own maximum 16 A")
    await at_noon.passes(60, then=lambda s: at_noon.charges(16, 1000 + s))
    at_noon.picture.grants[BAY] = granted(6.04, "6 A because grid connection L1 is full (63 A)")
    await at_noon.passes(120, then=lambda s: at_noon.charges(6, 1000 + s))
    at_noon.picture.grants[BAY] = granted(16, "own maximum 16 A")
    await at_noon.passes(60, then=lambda s: at_noon.charges(16, 1000 + s))
    assert await at_noon.ask("history.why", charger="bay-1", at="2026-03-03 13:02") == {
        "charger": "bay-1",
        "at": "2026-03-03T13:02:00+01:00",
        "limit_a": 6.0,
        "held_a": 6.0,
        "status": "charging",
        "limit_reason": "circuit",
        "circuit": "grid",
        "phase": "L1",
        "text": "6 A because grid connection L1 is full (63 A)",
        "since": "2026-03-03T13:01:05+01:00",
        "until": "2026-03-03T13:03:05+01:00",
    }
    now = await at_noon.ask("history.why", charger="bay-1")
    assert (now["limit_a"], now["until"]) == (16.0, None)
    unknown = await at_noon.ask("history.why", charger="bay-1", at="2026-03-02 13:02")
    assert "nothing is known of 2026-03-02T13:02:00+01:00" in unknown["error"]
    assert "no charger 'bay-9' has a history" in (await at_noon.ask("history.why", charger="bay-9"))["error"]


async def test_when_the_details_are_gone_the_hour_still_answers(at_noon: Desk) -> None:
    at_noon.picture.grants[BAY] = granted(16, "own maximum 16 A")
    await at_noon.passes(3700, then=lambda s: at_noon.charges(16, 1000 + s))
    at_noon.picture.grants[BAY] = granted(6, "full")
    await at_noon.passes(60)
    at_noon.clock.jump(30 * 86_400)
    at_noon.picture.grants[BAY] = granted(7, "full again")
    await at_noon.passes(60)
    await at_noon.recorder.tidy()
    found = await at_noon.ask("history.why", charger="bay-1", at="2026-03-03 13:30")
    assert found["hour"] == "2026-03-03T13:00:00+01:00"
    assert found["limited_s"] == {"circuit": 3595}


@pytest.mark.parametrize("zone", ["Europe/Brussels", "Asia/Kolkata"])
async def test_energy_by_the_site_s_days_agrees_with_the_whole(tmp_path: Path, zone: str) -> None:
    begins = datetime(2026, 3, 28, 18, 20, tzinfo=UTC)  # summer begins in Brussels that night
    async with desk(tmp_path, zone=zone, begins=begins) as made:
        register = 0

        def paint(passed_s: int) -> None:
            nonlocal register
            register += 100
            made.charges(16, register)

        await made.passes(36 * 3600, step_s=60, then=paint)
        span = {"from": "2026-03-28", "to": "now"}
        days = (await made.ask("history.totals", by="day", **span))["rows"]
        (whole,) = (await made.ask("history.totals", **span))["rows"]
        assert sum(day["chargers_wh"] or 0 for day in days) == whole["chargers_wh"] == register - 100
        if zone == "Europe/Brussels":
            assert [day["from"] for day in days] == [
                "2026-03-28T00:00:00+01:00",
                "2026-03-29T00:00:00+01:00",
                "2026-03-30T00:00:00+02:00",
            ]
            assert days[1]["chargers_wh"] == 23 * 6000
        rows = await made.table("1d", "energy", since="2026-03-28")
        assert [row["energy_wh"] for row in rows] == [day["chargers_wh"] for day in days if day["chargers_wh"]]


async def test_too_many_raw_points_become_five_minutes_and_it_is_said(at_noon: Desk) -> None:
    await at_noon.passes(5500, step_s=1, then=lambda s: at_noon.charges(16, 1000 + s))
    found = await at_noon.ask("history.query", of="bay-1", every="raw")
    assert found["every"] == "5m"
    assert found["note"] == "every raw has more than 5000 points: every 5m instead"
    few = await at_noon.ask("history.query", of="bay-1", every="raw", since="2026-03-03 14:00:00")
    assert (few["every"], few["note"]) == ("raw", None)
    assert len(few["rows"]) == 1901


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"of": "bay-9"}, "nothing that is called 'bay-9' has a history"),
        ({"of": "meters.bay-1"}, "nothing that is called"),
        ({"of": "bay-1", "what": "love"}, "'love' is nothing that is kept"),
        ({"of": "bay-1", "since": "soon"}, "'soon' is no time"),
        ({"of": "bay-1", "since": "2026-03-04"}, "does not begin before"),
        ({"of": "bay-1", "every": "2m"}, "every"),
        ({"of": "bay-1", "form": "x"}, "form"),
    ],
)
async def test_what_cannot_be_answered(at_noon: Desk, args: dict[str, str], said: str) -> None:
    at_noon.charges(16, 1000)
    at_noon.recorder.look()
    assert said in (await at_noon.ask("history.query", **args))["error"]


async def test_a_circuit_and_a_name_with_its_kind(at_noon: Desk) -> None:
    await at_noon.passes(60)
    found = await at_noon.ask("history.query", of="circuits.grid", every="raw", what="current")
    assert found["kind"] == "circuit"
    assert found["rows"] == [["2026-03-03T12:00:00Z", 10.0, 10.0, 10.0]]
    found = await at_noon.ask("history.query", of="grid", every="raw", what="power", local=True)
    assert (found["columns"], found["rows"][0]) == (["time_local", "power_w"], ["2026-03-03T13:00:00+01:00", 6900])


async def test_a_long_answer_comes_as_a_stream_of_csv(at_noon: Desk, tmp_path: Path) -> None:
    await at_noon.passes(5500, step_s=1, then=lambda s: at_noon.charges(16, 1000 + s))
    history = History(at_noon.recorder, at_noon.picture, at_noon.orders, lambda: "Europe/Brussels")
    door = LocalDoor(tmp_path, at_noon.orders, dict)
    door.offer("/history", history.stream)
    await door.start()
    try:
        with pytest.raises(Exception, match="the hub is starting"):
            await _read(tmp_path, of="bay-1")
        history._open = True
        text = (await _read(tmp_path, of="bay-1", every="raw", what="power,energy")).splitlines()
        assert len(text) == 5501
        assert text[:2] == ["time_utc,power_w,register_wh", "2026-03-03T12:00:01Z,11040,1001"]
        assert text[-1] == "2026-03-03T13:31:40Z,11040,6500"
        local = (await _read(tmp_path, of="bay-1", every="1h", what="energy", local="true")).splitlines()
        assert local[:2] == ["time_local,known_s,energy_wh,register_wh", "2026-03-03T13:00:00+01:00,3599,3598,4599"]
        with pytest.raises(NotFound, match="bay-9"):
            await _read(tmp_path, of="bay-9")
        with pytest.raises(Invalid, match="no time"):
            await _read(tmp_path, of="bay-1", **{"from": "soon"})
    finally:
        await door.stop()


async def _read(data: Path, **query: str) -> str:
    return b"".join([part async for part in stream(socket_path(data), "/history", query)]).decode()
