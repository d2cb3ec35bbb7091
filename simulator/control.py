"""The control surface of a running simulator, HTTP on loopback: look at the truth, make faults, bring and take cars."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Annotated, Literal, TypeVar

from aiohttp import web
from pydantic import Field, ValidationError

from simulator.devices.base import Fault, Running, UnsupportedFault
from simulator.report import truth
from simulator.world.car import CarModel
from simulator.world.evse import Evse
from simulator.world.plan import Strict
from simulator.world.world import Occupied, World

SLOW_S = 9.0  # on top of its own delay; a charger may take up to 10 s to apply a set-point (IEC 61851-1)
Signed = Annotated[float, Field(ge=-200, le=200)]


class FaultOrder(Strict):
    """What goes wrong where: `device` is a bay, a meter's or a charger's name, or a station as the hub knows it."""

    device: str
    fault: Literal["offline", "reboot", "silent", "frozen", "ignore_limits", "slow", "ground_failure"]
    for_s: Annotated[float, Field(gt=0, le=86_400)] = 30.0


class CarOrder(Strict):
    """A car that plugs in now and stays; its need is in real watt-hours."""

    bay: str
    phases: Literal[1, 2, 3] = 3
    max_a: Annotated[float, Field(ge=6, le=80)] = 16.0
    min_a: Annotated[float, Field(ge=6, le=32)] = 6.0
    reaction_s: Annotated[float, Field(ge=0.3, le=5)] = 2.0
    need_wh: Annotated[float, Field(ge=0, le=200_000)] = 20_000.0


class BayOrder(Strict):
    """The bay whose car leaves now."""

    bay: str


class HouseOrder(Strict):
    """House load on top of the profile, until the next order."""

    extra_a: tuple[Signed, Signed, Signed]


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Order = TypeVar("Order", bound=Strict)


class Refused(Exception):
    """The order cannot be carried out; the text says why."""


class Control:
    """The routes. `running` maps each device's name to its emulator, `serving` each bay to that of its charger."""

    def __init__(self, world: World, running: Mapping[str, Running], serving: Mapping[str, Running]) -> None:
        self._world = world
        self._running = running
        self._serving = serving
        self._tasks: set[asyncio.Task[None]] = set()

    def app(self) -> web.Application:
        """The web application."""
        app = web.Application(middlewares=[_errors])
        app.router.add_get("/truth", self._truth)
        app.router.add_get("/stays", self._stays)
        app.router.add_post("/fault", self._fault)
        app.router.add_post("/car", self._car)
        app.router.add_post("/unplug", self._unplug)
        app.router.add_post("/house", self._house)
        app.on_shutdown.append(self._end)
        return app

    async def _truth(self, _: web.Request) -> web.Response:
        return web.json_response(truth(self._world))

    async def _stays(self, _: web.Request) -> web.Response:
        """Every car that was here, outlet by outlet, by the lifetime register."""
        return web.json_response({bay: [asdict(stay) for stay in e.stays] for bay, e in self._world.evses.items()})

    async def _fault(self, request: web.Request) -> web.Response:
        order = await _order(request, FaultOrder)
        if order.fault in ELECTRICAL:
            begin, end = ELECTRICAL[order.fault]
            for evse in self._outlets(order.device):
                self._for_a_while(evse, order.for_s, begin, end)
        else:
            await self._device(order.device).fault(Fault(order.fault), order.for_s)
        return _done()

    async def _car(self, request: web.Request) -> web.Response:
        order = await _order(request, CarOrder)
        self._bay(order.bay)
        model = CarModel("ordered", order.phases, order.max_a, order.min_a, order.reaction_s)
        self._world.plug(order.bay, model, order.need_wh)
        return _done()

    async def _unplug(self, request: web.Request) -> web.Response:
        order = await _order(request, BayOrder)
        self._bay(order.bay)
        if not self._world.unplug(order.bay):
            raise Refused(f"no car stands in {order.bay}")
        return _done()

    async def _house(self, request: web.Request) -> web.Response:
        order = await _order(request, HouseOrder)
        self._world.extra_a = order.extra_a
        return _done()

    def _bay(self, name: str) -> Evse:
        if name not in self._world.evses:
            raise Refused(f"there is no bay '{name}'; there are {', '.join(self._world.evses)}")
        return self._world.evses[name]

    def _device(self, name: str) -> Running:
        stations = {running.describe().station: running for running in self._running.values()}
        found = self._running.get(name) or self._serving.get(name) or stations.get(name)
        if found is None:
            raise Refused(
                f"there is no device or bay '{name}'; there are {', '.join((*self._running, *self._serving))}"
            )
        return found

    def _outlets(self, name: str) -> list[Evse]:
        if name in self._world.evses:
            return [self._world.evses[name]]
        device = self._device(name)
        outlets = [self._world.evses[bay] for bay, running in self._serving.items() if running is device]
        if not outlets:
            raise Refused(f"'{name}' has no outlet")
        return outlets

    def _for_a_while(
        self, evse: Evse, for_s: float, begin: Callable[[Evse], None], end: Callable[[Evse], None]
    ) -> None:
        async def spell() -> None:
            begin(evse)
            await asyncio.sleep(for_s)
            end(evse)

        task = asyncio.get_running_loop().create_task(spell())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _end(self, _: web.Application) -> None:
        for task in tuple(self._tasks):
            task.cancel()


ELECTRICAL: dict[str, tuple[Callable[[Evse], None], Callable[[Evse], None]]] = {
    "ignore_limits": (lambda evse: evse.ignore_limits(True), lambda evse: evse.ignore_limits(False)),
    "slow": (lambda evse: evse.slow_by(SLOW_S), lambda evse: evse.slow_by(0.0)),
    "ground_failure": (lambda evse: evse.trip("GroundFailure"), Evse.clear_fault),
}


async def _order(request: web.Request, shape: type[Order]) -> Order:
    return shape.model_validate_json(await request.read())


def _done() -> web.Response:
    return web.json_response({"ok": True})


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ValidationError as wrong:
        texts = [f"{'.'.join(str(s) for s in e['loc'])}: {e['msg']}" for e in wrong.errors()]
        return web.json_response({"ok": False, "error": "; ".join(texts)}, status=400)
    except (Refused, Occupied, UnsupportedFault) as wrong:
        return web.json_response({"ok": False, "error": str(wrong)}, status=409)
