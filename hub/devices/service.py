"""The devices room: the live chargers and meters. Readings come up into the picture, orders go down to drivers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import aiohttp

from hub.core.bus import Bus
from hub.core.clock import Clock
from hub.core.orders import Orders
from hub.core.ports import Broker, Newcomers, Transactions, Whereabouts
from hub.core.state import LiveCharger, LiveMeter, Picture
from hub.core.tasks import Tasks
from hub.devices.apply import apply
from hub.devices.commands import offer_commands
from hub.devices.drawn import NO_CHARGERS, Drawn, by_station, drawn, driven
from hub.devices.entries import StationEntry, is_same
from hub.devices.host import Server, Station
from hub.devices.lines import line_currents
from hub.devices.manifests import entry, manifests
from hub.model.candidate import Address
from hub.model.charger import Capability, Charger
from hub.model.errors import NotFound, NotKept, Unreachable, Unsupported
from hub.model.facts import (
    ChargerChanged,
    DrawingChanged,
    Fact,
    MeterChanged,
    MeterConnected,
    MeterDisconnected,
    ReadingCameLate,
)
from hub.model.ids import ChargerId, MeterId, StationId, TransactionId
from hub.model.lease import Lease
from hub.model.reading import ChargerReading, ChargerReport, Contact, Identity, Link, MeterReading, MeterReport
from hub.model.session import TransactionStart
from hub.sdk.capabilities import Driver, HoldsLeases, Listens, SetsLimit
from hub.sdk.config import IntegrationConfig
from hub.sdk.manifest import Manifest

log = logging.getLogger(__name__)

COMMAND_DEADLINE_S = 10.0


@dataclass(slots=True)
class Parts:
    """What the devices room stands on."""

    picture: Picture
    bus: Bus
    orders: Orders
    clock: Clock
    transactions: Transactions
    whereabouts: Whereabouts
    newcomers: Newcomers
    broker: Broker


@dataclass(slots=True)
class Running:
    """One client integration at work on one station."""

    entry: StationEntry
    drawn: Drawn
    task: asyncio.Task[None]


@dataclass(slots=True)
class Fleet:
    """Drivers and hosts by station."""

    drivers: dict[StationId, Driver] = field(default_factory=dict)
    hosts: dict[StationId, Station] = field(default_factory=dict)
    running: dict[StationId, Running] = field(default_factory=dict)
    servers: list[tuple[Server, Driver]] = field(default_factory=list)
    turns: dict[ChargerId, asyncio.Lock] = field(default_factory=dict)  # one limit at a time for each charger


class Devices:
    """Runs every integration that the configuration names, and answers the port `Limits`."""

    def __init__(
        self,
        parts: Parts,
        entries: Callable[[], Mapping[StationId, StationEntry]],
        sections: Callable[[str], IntegrationConfig],
    ) -> None:
        self._picture, self._bus, self._orders = parts.picture, parts.bus, parts.orders
        self.clock, self.newcomers, self.broker = parts.clock, parts.newcomers, parts.broker
        self._whereabouts, self.transactions = parts.whereabouts, parts.transactions
        self._entries = entries
        self._sections = sections
        self._manifests = manifests()
        self._tasks = Tasks("devices")
        self._fleet = Fleet()
        self._drawn: dict[StationId, Drawn] = {}
        self._outlets: dict[ChargerId, Charger] = {}
        self._metering: dict[MeterId, StationId] = {}
        self._by_station = (self._picture.site, by_station(self._picture.site))
        self._changing = asyncio.Lock()
        self._http: aiohttp.ClientSession | None = None

    # life

    async def start(self) -> None:
        """Draw every charger and meter into the picture, then start servers and clients."""
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))
        self._draw()
        offer_commands(self._orders, self)
        for manifest in self._manifests.values():
            if manifest.serves:
                await self._start_server(manifest)
        await self._match_clients()
        self._bus.listen("devices", (DrawingChanged,), self._redrawn)

    async def stop(self) -> None:
        """End every driver: clients first, then the servers that devices dial into."""
        for station in list(self._fleet.running):
            await self._end_client(station)
        for host, server in self._fleet.servers:
            await server.stop()
            await host.tasks.close()
        for station_host in self._fleet.hosts.values():
            await station_host.close()
        await self._tasks.close()
        if self._http is not None:
            await self._http.close()

    @property
    def http(self) -> aiohttp.ClientSession:
        """The shared HTTP session; only between start and stop."""
        if self._http is None:
            raise RuntimeError("the devices room is not running")
        return self._http

    @property
    def doors(self) -> list[str]:
        """Where devices dial in, a line for each server that listens."""
        return [server.door for _, server in self._fleet.servers if isinstance(server, Listens)]

    async def _start_server(self, manifest: Manifest) -> None:
        host = Server(self, manifest.name)
        server: Driver = await entry(manifest)(host, self._sections(manifest.name))
        self._fleet.servers.append((host, server))

    async def _redrawn(self, fact: Fact) -> None:
        before = self._drawn
        await self._end_sessions()
        self._draw()
        await self._match_clients()
        changed = [s for s in before | self._drawn if before.get(s) != self._drawn.get(s)]
        for host, _ in self._fleet.servers:
            for call in host.adopted_calls:
                for station in changed:
                    call(station)

    async def _match_clients(self) -> None:
        """Start clients for new stations, end those of stations that left, restart those whose entry changed."""
        async with self._changing:
            wanted = {s: e for s, e in self._entries().items() if not self._manifests[e.integration].serves}
            for station, running in list(self._fleet.running.items()):
                if wanted.get(station) != running.entry or self._drawn.get(station) != running.drawn:
                    await self._end_client(station)
            for station, station_entry in wanted.items():
                if station not in self._fleet.running and station in self._drawn:
                    task = self._tasks.keep(station, partial(self._client, station_entry))
                    self._fleet.running[station] = Running(station_entry, self._drawn[station], task)

    async def _client(self, station_entry: StationEntry) -> None:
        manifest = self._manifests[station_entry.integration].as_kind(station_entry.kind)
        host = self._host(manifest.name, station_entry.station)
        driver: Driver = await entry(manifest)(host, station_entry.config)
        self._fleet.drivers[station_entry.station] = driver
        try:
            await asyncio.Event().wait()
        finally:
            self._fleet.drivers.pop(station_entry.station, None)
            await driver.stop()
            await host.close()

    async def _end_client(self, station: StationId) -> None:
        running = self._fleet.running.pop(station)
        running.task.cancel()
        await asyncio.gather(running.task, return_exceptions=True)
        host = self._fleet.hosts.pop(station, None)
        if host is not None:
            await host.close()

    def _draw(self) -> None:
        """Give every drawn charger and meter its place in the picture, and take out what left the drawing."""
        site, picture = self._picture.site, self._picture
        self._drawn = drawn(site, self.settings_of)
        for charger in site.chargers.values():
            self._draw_charger(charger)
        for gone in picture.chargers.keys() - site.chargers.keys():
            del picture.chargers[gone]
        self._outlets = {charger.id: driven(charger) for charger in site.chargers.values()}
        for meter in site.meters.values():
            if meter.id not in picture.meters or not is_same(self._metering[meter.id], meter.station):
                picture.meters[meter.id] = LiveMeter(meter.id)
                self._bus.publish(MeterChanged(meter.id))
        for lost in picture.meters.keys() - site.meters.keys():
            del picture.meters[lost]
        self._metering = {meter.id: meter.station for meter in site.meters.values()}

    def _draw_charger(self, charger: Charger) -> None:
        """The same outlet keeps its past; behind another station or connector everything begins anew."""
        before, now = self._outlets.get(charger.id), driven(charger)
        live = self._picture.chargers.get(charger.id)
        if live is not None and (before is None or not _is_same_outlet(before, now)):
            live = None
        if live is None:
            live = LiveCharger(charger.id, charger.station, session=self.transactions.open_at(charger.id))
            self._picture.chargers[charger.id] = live
        elif before == now:
            return
        live.station = charger.station
        if live.reading is not None:
            live.line_a = line_currents(charger, live.reading.current_a)  # it may be wired in another way
        self._bus.publish(ChargerChanged(charger.id))

    async def _end_sessions(self) -> None:
        """What is open at a device that leaves its place in the drawing ends there."""
        for charger, before in self._outlets.items():
            now = self._picture.site.chargers.get(charger)
            if now is None or not _is_same_outlet(before, now):
                with suppress(NotKept):  # the next start there ends it
                    await self.transactions.end_all(charger, before.station, "retired" if now is None else "replaced")

    # what hosts ask

    def chargers_of(self, station: StationId) -> Mapping[int, Charger]:
        """The drawn chargers of a station by connector."""
        if self._by_station[0] is not self._picture.site:
            self._by_station = (self._picture.site, by_station(self._picture.site))
        return self._by_station[1].get(station, NO_CHARGERS)

    def meter_of(self, station: StationId) -> MeterId | None:
        """The drawn meter that a station is."""
        return next((m.id for m in self._picture.site.meters.values() if m.station == station), None)

    def address_of(self, station: StationId) -> Address | None:
        """As typed into the configuration, else as last announced."""
        running = self._fleet.running.get(station)
        if running is not None and running.entry.address is not None:
            return running.entry.address
        return self._whereabouts.address_of(station)

    def station_host(self, integration: str, station: StationId) -> Station | None:
        """The host of a station of this integration, if the drawing has it, in whatever case its letters are."""
        names = {c.station for c in self._picture.site.chargers.values() if c.integration == integration}
        if station not in names:
            alike = [name for name in names if name.casefold() == station.casefold()]
            return self._host(integration, alike[0]) if len(alike) == 1 else None
        return self._host(integration, station)

    def settings_of(self, station: StationId) -> IntegrationConfig | None:
        """The integration's own settings of a station in the drawing."""
        found = self._entries().get(station)
        return None if found is None else found.config

    def attach(self, station: StationId, driver: Driver | None) -> None:
        """A server says who drives a station from now on, or that nobody does."""
        if driver is None:
            self._fleet.drivers.pop(station, None)
        else:
            self._fleet.drivers[station] = driver

    def _host(self, integration: str, station: StationId) -> Station:
        host = self._fleet.hosts.get(station)
        if host is None:
            host = self._fleet.hosts[station] = Station(self, integration, station)
        return host

    # what comes up

    def heard(self, charger: Charger, report: ChargerReport) -> None:
        """A device said something of one charger: into the picture, then onto the bus."""
        live = self._picture.chargers.get(charger.id)
        if live is None:
            return
        for event in apply(live, charger, report, self.clock.now(), self.clock.monotonic()):
            self._bus.publish(event)
        self.transactions.heard(charger, report)
        self._bus.publish(ChargerChanged(charger.id))

    def heard_late(self, charger: Charger, reading: ChargerReading) -> None:
        """A device sent what it measured while nobody listened: it goes past the picture, for the history."""
        self._bus.publish(ReadingCameLate(charger.id, reading, line_currents(charger, reading.current_a)))

    def heard_meter(self, meter: MeterId, report: MeterReport) -> None:
        """A device said something of a meter."""
        live = self._picture.meters.get(meter)
        if live is None:
            return
        if isinstance(report, MeterReading):
            live.reading, live.reading_at_s = report, self.clock.monotonic()
        elif isinstance(report, Identity):
            live.identity = report
        elif not self._meter_contact(live, report):
            return
        self._bus.publish(MeterChanged(meter))

    def _meter_contact(self, live: LiveMeter, report: Contact) -> bool:
        up, before = report.link is Link.UP, live.online
        if before is up:
            return False
        live.online = up
        if up:
            self._bus.publish(MeterConnected(at=self.clock.now(), meter=live.id))
        elif before is not None:
            self._bus.publish(MeterDisconnected(at=self.clock.now(), meter=live.id, why=report.why))
        return True

    def heard_capabilities(self, station: StationId, capabilities: frozenset[Capability]) -> None:
        """A driver knows now what its station can do."""
        for charger in self.chargers_of(station).values():
            live = self._picture.chargers.get(charger.id)
            if live is not None:  # it was drawn a moment ago: it says so again when it is in the picture
                live.capabilities = capabilities
                self._bus.publish(ChargerChanged(charger.id))

    async def transaction_started(self, station: StationId, start: TransactionStart) -> TransactionId:
        """A start at one of the station's outlets. Raises NotFound for one that is not drawn, and NotKept."""
        charger = self.chargers_of(station).get(start.connector)
        if charger is None:
            raise NotFound(f"station {station} has no connector {start.connector} in the drawing", "adopt it first")
        return await self.transactions.started(charger, start)

    # what goes down

    def driver_of(self, charger: ChargerId) -> tuple[Driver, int]:
        """The driver of a charger and its connector there; NotFound or Unreachable."""
        drawn = self._picture.site.chargers.get(charger)
        if drawn is None:
            raise NotFound(
                f"no charger is called '{charger}'", f"the chargers are: {', '.join(self._picture.chargers)}"
            )
        driver = self._fleet.drivers.get(drawn.station)
        live = self._picture.chargers.get(charger)
        if driver is None or live is None or not live.online:
            raise Unreachable(f"{charger} does not answer", "look at its power and its network, then try again")
        return driver, drawn.connector

    async def set_limit(self, charger: ChargerId, limit_a: float, lease: Lease | None = None) -> float:
        """Answers the port `Limits`. What was asked stays reserved until the charger has confirmed something."""
        driver, connector = self.driver_of(charger)
        if not isinstance(driver, SetsLimit):
            raise Unsupported(f"{charger} cannot be limited")
        live = self._picture.chargers[charger]
        turn = self._fleet.turns.setdefault(charger, asyncio.Lock())
        try:
            async with asyncio.timeout(COMMAND_DEADLINE_S), turn:
                live.asked_a = max(limit_a, live.asked_a or 0.0)
                if lease is not None and isinstance(driver, HoldsLeases):
                    held_a = await driver.lend(connector, limit_a, lease)
                else:
                    held_a, lease = await driver.set_limit(connector, limit_a), None
                _confirmed(live, held_a, lease)
        except TimeoutError:
            raise Unreachable(f"{charger} did not confirm {limit_a:g} A in {COMMAND_DEADLINE_S:.0f} s") from None
        finally:
            self._bus.publish(ChargerChanged(charger))
        return held_a


def _confirmed(live: LiveCharger, held_a: float, lease: Lease | None) -> None:
    live.held_a, live.asked_a = held_a if live.online else None, None
    live.lease = lease if live.leasing is not None and live.leasing.lease_s is not None else None


def _is_same_outlet(one: Charger, other: Charger) -> bool:
    return is_same(one.station, other.station) and one.connector == other.connector
