"""From the first frame to a station that is ready: booted or not, answering or not, telling its status or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.model.charger import Status
from hub.model.facts import ChargerConnected, ChargerDisconnected
from hub.sdk.testing import FakeClock, until
from tests.integrations.ocpp.harness import SmallHub, Wishes, bay, small_hub
from tests.integrations.ocpp.scripted import Scripted, composite

WANTED = "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,Current.Offered"
AT_LEAST = "Energy.Active.Import.Register,Power.Active.Import,Current.Import"


async def dialled(hub: SmallHub, charger: Scripted) -> Scripted:
    """In the drawing and on the line; nothing was sent yet."""
    await hub.draw(bay(1))
    await charger.dial()
    return charger


# booting


async def test_a_boot_is_answered_before_anything_is_asked(hub: SmallHub) -> None:
    charger = await dialled(hub, hub.charger())
    answer = await charger.boot()
    assert (answer["status"], answer["interval"]) == ("Accepted", 60)
    await hub.online()
    assert charger.order[:3] == ["answer", "GetConfiguration", "ChangeConfiguration"]


async def test_the_identity_comes_from_the_boot(hub: SmallHub) -> None:
    await hub.connected()
    await hub.chargers[0].boot(chargePointSerialNumber="S-1")
    identity = hub.live().identity
    assert identity is not None
    assert (identity.vendor, identity.model, identity.serial, identity.firmware) == ("Acme", "Wall 11", "S-1", "1.2")


async def test_q06_no_boot_and_not_a_word_after_a_reconnect(hub: SmallHub) -> None:
    await dialled(hub, hub.charger())
    await hub.online()


async def test_q06_no_boot_but_a_status_after_a_reconnect(tmp_path: Path) -> None:
    async with small_hub(tmp_path, Wishes(FakeClock())) as hub:  # no time passes: nobody waits for the boot
        charger = await dialled(hub, hub.charger())
        await charger.status("Charging")
        await hub.online()
        assert hub.live().status is Status.CHARGING


async def test_q06_without_a_boot_the_heartbeat_is_configured(hub: SmallHub) -> None:
    charger = hub.charger()
    charger.keys["HeartbeatInterval"] = "86400"
    await dialled(hub, charger)
    await hub.online()
    assert charger.configured()["HeartbeatInterval"] == "60"


async def test_q07_a_boot_repeated_at_once_does_no_harm(hub: SmallHub) -> None:
    charger = await dialled(hub, hub.charger())
    for _ in range(3):
        assert (await charger.boot())["status"] == "Accepted"
    await hub.online()
    assert await hub.limit(10) == 10


# configuration


async def test_sampling_is_set(hub: SmallHub) -> None:
    charger = await hub.connected()
    assert charger.configured() == {"MeterValueSampleInterval": "5", "MeterValuesSampledData": WANTED}


async def test_q27_what_is_set_already_is_not_written_again(hub: SmallHub) -> None:
    charger = hub.charger()
    charger.keys |= {"MeterValueSampleInterval": "5", "MeterValuesSampledData": f"{WANTED},Temperature"}
    await hub.connected(charger)
    assert charger.all("ChangeConfiguration") == []


async def test_a_charger_that_refuses_a_measurand_is_asked_for_the_least(hub: SmallHub) -> None:
    charger = hub.charger()
    charger.answers["ChangeConfiguration"] = lambda asked: {
        "status": "Rejected" if "Voltage" in asked["value"] else "Accepted"
    }
    await hub.connected(charger)
    assert charger.configured()["MeterValuesSampledData"] == AT_LEAST


# what is not answered


@pytest.mark.parametrize(
    "action", ["GetConfiguration", "ChangeConfiguration", "GetCompositeSchedule", "TriggerMessage"]
)
async def test_q36_a_call_that_is_never_answered_does_not_block_the_set_up(hub: SmallHub, action: str) -> None:
    charger = hub.charger()
    charger.answers[action] = None
    await hub.connected(charger)
    await until(lambda: charger.all("TriggerMessage"))
    assert await hub.limit(10) == 10


@pytest.mark.parametrize("code", ["NotImplemented", "NotSupported", "InternalError", "Whatever"])
async def test_q36_calls_that_are_answered_with_an_error_do_not_either(hub: SmallHub, code: str) -> None:
    charger = hub.charger()
    for action in ("GetConfiguration", "ChangeConfiguration", "GetCompositeSchedule", "TriggerMessage"):
        charger.answers[action] = {"CALLERROR": code}
    await hub.connected(charger)
    assert await hub.limit(10) == 10


async def test_q36_a_deaf_charger_still_tells_its_readings(hub: SmallHub) -> None:
    charger = hub.charger()
    charger.answers = {}
    await hub.draw(bay(1))
    await charger.dial()
    await charger.boot()
    await charger.status("Charging")
    await charger.amps(9, 9, 9)
    assert hub.live().line_a == (9, 9, 9)
    await hub.online()
    reply = await hub.order("charger.reset", charger="bay-1")
    assert reply.error is not None
    assert reply.error.code == "unreachable"


# limits that it holds already


async def test_q25_what_it_holds_is_read_before_it_is_online(hub: SmallHub) -> None:
    charger = hub.charger()
    charger.answers["GetCompositeSchedule"] = composite(11.0)
    await hub.connected(charger)
    assert hub.live().held_a == 11
    assert charger.all("SetChargingProfile") == []


async def test_q25_nothing_is_claimed_where_it_does_not_say(hub: SmallHub) -> None:
    await hub.connected()
    assert hub.live().held_a is None


async def test_q25_after_a_reconnect_the_old_limit_does_not_count(hub: SmallHub) -> None:
    charger = await hub.connected()
    await hub.limit(10)
    assert hub.live().held_a == 10
    await charger.cut()
    await until(lambda: not hub.live().online)
    assert hub.live().held_a is None
    await charger.dial()
    await charger.boot()
    await hub.online()
    assert hub.live().held_a is None
    assert await hub.limit(10) == 10  # goes onto the wire again
    assert len(charger.limits) == 2


async def test_q25_after_a_boot_on_the_same_socket_it_is_read_again(hub: SmallHub) -> None:
    charger = await hub.connected()
    await hub.limit(10)
    charger.answers["GetCompositeSchedule"] = composite(32)
    await charger.boot()
    await until(lambda: hub.live().held_a == 32)
    assert hub.told(ChargerDisconnected) == []
    assert await hub.limit(10) == 10
    assert len(charger.limits) == 2


async def test_q25_after_a_boot_on_the_same_socket_that_says_nothing_it_is_unknown(hub: SmallHub) -> None:
    charger = await hub.connected()
    await hub.limit(10)
    await charger.boot()
    await hub.until_told(ChargerConnected, 2)
    assert hub.live().held_a is None
    assert hub.told(ChargerDisconnected)[0].why == "it restarted"


async def test_q24_a_composite_schedule_in_watts(hub: SmallHub) -> None:
    charger = hub.charger()
    charger.keys["ChargingScheduleAllowedChargingRateUnit"] = "Power"
    charger.answers["GetCompositeSchedule"] = composite(2300, "W")
    await hub.connected(charger)
    assert hub.live().held_a == 10
    assert charger.all("GetCompositeSchedule")[0]["chargingRateUnit"] == "W"


# statuses


async def test_q08_missing_statuses_are_asked_for_once(hub: SmallHub) -> None:
    charger = hub.charger()
    charger.answers["TriggerMessage"] = {"status": "Accepted"}
    await hub.connected(charger)
    await until(lambda: charger.all("TriggerMessage"))
    await charger.status("SuspendedEV")
    assert hub.live().status is Status.SUSPENDED_EV
    assert charger.all("TriggerMessage") == [{"requestedMessage": "StatusNotification", "connectorId": 1}]


async def test_q08_a_status_that_came_is_not_asked_for(hub: SmallHub) -> None:
    charger = hub.charger()
    await dialled(hub, charger)
    await charger.boot()
    await charger.status("Available")
    await hub.online()
    with pytest.raises(TimeoutError):
        await until(lambda: charger.all("TriggerMessage"), within_s=0.3)


async def test_q08_a_status_of_connector_0_only_counts_for_the_outlet(hub: SmallHub) -> None:
    charger = await hub.connected()
    await charger.status("Faulted", connector=0, errorCode="GroundFailure")
    await until(lambda: hub.live().status is Status.FAULTED)
    assert hub.live().fault is not None
    await charger.status("Available", connector=0)
    await until(lambda: hub.live().status is Status.AVAILABLE)


async def test_q08_an_outlet_that_speaks_for_itself_beats_connector_0(hub: SmallHub) -> None:
    charger = await hub.connected()
    await charger.status("Charging")
    await charger.status("Available", connector=0)
    assert await hub.limit(10) == 10
    assert hub.live().status is Status.CHARGING


async def test_q08_no_status_ever_the_transaction_tells(hub: SmallHub) -> None:
    charger = await hub.connected()
    transaction = await charger.start()
    assert hub.live().status is Status.CHARGING
    await charger.stop(transaction)
    assert hub.live().status is None  # the car may be there or not


async def test_q08_no_status_and_no_start_the_meter_tells(hub: SmallHub) -> None:
    charger = await hub.connected()
    await charger.amps(0, 0, 0)
    assert hub.live().status is None
    await charger.amps(8, 0, 0)
    assert hub.live().status is Status.CHARGING


@pytest.mark.parametrize("answer", [{"status": "NotImplemented"}, {"CALLERROR": "NotImplemented"}, None])
async def test_q09_a_station_that_knows_no_trigger_is_asked_once(hub: SmallHub, answer: dict[str, str] | None) -> None:
    await hub.draw(bay(1), bay(2, connector=2))
    charger = hub.charger()
    charger.answers["TriggerMessage"] = answer
    await charger.dial()
    await charger.boot()
    await hub.online("bay-2")
    await until(lambda: charger.all("TriggerMessage"))
    assert await hub.limit(10, "bay-2") == 10
    assert len(charger.all("TriggerMessage")) == 1


async def test_q09_a_trigger_that_is_rejected_or_without_effect(hub: SmallHub) -> None:
    await hub.draw(bay(1), bay(2, connector=2))
    charger = hub.charger()
    charger.answers["TriggerMessage"] = lambda asked: {
        "status": "Rejected" if asked["connectorId"] == 1 else "Accepted"
    }
    await charger.dial()
    await charger.boot()
    await until(lambda: len(charger.all("TriggerMessage")) == 2)
    assert await hub.limit(10) == 10
    assert (hub.live().status, hub.live("bay-2").status) == (None, None)
