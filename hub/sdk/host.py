"""What the hub offers to an integration. The devices room implements it; tests use `hub.sdk.testing`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import aiohttp

from hub.core.clock import Clock
from hub.core.ports import Broker
from hub.core.tasks import Tasks
from hub.model.candidate import Address, Candidate
from hub.model.charger import Capability, Charger
from hub.model.ids import MeterId, StationId, TransactionId
from hub.model.reading import ChargerReading, ChargerReport, MeterReport
from hub.model.session import TransactionStart, TransactionStop
from hub.sdk.capabilities import Driver
from hub.sdk.config import IntegrationConfig


@dataclass(frozen=True, slots=True)
class Decision:
    """May this token charge here now?"""

    allowed: bool
    why: str = ""


class StationHost(Protocol):
    """The hub as one station's driver sees it."""

    @property
    def station(self) -> StationId:
        """The station's identity: serial number or OCPP identity."""
        ...

    @property
    def chargers(self) -> Mapping[int, Charger]:
        """The station's chargers by connector number, as drawn. Empty for a meter."""
        ...

    @property
    def meter(self) -> MeterId | None:
        """The meter that this station is, or None."""
        ...

    @property
    def clock(self) -> Clock:
        """Time."""
        ...

    @property
    def tasks(self) -> Tasks:
        """Tasks that end with this driver."""
        ...

    @property
    def http(self) -> aiohttp.ClientSession:
        """The hub's shared HTTP session; give every request a timeout."""
        ...

    @property
    def mqtt(self) -> Broker:
        """The hub's broker, for a device that speaks through it. Subscriptions end with this driver."""
        ...

    @property
    def log(self) -> logging.Logger:
        """A logger that names the station."""
        ...

    def address(self) -> Address | None:
        """Where the station answers now: as configured, else as last announced. Ask again at every connect."""
        ...

    def can(self, *capabilities: Capability) -> None:
        """Say what this station can do, once it is known."""
        ...

    def report(self, connector: int, report: ChargerReport) -> None:
        """Say something new of one outlet. Never waits. Connectors that are not drawn are ignored."""
        ...

    def report_late(self, connector: int, reading: ChargerReading) -> None:
        """Say what an outlet measured while nobody listened: for the history only, nothing is decided by it."""
        ...

    def report_all(self, report: ChargerReport) -> None:
        """Say the same of every outlet: a Contact, an Identity."""
        ...

    def report_meter(self, report: MeterReport) -> None:
        """Say something new of the meter. Never waits."""
        ...

    async def authorise(self, connector: int | None, token: str) -> Decision:
        """May this token charge at this outlet now?"""
        ...

    async def transaction_started(self, start: TransactionStart) -> TransactionId:
        """Record a start, on disk before the device is answered. The same start twice is one."""
        ...

    def transaction_of(self, connector: int) -> TransactionId | None:
        """The transaction that runs on this outlet, or None."""
        ...

    async def transaction_stopped(self, stop: TransactionStop) -> None:
        """Record an end, before the device is answered. Idempotent."""
        ...


class ServerHost(Protocol):
    """The hub as an integration sees it that devices dial into."""

    @property
    def clock(self) -> Clock:
        """Time."""
        ...

    @property
    def tasks(self) -> Tasks:
        """Tasks that end with this server."""
        ...

    @property
    def log(self) -> logging.Logger:
        """A logger that names the integration."""
        ...

    def station(self, identity: StationId) -> StationHost | None:
        """The host of a station that is in the drawing, else None. Ask at every connect: adoption changes it.

        Upper and lower case do not matter where only one station fits: `station.station` is the name as drawn.
        """
        ...

    def settings(self, identity: StationId) -> IntegrationConfig | None:
        """The integration's own settings of a station that is in the drawing, else None."""
        ...

    def attach(self, identity: StationId, driver: Driver | None) -> None:
        """Say who drives this station from now on; None when it has gone."""
        ...

    def dialled_in(self, candidate: Candidate, *, adopt: bool) -> None:
        """An unknown device is here: it waits for somebody to adopt it, or with `adopt` is adopted at once."""
        ...

    def left(self, identity: StationId) -> None:
        """An unknown device has gone again."""
        ...

    def on_adopted(self, call: AdoptedCall) -> None:
        """Call `call(identity)` whenever a station comes into the drawing or its entry changes."""
        ...


class AdoptedCall(Protocol):
    """What a server wants to hear when the drawing gets one of its stations."""

    def __call__(self, identity: StationId) -> None:
        """A station is in the drawing now."""
        ...
