"""A small hub for OCPP tests: the real devices room with the real listener on a free port, and a drawing to change."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal, TypeVar

from hub.core.bus import Bus
from hub.core.clock import Clock, SystemClock
from hub.core.database import StoreConfig, url_of
from hub.core.orders import Caller, Envelope, Orders, Reply
from hub.core.state import LiveCharger, Picture
from hub.core.store import Store
from hub.devices.entries import StationEntry
from hub.devices.service import Devices, Parts
from hub.model.candidate import Address, Candidate, Kind
from hub.model.charger import Charger
from hub.model.facts import DrawingChanged, Event, Fact
from hub.model.ids import GRID, ChargerId, StationId
from hub.model.lease import Lease
from hub.model.person import EVERYBODY
from hub.model.site import Circuit, Site
from hub.model.units import PHASES, Phase, same_on_each
from hub.sdk.config import IntegrationConfig
from hub.sdk.testing import RecordingBroker, until
from hub.sessions.service import Sessions
from integrations.ocpp.config import Config, ServerConfig
from tests.integrations.ocpp.scripted import Scripted

E = TypeVar("E", bound=Event)
CALLER = Caller("test", "test", EVERYBODY)
LOOPBACK = "127.0.0.1"


class Nowhere:
    """Whereabouts of a site where nothing is announced."""

    def address_of(self, station: StationId) -> Address | None:
        return None


class WaitingRoom:
    """Newcomers: who dialled in and waits."""

    def __init__(self) -> None:
        self.here: dict[StationId, Candidate] = {}
        self.at_once: set[StationId] = set()

    def dialled_in(self, candidate: Candidate, *, adopt: bool) -> None:
        self.here[candidate.station] = candidate
        if adopt:
            self.at_once.add(candidate.station)

    def left(self, station: StationId) -> None:
        self.here.pop(station, None)


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a small hub differs from the usual one."""

    clock: Clock = field(default_factory=SystemClock)
    adopt: Literal["ask", "always"] = "ask"
    port: int = 0

    @property
    def server(self) -> ServerConfig:
        """The section `ocpp`."""
        return ServerConfig(bind=LOOPBACK, port=self.port, heartbeat_s=60, meter_interval_s=5, adopt=self.adopt)


class SmallHub:
    """Everything of a hub that an OCPP charger touches. `events` are the facts that were told, in order."""

    def __init__(self, folder: Path, wishes: Wishes) -> None:
        self.clock = wishes.clock
        self.bus = Bus()
        self.orders = Orders(self.clock)
        self.waiting = WaitingRoom()
        self.picture = Picture(site_of())
        self.settings: dict[StationId, IntegrationConfig] = {}
        self.addresses: dict[StationId, Address] = {}
        self.events: list[Event] = []
        config = StoreConfig()
        self.store = Store(url_of(config, folder), config, self.clock, self.bus.deliver)
        self.sessions = Sessions(self.picture, self.bus, self.store, self.clock)
        parts = Parts(
            self.picture,
            self.bus,
            self.orders,
            self.clock,
            self.sessions,
            Nowhere(),
            self.waiting,
            RecordingBroker(),
        )
        self.devices = Devices(parts, self._entries, lambda name: wishes.server)
        self.chargers: list[Scripted] = []

    @property
    def port(self) -> int:
        """Where chargers dial in."""
        return int(self.devices.doors[0].split("/ocpp/")[0].rsplit(":", 1)[1])

    @property
    def url(self) -> str:
        """The address that is typed into a charger."""
        return f"ws://{LOOPBACK}:{self.port}/ocpp"

    async def start(self) -> None:
        await self.store.start("test")
        self.bus.listen("test", (Event,), self._told)
        await self.sessions.start()
        await self.devices.start()

    async def stop(self) -> None:
        await self.devices.stop()
        await self.sessions.stop()
        await self.store.stop()
        await self.bus.close()
        for charger in self.chargers:
            await charger.hang_up()

    async def _told(self, fact: Fact) -> None:
        assert isinstance(fact, Event)
        self.events.append(fact)

    def told(self, kind: type[E]) -> list[E]:
        """The facts of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    # the drawing

    async def draw(self, *chargers: Charger, settings: IntegrationConfig | None = None) -> None:
        """Replace the drawing by these chargers, and wait until the room has seen it."""
        for charger in chargers:
            self.settings[charger.station] = settings or Config()
        self.picture.site = site_of(*chargers)
        self.bus.publish(DrawingChanged())
        await self.bus.drained()

    def _entries(self) -> dict[StationId, StationEntry]:
        stations = {c.station: c.integration for c in self.picture.site.chargers.values()}
        return {
            s: StationEntry(s, name, Kind.CHARGER, self.settings[s], self.addresses.get(s))
            for s, name in stations.items()
        }

    # chargers

    def live(self, id: str = "bay-1") -> LiveCharger:
        """The live picture of a charger."""
        return self.picture.chargers[ChargerId(id)]

    def charger(self, identity: str = "CP1") -> Scripted:
        """A scripted charger that may dial in; the hub's stop hangs it up."""
        made = Scripted(self.port, identity)
        self.chargers.append(made)
        return made

    async def online(self, id: str = "bay-1") -> LiveCharger:
        """Wait until a charger is ready for orders."""
        await until(lambda: self.live(id).online)
        return self.live(id)

    async def connected(self, charger: Scripted | None = None, settings: Config | None = None) -> Scripted:
        """Station CP1 with one charger, `bay-1`: in the drawing, dialled in, booted and ready for orders."""
        await self.draw(bay(1), settings=settings)
        charger = charger or self.charger()
        await charger.dial()
        await charger.boot()
        await self.online()
        return charger

    async def until_told(self, kind: type[E], number: int = 1) -> E:
        """Wait for so many facts of a kind; the newest."""
        await until(lambda: len(self.told(kind)) >= number)
        return self.told(kind)[-1]

    async def order(self, name: str, **args: object) -> Reply:
        """Give an order as a person would."""
        return await self.orders.answer(Envelope(name, args), CALLER)

    async def limit(self, amps: float, id: str = "bay-1") -> float:
        """Tell a charger its limit as the balancer does."""
        return await self.devices.set_limit(ChargerId(id), amps)

    async def lend(self, amps: float, floor_a: float = 6.0, for_s: float = 45.0, id: str = "bay-1") -> float:
        """The same with a lease."""
        until = self.clock.now() + timedelta(seconds=for_s)
        return await self.devices.set_limit(ChargerId(id), amps, Lease(until, floor_a))


def bay(
    number: int = 1, station: str = "CP1", connector: int = 1, phases: tuple[Phase, ...] | None = PHASES
) -> Charger:
    """Charger `bay-N` of an OCPP station."""
    return Charger(ChargerId(f"bay-{number}"), GRID, "ocpp", StationId(station), connector, phases=phases)


def site_of(*chargers: Charger) -> Site:
    """A site of one circuit."""
    circuits = {GRID: Circuit(GRID, None, same_on_each(63.0))}
    return Site("test", circuits, {charger.id: charger for charger in chargers})


@asynccontextmanager
async def small_hub(folder: Path, wishes: Wishes | None = None) -> AsyncIterator[SmallHub]:
    """A running hub."""
    hub = SmallHub(folder, wishes or Wishes())
    await hub.start()
    try:
        yield hub
    finally:
        await hub.stop()
