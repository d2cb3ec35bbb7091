"""A small operator, for the tests: it follows the wire by hand and shares no code with the hub.

It stores items by `(epoch, seq)` and acknowledges what has no hole, as an aggregator does after its commit. It can lose
acks, lose batches, be down, and ask again.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

Json = dict[str, Any]


@dataclass
class Peer:
    """The operator's side of one hub, in paho's own thread."""

    hub: str
    port: int = 0
    acks: bool = True
    loses: Callable[[Json], bool] = lambda batch: False
    stored: dict[tuple[str, int], Json] = field(default_factory=dict)
    skipped: dict[tuple[str, int], str] = field(default_factory=dict)
    upto: dict[str, int] = field(default_factory=dict)
    batches: list[Json] = field(default_factory=list)
    statuses: list[tuple[float, Json]] = field(default_factory=list)
    replies: list[Json] = field(default_factory=list)
    repeated: int = 0
    _client: paho.Client | None = None

    # life

    def start(self, set_up: Callable[[paho.Client], None] = lambda client: None) -> None:
        """Connect and hear the hub."""
        heard = threading.Event()
        client = self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
        set_up(client)
        client.on_connect = lambda c, *_: c.subscribe(f"evhub-up/{self.hub}/#", qos=1)
        client.on_subscribe = lambda *_: heard.set()
        client.on_message = lambda _, __, message: self._heard(message)
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        assert heard.wait(10)

    def stop(self) -> None:
        """Go away; what was stored stays."""
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()
            self._client = None

    # what comes

    def _heard(self, message: paho.MQTTMessage) -> None:
        kind = message.topic.rpartition("/")[2]
        if kind in ("ev", "st", "re"):
            document = json.loads(message.payload)
            {"ev": self.take, "st": self.take_status, "re": self.replies.append}[kind](document)

    def take_status(self, status: Json) -> None:
        """The live status."""
        self.statuses.append((time.monotonic(), status))

    def take(self, batch: Json) -> Json | None:
        """Store a batch; answers the ack, and sends it where there is a connection."""
        if self.loses(batch):
            return None
        self.batches.append(batch)
        epoch = batch["epoch"]
        for item in batch["items"]:
            if "skip" in item:
                places = range(item["skip"]["from"], item["skip"]["to"] + 1)
                self.skipped.update({(epoch, seq): item["skip"]["reason"] for seq in places})
            else:
                self.repeated += (epoch, item["seq"]) in self.stored
                self.stored.setdefault((epoch, item["seq"]), item)
        first = batch["items"][0]
        is_gap = (first["skip"]["from"] if "skip" in first else first["seq"]) > self._move_on(epoch) + 1
        ack = self.ack_of(epoch, resend=is_gap)
        if self.acks:
            self.say("ack", ack)
        return ack

    def _move_on(self, epoch: str) -> int:
        upto = self.upto.get(epoch, 0)
        while (epoch, upto + 1) in self.stored or (epoch, upto + 1) in self.skipped:
            upto += 1
        self.upto[epoch] = upto
        return upto

    # what goes

    def ack_of(self, epoch: str, *, resend: bool = False) -> Json:
        """The ack that is due."""
        return {"schema": "evhub.ack.v1", "epoch": epoch, "upto": self.upto.get(epoch, 0), "resend": resend}

    def command(self, id: str, name: str, expires_in_s: float = 30.0, *, retain: bool = False, **args: object) -> None:
        """Give a command."""
        expires_at = (datetime.now(UTC) + timedelta(seconds=expires_in_s)).isoformat()
        document = {"schema": "evhub.command.v1", "id": id, "name": name, "args": args, "expires_at": expires_at}
        self.say("cmd", document, retain=retain)

    def say(self, kind: str, document: object, *, retain: bool = False) -> None:
        """Send something down."""
        if self._client is not None:
            self._client.publish(f"evhub-up/{self.hub}/{kind}", json.dumps(document), qos=0, retain=retain)

    # what is there

    @property
    def seqs(self) -> list[int]:
        """The places of all events that were stored, in order of their arrival."""
        return [seq for _, seq in self.stored]

    def names(self) -> list[str]:
        """The schemas of all events that were stored."""
        return [item["schema"] for item in self.stored.values()]
