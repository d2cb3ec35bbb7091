"""A whole hub, a real mosquitto, and the simulator's MQTT meter and charger: shared current, and a broker that dies.

Devices that speak through a dead broker count as a silent meter and a charger that is offline; when it is back they are
heard again, and an order that somebody had stored there is not obeyed.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from hub.app import App
from hub.config.load import load
from hub.core.mqtt_link.client import Pauses
from hub.model.charger import Status
from hub.model.ids import ChargerId, MeterId
from simulator.devices import start
from simulator.devices.base import Device, Fault, Net, Option
from simulator.ticker import tick
from simulator.world.car import Car, CarModel
from simulator.world.plan import SitePlan
from simulator.world.world import World
from tests.conftest import process_ended, unused_port
from tests.observer import Observe

pytestmark = [pytest.mark.needs_mosquitto, pytest.mark.slow]

METER, BAY = MeterId("main"), ChargerId("bay-1")
CONFIG = """
site: {{name: MQTT}}
grid: {{limit_a: 20, meter: main}}
web: {{port: 0, bind: 127.0.0.1}}
ocpp: {{port: 0, bind: 127.0.0.1}}
discovery: {{enabled: false}}
mqtt: {{broker: "mqtt://127.0.0.1:{port}"}}
meters:
  main:
    integration: generic_mqtt
    station: house
    silent_after_s: 5
    topic: tele/house/SENSOR
    availability: {{topic: tele/house/LWT, online: Online, offline: Offline}}
    current_a: [{{path: ENERGY.Current}}]
    power_w: [{{path: ENERGY.Power}}]
    unsigned_current: true
    import_wh: {{path: ENERGY.Total, scale: 1000}}
chargers:
  bay-1:
    integration: generic_mqtt
    station: evse
    circuit: grid
    phases: [L1, L2, L3]
    max_a: 16
    silent_after_s: 5
    topic: evse/evse/state
    availability: {{topic: evse/evse/lwt}}
    status: {{path: pilot, words: {{A: available, B: suspended_ev, C: charging, F: faulted, P: suspended_evse}}}}
    current_a: [{{path: amps}}]
    power_w: {{path: power, scale: 1000}}
    energy_wh: {{path: total_kwh, scale: 1000}}
    limit: {{topic: evse/evse/set/current, payload: '{{"limit_ma": {{limit_a}}}}', scale: 1000, step_a: 0.1,
            held: {{path: limit_ma, scale: 0.001}}}}
