"""A plain MQTT broker for a small operator: the same hubs, one aggregator, no stream.

The broker keeps what comes while we are away in our persistent session (mosquitto: at most `max_queued_messages`, and
over a restart only with `persistence true`). What it drops is a gap, and the hub sends it again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from cloud.aggregator.lines import Broker, Fill
from cloud.aggregator.parcels import Parcel
from hub.wire.operator.topics import EVENTS, PREFIX, REPLIES, STATUS

log = logging.getLogger(__name__)

KEEPALIVE_S = 30


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the broker wants back, and on which of our connections."""

    mid: int
    connection: int


class MqttLine:
    """One persistent session; a message is acknowledged when it is committed."""

    def __init__(self, broker: Broker, name: str, words: Sequence[str]) -> None:
        self._loop = asyncio.get_running_loop()
        self._broker = broker
        self._filters = [(f"{PREFIX}/+/{word}", 1) for word in words]
        self._came: asyncio.Queue[Parcel] = asyncio.Queue()  # bounded by what the broker sends unacknowledged
        self._connection = 0
        self.paho = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=name,
            clean_session=False,
            protocol=paho.MQTTv311,
            manual_ack=True,
        )
        self.paho.on_connect = self._on_connect
        self.paho.on_disconnect = self._on_disconnect
        self.paho.on_message = self._on_message

    def start(self) -> None:
        """Connect, now and whenever the connection is lost, in a thread of paho's."""
        url = urlsplit(self._broker.url)
        if url.username is not None:
            self.paho.username_pw_set(url.username, url.password)
        if self._broker.tls is not None:
            self.paho.tls_set_context(self._broker.tls)
        self.paho.reconnect_delay_set(1, 60)
        self.paho.connect_async(url.hostname or "127.0.0.1", url.port or 1883, KEEPALIVE_S)
        self.paho.loop_start()

    def stop(self) -> None:
        """Hang up and wait for the thread. The session stays at the broker."""
        self.paho.disconnect()
        self.paho.loop_stop()

    async def take(self) -> Sequence[Parcel]:
        """Wait for at least one, then take what else is there."""
        taken = [await self._came.get()]
        fill = Fill()
        fill.add(taken[0])
        while not self._came.empty() and not fill.is_full:
            taken.append(self._came.get_nowait())
            fill.add(taken[-1])
        return taken

    async def done(self, parcels: Sequence[Parcel]) -> None:
        """Acknowledge them, unless the connection is another by now: then the broker sends them again."""
        for parcel in parcels:
            receipt = parcel.receipt
            if isinstance(receipt, Receipt) and receipt.connection == self._connection:
                self.paho.ack(receipt.mid, 1)

    # paho's callbacks, on its own thread

    def _on_connect(
        self, client: paho.Client, _: object, flags: object, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            log.warning("the broker refuses us: %s", reason)
            return
        self._connection += 1
        client.subscribe(self._filters)

    def _on_disconnect(
        self, client: paho.Client, _: object, flags: object, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            log.warning("the connection to the broker was lost (%s)", reason)

    def _on_message(self, client: paho.Client, _: object, message: paho.MQTTMessage) -> None:
        receipt = Receipt(message.mid, self._connection) if message.qos else None
        parcel = Parcel(message.topic, bytes(message.payload), receipt)
        self._loop.call_soon_threadsafe(self._came.put_nowait, parcel)


class MqttUplink:
    """Two sessions, one for each line."""

    def __init__(self, broker: Broker, name: str = "evhub-aggregator") -> None:
        self.events = MqttLine(broker, f"{name}-{EVENTS}", [EVENTS, REPLIES])
        self.status = MqttLine(broker, f"{name}-{STATUS}", [STATUS])
        self._is_open = False

    async def open(self) -> None:
        """Begin to connect; paho goes on trying by itself."""
        if not self._is_open:
            self._is_open = True
            for line in (self.events, self.status):
                line.start()

    async def tell(self, topic: str, payload: bytes) -> None:
        """Send down; while there is no connection nobody is told."""
        if self.status.paho.is_connected():
            self.status.paho.publish(topic, payload, qos=0)

    async def close(self) -> None:
        """Hang up."""
        if self._is_open:
            for line in (self.events, self.status):
                await asyncio.to_thread(line.stop)
