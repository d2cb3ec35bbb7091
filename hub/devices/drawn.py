"""What the drawing says of each station. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hub.model.charger import Charger
from hub.model.ids import GRID, MeterId, StationId
from hub.model.site import Site
from hub.sdk.config import IntegrationConfig

NO_CHARGERS: Mapping[int, Charger] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Drawn:
    """One station as far as its driver is concerned: when this changes, the driver begins anew.

    Names, circuits, limits and priorities are not in it: they change under a driver that goes on.
    """

    outlets: Mapping[int, Charger]  # by connector
    meter: MeterId | None
    settings: IntegrationConfig | None


def drawn(site: Site, settings_of: Callable[[StationId], IntegrationConfig | None]) -> dict[StationId, Drawn]:
    """Every station of a drawing."""
    chargers = by_station(site)
    meters = {meter.station: meter.id for meter in site.meters.values()}
    return {
        station: Drawn(
            {number: driven(charger) for number, charger in chargers.get(station, NO_CHARGERS).items()},
            meters.get(station),
            settings_of(station),
        )
        for station in {**chargers, **meters}
    }


def driven(charger: Charger) -> Charger:
    """A charger without what changes under its driver: which outlet it is, and how it is wired."""
    return Charger(
        charger.id,
        GRID,
        charger.integration,
        charger.station,
        charger.connector,
        phases=charger.phases,
        connection=charger.connection,
    )


def by_station(site: Site) -> Mapping[StationId, Mapping[int, Charger]]:
    """The chargers of each station by connector. Asked for with every message, so it is made once for a drawing."""
    stations: dict[StationId, dict[int, Charger]] = {}
    for charger in site.chargers.values():
        stations.setdefault(charger.station, {})[charger.connector] = charger
    return stations
