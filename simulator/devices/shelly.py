"""A Shelly Pro 3EM (generation 2, three-phase profile): RPC over HTTP and WebSocket, one sample a second.

Its habits: pushes go to WebSocket clients that sent a request with `src`; each push of `em:0` has all its values, and
`emdata:0` moves once a minute. The vendor documents NotifyFullStatus for channels that the device opens; here a new
subscriber gets one too (option `full_status`), so that clients prove that they can take it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import Self

from aiohttp import web

from simulator.devices.appliance import Appliance, Nameplate
from simulator.devices.base import Device, Net
from simulator.devices.mdns import Service
from simulator.devices.shelly_sample import Flow, Registers, Status, em_status, emdata_status
from simulator.devices.shelly_status import APP, VERSION, Unit, around, components, config, em_config, info, system
from simulator.devices.web import Sockets, json_object
from simulator.world.world import World

EMDATA_EVERY_S = 60
START_WH = 1_000_000.0  # a meter in service has counted before
TXT = {"gen": "2", "app": APP, "ver": VERSION}
SERVICES = (Service("_shelly._tcp", TXT), Service("_http._tcp", TXT))

INVALID_ARGUMENT, NOT_FOUND, NO_HANDLER = -103, -105, 404  # the vendor's page "Common Errors"

Params = Mapping[str, object]


class RpcError(Exception):
    """An error as the device answers it."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.as_json = {"code": code, "message": message}
        self.http_status = 404 if code == NO_HANDLER else 500


async def start(device: Device, world: World, net: Net) -> Shelly:
    """Start one. Options: `seed`, `start_wh` (on each phase at the start), `full_status`."""
    return await Shelly(device, world, net).begin()


