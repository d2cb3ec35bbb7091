"""The composition root: builds every part in reading order, and closes them in reverse.

This is the only file that names concrete classes of several rooms. `start()` tells the whole life of the program.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path

from hub import __version__
from hub.access.api import AccessApi
from hub.access.service import Access
from hub.balance.config import per_phase
from hub.balance.service import Balance
from hub.config.drawing import FileDrawing
from hub.config.load import Loaded
from hub.config.schema import Config
from hub.config.service import Configuration
from hub.config.service import Parts as ConfigParts
from hub.core.bus import Bus
from hub.core.clock import Clock, SystemClock
from hub.core.database import size_of, url_of
from hub.core.documents import Documents
from hub.core.figures import Figure, alone, of_orders, of_picture, of_pulse
from hub.core.journal import Journal
from hub.core.keep import Keep
from hub.core.orders import Orders
from hub.core.pulse import Pulse
from hub.core.shown import hub_state, in_short, site_document
from hub.core.state import Picture
from hub.core.store import Store
from hub.devices.entries import StationEntry
from hub.devices.manifests import manifests
from hub.devices.service import Devices, Parts
from hub.discovery.service import Discovery
from hub.model.errors import Unreachable
from hub.model.ids import GRID, CircuitId, StationId
from hub.model.units import PerPhase
from hub.mqtt.service import Mqtt
from hub.operators.service import Operators
from hub.operators.uplink import Hub
from hub.recorder.api import History
from hub.recorder.service import Recorder
from hub.sessions.api import Log
from hub.sessions.service import Sessions
from hub.web.api import Api
from hub.web.doors import Doors
from hub.web.local import LocalDoor
from hub.web.metrics import Metrics
from hub.web.service import Web
from hub.web.tail import Tail

log = logging.getLogger(__name__)

Step = Callable[[], Awaitable[None]]


class App:
    """One hub: everything between a configuration that was checked and a clean stop."""

    def __init__(self, loaded: Loaded, data: Path, clock: Clock | None = None) -> None:
        config = loaded.config
        self.clock = clock or SystemClock()
        self.pulse = Pulse()
        self.bus = Bus()
        self.orders = Orders(self.clock)
        self.keep = Keep(data / "state")
        self.store = Store(url_of(config.store, data), config.store, self.clock, self.bus.deliver)
        self.journal = Journal(self.store, config.store, self.clock)
        self.documents = Documents(self.store, self.clock)
        self.picture = Picture(loaded.site)
        self.drawing = FileDrawing(loaded, self.picture, self.bus)
        self.access = Access(self.store, self.documents, self.orders, self.clock, config.access)
        self.doors = Doors(
            self.access,
            lambda: self.drawing.loaded.config.public_url,
            config.web.proxies,
            has_certificate=config.web.certificate is not None,
        )
        self.web = Web(config.web, self.bus, self.clock, self.status, self.doors)
        self.web.add(*AccessApi(self.access, self.doors, self.orders).routes)
        self.web.add(*Api(self.orders, self.status, lambda: self.web.routes).routes, Metrics(self.figures).route)
        self.door = LocalDoor(data, self.orders, self.status)
        self.tail = Tail(self.clock)
        self.door.offer("/log", self.tail.stream)
        self.discovery = Discovery(self.bus, self.orders, self.clock, self.drawing, manifests(), config.discovery)
        self.mqtt = Mqtt(self.picture, self.bus, self.orders, self.clock, config.mqtt, data, config.public_url)
        self.sessions = Sessions(self.picture, self.bus, self.store, self.clock)
        self.log = Log(self.sessions, self.store, self.clock, lambda: self.drawing.loaded.config.site.time_zone)
        parts = Parts(
            self.picture,
            self.bus,
            self.orders,
            self.clock,
            self.sessions,
            whereabouts=self.discovery,
            newcomers=self.discovery,
            broker=self.mqtt,
        )
        self.devices = Devices(parts, self.entries, self.drawing.section)
        self.balance = Balance(
            self.picture,
            self.bus,
            self.orders,
            self.devices,
            self.clock,
            self.documents,
            config.balance,
            _unmanaged(config),
        )
        self.recorder = Recorder(self.picture, self.bus, self.store, self.clock, config.recorder)
        self.history = History(
            self.recorder, self.picture, self.orders, lambda: self.drawing.loaded.config.site.time_zone
        )
        self.door.offer("/history", self.history.stream)
        self.web.add(*self.log.routes(self.orders), *self.history.routes)
        self.configuration = Configuration(
            self.drawing, ConfigParts(self.bus, self.orders, self.clock, self.documents), self.discovery
        )
        self.drawing.on_settings(self._take)
        hub = Hub(self.store, self.journal, self.picture, self.bus, self.clock)
        self.operators = Operators(hub, self.orders, self.documents, config.operators)
        self._stops: list[Step] = []

    async def start(self) -> None:
        """From the doors to the balancer; last MQTT and the operators: who hears "online" can give orders.

        Stopping goes the other way: the world hears "offline", the balancer rests, then the devices are let go.
        """
        try:
            await self._begin(self.tail.stop, self.tail.start)
            await self._begin(self.pulse.stop, self.pulse.start)
            await self._begin(self.bus.close)
            await self._begin(self.door.stop, self.door.start)
            await self._begin(self._let_store_go, self._open_store)
            await self._begin(self.access.stop, self.access.start)
            await self._begin(self.web.stop, self.web.start)
            await self._begin(self.discovery.stop, self.discovery.start)
            await self._begin(self.sessions.stop, self._open_sessions)
            await self._begin(self.devices.stop, self.devices.start)
            await self._begin(self.balance.stop, self.balance.start)
            await self._begin(self.recorder.stop, self.recorder.start)
            await self._begin(self.history.stop, self.history.start)
            await self._begin(self.configuration.stop, self.configuration.start)
            await self._begin(self.mqtt.stop, self.mqtt.start)
            await self._begin(self.operators.stop, self.operators.start)
            self._tell_of_the_start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close what was started, last first."""
        while self._stops:
            await self._stops.pop()()

    async def _open_store(self) -> None:
        """Open the database; what is kept goes through it from now on."""
        await self.store.start(__version__)
        self.bus.keep_by(self.store.tell)
        await self.journal.start()

    def _tell_of_the_start(self) -> None:
        """It is the first entry in the journal of this run; now that everybody listens, they hear it too."""
        if self.store.started is not None:
            self.bus.deliver(self.store.started)

    async def _let_store_go(self) -> None:
        await self.journal.stop()
        self.bus.keep_by(None)
        await self.store.stop()

    async def _open_sessions(self) -> None:
        await self.sessions.start()
        self.log.offer(self.orders)

    async def _begin(
        self, stop: Callable[[], Awaitable[None]], start: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self._stops.append(stop)  # first, so that a start that fails half-way is unwound too
        if start is not None:
            await start()

    def _take(self, config: Config) -> None:
        """Settings that count as soon as the file is read again; all others are read at the start."""
        self.access.take(config.access)
        self.balance.take(config.balance, _unmanaged(config))
        self.discovery.take(config.discovery)
        self.recorder.take(config.recorder)

    def entries(self) -> Mapping[StationId, StationEntry]:
        """What the devices room must run, as the configuration has it now."""
        return self.drawing.entries

    def status(self) -> dict[str, object]:
        """The whole site as one JSON document: what MQTT retains, in one piece."""
        site = site_document(self.picture, self.discovery.candidates, self.clock.now())
        zone = {"time_zone": self.drawing.loaded.config.site.time_zone}
        return {**site, **zone, "config": self.configuration.state(), "hub": hub_state(self.pulse)}

    async def figures(self) -> list[Figure]:
        """What Prometheus is told."""
        size = None
        with suppress(Unreachable):
            size = await self.store.read(size_of)
        return [
            *of_picture(self.picture, self.clock.monotonic()),
            *of_pulse(self.pulse),
            of_orders(self.orders.given),
            alone("evhub_store_commits", "Commits of the database.", self.store.commits, counts=True),
            alone("evhub_store_waiting", "Units of work that wait for the database.", self.store.waiting),
            alone("evhub_store_size_bytes", "How large the database is.", size),
            alone("evhub_store_short_of_space", "The disk is nearly full.", float(self.store.is_short_of_space)),
            alone("evhub_journal_entries", "Entries of the journal so far.", self.journal.head, counts=True),
            alone("evhub_mqtt_connected", "The broker can hear the hub.", float(self.mqtt.connected)),
            alone("evhub_live_sockets", "Pages and programs that watch.", self.web.live.watchers),
            *self.operators.figures(),
        ]

    def in_short(self) -> str:
        """The same in a line."""
        return in_short(self.picture)

    def addresses(self) -> list[str]:
        """Where the hub is, a line for each door."""
        page, mqtt = f"page  {self.web.address}/app/", f"mqtt  {self.mqtt.where}"
        return [f"  {line}" for line in (page, mqtt, *self.devices.doors)]

    def welcome(self, option: str = "") -> list[str]:
        """What a person wants to read when the hub has started: where it is, and the next step.

        `option` is what the commands need to find this hub: ` --data FOLDER`.
        """
        lines = [f"evhub is running: {self.picture.site.name}", *self.addresses()]
        if self.access.claim_code is not None:
            where = f"{self.web.address}/claim"
            lines.append(f"Nobody owns this hub yet: open {where} and type the code {self.access.claim_code}")
        if not self.picture.site.chargers:
            lines.append("No charger is configured yet. Point one at the hub (OCPP), or see what was found:")
            lines.append(f"  evhub discover{option}, then evhub order{option} device.adopt station=…")
        return lines


def _unmanaged(config: Config) -> dict[CircuitId, PerPhase[float]]:
    """What draws beside the cars where no meter speaks, as somebody declared it."""
    declared = config.grid.unmanaged_a
    return {} if declared is None else {GRID: per_phase(declared)}
