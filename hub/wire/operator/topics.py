"""The topics under which a hub and its operator talk. NATS writes `.` where MQTT writes `/`."""

from __future__ import annotations

import re
from dataclasses import dataclass

PREFIX = "evhub-up"
EVENTS, STATUS, REPLIES, ACKS, COMMANDS = "ev", "st", "re", "ack", "cmd"
UPWARD = frozenset({EVENTS, STATUS, REPLIES})
HUB_ID = re.compile(r"[a-z0-9][a-z0-9-]{2,39}")


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one hub. What goes up is QoS 1, status retained; what comes down is QoS 0, a loss is repaired."""

    hub: str

    @property
    def events(self) -> str:
        """Batch, from the hub."""
        return f"{PREFIX}/{self.hub}/{EVENTS}"

    @property
    def status(self) -> str:
        """Status, from the hub, retained."""
        return f"{PREFIX}/{self.hub}/{STATUS}"

    @property
    def replies(self) -> str:
        """Reply, from the hub."""
        return f"{PREFIX}/{self.hub}/{REPLIES}"

    @property
    def acks(self) -> str:
        """Ack, to the hub."""
        return f"{PREFIX}/{self.hub}/{ACKS}"

    @property
    def commands(self) -> str:
        """Command, to the hub."""
        return f"{PREFIX}/{self.hub}/{COMMANDS}"


def parse(topic: str) -> tuple[str, str] | None:
    """The hub and the kind of a topic that goes up; None where it is none of ours. Takes NATS's subjects too."""
    prefix, _, rest = topic.replace(".", "/").partition("/")
    hub, _, kind = rest.partition("/")
    if prefix != PREFIX or kind not in UPWARD or HUB_ID.fullmatch(hub) is None:
        return None
    return hub, kind
