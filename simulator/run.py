"""Puts a run together: the world, its devices on the wire, the control surface and the report."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TextIO

from aiohttp import web

from simulator.control import Control
from simulator.devices import start
from simulator.devices.base import Device, Net, Running
from simulator.report import Json, second, summary, write_line
from simulator.ticker import tick
from simulator.world.plan import DeviceEntry, SitePlan
from simulator.world.world import World

REPORT_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Run:
    """A running site: the world, and each device of the file with its emulator."""

    world: World
    devices: dict[str, Running]
    control_url: str

    def ready(self) -> Json:
        """What whoever started us needs to know, in one line."""
        plan = self.world.plan
        bays = [self._bay(device, place) for device in plan.devices for place in range(len(device.bays))]
        meters = [self._meter(device) for device in plan.devices if device.circuit is not None]
        return {"ready": True, "site": plan.name, "control": self.control_url, "bays": bays, "meters": meters}

    def _bay(self, device: DeviceEntry, place: int) -> Json:
        name = device.bays[place]
        entry = self.world.plan.bays[name]
        electrical = {"circuit": entry.circuit, "phases": list(entry.wiring), "max_a": entry.max_a}
        return {"bay": name} | self._address(device) | {"connector": place + 1} | electrical

    def _meter(self, device: DeviceEntry) -> Json:
        return {"meter": device.name} | self._address(device) | {"circuit": device.circuit}

    def _address(self, device: DeviceEntry) -> Json:
        address = self.devices[device.name].describe()
        known: Json = {"integration": address.integration, "station": address.station}
        return known if address.host is None else known | {"host": address.host, "port": address.port}


@asynccontextmanager
async def running(world: World, net: Net, control_port: int = 0) -> AsyncIterator[Run]:
    """Everything started; stopped in reverse, also after half a start."""
    async with AsyncExitStack() as stack:
        devices = await start_all(world, net, stack)
        ticking = asyncio.create_task(tick(world, net.pace))
        stack.callback(ticking.cancel)
        runner = web.AppRunner(Control(world, devices, serving(world.plan, devices)).app(), shutdown_timeout=1)
        stack.push_async_callback(runner.cleanup)
        yield Run(world, devices, await listen(runner, net.host, control_port))


async def start_all(world: World, net: Net, stack: AsyncExitStack) -> dict[str, Running]:
    """Start all devices at once, as announcing takes its time; `stack` stops what came up, even if one did not."""
    entries = world.plan.devices
    outcomes = await asyncio.gather(*(start(device_of(e), world, net) for e in entries), return_exceptions=True)
    up = {e.name: o for e, o in zip(entries, outcomes, strict=True) if not isinstance(o, BaseException)}
    for device in up.values():
        stack.push_async_callback(device.stop)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return up


async def listen(runner: web.AppRunner, host: str, port: int) -> str:
    """Open the control surface; its address."""
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return f"http://{host}:{runner.addresses[0][1]}"


async def report(world: World, file: TextIO) -> None:
    """A line each second until cancelled, then the summary."""
    try:
        while True:
            write_line(file, second(world))
            await asyncio.sleep(REPORT_EVERY_S)
    finally:
        write_line(file, summary(world))


def device_of(entry: DeviceEntry) -> Device:
    """A device of the site file as its emulator takes it."""
    return Device(entry.kind, entry.name, entry.bays, entry.circuit, entry.options)


def serving(plan: SitePlan, devices: dict[str, Running]) -> dict[str, Running]:
    """For each bay the emulator of its charger."""
    return {bay: devices[entry.name] for entry in plan.devices for bay in entry.bays}
