"""A broker in memory: what a driver publishes is kept, and a test says what devices say."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from paho.mqtt.client import topic_matches_sub

from hub.core.mqtt_link.outbox import Message
from hub.model.errors import Unreachable

Heard = Callable[[Message], None]


class RecordingBroker:
    """Answers the port `Broker`. It is there until a test sets `connected` to False."""

    def __init__(self) -> None:
        self.connected = True
        self.published: list[Message] = []
        self._stored: dict[str, Message] = {}
        self._ears: dict[object, tuple[str, Heard]] = {}

    @property
    def filters(self) -> list[str]:
        """What is listened to now."""
        return [topic_filter for topic_filter, _ in self._ears.values()]

    def say(self, topic: str, payload: bytes | str, *, retain: bool = False) -> None:
        """A device says something, to those who listen now and with `retain` to those who come later."""
        raw = payload.encode() if isinstance(payload, str) else payload
        if retain:
            self._stored[topic] = Message(topic, raw, retain=True)
        for topic_filter, heard in list(self._ears.values()):
            if topic_matches_sub(topic_filter, topic):
                heard(Message(topic, raw))

    # the port

    def subscribe(self, topic_filter: str, heard: Heard, qos: int = 1) -> Callable[[], None]:
        """Hear what matches; what is stored at once."""
        ear = object()
        self._ears[ear] = (topic_filter, heard)
        for topic, stored in self._stored.items():
            if topic_matches_sub(topic_filter, topic):
                heard(stored)
        return partial(self._leave, ear)

    async def publish(self, topic: str, payload: bytes, qos: int = 1, *, retain: bool = False) -> None:
        """Keep it, and let those hear it who listen."""
        if not self.connected:
            raise Unreachable("no connection to the broker")
        self.published.append(Message(topic, payload, retain, qos))
        self.say(topic, payload, retain=retain)

    def _leave(self, ear: object) -> None:
        self._ears.pop(ear, None)
