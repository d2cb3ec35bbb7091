"""A go-e Charger (V3 or V4) on its HTTP API v2: three phases measured, whole amps, a logic that turns once a second.

Its habits, after the vendor's documents and what users reported: a setting shows a second after it was taken; a pause
ends when the car leaves; old firmware reads short JSON arrays only; an API that is switched off is a missing page; now
and then an answer is slow or its lock is taken. The wording of its errors is partly invented: the vendor gives none.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping

import zeroconf
from aiohttp import web

from simulator.devices.base import Address, Device, Fault, Net
from simulator.devices.go_e_settings import Settings
from simulator.devices.go_e_status import RESTARTS_FROM, BadFilter, Status, Unit, allows, filtered, status
from simulator.devices.mdns import Presence, Service
from simulator.devices.web import Handler, Lapses, Server, Step, cancel
from simulator.world.world import World

TURN_S = 1.0
RESTART_S = 5.0
BOOT_S = 1.5  # it serves so long before it knows its charge controller
SLOW_S = (0.3, 1.5)


async def start(device: Device, world: World, net: Net) -> GoE:
    """Start one. Options: `version`, `hardware` (V3, V4), `amp`, `acs`, `ama`, `temp`, `api`, `lacks` (keys, a,b),
    `dead_meter`, `slow_share`, `seed`.
    """
    return await GoE(device, world, net).begin()


class GoE:
    """One go-e Charger in front of one outlet. `api` is the switch of its HTTP API v2."""

    def __init__(self, device: Device, world: World, net: Net) -> None:
        self._options = device.options
        self._pace = net.pace
        self._evse = world.evses[device.bays[0]]
        self._random = random.Random(f"{device.name} {device.options.get('seed', 0)}")
        self.unit = _unit(device, net, int(self._evse.max_a))
        self.settings = Settings(
            amp=int(device.options.get("amp", self.unit.most_a)), acs=int(device.options.get("acs", 0))
        )
        self.api = bool(device.options.get("api", True))
        self.locked = 0  # so many requests find its lock taken
        self.unfiltered = 0  # how often somebody asked for everything, which the vendor advises against
        self._frozen: Status | None = None
        self._plugged = self._evse.plugged
        self._awake = True
        self._booted_at = 0.0  # loop time from which it knows its charge controller
        self._tasks: list[asyncio.Task[None]] = []
        self._server = Server(self._app(), net.host)
        self._presence = Presence(net.mdns, self.unit.name, _services(self.unit))
        self._lapses = Lapses(self._habits(), net.pace)

    async def begin(self) -> GoE:
        """Listen, announce, and let the logic turn; the stored current is offered."""
        await self._server.open()
        try:
            await self._presence.appear(self._server.host, self._server.port)
        except zeroconf.Error:  # somebody has its name
            await self.stop()
            raise
        self._evse.on_change(self._watch)
        self._steer()
        self._tasks.append(asyncio.create_task(self._turn()))
        return self

    def describe(self) -> Address:
        """How a hub would know it."""
        return Address("go_e", self.unit.serial, self._server.host, self._server.port)

    async def fault(self, fault: Fault, for_s: float) -> None:
        """Begin to fail for so many seconds. Offline is without a goodbye, as when Wi-Fi fails."""
        await self._lapses.begin(fault, for_s)

    async def move(self, host: str | None = None) -> None:
        """Take another port (and address), as after a new DHCP lease, and announce it."""
        await self._server.move(host)
        await self._presence.appear(self._server.host, self._server.port)

    async def stop(self) -> None:
        """Leave the network with a goodbye; the outlet stays as it is."""
        self._awake = False
        await self._lapses.close()
        await cancel(*self._tasks)
        await self._presence.close()
        await self._server.close()

    # --- what it does with its outlet

    async def _turn(self) -> None:
        while True:
            await asyncio.sleep(TURN_S / self._pace)
            if self._awake:
                self.settings.turn()
                self._steer()

    def _steer(self) -> None:
        self._evse.set_pilot(min(self.settings.amp, self.unit.most_a))
        self._evse.enable(allows(self._evse, self.settings))

    def _watch(self) -> None:
        """The outlet changed: with the car its pause and its card are gone."""
        plugged = self._evse.plugged
        if self._plugged and not plugged:
            self.settings.forget_car()
        self._plugged = plugged

    # --- faults

    def _habits(self) -> Mapping[Fault, tuple[Step, Step]]:
        return {
            Fault.OFFLINE: (self._server.cut, self._return),
            Fault.REBOOT: (self._go_down, self._come_up),
            Fault.SILENT: (self._server.hush, self._server.speak),
            Fault.FROZEN: (self._freeze, self._thaw),
        }

    async def _return(self) -> None:
        await self._server.restore()
        await self._presence.appear(self._server.host, self._server.port)

    async def _go_down(self) -> None:
        await self._server.cut()
        self._awake = False
        self.settings.restart()

    async def _come_up(self) -> None:
        self._awake = True
        self._booted_at = asyncio.get_running_loop().time() + BOOT_S / self._pace
        self._steer()
        await self._return()

    async def _freeze(self) -> None:
        self._frozen = self.status()

    async def _thaw(self) -> None:
        self._frozen = None

    # --- what it says

    def status(self) -> Status:
        """Every key that it has, with its value now."""
        if self._frozen is not None:
            return self._frozen
        known = asyncio.get_running_loop().time() >= self._booted_at
        return status(self.unit, self._evse, self.settings, known)

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._dawdle])
        app.add_routes([web.get("/api/status", self._get_status), web.get("/api/set", self._get_set)])
        return app

    @web.middleware
    async def _dawdle(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """A switched-off API is a missing page; now and then an answer takes its time, or there is none."""
        if not self.api:
            return web.Response(text="This URI does not exist", status=404)
        if self._random.random() < float(self._options.get("slow_share", 0.02)):
            await asyncio.sleep(self._random.uniform(*SLOW_S) / self._pace)
        if self.locked > 0:
            self.locked -= 1
            return web.Response(text="couldn't take api lock in 3s, please try again later", status=500)
        return await handler(request)

    async def _get_status(self, request: web.Request) -> web.Response:
        asked = request.query.get("filter")
        self.unfiltered += asked is None
        try:
            found, http_status = filtered(self.unit, self.status(), asked)
        except BadFilter as wrong:
            return web.Response(text=str(wrong), status=500)
        return web.json_response(found, status=http_status)

    async def _get_set(self, request: web.Request) -> web.Response:
        """One answer for each key; the HTTP status tells whether all were taken."""
        if "rst" in request.query and self.unit.firmware < RESTARTS_FROM:
            return web.Response(text="null")
        answers = {key: self.settings.take(key, text) for key, text in request.query.items()}
        if answers.get("rst") is True:
            self._tasks.append(asyncio.create_task(self._restart_soon()))
        return web.json_response(answers, status=200 if all(a is True for a in answers.values()) else 400)

    async def _restart_soon(self) -> None:
        """Go down once the answer is out."""
        await asyncio.sleep(0.2 / self._pace)
        await self.fault(Fault.REBOOT, RESTART_S)


def _unit(device: Device, net: Net, most_a: int) -> Unit:
    serial = f"{int(net.mac(device.name), 16) % 1_000_000:06d}"
    return Unit(
        serial=serial,
        name=f"go-eCharger_{serial}",
        kind="go-eCharger" if device.options.get("hardware", "V4") == "V3" else "go-eCharger_V4",
        version=str(device.options.get("version", "59.4")),
        most_a=min(most_a, int(device.options.get("ama", 32))),
        celsius=float(device.options.get("temp", 28.5)),
        lacks=tuple(str(device.options.get("lacks", "")).split(",")),
        dead_meter=bool(device.options.get("dead_meter", False)),
    )


def _services(unit: Unit) -> tuple[Service, ...]:
    """Both without TXT record. The first is longer than DNS-SD allows (RFC 6763, 7.2)."""
    return (Service(f"_go-e_{unit.kind}._tcp"), Service("_http._tcp"))
