"""The hub as an integration sees it: a `Station` for each configured device, a `Server` for each dial-in protocol."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import aiohttp

from hub.core.clock import Clock
from hub.core.mqtt_link.outbox import Message
from hub.core.ports import Broker
from hub.core.tasks import Tasks
from hub.model.candidate import Address, Candidate
from hub.model.charger import Capability, Charger
from hub.model.ids import MeterId, StationId, TransactionId
from hub.model.reading import ChargerReading, ChargerReport, MeterReport
from hub.model.session import TransactionStart, TransactionStop
from hub.sdk.capabilities import Driver
from hub.sdk.config import IntegrationConfig
from hub.sdk.host import AdoptedCall, Decision

if TYPE_CHECKING:
    from hub.devices.service import Devices


class StationMqtt:
    """The hub's broker for one station: what its driver listens to ends with it."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._ends: list[Callable[[], None]] = []

    @property
    def connected(self) -> bool:
        """True while the broker can hear us."""
        return self._broker.connected

    def subscribe(self, topic_filter: str, heard: Callable[[Message], None], qos: int = 1) -> Callable[[], None]:
        """Hear every message that matches, each once; answers how to end that before the driver ends."""
        self._ends.append(end := self._broker.subscribe(topic_filter, heard, qos))
        return end

    async def publish(self, topic: str, payload: bytes, qos: int = 1, *, retain: bool = False) -> None:
        """Send now, or raise Unreachable."""
        await self._broker.publish(topic, payload, qos, retain=retain)

    def end(self) -> None:
        """Hear nothing more."""
        while self._ends:
            self._ends.pop()()


class Station:
    """Implements `hub.sdk.StationHost` over the devices room."""

    def __init__(self, devices: Devices, integration: str, station: StationId) -> None:
        self._devices = devices
        self.station = station
        self.tasks = Tasks(f"{integration}.{station}")
        self.mqtt = StationMqtt(devices.broker)
        self.log: logging.Logger = logging.getLogger(f"integrations.{integration}.{station}")

    async def close(self) -> None:
        """End what the driver began: its subscriptions and its tasks."""
        self.mqtt.end()
        await self.tasks.close()

    @property
    def chargers(self) -> Mapping[int, Charger]:
        """The station's chargers by connector, as drawn now."""
        return self._devices.chargers_of(self.station)

    @property
    def meter(self) -> MeterId | None:
        """The meter that this station is, or None."""
        return self._devices.meter_of(self.station)

    @property
    def clock(self) -> Clock:
        """Time."""
        return self._devices.clock

    @property
    def http(self) -> aiohttp.ClientSession:
        """The hub's shared HTTP session."""
        return self._devices.http

    def address(self) -> Address | None:
        """As configured, else as last announced."""
        return self._devices.address_of(self.station)

    def can(self, *capabilities: Capability) -> None:
        """Say what this station can do."""
        self._devices.heard_capabilities(self.station, frozenset(capabilities))

    def report(self, connector: int, report: ChargerReport) -> None:
        """Say something new of one outlet."""
        charger = self._devices.chargers_of(self.station).get(connector)
        if charger is not None:
            self._devices.heard(charger, report)

    def report_late(self, connector: int, reading: ChargerReading) -> None:
        """Say what an outlet measured while nobody listened."""
        charger = self.chargers.get(connector)
        if charger is not None:
            self._devices.heard_late(charger, reading)

    def report_all(self, report: ChargerReport) -> None:
        """Say the same of every outlet."""
        for charger in self.chargers.values():
            self._devices.heard(charger, report)

    def report_meter(self, report: MeterReport) -> None:
        """Say something new of the meter."""
        meter = self.meter
        if meter is not None:
            self._devices.heard_meter(meter, report)

    async def authorise(self, connector: int | None, token: str) -> Decision:
        """Everybody may charge until the access room exists."""
        return Decision(allowed=True)

    async def transaction_started(self, start: TransactionStart) -> TransactionId:
        """Record a start: in the database when this returns."""
        return await self._devices.transaction_started(self.station, start)

    def transaction_of(self, connector: int) -> TransactionId | None:
        """The transaction that runs on this outlet, or None."""
        charger = self.chargers.get(connector)
        return None if charger is None else self._devices.transactions.transaction_of(charger.id)

    async def transaction_stopped(self, stop: TransactionStop) -> None:
        """Record an end: in the database when this returns."""
        await self._devices.transactions.stopped(self.station, stop)


class Server:
    """Implements `hub.sdk.ServerHost` over the devices room."""

    def __init__(self, devices: Devices, integration: str) -> None:
        self._devices = devices
        self._integration = integration
        self.tasks = Tasks(integration)
        self.log: logging.Logger = logging.getLogger(f"integrations.{integration}")
        self.adopted_calls: list[AdoptedCall] = []

    @property
    def clock(self) -> Clock:
        """Time."""
        return self._devices.clock

    def station(self, identity: StationId) -> Station | None:
        """The host of a station that is in the drawing, whatever the case of its letters."""
        return self._devices.station_host(self._integration, identity)

    def settings(self, identity: StationId) -> IntegrationConfig | None:
        """The integration's own settings of a station in the drawing."""
        return self._devices.settings_of(identity)

    def attach(self, identity: StationId, driver: Driver | None) -> None:
        """Say who drives this station from now on."""
        self._devices.attach(identity, driver)

    def dialled_in(self, candidate: Candidate, *, adopt: bool) -> None:
        """An unknown device is here."""
        self._devices.newcomers.dialled_in(candidate, adopt=adopt)

    def left(self, identity: StationId) -> None:
        """An unknown device has gone again."""
        self._devices.newcomers.left(identity)

    def on_adopted(self, call: AdoptedCall) -> None:
        """Call back whenever a station comes into the drawing or changes there."""
        self.adopted_calls.append(call)
