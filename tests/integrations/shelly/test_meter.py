"""The Shelly driver against the simulator's Shelly on real sockets: pushes, polls, silence, strangers, profiles."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from types import MappingProxyType

import pytest
from aiohttp import web

from hub.sdk import Identity, Link, MeterId, MeterReading, PerPhase, StationId
from hub.sdk.testing import QuickClock, RecordingStationHost, until
from integrations.shelly.client import Client
from integrations.shelly.config import Config
from integrations.shelly.meter import Pace, ShellyMeter, start
from simulator.devices import shelly as emulator
from simulator.devices.base import Device, Fault, Net
from simulator.world.evse import Three
from tests.integrations.bench import PACE, Bench, a_server
from tests.integrations.shelly.documents import EM, INFO, MONOPHASE
from tests.simulator.bench import pass_time, site

METER = MeterId("main")
FOR_A_WHILE_S = 20.0  # of the device's time; one real second
QUICK = replace(Pace(), answer_s=0.3)  # real seconds: a deadline is not paced


class ShellyBench(Bench[emulator.Shelly, ShellyMeter]):
    """With a Shelly on it."""

    async def drive(self, pace: Pace | None = None) -> ShellyMeter:
        if pace is None:
            self.driver = await start(self.host, Config())
        else:
            self.driver = ShellyMeter(self.host, Client(self.host), pace).begin()
        return self.driver

    @property
    def readings(self) -> list[MeterReading]:
        return self.host.of(MeterReading)


@asynccontextmanager
async def a_bench(house_a: Three = (0.0, 0.0, 0.0), station: str | None = None) -> AsyncIterator[ShellyBench]:
    world = site(house_a=house_a)
    pass_time(world, 1)
    options = MappingProxyType({"start_wh": 500_000.0})
    device = await emulator.start(Device("shelly", "M1", circuit="grid", options=options), world, Net(pace=PACE))
    async with ShellyBench.of(world, device, station, METER) as bench:
        yield bench


# --- what it says


async def test_a_meter_introduces_itself_and_measures() -> None:
    async with a_bench(house_a=(10.0, 0.0, 3.0)) as bench:
        await bench.drive()
        await until(lambda: bench.link is Link.UP)
        who, reading = bench.host.last(Identity), bench.host.last(MeterReading)
    assert who is not None
    assert (who.model, who.serial, who.firmware) == ("SPEM-003CEBEU", bench.host.station, "1.4.4")
    assert reading is not None
    assert reading.current_a == pytest.approx((10.0, 0.0, 3.0), abs=0.05)
    assert reading.power_w == pytest.approx((2300, 0, 690), abs=15)
    assert reading.voltage_v == pytest.approx((230, 230, 230), abs=0.5)
    assert reading.total_w == pytest.approx(2990, abs=20)
    assert reading.import_wh == pytest.approx(1_500_000, abs=2)
    assert reading.export_wh == pytest.approx(0, abs=2)


async def test_what_flows_back_is_negative() -> None:
    async with a_bench() as bench:
        bench.world.site.circuit("grid").record((10.0, -6.0, 0.0), bench.world.site.supply_v, 1.0)
        await bench.drive()
        await until(lambda: bench.readings and (bench.readings[-1].total_w or 0) > 100)
        reading = bench.readings[-1]
    assert reading.current_a == pytest.approx((10.0, -6.0, 0.0), abs=0.05)
    assert reading.power_w == pytest.approx((2300, -1380, 0), abs=15)


async def test_each_push_is_one_reading_with_the_devices_time() -> None:
    async with a_bench(house_a=(10.0, 10.0, 10.0)) as bench:
        await bench.drive()
        await until(lambda: len(bench.readings) > 20)
        pushed = bench.readings[-10:]
        now = bench.host.clock.now()
    moments = [reading.at for reading in pushed]
    assert moments == sorted(set(moments))
    assert all(reading.current_a is not None and None not in reading.current_a for reading in pushed)
    assert (now - moments[-1]).total_seconds() < 1


async def test_a_change_is_seen_by_push() -> None:
    async with a_bench(house_a=(10.0, 0.0, 0.0)) as bench:
        await bench.drive()
        await until(lambda: bench.device._subscribers)
        bench.world.site.circuit("grid").record((20.0, 0.0, 0.0), bench.world.site.supply_v, 1.0)
        await until(lambda: (bench.readings[-1].current_a or PerPhase(0, 0, 0)).l1 == pytest.approx(20, abs=0.1))


# --- when it is quiet, away, or another one


async def test_a_dropped_websocket_is_opened_again() -> None:
    async with a_bench(house_a=(10.0, 0.0, 0.0)) as bench:
        await bench.drive()
        await until(lambda: bench.device._subscribers)
        (first,) = bench.device._subscribers
        await first.close()
        await until(lambda: bench.device._subscribers.keys() - {first})
        readings = len(bench.readings)
        await until(lambda: len(bench.readings) > readings + 3)
        assert [contact.link for contact in bench.host.contacts] == [Link.UP]


async def test_without_a_websocket_it_is_asked() -> None:
    """A device whose six channels are taken refuses the WebSocket."""
    calls: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        calls.append(request.match_info["method"])
        return web.json_response({**INFO, **EM})

    async with (
        a_server([web.get("/rpc/{method}", answer)]) as address,
        RecordingStationHost(StationId("aabbccddeeff"), meter=METER, clock=QuickClock(PACE), where=address) as host,
    ):
        meter = await start(host, Config())
        await until(lambda: len(host.of(MeterReading)) > 5)
        await meter.stop()
    assert calls.count("EM.GetStatus") >= 5
    assert calls[0] == "Shelly.GetDeviceInfo"
    assert {contact.link for contact in host.contacts} == {Link.UP}
    assert host.of(MeterReading)[-1].current_a == PerPhase(2.392, -1.037, 0.428)


async def test_a_silent_device_is_lost_and_found() -> None:
    async with a_bench() as bench:
        await bench.drive(QUICK)
        await until(lambda: bench.link is Link.UP and bench.device._subscribers)
        await bench.device.fault(Fault.SILENT, FOR_A_WHILE_S)
        await until(lambda: bench.link is Link.DOWN)
        readings = len(bench.readings)
        await until(lambda: bench.link is Link.UP)
        assert len(bench.readings) > readings


@pytest.mark.parametrize("fault", [Fault.OFFLINE, Fault.REBOOT])
async def test_off_the_network_and_back(fault: Fault) -> None:
    async with a_bench() as bench:
        await bench.drive()
        await until(lambda: bench.link is Link.UP and bench.device._subscribers)
        await bench.device.fault(fault, FOR_A_WHILE_S)
        await until(lambda: bench.link is Link.DOWN)
        assert "does not answer" in bench.host.contacts[-1].why
        await until(lambda: bench.link is Link.UP)
        await until(lambda: bench.device._subscribers)


async def test_it_is_followed_to_its_new_address() -> None:
    async with a_bench() as bench:
        await bench.drive()
        await until(lambda: bench.link is Link.UP)
        await bench.device.move()
        bench.follow(bench.device)
        readings = len(bench.readings)
        await until(lambda: len(bench.readings) > readings + 5)
        assert bench.link is Link.UP


async def test_another_device_at_the_address_is_no_contact() -> None:
    async with a_bench(house_a=(10.0, 0.0, 0.0), station="aabbccddeeff") as bench:
        await bench.drive()
        await until(lambda: bench.host.contacts)
        await asyncio.sleep(0.2)
        (contact,) = bench.host.contacts
        assert contact.link is Link.DOWN
        assert f"another Shelly answers at {bench.host.where}: {bench.device.describe().station}" in contact.why
        assert {type(report).__name__ for _, report in bench.host.reports} == {"Contact"}


async def test_an_exchanged_device_is_noticed_when_the_address_changes() -> None:
    async with a_bench() as bench:
        await bench.drive()
        await until(lambda: bench.device._subscribers)
        stranger = await emulator.start(Device("shelly", "M2", circuit="grid"), bench.world, Net(pace=PACE))
        try:
            bench.follow(stranger)
            await until(lambda: bench.link is Link.DOWN)
            readings = len(bench.readings)
            await asyncio.sleep(0.2)
            assert len(bench.readings) == readings
        finally:
            await stranger.stop()


# --- other profiles, locks and generations


async def test_the_monophase_profile_is_asked_as_a_whole() -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.match_info["method"] == "Shelly.GetDeviceInfo":
            return web.json_response({**INFO, "profile": "monophase"})
        assert request.match_info["method"] == "Shelly.GetStatus"
        return web.json_response({**MONOPHASE, "sys": {"uptime": 1}})

    async with (
        a_server([web.get("/rpc/{method}", answer)]) as address,
        RecordingStationHost(StationId("aabbccddeeff"), meter=METER, clock=QuickClock(PACE), where=address) as host,
    ):
        meter = await start(host, Config())
        await until(lambda: len(host.of(MeterReading)) > 2)
        await meter.stop()
    reading = host.of(MeterReading)[-1]
    assert reading.current_a == PerPhase(0.08, 22.78, -2.6)
    assert reading.import_wh == 6655.5


async def test_a_locked_device_says_what_to_do() -> None:
    async def info(_: web.Request) -> web.Response:
        return web.json_response({**INFO, "auth_en": True})

    async def locked(_: web.Request) -> web.Response:
        return web.Response(status=401, headers={"WWW-Authenticate": 'Digest qop="auth"'})

    for routes in ([web.get("/rpc/Shelly.GetDeviceInfo", info)], [web.get("/rpc/{method}", locked)]):
        async with (
            a_server(routes) as address,
            RecordingStationHost(StationId("aabbccddeeff"), meter=METER, clock=QuickClock(PACE), where=address) as host,
        ):
            meter = await start(host, Config())
            await until(lambda: host.contacts)
            await meter.stop()
        assert host.contacts[0].link is Link.DOWN
        assert "asks for a password; switch authentication off" in host.contacts[0].why


async def test_a_first_generation_device_says_what_is_wrong() -> None:
    async with (
        a_server([]) as address,
        RecordingStationHost(StationId("aabbccddeeff"), meter=METER, clock=QuickClock(PACE), where=address) as host,
    ):
        meter = await start(host, Config())
        await until(lambda: host.contacts)
        await meter.stop()
    assert "check that this is a Shelly of generation 2" in host.contacts[0].why


async def test_energies_alone_make_no_reading() -> None:
    """A frame without currents must not give old currents a new time."""
    async with a_bench() as bench:
        meter = ShellyMeter(bench.host, Client(bench.host))
        meter._hear(bench.device.unit.id, {"ts": 1.0, "em:0": EM})
        meter._hear(bench.device.unit.id, {"ts": 1.0, "emdata:0": {"total_act": 7.0}})
        assert len(bench.readings) == 1
        meter._hear(bench.device.unit.id, {"ts": 1.0, "em:0": {"a_current": 5.0}})
        assert (bench.readings[-1].import_wh, bench.readings[-1].current_a) == (7.0, PerPhase(5.0, -1.037, 0.428))
