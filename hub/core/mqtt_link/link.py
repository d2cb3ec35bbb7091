"""One connection to an MQTT broker: paho-mqtt 2 driven by the event loop.

Every connection is a fresh paho client: paho would send unacknowledged messages again *after* `on_connect`, and so put
an old retained state over the new one. `connect()` blocks on DNS, TCP and TLS, so it runs in an executor; its socket
is handed to the event loop only when it has returned, so that no hook is ever called from the other thread.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from hub.core.mqtt_link.outbox import Message
from hub.core.mqtt_link.server import Server
from hub.model.errors import Unreachable

log = logging.getLogger(__name__)

KEEPALIVE_S = 30
CONNECT_DEADLINE_S = 10.0
MOST_AT_A_TIME = 50  # handed to paho, which has no bound of its own, before the socket has taken them
MOST_UNACKNOWLEDGED = 20


@dataclass(slots=True)
class Ears:
    """What a link calls: a message came, and there is room to send more."""

    heard: Callable[[Message], None]
    room: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """Subscriptions that the broker has not answered yet, and until when it has to."""

    filters: list[str]
    until: float


class TidySocket(ssl.SSLSocket):
    """Closes itself when the handshake fails, which paho leaves to the garbage collector."""

    def do_handshake(self, block: bool = False) -> None:
        """Shake hands, or close and raise."""
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def _deaf() -> Ears:
    return Ears(lambda message: None, lambda: None)


class Link:
    """One connection to a broker, from CONNECT to its end."""

    def __init__(self, server: Server, name: str, will: Message | None = None, ears: Ears | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._server = server
        self._ears = ears or _deaf()
        self._accepted: asyncio.Future[str | None] = self._loop.create_future()
        self.ended: asyncio.Future[str] = self._loop.create_future()
        self.unacknowledged: dict[int, Message] = {}
        self._awaited: dict[int, asyncio.Future[None]] = {}
        self._asked: dict[int, Asked] = {}
        self._handed = 0
        self._watched: socket.socket | None = None
        self._paho = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=name, protocol=paho.MQTTv311, reconnect_on_failure=False
        )
        self._paho.connect_timeout = CONNECT_DEADLINE_S / 2
        if server.username is not None:
            self._paho.username_pw_set(server.username, server.password)
        if will is not None:
            self._paho.will_set(will.topic, will.payload, will.qos, will.retain)
        self._paho.on_connect = self._on_connect
        self._paho.on_disconnect = self._on_disconnect
        self._paho.on_message = self._on_message
        self._paho.on_publish = self._on_publish
        self._paho.on_subscribe = self._on_subscribe

    # from the dial to the farewell

    async def open(self) -> None:
        """Connect and wait until the broker has accepted us; raises Unreachable with the reason."""
        dialled = self._loop.run_in_executor(None, self._dial)
        try:
            await asyncio.shield(dialled)
        except asyncio.CancelledError:
            dialled.add_done_callback(self._hang_up)
            raise
        except OSError as failed:
            raise Unreachable(failed.strerror or str(failed)) from failed
        self._watch()
        await self._welcome()

    async def _welcome(self) -> None:
        try:
            async with asyncio.timeout(CONNECT_DEADLINE_S):
                refusal = await self._accepted
        except TimeoutError:
            refusal = "it does not answer as an MQTT broker"
        except asyncio.CancelledError:
            self.close()
            raise
        if refusal is not None:
            self.close()
            raise Unreachable(refusal)

    def close(self) -> None:
        """Say goodbye when there is a connection, and close the socket."""
        self._paho.disconnect()
        self._paho.loop_write()
        self._unwatch()
        sock = self._paho.socket()
        if sock is not None:
            sock.close()
        self._end("closed")

    def _dial(self) -> None:
        """In the executor: paho writes CONNECT itself, because it has no hooks yet."""
        if self._server.tls:
            context = ssl.create_default_context(cafile=self._server.ca)
            context.sslsocket_class = TidySocket
            if self._server.certificate is not None:
                context.load_cert_chain(self._server.certificate, self._server.key)
            self._paho.tls_set_context(context)
        self._paho.connect(self._server.host, self._server.port, KEEPALIVE_S)

    def _hang_up(self, dialled: asyncio.Future[None]) -> None:
        if not dialled.cancelled() and dialled.exception() is None:
            self.close()

    def _end(self, why: str) -> None:
        if not self._accepted.done():
            self._accepted.set_result(why)
        if not self.ended.done():
            self.ended.set_result(why)

    # the socket and the event loop

    def _watch(self) -> None:
        sock = self._paho.socket()
        if not isinstance(sock, socket.socket):
            self._end("the connection was closed at once")
            return
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._watched = sock
        self._paho.on_socket_close = lambda *_: self._unwatch()
        self._paho.on_socket_register_write = lambda *_: self._loop.add_writer(sock, self._writable)
        self._paho.on_socket_unregister_write = lambda *_: self._no_writer(sock)
        self._loop.add_reader(sock, self._readable)
        if self._paho.want_write():
            self._loop.add_writer(sock, self._writable)

    def _unwatch(self) -> None:
        if self._watched is not None:
            self._loop.remove_reader(self._watched)
            self._loop.remove_writer(self._watched)
            self._watched = None
            self._paho.on_socket_register_write = self._paho.on_socket_unregister_write = None

    def _no_writer(self, sock: socket.socket) -> None:
        self._loop.remove_writer(sock)

    def _readable(self) -> None:
        self._paho.loop_read()
        # A TLS record holds many packets: what is decrypted already makes no socket readable.
        while isinstance(self._watched, ssl.SSLSocket) and self._watched.pending():
            self._paho.loop_read()

    def _writable(self) -> None:
        self._paho.loop_write()
        if not self._paho.want_write():
            self._handed = 0
            self._ears.room()

    async def keep_alive(self) -> None:
        """Ping in time, and notice a broker that does not answer, until the connection ends."""
        while not self.ended.done():
            self._paho.loop_misc()
            if any(asked.until < self._loop.time() for asked in self._asked.values()):
                self._end("it does not answer our subscriptions")
            await asyncio.wait([self.ended], timeout=1.0)

    # messages

    def has_room(self) -> bool:
        """True when another message may be handed over."""
        return self._handed < MOST_AT_A_TIME and len(self.unacknowledged) < MOST_UNACKNOWLEDGED

    def send(self, message: Message) -> bool:
        """Hand a message to paho; False when there is no connection (paho answers rc 4 and never raises)."""
        handed = self._paho.publish(message.topic, message.payload, message.qos, message.retain)
        if handed.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return False
        self._handed += 1
        if message.qos:
            self.unacknowledged[handed.mid] = message
        return True

    async def deliver(self, message: Message) -> None:
        """Send, and wait for the acknowledgement of QoS 1; raises Unreachable when the connection ends first."""
        handed = self._paho.publish(message.topic, message.payload, message.qos, message.retain)
        if handed.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise Unreachable("the connection to the broker is gone")
        if not message.qos:
            return
        acknowledged = self._awaited[handed.mid] = self._loop.create_future()
        try:
            await asyncio.wait([acknowledged, self.ended], return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._awaited[handed.mid]
        if not acknowledged.done():
            raise Unreachable(self.ended.result())

    def is_idle(self) -> bool:
        """True when everything handed over was written, and acknowledged where that was asked for."""
        return not self.unacknowledged and not self._paho.want_write()

    def subscribe(self, filters: list[tuple[str, int]]) -> None:
        """Ask the broker for topics, each with its QoS."""
        if filters:
            _, mid = self._paho.subscribe(filters)
            if mid is not None:
                names = [name for name, _ in filters]
                self._asked[mid] = Asked(names, self._loop.time() + CONNECT_DEADLINE_S)

    def unsubscribe(self, filters: list[str]) -> None:
        """Ask for them no longer."""
        if filters:
            self._paho.unsubscribe(filters)

    # paho's callbacks, all on the event loop

    def _on_connect(
        self,
        client: paho.Client,
        _: object,
        flags: paho.ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if not self._accepted.done():
            self._accepted.set_result(f"the broker refuses us: {reason}" if reason.is_failure else None)

    def _on_disconnect(
        self, client: paho.Client, _: object, flags: object, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self._unwatch()
        self._end(f"the connection was lost ({reason})")

    def _on_publish(self, client: paho.Client, _: object, mid: int, reason: ReasonCode, properties: Properties) -> None:
        # QoS 0 has no acknowledgement: paho calls this as soon as it is written.
        if mid in self._awaited and not self._awaited[mid].done():
            self._awaited[mid].set_result(None)
        if self.unacknowledged.pop(mid, None) is not None:
            self._loop.call_soon(self._ears.room)

    def _on_subscribe(
        self, client: paho.Client, _: object, mid: int, reasons: list[ReasonCode], properties: Properties | None
    ) -> None:
        asked = self._asked.pop(mid, None)
        for name, reason in zip(asked.filters if asked else [], reasons, strict=False):
            if reason.is_failure:
                log.warning("the broker does not let us hear %s: allow it there for our user", name)

    def _on_message(self, client: paho.Client, _: object, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return
        # Not from here: an exception inside paho's reader would leave it in the middle of a packet.
        heard = Message(topic, bytes(message.payload), message.retain, message.qos)
        self._loop.call_soon(self._ears.heard, heard)


async def answers(server: Server) -> bool:
    """True when a broker accepts our credentials there, now."""
    link = Link(server, "")
    try:
        await link.open()
    except Unreachable:
        return False
    link.close()
    return True
