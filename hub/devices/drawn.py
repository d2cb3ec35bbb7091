"""What the drawing says of each station. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hub.model.charger import Charger
from hub.model.ids import StationId
from hub.model.site import Site
from hub.sdk.config import IntegrationConfig

NO_CHARGERS: Mapping[int, Charger] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Drawn:
    """One station: its chargers by connector, and its own settings."""

    chargers: Mapping[int, Charger]
    settings: IntegrationConfig | None


def by_station(site: Site) -> Mapping[StationId, Mapping[int, Charger]]:
    """The chargers of each station by connector. Asked for with every message, so it is made once for a drawing."""
    stations: dict[StationId, dict[int, Charger]] = {}
    for charger in site.chargers.values():
        stations.setdefault(charger.station, {})[charger.connector] = charger
    return stations
