"""A listener at a broker that shares no code with the hub's client, for the tests of everything that speaks MQTT."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

DEADLINE_S = 10.0


async def until(holds: Callable[[], bool], what: str = "it") -> None:
    """Wait until something holds."""
    try:
        async with asyncio.timeout(DEADLINE_S):
            while not holds():
                await asyncio.sleep(0.01)
    except TimeoutError:
        pytest.fail(f"waited {DEADLINE_S:.0f} s in vain for {what}")


@dataclass
class Observer:
    """A subscriber to everything, in paho's own thread."""

    port: int
    username: str | None = None
    password: str | None = None
    heard: list[tuple[str, bytes, bool]] = field(default_factory=list)
    subscribed: bool = False

    def __post_init__(self) -> None:
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311, reconnect_on_failure=False)
        if self.username is not None:
            self._client.username_pw_set(self.username, self.password)
        self._client.on_message = lambda _, __, m: self.heard.append((m.topic, bytes(m.payload), m.retain))
        self._client.on_socket_open = self._on_socket_open
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe

    def _on_socket_open(self, _: paho.Client, __: object, sock: object) -> None:
        assert isinstance(sock, socket.socket)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _on_connect(self, client: paho.Client, *_: object) -> None:
        client.subscribe("#", qos=1)

    def _on_subscribe(self, *_: object) -> None:
        self.subscribed = True

    async def start(self) -> None:
        """Connect and subscribe."""
        self._client.connect("127.0.0.1", self.port)
        self._client.loop_start()
        await until(lambda: self.subscribed, "the observer's subscription")

    def stop(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: str, *, retain: bool = False) -> None:
        """Say something."""
        self._client.publish(topic, payload, qos=1, retain=retain)

    def order(self, name: str, document: object, *, retain: bool = False) -> None:
        """Give an order."""
        self.publish(f"evhub/order/{name}", json.dumps(document), retain=retain)

    def payloads(self, topic: str) -> list[bytes]:
        """Everything heard on a topic, oldest first."""
        return [payload for name, payload, _ in self.heard if name == topic]

    def latest(self) -> dict[str, bytes]:
        """The newest payload of each topic that is not cleared."""
        newest = {topic: payload for topic, payload, _ in self.heard}
        return {topic: payload for topic, payload in newest.items() if payload}

    async def text(self, topic: str, payload: bytes) -> None:
        """Wait until this is the newest on a topic."""
        await until(lambda: self.payloads(topic)[-1:] == [payload], f"{payload!r} on {topic}")

    async def json(self, topic: str, count: int = 1) -> Any:
        """Wait for so many messages on a topic; answers the last of them."""
        await until(lambda: len(self.payloads(topic)) >= count, f"message {count} on {topic}")
        return json.loads(self.payloads(topic)[count - 1])


Observe = Callable[..., Awaitable[Observer]]


@contextmanager
def observers() -> Iterator[Observe]:
    """Observers for one test: `await observe(port)`."""
    all_of_them: list[Observer] = []

    async def one(port: int, username: str | None = None, password: str | None = None) -> Observer:
        observer = Observer(port, username, password)
        all_of_them.append(observer)
        await observer.start()
        return observer

    yield one
    for observer in all_of_them:
        observer.stop()
