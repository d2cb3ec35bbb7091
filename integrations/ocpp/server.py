"""The OCPP listener: chargers dial in at ws://HOST:8887/ocpp/<identity>. Known ones get a driver, others wait.

Handshakes are taken as chargers make them: without a subprotocol, with several, with slashes or a whole URL
in the identity. Of two sockets with one identity the newest wins, and the old one's end changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

import aiohttp
import msgspec
from aiohttp import web

from hub.sdk import (
    Candidate,
    Confidence,
    Contact,
    IntegrationConfig,
    Kind,
    Link,
    Listening,
    ServerHost,
    StationHost,
    StationId,
    listen,
)
from hub.wire.ocpp16 import MAX_BYTES, BadFrame, Connection, OcppError, Oddity, Owner, format_time, lenient
from integrations.ocpp.charger import ChargePoint
from integrations.ocpp.config import Config, ServerConfig
from integrations.ocpp.stranger import Stranger

log = logging.getLogger(__name__)

SUBPROTOCOLS = ("ocpp1.6", "ocpp1.6j", "OCPP1.6", "ocpp1.5")
QUIET_BEFORE_PING_S = 20.0
QUIET_BEFORE_CLOSE_S = 150.0  # two heartbeats and a half
LOOK_EVERY_S = 5.0


@dataclass(slots=True, eq=False)
class Line:
    """One open socket of one station."""

    identity: StationId
    socket: web.WebSocketResponse
    connection: Connection
    heard_at_s: float
    chargepoint: ChargePoint | None = None
    stranger: Stranger | None = None
    tasks: list[asyncio.Task[bool]] = field(default_factory=list)


class OcppServer:
    """Implements the integration: one listener, any number of stations."""

    def __init__(self, host: ServerHost, config: ServerConfig) -> None:
        self._host, self._config = host, config
        self._lines: dict[StationId, Line] = {}
        self._listening: Listening | None = None

    @property
    def port(self) -> int:
        """The real port, also when 0 was asked for."""
        return 0 if self._listening is None else self._listening.port

    @property
    def door(self) -> str:
        """Where chargers dial in, for people."""
        return f"ocpp  ws://<this machine>:{self.port}/ocpp/<identity of the charger>"

    async def start(self) -> None:
        """Listen; PortInUse when another program has the port."""
        app = web.Application()
        app.router.add_get("/ocpp/{identity:.*}", self._dialled)
        self._listening = await listen(app, self._config.bind, self._config.port, setting="ocpp.port")
        self._host.on_adopted(self._adopted)
        self._host.tasks.keep("watch", self._watch)
        log.info("waiting for chargers at ws://HOST:%d/ocpp/<identity>", self._listening.port)

    async def stop(self) -> None:
        """Close every socket, then the listener."""
        for line in list(self._lines.values()):
            await line.socket.close(code=aiohttp.WSCloseCode.GOING_AWAY)
        if self._listening is not None:
            await self._listening.close()

    async def _dialled(self, request: web.Request) -> web.StreamResponse:
        identity = identity_of(request.match_info["identity"])
        if not identity:
            raise web.HTTPNotFound(text="the address must end with the charger's identity: /ocpp/<identity>")
        socket = web.WebSocketResponse(protocols=SUBPROTOCOLS, autoping=False, max_msg_size=MAX_BYTES, compress=False)
        await socket.prepare(request)
        await self._serve(self._open(identity, socket))
        return socket

    def _open(self, identity: StationId, socket: web.WebSocketResponse) -> Line:
        line: Line
        connection = Connection(
            socket.send_str, lambda action, message: self._answer(line, action, message), _owner(identity)
        )
        line = Line(identity, socket, connection, self._host.clock.monotonic())
        earlier = self._lines.get(identity)
        self._lines[identity] = line
        if earlier is not None:
            log.info("%s dialled in anew; its older socket is closed", identity)
            self._host.tasks.once("close-older", earlier.socket.close(code=aiohttp.WSCloseCode.POLICY_VIOLATION))
        return line

    async def _serve(self, line: Line) -> None:
        self._greet(line)
        try:
            async for message in line.socket:
                line.heard_at_s = self._host.clock.monotonic()
                if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                    await line.connection.received(message.data)
                elif message.type is aiohttp.WSMsgType.PING:
                    await line.socket.pong(message.data)
        finally:
            await self._closed(line)

    def _greet(self, line: Line) -> None:
        """Give the line its driver if the station is in the drawing, else treat it as a stranger."""
        station = self._host.station(line.identity)
        if station is None:
            line.stranger = Stranger(line.identity, line.connection, self._found)
            line.tasks.append(self._host.tasks.once(f"{line.identity}.ask", line.stranger.ask()))
            return
        self._drive(line, station)

    def _drive(self, line: Line, station: StationHost) -> ChargePoint:
        settings = self._host.settings(line.identity)
        chargepoint = line.chargepoint = ChargePoint(station, line.connection, _own(settings), self._config)
        self._host.attach(line.identity, chargepoint)
        line.tasks.append(self._host.tasks.once(f"{line.identity}.set_up", chargepoint.set_up()))
        return chargepoint

    def _adopted(self, identity: StationId) -> None:
        """A station came into the drawing: if it waits on the line, drive it from now on."""
        line = self._lines.get(identity)
        if line is None:
            return
        station = self._host.station(identity)
        if line.chargepoint is not None:
            line.tasks.append(self._host.tasks.once(f"{identity}.again", line.chargepoint.set_up()))
        elif station is not None:
            line.stranger = None
            chargepoint = self._drive(line, station)
            line.tasks.append(self._host.tasks.once(f"{identity}.boot", chargepoint.trigger_boot()))

    async def _answer(self, line: Line, action: str, message: msgspec.Struct) -> msgspec.Struct:
        answered = line.chargepoint or line.stranger
        reply = None if answered is None else await answered.answer(action, message)
        if reply is None:
            reply = _plain_answer(action, format_time(self._host.clock.now()))
        return reply

    async def _closed(self, line: Line) -> None:
        """End what belongs to this socket; the station is away only if no newer socket took its place."""
        for task in line.tasks:
            task.cancel()
        await line.connection.close()
        if self._lines.get(line.identity) is not line:
            return
        del self._lines[line.identity]
        if line.stranger is not None:
            self._host.left(line.identity)
            return
        self._host.attach(line.identity, None)
        station = self._host.station(line.identity)
        if station is not None:
            station.report_all(Contact(at=self._host.clock.now(), link=Link.DOWN, why="its connection closed"))

    async def _watch(self) -> None:
        """One timer for all: ping the quiet ones, close those from whom nothing comes any more."""
        while True:
            await self._host.clock.sleep(LOOK_EVERY_S)
            now_s = self._host.clock.monotonic()
            for line in list(self._lines.values()):
                quiet_s = now_s - line.heard_at_s
                if quiet_s > QUIET_BEFORE_CLOSE_S:
                    log.warning("%s has said nothing for %.0f s; its socket is closed", line.identity, quiet_s)
                    self._host.tasks.once("close-quiet", line.socket.close())
                elif quiet_s > QUIET_BEFORE_PING_S and not line.socket.closed:
                    self._host.tasks.once("ping", line.socket.ping())

    def _found(self, stranger: Stranger) -> None:
        candidate = Candidate(
            integration="ocpp",
            kind=Kind.CHARGER,
            station=stranger.identity,
            address=None,
            confidence=Confidence.SURE,
            seen_at=self._host.clock.now(),
            model=stranger.model,
            source="dialled in",
            connectors=stranger.connectors,
        )
        self._host.dialled_in(candidate, adopt=self._config.adopt == "always")


def identity_of(path: str) -> StationId:
    """The identity at the end of whatever the charger put after /ocpp/: slashes, a whole URL, %-codes."""
    return StationId(unquote(path).strip().rstrip("/").rsplit("/", 1)[-1].strip())


def _own(settings: IntegrationConfig | None) -> Config:
    return settings if isinstance(settings, Config) else Config()


PLAIN_ANSWERS: Mapping[str, msgspec.Struct] = {
    "DiagnosticsStatusNotification": lenient.DiagnosticsStatusNotificationResponse(),
    "FirmwareStatusNotification": lenient.FirmwareStatusNotificationResponse(),
    "LogStatusNotification": lenient.LogStatusNotificationResponse(),
    "SecurityEventNotification": lenient.SecurityEventNotificationResponse(),
    "SignedFirmwareStatusNotification": lenient.SignedFirmwareStatusNotificationResponse(),
    "DataTransfer": lenient.DataTransferResponse(status="UnknownVendorId"),
}


def _owner(identity: StationId) -> Owner:
    """What a station does that is not quite OCPP goes to the log, once for each kind."""
    station = logging.getLogger(f"integrations.ocpp.{identity}")

    def failed(error: BaseException) -> None:
        station.error("an answer failed", exc_info=error)

    def odd(action: str, oddity: Oddity) -> None:
        station.warning("%s: %s %r: %s", action, oddity.path, oddity.value, oddity.why)

    def bad_frame(bad: BadFrame) -> None:
        station.warning("not an OCPP frame: %s", bad.why)

    return Owner(failed=failed, odd=odd, bad_frame=bad_frame)


def _plain_answer(action: str, now: str) -> msgspec.Struct:
    """The answer to a message that changes nothing here."""
    if action == "Heartbeat":
        return lenient.HeartbeatResponse(current_time=now)
    answer = PLAIN_ANSWERS.get(action)
    if answer is None:
        raise OcppError("NotSupported", f"this hub takes no {action}")
    return answer


async def start(host: ServerHost, config: ServerConfig) -> OcppServer:
    """The integration's entry: listen for chargers."""
    server = OcppServer(host, config)
    await server.start()
    return server
