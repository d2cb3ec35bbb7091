"""The OCPP listener: chargers dial in at ws://HOST:8887/ocpp/<identity>. Known ones get a driver, others wait.

Handshakes are taken as chargers make them: without a subprotocol, with several, with slashes or a whole URL
in the identity. Of two sockets with one identity the newest wins, and the old one's end changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from functools import partial

import aiohttp
import msgspec
from aiohttp import web

from hub.sdk import (
    Candidate,
    Confidence,
    IntegrationConfig,
    Kind,
    Listening,
    ServerHost,
    StationHost,
    StationId,
    listen,
)
from hub.wire.ocpp16 import Connection, OcppError, format_time, lenient
from integrations.ocpp import pace
from integrations.ocpp.charger import Answer, ChargePoint
from integrations.ocpp.config import Config, ServerConfig
from integrations.ocpp.handshake import identity_of, only_newer, subprotocol
from integrations.ocpp.line import Line, Socket, owner_of, socket_for
from integrations.ocpp.set_up import Terms
from integrations.ocpp.stranger import Stranger

log = logging.getLogger(__name__)

MOST_WARNED = 1000
FRAMES = (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY)
ENDS = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED)


class OcppServer:
    """Implements the integration: one listener, any number of stations."""

    def __init__(self, host: ServerHost, config: ServerConfig, times: pace.Pace) -> None:
        self._host, self._config, self._pace = host, config, times
        self._lines: dict[str, Line] = {}  # by identity, in small letters
        self._warned: set[str] = set()
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
        app.router.add_get("/{anything:.*}", self._dialled)
        self._listening = await listen(app, self._config.bind, self._config.port, setting="ocpp.port")
        self._host.on_adopted(self._redrawn)
        self._host.tasks.keep("watch", self._watch)
        log.info("waiting for chargers at ws://HOST:%d/ocpp/<identity>", self._listening.port)

    async def stop(self) -> None:
        """Close every socket, then the listener."""
        closing = [line.hang_up(aiohttp.WSCloseCode.GOING_AWAY, self._pace.close_s) for line in self._lines.values()]
        await asyncio.gather(*closing)
        if self._listening is not None:
            await self._listening.close()

    # a charger dials

    async def _dialled(self, request: web.Request) -> web.StreamResponse:
        identity = identity_of(request.rel_url.raw_path)
        if identity is None:
            raise web.HTTPNotFound(text="the address must end with the charger's identity: /ocpp/<identity>")
        offered = request.headers.get("Sec-WebSocket-Protocol")
        socket = socket_for(subprotocol(offered), self._pace)
        try:
            await socket.prepare(request)
        except web.HTTPBadRequest as refused:
            self._warn_once(identity, f"its handshake is not that of a WebSocket: {refused.text}")
            raise
        if only_newer(offered):
            self._warn_once(identity, f"it speaks {offered} only; set it to OCPP 1.6J")
            await socket.close(code=aiohttp.WSCloseCode.PROTOCOL_ERROR)
            return socket
        line = self._open(identity, socket, request.transport)
        try:
            self._begin(line)
            await self._read(line)
        finally:
            await self._closed(line)
        return socket

    def _open(self, identity: StationId, socket: Socket, transport: asyncio.Transport | None) -> Line:
        line = Line(identity, socket, transport, self._host.clock.monotonic())
        line.connection = Connection(socket.send_str, partial(self._answer, line), owner_of(identity))
        earlier = self._lines.get(identity.casefold())
        self._lines[identity.casefold()] = line
        if earlier is not None:
            log.info("%s dialled in anew; its older socket is closed", identity)
            self._replace(earlier)
        return line

    def _replace(self, earlier: Line) -> None:
        earlier.end_work()
        if earlier.chargepoint is not None:
            earlier.chargepoint.gone("it dialled in anew")
        policy = aiohttp.WSCloseCode.POLICY_VIOLATION
        self._host.tasks.once("hang-up-older", earlier.hang_up(policy, self._pace.close_s))

    def _begin(self, line: Line) -> None:
        station = self._host.station(line.identity)
        if station is None:
            self._wait_for_adoption(line)
        else:
            self._drive(line, station).begin(self._pace.boot_s)

    async def _read(self, line: Line) -> None:
        clock, socket, received = self._host.clock, line.socket, line.connection.received
        try:
            while (message := await socket.receive()).type not in ENDS:
                line.heard_at_s = clock.monotonic()
                if message.type in FRAMES:
                    await received(message.data)
                elif message.type is aiohttp.WSMsgType.PING:
                    await socket.pong(message.data)
                elif message.type is aiohttp.WSMsgType.ERROR:
                    log.warning("%s: its socket is closed: %s", line.identity, message.data)
                    return
        except ConnectionError as lost:
            log.debug("%s: %s", line.identity, lost)

    # who answers on a line

    def _wait_for_adoption(self, line: Line) -> None:
        stranger = line.stranger = Stranger(line.identity, line.connection, self._host.clock, self._pace)
        line.begin(self._host.tasks, "introduce", stranger.introduce(self._found))

    def _drive(self, line: Line, station: StationHost) -> ChargePoint:
        line.identity = station.station  # as drawn
        terms = Terms(_own(self._host.settings(station.station)), self._config, self._pace)
        chargepoint = line.chargepoint = ChargePoint(station, line.connection, terms, partial(self._hang_up_deaf, line))
        line.stranger = None
        self._host.attach(station.station, chargepoint)
        return chargepoint

    def _redrawn(self, identity: StationId) -> None:
        """A station came into the drawing, changed there or left it: who answers on its line may change too."""
        line = self._lines.get(identity.casefold())
        if line is None or line.connection.closed:
            return
        station, stranger = self._host.station(line.identity), line.stranger
        if station is None:
            if line.chargepoint is not None:  # it dials in again, as a stranger
                self._hang_up(line)
            return
        line.end_work()
        chargepoint = self._drive(line, station)
        if stranger is None:
            chargepoint.set_up_again()
        elif stranger.pending:
            chargepoint.begin(2.0 * self._pace.ask_again_s)
            line.begin(self._host.tasks, "boot", chargepoint.trigger_boot())
        else:
            chargepoint.begin(self._pace.boot_s)

    def _answer(self, line: Line, action: str, message: msgspec.Struct) -> Answer:
        answered = line.chargepoint or line.stranger
        reply = None if answered is None else answered.answer(action, message)
        if reply is None:
            reply = _plain_answer(action, format_time(self._host.clock.now()))
        return reply

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

    # a line ends

    async def _closed(self, line: Line) -> None:
        """End what belongs to this socket; the station is away only if no newer socket took its place."""
        if self._lines.get(line.identity.casefold()) is line:
            del self._lines[line.identity.casefold()]
            if line.chargepoint is not None:
                self._host.attach(line.identity, None)
                line.chargepoint.gone("its connection closed")
            else:
                self._host.left(line.identity)
        await line.connection.close()
        line.end_work()

    async def _watch(self) -> None:
        """One timer for all: ping the quiet ones, close those from whom nothing comes any more."""
        while True:
            await self._host.clock.sleep(self._pace.look_s)
            for line in list(self._lines.values()):
                self._look_after(line, self._host.clock.monotonic())

    def _look_after(self, line: Line, now_s: float) -> None:
        quiet_s = now_s - line.heard_at_s
        if quiet_s > self._pace.quiet_close_s:
            log.warning("%s has said nothing for %.0f s; its socket is closed", line.identity, quiet_s)
            self._hang_up(line)
        elif min(quiet_s, now_s - line.pinged_at_s) > self._pace.quiet_ping_s and not line.socket.closed:
            line.pinged_at_s = now_s
            line.begin(self._host.tasks, "ping", line.ping())

    def _hang_up_deaf(self, line: Line, why: str) -> None:
        log.warning("%s: %s; its socket is closed", line.identity, why)
        self._hang_up(line)

    def _hang_up(self, line: Line) -> None:
        self._host.tasks.once("hang-up", line.hang_up(aiohttp.WSCloseCode.GOING_AWAY, self._pace.close_s))

    def _warn_once(self, identity: StationId, what: str) -> None:
        if identity not in self._warned and len(self._warned) < MOST_WARNED:
            self._warned.add(identity)
            log.warning("%s: %s", identity, what)


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
    server = OcppServer(host, config, pace.PACE)
    await server.start()
    return server
