"""What is announced at this moment, and which devices that makes: one device often announces several services."""

from __future__ import annotations

from dataclasses import dataclass

from hub.discovery.match import SUREST_FIRST, Announcement
from hub.model.candidate import Address, Candidate
from hub.model.ids import StationId

MOST_SIGHTINGS = 2000


@dataclass(frozen=True, slots=True)
class Sighting:
    """One announced service that fits a manifest."""

    device: tuple[str, str]  # instance label and host name: the same for all services of a device
    names: frozenset[str]  # other names for it in the configuration, without case: serial, address:port, host:port
    candidate: Candidate


class Sightings:
    """Services by full name; candidates by station, the surest sighting of each device first."""

    def __init__(self) -> None:
        self._by_name: dict[str, Sighting] = {}
        self._last: dict[str, Address] = {}  # by station without case: serials are typed off labels

    def seen(self, announced: Announcement, candidate: Candidate) -> bool:
        """Take a new or changed service. False when there are too many already: nobody has 2000 devices."""
        if announced.name not in self._by_name and len(self._by_name) >= MOST_SIGHTINGS:
            return False
        device = (announced.label.casefold(), announced.host.casefold())
        self._by_name[announced.name] = Sighting(device, _names(announced, candidate), candidate)
        for found in self.candidates().values():
            if found.address is not None:
                self._last[found.station.casefold()] = found.address
        if candidate.address is not None:
            self._last.setdefault(candidate.station.casefold(), candidate.address)
        while len(self._last) > 2 * MOST_SIGHTINGS:
            del self._last[next(iter(self._last))]
        return True

    def gone(self, name: str) -> None:
        """The service of this full name said goodbye or ran out."""
        self._by_name.pop(name, None)

    def forget(self) -> None:
        """Nobody listens there any more. Where each device was last seen stays known."""
        self._by_name.clear()

    def candidates(self) -> dict[StationId, Candidate]:
        """Each announced device once, as its surest service describes it."""
        surest = sorted(self._by_name.values(), key=lambda s: SUREST_FIRST.index(s.candidate.confidence))
        devices: dict[tuple[str, str], Candidate] = {}
        stations: dict[StationId, Candidate] = {}
        for sighting in surest:
            if sighting.device not in devices:
                devices[sighting.device] = sighting.candidate
                stations.setdefault(sighting.candidate.station, sighting.candidate)
        return stations

    def names_of(self, station: StationId) -> frozenset[str]:
        """What an announced station may be called in the configuration, in lower case: serial, address, host name."""
        of_it = (s.names for s in self._by_name.values() if s.candidate.station == station)
        return frozenset().union(*of_it)

    def address_of(self, station: StationId) -> Address | None:
        """Where it was announced last, even after its goodbye: it may answer there before it announces itself again."""
        return self._last.get(station.casefold())


def _names(announced: Announcement, candidate: Candidate) -> frozenset[str]:
    names = {candidate.station.casefold()}
    if candidate.address is not None:
        by_host_name = Address(announced.host.rstrip("."), candidate.address.port)
        names |= {str(candidate.address).casefold(), str(by_host_name).casefold()}
    return frozenset(names)
