"""The live picture: what the hub knows now. Each kind of state has one writer; everybody else only reads.

`LiveCharger` and `LiveMeter` are written by the devices room (a charger's `session` by the sessions room), wishes,
grants, `LiveCircuit` and `LiveBalancing` by the balancer, and `site` by the drawing in `hub/config`. Plain mutable
objects: a reading comes in a hundred times a second, and copying the whole picture for each was the dearest step of a
prototype.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hub.model.charger import Capability, Status
from hub.model.grant import Grant, Wish
from hub.model.ids import ChargerId, CircuitId, MeterId, StationId
from hub.model.lease import Lease, Leasing
from hub.model.reading import ChargerReading, Fault, Identity, MeterReading
from hub.model.session import LiveSession
from hub.model.site import Site
from hub.model.units import PerPhase, Phase

Lines = PerPhase[float | None]


@dataclass(slots=True)
class LiveCharger:
    """What is known of one charger. `held_at`, `reading_at_s`… in `_s` are monotonic seconds, for ages."""

    id: ChargerId
    station: StationId
    online: bool | None = None  # None: not heard of since the hub started
    status: Status | None = None
    status_since: datetime | None = None
    fault: Fault | None = None
    enabled: bool | None = None
    identity: Identity | None = None
    capabilities: frozenset[Capability] = frozenset()
    reading: ChargerReading | None = None
    reading_at_s: float | None = None
    line_a: Lines | None = None  # measured current on the supply lines, through the wiring
    held_a: float | None = None  # limit that the charger confirmed; None: it has not said
    asked_a: float | None = None  # limit that was sent and is not confirmed yet
    leasing: Leasing | None = None  # whether it can hold leases; None: its driver knows none, or not yet
    lease: Lease | None = None  # the one that came with the limit which it confirmed last
    session: LiveSession | None = None
    heard_at: datetime | None = None


@dataclass(slots=True)
class LiveMeter:
    """What is known of one meter."""

    id: MeterId
    online: bool | None = None
    identity: Identity | None = None
    reading: MeterReading | None = None
    reading_at_s: float | None = None


@dataclass(frozen=True, slots=True)
class Blind:
    """A meter says nothing that can be believed: it is silent since then, or speaks and always says the same."""

    since: datetime
    frozen: bool = False


@dataclass(slots=True)
class LiveCircuit:
    """What the balancer last made of one circuit. Amps per line; None where it cannot know."""

    id: CircuitId
    at: datetime
    current_a: Lines
    headroom_a: Lines
    limit_a: PerPhase[float]
    power_w: float | None
    measured: bool  # by a meter of its own, not summed from what hangs on it
    binding: bool  # it limits at least one charger now
    over: bool = False
    over_since: datetime | None = None
    by_house: tuple[Phase, ...] = ()  # lines that are above the limit without any car
    blind: Blind | None = None  # its meter


@dataclass(frozen=True, slots=True)
class LiveBalancing:
    """Whether the balancer has the whole site before it: after a start it reads first, and raises nothing meanwhile."""

    since: datetime
    waits_for: tuple[ChargerId | MeterId, ...] = ()  # who has to speak before the start is over

    @property
    def starting(self) -> bool:
        """Nothing is raised yet."""
        return bool(self.waits_for)


class PlanState(StrEnum):
    """Whether the site is safe by itself when the hub dies."""

    SET = "set"  # every charger falls back to its share
    PARTLY = "partly"  # some keep their last limit instead, or have not confirmed their share
    NOT_POSSIBLE = "not_possible"  # not all minimums fit: some have no share


@dataclass(frozen=True, slots=True)
class LiveSafePlan:
    """How far the safe plan is in force, with the chargers that stand out."""

    state: PlanState
    chargers: tuple[ChargerId, ...] = ()


@dataclass(slots=True)
class Picture:
    """All of it, by id."""

    site: Site
    chargers: dict[ChargerId, LiveCharger] = field(default_factory=dict)
    meters: dict[MeterId, LiveMeter] = field(default_factory=dict)
    grants: dict[ChargerId, Grant] = field(default_factory=dict)
    wishes: dict[ChargerId, Wish] = field(default_factory=dict)
    circuits: dict[CircuitId, LiveCircuit] = field(default_factory=dict)
    balancing: LiveBalancing | None = None  # None: nothing was decided yet
    safe_plan: LiveSafePlan | None = None
