"""A go-e Charger (V3 or V4) on its HTTP API v2: three phases measured, whole amps, a logic that turns once a second.

Its habits, after the vendor's documents and what users reported: a setting shows a second after it was taken; a pause
ends when the car leaves; old firmware reads short JSON arrays only; an API that is switched off is a missing page; now
and then an answer is slow or its lock is taken. The wording of its errors is partly invented: the vendor gives none.
"""

from __future__ import annotations

import asyncio
from typing import Self

from aiohttp import web

from simulator.devices.appliance import Nameplate, WifiCharger
from simulator.devices.base import Device, Net
from simulator.devices.go_e_settings import Settings
from simulator.devices.go_e_status import RESTARTS_FROM, BadFilter, Status, Unit, allows, filtered, status
from simulator.devices.mdns import Service
from simulator.devices.web import Handler
from simulator.world.world import World

TURN_S = 1.0
RESTART_S = 5.0


async def start(device: Device, world: World, net: Net) -> GoE:
    """Start one. Options: `version`, `hardware` (V3, V4), `amp`, `acs`, `ama`, `temp`, `api`, `lacks` (keys, a,b),
    `dead_meter`, `slow_share`, `seed`.
    """
    return await GoE(device, world, net).begin()


class GoE(WifiCharger):
    """One go-e Charger in front of one outlet. `api` is the switch of its HTTP API v2."""

    def __init__(self, device: Device, world: World, net: Net) -> None:
        self.unit = _unit(device, net, int(world.evses[device.bays[0]].max_a))
        super().__init__(device, world, net, Nameplate(self.unit.serial, self.unit.name, _services(self.unit)))
        self.settings = Settings(
            amp=int(device.options.get("amp", self.unit.most_a)), acs=int(device.options.get("acs", 0))
        )
        self.api = bool(device.options.get("api", True))
        self.locked = 0  # so many requests find its lock taken
        self.unfiltered = 0  # how often somebody asked for everything, which the vendor advises against

    async def begin(self) -> Self:
        """Listen, announce, and let the logic turn; the stored current is offered."""
        await super().begin()
        self._evse.on_change(self._watch)
        self._steer()
        self._tasks.append(asyncio.create_task(self._turn()))
        return self

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

    async def _go_down(self) -> None:
        await super()._go_down()
        self.settings.restart()

    async def _come_up(self) -> None:
        self._steer()
        await super()._come_up()

    # --- what it says

    def status(self) -> Status:
        """Every key that it has, with its value now."""
        if self._frozen is not None:
            return self._frozen
        return status(self.unit, self._evse, self.settings, self._knows_controller)

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._dawdle])
        app.add_routes([web.get("/api/status", self._get_status), web.get("/api/set", self._get_set)])
        return app

    @web.middleware
    async def _dawdle(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """A switched-off API is a missing page; now and then an answer takes its time, or there is none."""
        if not self.api:
            return web.Response(text="This URI does not exist", status=404)
        await self._hesitate()
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
            self._restart(RESTART_S)
        return web.json_response(answers, status=200 if all(a is True for a in answers.values()) else 400)


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
