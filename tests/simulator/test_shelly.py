"""The emulated Shelly Pro 3EM over real sockets: what it measures, how it is asked, what it pushes, how it fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from types import MappingProxyType
from typing import Any

import aiohttp
import pytest

from simulator.devices.base import Device, Fault, Net, Option
from simulator.devices.shelly import Shelly, start
from simulator.devices.shelly_sample import Flow, Registers, em_status, emdata_status
from simulator.world.evse import Three
from simulator.world.world import World
from tests.simulator.bench import CAR, LOOPBACK, asking, comes_back, listening, pass_time, refused, site, until

PACE = 20.0
HOUSE: Three = (10.0, 2.0, 0.5)


class Client:
    """An RPC client of one meter."""

    def __init__(self, shelly: Shelly, session: aiohttp.ClientSession) -> None:
        self.shelly = shelly
        self.session = session

    @property
    def base(self) -> str:
        address = self.shelly.describe()
        return f"http://{address.host}:{address.port}"

    async def get(self, path: str) -> tuple[int, Any]:
        async with self.session.get(self.base + path) as answer:
            return answer.status, await answer.json()

    async def post(self, path: str, body: object) -> tuple[int, Any]:
        async with self.session.post(self.base + path, json=body) as answer:
            return answer.status, await answer.json()

    async def em(self) -> dict[str, Any]:
        status, em = await self.get("/rpc/EM.GetStatus?id=0")
        assert status == 200
        assert isinstance(em, dict)
        return em

    async def em_with(self, key: str, about: float) -> dict[str, Any]:
        """The first sample in which a value is near this one."""
        async with asyncio.timeout(5):
            while (em := await self.em())[key] != pytest.approx(about, rel=0.01, abs=0.01):
                await asyncio.sleep(0.01)
        return em


@asynccontextmanager
async def a_shelly(world: World, net: Net | None = None, **options: Option) -> AsyncIterator[Client]:
    device = Device("shelly", "meter", circuit="grid", options=MappingProxyType(options))
    shelly = await start(device, world, net or Net(pace=PACE))
    async with asking(shelly) as session:
        yield Client(shelly, session)


def a_site() -> World:
    world = site(("L2",), house_a=HOUSE)
    pass_time(world, 1)
    return world


async def ask(ws: aiohttp.ClientWebSocketResponse, method: str, **frame: object) -> None:
    await ws.send_json({"id": 1, "method": method, **frame})


async def pushed(ws: aiohttp.ClientWebSocketResponse, method: str, component: str) -> dict[str, Any]:
    """The next notification of this method that has this component."""
    async with asyncio.timeout(5):
        while True:
            frame = await ws.receive_json()
            if frame.get("method") == method and component in frame["params"]:
                assert isinstance(frame, dict)
                return frame


# --- what it measures


@pytest.mark.parametrize("seed", range(20))
def test_a_sample_is_within_its_error(seed: int) -> None:
    em = em_status(Flow((16.0, -8.0, 0.0), (230.0, 231.0, 229.0)), Random(seed))
    assert em["a_current"] == pytest.approx(16, rel=0.0031)
    assert em["b_current"] == pytest.approx(8, rel=0.0031)  # unsigned
    assert em["a_act_power"] == pytest.approx(3680, rel=0.0031)
    assert em["b_act_power"] == pytest.approx(-1848, rel=0.0031)  # signed
    assert (em["a_pf"], em["b_pf"], em["c_pf"]) == (1, -1, 0)
    assert (em["c_current"], em["c_act_power"], em["c_aprt_power"], em["n_current"]) == (0, 0, 0, None)
    assert em["c_voltage"] == pytest.approx(229, rel=0.001)


def test_totals_add_amounts_of_current_and_signed_powers() -> None:
    em: Any = em_status(Flow((16.0, -8.0, 2.0), (230.0, 230.0, 230.0)), Random(1))
    assert em["total_current"] == pytest.approx(em["a_current"] + em["b_current"] + em["c_current"], abs=0.0005)
    assert em["total_act_power"] == pytest.approx(em["a_act_power"] + em["b_act_power"] + em["c_act_power"])
    assert em["total_act_power"] == pytest.approx(2300, rel=0.01)
    assert em["total_aprt_power"] == pytest.approx(5980, rel=0.01)


def test_values_are_rounded_as_the_device_rounds() -> None:
    em: Any = em_status(Flow((16.0, -8.0, 2.0), (230.0, 230.0, 230.0)), Random(1))
    for key, digits in (("a_current", 3), ("a_voltage", 1), ("a_act_power", 1), ("a_aprt_power", 1), ("a_freq", 1)):
        assert em[key] == round(em[key], digits)


def test_energies_by_phase_and_direction() -> None:
    assert emdata_status(Registers((1.0, 2.0, 3.0), (0.0, 10.0, 0.5))) == {
        "id": 0,
        "a_total_act_energy": 1,
        "a_total_act_ret_energy": 0,
        "b_total_act_energy": 2,
        "b_total_act_ret_energy": 10,
        "c_total_act_energy": 3,
        "c_total_act_ret_energy": 0.5,
        "total_act": 6,
        "total_act_ret": 10.5,
    }


async def test_it_measures_house_and_car_on_the_supplys_lines() -> None:
    world = a_site()
    async with a_shelly(world) as client:
        em = await client.em_with("a_current", HOUSE[0])
        assert em["b_current"] == pytest.approx(HOUSE[1], rel=0.01)
        world.plug("b1", CAR, need_wh=50_000)  # its terminal hangs on L2
        world.evses["b1"].set_pilot(16)
        pass_time(world, 20)
        em = await client.em_with("b_current", HOUSE[1] + 15.8)
        assert em["b_act_power"] == pytest.approx(17.8 * 230, rel=0.005)
        assert em["c_current"] == pytest.approx(HOUSE[2], rel=0.01)


async def test_a_site_that_gives_back_has_negative_power_and_positive_current() -> None:
    world = a_site()
    async with a_shelly(world) as client:
        world.extra_a = (-25.0, 0.0, 0.0)
        pass_time(world, 1)
        em = await client.em_with("a_current", 15)
        assert em["a_act_power"] == pytest.approx(-15 * 230, rel=0.005)


async def test_between_two_samples_nothing_moves() -> None:
    async with a_shelly(a_site(), Net(pace=0.05)) as client:
        assert await client.em() == await client.em()


async def test_energies_move_once_a_minute() -> None:
    world = a_site()
    async with a_shelly(world, Net(pace=600), start_wh=500.0) as client:
        pass_time(world, 3600)
        async with asyncio.timeout(5):
            while (emdata := (await client.get("/rpc/EMData.GetStatus?id=0"))[1])["a_total_act_energy"] < 600:
                await asyncio.sleep(0.01)
    assert emdata["a_total_act_energy"] == pytest.approx(500 + 2300, abs=5)
    assert emdata["total_act"] == pytest.approx(1500 + 12.5 * 230, abs=5)
    assert emdata["total_act_ret"] == 0


# --- how it is asked


async def test_its_device_info() -> None:
    async with a_shelly(a_site(), Net(suffix="x", pace=PACE)) as client:
        status, info = await client.get("/rpc/Shelly.GetDeviceInfo")
        assert (status, info["id"]) == (200, f"shellypro3em-{info['mac'].lower()}")
        assert (info["app"], info["gen"], info["profile"], info["auth_en"]) == ("Pro3EM", 2, "triphase", False)
        assert info["mac"] == client.shelly.describe().station
        assert await client.get("/shelly") == (200, info)


async def test_status_and_config_name_the_same_components() -> None:
    async with a_shelly(a_site()) as client:
        _, status = await client.get("/rpc/Shelly.GetStatus")
        _, config = await client.get("/rpc/Shelly.GetConfig")
        _, listed = await client.get("/rpc/Shelly.GetComponents")
    assert {"em:0", "emdata:0", "sys"} < status.keys() == config.keys()
    assert {row["key"] for row in listed["components"]} == status.keys()
    assert status["em:0"].keys() >= {"a_current", "b_voltage", "c_act_power", "total_act_power", "n_current"}


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("/rpc/EM.GetStatus", 500, {"code": -103, "message": "Missing required argument 'id'!"}),
        ("/rpc/EM.GetStatus?id=1", 500, {"code": -105, "message": "Argument 'id', value 1 not found!"}),
        ("/rpc/EM1.GetStatus?id=0", 404, {"code": 404, "message": "No handler for EM1.GetStatus"}),
    ],
)
async def test_errors_over_get(path: str, status: int, error: object) -> None:
    async with a_shelly(a_site()) as client:
        assert await client.get(path) == (status, error)


async def test_json_rpc_over_post() -> None:
    async with a_shelly(a_site()) as client:
        status, frame = await client.post("/rpc", {"id": 7, "src": "me", "method": "em.getstatus", "params": {"id": 0}})
        assert (status, frame["id"], frame["dst"], frame["src"]) == (200, 7, "me", client.shelly.unit.id)
        assert frame["result"].keys() == (await client.em()).keys()
        _, frame = await client.post("/rpc", {"id": 8, "method": "Nobody.Knows"})
        assert frame == {
            "id": 8,
            "src": client.shelly.unit.id,
            "error": {"code": 404, "message": "No handler for Nobody.Knows"},
        }
        assert (await client.post("/rpc", {"method": "EM.GetStatus"}))[0] == 500  # no id: no request
        assert (await client.post("/rpc", "no object"))[1]["code"] == -103
        assert (await client.post("/rpc/EM.GetStatus", {"id": 0}))[0] == 200


# --- WebSocket


async def test_who_asked_with_src_is_told_each_second() -> None:
    world = a_site()
    async with a_shelly(world) as client, client.session.ws_connect(client.base + "/rpc") as ws:
        await ask(ws, "EM.GetStatus", src="hub-1", params={"id": 0})
        answer = await ws.receive_json()
        assert (answer["id"], answer["dst"], answer["result"]["id"]) == (1, "hub-1", 0)
        full = await pushed(ws, "NotifyFullStatus", "sys")
        assert full["params"].keys() >= {"ts", "em:0", "emdata:0"}
        first = await pushed(ws, "NotifyStatus", "em:0")
        assert (first["src"], first["dst"]) == (client.shelly.unit.id, "hub-1")
        assert first["params"].keys() == {"ts", "em:0"}
        assert first["params"]["em:0"].keys() == answer["result"].keys()
        second = await pushed(ws, "NotifyStatus", "em:0")
        assert second["params"]["ts"] > first["params"]["ts"]
        assert second["params"]["em:0"] != first["params"]["em:0"]


async def test_the_full_status_is_optional() -> None:
    async with a_shelly(a_site(), full_status=False) as client, client.session.ws_connect(client.base + "/rpc") as ws:
        await ask(ws, "Sys.GetStatus", src="hub-1")
        assert "uptime" in (await ws.receive_json())["result"]
        assert (await ws.receive_json())["method"] == "NotifyStatus"


async def test_who_never_asked_or_gave_no_src_is_told_nothing() -> None:
    async with a_shelly(a_site()) as client, client.session.ws_connect(client.base + "/rpc") as ws:
        await ws.send_str("no JSON")
        await ask(ws, "EM.GetStatus", params={"id": 0})
        assert "dst" not in await ws.receive_json()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(4 / PACE):
                await ws.receive()


async def test_errors_over_websocket() -> None:
    async with a_shelly(a_site()) as client, client.session.ws_connect(client.base + "/rpc") as ws:
        await ask(ws, "Switch.Toggle", src="me")
        assert (await ws.receive_json())["error"] == {"code": 404, "message": "No handler for Switch.Toggle"}


async def test_a_client_that_leaves_disturbs_nobody() -> None:
    async with a_shelly(a_site()) as client, client.session.ws_connect(client.base + "/rpc") as stays:
        await ask(stays, "EM.GetStatus", src="stays", params={"id": 0})
        async with client.session.ws_connect(client.base + "/rpc") as leaves:
            await ask(leaves, "EM.GetStatus", src="leaves", params={"id": 0})
            await pushed(leaves, "NotifyStatus", "em:0")
        for _ in range(3):
            assert (await pushed(stays, "NotifyStatus", "em:0"))["dst"] == "stays"


# --- what goes wrong


async def test_silent_it_answers_and_pushes_nothing() -> None:
    async with a_shelly(a_site()) as client, client.session.ws_connect(client.base + "/rpc") as ws:
        await ask(ws, "EM.GetStatus", src="me", params={"id": 0})
        await pushed(ws, "NotifyStatus", "em:0")
        await client.shelly.fault(Fault.SILENT, for_s=1000)
        await ws.ping()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(4 / PACE):
                await ws.receive()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await client.em()


async def test_after_a_silence_the_same_client_is_told_again() -> None:
    async with a_shelly(a_site()) as client, client.session.ws_connect(client.base + "/rpc") as ws:
        await ask(ws, "EM.GetStatus", src="me", params={"id": 0})
        await pushed(ws, "NotifyStatus", "em:0")
        await client.shelly.fault(Fault.SILENT, for_s=2)
        assert await pushed(ws, "NotifyStatus", "em:0")


async def test_frozen_it_repeats_the_same_numbers() -> None:
    world = a_site()
    async with a_shelly(world) as client, client.session.ws_connect(client.base + "/rpc") as ws:
        await ask(ws, "EM.GetStatus", src="me", params={"id": 0})
        await pushed(ws, "NotifyStatus", "em:0")
        await client.shelly.fault(Fault.FROZEN, for_s=1000)
        before = await client.em()
        world.extra_a = (20.0, 0.0, 0.0)
        pass_time(world, 1)
        for _ in range(3):
            last = (await pushed(ws, "NotifyStatus", "em:0"))["params"]["em:0"]
        assert last == before == await client.em()
        await client.shelly.fault(Fault.FROZEN, for_s=0)
        assert await client.em_with("a_current", HOUSE[0] + 20)


async def test_offline_it_refuses_and_drops_and_comes_back_on_its_port() -> None:
    async with a_shelly(a_site()) as client, client.session.ws_connect(client.base + "/rpc") as ws:
        address = client.shelly.describe()
        await client.shelly.fault(Fault.OFFLINE, for_s=4)
        assert await refused(LOOPBACK, address.port or 0)
        assert (await ws.receive()).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
        assert (await comes_back(client.em))["id"] == 0
        assert client.shelly.describe() == address


async def test_a_reboot_starts_the_uptime_again() -> None:
    world = a_site()
    async with a_shelly(world) as client:
        pass_time(world, 100)
        assert (await client.get("/rpc/Sys.GetStatus"))[1]["uptime"] >= 99
        await client.shelly.fault(Fault.REBOOT, for_s=1)
        _, system = await comes_back(lambda: client.get("/rpc/Sys.GetStatus"))
        assert system["uptime"] == 0


# --- how it is found


async def test_it_is_announced_and_says_goodbye_when_it_goes() -> None:
    net = Net(mdns=LOOPBACK, suffix="t-shelly", pace=1.0)
    async with listening("_shelly._tcp.local.", "_http._tcp.local.") as ear:
        async with a_shelly(a_site(), net) as client:
            address, name = client.shelly.describe(), client.shelly.unit.id
            both = {f"{name}._shelly._tcp.local.", f"{name}._http._tcp.local."}
            await until(lambda: both <= ear.found.keys())
            txt = {"gen": "2", "app": "Pro3EM", "ver": "1.4.4"}
            assert {ear.found[each] == (LOOPBACK, address.port, txt) for each in both} == {True}
            await client.shelly.fault(Fault.OFFLINE, for_s=2)
            await until(lambda: not both & ear.found.keys())
            await until(lambda: both <= ear.found.keys(), within_s=10)
            assert (await client.em())["id"] == 0
        await until(lambda: not both & ear.found.keys())


async def test_a_moved_meter_is_found_at_its_new_port() -> None:
    net = Net(mdns=LOOPBACK, suffix="t-moved", pace=PACE)
    async with listening("_shelly._tcp.local.") as ear, a_shelly(a_site(), net) as client:
        name = f"{client.shelly.unit.id}._shelly._tcp.local."
        await until(lambda: name in ear.found)
        before = client.shelly.describe()
        await client.shelly.move()
        assert client.shelly.describe().port != before.port
        await until(lambda: ear.found[name][1] == client.shelly.describe().port)
        assert (await client.em())["n_current"] is None
