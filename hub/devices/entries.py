"""What the devices room must run: one entry for each station of the configuration."""

from __future__ import annotations

from dataclasses import dataclass

from hub.model.candidate import Address, Kind
from hub.model.ids import StationId
from hub.sdk.config import IntegrationConfig


@dataclass(frozen=True, slots=True)
class StationEntry:
    """One physical device: its integration, its own settings, and its address where somebody typed one in."""

    station: StationId
    integration: str
    kind: Kind
    config: IntegrationConfig
    address: Address | None = None


def is_same(one: StationId, other: StationId) -> bool:
    """One device under both names: serials are typed off labels, so the case of their letters does not count."""
    return one.casefold() == other.casefold()
