"""The site's electrical drawing: a tree of circuits under one grid connection, with chargers and meters on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from hub.model.charger import Charger
from hub.model.ids import GRID, ChargerId, CircuitId, MeterId, StationId
from hub.model.units import PerPhase


@dataclass(frozen=True, slots=True)
class DeltaPrimary:
    """Limits on the primary side of a delta-wye transformer that feeds a circuit."""

    limit_a: PerPhase[float]
    turns: float  # primary turns for one secondary turn


class Device(StrEnum):
    """What protects a circuit: a kind of breaker or fuse. What each bears stands in its standard."""

    B = "B"
    C = "C"
    D = "D"
    GG = "gG"
    SLS_E = "SLS-E"  # the selective main breaker of German meter cabinets
    MCCB = "MCCB"


@dataclass(frozen=True, slots=True)
class Circuit:
    """One node of the drawing. `limit_a` is what may flow continuously on each line; inf where a line has none."""

    id: CircuitId
    parent: CircuitId | None
    limit_a: PerPhase[float]
    name: str = ""
    breaker_a: PerPhase[float] | None = None
    device: Device | None = None  # with `breaker_a` as its rating; None: unknown
    meter: MeterId | None = None
    primary: DeltaPrimary | None = None


@dataclass(frozen=True, slots=True)
class Meter:
    """A meter of the site: which device it is."""

    id: MeterId
    integration: str
    station: StationId
    name: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """The whole drawing. Exactly one circuit has no parent: the grid connection."""

    name: str
    circuits: Mapping[CircuitId, Circuit]
    chargers: Mapping[ChargerId, Charger] = field(default_factory=lambda: MappingProxyType({}))
    meters: Mapping[MeterId, Meter] = field(default_factory=lambda: MappingProxyType({}))
    voltage_v: float = 230.0  # line to neutral

    @property
    def grid(self) -> Circuit:
        """The root of the tree."""
        return self.circuits[GRID]

    def upward(self, circuit: CircuitId) -> Iterator[Circuit]:
        """The circuit itself, its parent, and so on to the grid connection."""
        here: CircuitId | None = circuit
        while here is not None:
            node = self.circuits[here]
            yield node
            here = node.parent

    def below(self, circuit: CircuitId) -> list[Charger]:
        """All chargers that hang on this circuit or on one beneath it."""
        return [c for c in self.chargers.values() if any(up.id == circuit for up in self.upward(c.circuit))]
