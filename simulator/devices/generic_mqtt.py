"""A charger and a meter that speak MQTT in words of their own, with the bad habits of such devices.

The meter is like a Tasmota with a three-phase sensor: `tele/<name>/SENSOR` with currents that have no direction, kWh,
and Online or Offline on `tele/<name>/LWT`. The charger says its state as JSON on `evse/<name>/state` and hears
`evse/<name>/set/current` and `evse/<name>/set/charge`; a restart forgets its limit.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime

from simulator.devices.base import Address, Device, Fault, Net, Running
from simulator.devices.mqtt_line import Line, Will
from simulator.devices.web import Lapses, Step, cancel
from simulator.world.evse import Evse
from simulator.world.world import World

METER_EVERY_S = 10.0  # TelePeriod; as delivered it is 300
CHARGER_EVERY_S = 1.0
MOST_KEPT = 50  # samples that a meter with a backlog sends when it is back


async def start(device: Device, world: World, net: Net) -> Running:
    """Start one. Options: `every_s`, `retain`, `nan_share`, `seed`; a meter's `lines` (1 or 3) and `backlog`; a
    charger's `deaf` (it takes no limit) and `mute` (it does not say which it holds).
    """
    return await (Meter(device, world, net) if device.circuit else Charger(device, world, net)).begin()


class Speaker:
    """What both have: a connection, an interval, habits."""

    def __init__(self, device: Device, net: Net, line: Line, usually_s: float) -> None:
        self._options = device.options
        self._identity = net.identity(device.name)
        self._line = line
        self._every_s = float(device.options.get("every_s", usually_s)) / net.pace
        self._retain = bool(device.options.get("retain", False))
        self._noise = random.Random(f"{device.name} {device.options.get('seed', 0)}")
        self._frozen: str | None = None
        self._said = ""
        self._stirred = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._lapses = Lapses(self._habits(), net.pace)

    def describe(self) -> Address:
        """How a hub would know it; it is behind the broker."""
        return Address("generic_mqtt", self._identity)

    async def fault(self, fault: Fault, for_s: float) -> None:
        """Begin to fail for so many seconds. Offline is without a goodbye: the broker says the last will."""
        await self._lapses.begin(fault, for_s)

    async def stop(self) -> None:
        """Say goodbye and leave the broker."""
        await self._lapses.close()
        await cancel(self._task)
        await self._line.close()

    @property
    def connected(self) -> bool:
        """The broker has accepted it."""
        return self._line.connected

    def _habits(self) -> Mapping[Fault, tuple[Step, Step]]:
        return {
            Fault.OFFLINE: (self._line.cut, self._line.restore),
            Fault.REBOOT: (self._go_down, self._line.restore),
            Fault.SILENT: (self._line.hush, self._line.speak),
            Fault.FROZEN: (self._freeze, self._thaw),
        }

    async def _go_down(self) -> None:
        await self._line.cut()

    async def _freeze(self) -> None:
        self._frozen = self._said

    async def _thaw(self) -> None:
        self._frozen = None

    def _spoilt(self, value: float) -> float:
        """Now and then a sensor has no number: Python and JavaScript write that as NaN, which is no JSON."""
        return float("nan") if self._noise.random() < float(self._options.get("nan_share", 0)) else value

    def _say(self, topic: str, document: Mapping[str, object]) -> None:
        self._said = self._frozen or json.dumps(document)
        self._line.say(topic, self._said, retain=self._retain)


class Meter(Speaker):
    """One meter on one circuit."""

    def __init__(self, device: Device, world: World, net: Net) -> None:
        name = net.identity(device.name)
        will = Will(f"tele/{name}/LWT", "Online", "Offline")
        super().__init__(device, net, Line(net.mqtt, name, will), METER_EVERY_S)
        self._topic = f"tele/{name}/SENSOR"
        self._circuit, self._supply_v = world.site.circuit(device.circuit or ""), world.site.supply_v
        self._lines = int(device.options.get("lines", 3))
        self._missed: deque[Mapping[str, object]] = deque(maxlen=MOST_KEPT)

    async def begin(self) -> Meter:
        """Connect and measure."""
        await self._line.open()
        self._task = asyncio.create_task(self._sample())
        return self

    def sensor(self) -> dict[str, object]:
        """One sample in Tasmota's words: lists of the lines, or single numbers where it has one."""
        amps = [round(abs(self._spoilt(a)), 3) for a in self._circuit.current_a[: self._lines]]
        volts = [round(v, 1) for v in self._supply_v[: self._lines]]
        power = [round(self._spoilt(a * v), 1) for a, v in zip(self._circuit.current_a, volts, strict=False)]
        energy = {
            "Total": round(sum(self._circuit.import_wh) / 1000, 3),
            "ExportActive": round(sum(self._circuit.export_wh) / 1000, 3),
            "Power": power if self._lines > 1 else power[0],
            "Voltage": volts if self._lines > 1 else volts[0],
            "Current": amps if self._lines > 1 else amps[0],
        }
        return {"Time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"), "ENERGY": energy}

    async def _sample(self) -> None:
        """One sample each period. With a backlog, those that it could not send come first, all at once."""
        while True:
            await asyncio.sleep(self._every_s)
            if self._options.get("backlog") and not self._line.connected:
                self._missed.append(self.sensor())
                continue
            while self._missed:
                self._say(self._topic, self._missed.popleft())
            self._say(self._topic, self.sensor())


