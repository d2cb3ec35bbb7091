"""CPU of one OCPP MeterValues from socket to live picture and answer, against a raw aiohttp echo with orjson.

Both servers run in processes of their own and are driven by the same client in this one. What counts is their own CPU
time (`time.process_time`) for the same messages, in alternating rounds.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import statistics
import tempfile
import time
from datetime import UTC, datetime
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import aiohttp
import orjson
from aiohttp import web

from hub.core.bus import Bus
from hub.core.clock import SystemClock
from hub.core.database import StoreConfig, url_of
from hub.core.orders import Orders
from hub.core.state import Picture
from hub.core.store import Store
from hub.devices.entries import StationEntry
from hub.devices.service import Devices, Parts
from hub.model.candidate import Address, Candidate, Kind
from hub.model.charger import Charger
from hub.model.ids import GRID, ChargerId, StationId
from hub.model.site import Circuit, Site
from hub.model.units import PHASES, same_on_each
from hub.sdk.config import IntegrationConfig
from hub.sdk.testing import RecordingBroker
from hub.sessions.service import Sessions
from integrations.ocpp.config import Config, ServerConfig

MESSAGES, ROUNDS = 3000, 7
STATION = StationId("CP1")


class Nobody:
    """No discovery: nothing is announced, and nobody new dials in."""

    def address_of(self, station: StationId) -> Address | None:
        """Nowhere."""
        return None

    def dialled_in(self, candidate: Candidate, *, adopt: bool) -> None:
        """Not expected."""

    def left(self, station: StationId) -> None:
        """Not expected."""


def values(energy_wh: int) -> dict[str, object]:
    """A MeterValues.req as a three-phase charger sends it: ten sampled values."""
    sampled: list[dict[str, str]] = [
        {"value": str(energy_wh), "measurand": "Energy.Active.Import.Register", "unit": "Wh"}
    ]
    for number in (1, 2, 3):
        phase = f"L{number}"
        sampled.append({"value": "15.87", "measurand": "Current.Import", "unit": "A", "phase": phase})
        sampled.append({"value": "231.2", "measurand": "Voltage", "unit": "V", "phase": f"{phase}-N"})
        sampled.append({"value": "3668", "measurand": "Power.Active.Import", "unit": "W", "phase": phase})
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")  # an old one would be history, and not reach the picture
    return {"connectorId": 1, "transactionId": 1, "meterValue": [{"timestamp": at, "sampledValue": sampled}]}


async def _echo(pipe: Pipe) -> None:
    async def serve(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("ocpp1.6",), compress=False)
        await socket.prepare(request)
        async for message in socket:
            frame = orjson.loads(message.data)
            await socket.send_str(orjson.dumps([3, frame[1], {}]).decode())
        return socket

    app = web.Application()
    app.router.add_get("/ocpp/{identity}", serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await _report(pipe, runner.addresses[0][1])
    await runner.cleanup()


async def _hub(pipe: Pipe) -> None:
    charger = Charger(ChargerId("bay-1"), GRID, "ocpp", STATION, phases=PHASES)
    site = Site("Bench", {GRID: Circuit(GRID, None, same_on_each(63.0))}, {charger.id: charger})
    bus, clock, nobody = Bus(), SystemClock(), Nobody()
    section = ServerConfig(bind="127.0.0.1", port=0)
    entries = {STATION: StationEntry(STATION, "ocpp", Kind.CHARGER, Config())}

    def sections(name: str) -> IntegrationConfig:
        return section

    with tempfile.TemporaryDirectory() as folder:
        config = StoreConfig()
        store, picture = Store(url_of(config, Path(folder)), config, clock, bus.deliver), Picture(site)
        room = Sessions(picture, bus, store, clock)
        parts = Parts(picture, bus, Orders(clock), clock, room, nobody, nobody, RecordingBroker())
        devices = Devices(parts, lambda: entries, sections)
        await store.start("bench")
        await room.start()
        await devices.start()
        await _report(pipe, int(devices.doors[0].rsplit(":", 1)[1].split("/")[0]))
        await devices.stop()
        await room.stop()
        await store.stop()
        await bus.close()


async def _report(pipe: Pipe, port: int) -> None:
    """Say the port, then the CPU seconds used so far whenever asked, until told to end."""
    loop = asyncio.get_running_loop()
    pipe.send(port)
    while await loop.run_in_executor(None, pipe.recv):
        pipe.send(time.process_time())


def _child(kind: str, pipe: Pipe) -> None:
    asyncio.run(_echo(pipe) if kind == "echo" else _hub(pipe))


async def _round(port: int, pipe: Pipe) -> float:
    """CPU microseconds of the server for one message."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"ws://127.0.0.1:{port}/ocpp/{STATION}", protocols=("ocpp1.6",), compress=0) as socket,
    ):
        boot = {"chargePointVendor": "Bench", "chargePointModel": "One"}
        await socket.send_str(orjson.dumps([2, "boot", "BootNotification", boot]).decode())
        await _quiet(socket)
        pipe.send(True)
        before = pipe.recv()
        for number in range(MESSAGES):
            await socket.send_str(orjson.dumps([2, str(number), "MeterValues", values(number)]).decode())
            await _answer(socket, str(number))
        pipe.send(True)
        return float(pipe.recv() - before) / MESSAGES * 1e6


async def _quiet(socket: aiohttp.ClientWebSocketResponse) -> None:
    """Answer whatever the server asks after a boot, until it has nothing more to ask."""
    while True:
        try:
            message = await socket.receive(timeout=1.0)
        except TimeoutError:
            return
        frame = orjson.loads(message.data)
        if frame[0] == 2:
            await socket.send_str(orjson.dumps([4, frame[1], "NotImplemented", "", {}]).decode())


async def _answer(socket: aiohttp.ClientWebSocketResponse, unique_id: str) -> None:
    while True:
        frame = orjson.loads((await socket.receive()).data)
        if frame[0] == 3 and frame[1] == unique_id:
            return


def run() -> str:
    """Alternate between the two, and say the ratio of the medians."""
    context = multiprocessing.get_context("spawn")
    servers = {}
    for kind in ("echo", "hub"):
        ours, theirs = context.Pipe()
        process = context.Process(target=_child, args=(kind, theirs), daemon=True)
        process.start()
        servers[kind] = (process, ours, ours.recv())
    took: dict[str, list[float]] = {"echo": [], "hub": []}
    for _ in range(ROUNDS):
        for kind, (_, pipe, port) in servers.items():
            took[kind].append(asyncio.run(_round(port, pipe)))
    for process, pipe, _ in servers.values():
        pipe.send(False)
        process.join(10)
    echo_us, hub_us = statistics.median(took["echo"]), statistics.median(took["hub"])
    return f"raw echo {echo_us:.0f} us, hub {hub_us:.0f} us of CPU a message: {echo_us / hub_us:.2f} of the raw echo"
