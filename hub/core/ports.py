"""Ports: the questions that rooms ask each other. A room asks for a port, and `hub/app.py` says who answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from hub.core.mqtt_link.outbox import Message
from hub.model.candidate import Address, Candidate
from hub.model.charger import Charger
from hub.model.ids import ChargerId, MeterId, StationId, TransactionId
from hub.model.lease import Lease
from hub.model.reading import ChargerReport
from hub.model.session import LiveSession, TransactionStart, TransactionStop
from hub.model.site import Site


class Limits(Protocol):
    """Telling chargers how much they may give. Answered by the devices room."""

    async def set_limit(self, charger: ChargerId, limit_a: float, lease: Lease | None = None) -> float:
        """Tell the charger its limit, amps per phase; answers what it holds now (≤ limit_a).

        With a `lease` it ends by itself, where the charger can do that: afterwards its picture says whether it does.
        Raises Unreachable, Refused or Unsupported; then the charger may hold either the old or the new limit.
        """
        ...


class Drawing(Protocol):
    """The electrical drawing and the file behind it. Answered by the configuration."""

    @property
    def site(self) -> Site:
        """The drawing as it is now."""
        ...

    def knows(self, station: StationId, connector: int | None = None) -> bool:
        """True when a meter or a charger (on this connector, if one is given) of the drawing names this station."""
        ...

    async def adopt(self, candidate: Candidate, wishes: Mapping[str, object]) -> ChargerId | MeterId:
        """Add a found device to the configuration, file first, then alive. Raises Invalid or Refused."""
        ...


class Transactions(Protocol):
    """Charging sessions and the transactions that devices make of them. Answered by the sessions room."""

    async def started(self, charger: Charger, start: TransactionStart) -> TransactionId:
        """A device began a transaction: in the database when this returns. Raises NotKept."""
        ...

    async def stopped(self, station: StationId, stop: TransactionStop) -> None:
        """A device ended one: in the database when this returns. Idempotent. Raises NotKept."""
        ...

    async def end_all(self, charger: ChargerId, station: StationId, reason: str) -> None:
        """A device leaves its place in the drawing: what is open there ends as it stands. Raises NotKept."""
        ...

    def heard(self, charger: Charger, report: ChargerReport) -> None:
        """A device said something of itself: energy counts, a free outlet ends a session. Never waits."""
        ...

    def open_at(self, charger: ChargerId) -> LiveSession | None:
        """The session that is open at a charger; the picture shows it."""
        ...

    def transaction_of(self, charger: ChargerId) -> TransactionId | None:
        """The transaction that runs at a charger; None also where a session is open and its transaction has ended."""
        ...


class Whereabouts(Protocol):
    """Where a station was last announced. Answered by discovery."""

    def address_of(self, station: StationId) -> Address | None:
        """Its latest address on the network, or None."""
        ...


class Present(Protocol):
    """Which devices are here now. Answered by discovery."""

    def here(self, station: StationId) -> Candidate | None:
        """The device of this name, in whatever case, in the drawing or not; None when it is not here."""
        ...


class Newcomers(Protocol):
    """Who takes devices that dialled in but are not in the drawing. Answered by discovery."""

    def dialled_in(self, candidate: Candidate, *, adopt: bool) -> None:
        """A device is here: it waits to be adopted, or is adopted at once."""
        ...

    def left(self, station: StationId) -> None:
        """It went away again."""
        ...


class Broker(Protocol):
    """The hub's MQTT broker, for devices that speak through it. Answered by the mqtt room."""

    @property
    def connected(self) -> bool:
        """True while the broker can hear us."""
        ...

    def subscribe(self, topic_filter: str, heard: Callable[[Message], None], qos: int = 1) -> Callable[[], None]:
        """Hear every message that matches, each once, now and after every reconnect; answers how to end that.

        What the broker had stored comes with `retain` set: once for each connection, and it may be old.
        """
        ...

    async def publish(self, topic: str, payload: bytes, qos: int = 1, *, retain: bool = False) -> None:
        """Send now; with QoS 1 wait until the broker has it, which does not mean that the device has.

        Raises Unreachable. Nothing is kept to be sent later: an order that comes late is a wrong one.
        """
        ...