class Shelly(Appliance):
    """One meter on one circuit; a, b, c are the supply's L1, L2, L3. Its serial is its MAC in capitals."""

    def __init__(self, device: Device, world: World, net: Net) -> None:
        self.unit = Unit(device.name, net.mac(device.name))
        super().__init__(device, net, Nameplate(self.unit.mac.upper(), self.unit.id, SERVICES))
        self._world = world
        self._circuit = world.site.circuit(device.circuit or "")
        self._start_wh = float(device.options.get("start_wh", START_WH))
        self._started_s = world.elapsed_s
        self._em = self._measure()
        self._emdata = self._count()
        self._subscribers: dict[web.WebSocketResponse, str] = {}
        self._sockets = Sockets(self._server)
        self._methods: dict[str, Callable[[Params], object]] = {
            "Shelly.GetDeviceInfo": lambda _: info(self.unit),
            "Shelly.GetStatus": lambda _: self.status(),
            "Shelly.GetConfig": lambda _: config(self.unit),
            "Shelly.GetComponents": self._components,
            "Shelly.ListMethods": lambda _: {"methods": sorted(self._methods)},
            "EM.GetStatus": self._only_0(lambda: self._em),
            "EM.GetConfig": self._only_0(em_config),
            "EMData.GetStatus": self._only_0(lambda: self._emdata),
            "Sys.GetStatus": lambda _: self._sys(),
        }

    async def begin(self) -> Self:
        """Listen, announce, sample."""
        await super().begin()
        self._tasks.append(asyncio.create_task(self._sample()))
        return self

    # --- faults

    async def _leave(self) -> None:
        """With a goodbye, as when it is shut down in order."""
        await super()._leave()
        await self._presence.vanish()

    async def _come_up(self) -> None:
        self._started_s = self._world.elapsed_s
        await super()._come_up()

    # --- what it measures

    async def _sample(self) -> None:
        """Each second one sample of all phases, then its push; each minute the energies."""
        loop = asyncio.get_running_loop()
        due, seconds = loop.time(), 0
        while True:
            due, seconds = due + 1 / self._pace, seconds + 1
            await asyncio.sleep(max(due - loop.time(), 0))
            before = self._em
            if not self.frozen:
                self._em = self._measure()
            if self.frozen or self._em != before:
                await self._notify("NotifyStatus", {"em:0": self._em})
            if seconds % EMDATA_EVERY_S == 0 and not self.frozen:
                self._emdata = self._count()
                await self._notify("NotifyStatus", {"emdata:0": self._emdata})

    def _measure(self) -> Status:
        return em_status(Flow(self._circuit.current_a, self._world.site.supply_v), self._random)

    def _count(self) -> Status:
        a, b, c = self._circuit.import_wh
        start_wh = self._start_wh
        return emdata_status(Registers((start_wh + a, start_wh + b, start_wh + c), self._circuit.export_wh))

    # --- what it answers

    def status(self) -> Status:
        """What Shelly.GetStatus answers. Frozen, only its clock goes on."""
        measured: Status = {"em:0": self._em, "emdata:0": self._emdata}
        return {**measured, **around(self._server.host), "sys": self._sys()}

    def _sys(self) -> Status:
        return system(self.unit, self._world.elapsed_s - self._started_s)

    def _components(self, params: Params) -> Status:
        """With `dynamic_only` only those that a user added: none."""
        if params.get("dynamic_only"):
            return components({}, {})
        return components(self.status(), config(self.unit))

    def _only_0(self, answer: Callable[[], Status]) -> Callable[[Params], Status]:
        def checked(params: Params) -> Status:
            if "id" not in params:
                raise RpcError(INVALID_ARGUMENT, "Missing required argument 'id'!")
            if params["id"] != 0:
                raise RpcError(NOT_FOUND, f"Argument 'id', value {params['id']} not found!")
            return answer()

        return checked

    # --- the wire

    def _app(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.get("/shelly", self._get_shelly),
                web.get("/rpc", self._get_rpc),
                web.post("/rpc", self._post_rpc),
                web.get("/rpc/{method}", self._get_method),
                web.post("/rpc/{method}", self._post_method),
            ]
        )
        return app

    async def _get_shelly(self, _: web.Request) -> web.Response:
        return web.json_response(info(self.unit))

    async def _get_method(self, request: web.Request) -> web.Response:
        return self._answer(request.match_info["method"], {key: _value(text) for key, text in request.query.items()})

    async def _post_method(self, request: web.Request) -> web.Response:
        return self._answer(request.match_info["method"], json_object(await request.text()) or {})

    def _answer(self, method: str, params: Params) -> web.Response:
        """Results and errors bare, as on every path but /rpc."""
        try:
            return web.json_response(self._call(method, params))
        except RpcError as error:
            return web.json_response(error.as_json, status=error.http_status)

    async def _post_rpc(self, request: web.Request) -> web.Response:
        frame = json_object(await request.text())
        answer = None if frame is None else self._respond(frame)
        if answer is None:
            error = RpcError(INVALID_ARGUMENT, "Invalid request frame")
            return web.json_response(error.as_json, status=error.http_status)
        return web.json_response(answer)

    async def _get_rpc(self, request: web.Request) -> web.WebSocketResponse:
        return await self._sockets.serve(request, _welcome, self._hear)

    async def _hear(self, client: web.WebSocketResponse, text: str) -> None:
        frame = json_object(text)
        answer = None if frame is None else self._respond(frame)
        if frame is None or answer is None:
            return  # the device ignores what is no request
        await self._sockets.send(client, answer)
        if isinstance(frame.get("src"), str) and client not in self._subscribers:
            self._subscribers[client] = str(frame["src"])
            if self._options.get("full_status", True):
                await self._send(client, "NotifyFullStatus", self.status())

    def _respond(self, frame: Params) -> Status | None:
        """The response frame; None when this is no request."""
        method, params = frame.get("method"), frame.get("params")
        if not isinstance(method, str) or "id" not in frame:
            return None
        answer: Status = {"id": frame["id"], "src": self.unit.id}
        if isinstance(frame.get("src"), str):
            answer["dst"] = frame["src"]
        try:
            answer["result"] = self._call(method, params if isinstance(params, dict) else {})
        except RpcError as error:
            answer["error"] = error.as_json
        return answer

    def _call(self, method: str, params: Params) -> object:
        by_name = {name.lower(): call for name, call in self._methods.items()}  # the device does not mind the case
        if method.lower() not in by_name:
            raise RpcError(NO_HANDLER, f"No handler for {method}")
        return by_name[method.lower()](params)

    async def _notify(self, method: str, components: Status) -> None:
        for client in tuple(self._subscribers.keys() - self._sockets.clients):
            del self._subscribers[client]
        for client in tuple(self._subscribers):
            await self._send(client, method, components)

    async def _send(self, client: web.WebSocketResponse, method: str, components: Status) -> None:
        params = {"ts": round(time.time(), 2), **components}
        frame = {"src": self.unit.id, "dst": self._subscribers[client], "method": method, "params": params}
        await self._sockets.send(client, frame)


async def _welcome(_client: web.WebSocketResponse, _: str) -> None:
    """Nothing is said to a new client before it asks."""


def _value(text: str) -> object:
    """A query's value: JSON where it is some (0, true), text otherwise."""
    try:
        return json.loads(text)
    except ValueError:
        return text
