"""The emulated OpenEVSE over real sockets: what it says, who steers it, what it forgets, how it is found."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any

import aiohttp
import pytest
import zeroconf

from simulator.devices.base import Device, Fault, Net, Option
from simulator.devices.openevse import OpenEvse, start
from simulator.world.world import World
from tests.simulator.bench import CAR, LOOPBACK, asking, comes_back, gone, listening, pass_time, refused, site, until

PACE = 20.0


class Client:
    """An HTTP client of one OpenEVSE."""

    def __init__(self, openevse: OpenEvse, session: aiohttp.ClientSession) -> None:
        self.session = session
        self.openevse = openevse

    @property
    def base(self) -> str:
        address = self.openevse.describe()
        return f"http://{address.host}:{address.port}"

    async def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        async with self.session.request(method, self.base + path, json=body) as answer:
            return answer.status, await answer.json()

    async def status(self) -> dict[str, Any]:
        _, status = await self.call("GET", "/status")
        assert isinstance(status, dict)
        return status


@asynccontextmanager
async def an_openevse(world: World, net: Net | None = None, **options: Option) -> AsyncIterator[Client]:
    device = Device("openevse", "OE1", ("b1",), options=MappingProxyType({"slow_share": 0.0, **options}))
    openevse = await start(device, world, net or Net(pace=PACE))
    async with asking(openevse) as session:
        yield Client(openevse, session)


async def frames(ws: aiohttp.ClientWebSocketResponse, enough: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """Overlay what arrives until it is enough."""
    seen: dict[str, Any] = {}
    async with asyncio.timeout(5):
        while not enough(seen):
            seen.update(await ws.receive_json())
    return seen


# --- what it says


async def test_an_empty_bay() -> None:
    async with an_openevse(site()) as client:
        status = await client.status()
    assert {key: status[key] for key in ("state", "vehicle", "amp", "pilot", "voltage", "session_energy")} == {
        "state": 1,
        "vehicle": 0,
        "amp": 0,
        "pilot": 32,
        "voltage": 230,
        "session_energy": 0,
    }
    assert (status["temp"], status["evse_connected"], status["manual_override"]) == (False, 1, 0)


async def test_a_car_charges() -> None:
    world = site()
    async with an_openevse(world, temp=31.4) as client:
        world.plug("b1", CAR, need_wh=50_000)
        assert (await client.status())["state"] == 2
        pass_time(world, 3600)
        status = await client.status()
    assert (status["state"], status["vehicle"], status["temp"]) == (3, 1, 314)
    assert status["amp"] == 31_800  # mA: 32 A offered, the car stays 0.2 A below
    assert status["power"] == 7314  # W
    assert status["session_energy"] == pytest.approx(7310, abs=10)  # Wh
    assert status["total_energy"] == pytest.approx(7.31, abs=0.01)  # kWh
    assert status["elapsed"] == 3600


async def test_three_phases_have_one_current() -> None:
    world = site(("L2", "L3", "L1"))
    async with an_openevse(world) as client:
        world.plug("b1", CAR, need_wh=50_000)
        pass_time(world, 10)
        status = await client.status()
        _, config = await client.call("GET", "/config")
    assert (status["amp"], status["power"], config["is_threephase"]) == (31_800, 21_942, True)


@pytest.mark.parametrize(
    ("error_code", "state"),
    [
        ("EVCommunicationError", 5),
        ("GroundFailure", 6),
        ("OtherError", 7),
        ("PowerSwitchFailure", 8),
        ("HighTemperature", 10),
        ("OverCurrentFailure", 11),
    ],
)
async def test_an_electrical_fault(error_code: str, state: int) -> None:
    world = site()
    async with an_openevse(world) as client:
        world.evses["b1"].trip(error_code)
        assert (await client.status())["state"] == state


async def test_the_configuration() -> None:
    async with an_openevse(site(), max_current_soft=24.0) as client:
        _, config = await client.call("GET", "/config")
        pilot_a = (await client.status())["pilot"]
    assert config["wifi_serial"] == client.openevse.describe().station
    assert (config["min_current_hard"], config["max_current_soft"], config["max_current_hard"]) == (6, 24, 32)
    assert (config["version"], config["buildenv"], pilot_a) == ("v5.1.2", "openevse_wifi_v1", 24)


# --- who steers it


async def test_the_override_reaches_the_outlet() -> None:
    world = site()
    async with an_openevse(world) as client:
        world.plug("b1", CAR, need_wh=50_000)
        pass_time(world, 10)
        assert await client.call("POST", "/override", {"state": "active", "charge_current": 10.9}) == (
            201,
            {"msg": "Created"},
        )
        pass_time(world, 10)
        status = await client.status()
        assert (status["pilot"], status["amp"], status["manual_override"]) == (10, 9_800, 1)
        assert world.evses["b1"].offered_a == 10
        assert await client.call("GET", "/override") == (
            200,
            {"state": "active", "charge_current": 10, "auto_release": True},
        )


@pytest.mark.parametrize(("pause_uses_disabled", "state"), [(False, 254), (True, 255)])
async def test_a_pause_is_told_by_state_not_by_status(pause_uses_disabled: bool, state: int) -> None:
    world = site()
    async with an_openevse(world, pause_uses_disabled=pause_uses_disabled) as client:
        world.plug("b1", CAR, need_wh=50_000)
        pass_time(world, 10)
        await client.call("POST", "/override", {"state": "disabled"})
        pass_time(world, 10)
        status = await client.status()
    assert (status["state"], status["vehicle"], status["amp"], status["status"]) == (state, 1, 0, "disabled")


async def test_the_overrides_answers() -> None:
    async with an_openevse(site()) as client:
        assert await client.call("GET", "/override") == (200, {})
        assert await client.call("DELETE", "/override") == (500, {"msg": "Failed to release manual overide"})
        assert await client.call("PATCH", "/override") == (200, {"msg": "Updated"})
        assert (await client.call("GET", "/override"))[1]["state"] == "disabled"  # the opposite of active
        assert await client.call("PATCH", "/override") == (200, {"msg": "Updated"})
        assert await client.call("GET", "/override") == (200, {})
        await client.call("POST", "/override", {"charge_current": 16})
        assert await client.call("DELETE", "/override") == (200, {"msg": "Deleted"})
        assert await client.call("POST", "/override", ["no object"]) == (400, {"msg": "Failed to parse JSON"})


async def test_without_an_override_firmware_4_answers_404() -> None:
    async with an_openevse(site(), version="v4.1.7") as client:
        assert await client.call("GET", "/override") == (404, {"msg": "No manual override"})


async def test_claims() -> None:
    async with an_openevse(site()) as client:
        assert await client.call("GET", "/claims/65538") == (404, {"msg": "Not found"})
        assert await client.call("POST", "/claims/65538", {"charge_current": 8}) == (200, {"msg": "done"})
        assert await client.call("GET", "/claims/65538") == (
            200,
            {"priority": 500, "charge_current": 8, "auto_release": False},
        )
        assert (await client.status())["pilot"] == 8
        await client.call("POST", "/override", {"charge_current": 20})
        assert [claim["priority"] for claim in (await client.call("GET", "/claims"))[1]] == [500, 1000]
        assert (await client.call("GET", "/claims/target"))[1]["properties"] == {
            "state": "active",
            "charge_current": 20,
        }
        await client.call("DELETE", "/override")
        assert await client.call("DELETE", "/claims/65538") == (200, {"msg": "done"})
        assert await client.call("DELETE", "/claims/65538") == (404, {"msg": "Not found"})
        assert (await client.status())["pilot"] == 32


@pytest.mark.parametrize(("auto_release", "pilot_a"), [(None, 32), (True, 32), (False, 10)])
async def test_the_override_leaves_with_the_car(auto_release: bool | None, pilot_a: int) -> None:
    world = site()
    async with an_openevse(world) as client:
        world.plug("b1", CAR, need_wh=50_000)
        asked = {} if auto_release is None else {"auto_release": auto_release}
        await client.call("POST", "/override", {"charge_current": 10, **asked})
        pass_time(world, 10)
        world.unplug("b1")
        status = await client.status()
    assert (status["pilot"], status["session_energy"]) == (pilot_a, 0)


# --- WebSocket


async def test_the_first_frame_is_cut_short_and_then_come_changes_only() -> None:
    world = site()
    async with an_openevse(world) as client, client.session.ws_connect(client.base + "/ws") as ws:
        first = await ws.receive_json()
        assert first.keys() < (await client.status()).keys()
        assert {"state", "vehicle", "amp", "pilot", "total_energy"} < first.keys()
        await client.call("POST", "/override", {"charge_current": 10})
        changes = await frames(ws, lambda seen: "pilot" in seen)
        assert (changes["pilot"], changes["manual_override"], changes["override_version"]) == (10, 1, 1)
        assert "ipaddress" not in changes
        assert "state" not in changes
        world.plug("b1", CAR, need_wh=50_000)
        assert (await frames(ws, lambda seen: "state" in seen))["vehicle"] == 1


async def test_a_second_client_makes_it_greet_everybody() -> None:
    async with an_openevse(site()) as client, client.session.ws_connect(client.base + "/ws") as ws:
        await ws.receive_json()
        async with client.session.ws_connect(client.base + "/ws"):
            assert (await frames(ws, lambda seen: "ipaddress" in seen))["state"] == 1


async def test_ping_is_answered_in_json() -> None:
    async with an_openevse(site()) as client, client.session.ws_connect(client.base + "/ws") as ws:
        await ws.send_str("no JSON")
        await ws.send_json({"ping": 1})
        assert (await frames(ws, lambda seen: "pong" in seen))["pong"] == 1


async def test_the_override_survives_a_reconnect() -> None:
    async with an_openevse(site()) as client:
        async with client.session.ws_connect(client.base + "/ws"):
            await client.call("POST", "/override", {"charge_current": 10})
        async with client.session.ws_connect(client.base + "/ws") as ws:
            assert (await frames(ws, lambda seen: "pilot" in seen))["pilot"] == 10


# --- what goes wrong


async def test_a_restart_drops_everybody_and_forgets_the_override() -> None:
    world = site()
    net = Net(pace=4)  # slow enough to be seen waking
    async with an_openevse(world, net) as client, client.session.ws_connect(client.base + "/ws") as ws:
        await client.call("POST", "/override", {"charge_current": 10})
        pass_time(world, 1)
        before = client.base
        assert await client.call("POST", "/restart", {"device": "gateway"}) == (200, {"msg": "restart gateway"})
        async with asyncio.timeout(5):
            while (await ws.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
        assert await gone(client.openevse)
        pass_time(world, 1)
        assert world.evses["b1"].offered_a == 10  # the controller goes on without its gateway
        waking = await comes_back(client.status)
        assert (waking["state"], waking["evse_connected"], waking["pilot"]) == (0, 0, 0)
        assert "total_energy" not in waking
        assert "session_energy" not in waking
        _, config = await client.call("GET", "/config")
        assert "max_current_soft" not in config
        async with asyncio.timeout(5):
            while not (status := await client.status())["evse_connected"]:
                await asyncio.sleep(0.01)
        assert (status["state"], status["pilot"], status["manual_override"], client.base) == (1, 32, 0, before)
        pass_time(world, 1)
        assert world.evses["b1"].offered_a == 32
        assert "max_current_soft" in (await client.call("GET", "/config"))[1]


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({"device": "evse"}, (200, {"msg": "restart evse"})),
        ({"device": "car"}, (404, {"msg": "unknown device"})),
        ({}, (400, {"msg": "wrong payload"})),
        (7, (400, {"msg": "Couldn't parse json"})),
    ],
)
async def test_other_restarts_leave_the_gateway_up(body: object, answer: tuple[int, object]) -> None:
    async with an_openevse(site()) as client, client.session.ws_connect(client.base + "/ws") as ws:
        assert await client.call("POST", "/restart", body) == answer
        await asyncio.sleep(2 * 0.2 / PACE)
        await ws.send_json({"ping": 1})
        assert (await frames(ws, lambda seen: "pong" in seen))["pong"] == 1


async def test_offline_is_refused_and_keeps_the_override() -> None:
    async with an_openevse(site()) as client:
        await client.call("POST", "/override", {"charge_current": 10})
        await client.openevse.fault(Fault.OFFLINE, for_s=2)
        assert await gone(client.openevse)
        assert (await comes_back(client.status))["pilot"] == 10


async def test_a_fault_asked_for_again_lasts_longer() -> None:
    async with an_openevse(site()) as client:
        await client.openevse.fault(Fault.OFFLINE, for_s=1)
        await client.openevse.fault(Fault.OFFLINE, for_s=4)
        await asyncio.sleep(2 / PACE)
        assert await gone(client.openevse)
        assert (await comes_back(client.status))["state"] == 1


async def test_silent_it_takes_connections_and_says_nothing() -> None:
    world = site()
    async with an_openevse(world) as client, client.session.ws_connect(client.base + "/ws") as ws:
        await frames(ws, lambda seen: "state" in seen)
        await client.openevse.fault(Fault.SILENT, for_s=1000)
        world.plug("b1", CAR, need_wh=50_000)
        await ws.send_json({"ping": 1})
        await ws.ping()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await client.status()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await frames(ws, lambda seen: seen)
        await client.openevse.fault(Fault.SILENT, for_s=0.1)
        assert (await client.status())["vehicle"] == 1


async def test_frozen_it_repeats_itself() -> None:
    world = site()
    async with an_openevse(world) as client:
        before = await client.status()
        await client.openevse.fault(Fault.FROZEN, for_s=4)
        world.plug("b1", CAR, need_wh=50_000)
        assert await client.status() == before
        async with asyncio.timeout(5):
            while (await client.status())["vehicle"] == 0:
                await asyncio.sleep(0.01)


async def test_a_car_that_leaves_while_the_gateway_restarts_changes_nothing() -> None:
    world = site()
    async with an_openevse(world) as client:
        world.plug("b1", CAR, need_wh=50_000)
        await client.call("POST", "/override", {"charge_current": 10})
        await client.openevse.fault(Fault.REBOOT, for_s=1000)
        world.unplug("b1")
        pass_time(world, 1)
        assert world.evses["b1"].offered_a == 10


async def test_every_fault_of_a_device_is_known_here() -> None:
    async with an_openevse(site()) as client:
        for fault in Fault:
            await client.openevse.fault(fault, for_s=1000)


async def test_now_and_then_an_answer_is_slow() -> None:
    loop = asyncio.get_running_loop()
    async with an_openevse(site(), slow_share=1.0) as client:
        begun = loop.time()
        await client.status()
        assert loop.time() - begun >= 0.3 / PACE


# --- how it is found


async def test_it_is_announced_follows_its_address_and_says_goodbye() -> None:
    net = Net(mdns=LOOPBACK, suffix="t-openevse", pace=PACE)
    async with listening("_openevse._tcp.local.", "_http._tcp.local.") as ear:
        async with an_openevse(site(), net) as client:
            address, unit = client.openevse.describe(), client.openevse.unit
            name, bare = f"{unit.hostname}._openevse._tcp.local.", f"{unit.hostname}._http._tcp.local."
            await until(lambda: {name, bare} <= ear.found.keys())
            txt = {"type": "openevse_wifi_v1", "version": "v5.1.2", "id": address.station}
            assert ear.found[name] == (LOOPBACK, address.port, txt)
            assert ear.found[bare] == (LOOPBACK, address.port, {})
            await client.openevse.move("127.0.0.2")
            moved = client.openevse.describe()
            assert (moved.host, moved.station) == ("127.0.0.2", address.station)
            await until(lambda: ear.found[name] == ("127.0.0.2", moved.port, txt))
            assert await refused(LOOPBACK, address.port or 0)
            assert (await client.status())["state"] == 1
        await until(lambda: not {name, bare} & ear.found.keys())


async def test_a_name_is_given_once() -> None:
    net = Net(mdns=LOOPBACK, suffix="t-twice", pace=PACE)
    async with an_openevse(site(), net) as client:
        with pytest.raises(zeroconf.Error):
            async with an_openevse(site(), net):
                pass
        assert (await client.status())["state"] == 1


async def test_two_runs_have_two_serials() -> None:
    async with an_openevse(site(), Net(suffix="one")) as one, an_openevse(site(), Net(suffix="two")) as two:
        assert one.openevse.describe().station != two.openevse.describe().station
        assert one.openevse.unit.hostname != two.openevse.unit.hostname
