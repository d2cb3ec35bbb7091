"""Hosts that record: what a driver says to the hub, for a test to look at. Tasks, HTTP and log are real."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import TracebackType
from typing import Self, TypeVar

import aiohttp

from hub.core.clock import Clock, SystemClock
from hub.core.ports import Broker
from hub.core.tasks import Tasks
from hub.model.candidate import Address, Candidate
from hub.model.charger import Capability, Charger
from hub.model.ids import GRID, ChargerId, MeterId, StationId, TransactionId
from hub.model.reading import ChargerReading, ChargerReport, Contact, MeterReport
from hub.model.session import TransactionStart, TransactionStop
from hub.sdk.capabilities import Driver
from hub.sdk.config import IntegrationConfig
from hub.sdk.host import AdoptedCall, Decision
from hub.sdk.testing.broker import RecordingBroker

Report = ChargerReport | MeterReport
R = TypeVar("R", bound=Report)


class RecordingStationHost:
    """A StationHost that keeps everything. Without `meter` and `chargers` it has one charger on connector 1.

    `where` is its address and may change; `decisions` answers tokens, everything else is allowed. `broker` is what the
    driver speaks through, unless a test sets another as `mqtt`.
    """

    def __init__(
        self,
        station: StationId,
        *,
        chargers: Mapping[int, Charger] | None = None,
        meter: MeterId | None = None,
        clock: Clock | None = None,
        where: Address | None = None,
    ) -> None:
        self.station = station
        self.meter = meter
        self.chargers = a_charger(station) if chargers is None and meter is None else dict(chargers or {})
        self.clock: Clock = clock or SystemClock()
        self.where = where
        self.broker = RecordingBroker()
        self.mqtt: Broker = self.broker
        self.tasks = Tasks(f"testing.{station}")
        self.log = logging.getLogger(f"integrations.testing.{station}")
        self.reports: list[tuple[int, Report]] = []  # by connector; 0 for the meter
        self.late: list[tuple[int, ChargerReading]] = []
        self.capabilities: frozenset[Capability] | None = None
        self.decisions: dict[str, Decision] = {}
        self.asked: list[tuple[int | None, str]] = []
        self.starts: list[TransactionStart] = []
        self.stops: list[TransactionStop] = []
        self.running: dict[TransactionId, TransactionStart] = {}
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End the tasks, and the HTTP session if one was used."""
        await self.tasks.close()
        if self._http is not None:
            await self._http.close()

    # what a test asks

    def of(self, kind: type[R]) -> list[R]:
        """Everything of this kind that was reported, oldest first."""
        return [report for _, report in self.reports if isinstance(report, kind)]

    def last(self, kind: type[R]) -> R | None:
        """The newest report of this kind."""
        return next((report for _, report in reversed(self.reports) if isinstance(report, kind)), None)

    @property
    def contacts(self) -> list[Contact]:
        """Each change of the link: what the hub tells once, however often it is said."""
        said = self.of(Contact)
        return [c for before, c in zip([None, *said], said, strict=False) if before is None or before.link != c.link]

    # StationHost

    @property
    def http(self) -> aiohttp.ClientSession:
        """A real session."""
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))
        return self._http

    def address(self) -> Address | None:
        """Where the test says."""
        return self.where

    def can(self, *capabilities: Capability) -> None:
        """Keep it."""
        self.capabilities = frozenset(capabilities)

    def report(self, connector: int, report: ChargerReport) -> None:
        """Keep it, unless the connector is not drawn."""
        if connector in self.chargers:
            self.reports.append((connector, report))

    def report_late(self, connector: int, reading: ChargerReading) -> None:
        """Keep it apart, unless the connector is not drawn."""
        if connector in self.chargers:
            self.late.append((connector, reading))

    def report_all(self, report: ChargerReport) -> None:
        """Keep it for each connector."""
        for connector in self.chargers:
            self.report(connector, report)

    def report_meter(self, report: MeterReport) -> None:
        """Keep it, if this is a meter."""
        if self.meter is not None:
            self.reports.append((0, report))

    async def authorise(self, connector: int | None, token: str) -> Decision:
        """As the test decided."""
        self.asked.append((connector, token))
        return self.decisions.get(token, Decision(allowed=True))

    async def transaction_started(self, start: TransactionStart) -> TransactionId:
        """A new id, or that of the same start before."""
        for known, running in self.running.items():
            if (running.connector, running.at, running.token) == (start.connector, start.at, start.token):
                return known
        self.starts.append(start)
        transaction = TransactionId(len(self.starts))
        self.running[transaction] = start
        return transaction

    def transaction_of(self, connector: int) -> TransactionId | None:
        """The newest that runs there."""
        return next((t for t, s in reversed(self.running.items()) if s.connector == connector), None)

    async def transaction_stopped(self, stop: TransactionStop) -> None:
        """Keep it."""
        self.stops.append(stop)
        self.running.pop(stop.transaction, None)


class RecordingServerHost:
    """A ServerHost that keeps everything. `drawn` are the hosts of the stations in the drawing."""

    def __init__(self, *hosts: RecordingStationHost, clock: Clock | None = None) -> None:
        self.clock: Clock = clock or SystemClock()
        self.tasks = Tasks("testing.server")
        self.log = logging.getLogger("integrations.testing.server")
        self.drawn = {host.station: host for host in hosts}
        self.entries: dict[StationId, IntegrationConfig] = {}
        self.drivers: dict[StationId, Driver] = {}
        self.attached: list[tuple[StationId, Driver | None]] = []
        self.newcomers: list[tuple[Candidate, bool]] = []  # with whether they come in at once
        self.gone: list[StationId] = []
        self._adopted_calls: list[AdoptedCall] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End the tasks of the server and of its stations."""
        await self.tasks.close()
        for host in self.drawn.values():
            await host.close()

    def adopt(self, host: RecordingStationHost, settings: IntegrationConfig | None = None) -> None:
        """Put a station into the drawing and tell the server."""
        self.drawn[host.station] = host
        if settings is not None:
            self.entries[host.station] = settings
        for call in self._adopted_calls:
            call(host.station)

    # ServerHost

    def station(self, identity: StationId) -> RecordingStationHost | None:
        """Its host, if it is drawn."""
        return self.drawn.get(identity)

    def settings(self, identity: StationId) -> IntegrationConfig | None:
        """Its own settings, if the test gave some."""
        return self.entries.get(identity)

    def attach(self, identity: StationId, driver: Driver | None) -> None:
        """Keep it."""
        self.attached.append((identity, driver))
        if driver is None:
            self.drivers.pop(identity, None)
        else:
            self.drivers[identity] = driver

    def dialled_in(self, candidate: Candidate, *, adopt: bool) -> None:
        """Keep it."""
        self.newcomers.append((candidate, adopt))

    def left(self, identity: StationId) -> None:
        """Keep it."""
        self.gone.append(identity)

    def on_adopted(self, call: AdoptedCall) -> None:
        """Keep it for `adopt`."""
        self._adopted_calls.append(call)


def a_charger(station: StationId, connector: int = 1) -> dict[int, Charger]:
    """A drawing of one charger on the grid connection."""
    charger = Charger(ChargerId(f"{station}-{connector}"), GRID, "testing", station, connector)
    return {connector: charger}
