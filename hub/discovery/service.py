"""The discovery room: candidates come from the network or dial in, wait to be adopted, and leave the list then."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field

from hub.core.bus import Bus
from hub.core.clock import Clock
from hub.core.orders import Args, Caller, Orders, Result
from hub.core.ports import Drawing
from hub.core.tasks import Tasks
from hub.discovery.answers import Adopted, Devices
from hub.discovery.browser import Browser, Heard
from hub.discovery.config import DiscoveryConfig
from hub.discovery.match import Announcement, match, types_of
from hub.discovery.sightings import Sightings
from hub.model.candidate import Address, Candidate, Confidence, Kind
from hub.model.charger import Charger
from hub.model.errors import EvhubError, Invalid, NotFound
from hub.model.facts import DeviceFound, DeviceLost, DrawingChanged, Fact
from hub.model.ids import CircuitId, StationId
from hub.model.person import DRAW, EVERYBODY
from hub.model.site import Meter
from hub.sdk.manifest import Manifest

log = logging.getLogger(__name__)

MOST_WAITING = 500  # identities that dialled in: anybody can invent some


def _split(said: object) -> object:
    """`L1,L2,L3` as the command line gives it, or a list."""
    return [part.strip() for part in said.split(",")] if isinstance(said, str) else said


class ListArgs(Args):
    """`device.list` takes nothing."""


class AdoptArgs(Args):
    """`device.adopt`: which device, and what to write of it; what is left out gets its default."""

    station: str = Field(coerce_numbers_to_str=True)
    id: str | None = Field(default=None, description="its name in the configuration; else the next free bay or meter")
    name: str | None = None
    connector: int | None = None
    circuit: str | None = Field(default=None, description="where a charger hangs, or what a meter measures")
    phases: Annotated[tuple[str, ...] | None, BeforeValidator(_split)] = Field(default=None, description="L1,L2,L3")
    max_a: float | None = None
    min_a: float | None = None
    priority: int | None = None
    fallback_a: float | None = None
    options: dict[str, str | int | float | bool | None] = Field(default_factory=dict)

    def wishes(self) -> dict[str, object]:
        """What was said, by its key in the configuration. Invalid when an option is an argument of its own."""
        if double := sorted(self.options.keys() & type(self).model_fields.keys()):
            raise Invalid(f"options: {', '.join(double)} is no option of the integration", f"say it as {double[0]}=…")
        said = self.model_dump(exclude={"station", "options"}, exclude_none=True)
        return said | self.options


class Discovery:
    """Finds devices and has them adopted. Answers the ports `Whereabouts`, `Present` and `Newcomers`."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts of a room
        self,
        bus: Bus,
        orders: Orders,
        clock: Clock,
        drawing: Drawing,
        manifests: Mapping[str, Manifest],
        config: DiscoveryConfig,
    ) -> None:
        self._bus, self._orders, self._clock, self._drawing = bus, orders, clock, drawing
        self._manifests = manifests
        self._config = config
        self._tasks = Tasks("discovery")
        self._sightings = Sightings()
        self._waiting: dict[StationId, Candidate] = {}
        self._told: dict[StationId, Candidate] = {}
        self._adopting: set[StationId] = set()
        self._settling = asyncio.Lock()
        self._browser = self._new_browser()

    async def start(self) -> None:
        """Offer the orders, and listen if the configuration says so."""
        self._orders.serve(
            "device.list",
            ListArgs,
            self._list,
            says="devices of the drawing, and found ones that wait",
            may=EVERYBODY,
            reads=True,
            gives=Devices,
        )
        says = "add a found device to the configuration"
        self._orders.serve("device.adopt", AdoptArgs, self._adopt, says=says, may=DRAW, gives=Adopted)
        self._bus.listen("discovery", (DrawingChanged,), self._redrawn)
        if self._config.enabled:
            await self._browser.start()

    async def stop(self) -> None:
        """Stop listening."""
        await self._tasks.close()
        await self._browser.stop()

    def _new_browser(self) -> Browser:
        types = types_of(self._manifests.values())
        return Browser(types, self._config.interfaces, Heard(self._seen, self._gone))

    async def _listen_anew(self) -> None:
        """What was announced elsewhere is forgotten; what is announced here too comes again at once."""
        async with self._settling:
            await self._browser.stop()
            self._sightings.forget()
            self._tell()
            self._browser = self._new_browser()
            if self._config.enabled:
                await self._browser.start()

    @property
    def candidates(self) -> list[Candidate]:
        """The devices that wait to be adopted, by station."""
        return [candidate for _, candidate in sorted(self._listed().items())]

    def address_of(self, station: StationId) -> Address | None:
        """Answers the port `Whereabouts`: where the station was last announced."""
        return self._sightings.address_of(station)

    def here(self, station: StationId) -> Candidate | None:
        """Answers the port `Present`: the device of this name; serials are typed off labels, in whatever case."""
        present = self._present()
        by_any_case = {known.casefold(): candidate for known, candidate in present.items()}
        return present.get(station) or by_any_case.get(station.casefold())

    def take(self, config: DiscoveryConfig) -> None:
        """Other settings from now on: listen elsewhere, or no more."""
        if config != self._config:
            self._config = config
            self._tasks.once("settings", self._listen_anew())

    def dialled_in(self, candidate: Candidate, *, adopt: bool) -> None:
        """Answers the port `Newcomers`: a device is here and waits, or comes into the drawing at once."""
        if candidate.station not in self._waiting and len(self._waiting) >= MOST_WAITING:
            log.warning("%s dialled in, but %d devices wait already; it is ignored", candidate.station, MOST_WAITING)
            return
        self._waiting[candidate.station] = candidate
        self._tell()
        if adopt and candidate.station not in self._adopting:
            self._adopting.add(candidate.station)
            self._tasks.once(f"adopt {candidate.station}", self._adopt_at_once(candidate))

    def left(self, station: StationId) -> None:
        """Answers the port `Newcomers`: a device that had dialled in has gone."""
        if self._waiting.pop(station, None) is not None:
            self._tell()

    # what is heard

    def _seen(self, announced: Announcement) -> None:
        candidate = match(announced, self._manifests.values(), self._clock.now())
        if candidate is None:
            self._sightings.gone(announced.name)  # it may have fitted before
        elif not self._sightings.seen(announced, candidate):
            log.debug("too many devices are announced; %s is ignored", announced.name)
        self._tell()

    def _gone(self, name: str) -> None:
        self._sightings.gone(name)
        self._tell()

    async def _redrawn(self, fact: Fact) -> None:
        self._tell()

    def _tell(self) -> None:
        """Publish what changed in the list since it was last told. Adopted devices leave it without a word."""
        listed = self._listed()
        for station, candidate in listed.items():
            if _said(self._told.get(station)) != _said(candidate):
                self._bus.publish(DeviceFound(at=self._clock.now(), candidate=candidate))
        present = self._present()
        for station in self._told.keys() - present.keys():
            lost = self._told[station]
            self._bus.publish(DeviceLost(at=self._clock.now(), integration=lost.integration, station=station))
        self._told = listed

    def _present(self) -> dict[StationId, Candidate]:
        """Every device that is here, adopted or not; one that speaks to us is surer than one that is announced."""
        return self._sightings.candidates() | self._waiting

    def _listed(self) -> dict[StationId, Candidate]:
        return {station: found for station, found in self._present().items() if not self._is_in(found)}

    def _is_in(self, found: Candidate) -> bool:
        """True when nothing of the device is left to adopt."""
        names = self._sightings.names_of(found.station)
        if any(station != found.station and station.casefold() in names for station in self._drawn_stations()):
            return True
        if found.kind is Kind.METER or found.connectors is None:
            return self._drawing.knows(found.station)
        return all(self._drawing.knows(found.station, n) for n in range(1, found.connectors + 1))

    def _drawn_stations(self) -> Iterator[StationId]:
        yield from (charger.station for charger in self._drawing.site.chargers.values())
        yield from (meter.station for meter in self._drawing.site.meters.values())

    # adoption

    async def _adopt_at_once(self, candidate: Candidate) -> None:
        """Every outlet that is not in the drawing yet. What cannot be adopted stays listed, with a word in the log."""
        try:
            for wishes in self._outlets(candidate):
                await self._drawing.adopt(candidate, wishes)
        except EvhubError as refused:
            log.warning("%s is not adopted: %s; %s", candidate.station, refused.message, refused.next)
        finally:
            self._adopting.discard(candidate.station)

    def _outlets(self, candidate: Candidate) -> Iterable[dict[str, object]]:
        if candidate.kind is Kind.METER or candidate.connectors is None:
            return () if self._drawing.knows(candidate.station) else ({},)
        every = range(1, candidate.connectors + 1)
        return [{"connector": n} for n in every if not self._drawing.knows(candidate.station, n)]

    async def _list(self, args: ListArgs, caller: Caller) -> Result:
        site = self._drawing.site
        measures = {circuit.meter: circuit.id for circuit in site.circuits.values()}
        drawn = [_as_drawn(charger, charger.circuit) for charger in site.chargers.values()]
        drawn += [_as_drawn(meter, measures.get(meter.id)) for meter in site.meters.values()]
        return {"devices": drawn, "candidates": [as_json(candidate) for candidate in self.candidates]}

    async def _adopt(self, args: AdoptArgs, caller: Caller) -> Result:
        candidate = self._find(StationId(args.station))
        given = await self._drawing.adopt(candidate, args.wishes())
        return {"kind": candidate.kind.value, "id": str(given), "station": candidate.station}

    def _find(self, station: StationId) -> Candidate:
        """The device to adopt: one that is here, or one of the drawing that has further outlets."""
        found = self.here(station) or self._drawn(station)
        if found is None:
            waiting = ", ".join(candidate.station for candidate in self.candidates)
            said = f"these are here: {waiting}" if waiting else "none is here now; look at its power and its network"
            raise NotFound(f"no device '{station}' was found", said)
        return found

    def _drawn(self, station: StationId) -> Candidate | None:
        integration = next((c.integration for c in self._drawing.site.chargers.values() if c.station == station), None)
        if integration is None:
            return None
        return Candidate(
            integration=integration,
            kind=Kind.CHARGER,
            station=station,
            address=self.address_of(station),
            confidence=Confidence.SURE,
            seen_at=self._clock.now(),
            source="drawing",
        )


def as_json(candidate: Candidate) -> dict[str, object]:
    """A candidate as `device.list` and `evhub discover --json` show it."""
    address = candidate.address
    return {
        "integration": candidate.integration,
        "kind": candidate.kind.value,
        "station": candidate.station,
        "address": None if address is None else {"host": address.host, "port": address.port},
        "confidence": candidate.confidence.value,
        "model": candidate.model,
        "connectors": candidate.connectors,
        "source": candidate.source,
        "seen_at": candidate.seen_at.isoformat(),
    }


def _as_drawn(device: Charger | Meter, circuit: CircuitId | None) -> dict[str, object]:
    """A device of the drawing as `device.list` shows it, and where it hangs or what it measures."""
    return {
        "kind": (Kind.CHARGER if isinstance(device, Charger) else Kind.METER).value,
        "id": device.id,
        "name": device.name or device.id,
        "station": device.station,
        "integration": device.integration,
        "circuit": circuit,
    }


def _said(candidate: Candidate | None) -> tuple[object, ...] | None:
    """What makes a candidate worth telling again; the time at which it was seen does not."""
    if candidate is None:
        return None
    return (candidate.integration, candidate.kind, candidate.address, candidate.confidence, candidate.connectors)
