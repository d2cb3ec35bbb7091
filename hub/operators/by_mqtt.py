"""The first way up: MQTT. Batches and status by QoS 1; acks and commands come back by QoS 0: a loss is repaired."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from hub.core.mqtt_link.client import Client, Pauses
from hub.core.mqtt_link.outbox import Message
from hub.core.mqtt_link.server import Server
from hub.model.errors import Unreachable
from hub.wire.operator.topics import Topics

PAUSES = Pauses(first_s=1.0, longest_s=300.0, stable_after_s=60.0)
DEADLINE_S = 60.0  # for an acknowledgement by the broker


@dataclass(frozen=True, slots=True)
class Ears:
    """What a way calls: an ack came, a command came, the way went up or down."""

    ack: Callable[[bytes], None]
    command: Callable[[Message], None]
    changed: Callable[[], None]


class ByMqtt:
    """A kept connection to the operator's broker, under the hub's own name."""

    name = "mqtt"
    most_at_a_time = 8

    def __init__(self, server: Server, hub: str, ears: Ears) -> None:
        self._topics = Topics(hub)
        self._client = Client(server, None, name=hub, pauses=PAUSES)
        self._client.subscribe(self._topics.acks, lambda message: ears.ack(message.payload), qos=0)
        self._client.subscribe(self._topics.commands, ears.command, qos=0)
        self._client.on_connected(ears.changed)
        self._client.on_disconnected(ears.changed)

    def start(self) -> None:
        """Connect, and stay connected."""
        self._client.start()

    async def stop(self) -> None:
        """Say goodbye."""
        await self._client.stop()

    @property
    def is_up(self) -> bool:
        """True while the broker hears us."""
        return self._client.connected

    @property
    def may_send(self) -> bool:
        """The same: who is not heard waits for the connection."""
        return self._client.connected

    @property
    def trouble(self) -> str | None:
        """Why there is no connection."""
        return self._client.trouble

    async def send_events(self, payload: bytes) -> bytes | None:
        """Return when the broker has the batch; the operator's ack comes by itself. Raises Unreachable."""
        await self._deliver(self._topics.events, payload)
        return None

    async def send_status(self, payload: bytes) -> None:
        """Return when the broker keeps the status. Raises Unreachable."""
        await self._deliver(self._topics.status, payload, retain=True)

    def reply(self, payload: bytes) -> None:
        """Answer a command, now or at the next connection."""
        self._client.publish(self._topics.replies, payload, qos=1)

    async def _deliver(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        try:
            async with asyncio.timeout(DEADLINE_S):
                await self._client.deliver(topic, payload, retain=retain)
        except TimeoutError:
            raise Unreachable(f"the broker did not acknowledge within {DEADLINE_S:.0f} s") from None
