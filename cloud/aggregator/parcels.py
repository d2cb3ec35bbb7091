"""What comes from a broker, opened and sorted by kind. Pure.

Whose a parcel is, is said by its topic, which the broker let only that hub use; a body that says otherwise is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from hub.wire.operator.base import Message, read
from hub.wire.operator.errors import NotReadable
from hub.wire.operator.messages import Batch, Reply, Status
from hub.wire.operator.topics import EVENTS, REPLIES, STATUS, parse

KINDS: dict[str, type[Message]] = {EVENTS: Batch, STATUS: Status, REPLIES: Reply}
NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message as it came; `receipt` is what its broker wants back."""

    topic: str
    payload: bytes
    receipt: object = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A parcel that cannot be kept, and why."""

    parcel: Parcel
    reason: str


@dataclass(frozen=True, slots=True)
class Opened:
    """Parcels by kind, each kind in the order in which they came."""

    batches: list[Batch] = field(default_factory=list)
    statuses: list[Status] = field(default_factory=list)
    replies: list[tuple[str, Reply]] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


def opened(parcels: Sequence[Parcel]) -> Opened:
    """Read all of them; what cannot be read is among the refused and harms no other."""
    sorted_ = Opened()
    for parcel in parcels:
        try:
            hub, message = _read(parcel)
        except NotReadable as wrong:
            sorted_.refused.append(Refused(parcel, str(wrong)))
            continue
        match message:
            case Batch():
                sorted_.batches.append(message)
            case Status():
                sorted_.statuses.append(message)
            case Reply():
                sorted_.replies.append((hub, message))
    return sorted_


def _read(parcel: Parcel) -> tuple[str, Message]:
    place = parse(parcel.topic)
    if place is None:
        raise NotReadable(f"{parcel.topic} is no topic on which hubs speak")
    hub, kind = place
    message = read(KINDS[kind], without_nul(parcel.payload))
    if isinstance(message, Batch | Status) and message.hub != hub:
        raise NotReadable(f"it comes from {hub} and says that it is of {message.hub}")
    return hub, message


def without_nul(payload: bytes) -> bytes:
    """PostgreSQL has no text with NUL in it: U+FFFD, the sign for what cannot be shown, stands there instead."""
    return NUL.sub(rb"\1\\ufffd", payload) if rb"\u0000" in payload else payload
