"""The emulated MQTT meter and charger at a real broker: what they say, who steers the charger, how they return."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from simulator.devices import start
from simulator.devices.base import Device, Fault, Net, Option
from simulator.devices.generic_mqtt import Charger, Meter
from simulator.world.car import Car
from simulator.world.world import World
from tests.conftest import Mosquitto
from tests.observer import Observe, Observer, until
from tests.simulator.bench import CAR, pass_time, site
from tests.simulator.test_main import playing

PACE = 50.0
HOUSE = (3.0, 2.0, 1.0)


@asynccontextmanager
async def a_device(
    world: World, broker: Mosquitto, bays: tuple[str, ...] = (), **options: Option
) -> AsyncIterator[Any]:
    """A meter on the grid connection, or with `bays` a charger; the broker knows it when this begins."""
    device = Device("generic_mqtt", "one", bays, None if bays else "grid", MappingProxyType(options))
    running = await start(device, world, Net(mqtt=f"mqtt://{broker.host}:{broker.port}", pace=PACE))
    try:
        await until(lambda: running.connected)  # type: ignore[attr-defined]
        yield running
    finally:
        await running.stop()


def newest(observer: Observer, topic: str) -> dict[str, Any]:
    payloads = observer.payloads(topic)
    found: dict[str, Any] = json.loads(payloads[-1]) if payloads else {}
    return found


async def test_a_meter_like_a_tasmota(mosquitto: Mosquitto, observe: Observe) -> None:
    observer = await observe(mosquitto.port)
    world = site(house_a=HOUSE)
    world.extra_a = (-25.0, 0.0, 0.0)
    pass_time(world, 1)
    async with a_device(world, mosquitto) as meter:
        assert isinstance(meter, Meter)
        assert meter.describe().integration == "generic_mqtt"
        energy = (await observer.json("tele/one/SENSOR"))["ENERGY"]
        assert observer.payloads("tele/one/LWT") == [b"Online"]
    assert energy["Current"] == pytest.approx([22, 2, 1], abs=0.01)  # no direction
    assert energy["Power"][0] == pytest.approx(-22 * 230, abs=1)
    assert energy.keys() == {"Total", "ExportActive", "Power", "Voltage", "Current"}
    await observer.text("tele/one/LWT", b"Offline")


async def test_a_meter_with_one_line_says_numbers(mosquitto: Mosquitto, observe: Observe) -> None:
    observer = await observe(mosquitto.port)
    world = site(house_a=HOUSE)
    pass_time(world, 1)
    async with a_device(world, mosquitto, lines=1.0, nan_share=1.0):
        energy = (await observer.json("tele/one/SENSOR"))["ENERGY"]
    assert energy["Voltage"] == 230
    assert energy["Current"] != energy["Current"]  # nan


async def test_offline_the_broker_says_its_will_and_a_backlog_comes_in_a_burst(
    mosquitto: Mosquitto, observe: Observe
) -> None:
    observer = await observe(mosquitto.port)
    async with a_device(site(house_a=HOUSE), mosquitto, backlog=True, every_s=2.0) as meter:
        await observer.json("tele/one/SENSOR")
        await meter.fault(Fault.OFFLINE, 20)
        await observer.text("tele/one/LWT", b"Offline")
        before = len(observer.payloads("tele/one/SENSOR"))
        await observer.text("tele/one/LWT", b"Online")
        await until(lambda: len(observer.payloads("tele/one/SENSOR")) > before + 5)


async def test_silent_it_stays_connected_and_frozen_it_repeats(mosquitto: Mosquitto, observe: Observe) -> None:
    observer = await observe(mosquitto.port)
    world = site(house_a=HOUSE)
    async with a_device(world, mosquitto, every_s=1.0) as meter:
        await observer.json("tele/one/SENSOR")
        await meter.fault(Fault.FROZEN, 1e6)
        await observer.json("tele/one/SENSOR", len(observer.payloads("tele/one/SENSOR")) + 1)
        frozen = newest(observer, "tele/one/SENSOR")
        pass_time(world, 10)
        await observer.json("tele/one/SENSOR", len(observer.payloads("tele/one/SENSOR")) + 2)
        assert newest(observer, "tele/one/SENSOR") == frozen
        await meter.fault(Fault.SILENT, 1e6)
        assert meter.connected


async def test_a_charger_says_its_state_and_takes_limits(mosquitto: Mosquitto, observe: Observe) -> None:
    observer = await observe(mosquitto.port)
    world = site()
    async with a_device(world, mosquitto, ("b1",)) as charger:
        assert isinstance(charger, Charger)
        state = await observer.json("evse/one/state")
        assert (state["pilot"], state["limit_ma"]) == ("A", 32000)
        world.evses["b1"].plug(Car(CAR, need_wh=20_000))
        observer.publish("evse/one/set/current", '{"limit_ma": 10000}')
        await until(lambda: charger.limit_a == 10)
        pass_time(world, 20)
        await until(lambda: newest(observer, "evse/one/state")["amps"][0] == pytest.approx(9.8, abs=0.3))
        observer.publish("evse/one/set/current", '{"limit_ma": 0}')
        await until(lambda: newest(observer, "evse/one/state")["pilot"] == "P")
        observer.publish("evse/one/set/current", "no limit")
        observer.publish("evse/one/set/charge", "0")
        observer.publish("evse/one/set/current", '{"limit_ma": 16000}')
        await until(lambda: newest(observer, "evse/one/state")["limit_ma"] == 16000)
        assert newest(observer, "evse/one/state")["pilot"] == "P"


async def test_a_restart_forgets_the_limit(mosquitto: Mosquitto, observe: Observe) -> None:
    observer = await observe(mosquitto.port)
    async with a_device(site(), mosquitto, ("b1",)) as charger:
        observer.publish("evse/one/set/current", '{"limit_ma": 10000}')
        await until(lambda: newest(observer, "evse/one/state").get("limit_ma") == 10000)
        await charger.fault(Fault.REBOOT, 5)
        await observer.text("evse/one/lwt", b"offline")
        await observer.text("evse/one/lwt", b"online")
        await until(lambda: newest(observer, "evse/one/state")["limit_ma"] == 32000)


async def test_one_that_is_deaf_and_mute(mosquitto: Mosquitto, observe: Observe) -> None:
    observer = await observe(mosquitto.port)
    async with a_device(site(), mosquitto, ("b1",), deaf=True, mute=True) as charger:
        observer.publish("evse/one/set/current", '{"limit_ma": 10000}')
        observer.publish("evse/one/set/charge", "0")
        await until(lambda: not charger._may_charge)
        assert charger.limit_a == 32
        assert "limit_ma" not in await observer.json("evse/one/state")


SITE = """
name: MQTT
circuits:
  grid: {limit_a: 32}
