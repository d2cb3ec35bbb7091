"""A connection to a broker that is kept: publish and subscribe at any time, connected or not.

What is said while the broker is away waits in a bounded queue; subscriptions come back with the connection.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass

from hub.core.mqtt_link.link import Ears, Link
from hub.core.mqtt_link.outbox import MOST_WAITING, Message, Outbox
from hub.core.mqtt_link.server import Server
from hub.core.mqtt_link.subscriptions import Subscription, Subscriptions
from hub.model.errors import EvhubError, Unreachable

log = logging.getLogger(__name__)

FAREWELL_S = 2.0
LEAST_PAUSE_S = 0.1


@dataclass(frozen=True, slots=True)
class Pauses:
    """How long to wait before the next try, and how long a connection must have stood to count as a good one."""

    first_s: float = 1.0
    longest_s: float = 60.0
    stable_after_s: float = 10.0

    def pause_s(self, attempt: int) -> float:
        """Seconds before try number `attempt` (from 1): full jitter under a ceiling that doubles from first to longest.

        Brooker, Exponential Backoff and Jitter, AWS Architecture Blog, 2015.
        """
        ceiling = min(self.longest_s, self.first_s * 2.0 ** min(attempt - 1, 16))
        return max(min(LEAST_PAUSE_S, ceiling), random.random() * ceiling)


DEFAULT_PAUSES = Pauses()


class Client:
    """A connection that is kept. Nothing here raises or waits, but `deliver`. Sessions at the broker are clean."""

    def __init__(
        self,
        server: Server,
        will: Message | None,
        *,
        name: str,
        pauses: Pauses = DEFAULT_PAUSES,
        subscriptions: Subscriptions | None = None,
    ) -> None:
        """`will` is what the broker publishes when we vanish, and what `stop()` publishes before it leaves.

        `subscriptions` may have subscribers already: the owner needs no connection to take them.
        """
        self._server, self._will, self._name, self._pauses = server, will, name, pauses
        self._outbox = Outbox()
        self.subscriptions = subscriptions or Subscriptions()
        self._greetings: list[Callable[[], None]] = []
        self._mourners: list[Callable[[], None]] = []
        self._link: Link | None = None
        self._task: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()
        self._troubles: set[str] = set()
        self._trouble: str | None = None
        self._was_dropping = False

    @property
    def connected(self) -> bool:
        """True while the broker can hear us."""
        return self._link is not None

    @property
    def trouble(self) -> str | None:
        """Why there is no connection; None while there is one, or before the first try has ended."""
        return self._trouble

    def on_connected(self, call: Callable[[], None]) -> None:
        """Call this at every connect, after the subscriptions: the broker may have forgotten everything."""
        self._greetings.append(call)

    def on_disconnected(self, call: Callable[[], None]) -> None:
        """Call this whenever a connection has ended, and when a try to make one has failed: `trouble` says why."""
        self._mourners.append(call)

    def publish(self, topic: str, payload: bytes | str, *, retain: bool = False, qos: int = 0) -> None:
        """Send a message, or let it wait for a connection: retained ones conflated by topic, of the rest the newest."""
        self._outbox.put(Message(topic, payload.encode() if isinstance(payload, str) else payload, retain, qos))
        if self._outbox.dropped and not self._was_dropping:
            self._was_dropping = True
            log.warning("more than %d messages wait for the broker; the oldest are dropped", MOST_WAITING)
        self._pump()

    async def deliver(self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 1) -> None:
        """Send once, now; with QoS 1 return when the broker has acknowledged it. Several may be under way at a time.

        Raises Unreachable without a connection, or when it ends first: then the broker may have it or not, and only
        the caller can send it again. It has no deadline of its own.
        """
        if self._link is None:
            raise Unreachable(f"no connection to the broker at {self._server}")
        await self._link.deliver(Message(topic, payload, retain, qos))

    def subscribe(self, topic_filter: str, handle: Callable[[Message], None], *, qos: int = 1) -> Subscription:
        """Hear every message that matches once, now and after every reconnect."""
        return self.subscriptions.add(topic_filter, handle, qos)

    def unsubscribe(self, subscription: Subscription) -> None:
        """Hear it no longer."""
        self.subscriptions.remove(subscription)

    def start(self) -> None:
        """Connect, and stay connected until `stop()`."""
        self._task = asyncio.create_task(self._run(), name="mqtt.client")

    async def stop(self) -> None:
        """Publish the will ourselves, wait until the broker has everything, then disconnect."""
        if self._link is not None:
            await self._farewell()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _farewell(self) -> None:
        if self._will is not None:
            self.publish(self._will.topic, self._will.payload, retain=self._will.retain, qos=self._will.qos)
        try:
            async with asyncio.timeout(FAREWELL_S):
                await self._idle.wait()
        except TimeoutError:
            log.warning("the broker did not take our last messages within %.0f s", FAREWELL_S)

    async def _run(self) -> None:
        attempt, loop = 0, asyncio.get_running_loop()
        while True:
            began = loop.time()
            why = self._trouble = await self._one_connection()
            for call in self._mourners:
                call()
            if why not in self._troubles:
                self._troubles.add(why)
                log.warning("no connection to the broker at %s: %s; trying again", self._server, why)
            attempt = 1 if loop.time() - began > self._pauses.stable_after_s else attempt + 1
            await asyncio.sleep(self._pauses.pause_s(attempt))

    async def _one_connection(self) -> str:
        """Connect and serve until the connection ends; answers why it did."""
        link = Link(self._server, self._name, self._will, Ears(self.subscriptions.dispatch, self._pump))
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
            self.subscriptions.end()
            link.close()
            for message in reversed(link.unacknowledged.values()):
                self._outbox.put_back(message)

    def _welcome(self, link: Link) -> None:
        log.info("connected to the broker at %s", self._server)
        self._troubles.clear()
        self._trouble = None
        self._was_dropping, self._outbox.dropped = False, 0
        self._link = link
        self.subscriptions.begin(link)
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
