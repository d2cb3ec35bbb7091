"""Leases on the wire: a limit with an end above a floor without one, where the station can hold both."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.model.errors import Refused
from hub.model.units import Phase
from hub.sdk.testing import FakeClock, until
from integrations.ocpp.clock import StationClock, in_words
from integrations.ocpp.config import Config
from tests.integrations.ocpp.harness import SmallHub, Wishes, bay, small_hub
from tests.integrations.ocpp.scripted import Payload, Scripted

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def told(charger: Scripted) -> list[tuple[int, int, float, bool]]:
    """Every profile that came: connector, stack level, limit, whether it ends."""
    return [_row(sent) for sent in charger.all("SetChargingProfile")]


def _row(sent: Payload) -> tuple[int, int, float, bool]:
    profile = sent["csChargingProfiles"]
    schedule = profile["chargingSchedule"]
    assert ("validTo" in profile) == ("duration" in schedule)
    limit = schedule["chargingSchedulePeriod"][0]["limit"]
    return sent["connectorId"], profile["stackLevel"], limit, "duration" in schedule


def rejects(**spoilt: Any):  # type: ignore[no-untyped-def]
    """An answer that rejects profiles with an end (`ends`), of a connector, or of a stack level."""

    def answer(asked: Payload) -> Payload:
        connector, level, _, ends = _row(asked)
        said = {"connector": connector, "level": level, "ends": ends}
        return {"status": "Rejected" if any(said[key] in value for key, value in spoilt.items()) else "Accepted"}

    return answer


def why(hub: SmallHub, id: str = "bay-1") -> str:
    leasing = hub.live(id).leasing
    assert leasing is not None
    assert (leasing.lease_s is None) == bool(leasing.why)
    return leasing.why


async def test_the_limit_then_the_floor_then_the_lease_and_renewals_alone(hub: SmallHub) -> None:
    charger = await hub.connected()
    assert why(hub) == ""
    assert await hub.lend(16) == 16
    assert told(charger) == [(1, 5, 16, False), (0, 0, 6, False), (1, 5, 16, True)]
    assert await hub.lend(16) == 16
    assert told(charger)[3:] == [(1, 5, 16, True)]
    assert await hub.lend(0, for_s=120) == 0
    assert told(charger)[4:] == [(1, 5, 0, True)]
    assert hub.live().lease is not None


async def test_the_end_is_said_twice_and_the_start_is_past(hub: SmallHub) -> None:
    charger = await hub.connected()
    before = datetime.now(UTC)
    await hub.lend(16, for_s=45)
    profile = charger.all("SetChargingProfile")[-1]["csChargingProfiles"]
    schedule = profile["chargingSchedule"]
    began = datetime.fromisoformat(schedule["startSchedule"])
    ends = datetime.fromisoformat(profile["validTo"])
    assert before - timedelta(seconds=70) < began < before - timedelta(seconds=50)
    assert before + timedelta(seconds=43) < ends <= datetime.now(UTC) + timedelta(seconds=45)
    assert abs((began + timedelta(seconds=schedule["duration"]) - ends).total_seconds()) <= 1
    assert profile["chargingProfileKind"] == "Absolute"


async def test_another_floor_is_told_after_the_limit_and_once(hub: SmallHub) -> None:
    charger = await hub.connected()
    await hub.lend(16)
    await hub.lend(16, floor_a=8.04)
    await hub.lend(12, floor_a=8)
    assert told(charger)[3:] == [(1, 5, 16, True), (0, 0, 8, False), (1, 5, 12, True)]


async def test_outlets_with_floors_of_their_own(hub: SmallHub) -> None:
    await hub.draw(bay(1), bay(2, connector=2))
    charger = hub.charger()
    await charger.dial()
    await charger.boot()
    await hub.online("bay-2")
    await hub.lend(16, 6)
    await hub.lend(10, 8, id="bay-2")
    floors = [row for row in told(charger) if row[1] == 0]
    assert floors == [(1, 0, 6, False), (2, 0, 8, False)]
    ids = [sent["csChargingProfiles"]["chargingProfileId"] for sent in charger.all("SetChargingProfile")]
    assert len(set(ids)) == 4


async def test_outlets_that_share_the_lowest_floor_where_single_ones_are_refused(hub: SmallHub) -> None:
    await hub.draw(bay(1), bay(2, connector=2))
    charger = hub.charger()
    charger.answers["SetChargingProfile"] = lambda asked: {
        "status": "Rejected" if _row(asked)[0] and not _row(asked)[1] else "Accepted"
    }
    await charger.dial()
    await charger.boot()
    await hub.online("bay-2")
    await hub.lend(16, 8)
    await hub.lend(10, 6, id="bay-2")
    assert [row for row in told(charger) if row[:2] == (0, 0)] == [(0, 0, 8, False), (0, 0, 6, False)]
    assert (why(hub), hub.live().lease is not None) == ("", True)


async def test_connector_0_refused_is_the_outlet_itself(hub: SmallHub) -> None:
    charger = await hub.connected()
    charger.answers["SetChargingProfile"] = rejects(connector=(0,))
    await hub.lend(16)
    assert told(charger) == [(1, 5, 16, False), (0, 0, 6, False), (1, 0, 6, False), (1, 5, 16, True)]
    assert why(hub) == ""


# stations that can hold none


@pytest.mark.parametrize(
    ("answer", "reason", "sent"),
    [
        (rejects(ends=(True,)), "it refuses limits that end by themselves", 4),
        (rejects(level=(0,)), "it takes no default profile at stack level 0 to fall back to", 3),
        (rejects(level=(5,)), "it takes profiles at one stack level only, so that no limit can lie above another", 3),
    ],
)
async def test_one_that_refuses_is_limited_without_an_end(hub: SmallHub, answer, reason: str, sent: int) -> None:  # type: ignore[no-untyped-def]
    charger = await hub.connected()
    charger.answers["SetChargingProfile"] = answer
    assert await hub.lend(16) == 16
    assert (why(hub), hub.live().lease, hub.live().held_a) == (reason, None, 16)
    assert len(told(charger)) == sent
    assert not told(charger)[-1][3]
    await hub.lend(16)
    assert len(told(charger)) == sent  # it holds that already, and stays with it
    assert await hub.lend(12) == 12
    assert len(told(charger)) == sent + 1


async def test_a_lease_is_never_tried_at_the_floors_own_level(hub: SmallHub) -> None:
    charger = await hub.connected()
    await hub.lend(16)
    await hub.draw(bay(1), bay(2, connector=2))  # it is set up anew, and asked for its levels again
    await hub.online("bay-2")
    charger.answers["SetChargingProfile"] = rejects(ends=(True,))
    assert await hub.lend(10) == 10
    assert not any(ends and level == 0 for _, level, _, ends in told(charger))
    assert told(charger)[-1] == (1, 5, 10, False)


async def test_one_that_refuses_0_a_is_not_taken_for_one_that_refuses_leases(hub: SmallHub) -> None:
    charger = await hub.connected()
    await hub.lend(16)
    charger.answers["SetChargingProfile"] = lambda asked: {"status": "Accepted" if _row(asked)[2] >= 6 else "Rejected"}
    with pytest.raises(Refused, match="goes on with 6 A"):
        await hub.lend(0, for_s=120)
    assert why(hub) == ""
    await hub.lend(10)
    assert told(charger)[-1] == (1, 5, 10, True)


async def test_one_level_by_its_own_configuration(hub: SmallHub) -> None:
    charger = hub.charger()
    charger.keys["ChargeProfileMaxStackLevel"] = "0"
    await hub.connected(charger)
    assert why(hub).startswith("it takes profiles at one stack level only")
    await hub.lend(16)
    assert told(charger) == [(1, 0, 16, False)]


async def test_the_owner_wants_none(hub: SmallHub) -> None:
    await hub.connected(settings=Config(lease_s=0))
    assert why(hub) == "lease_s is 0 in its configuration"


@pytest.mark.parametrize(
    ("ahead_s", "reason"), [(9, ""), (31, "its clock is 31 s ahead"), (7200, "its clock is 2 h ahead")]
)
async def test_a_clock_that_is_ahead(hub: SmallHub, ahead_s: float, reason: str) -> None:
    charger = await hub.connected()
    await charger.status("Available", timestamp=(datetime.now(UTC) + timedelta(seconds=ahead_s)).isoformat())
    await hub.lend(16)
    assert (why(hub), hub.live().lease is None) == (reason, bool(reason))


async def test_a_clock_that_goes_wrong_takes_the_end_off_the_limits_and_one_that_was_set_puts_it_back(
    hub: SmallHub,
) -> None:
    charger = await hub.connected()
    await hub.lend(16)
    await charger.amps(16, 16, 16, at=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
    assert why(hub) == ""  # nobody has looked yet
    await charger.say("Heartbeat", {})
    assert why(hub) == "its clock is 60 min ahead"
    await until(lambda: told(charger)[-1] == (1, 5, 16, False))
    assert hub.live().lease is None
    await charger.amps(16, 16, 16)
    await charger.say("Heartbeat", {})
    assert why(hub) == ""
    await hub.lend(16)
    assert told(charger)[-1] == (1, 5, 16, True)


def test_old_times_are_late_messages_unless_they_come_at_their_own_pace() -> None:
    clock = StationClock()

    def off_by(says_s: float, came_s: float) -> timedelta | None:
        at = (NOON + timedelta(seconds=says_s)).isoformat()
        clock.said = (at, NOON + timedelta(seconds=came_s))
        return clock.off_by()

    assert off_by(0, 40) is None  # one that was late
    assert off_by(40, 41) is None
    assert off_by(10, 50) is None
    assert off_by(30, 71) == timedelta(seconds=-41)  # twice the same
    assert in_words(off_by(50, 91) or timedelta()) == "41 s behind"
    assert off_by(90, 91) is None  # it was set
    clock.said = ("nonsense", NOON)
    assert clock.off_by() is None


# what must stay right beneath


async def test_a_restart_is_told_all_of_it_anew(hub: SmallHub) -> None:
    charger = await hub.connected()
    await hub.lend(16)
    await charger.boot()
    await until(lambda: hub.live().online and hub.live().leasing and hub.live().lease is None)
    await hub.lend(16)
    assert told(charger)[3:] == told(charger)[:3]


async def test_a_new_end_gives_no_new_time_to_obey(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock(datetime.now(UTC))
    async with small_hub(tmp_path, Wishes(clock)) as hub:
        charger = await hub.connected()
        await hub.lend(8)
        await clock.advance(6)
        await hub.lend(8)
        await clock.advance(6)
        await charger.amps(16, 16, 16)
        assert "draws 16.0 A after it accepted a limit of 8.0 A" in caplog.text


async def test_a_plain_limit_ends_the_lease(hub: SmallHub) -> None:
    charger = await hub.connected()
    await hub.lend(16)
    assert await hub.limit(16) == 16
    assert told(charger)[3:] == [(1, 5, 16, False)]
    assert hub.live().lease is None


async def test_watts_lease_for_everyone_and_for_the_transaction(hub: SmallHub) -> None:
    await hub.draw(bay(1, phases=tuple(Phase)), settings=Config(rate_unit="W"))
    charger = hub.charger()
    await charger.dial()
    await charger.boot()
    await hub.online()
    await hub.lend(20)
    assert [row[2] for row in told(charger)] == [4600, 1380, 4600]
    await charger.start()
    for _ in range(2):
        await charger.amps(6.5, 6.5, 6.6)
    await until(lambda: len(told(charger)) == 5)
    assert [(row[2], row[3]) for row in told(charger)[3:]] == [(4600, True), (13800, True)]
    await hub.lend(10)
    assert [(row[2], row[3]) for row in told(charger)[5:]] == [(2300, True), (6900, True)]
