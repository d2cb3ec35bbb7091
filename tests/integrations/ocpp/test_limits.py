"""Limits on the wire: in the unit and at the level that a charger takes, once, and never more than was granted."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hub.model.errors import EvhubError, Refused, Unreachable, Unsupported
from hub.model.units import Phase
from hub.sdk.testing import FakeClock, until
from integrations.ocpp.config import Config
from tests.integrations.ocpp.harness import SmallHub, Wishes, bay, small_hub
from tests.integrations.ocpp.scripted import Payload, Scripted, sampled

DEFAULT, OWN = "TxDefaultProfile", "TxProfile"


def rejects(*units: str, level: int | None = None, least: float = 0.0):  # type: ignore[no-untyped-def]
    """An answer to SetChargingProfile that rejects these units, levels other than `level`, and less than `least`."""

    def answer(asked: Payload) -> Payload:
        profile = asked["csChargingProfiles"]
        schedule = profile["chargingSchedule"]
        bad_unit = schedule["chargingRateUnit"] in units
        bad_level = level is not None and profile["stackLevel"] != level
        too_low = schedule["chargingSchedulePeriod"][0]["limit"] < least
        return {"status": "Rejected" if bad_unit or bad_level or too_low else "Accepted"}

    return answer


async def test_a_limit_is_told_and_confirmed(hub: SmallHub) -> None:
    charger = await hub.connected()
    assert await hub.limit(10.67) == 10.6
    assert charger.limits == [(DEFAULT, "A", 10.6)]
    assert (hub.live().held_a, hub.live().asked_a) == (10.6, None)
    assert charger.all("SetChargingProfile")[0]["csChargingProfiles"]["stackLevel"] == 5


@pytest.mark.parametrize("asked_a", [0, 3, 5.9])
async def test_less_than_the_minimum_is_a_pause(hub: SmallHub, asked_a: float) -> None:
    charger = await hub.connected()
    assert await hub.limit(asked_a) == 0
    assert charger.limits == [(DEFAULT, "A", 0)]


async def test_q27_the_same_limit_is_not_told_twice(hub: SmallHub) -> None:
    charger = await hub.connected()
    for asked_a in (10, 10, 10.04, 12, 10):
        await hub.limit(asked_a)
    assert [limit for _, _, limit in charger.limits] == [10, 12, 10]


async def test_q27_several_at_once_are_told_once(hub: SmallHub) -> None:
    charger = await hub.connected()
    await asyncio.gather(*(hub.limit(10) for _ in range(5)))
    assert len(charger.limits) == 1


async def test_what_was_not_confirmed_is_told_again(hub: SmallHub) -> None:
    charger = await hub.connected()
    await hub.limit(16)
    charger.answers["SetChargingProfile"] = None
    with pytest.raises(Unreachable):
        await hub.limit(10)
    assert (hub.live().held_a, hub.live().asked_a) == (16, 10)
    charger.answers["SetChargingProfile"] = {"status": "Accepted"}
    assert await hub.limit(16) == 16  # it may hold 10 by now
    assert [limit for _, _, limit in charger.limits] == [16, 10, 16]


async def test_two_outlets_have_a_limit_each(hub: SmallHub) -> None:
    await hub.draw(bay(1), bay(2, connector=2))
    charger = hub.charger()
    await charger.dial()
    await charger.boot()
    await hub.online("bay-2")
    assert list(await asyncio.gather(hub.limit(8, "bay-1"), hub.limit(9, "bay-2"))) == [8, 9]
    told = {sent["connectorId"]: sent["csChargingProfiles"] for sent in charger.all("SetChargingProfile")}
    assert told.keys() == {1, 2}
    assert told[1]["chargingProfileId"] != told[2]["chargingProfileId"]


# units and levels


async def test_q23_amps_rejected_watts_taken_from_then_on(hub: SmallHub) -> None:
    charger = await hub.connected()
    charger.answers["SetChargingProfile"] = rejects("A")
    assert await hub.limit(10.6) == 10.6
    assert await hub.limit(12) == 12
    assert charger.limits == [(DEFAULT, "A", 10.6), (DEFAULT, "W", 2438), (DEFAULT, "W", 2760)]


async def test_q23_amps_answered_with_an_error_watts_taken(hub: SmallHub) -> None:
    charger = await hub.connected()
    accepts = rejects()
    charger.answers["SetChargingProfile"] = lambda asked: (
        {"CALLERROR": "PropertyConstraintViolation"}
        if asked["csChargingProfiles"]["chargingSchedule"]["chargingRateUnit"] == "A"
        else accepts(asked)
    )
    assert await hub.limit(10) == 10
    assert charger.limits[-1] == (DEFAULT, "W", 2300)


async def test_q23_power_only_by_its_own_configuration(hub: SmallHub) -> None:
    charger = hub.charger()
    charger.keys["ChargingScheduleAllowedChargingRateUnit"] = "Power"
    await hub.connected(charger)
    assert await hub.limit(6.66) == 6.6
    assert charger.limits == [(DEFAULT, "W", 1518)]


async def test_q23_the_other_way_round(hub: SmallHub) -> None:
    charger = hub.charger()
    charger.keys["ChargingScheduleAllowedChargingRateUnit"] = "Power"
    charger.answers["SetChargingProfile"] = rejects("W")
    await hub.connected(charger)
    assert await hub.limit(10) == 10
    assert charger.limits == [(DEFAULT, "W", 2300), (DEFAULT, "A", 10)]


async def test_q23_a_unit_that_the_owner_has_chosen_stays(hub: SmallHub) -> None:
    charger = hub.charger()
    charger.answers["SetChargingProfile"] = rejects("W")
    await hub.connected(charger, Config(rate_unit="W"))
    with pytest.raises(Refused):
        await hub.limit(10)
    assert {unit for _, unit, _ in charger.limits} == {"W"}


@pytest.mark.parametrize("known", [True, False])
async def test_q24_stack_level_0_only(hub: SmallHub, known: bool) -> None:
    charger = hub.charger()
    if known:
        charger.keys["ChargeProfileMaxStackLevel"] = "0"
    charger.answers["SetChargingProfile"] = rejects(level=0)
    await hub.connected(charger)
    assert await hub.limit(10) == 10
    assert charger.all("SetChargingProfile")[-1]["csChargingProfiles"]["stackLevel"] == 0


async def test_q24_a_failing_read_is_level_0(hub: SmallHub) -> None:
    charger = hub.charger()
    charger.answers["GetConfiguration"] = {"CALLERROR": "InternalError"}
    await hub.connected(charger)
    assert await hub.limit(10) == 10
    assert charger.all("SetChargingProfile")[0]["csChargingProfiles"]["stackLevel"] == 0


async def test_q24_a_level_that_the_owner_has_chosen(hub: SmallHub) -> None:
    charger = await hub.connected(settings=Config(stack_level=3))
    assert await hub.limit(10) == 10
    assert charger.all("SetChargingProfile")[0]["csChargingProfiles"]["stackLevel"] == 3


# refusals


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"status": "Rejected"}, Refused),
        ({"status": "NotSupported"}, Unsupported),
        ({"status": "Perhaps"}, Refused),
        ({}, Refused),
        ({"CALLERROR": "NotImplemented"}, Unsupported),
        ({"CALLERROR": "InternalError"}, Refused),
        (None, Unreachable),
    ],
)
async def test_a_limit_that_is_not_taken(hub: SmallHub, answer: Payload | None, kind: type[EvhubError]) -> None:
    charger = await hub.connected()
    charger.answers["SetChargingProfile"] = answer
    with pytest.raises(kind):
        await hub.limit(10)
    assert hub.live().held_a is None


async def test_q26_a_charger_that_refuses_0_is_lowered_and_not_called_paused(hub: SmallHub) -> None:
    charger = await hub.connected()
    charger.answers["SetChargingProfile"] = rejects(least=6)
    await hub.limit(16)
    with pytest.raises(Refused, match="refuses 0 A and goes on with 6 A"):
        await hub.limit(0)
    assert (hub.live().held_a, hub.live().asked_a) == (6, None)
    with pytest.raises(Refused):
        await hub.limit(0)
    assert [limit for _, _, limit in charger.limits] == [16, 0, 6, 0]  # 6 is there already
    assert await hub.limit(6) == 6
    assert len(charger.limits) == 4


async def test_q26_one_that_refuses_0_at_first(hub: SmallHub) -> None:
    charger = await hub.connected()
    charger.answers["SetChargingProfile"] = rejects("W", least=6)
    with pytest.raises(Refused, match="goes on with 6 A"):
        await hub.limit(0)
    assert hub.live().held_a == 6


# obedience


async def test_a_limit_that_is_not_obeyed_is_told_again(tmp_path: Path) -> None:
    clock = FakeClock()
    async with small_hub(tmp_path, Wishes(clock)) as hub:
        charger = await hub.connected()
        await hub.limit(8)
        await charger.amps(16, 16, 16)
        await hub.limit(8)
        assert len(charger.limits) == 1  # it has 10 s to follow
        await clock.advance(11)
        await charger.amps(16, 16, 16)
        await hub.limit(8)
        assert len(charger.limits) == 2


# watts: nobody knows how many phases a car uses before it draws


async def watts_only(hub: SmallHub, phases: tuple[Phase, ...] | None = tuple(Phase), **own: object) -> Scripted:
    """A charger that takes watts, online."""
    await hub.draw(bay(1, phases=phases), settings=Config.model_validate({"rate_unit": "W", **own}))
    charger = hub.charger()
    await charger.dial()
    await charger.boot()
    await hub.online()
    return charger


async def test_before_the_car_is_known_all_watts_may_be_on_one_phase(hub: SmallHub) -> None:
    charger = await watts_only(hub)
    await hub.limit(16)
    assert charger.limits == [(DEFAULT, "W", 3680)]
    await charger.start()
    await charger.amps(15.8, 0, 0)
    await charger.amps(15.8, 0, 0)
    await hub.limit(10)
    assert charger.limits[1:] == [(DEFAULT, "W", 2300)]


async def test_a_car_that_is_measured_on_three_phases_gets_a_profile_of_its_own(hub: SmallHub) -> None:
    charger = await watts_only(hub)
    await hub.limit(20)
    transaction = await charger.start()
    for _ in range(2):
        await charger.amps(6.5, 6.5, 6.6)
    await until(lambda: len(charger.limits) == 3)
    assert charger.limits == [(DEFAULT, "W", 4600), (DEFAULT, "W", 4600), (OWN, "W", 13800)]
    own = charger.all("SetChargingProfile")[-1]["csChargingProfiles"]
    assert own["transactionId"] == transaction
    assert own["chargingSchedule"]["chargingSchedulePeriod"][0]["numberPhases"] == 3
    await hub.limit(10)
    assert charger.limits[3:] == [(DEFAULT, "W", 2300), (OWN, "W", 6900)]


async def test_one_sample_on_three_phases_raises_nothing(hub: SmallHub) -> None:
    charger = await watts_only(hub)
    await hub.limit(20)
    await charger.start()
    for currents in ((6.5, 6.5, 6.6), (6.5, 0.1, 0.1), (6.5, 6.5, 6.6), (1.0, 1.0, 1.0)):
        await charger.amps(*currents)
    await hub.limit(19)
    assert {purpose for purpose, _, _ in charger.limits} == {DEFAULT}


async def test_a_phase_that_falls_away_lowers_the_total_at_once(hub: SmallHub) -> None:
    charger = await watts_only(hub)
    await hub.limit(20)
    await charger.start()
    for _ in range(2):
        await charger.amps(6.5, 6.5, 6.6)
    await until(lambda: charger.limits[-1] == (OWN, "W", 13800))
    await charger.amps(19.8, 0, 0)
    await until(lambda: charger.limits[-1] == (OWN, "W", 4600))


async def test_the_next_car_is_unknown_again(hub: SmallHub) -> None:
    charger = await watts_only(hub)
    await hub.limit(20)
    transaction = await charger.start()
    for _ in range(2):
        await charger.amps(6.5, 6.5, 6.6)
    await until(lambda: charger.limits[-1] == (OWN, "W", 13800))
    await charger.stop(transaction)
    await charger.start(meterStart=3000)
    await hub.limit(18)
    assert charger.limits[-1] == (DEFAULT, "W", 4140)


async def test_a_charger_that_takes_no_profile_for_one_transaction_keeps_the_safe_one(hub: SmallHub) -> None:
    charger = await watts_only(hub)
    charger.answers["SetChargingProfile"] = lambda asked: {
        "status": "Rejected" if asked["csChargingProfiles"]["chargingProfilePurpose"] == OWN else "Accepted"
    }
    await hub.limit(20)
    await charger.start()
    for _ in range(3):
        await charger.amps(6.5, 6.5, 6.6)
    await until(lambda: (OWN, "W", 13800) in charger.limits)
    assert await hub.limit(18) == 18
    assert charger.limits[-1] == (DEFAULT, "W", 4140)


async def test_one_phase_is_wired(hub: SmallHub) -> None:
    charger = await watts_only(hub, phases=(Phase.L2,), car_phases=3)
    await hub.limit(16)
    assert charger.limits == [(DEFAULT, "W", 3680)]


async def test_the_owner_knows_the_cars(hub: SmallHub) -> None:
    charger = await watts_only(hub, car_phases=3)
    await hub.limit(10)
    assert charger.limits == [(DEFAULT, "W", 6900)]
    transaction = await charger.start()
    await charger.amps(29, 0, 0)  # not this one: lowered for everyone, until it has gone
    await until(lambda: charger.limits[-1] == (DEFAULT, "W", 2300))
    await charger.stop(transaction)
    await until(lambda: charger.limits[-1] == (DEFAULT, "W", 6900))


async def test_the_lowest_voltage_counts(hub: SmallHub) -> None:
    charger = await watts_only(hub, voltage_v=230)
    await charger.start()
    volts = [sampled("Voltage", v, phase=f"L{n}-N", unit="V") for n, v in enumerate((228, 225, 231), 1)]
    await charger.meter(*volts)
    await hub.limit(16)
    assert charger.limits == [(DEFAULT, "W", 3600)]
