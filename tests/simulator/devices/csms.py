"""A minimal central system on a real socket, made with the PyPI package `ocpp`: it accepts all and remembers all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from aiohttp import WSMsgType, web
from ocpp.exceptions import InternalError
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result

from simulator.devices.base import Net


class Socket:
    """An aiohttp server socket as the package wants it."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket

    async def recv(self) -> str:
        frame = await self.socket.receive()
        if frame.type is not WSMsgType.TEXT:
            raise ConnectionError("the charge point went away")
        return str(frame.data)

    async def send(self, text: str) -> None:
        await self.socket.send_str(text)


class Peer(ChargePoint):
    """One connected charge point, as the central system sees it."""

    def __init__(self, identity: str, connection: Socket, csms: Csms) -> None:
        super().__init__(identity, connection, response_timeout=5)
        self.csms = csms

    def _heard(self, action: str, payload: dict[str, Any]) -> None:
        self.csms.heard.append((action, payload))

    @on("BootNotification")
    def boot(self, **payload: Any) -> object:
        self._heard("BootNotification", payload)
        status = self.csms.boot_answers.pop(0) if self.csms.boot_answers else "Accepted"
        return call_result.BootNotification(_now(), self.csms.interval_s, status)

    @on("Heartbeat")
    def heartbeat(self) -> object:
        self._heard("Heartbeat", {})
        return call_result.Heartbeat(_now())

    @on("StatusNotification")
    def status(self, **payload: Any) -> object:
        self._heard("StatusNotification", payload)
        return call_result.StatusNotification()

    @on("Authorize")
    def authorize(self, id_tag: str) -> object:
        self._heard("Authorize", {"id_tag": id_tag})
        if self.csms.authorize_errors:
            self.csms.authorize_errors -= 1
            raise InternalError
        return call_result.Authorize({"status": "Blocked" if id_tag in self.csms.blocked else "Accepted"})

    @on("StartTransaction")
    def start_transaction(self, **payload: Any) -> object:
        self._heard("StartTransaction", payload)
        self.csms.transactions += 1
        return call_result.StartTransaction(self.csms.transactions, {"status": "Accepted"})

    @on("MeterValues")
    def meter_values(self, **payload: Any) -> object:
        self._heard("MeterValues", payload)
        return call_result.MeterValues()

    @on("StopTransaction")
    def stop_transaction(self, **payload: Any) -> object:
        self._heard("StopTransaction", payload)
        return call_result.StopTransaction()


class Csms:
    """The central system. `heard` is all that came in, in order; `ask` calls the charge point."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.boot_answers: list[str] = []
        self.blocked: set[str] = set()
        self.authorize_errors = 0  # so many Authorize get a CALLERROR
        self.interval_s = 300
        self.transactions = 40
        self.connections = 0
        self.peer: Peer | None = None
        self.paths: list[str] = []
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def open(self) -> None:
        """Listen; on the same port as before, if there was one."""
        app = web.Application()
        app.router.add_get("/ocpp/{identity}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Go away, as in a power cut."""
        if self.peer is not None:
            await self.peer._connection.socket.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def ask(self, request: object) -> Any:
        """Call the charge point; its answer."""
        assert self.peer is not None
        return await self.peer.call(request, suppress=False)

    async def profile(self, connector: int, **profile: Any) -> str:
        """SetChargingProfile with one period of `limit`; the answer's status."""
        schedule: dict[str, Any] = {
            "charging_rate_unit": profile.pop("unit", "A"),
            "charging_schedule_period": [{"start_period": 0, "limit": profile.pop("limit")}],
            **{key: profile.pop(key) for key in ("start_schedule", "duration") if key in profile},
        }
        chosen = {
            "charging_profile_id": 1,
            "stack_level": 0,
            "charging_profile_purpose": "TxDefaultProfile",
            "charging_profile_kind": "Relative",
            "charging_schedule": schedule,
        }
        answer = await self.ask(call.SetChargingProfile(connector, chosen | profile))
        return str(answer.status)

    def all(self, action: str) -> list[dict[str, Any]]:
        """The payloads of one action, in order."""
        return [payload for heard, payload in self.heard if heard == action]

    def statuses(self, connector: int) -> list[str]:
        """The status words of one connector, in order."""
        return [p["status"] for p in self.all("StatusNotification") if p["connector_id"] == connector]

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("ocpp1.6",))
        await socket.prepare(request)
        assert socket.ws_protocol == "ocpp1.6"
        self.connections += 1
        self.paths.append(request.path)
        peer = self.peer = Peer(request.match_info["identity"], Socket(socket), self)
        with suppress(ConnectionError):
            await peer.start()
        return socket


def _now() -> str:
    return datetime.now(UTC).isoformat()


@asynccontextmanager
async def central_system() -> AsyncIterator[Csms]:
    """An open central system."""
    csms = Csms()
    await csms.open()
    try:
        yield csms
    finally:
        await csms.close()


def net_of(csms: Csms, pace: float = 20.0) -> Net:
    """The network that leads a charge point to it."""
    return Net(ocpp_url=f"ws://127.0.0.1:{csms.port}/ocpp", suffix="test", pace=pace)


async def until(true: Any, within_s: float = 5.0) -> None:
    """Poll for a condition. Raises TimeoutError."""
    async with asyncio.timeout(within_s):
        while not true():
            await asyncio.sleep(0.01)
