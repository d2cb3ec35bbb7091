"""The emulated go-e Charger over real sockets: what it says, what it takes, what it forgets, how it is found."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any

import aiohttp
import pytest

from simulator.devices.base import Device, Fault, Net, Option
from simulator.devices.go_e import GoE, start
from simulator.world.car import CarModel
from simulator.world.world import World
from tests.simulator.bench import CAR, LOOPBACK, asking, comes_back, gone, listening, pass_time, refused, site, until

PACE = 20.0
THREE = CarModel("three phases", phases=3, max_a=16.0)


class Client:
    """An HTTP client of one go-e Charger."""

    def __init__(self, go_e: GoE, session: aiohttp.ClientSession) -> None:
        self.go_e = go_e
        self.session = session

    async def get(self, path: str, **query: str) -> tuple[int, str]:
        at = self.go_e.describe()
        async with self.session.get(f"http://{at.host}:{at.port}{path}", params=query) as answer:
            return answer.status, await answer.text()

    async def read(self, *keys: str) -> dict[str, Any]:
        status, text = await self.get("/api/status", filter=",".join(keys))
        assert status == 200
        found = json.loads(text)
        assert isinstance(found, dict)
        return found

    async def waking(self) -> dict[str, Any]:
        """What tells whether it knows its charge controller."""
        return await self.read("car", "err", "modelStatus", "alw", "amp")

    async def set(self, **values: str) -> tuple[int, dict[str, Any]]:
        status, text = await self.get("/api/set", **values)
        found = json.loads(text)
        assert isinstance(found, dict)
        return status, found

    async def until(self, key: str, value: object) -> None:
        """Ask until it says so."""
        async with asyncio.timeout(5):
            while (await self.read(key))[key] != value:
                await asyncio.sleep(0.01)


@asynccontextmanager
async def a_go_e(world: World, net: Net | None = None, **options: Option) -> AsyncIterator[Client]:
    device = Device("go_e", "GE1", ("b1",), options=MappingProxyType({"slow_share": 0.0, **options}))
    go_e = await start(device, world, net or Net(pace=PACE))
    async with asking(go_e) as session:
        yield Client(go_e, session)


# --- what it says


async def test_an_empty_bay() -> None:
    async with a_go_e(site()) as client:
        said = await client.read("car", "err", "alw", "acu", "amp", "ama", "frc", "trx", "cbl", "modelStatus", "wh")
    assert said == {
        "car": 1,
        "err": 0,
        "alw": True,
        "acu": 32,
        "amp": 32,
        "ama": 32,
        "frc": 0,
        "trx": None,
        "cbl": None,
        "modelStatus": 15,
        "wh": 0,
    }


async def test_a_car_charges_on_three_phases() -> None:
    world = site(("L2", "L3", "L1"))
    async with a_go_e(world, temp=31.0) as client:
        world.plug("b1", THREE, need_wh=50_000)
        assert (await client.read("car"))["car"] == 3
        pass_time(world, 3600)
        said = await client.read("car", "nrg", "wh", "eto", "pnp", "tma")
    assert (said["car"], said["pnp"], said["tma"]) == (2, 3, [31.0, 33.0])
    assert said["nrg"] == [230, 230, 230, 0, 16, 16, 16, 3680, 3680, 3680, 0, 11040, 0, 0, 0, 0]
    assert said["wh"] == pytest.approx(11_040, abs=30)
    assert said["eto"] == pytest.approx(11_040, abs=30)


@pytest.mark.parametrize(
    ("error_code", "err"), [("GroundFailure", 2), ("PowerSwitchFailure", 9), ("HighTemperature", 16), ("Other", 15)]
)
async def test_an_electrical_fault(error_code: str, err: int) -> None:
    world = site()
    async with a_go_e(world) as client:
        world.evses["b1"].trip(error_code)
        assert await client.read("car", "err", "alw", "modelStatus") == {
            "car": 5,
            "err": err,
            "alw": False,
            "modelStatus": 26,
        }


async def test_everything_may_be_asked_for_and_is_counted() -> None:
    async with a_go_e(site()) as client:
        status, text = await client.get("/api/status")
        assert (status, json.loads(text)["sse"]) == (200, client.go_e.describe().station)
        assert client.go_e.unfiltered == 1


async def test_old_firmware_reads_short_arrays_only() -> None:
    async with a_go_e(site(), version="051.3") as client:
        assert (await client.get("/api/status", filter="car,amp"))[0] == 500
        assert (await client.get("/api/status", filter=json.dumps(["car", "amp"])))[1] == '{"car": 1, "amp": 32}'
        assert (await client.get("/api/status", filter=json.dumps(["car"] * 11)))[0] == 500
        assert await client.get("/api/set", rst="true") == (200, "null")


@pytest.mark.parametrize(("version", "status"), [("59.4", 200), ("60.3", 400)])
async def test_new_firmware_minds_a_key_that_it_lacks(version: str, status: int) -> None:
    async with a_go_e(site(), version=version, lacks="cbl") as client:
        assert await client.get("/api/status", filter="car,cbl") == (status, '{"car": 1}')


async def test_a_dead_meter_says_zeros() -> None:
    world = site()
    async with a_go_e(world, dead_meter=True) as client:
        world.plug("b1", CAR, need_wh=50_000)
        pass_time(world, 10)
        assert await client.read("car", "nrg") == {"car": 2, "nrg": [0] * 16}


# --- what it takes


async def test_a_setting_shows_with_the_next_turn_of_the_logic() -> None:
    world = site()
    async with a_go_e(world, Net(pace=4)) as client:
        world.plug("b1", CAR, need_wh=50_000)
        pass_time(world, 10)
        assert await client.set(amp="10") == (200, {"amp": True})
        assert (await client.read("amp"))["amp"] == 32
        await client.until("amp", 10)
        assert (await client.read("acu"))["acu"] == 10
        pass_time(world, 10)
        assert world.evses["b1"].current_a[0] == pytest.approx(9.8)


async def test_only_a_changed_current_is_written_to_the_flash() -> None:
    async with a_go_e(site()) as client:
        for amp in ("10", "10", "12"):
            await client.set(amp=amp)
            await client.until("amp", int(amp))
        await client.set(frc="1")
        await client.until("frc", 1)
        assert client.go_e.settings.flash_writes == 2


async def test_a_pause_ends_when_the_car_leaves() -> None:
    world = site()
    async with a_go_e(world) as client:
        world.plug("b1", CAR, need_wh=50_000)
        pass_time(world, 60)
        await client.set(frc="1")
        await client.until("alw", False)
        pass_time(world, 10)
        assert await client.read("car", "acu", "modelStatus") == {"car": 4, "acu": None, "modelStatus": 4}
        assert world.evses["b1"].current_a[0] == 0
        world.unplug("b1")
        assert await client.read("car", "frc") == {"car": 1, "frc": 0}


async def test_a_card_lets_a_car_charge() -> None:
    world = site()
    async with a_go_e(world, acs=1.0) as client:
        world.plug("b1", CAR, need_wh=50_000)
        await client.until("alw", False)
        assert (await client.read("modelStatus"))["modelStatus"] == 2
        await client.set(trx="0")
        await client.until("alw", True)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("amp", "sixteen", "invalid json"),
        ("amp", "16.5", "not allowed"),
        ("amp", "40", "not allowed"),
        ("frc", "3", "not allowed"),
        ("rst", "1", "not allowed"),
        ("nonsense", "1", "unknown"),
    ],
)
async def test_what_it_does_not_take(key: str, value: str, said: str) -> None:
    async with a_go_e(site()) as client:
        status, answer = await client.set(**{key: value, "acs": "0"})
    assert status == 400
    assert answer["acs"] is True
    assert said in answer[key]


# --- what goes wrong


async def test_after_a_restart_it_has_the_stored_current_and_no_pause() -> None:
    world = site()
    async with a_go_e(world, Net(pace=4)) as client:
        await client.set(amp="10", frc="1")
        await client.until("amp", 10)
        assert await client.set(rst="true") == (200, {"rst": True})
        assert await gone(client.go_e)
        waking = await comes_back(client.waking)
        assert (waking["car"], waking["err"], waking["modelStatus"], waking["alw"]) == (None, None, 0, False)
        await client.until("car", 1)
        assert await client.read("amp", "frc") == {"amp": 10, "frc": 0}


async def test_a_restart_loses_what_was_taken_a_moment_ago() -> None:
    async with a_go_e(site(), Net(pace=4)) as client:
        await client.set(amp="10")
        await client.go_e.fault(Fault.REBOOT, 0.4)
        assert (await comes_back(client.waking))["amp"] == 32
        assert client.go_e.settings.flash_writes == 0


async def test_an_api_that_is_switched_off_is_a_missing_page() -> None:
    async with a_go_e(site(), api=False) as client:
        assert await client.get("/api/status", filter="car") == (404, "This URI does not exist")
        client.go_e.api = True
        assert await client.read("car") == {"car": 1}


async def test_now_and_then_its_lock_is_taken() -> None:
    async with a_go_e(site()) as client:
        client.go_e.locked = 1
        status, text = await client.get("/api/status", filter="car")
        assert await client.read("car") == {"car": 1}
    assert (status, text) == (500, "couldn't take api lock in 3s, please try again later")


async def test_now_and_then_an_answer_is_slow() -> None:
    loop = asyncio.get_running_loop()
    async with a_go_e(site(), slow_share=1.0) as client:
        begun = loop.time()
        await client.read("car")
        assert loop.time() - begun >= 0.3 / PACE


async def test_frozen_it_repeats_itself() -> None:
    world = site()
    async with a_go_e(world) as client:
        await client.go_e.fault(Fault.FROZEN, for_s=4)
        world.plug("b1", CAR, need_wh=50_000)
        assert await client.read("car") == {"car": 1}
        await client.until("car", 3)


async def test_every_fault_of_a_device_is_known_here() -> None:
    async with a_go_e(site()) as client:
        for fault in Fault:
            await client.go_e.fault(fault, for_s=1000)


# --- how it is found


@pytest.mark.parametrize(
    ("hardware", "service"),
    [("V3", "_go-e_go-eCharger._tcp.local."), ("V4", "_go-e_go-eCharger_V4._tcp.local.")],
)
async def test_it_is_announced_follows_its_address_and_says_goodbye(hardware: str, service: str) -> None:
    net = Net(mdns=LOOPBACK, suffix=f"t-go-e-{hardware}", pace=PACE)
    async with listening(service, "_http._tcp.local.") as ear:
        async with a_go_e(site(), net, hardware=hardware) as client:
            address, unit = client.go_e.describe(), client.go_e.unit
            assert unit.name == f"go-eCharger_{address.station}"
            names = {f"{unit.name}.{service}", f"{unit.name}._http._tcp.local."}
            await until(lambda: names <= ear.found.keys())
            assert ear.found[f"{unit.name}.{service}"] == (LOOPBACK, address.port, {})
            await client.go_e.move("127.0.0.2")
            moved = client.go_e.describe()
            await until(lambda: ear.found[f"{unit.name}.{service}"] == ("127.0.0.2", moved.port, {}))
            assert await refused(LOOPBACK, address.port or 0)
        await until(lambda: not names & ear.found.keys())