class Charger(Speaker):
    """One charger in front of one outlet. `limit_a` is what it was told, its maximum after a restart."""

    def __init__(self, device: Device, world: World, net: Net) -> None:
        name = net.identity(device.name)
        base = f"evse/{name}"
        self._evse: Evse = world.evses[device.bays[0]]
        self.limit_a = self._evse.max_a
        self._may_charge = True
        line = Line(net.mqtt, name, Will(f"{base}/lwt", "online", "offline"), (f"{base}/set/#",))
        super().__init__(device, net, line, CHARGER_EVERY_S)
        self._base = base
        line.heard, line.came = self._heard, self._stirred.set

    async def begin(self) -> Charger:
        """Connect; the pilot is at the maximum."""
        self._evse.on_change(self._stirred.set)
        self._steer()
        await self._line.open()
        self._task = asyncio.create_task(self._speak())
        return self

    def state(self) -> dict[str, object]:
        """What it says of itself."""
        said: dict[str, object] = {
            "pilot": self._pilot(),
            "amps": [round(self._spoilt(a), 2) for a in self._evse.current_a],
            "volts": [round(v, 1) for v in self._evse.voltage_v],
            "power": round(self._evse.power_w / 1000, 3),
            "total_kwh": round(self._evse.energy_wh / 1000, 3),
            "session_kwh": round(self._evse.session_energy_wh / 1000, 3),
        }
        return said if self._options.get("mute") else {**said, "limit_ma": round(self.limit_a * 1000)}

    def _pilot(self) -> str:
        """The letter of IEC 61851-1, and P for a car that it does not let charge."""
        waits = self._evse.plugged and (not self._may_charge or self.limit_a == 0)
        return "F" if self._evse.fault else "P" if waits else self._evse.iec_state

    def _steer(self) -> None:
        self._evse.set_pilot(self.limit_a)
        self._evse.enable(self._may_charge)
        self._stirred.set()

    def _heard(self, topic: str, payload: bytes) -> None:
        if topic == f"{self._base}/set/charge":
            self._may_charge = payload == b"1"
        elif topic == f"{self._base}/set/current" and not self._options.get("deaf"):
            self._take_limit(payload)
        self._steer()

    def _take_limit(self, payload: bytes) -> None:
        """What is no limit is left alone; one below 6 A is a pause."""
        try:
            amps = float(json.loads(payload)["limit_ma"]) / 1000
        except (ValueError, KeyError, TypeError):
            return
        self.limit_a = 0.0 if amps < 6 else min(amps, self._evse.max_a)

    async def _speak(self) -> None:
        """Its state at its interval, and at once when something happens."""
        while True:
            try:
                async with asyncio.timeout(self._every_s):
                    await self._stirred.wait()
            except TimeoutError:
                pass
            self._stirred.clear()
            self._say(f"{self._base}/state", self.state())

    async def _go_down(self) -> None:
        """A restart: it forgets what it was told."""
        await super()._go_down()
        self.limit_a, self._may_charge = self._evse.max_a, True
        self._steer()
