"""Chargers: one EVSE each, the unit that charges one car at a time and that limits, topics and signs name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hub.model.ids import ChargerId, CircuitId, StationId
from hub.model.units import Phase


class Status(StrEnum):
    """What a charger is doing: the OCPP 1.6 states (edition 2, section 7.7) in snake case. Unknown is None."""

    AVAILABLE = "available"
    PREPARING = "preparing"
    CHARGING = "charging"
    SUSPENDED_EV = "suspended_ev"
    SUSPENDED_EVSE = "suspended_evse"
    FINISHING = "finishing"
    RESERVED = "reserved"
    UNAVAILABLE = "unavailable"
    FAULTED = "faulted"


WITH_CAR = frozenset({Status.PREPARING, Status.CHARGING, Status.SUSPENDED_EV, Status.SUSPENDED_EVSE})
"""States in which a car is plugged in and may draw when it is offered current."""


class Connection(StrEnum):
    """How a charger is connected: line to neutral (IEC), or between two lines (US 208 V)."""

    LN = "ln"
    LL = "ll"


class Capability(StrEnum):
    """What the hub can ask of a charger; an absent one hides the button."""

    LIMIT = "limit"
    START_STOP = "start_stop"
    RESET = "reset"
    UNLOCK = "unlock"
    LEASE = "lease"  # its limits can end by themselves


@dataclass(frozen=True, slots=True)
class Charger:
    """A charger as drawn: where it hangs, how it is wired, and what it may carry at most."""

    id: ChargerId
    circuit: CircuitId
    integration: str
    station: StationId
    connector: int = 1
    name: str = ""
    phases: tuple[Phase, ...] | None = None  # supply line behind each terminal, in order; None = not known
    connection: Connection = Connection.LN
    min_a: float = 6.0  # IEC 61851-1: below 6 A no charging
    max_a: float = 32.0
    priority: int = 0  # higher is served first
    weight: float = 1.0
    fallback_a: float | None = None  # what it may give while nobody talks to it; None = max_a
    keeps_limit: bool = False  # its owner confirms: without leases it may keep what it has, though that be too much
