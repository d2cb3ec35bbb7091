"""An emulated device with a web server, its driver and a recording host on one bench, for the tests of a driver."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Generic, Protocol, Self, TypeVar

from aiohttp import web

from hub.sdk import Address, ChargerStatus, LimitHeld, Link, MeterId, StationId, Status
from hub.sdk.testing import QuickClock, RecordingStationHost
from simulator.devices.appliance import Appliance
from simulator.world.world import World
from tests.simulator.bench import LOOPBACK

PACE = 20.0


class Stops(Protocol):
    """A driver."""

    async def stop(self) -> None: ...


DeviceT = TypeVar("DeviceT", bound=Appliance)
DriverT = TypeVar("DriverT", bound=Stops)


class Bench(Generic[DeviceT, DriverT]):
    """The device, the driver once it drives, and the host that records. Each brand says how its driver begins."""

    def __init__(self, world: World, device: DeviceT, host: RecordingStationHost) -> None:
        self.world, self.device, self.host = world, device, host
        self.driver: DriverT | None = None

    @classmethod
    @asynccontextmanager
    async def of(
        cls, world: World, device: DeviceT, station: str | None = None, meter: MeterId | None = None
    ) -> AsyncIterator[Self]:
        """Put a started device on it, under its own serial or another; in the end driver and device stop."""
        name = StationId(station or device.describe().station)
        try:
            async with RecordingStationHost(name, meter=meter, clock=QuickClock(PACE)) as host:
                bench = cls(world, device, host)
                bench.follow(device)
                yield bench
                if bench.driver is not None:
                    await bench.driver.stop()
        finally:
            await device.stop()

    def follow(self, device: Appliance) -> None:
        """As discovery does: the host has the address that this device announces."""
        at = device.describe()
        self.host.where = Address(str(at.host), int(at.port or 0))

    @property
    def held_a(self) -> float | None:
        held = self.host.last(LimitHeld)
        return None if held is None else held.limit_a

    @property
    def status(self) -> Status | None:
        said = self.host.last(ChargerStatus)
        return None if said is None else said.status

    @property
    def link(self) -> Link | None:
        return self.host.contacts[-1].link if self.host.contacts else None


async def passing(world: World, condition: Callable[[], object], within_s: float = 5.0) -> None:
    """Let the world go on, ten times faster than real, until the condition is true."""
    async with asyncio.timeout(within_s):
        while not condition():
            world.step(0.1)
            await asyncio.sleep(0.01)


@asynccontextmanager
async def a_server(routes: list[web.RouteDef]) -> AsyncIterator[Address]:
    """Something else that answers at an address."""
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, 0).start()
    try:
        yield Address(LOOPBACK, int(runner.addresses[0][1]))
    finally:
        await runner.cleanup()
