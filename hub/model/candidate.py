"""Candidates: devices that were found but are not in the configuration yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hub.model.ids import StationId


class Kind(StrEnum):
    """What a device is for."""

    CHARGER = "charger"
    METER = "meter"


class Confidence(StrEnum):
    """How sure the hub is that this is what it looks like."""

    SURE = "sure"  # it spoke the protocol, or announced its own service type and serial
    LIKELY = "likely"  # its name or its type fits
    GUESS = "guess"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a device answers. The port counts: several devices may share a host."""

    host: str
    port: int

    def __str__(self) -> str:
        """host:port, with brackets around an IPv6 address."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One found device. `station` (serial or OCPP identity) is its identity; its address may change."""

    integration: str
    kind: Kind
    station: StationId
    address: Address | None
    confidence: Confidence
    seen_at: datetime
    model: str | None = None
    source: str = ""  # "zeroconf", "dialled in"
    connectors: int | None = None  # outlets, where the device says so
