"""The hub's MQTT connection: paho-mqtt 2 driven by the event loop, with reconnect and a bounded queue.

Every connection is a fresh paho client: paho would send unacknowledged messages again *after* `on_connect`, and so put
an old retained state over the new one. `connect()` blocks on DNS, TCP and TLS, so it runs in an executor; its socket
is handed to the event loop only when it has returned, so that no hook is ever called from the other thread.
"""

from __future__ import annotations

import asyncio
import logging
import random
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from hub.model.errors import EvhubError, Unreachable
from hub.mqtt.config import Server
from hub.mqtt.outbox import MOST_WAITING, Message, Outbox

log = logging.getLogger(__name__)

KEEPALIVE_S = 30
CONNECT_DEADLINE_S = 10.0
FAREWELL_S = 2.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
STABLE_AFTER_S = 10.0
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


@dataclass(slots=True)
class Subscription:
    """A topic filter, and who hears what it matches."""

    handle: Callable[[Message], None]
    qos: int = field(default=1)


class Client:
    """A connection that is kept: publish and subscribe at any time, connected or not. Nothing here raises or waits."""

    def __init__(self, server: Server, will: Message, *, name: str) -> None:
        """`will` is what the broker publishes when we vanish, and what `stop()` publishes before it leaves."""
        self._server, self._will, self._name = server, will, name
        self._outbox = Outbox()
        self._subscriptions: dict[str, Subscription] = {}
        self._greetings: list[Callable[[], None]] = []
        self._link: Link | None = None
        self._task: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()
        self._troubles: set[str] = set()
        self._was_dropping = False

    @property
    def connected(self) -> bool:
        """True while the broker can hear us."""
        return self._link is not None

    def on_connected(self, call: Callable[[], None]) -> None:
        """Call this at every connect, after the subscriptions: the broker may have forgotten everything."""
        self._greetings.append(call)

    def publish(self, topic: str, payload: bytes | str, *, retain: bool = False, qos: int = 0) -> None:
        """Send a message, or let it wait for a connection: retained ones conflated by topic, of the rest the newest."""
        self._outbox.put(Message(topic, payload.encode() if isinstance(payload, str) else payload, retain, qos))
        if self._outbox.dropped and not self._was_dropping:
            self._was_dropping = True
            log.warning("more than %d messages wait for the broker; the oldest are dropped", MOST_WAITING)
        self._pump()

    def subscribe(self, topic_filter: str, handle: Callable[[Message], None], *, qos: int = 1) -> None:
        """Hear every message that matches, now and after every reconnect."""
        self._subscriptions[topic_filter] = Subscription(handle, qos)
        if self._link is not None:
            self._link.subscribe([(topic_filter, qos)])

    def unsubscribe(self, topic_filter: str) -> None:
        """Hear it no longer."""
        if self._subscriptions.pop(topic_filter, None) is not None and self._link is not None:
            self._link.unsubscribe([topic_filter])

    def start(self) -> None:
        """Connect, and stay connected until `stop()`."""
        self._task = asyncio.create_task(self._run(), name="mqtt.client")

    async def stop(self) -> None:
        """Publish the will ourselves, wait until the broker has it, then disconnect."""
        if self._link is not None:
            self.publish(self._will.topic, self._will.payload, retain=self._will.retain, qos=self._will.qos)
            try:
                async with asyncio.timeout(FAREWELL_S):
                    await self._idle.wait()
            except TimeoutError:
                log.warning("the broker did not take our last messages within %.0f s", FAREWELL_S)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        attempt, loop = 0, asyncio.get_running_loop()
        while True:
            began = loop.time()
            why = await self._one_connection()
            if why not in self._troubles:
                self._troubles.add(why)
                log.warning("no connection to the broker at %s: %s; trying again", self._server, why)
            attempt = 1 if loop.time() - began > STABLE_AFTER_S else attempt + 1
            await asyncio.sleep(pause_s(attempt))

    async def _one_connection(self) -> str:
        """Connect and serve until the connection ends; answers why it did."""
        link = Link(self._server, self._name, self._will, Ears(self._heard, self._pump))
        try:
            await link.open()
        except EvhubError as failed:
            return failed.message
        try:
            self._welcome(link)
            await link.keep_alive()
            return link.ended.result()
        finally:
            self._link = None
            link.close()
            for message in reversed(link.unacknowledged.values()):
                self._outbox.put_back(message)

    def _welcome(self, link: Link) -> None:
        log.info("connected to the broker at %s", self._server)
        self._troubles.clear()
        self._was_dropping, self._outbox.dropped = False, 0
        self._link = link
        link.subscribe([(topic, wanted.qos) for topic, wanted in self._subscriptions.items()])
        for call in self._greetings:
            call()
        self._pump()

    def _pump(self) -> None:
        link = self._link
        while link is not None and self._outbox and link.has_room():
            message = self._outbox.take()
            if not link.send(message):
                self._outbox.put_back(message)
                break
        if link is not None and not self._outbox and link.is_idle():
            self._idle.set()
        else:
            self._idle.clear()

    def _heard(self, message: Message) -> None:
        for topic_filter, wanted in list(self._subscriptions.items()):
            if paho.topic_matches_sub(topic_filter, message.topic):
                wanted.handle(message)


def pause_s(attempt: int) -> float:
    """Seconds before try number `attempt` (from 1): full jitter under a ceiling that doubles from 1 s to 60 s."""
    ceiling = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(attempt - 1, 16))
    return max(0.1, random.random() * ceiling)
