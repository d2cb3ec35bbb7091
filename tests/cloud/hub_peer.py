"""A hub as the wire describes it, without a hub: a journal, a cursor that only acknowledgements move, and patience."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from hub.wire.operator.base import read
from hub.wire.operator.messages import Ack, Command, Item, Reply
from hub.wire.operator.topics import Topics
from tests.cloud.wire import EPOCH, event, of_items, skip, status

MOST_ON_THE_WAY = 10
SEND_AGAIN_S = 3.0  # without an acknowledgement for so long, from the cursor on


class HubPeer:
    """Every 37th place of its journal is skipped, every batch has up to `batch` places."""

    def __init__(self, port: int, hub: str, password: str | None = None, *, batch: int = 50) -> None:
        self.hub, self.batch = hub, batch
        self.topics = Topics(hub)
        self.head = self.upto = self._sent = 0
        self.resends = 0
        self.heard: list[Ack] = []
        self._news = threading.Condition()
        self._subscribed = threading.Event()
        self._moved_at = time.monotonic()
        self.paho = paho.Client(CallbackAPIVersion.VERSION2, client_id=hub, protocol=paho.MQTTv311)
        if password is not None:
            self.paho.username_pw_set(hub, password)
        self.paho.on_connect = lambda *_: self._connected()
        self.paho.on_subscribe = lambda *_: self._subscribed.set()
        self.paho.on_message = lambda client, _, message: self._came(message)
        self.paho.reconnect_delay_set(1, 1)
        self.paho.connect_async("127.0.0.1", port)

    @property
    def places(self) -> list[int]:
        """The places of the journal that are events."""
        return [seq for seq in range(1, self.head + 1) if seq % 37]

    def is_listening(self) -> bool:
        """True when it hears acknowledgements and commands."""
        return self._subscribed.is_set()

    def grow(self, count: int) -> None:
        """So many new places in the journal."""
        self.head += count

    def pump_until(self, upto: int, within_s: float) -> None:
        """Send until everything up to `upto` is acknowledged."""
        deadline = time.monotonic() + within_s
        while self.upto < upto:
            assert time.monotonic() < deadline, f"{self.hub} is acknowledged up to {self.upto} of {upto} only"
            self.pump()
            with self._news:
                self._news.wait(0.01)

    def pump(self) -> None:
        """Send what may be sent now."""
        if not self.paho.is_connected():
            return
        if time.monotonic() - self._moved_at > SEND_AGAIN_S:
            self._again()
        while self._sent < self.head and self._sent - self.upto < MOST_ON_THE_WAY * self.batch:
            last = min(self._sent + self.batch, self.head)
            message = of_items([self._item(seq) for seq in range(self._sent + 1, last + 1)], hub=self.hub)
            if self.paho.publish(self.topics.events, message.to_json(), qos=1).rc != paho.MQTT_ERR_SUCCESS:
                return
            self._sent = last

    def say_status(self, rev: int) -> None:
        """Publish the live status."""
        message = status(self.head, rev, hub=self.hub)
        self.paho.publish(self.topics.status, message.to_json(), qos=1, retain=True)

    def _item(self, seq: int) -> Item:
        return event(seq, charger="bay-1", session="s", energy_wh=seq / 8) if seq % 37 else skip(seq, seq)

    def _again(self) -> None:
        self._sent, self._moved_at = self.upto, time.monotonic()
        self.resends += 1

    def _connected(self) -> None:
        self.paho.subscribe([(self.topics.acks, 0), (self.topics.commands, 0)])
        self._again()

    def _came(self, message: paho.MQTTMessage) -> None:
        if message.topic == self.topics.commands:
            command = read(Command, bytes(message.payload))
            reply = Reply(id=command.id, ok=True, result={"did": command.name, **command.args})
            self.paho.publish(self.topics.replies, reply.to_json(), qos=1)
            return
        ack = read(Ack, bytes(message.payload))
        assert ack.epoch == EPOCH
        assert ack.upto <= self.head
        self.heard.append(ack)
        if ack.upto > self.upto:
            self.upto, self._moved_at = ack.upto, time.monotonic()
            self._sent = max(self._sent, self.upto)
        if ack.resend:
            self._again()
        with self._news:
            self._news.notify_all()


@contextmanager
def hub_peer(port: int, hub: str, password: str | None = None, *, batch: int = 50) -> Iterator[HubPeer]:
    """A hub that is connected, now and after every loss of its connection."""
    peer = HubPeer(port, hub, password, batch=batch)
    peer.paho.loop_start()
    try:
        yield peer
    finally:
        peer.paho.disconnect()
        peer.paho.loop_stop()


def pump_all(peers: list[HubPeer], within_s: float) -> None:
    """Send for all of them in turns until everything of everybody is acknowledged."""
    deadline = time.monotonic() + within_s
    while waiting := [peer for peer in peers if peer.upto < peer.head]:
        assert time.monotonic() < deadline, {peer.hub: (peer.upto, peer.head) for peer in waiting}
        for peer in waiting:
            peer.pump()
        waiting[0].pump_until(min(waiting[0].upto + 1, waiting[0].head), max(deadline - time.monotonic(), 0.1))
