"""The OpenEVSE driver against the simulator's OpenEVSE on real sockets: limits, restarts, drops, silence, strangers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from types import MappingProxyType

import aiohttp
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
    StationId,
    Status,
    Unreachable,
    Unsupported,
)
from hub.sdk.testing import QuickClock, RecordingStationHost, until
from integrations.openevse.charger import OpenEvse, Pace, start
from integrations.openevse.client import Client
from integrations.openevse.config import Config
from simulator.devices import openevse as emulator
from simulator.devices.base import Device, Fault, Net, Option
from tests.integrations.bench import PACE, Bench, a_server, passing
from tests.simulator.bench import CAR, pass_time, site

FOR_A_WHILE_S = 40.0  # of the device's time; two real seconds


class OpenEvseBench(Bench[emulator.OpenEvse, OpenEvse]):
    """With an OpenEVSE on it."""

    async def drive(self, **config: str) -> OpenEvse:
        self.driver = await start(self.host, Config.model_validate(config))
        return self.driver

    async def call(self, method: str, path: str, body: object = None) -> dict[str, object]:
        """Somebody else talks to the device."""
        async with self.host.http.request(method, f"http://{self.host.where}{path}", json=body) as answer:
            found = await answer.json()
        assert isinstance(found, dict)
        return found


@asynccontextmanager
async def a_bench(station: str | None = None, **options: Option) -> AsyncIterator[OpenEvseBench]:
    world = site()
    unit = Device("openevse", "OE1", ("b1",), options=MappingProxyType({"slow_share": 0.0, **options}))
    device = await emulator.start(unit, world, Net(pace=PACE))
    async with OpenEvseBench.of(world, device, station) as bench:
        yield bench


# --- what it says


@pytest.mark.parametrize("version", ["v4.2.2", "v5.1.2"])
async def test_an_idle_unit_introduces_itself(version: str) -> None:
    async with a_bench(version=version, temp=31.4) as bench:
        driver = await bench.drive()
        await until(lambda: bench.link is Link.UP)
        reading, who = bench.host.last(ChargerReading), bench.host.last(Identity)
    assert isinstance(driver, SetsLimit)
    assert isinstance(driver, Resets)
    assert who is not None
    assert (who.serial, who.firmware) == (bench.host.station, f"{version}, controller 8.2.1")
    assert reading is not None
    assert (reading.current_a, reading.offered_a, reading.temperature_c) == ((0.0, None, None), 32, 31.4)
    assert (bench.status, bench.held_a) == (Status.AVAILABLE, 32)
    assert bench.host.capabilities == frozenset({Capability.LIMIT, Capability.RESET})


async def test_what_it_holds_is_read_before_anything_is_commanded() -> None:
    async with a_bench() as bench:
        await bench.call("POST", "/override", {"state": "active", "charge_current": 13, "auto_release": False})
        await bench.drive()
        await until(lambda: bench.link is Link.UP)
        held = await bench.call("GET", "/override")
    assert [report.limit_a for report in bench.host.of(LimitHeld)] == [13]
    assert held["charge_current"] == 13


async def test_without_an_override_it_holds_its_owners_maximum() -> None:
    async with a_bench(max_current_soft=20.0) as bench:
        await bench.drive()
        await until(lambda: bench.link is Link.UP)
    assert bench.held_a == 20


async def test_a_charge_from_plug_in_to_plug_out() -> None:
    async with a_bench() as bench:
        await bench.drive()
        await until(lambda: bench.link is Link.UP)
        bench.world.plug("b1", CAR, need_wh=50_000)
        await passing(bench.world, lambda: bench.status is Status.CHARGING)
        pass_time(bench.world, 3600)
        await until(lambda: (r := bench.host.last(ChargerReading)) is not None and (r.energy_wh or 0) > 7000)
        reading = bench.host.last(ChargerReading)
        assert reading is not None
        assert reading.current_a == (31.8, None, None)
        assert reading.power_w == 7314
        assert bench.host.transaction_of(1) is not None
        bench.world.evses["b1"].unplug()
        await until(lambda: bench.host.stops)
        await until(lambda: bench.status is Status.AVAILABLE)
    (began,), (ended,) = bench.host.starts, bench.host.stops
    assert (began.connector, began.token, began.meter_wh) == (1, None, 0)
    assert ended.meter_wh == pytest.approx(7310, abs=30)
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
        await until(lambda: bench.status is Status.AVAILABLE)
        bench.world.evses["b1"].trip("PowerSwitchFailure")
        await until(lambda: bench.status is Status.FAULTED)
        said = bench.host.last(ChargerStatus)
    assert said is not None
    assert said.fault is not None
    assert (said.fault.code, said.fault.vendor_code) == ("PowerSwitchFailure", "8")


# --- limits


async def test_sixteen_amps_then_a_pause_then_on() -> None:
    async with a_bench() as bench:
        world, driver = bench.world, await bench.drive()
        await until(lambda: bench.link is Link.UP)
        world.plug("b1", CAR, need_wh=50_000)
        pass_time(world, 10)

        assert await driver.set_limit(1, 16.9) == 16
        pass_time(world, 10)
        assert world.evses["b1"].offered_a == 16
        assert world.evses["b1"].current_a[0] == pytest.approx(15.8)

        assert await driver.set_limit(1, 0) == 0
        pass_time(world, 10)
        assert (world.evses["b1"].offered_a, world.evses["b1"].current_a[0]) == (0, 0)
        await until(lambda: bench.status is Status.SUSPENDED_EVSE)

        assert await driver.set_limit(1, 10) == 10
        pass_time(world, 10)
        assert world.evses["b1"].current_a[0] == pytest.approx(9.8)
        await until(lambda: bench.status is Status.CHARGING)
        assert [h.limit_a for h in bench.host.of(LimitHeld) if h.limit_a != 32][:3] == [16, 0, 10]


@pytest.mark.parametrize(("asked_a", "held_a"), [(6.0, 6), (5.9, 0), (7.999, 7), (32.0, 32), (50.0, 32)])
async def test_limits_are_whole_amps_and_round_down(asked_a: float, held_a: float) -> None:
    async with a_bench() as bench:
        driver = await bench.drive()
        assert await driver.set_limit(1, asked_a) == held_a
        assert bench.held_a == held_a


async def test_a_car_that_comes_while_paused_waits_for_the_charger() -> None:
    async with a_bench() as bench:
        driver = await bench.drive()
        await driver.set_limit(1, 0)
        await until(lambda: bench.link is Link.UP)
        bench.world.plug("b1", CAR, need_wh=50_000)
        await until(lambda: bench.status is Status.SUSPENDED_EVSE)
        await until(lambda: bench.host.starts)


async def test_the_limit_stays_when_the_car_leaves() -> None:
    async with a_bench() as bench:
        driver = await bench.drive()
        await until(lambda: bench.link is Link.UP)
        bench.world.plug("b1", CAR, need_wh=50_000)
        await driver.set_limit(1, 8)
        bench.world.evses["b1"].unplug()
        await until(lambda: bench.status is Status.AVAILABLE)
        override = await bench.call("GET", "/override")
    assert override == {"state": "active", "charge_current": 8, "auto_release": False}
    assert bench.held_a == 8


async def test_someone_who_takes_the_override_away_is_noticed() -> None:
    async with a_bench() as bench:
        driver = await bench.drive()
        await driver.set_limit(1, 8)
        await until(lambda: bench.link is Link.UP)
        await bench.call("DELETE", "/override")
        await until(lambda: bench.held_a == 32)


async def test_a_pilot_that_does_not_follow_is_refused() -> None:
    """Stored by the Wi-Fi module, ignored by the controller: that is not a limit."""
    async with a_bench() as bench:
        driver = await bench.drive()
        await until(lambda: bench.link is Link.UP)
        await bench.device.fault(Fault.FROZEN, FOR_A_WHILE_S)
        with pytest.raises(Refused, match="pilot stays at 32"):
            await driver.set_limit(1, 8)


async def test_there_is_one_outlet() -> None:
    async with a_bench() as bench:
        driver = await bench.drive()
        with pytest.raises(Refused, match="one outlet"):
            await driver.set_limit(2, 16)


# --- restarts and the network


@pytest.mark.parametrize("hard", [False, True])
async def test_after_a_restart_it_tells_that_it_holds_the_maximum_again(hard: bool) -> None:
    async with a_bench() as bench:
        driver = await bench.drive()
        await driver.set_limit(1, 10)
        await until(lambda: bench.link is Link.UP)
        await driver.reset(hard=hard)
        await until(lambda: bench.held_a == 32, within_s=8)
        assert bench.device.status()["manual_override"] == 0
        assert await driver.set_limit(1, 10) == 10
        assert bench.device.status()["pilot"] == 10


async def test_a_power_cut_that_only_the_websocket_notices() -> None:
    """Back before anybody polled: the dropped WebSocket is sign enough to ask what it holds."""
    async with a_bench() as bench:
        driver = await bench.drive()
        await driver.set_limit(1, 10)
        await until(lambda: bench.link is Link.UP)
        await until(lambda: bench.device._sockets.clients)
        await bench.device.fault(Fault.REBOOT, 1.0)
        await until(lambda: bench.held_a == 32, within_s=8)


async def test_a_dropped_websocket_is_opened_again() -> None:
    async with a_bench() as bench:
        await bench.drive()
        await until(lambda: bench.device._sockets.clients)
        (first,) = bench.device._sockets.clients
        await first.close()
        await until(lambda: bench.device._sockets.clients - {first})
        bench.world.plug("b1", CAR, need_wh=50_000)
        await until(lambda: bench.host.starts)
        assert [contact.link for contact in bench.host.contacts] == [Link.UP]


async def test_off_the_network_and_back() -> None:
    async with a_bench() as bench:
        driver = await bench.drive()
        await until(lambda: bench.link is Link.UP and bench.device._sockets.clients)
        await bench.device.fault(Fault.OFFLINE, FOR_A_WHILE_S)
        await until(lambda: bench.link is Link.DOWN)
        with pytest.raises(Unreachable):
            await driver.set_limit(1, 10)
        await until(lambda: bench.link is Link.UP, within_s=8)
        assert [contact.link for contact in bench.host.contacts] == [Link.UP, Link.DOWN, Link.UP]
        assert "does not answer" in bench.host.contacts[1].why


async def test_a_silent_unit_is_down() -> None:
    async with a_bench() as bench:
        bench.driver = OpenEvse(bench.host, Client(bench.host, Config()), replace(Pace(), answer_s=0.3)).begin()
        await until(lambda: bench.link is Link.UP and bench.device._sockets.clients)
        await bench.device.fault(Fault.SILENT, FOR_A_WHILE_S)
        await until(lambda: bench.link is Link.DOWN)
        await until(lambda: bench.link is Link.UP, within_s=8)


async def test_it_is_followed_to_its_new_address() -> None:
    async with a_bench() as bench:
        driver = await bench.drive()
        await driver.set_limit(1, 10)
        await until(lambda: bench.link is Link.UP)
        await bench.device.move()
        bench.follow(bench.device)
        assert await driver.set_limit(1, 12) == 12
        await until(lambda: bench.device._sockets.clients)
        assert bench.device.status()["pilot"] == 12


async def test_another_unit_at_the_address_is_no_contact() -> None:
    async with a_bench(station="9C9C1FE57B2C") as bench:
        driver = await bench.drive()
        await until(lambda: bench.host.contacts)
        with pytest.raises(Unreachable, match="another OpenEVSE"):
            await driver.set_limit(1, 10)
        (contact,) = bench.host.contacts
        assert contact.link is Link.DOWN
        assert bench.device.describe().station in contact.why
        assert "correct the host" in contact.why
        assert {type(report).__name__ for _, report in bench.host.reports} == {"Contact"}
        assert bench.device.status()["manual_override"] == 0


async def test_an_exchanged_unit_is_noticed_when_the_address_changes() -> None:
    async with a_bench() as bench:
        await bench.drive()
        await until(lambda: bench.link is Link.UP)
        stranger = await emulator.start(Device("openevse", "OE2", ("b1",)), site(), Net(pace=PACE))
        try:
            bench.follow(stranger)
            await until(lambda: bench.link is Link.DOWN)
            assert "another OpenEVSE" in bench.host.contacts[-1].why
        finally:
            await stranger.stop()


# --- firmware of other ages, and passwords


async def test_firmware_2_is_shown_but_cannot_be_limited() -> None:
    async def config(_: web.Request) -> web.Response:
        return web.json_response({"version": "2.9.1", "firmware": "5.0.1", "hostname": "openevse"})

    async def status(_: web.Request) -> web.Response:
        return web.json_response({"amp": 0, "pilot": 25, "state": 1, "wattsec": 0, "watthour": 1585443})

    async with (
        a_server([web.get("/config", config), web.get("/status", status)]) as address,
        RecordingStationHost(StationId("garage"), clock=QuickClock(PACE), where=address) as host,
    ):
        driver = await start(host, Config())
        await until(lambda: host.last(ChargerReading))
        with pytest.raises(Unsupported, match=r"2\.9\.1 has no /override") as refused:
            await driver.set_limit(1, 10)
        assert "update the Wi-Fi module" in refused.value.next
        assert host.capabilities == frozenset({Capability.RESET})
        held = host.last(LimitHeld)
        assert held is not None
        assert held.limit_a == 25  # its pilot, a stored setting
        await driver.stop()


async def test_a_password_is_asked_for_and_given() -> None:
    expected = aiohttp.encode_basic_auth("owner", "s3cret")

    async def answer(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != expected:
            return web.Response(status=401, headers={"WWW-Authenticate": "Basic"})
        return web.json_response({"version": "v5.1.2", "state": 1, "vehicle": 0, "amp": 0, "pilot": 6})

    routes = [web.get(path, answer) for path in ("/config", "/status", "/override")]
    async with (
        a_server(routes) as address,
        RecordingStationHost(StationId("garage"), clock=QuickClock(PACE), where=address) as host,
    ):
        driver = await start(host, Config())
        await until(lambda: host.contacts)
        assert "asks for a password; set username and password" in host.contacts[0].why
        await driver.stop()

        driver = await start(host, Config.model_validate({"username": "owner", "password": "s3cret"}))
        await until(lambda: host.contacts[-1].link is Link.UP)
        await driver.stop()


async def test_without_an_address_it_says_what_to_do() -> None:
    async with RecordingStationHost(StationId("9C9C1FE57B2C"), clock=QuickClock(PACE)) as host:
        driver = await start(host, Config())
        await until(lambda: host.contacts)
        assert "set host" in host.contacts[0].why
        await driver.stop()
