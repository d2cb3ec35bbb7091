"""Leases: limits that end by themselves, so that a charger whose hub is gone gives no more than its fuses can bear."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Lease:
    """Until when a limit holds unless the charger is told again, and what it may give from then on by itself."""

    until: datetime
    floor_a: float  # amps per phase; 0, or at least the charger's minimum


@dataclass(frozen=True, slots=True, kw_only=True)
class Leasing:
    """Whether an outlet can hold leases, as its driver finds out: for so long each, or not, with the reason."""

    at: datetime
    lease_s: float | None  # how long a lease above the floor may be; those below it are longer
    why: str = ""
