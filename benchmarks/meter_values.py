"""CPU of one OCPP MeterValues in the server's process, against a raw aiohttp WebSocket server with orjson.

The peer reads the JSON and answers `[3, id, {}]`: the least that anything on aiohttp can do. Beside it, the same server
that sends the whole message back. Ours is measured twice: with the devices room alone (socket, decoding and validating,
the live picture, the answer; nobody listens), and as the whole hub with all its rooms and a broker, in a charging
session. Deflate is off. A connection is a charger: the next message goes out when the last one was answered.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import aiohttp
import orjson
from aiohttp import web

from benchmarks.child import Child, driver_on_first_core, free_port, serving, until_told
from benchmarks.page import Row
from benchmarks.station import Station, now, values
from hub.app import App
from hub.config.load import load
from hub.core.bus import Bus
from hub.core.clock import SystemClock
from hub.core.orders import Orders
from hub.core.state import Picture
from hub.devices.entries import StationEntry
from hub.devices.service import Devices, Parts
from hub.model.candidate import Address, Candidate, Kind
from hub.model.charger import Charger
from hub.model.ids import GRID, ChargerId, StationId, TransactionId
from hub.model.reading import ChargerReport
from hub.model.session import LiveSession, TransactionStart, TransactionStop
from hub.model.site import Circuit, Site
from hub.model.units import PHASES, same_on_each
from hub.sdk.config import IntegrationConfig
from hub.sdk.testing import RecordingBroker
from integrations.ocpp.config import Config, ServerConfig

MESSAGES, ROUNDS = 2000, 7
STATION = StationId("CP1")
CONFIG = """
site: {name: Bench}
grid: {limit_a: 63}
chargers: {bay-1: {integration: ocpp, station: CP1, phases: [L1, L2, L3]}}
web: {port: 0, bind: 127.0.0.1}
ocpp: {port: 0, bind: 127.0.0.1}
mqtt: {port: PORT, bind: 127.0.0.1}
discovery: {interfaces: [127.0.0.1]}
"""


class Nobody:
    """No discovery and no sessions: nothing is announced, nobody new dials in, and nothing is counted."""

    def address_of(self, station: StationId) -> Address | None:
        """Nowhere."""
        return None

    def dialled_in(self, candidate: Candidate, *, adopt: bool) -> None:
        """Not expected."""

    def left(self, station: StationId) -> None:
        """Not expected."""

    async def started(self, charger: Charger, start: TransactionStart) -> TransactionId:
        """The first and only one."""
        return TransactionId(1)

    async def stopped(self, station: StationId, stop: TransactionStop) -> None:
        """Not kept."""

    async def end_all(self, charger: ChargerId, station: StationId, reason: str) -> None:
        """There is nothing to end."""

    def heard(self, charger: Charger, report: ChargerReport) -> None:
        """Not counted."""

    def open_at(self, charger: ChargerId) -> LiveSession | None:
        """None."""
        return None

    def transaction_of(self, charger: ChargerId) -> TransactionId | None:
        """The one that everybody gets."""
        return TransactionId(1)


# the servers


async def answering(pipe: Pipe) -> None:
    """The peer: reads the JSON, answers with the id."""
    await _raw(pipe, lambda frame: [3, frame[1], {}])


async def echoing(pipe: Pipe) -> None:
    """The peer that sends the whole message back."""
    await _raw(pipe, lambda frame: frame)


async def _raw(pipe: Pipe, answer: Callable[[list[object]], list[object]]) -> None:
    async def serve(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("ocpp1.6",), compress=False)
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(orjson.dumps(answer(orjson.loads(message.data))).decode())
        return socket

    app = web.Application()
    app.router.add_get("/ocpp/{identity}", serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await until_told(pipe, runner.addresses[0][1])
    await runner.cleanup()


async def live_state(pipe: Pipe) -> None:
    """The devices room with the OCPP server, and nobody who listens."""
    charger = Charger(ChargerId("bay-1"), GRID, "ocpp", STATION, phases=PHASES)
    site = Site("Bench", {GRID: Circuit(GRID, None, same_on_each(63.0))}, {charger.id: charger})
    bus, clock, nobody = Bus(), SystemClock(), Nobody()
    section = ServerConfig(bind="127.0.0.1", port=0)
    entries = {STATION: StationEntry(STATION, "ocpp", Kind.CHARGER, Config())}

    def sections(name: str) -> IntegrationConfig:
        return section

    parts = Parts(Picture(site), bus, Orders(clock), clock, nobody, nobody, nobody, RecordingBroker())
    devices = Devices(parts, lambda: entries, sections)
    await devices.start()
    await until_told(pipe, _port(devices))
    await devices.stop()
    await bus.close()


async def whole_hub(pipe: Pipe) -> None:
    """Every room, with the hub's own broker."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "config.yaml"
        file.write_text(CONFIG.replace("PORT", str(free_port())))
        app = App(load(file), Path(folder))
        await app.start()
        await until_told(pipe, _port(app.devices))
        await app.stop()


def _port(devices: Devices) -> int:
    return int(devices.doors[0].rsplit(":", 1)[1].split("/")[0])


# the driver


async def one_round(child: Child) -> float:
    """CPU microseconds of the server for one message."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"ws://127.0.0.1:{child.port}/ocpp/{STATION}", protocols=("ocpp1.6",), compress=0) as socket,
    ):
        station = Station(socket)
        await station.call("BootNotification", {"chargePointVendor": "Bench", "chargePointModel": "One"})
        await station.call("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Charging"})
        start = {"connectorId": 1, "idTag": "ANNE", "meterStart": 1000, "timestamp": now()}
        await station.call("StartTransaction", start)
        await station.quiet()
        before_s = child.cpu_s()
        for number in range(MESSAGES):
            await station.call("MeterValues", values(number))
        return (child.cpu_s() - before_s) / MESSAGES * 1e6


def run() -> list[Row]:
    """Take turns; each round's ratio is to the peer's round just before, and the median of these counts."""
    servers = {"answering": answering, "echoing": echoing, "state": live_state, "hub": whole_hub}
    took: dict[str, list[float]] = {name: [] for name in servers}
    with ExitStack() as stack:
        children = {name: stack.enter_context(serving(server)) for name, server in servers.items()}
        stack.enter_context(driver_on_first_core())
        for _ in range(ROUNDS):
            for name, child in children.items():
                took[name].append(asyncio.run(one_round(child)))
    return [
        _row("(a) MeterValues → live state → answer, nobody listens", "answering", "state", took, "≥ 0.7"),
        _row("(a) beside a peer that sends the whole message back", "echoing", "state", took),
        _row("(b) the same in the whole hub, all rooms listening", "answering", "hub", took),
    ]


def _row(what: str, peer: str, ours: str, took: Mapping[str, list[float]], wanted: str = "") -> Row:
    ratio = statistics.median(raw / own for raw, own in zip(took[peer], took[ours], strict=True))
    peer_us, ours_us = statistics.median(took[peer]), statistics.median(took[ours])
    return Row(what, f"{peer_us:.0f} µs CPU", f"{ours_us:.0f} µs CPU", f"{ratio:.2f} (peer ÷ ours)", wanted)
