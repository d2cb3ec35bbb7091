"""The MQTT room's door: mirrors the live picture on retained topics, tells events, and takes orders by message.

The picture is published whole at every connect, so a broker that was restarted or wiped has everything again; after
that only changes. Sessions at the broker are clean: an order that was sent while the hub was away is not kept for it,
and one that the broker had stored (retained) is refused.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from hub.core.bus import Bus
from hub.core.clock import Clock
from hub.core.mqtt_link.client import Client, Pauses
from hub.core.mqtt_link.outbox import Message
from hub.core.mqtt_link.subscriptions import Subscriptions
from hub.core.orders import Caller, Envelope, Orders, Reply, envelope
from hub.core.state import Picture
from hub.core.tasks import Tasks, survive
from hub.model.errors import EvhubError, NotFound, Refused, Unreachable
from hub.model.facts import (
    ChargerChanged,
    CircuitsChanged,
    DeviceFound,
    DeviceLost,
    DrawingChanged,
    Event,
    Fact,
    MeterChanged,
)
from hub.mqtt import commands
from hub.mqtt.announce import MOVES, Announcements
from hub.mqtt.broker import Broker, choose, client_name
from hub.mqtt.config import MqttConfig
from hub.mqtt.homeassistant import Scheme
from hub.mqtt.mirror import CLEARED, Mirror, Moment, Update, encoded
from hub.mqtt.topics import OFFLINE, ONLINE, Topics, event_payload, safe

log = logging.getLogger(__name__)

PAUSES = Pauses(first_s=1.0, longest_s=60.0, stable_after_s=10.0)
MOST_AT_ONCE = 32
LATE_LOOK_S = 0.1
LEARN_S = 3.0
BIRTH_JITTER_S = (0.5, 3.0)
UNKNOWN_ID = "unknown"


@dataclass(slots=True)
class Mqtt:
    """The bridge between the hub and its broker. A broker in trouble delays and breaks nothing else."""

    picture: Picture
    bus: Bus
    orders: Orders
    clock: Clock
    config: MqttConfig
    data: Path
    page: str | None = None  # where people find the hub's own page
    _where: str = field(init=False, default="off")
    _broker: Broker | None = field(init=False, default=None)
    _client: Client | None = field(init=False, default=None)
    _topics: Topics = field(init=False)
    _mirror: Mirror = field(init=False)
    _scheme: Scheme = field(init=False)
    _announcements: Announcements = field(init=False)
    _tasks: Tasks = field(init=False)
    _subscriptions: Subscriptions = field(init=False, default_factory=Subscriptions)
    _learning: asyncio.Task[bool] | None = field(init=False, default=None)
    _stored: set[str] = field(init=False, default_factory=set)
    _at_work: int = field(init=False, default=0)
    _late: asyncio.Event = field(init=False, default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._topics = Topics(self.config.prefix)
        self._mirror = Mirror(self._topics, self.picture)
        told = self.config.homeassistant
        self._scheme = Scheme(self._topics, told.prefix, told.form, self.page)
        self._announcements = Announcements(self._scheme, self.picture, enabled=told.enabled)
        self._tasks = Tasks("mqtt")

    # life

    async def start(self) -> None:
        """Have a broker and connect to it in the background. Raises PortInUse or BadConfig."""
        if not self.config.enabled:
            return
        folder = self.data / "mqtt"
        self._broker = choose(self.config, folder)
        server = await self._broker.start()
        self._where = f"{server}, topics {self.config.prefix}/#{self._broker.entrance}"
        will = Message(self._topics.status, OFFLINE.encode(), retain=True, qos=1)
        client = self._client = Client(
            server, will, name=client_name(folder), pauses=PAUSES, subscriptions=self._subscriptions
        )
        client.subscribe(self._topics.order("+"), self._order_came)
        client.subscribe(self._topics.setting("+", "+"), self._setting_came)
        client.subscribe(self._topics.status, self._status_came)
        if self.config.homeassistant.enabled:
            client.subscribe(self._scheme.birth, self._home_assistant_came)
        client.on_connected(self._connected)
        live = (ChargerChanged, MeterChanged, CircuitsChanged, DrawingChanged)
        self.bus.listen("mqtt", (*live, Event), self._heard)
        self._tasks.keep("late", self._publish_late)
        client.start()

    async def stop(self) -> None:
        """Say offline, disconnect, and end the broker where it is ours."""
        client, self._client = self._client, None
        await self._tasks.close()
        if client is not None:
            await client.stop()
        if self._broker is not None:
            await self._broker.stop()

    @property
    def connected(self) -> bool:
        """True while the broker can hear us."""
        return self._client is not None and self._client.connected

    @property
    def where(self) -> str:
        """For people: the broker's address, and how to get in."""
        return self._where

    # for devices that speak through our broker: the port `Broker`

    def subscribe(self, topic_filter: str, heard: Callable[[Message], None], qos: int = 1) -> Callable[[], None]:
        """Hear every message that matches, each once; answers how to end that. There need be no connection yet."""
        return partial(self._subscriptions.remove, self._subscriptions.add(topic_filter, heard, qos))

    async def publish(self, topic: str, payload: bytes, qos: int = 1, *, retain: bool = False) -> None:
        """Send now, or raise Unreachable."""
        if self._client is None:
            raise Unreachable("the hub is not at its MQTT broker", "see mqtt in config.yaml, and the hub's log")
        await self._client.deliver(topic, payload, qos=qos, retain=retain)

    # out: state and events

    def _connected(self) -> None:
        self._announcements.forget()
        self._say_all()
        if self._learning is not None:
            self._learning.cancel()
        self._learning = self._tasks.once("learning", self._learn())

    def _say_all(self) -> None:
        self._publish(self._mirror.everything(self._now()))
        self._say(self._topics.status, ONLINE.encode(), retain=True)

    async def _heard(self, fact: Fact) -> None:
        now, mirror, announcements = self._now(), self._mirror, self._announcements
        match fact:
            case ChargerChanged():
                self._publish([*mirror.charger(fact.charger, now), *announcements.charger(fact.charger)])
            case MeterChanged():
                self._publish([*mirror.meter(fact.meter, now), *announcements.meter(fact.meter)])
            case CircuitsChanged():
                self._publish(mirror.circuits(now))
            case DrawingChanged():
                self._publish([*announcements.redrawn(), *mirror.redrawn(now)])  # who left goes before its state
            case Event():
                self._tell(fact, now)

    def _tell(self, event: Event, now: Moment) -> None:
        self._say(self._topics.event(event.name), encoded(event_payload(event)))
        match event:
            case DeviceFound():
                self._publish(self._mirror.found(event.candidate, now))
            case DeviceLost():
                self._publish(self._mirror.lost(event.integration, event.station, now))
            case _:
                return

    async def _publish_late(self) -> None:
        while True:
            await self._late.wait()
            await self.clock.sleep(LATE_LOOK_S)
            self._publish(self._mirror.late(self._now()))

    def _publish(self, updates: list[Update]) -> None:
        """State goes by QoS 0: what a broken connection loses is said anew at the next."""
        if self._client is not None:
            for update in updates:
                self._client.publish(update.topic, update.payload, retain=True)
        if self._mirror.has_late:
            self._late.set()
        else:
            self._late.clear()

    def _say(self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 1) -> None:
        if self._client is not None:
            self._client.publish(topic, payload, retain=retain, qos=qos)

    def _now(self) -> Moment:
        return Moment(self.clock.now(), self.clock.monotonic())

    # what the broker still has of an earlier run

    async def _learn(self) -> None:
        """Listen for a moment to what is retained of us, then clear what is not in the drawing any more.

        Home Assistant is told first: a state that is cleared under a device which it still has is an error there.
        """
        kept: set[str] = set()
        heard = [self._subscriptions.add(t, partial(_note_kept, kept), qos=0) for t in self._topics.kept]
        heard += [self._subscriptions.add(t, self._announcement_came, qos=0) for t in self._scheme.kept]
        try:
            await self.clock.sleep(LEARN_S)
        finally:
            for subscription in heard:
                self._subscriptions.remove(subscription)
        for topic in self._announcements.moves():
            self._say(topic, MOVES, qos=0)  # as what follows: a broker lets QoS 0 overtake QoS 1
        self._publish(self._announcements.everything())
        self._clear([topic for topic in sorted(kept) if not self._mirror.is_ours(topic)])

    def _announcement_came(self, message: Message) -> None:
        if message.retain and message.payload:
            self._announcements.learned(message.topic, message.payload)

    def _home_assistant_came(self, message: Message) -> None:
        """Home Assistant has started. It may have lost all, or the broker may; many hubs hear this at a time."""
        if message.payload == ONLINE.encode() and not message.retain:
            self._tasks.once("announce", self._announce_again())

    async def _announce_again(self) -> None:
        await self.clock.sleep(random.uniform(*BIRTH_JITTER_S))
        self._say_all()
        if self._announcements.has_begun:
            self._publish(self._announcements.everything())

    def _clear(self, left: list[str]) -> None:
        for topic in left:
            log.info("clearing %s, left from an earlier run", topic)
        self._publish([Update(topic, CLEARED) for topic in left])

    def _status_came(self, message: Message) -> None:
        """Somebody says now that we are offline: the late will of an earlier connection."""
        if message.payload == OFFLINE.encode() and not message.retain:
            self._say(self._topics.status, ONLINE.encode(), retain=True)

    # in: orders and settings

    def _order_came(self, message: Message) -> None:
        if message.payload:  # an empty one only clears a stored order
            self._tasks.once(message.topic, self._answer_order(message))

    async def _answer_order(self, message: Message) -> None:
        order_id = None
        try:
            document = commands.order_document(message.payload)
            order_id = commands.reply_id(document)
            commands.refuse_stored(message.topic, retained=message.retain)
            reply = await self._carried_out(envelope(_last(message.topic), document))
        except EvhubError as refused:
            reply = Reply(error=refused)
        self._say(self._topics.reply(order_id or UNKNOWN_ID), encoded({**reply.to_json(), "id": order_id}))

    def _setting_came(self, message: Message) -> None:
        if message.retain:
            self._stored.add(message.topic)
        elif not message.payload and message.topic in self._stored:
            self._stored.discard(message.topic)  # somebody clears the stored one, as our refusal said
            return
        self._tasks.once(message.topic, self._answer_setting(message))

    async def _answer_setting(self, message: Message) -> None:
        *_, charger, _, name = message.topic.split("/")
        try:
            commands.refuse_stored(message.topic, retained=message.retain)
            order, args = commands.setting(self._charger_called(charger), name, message.payload)
            reply = await self._carried_out(Envelope(order, args))
        except EvhubError as refused:
            reply = Reply(error=refused)
        self._say(f"{message.topic}/reply", encoded(reply.to_json()))

    def _charger_called(self, level: str) -> str:
        for charger in self.picture.site.chargers:
            if safe(charger) == level:
                return charger
        known = ", ".join(sorted(self.picture.site.chargers)) or "none yet"
        raise NotFound(f"no charger is called '{level}'", f"the chargers are: {known}")

    async def _carried_out(self, order: Envelope) -> Reply:
        if self._at_work >= MOST_AT_ONCE:
            raise Refused(f"{MOST_AT_ONCE} orders are at work already", "wait for their replies, then send it again")
        self._at_work += 1
        replies: list[Reply] = []

        async def ask() -> None:
            replies.append(await self.orders.answer(order, Caller("mqtt", "mqtt", frozenset(self.config.roles))))

        try:
            await survive(f"order {order.name}", ask())
        finally:
            self._at_work -= 1
        return replies[0] if replies else Reply(error=EvhubError(f"the hub failed on {order.name}", "its log says why"))


def _note_kept(kept: set[str], message: Message) -> None:
    if message.retain and message.payload:
        kept.add(message.topic)


def _last(topic: str) -> str:
    return topic.rpartition("/")[2]
