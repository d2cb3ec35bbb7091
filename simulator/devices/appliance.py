"""A device with a web server of its own: how it is found, cut off, moved and brought back. Its brand adds the rest."""

from __future__ import annotations

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import zeroconf
from aiohttp import web

from simulator.devices.base import Address, Device, Fault, Net
from simulator.devices.mdns import Presence, Service
from simulator.devices.web import Lapses, Server, Step, cancel
from simulator.world.world import World

BOOT_S = 1.5  # a gateway serves so long before it knows the controller behind it
ANSWERED_S = 0.2  # the answer to an order to restart is out by then
SLOW_S = (0.3, 1.5)


@dataclass(frozen=True, slots=True)
class Nameplate:
    """What tells one appliance from another: its serial, and the name under which it announces its services."""

    serial: str
    name: str
    services: tuple[Service, ...]


class Appliance(ABC):
    """One device that serves and announces itself."""

    def __init__(self, device: Device, net: Net, plate: Nameplate) -> None:
        self._options = device.options
        self._pace = net.pace
        self._random = random.Random(f"{device.name} {device.options.get('seed', 0)}")
        self._kind, self._serial = device.kind, plate.serial
        self._frozen: dict[str, object] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._server = Server(self._app(), net.host)
        self._presence = Presence(net.mdns, plate.name, plate.services)
        self._lapses = Lapses(self._habits(), net.pace)

    @property
    def frozen(self) -> bool:
        """It goes on saying what it said."""
        return self._frozen is not None

    @abstractmethod
    def status(self) -> dict[str, object]:
        """All that it says of itself now."""

    @abstractmethod
    def _app(self) -> web.Application:
        """What it serves."""

    async def begin(self) -> Self:
        """Listen and announce."""
        await self._server.open()
        try:
            await self._presence.appear(self._server.host, self._server.port)
        except zeroconf.Error:  # somebody has its name
            await self.stop()
            raise
        return self

    def describe(self) -> Address:
        """How a hub would know it."""
        return Address(self._kind, self._serial, self._server.host, self._server.port)

    async def fault(self, fault: Fault, for_s: float) -> None:
        """Begin to fail for so many seconds, and return at once. All are supported."""
        await self._lapses.begin(fault, for_s)

    async def move(self, host: str | None = None) -> None:
        """Take another port (and address), as after a new DHCP lease, and announce it."""
        await self._server.move(host)
        await self._presence.appear(self._server.host, self._server.port)

    async def stop(self) -> None:
        """Leave the network with a goodbye."""
        await self._lapses.close()
        await cancel(*self._tasks)
        await self._presence.close()
        await self._server.close()

    # --- faults

    def _habits(self) -> Mapping[Fault, tuple[Step, Step]]:
        return {
            Fault.OFFLINE: (self._leave, self._return),
            Fault.REBOOT: (self._go_down, self._come_up),
            Fault.SILENT: (self._server.hush, self._server.speak),
            Fault.FROZEN: (self._freeze, self._thaw),
        }

    async def _leave(self) -> None:
        """Without a goodbye, as when Wi-Fi fails."""
        await self._server.cut()

    async def _return(self) -> None:
        await self._server.restore()
        await self._presence.appear(self._server.host, self._server.port)

    async def _go_down(self) -> None:
        await self._server.cut()

    async def _come_up(self) -> None:
        await self._return()

    async def _freeze(self) -> None:
        self._frozen = self.status()

    async def _thaw(self) -> None:
        self._frozen = None


class WifiCharger(Appliance):
    """A charger with one outlet, whose gateway restarts apart from the controller behind it.

    Options: `slow_share` (of its answers), `seed`.
    """

    def __init__(self, device: Device, world: World, net: Net, plate: Nameplate) -> None:
        super().__init__(device, net, plate)
        self._evse = world.evses[device.bays[0]]
        self._plugged = self._evse.plugged
        self._awake = True  # the gateway runs
        self._booted_at = 0.0  # loop time from which it knows its controller

    async def stop(self) -> None:
        """Leave the network with a goodbye; the outlet stays as it is."""
        self._awake = False
        await super().stop()

    @property
    def _knows_controller(self) -> bool:
        return asyncio.get_running_loop().time() >= self._booted_at

    async def _go_down(self) -> None:
        await super()._go_down()
        self._awake = False

    async def _come_up(self) -> None:
        self._awake = True
        self._booted_at = asyncio.get_running_loop().time() + BOOT_S / self._pace
        await super()._come_up()

    def _restart(self, for_s: float) -> None:
        """Go down once the answer is out."""
        self._tasks.append(asyncio.create_task(self._restart_soon(for_s)))

    async def _restart_soon(self, for_s: float) -> None:
        await asyncio.sleep(ANSWERED_S / self._pace)
        await self.fault(Fault.REBOOT, for_s)

    async def _hesitate(self) -> None:
        """Now and then an answer takes its time."""
        if self._random.random() < float(self._options.get("slow_share", 0.02)):
            await asyncio.sleep(self._random.uniform(*SLOW_S) / self._pace)
