"""The go-e driver against the simulator's go-e Charger on real sockets: limits, pauses, flash, restarts, cards."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from types import MappingProxyType

import pytest
from aiohttp import web

from hub.sdk import (
    Capability,
    ChargerReading,
    ChargerStatus,
    Identity,
    LimitHeld,
    Link,
    Refused,
    Resets,
    SetsLimit,
    StartsAndStops,
    StationId,
    Status,
    Unlocks,
    Unreachable,
)
from hub.sdk.testing import QuickClock, RecordingStationHost, until
from integrations.go_e.charger import GoE, Pace, start
from integrations.go_e.client import Client
from integrations.go_e.config import Config
from simulator.devices import go_e as emulator
from simulator.devices.base import Device, Fault, Net, Option
from simulator.world.car import CarModel
from simulator.world.world import World
from tests.integrations.bench import PACE, Bench, a_server, passing
from tests.simulator.bench import CAR, pass_time, site

USUAL = Pace()
PATIENT = replace(USUAL, raise_gap_s=30.0)
FOR_A_WHILE_S = 40.0  # of the device's time; two real seconds


class GoEBench(Bench[emulator.GoE, GoE]):
    """With a go-e Charger on it."""

    async def drive(self, pace: Pace = USUAL) -> GoE:
        self.driver = GoE(self.host, Client(self.host), pace).begin()
        await until(lambda: self.link is Link.UP)
        return self.driver

    async def set(self, **values: int) -> None:
        """Somebody else sets something, in the app."""
        query = {key: str(value) for key, value in values.items()}
        async with self.host.http.get(f"http://{self.host.where}/api/set", params=query) as answer:
            assert answer.status == 200


@asynccontextmanager
async def a_bench(world: World | None = None, station: str | None = None, **options: Option) -> AsyncIterator[GoEBench]:
    world = world or site()
    unit = Device("go_e", "GE1", ("b1",), options=MappingProxyType({"slow_share": 0.0, **options}))
    device = await emulator.start(unit, world, Net(pace=PACE))
    async with GoEBench.of(world, device, station) as bench:
        yield bench
    assert device.unfiltered == 0


# --- what it says


@pytest.mark.parametrize("version", ["51.3", "59.4", "60.3"])
async def test_an_idle_unit_introduces_itself(version: str) -> None:
    async with a_bench(version=version, temp=31.5, lacks="trx") as bench:
        driver = await bench.drive()
        reading, who = bench.host.last(ChargerReading), bench.host.last(Identity)
    assert isinstance(driver, SetsLimit)
    assert isinstance(driver, StartsAndStops)
    assert isinstance(driver, Resets)
    assert not isinstance(driver, Unlocks)  # its API has a setting for the lock, but no release
    assert who == Identity(vendor="go-e", model="go-eCharger_V4", serial=bench.host.station, firmware=version)
    assert reading is not None
    assert (reading.offered_a, reading.temperature_c, reading.energy_wh) == (32, 33.5, 0)
    assert (bench.status, bench.held_a) == (Status.AVAILABLE, 32)
    assert bench.host.capabilities == frozenset({Capability.LIMIT, Capability.START_STOP, Capability.RESET})


async def test_what_it_holds_is_read_before_anything_is_commanded() -> None:
    async with a_bench(amp=13.0) as bench:
        await bench.drive()
        assert {report.limit_a for report in bench.host.of(LimitHeld)} == {13}
        assert bench.device.settings.flash_writes == 0


async def test_its_owners_maximum_is_not_exceeded() -> None:
    async with a_bench(ama=16.0, amp=32.0) as bench:
        driver = await bench.drive()
        assert bench.held_a == 16
        assert await driver.set_limit(1, 32) == 16


async def test_a_charge_from_plug_in_to_plug_out() -> None:
    three = CarModel("three phases", phases=3, max_a=16.0)
    async with a_bench(site(("L1", "L2", "L3"))) as bench:
        await bench.drive()
        bench.world.plug("b1", three, need_wh=50_000)
        await passing(bench.world, lambda: bench.status is Status.CHARGING)
        pass_time(bench.world, 3600)
        await until(lambda: (r := bench.host.last(ChargerReading)) is not None and (r.energy_wh or 0) > 11_000)
        reading = bench.host.last(ChargerReading)
        assert reading is not None
        assert (reading.current_a, reading.power_w) == ((16, 16, 16), 11_040)
        assert bench.host.transaction_of(1) is not None
        bench.world.evses["b1"].unplug()
        await until(lambda: bench.host.stops)
        await until(lambda: bench.status is Status.AVAILABLE)
    (began,), (ended,) = bench.host.starts, bench.host.stops
    assert (began.connector, began.token, began.meter_wh) == (1, None, 0)
    assert ended.meter_wh == pytest.approx(11_040, abs=40)
    assert ended.reason == "EVDisconnected"


async def test_a_transaction_that_runs_already_goes_on() -> None:
    """As after a restart of the hub: the same car has one session."""
    async with a_bench() as bench:
        bench.world.plug("b1", CAR, need_wh=50_000)
        first = await bench.drive()
        await until(lambda: bench.host.starts)
        await first.stop()
        await bench.drive()
        reports = len(bench.host.reports)
        await until(lambda: len(bench.host.reports) > reports + 5)
    assert len(bench.host.starts) == 1
    assert bench.host.stops == []


async def test_an_electrical_fault_in_ocpp_words() -> None:
    async with a_bench() as bench:
        await bench.drive()
        bench.world.evses["b1"].trip("PowerSwitchFailure")
        await until(lambda: bench.status is Status.FAULTED)
        said = bench.host.last(ChargerStatus)
    assert said is not None
    assert said.fault is not None
    assert (said.fault.code, said.fault.vendor_code) == ("PowerSwitchFailure", "9")


async def test_a_meter_that_says_zeros_while_a_car_charges_is_not_believed(caplog: pytest.LogCaptureFixture) -> None:
    async with a_bench(dead_meter=True) as bench:
        await bench.drive()
        bench.world.plug("b1", CAR, need_wh=50_000)
        await passing(bench.world, lambda: bench.status is Status.CHARGING)
        reading = bench.host.last(ChargerReading)
        assert reading is not None
        assert (reading.current_a, reading.power_w) == (None, None)
        reports = len(bench.host.reports)
        await until(lambda: len(bench.host.reports) > reports + 10)
    assert caplog.text.count("nrg is all zeros") == 1


# --- limits


async def test_sixteen_amps_then_a_pause_then_on() -> None:
    async with a_bench() as bench:
        world, driver = bench.world, await bench.drive()
        world.plug("b1", CAR, need_wh=50_000)
        pass_time(world, 10)

        assert await driver.set_limit(1, 16.9) == 16
        pass_time(world, 10)
        assert world.evses["b1"].current_a[0] == pytest.approx(15.8)

        assert await driver.set_limit(1, 0) == 0
        pass_time(world, 10)
        assert (world.evses["b1"].offered_a, world.evses["b1"].current_a[0]) == (0, 0)
        await until(lambda: bench.status is Status.SUSPENDED_EVSE)

        assert await driver.set_limit(1, 10) == 10
        pass_time(world, 10)
        assert world.evses["b1"].current_a[0] == pytest.approx(9.8)
        await until(lambda: bench.status is Status.CHARGING)


@pytest.mark.parametrize(("asked_a", "held_a"), [(6.0, 6), (5.9, 0), (7.999, 7), (32.0, 32), (50.0, 32)])
async def test_limits_are_whole_amps_and_round_down(asked_a: float, held_a: float) -> None:
    async with a_bench() as bench:
        driver = await bench.drive()
        assert await driver.set_limit(1, asked_a) == held_a
        assert bench.held_a == held_a


async def test_old_firmware_is_limited_too() -> None:
    async with a_bench(version="51.3") as bench:
        driver = await bench.drive()
        assert await driver.set_limit(1, 10) == 10
        assert bench.device.settings.amp == 10


async def test_a_paused_unit_has_the_least_current_for_the_next_car() -> None:
    """The force ends with the car: what is left must be harmless even if the hub is gone by then."""
    async with a_bench() as bench:
        driver = await bench.drive()
        bench.world.plug("b1", CAR, need_wh=50_000)
        await driver.set_limit(1, 0)
        bench.world.unplug("b1")
        await until(lambda: bench.held_a == 6)
        assert (bench.device.settings.frc, bench.device.settings.amp) == (0, 6)


async def test_someone_who_sets_it_in_the_app_is_noticed() -> None:
    async with a_bench() as bench:
        driver = await bench.drive()
        await driver.set_limit(1, 8)
        await bench.set(amp=20)
        await until(lambda: bench.held_a == 20)
        await bench.set(frc=1)
        await until(lambda: bench.held_a == 0)


async def test_a_setting_that_never_shows_is_refused() -> None:
    async with a_bench() as bench:
        driver = await bench.drive()
        await bench.device.fault(Fault.FROZEN, FOR_A_WHILE_S)
        with pytest.raises(Refused, match="it is at 32 A and lets the car charge") as refused:
            await driver.set_limit(1, 8)
        assert "who else steers it" in refused.value.next


async def test_there_is_one_outlet() -> None:
    async with a_bench() as bench:
        driver = await bench.drive()
        for order in (driver.set_limit(2, 16), driver.start_charging(2, "x"), driver.stop_charging(2)):
            with pytest.raises(Refused, match="one outlet"):
                await order


# --- its flash


async def test_the_same_limit_again_is_not_written() -> None:
    async with a_bench() as bench:
        driver = await bench.drive()
        for limit_a in (10, 10.4, 10.9, 10):
            assert await driver.set_limit(1, limit_a) == 10
        assert bench.device.settings.flash_writes == 1


async def test_quick_raises_are_one_write_and_counted_as_held_meanwhile() -> None:
    async with a_bench() as bench:
        driver = await bench.drive(PATIENT)
        await driver.set_limit(1, 8)
        assert await driver.set_limit(1, 9) == 9  # the first raise goes out at once
        assert bench.device.settings.amp == 9
        for limit_a in (10, 11, 12):
            assert await driver.set_limit(1, limit_a) == limit_a
            assert bench.device.settings.amp == 9
        since = len(bench.host.of(LimitHeld))
        await until(lambda: bench.device.settings.amp == 12)
        await until(lambda: len(bench.host.of(LimitHeld)) > since + 3)
        assert {report.limit_a for report in bench.host.of(LimitHeld)[since:]} == {12}  # never less than it may hold
        assert bench.device.settings.flash_writes == 3


async def test_a_reduction_never_waits_and_ends_a_waiting_raise() -> None:
    async with a_bench() as bench:
        driver = await bench.drive(PATIENT)
        for limit_a in (8, 9, 16):
            await driver.set_limit(1, limit_a)
        assert await driver.set_limit(1, 7) == 7
        assert bench.device.settings.amp == 7
        began_s = bench.host.clock.monotonic()
        await until(lambda: bench.host.clock.monotonic() - began_s > 35)
        assert (bench.device.settings.amp, bench.held_a) == (7, 7)


async def test_a_pause_ends_at_once_even_where_its_raise_has_to_wait() -> None:
    async with a_bench() as bench:
        driver = await bench.drive(PATIENT)
        bench.world.plug("b1", CAR, need_wh=50_000)
        for limit_a in (8, 9, 0):
            await driver.set_limit(1, limit_a)
        assert await driver.set_limit(1, 16) == 16
        assert (bench.device.settings.frc, bench.device.settings.amp) == (0, 6)
        await until(lambda: bench.device.settings.amp == 16)


# --- start and stop


async def test_a_stop_lasts_until_a_start_whatever_the_limit_says() -> None:
    async with a_bench() as bench:
        driver = await bench.drive()
        bench.world.plug("b1", CAR, need_wh=50_000)
        await passing(bench.world, lambda: bench.status is Status.CHARGING)
        await driver.stop_charging(1)
        pass_time(bench.world, 10)
        await until(lambda: bench.status is Status.FINISHING)
        assert bench.held_a == 0
        assert await driver.set_limit(1, 16) == 0
        assert bench.world.evses["b1"].current_a[0] == 0

        await driver.start_charging(1, "evhub")
        assert bench.status is Status.SUSPENDED_EVSE  # it waits for its share
        assert await driver.set_limit(1, 16) == 16
        await passing(bench.world, lambda: bench.status is Status.CHARGING)
        assert len(bench.host.starts) == 1


async def test_the_next_car_is_not_stopped() -> None:
    async with a_bench() as bench:
        driver = await bench.drive()
        bench.world.plug("b1", CAR, need_wh=50_000)
        await until(lambda: bench.host.starts)
        await driver.stop_charging(1)
        bench.world.unplug("b1")
        await until(lambda: bench.status is Status.AVAILABLE)
        bench.world.plug("b1", CAR, need_wh=50_000)
        assert await driver.set_limit(1, 10) == 10


async def test_nothing_is_stopped_without_a_car() -> None:
    async with a_bench() as bench:
        driver = await bench.drive()
        with pytest.raises(Refused, match="no car"):
            await driver.stop_charging(1)


async def test_a_start_stands_in_for_a_card() -> None:
    async with a_bench(acs=1.0) as bench:
        driver = await bench.drive()
        bench.world.plug("b1", CAR, need_wh=50_000)
        await until(lambda: bench.status is Status.PREPARING)
        await driver.start_charging(1, "04AABBCC")
        await until(lambda: bench.device.settings.trx == 0)
        await passing(bench.world, lambda: bench.status is Status.CHARGING)


# --- restarts and the network


@pytest.mark.parametrize("hard", [False, True])
async def test_after_a_restart_it_holds_what_is_stored(hard: bool) -> None:
    async with a_bench() as bench:
        driver = await bench.drive()
        await driver.set_limit(1, 10)
        await bench.set(frc=1)
        await until(lambda: bench.held_a == 0)
        await driver.reset(hard=hard)
        await until(lambda: bench.held_a == 10, within_s=8)  # the force is forgotten
        assert await driver.set_limit(1, 8) == 8


async def test_old_firmware_has_no_restart() -> None:
    async with a_bench(version="52.0") as bench:
        driver = await bench.drive()
        with pytest.raises(Refused, match="answers rst with 'null'") as refused:
            await driver.reset(hard=False)
        assert "update its firmware" in refused.value.next


async def test_off_the_network_and_back() -> None:
    async with a_bench() as bench:
        driver = await bench.drive()
        await bench.device.fault(Fault.OFFLINE, FOR_A_WHILE_S)
        await until(lambda: bench.link is Link.DOWN)
        with pytest.raises(Unreachable):
            await driver.set_limit(1, 10)
        await until(lambda: bench.link is Link.UP, within_s=8)
        assert [contact.link for contact in bench.host.contacts] == [Link.UP, Link.DOWN, Link.UP]


async def test_a_silent_unit_is_down() -> None:
    async with a_bench() as bench:
        driver = await bench.drive(replace(USUAL, answer_s=0.3, order_s=0.3))
        await bench.device.fault(Fault.SILENT, FOR_A_WHILE_S)
        await until(lambda: bench.link is Link.DOWN)
        with pytest.raises(Unreachable, match="did not confirm 10 A"):
            await driver.set_limit(1, 10)
        await until(lambda: bench.link is Link.UP, within_s=8)


async def test_slow_answers_are_waited_for() -> None:
    async with a_bench(slow_share=1.0) as bench:
        driver = await bench.drive()
        assert await driver.set_limit(1, 10) == 10


async def test_a_switched_off_api_says_what_to_do() -> None:
    async with a_bench(api=False) as bench:
        bench.driver = await start(bench.host, Config())
        await until(lambda: bench.link is Link.DOWN)
        assert "it has no HTTP API v2 (HTTP 404); switch on HTTP API v2 in the go-e app" in bench.host.contacts[0].why
        bench.device.api = True
        await until(lambda: bench.link is Link.UP)


async def test_a_taken_lock_is_no_outage_until_it_lasts() -> None:
    async with a_bench() as bench:
        driver = await bench.drive()
        bench.device.locked = 1
        assert await driver.set_limit(1, 10) == 10
        bench.device.locked = 1
        reports = len(bench.host.reports)
        await until(lambda: len(bench.host.reports) > reports + 5)
        assert [contact.link for contact in bench.host.contacts] == [Link.UP]
        bench.device.locked = 1000
        await until(lambda: bench.link is Link.DOWN)
        assert "couldn't take api lock" in bench.host.contacts[-1].why
        with pytest.raises(Unreachable):
            await driver.set_limit(1, 8)


async def test_it_is_followed_to_its_new_address() -> None:
    async with a_bench() as bench:
        driver = await bench.drive()
        await driver.set_limit(1, 10)
        await bench.device.move()
        bench.follow(bench.device)
        assert await driver.set_limit(1, 12) == 12
        assert bench.device.settings.amp == 12


async def test_another_unit_at_the_address_is_no_contact() -> None:
    async with a_bench(station="999") as bench:
        driver = bench.driver = await start(bench.host, Config())
        await until(lambda: bench.host.contacts)
        with pytest.raises(Unreachable, match="another go-e Charger"):
            await driver.set_limit(1, 10)
        (contact,) = bench.host.contacts
        assert contact.link is Link.DOWN
        assert bench.device.describe().station in contact.why
        assert {type(report).__name__ for _, report in bench.host.reports} == {"Contact"}
        assert bench.device.settings.amp == 32


async def test_a_unit_that_was_adopted_by_its_name_is_known_by_it() -> None:
    async with a_bench(station="x") as bench:
        bench.host.station = StationId(bench.device.unit.name)
        await bench.drive()
        who = bench.host.last(Identity)
        assert who is not None
        assert who.serial == bench.device.describe().station


# --- other servers


@pytest.mark.parametrize(
    ("status", "text", "why"),
    [
        (200, "<html>", "which is not its status; check that this is a go-e Charger; switch on HTTP API v2"),
        (200, '{"brand": "toaster"}', "which is not its status"),
        (403, "no", "it has no HTTP API v2 (HTTP 403); switch on HTTP API v2 in the go-e app"),
        (401, "no", "it asks for a password; switch off"),
    ],
)
async def test_what_answers_otherwise(status: int, text: str, why: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=text, status=status)

    async with (
        a_server([web.get("/{path:.*}", answer)]) as where,
        RecordingStationHost(StationId("062145"), clock=QuickClock(PACE), where=where) as host,
    ):
        driver = await start(host, Config())
        await until(lambda: host.contacts)
        assert why in host.contacts[0].why
        await driver.stop()


async def test_without_an_address_it_says_what_to_do() -> None:
    async with RecordingStationHost(StationId("062145"), clock=QuickClock(PACE)) as host:
        driver = await start(host, Config())
        await until(lambda: host.contacts)
        assert "set host" in host.contacts[0].why
        await driver.stop()