cars:
  - {name: any, phases: 3, max_a: 16}
bays:
  bay-1: {circuit: grid}
devices:
  - {kind: generic_mqtt, name: evse, bays: [bay-1]}
  - {kind: generic_mqtt, name: house, circuit: grid, options: {every_s: 0.5}}
traffic: {busy: 0, occupied_at_start: 1}
"""


async def test_a_site_file_and_the_brokers_address_on_the_command_line(
    tmp_path: Path, mosquitto: Mosquitto, observe: Observe
) -> None:
    observer = await observe(mosquitto.port)
    (tmp_path / "site.yaml").write_text(SITE)
    broker = f"mqtt://user:pass%40word@127.0.0.1:{mosquitto.port}"
    async with playing(str(tmp_path / "site.yaml"), "--mqtt", broker, "--suffix", "x") as simulator:
        [bay], [meter] = simulator.ready["bays"], simulator.ready["meters"]
        assert (bay["integration"], bay["station"], bay["connector"]) == ("generic_mqtt", "evse-x", 1)
        assert (meter["integration"], meter["station"], meter["circuit"]) == ("generic_mqtt", "house-x", "grid")
        assert (await observer.json("evse/evse-x/state"))["pilot"] in "BC"
        await observer.json("tele/house-x/SENSOR")
        simulator.process.terminate()
        await simulator.end()
    await observer.text("tele/house-x/LWT", b"Offline")
