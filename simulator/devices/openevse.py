"""An OpenEVSE with the ESP32 Wi-Fi firmware, 4.x or 5.x, on HTTP and WebSocket: one current for all phases, whole amps.

Its habits, after the firmware's sources: a restart forgets every claim and offers the configured most again; a claim
with `auto_release` (the default of /override) is gone when the car leaves; DELETE /override answers 500 when there is
none; a new WebSocket client makes it send the full status, cut short by a small buffer, to every client.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime
from itertools import islice
from typing import Self

from aiohttp import web

from simulator.devices.appliance import Nameplate, WifiCharger
from simulator.devices.base import Device, Net
from simulator.devices.mdns import Service
from simulator.devices.openevse_claims import API_PRIORITY, MANUAL, MANUAL_PRIORITY, Claim, Claims, Limits
from simulator.devices.openevse_status import BUILD, Moment, Status, Unit, config, status
from simulator.devices.web import Handler, Sockets, json_object
from simulator.world.world import World

RESTART_S = 3.0
FIRST_FRAME_KEYS = 44  # what fits into the buffer of the status for a new WebSocket client


async def start(device: Device, world: World, net: Net) -> OpenEvse:
    """Start one. Options: `version`, `max_current_soft`, `slow_share`, `seed`, `pause_uses_disabled`, `temp` (°C)."""
    return await OpenEvse(device, world, net).begin()


class OpenEvse(WifiCharger):
    """One OpenEVSE in front of one outlet. Its serial is the long chip id; claims survive while it is offline."""

    def __init__(self, device: Device, world: World, net: Net) -> None:
        self.unit = _unit(device, net)
        super().__init__(device, world, net, Nameplate(self.unit.serial, self.unit.hostname, _services(self.unit)))
        self._world = world
        most_a = int(self._evse.max_a)
        self._claims = Claims(Limits(6, min(int(device.options.get("max_current_soft", most_a)), most_a)))
        self._pushed: Status = {}
        self._since_s = world.elapsed_s
        self._stirred = asyncio.Event()
        self._sockets = Sockets(self._server)

    async def begin(self) -> Self:
        """Listen, announce and push; the pilot is at the configured most."""
        await super().begin()
        self._evse.on_change(self._watch)
        self._steer()
        self._tasks.append(asyncio.create_task(self._push()))
        return self

    # --- what it does with its outlet

    def _steer(self) -> None:
        """Do what the claims come to."""
        target = self._claims.target()
        self._evse.set_pilot(target.pilot_a)
        self._evse.enable(target.state == "active")
        self._stirred.set()

    def _watch(self) -> None:
        """The outlet changed: a car that left ends the session, and with it the claims that wanted that."""
        plugged = self._evse.plugged
        if plugged != self._plugged:
            self._plugged = plugged
            self._since_s = self._world.elapsed_s
            if not plugged and self._awake:
                self._claims.release_ended()
                self._steer()
        self._stirred.set()

    # --- faults

    async def _go_down(self) -> None:
        await super()._go_down()
        self._claims.forget()  # the controller behind keeps its pilot until the gateway is back

    async def _come_up(self) -> None:
        self._pushed = {}
        self._steer()
        await super()._come_up()

    # --- what it says

    def status(self) -> Status:
        """What GET /status answers."""
        if self._frozen is not None:
            return self._frozen
        session_s = self._world.elapsed_s - self._since_s if self._evse.plugged else 0.0
        moment = Moment(self._server.host, self._knows_controller, session_s, datetime.now(UTC))
        return status(self.unit, self._evse, self._claims, moment)

    # --- the wire

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._dawdle])
        app.add_routes(
            [
                web.get("/status", self._get_status),
                web.get("/config", self._get_config),
                web.get("/override", self._get_override),
                web.post("/override", self._post_override),
                web.patch("/override", self._patch_override),
                web.delete("/override", self._delete_override),
                web.get("/claims", self._get_claims),
                web.get("/claims/target", self._get_target),
                web.get("/claims/{client}", self._get_claim),
                web.post("/claims/{client}", self._post_claim),
                web.delete("/claims/{client}", self._delete_claim),
                web.get("/restart", self._get_restart),
                web.post("/restart", self._post_restart),
                web.get("/ws", self._get_ws),
            ]
        )
        return app

    @web.middleware
    async def _dawdle(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Now and then an answer takes its time."""
        await self._hesitate()
        return await handler(request)

    async def _get_status(self, _: web.Request) -> web.Response:
        return web.json_response(self.status())

    async def _get_config(self, _: web.Request) -> web.Response:
        return web.json_response(config(self.unit, self._evse, self._claims, self._knows_controller))

    async def _get_override(self, _: web.Request) -> web.Response:
        claim = self._claims.get(MANUAL)
        if claim is not None:
            return web.json_response(claim.as_json())
        if self.unit.version.startswith("v4"):
            return _said("No manual override", 404)
        return web.json_response({})  # 5.x

    async def _post_override(self, request: web.Request) -> web.Response:
        body = json_object(await request.text())
        if body is None:
            return _said("Failed to parse JSON", 400)
        return self._override(Claim.read(body, MANUAL_PRIORITY, auto_release=True), "Created", 201)

    async def _patch_override(self, _: web.Request) -> web.Response:
        """Toggle: release the override, or claim the opposite of what is."""
        if MANUAL in self._claims:
            self._claims.release(MANUAL)
            self._steer()
            return _said("Updated")
        opposite = "disabled" if self._evse.enabled else "active"
        return self._override(Claim(MANUAL_PRIORITY, opposite, auto_release=True), "Updated", 200)

    def _override(self, claim: Claim, said: str, status: int) -> web.Response:
        if not self._claims.make(MANUAL, claim):
            return _said("Failed to claim manual overide", 500)  # spelt so in the firmware
        self._steer()
        return _said(said, status)

    async def _delete_override(self, _: web.Request) -> web.Response:
        if not self._claims.release(MANUAL):
            return _said("Failed to release manual overide", 500)
        self._steer()
        return _said("Deleted")

    async def _get_claims(self, _: web.Request) -> web.Response:
        return web.json_response(self._claims.listed())

    async def _get_target(self, _: web.Request) -> web.Response:
        target = self._claims.target()
        return web.json_response({"properties": {"state": target.state, "charge_current": target.pilot_a}})

    async def _get_claim(self, request: web.Request) -> web.Response:
        claim = self._claims.get(_client(request))
        if claim is None:
            return _said("Not found", 404)
        return web.json_response({"priority": claim.priority, **claim.as_json()})

    async def _post_claim(self, request: web.Request) -> web.Response:
        body = json_object(await request.text())
        if body is None:
            return _said("Could not parse JSON", 400)
        if not self._claims.make(_client(request), Claim.read(body, API_PRIORITY, auto_release=False)):
            return _said("Could not make claim", 400)
        self._steer()
        return _said("done")

    async def _delete_claim(self, request: web.Request) -> web.Response:
        if not self._claims.release(_client(request)):
            return _said("Not found", 404)
        self._steer()
        return _said("done")

    async def _get_restart(self, _: web.Request) -> web.Response:
        self._restart(RESTART_S)
        return web.Response(text="1")

    async def _post_restart(self, request: web.Request) -> web.Response:
        body = json_object(await request.text())
        if body is None:
            return _said("Couldn't parse json", 400)
        if "device" not in body:
            return _said("wrong payload", 400)
        if body["device"] not in ("gateway", "evse"):
            return _said("unknown device", 404)
        if body["device"] == "gateway":
            self._restart(RESTART_S)
        return _said(f"restart {body['device']}")

    async def _get_ws(self, request: web.Request) -> web.WebSocketResponse:
        return await self._sockets.serve(request, self._greet, self._answer)

    async def _greet(self, _client: web.WebSocketResponse, _: str) -> None:
        await self._sockets.send_all(dict(islice(self.status().items(), FIRST_FRAME_KEYS)))

    async def _answer(self, client: web.WebSocketResponse, text: str) -> None:
        if isinstance((json_object(text) or {}).get("ping"), int):
            await self._sockets.send(client, {"pong": 1})

    async def _push(self) -> None:
        """Once a second, and at once when something happens, send what changed since the last time."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1 / self._pace):
                    await self._stirred.wait()
            self._stirred.clear()
            now = self.status()
            news = {key: value for key, value in now.items() if self._pushed.get(key) != value}
            self._pushed = now
            if news:
                await self._sockets.send_all(news)


def _unit(device: Device, net: Net) -> Unit:
    serial = net.mac(device.name).upper()
    celsius = device.options.get("temp")
    return Unit(
        serial=serial,
        hostname=net.identity(f"openevse-{serial[-4:].lower()}"),
        version=str(device.options.get("version", "v5.1.2")),
        celsius=None if celsius is None or isinstance(celsius, bool) else float(celsius),
        pause_uses_disabled=bool(device.options.get("pause_uses_disabled", False)),
    )


def _services(unit: Unit) -> tuple[Service, ...]:
    """Both from net_manager.cpp of the firmware; the second has no TXT record."""
    txt = {"type": BUILD, "version": unit.version, "id": unit.serial}
    return (Service("_openevse._tcp", txt), Service("_http._tcp"))


def _client(request: web.Request) -> int:
    """The claim's client number as Arduino's toInt() takes it: nonsense is 0."""
    try:
        return int(request.match_info["client"])
    except ValueError:
        return 0


def _said(msg: str, status: int = 200) -> web.Response:
    return web.json_response({"msg": msg}, status=status)