"""
PLAN = SitePlan.model_validate(
    {
        "name": "MQTT",
        "circuits": {"grid": {"limit_a": 20}},
        "bays": {"b1": {"circuit": "grid", "wiring": ["L1", "L2", "L3"], "max_a": 16, "reaction_s": 0.1}},
        "devices": [
            {"kind": "generic_mqtt", "name": "evse", "bays": ["b1"]},
            {"kind": "generic_mqtt", "name": "house", "circuit": "grid"},
        ],
        "cars": [{"name": "any", "phases": 3, "max_a": 16}],
        "house": {"base_a": [8.0, 5.0, 2.0]},
        "traffic": {"busy": 0, "occupied_at_start": 0},
    }
)


class Broker:
    """A mosquitto that can be killed and started again on its port; it forgets everything."""

    def __init__(self) -> None:
        self.port = unused_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, **stored: str) -> None:
        """Begin with these stored messages; the hub, on the same loop, cannot connect before they are there."""
        command = ["mosquitto", "-p", str(self.port)]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for topic, payload in {"a/word": "to see that it answers", **stored}.items():
            said = ["mosquitto_pub", "-p", str(self.port), "-r", "-q", "1", "-t", topic, "-m", payload]
            while subprocess.run(said, check=False, stderr=subprocess.DEVNULL).returncode != 0:
                process_ended(self._process, within_s=0.02)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@dataclass
class Running:
    """A hub and its devices."""

    app: App
    broker: Broker
    world: World
    devices: dict[str, Any]

    @property
    def meter(self) -> Any:
        return self.app.picture.meters[METER]

    @property
    def charger(self) -> Any:
        return self.app.picture.chargers[BAY]

    @property
    def line_a(self) -> float:
        """What really flows on the fullest line of the grid connection."""
        return max(self.world.site.current_a("grid"))


async def until(holds: Callable[[], object], within_s: float = 20.0) -> None:
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def a_site(
    folder: Path, monkeypatch: pytest.MonkeyPatch, charger: dict[str, Option] | None = None
) -> AsyncIterator[Running]:
    monkeypatch.setattr("hub.mqtt.service.PAUSES", Pauses(longest_s=0.5))
    broker = Broker()
    async with AsyncExitStack() as stack:
        broker.start()
        stack.callback(broker.kill)
        world = World(PLAN)
        net = Net(mqtt=f"mqtt://127.0.0.1:{broker.port}")
        habits: dict[str, dict[str, Option]] = {"house": {"every_s": 1.0}, "evse": charger or {}}
        devices = {}
        for entry in PLAN.devices:
            options = MappingProxyType(habits[entry.name])
            devices[entry.name] = await start(
                Device(entry.kind, entry.name, entry.bays, entry.circuit, options), world, net
            )
            stack.push_async_callback(devices[entry.name].stop)
        ticking = asyncio.create_task(tick(world, 1.0))
        stack.callback(ticking.cancel)
        (folder / "config.yaml").write_text(CONFIG.format(port=broker.port))
        app = App(load(folder / "config.yaml"), folder)
        await app.start()
        stack.push_async_callback(app.stop)
        yield Running(app, broker, world, devices)


async def test_the_car_gets_what_the_house_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_site(tmp_path, monkeypatch) as site:
        await until(lambda: site.meter.online and site.charger.online)
        site.world.evses["b1"].plug(Car(CarModel("any", phases=3, max_a=16.0), need_wh=20_000))
        await until(lambda: site.charger.status is Status.CHARGING and (site.charger.held_a or 0) > 10, 40)
        assert site.charger.session is not None
        await until(lambda: site.line_a > 17)
        assert site.charger.held_a == pytest.approx(11.5, abs=0.6)  # 20 A, less 8 for the house and 0.5 for the meter
        await until(lambda: site.meter.reading.current_a.l1 == pytest.approx(site.line_a, abs=1.0))
        assert site.line_a < 20.05


async def test_a_dead_broker_is_a_silent_meter_and_an_offline_charger_until_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, observe: Observe, caplog: pytest.LogCaptureFixture
) -> None:
    async with a_site(tmp_path, monkeypatch) as site:
        await until(lambda: site.meter.online and site.charger.online and site.charger.held_a is not None)
        site.broker.kill()
        await until(lambda: site.meter.online is False and site.charger.online is False, within_s=8)  # 5 s, and a look
        assert site.charger.held_a is None
        order = json.dumps({"charger": BAY, "limit_a": 6})
        site.broker.start(**{"evhub/order/charger.set_limit": order})
        await until(lambda: site.meter.online and site.charger.online and site.charger.held_a is not None)
        site.world.evses["b1"].plug(Car(CarModel("any", phases=3, max_a=16.0), need_wh=20_000))
        await until(lambda: (site.charger.held_a or 0) > 10, 40)  # and not the 6 A that were stored
        observer = await observe(site.broker.port)
        await until(lambda: observer.payloads("tele/house/LWT") == [b"Online"])
        assert not any(stored and topic.startswith("evse/evse/set") for topic, _, stored in observer.heard)
    assert caplog.text.count("does not answer: the hub has no connection to its MQTT broker") == 2


async def test_a_restarted_charger_is_told_its_limit_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_site(tmp_path, monkeypatch) as site:
        await until(lambda: site.meter.online and site.charger.online and site.charger.held_a is not None)
        site.world.evses["b1"].plug(Car(CarModel("any", phases=3, max_a=16.0), need_wh=20_000))
        await until(lambda: 10 < (site.charger.held_a or 0) < 13, 40)
        await site.devices["evse"].fault(Fault.REBOOT, 2)
        await until(lambda: site.charger.online is False)
        assert site.devices["evse"].limit_a == 16
        await until(lambda: site.charger.online and site.devices["evse"].limit_a < 13)
        await until(lambda: site.charger.held_a == pytest.approx(site.devices["evse"].limit_a, abs=0.05))


async def test_one_that_is_mute_is_never_raised_above_what_is_free_for_its_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_site(tmp_path, monkeypatch, {"mute": True}) as site:
        await until(lambda: site.meter.online and site.charger.online)
        site.world.evses["b1"].plug(Car(CarModel("any", phases=3, max_a=16.0), need_wh=20_000))
        await until(lambda: site.devices["evse"].limit_a < 16, 40)  # it is told, all the same
        assert site.charger.held_a is None
