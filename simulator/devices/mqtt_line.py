"""A device's connection to an MQTT broker: with a last will, and it can be cut off, fall silent, and come back.

paho runs in a thread of its own here, other than in the hub. What is heard is handed to the event loop.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

KEEPALIVE_S = 10
AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: closing resets the connection, as when the power goes

Heard = Callable[[str, bytes], None]


@dataclass(frozen=True, slots=True)
class Will:
    """What the device says when it comes, and the broker when it goes. Both are retained."""

    topic: str
    online: str
    offline: str


class Line:
    """One client at the broker. `heard` gets the messages of `topics`, `came` is called at every connect."""

    def __init__(self, url: str, name: str, will: Will, topics: tuple[str, ...] = ()) -> None:
        self._loop = asyncio.get_running_loop()
        self._broker = urlsplit(url)
        self._will, self._topics = will, topics
        self.heard: Heard = lambda topic, payload: None
        self.came: Callable[[], None] = lambda: None
        self._name = name
        self._silent = False
        self._client = self._fresh()

    def _fresh(self) -> paho.Client:
        """A new client for each life: paho leaves sockets open when one is started twice."""
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=self._name, protocol=paho.MQTTv311)
        if self._broker.username:
            client.username_pw_set(unquote(self._broker.username), unquote(self._broker.password or ""))
        client.will_set(self._will.topic, self._will.offline, qos=1, retain=True)
        client.reconnect_delay_set(1, 2)
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        return client

    @property
    def connected(self) -> bool:
        """The broker has accepted it."""
        return self._client.is_connected()

    async def open(self) -> None:
        """Connect, and stay connected; the broker may come later."""
        self._client.connect_async(self._broker.hostname or "127.0.0.1", self._broker.port or 1883, KEEPALIVE_S)
        self._client.loop_start()

    def say(self, topic: str, payload: str, *, retain: bool = False) -> None:
        """Publish, nothing while it is silent or away."""
        if not self._silent and self.connected:
            self._client.publish(topic, payload, qos=0, retain=retain)

    async def cut(self) -> None:
        """Vanish without a goodbye: the broker says the last will."""
        gone, self._client = self._client, self._fresh()
        sock = gone.socket()
        if isinstance(sock, socket.socket):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        gone.on_connect = None
        await self._loop.run_in_executor(None, gone.loop_stop)
        if isinstance(sock, socket.socket):
            sock.close()

    async def restore(self) -> None:
        """Come back."""
        await self.open()

    async def hush(self) -> None:
        """Say nothing and hear nothing; the connection stays."""
        self._silent = True

    async def speak(self) -> None:
        """Talk again."""
        self._silent = False

    async def close(self) -> None:
        """Say that it goes, and go."""
        if self.connected:
            goodbye = self._client.publish(self._will.topic, self._will.offline, qos=1, retain=True)
            await self._loop.run_in_executor(None, goodbye.wait_for_publish, 1.0)
        self._client.disconnect()
        await self._loop.run_in_executor(None, self._client.loop_stop)

    # in paho's thread

    def _on_connect(self, client: paho.Client, *_: object) -> None:
        sock = client.socket()
        if isinstance(sock, socket.socket):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.publish(self._will.topic, self._will.online, qos=1, retain=True)
        for topic in self._topics:
            client.subscribe(topic, qos=1)
        self._loop.call_soon_threadsafe(self.came)

    def _on_message(self, _: paho.Client, __: object, message: paho.MQTTMessage) -> None:
        if not self._silent:
            self._loop.call_soon_threadsafe(self.heard, message.topic, bytes(message.payload))
