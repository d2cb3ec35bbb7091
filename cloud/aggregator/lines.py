"""What the aggregator wants of a broker: two lines of parcels, events and live status, and a word back to a hub.

There are two lines so that a hub that replays a week of events never delays anybody's live status.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cloud.aggregator.parcels import Parcel

MOST_PARCELS = 128
MOST_BYTES = 1024 * 1024  # of one transaction; a single parcel may be larger


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is, and how its certificate is checked."""

    url: str
    tls: ssl.SSLContext | None = None


class LineDown(Exception):
    """The broker is away or has lost what it knew of us: wait, then `open` again."""


class Line(Protocol):
    """Parcels of one kind. What was taken and is not done comes again."""

    async def take(self) -> Sequence[Parcel]:
        """Wait for at least one, then take what else is there. Raises LineDown."""

    async def done(self, parcels: Sequence[Parcel]) -> None:
        """They are committed: the broker may forget them. Lost with the connection, they come again."""


class Uplink(Protocol):
    """A connection to the broker of the hubs."""

    @property
    def events(self) -> Line:
        """Batches and replies."""

    @property
    def status(self) -> Line:
        """Live status."""

    async def open(self) -> None:
        """Connect, and make sure that the broker keeps what hubs push. Raises LineDown; may be called again."""

    async def tell(self, topic: str, payload: bytes) -> None:
        """Send down, once and without a promise: whoever misses it will be told again."""

    async def close(self) -> None:
        """Hang up."""


@dataclass(slots=True)
class Fill:
    """How much of a transaction is filled."""

    parcels: int = 0
    bytes: int = 0

    def add(self, parcel: Parcel) -> None:
        """Count one more."""
        self.parcels += 1
        self.bytes += len(parcel.payload)

    @property
    def is_full(self) -> bool:
        """True when the rest should wait for the next."""
        return self.parcels >= MOST_PARCELS or self.bytes >= MOST_BYTES
