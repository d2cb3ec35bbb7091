"""Readings: what devices say, each with its time. Every field may be None, which means that it was not said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hub.model.charger import Status
from hub.model.lease import Leasing
from hub.model.units import PerPhase


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargerReading:
    """A charger's measured side at one moment.

    `current_a` and `voltage_v` are per *terminal* of the charger, in the order of its wiring, as the device measures
    them; a device that measures one current only fills the first and leaves the others None.
    """

    at: datetime
    current_a: PerPhase[float | None] | None = None
    voltage_v: PerPhase[float | None] | None = None
    power_w: float | None = None
    energy_wh: float | None = None  # lifetime register, import
    session_wh: float | None = None
    offered_a: float | None = None  # what the control pilot says now
    temperature_c: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault in the field's words (OCPP 1.6 ChargePointErrorCode) with the vendor's own code beside it."""

    code: str
    vendor_code: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargerStatus:
    """A charger's state of operation. `status` None means that the device said something that we do not know."""

    at: datetime
    status: Status | None
    fault: Fault | None = None
    enabled: bool | None = None  # may it energise; None = not said


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterReading:
    """A meter at one moment. Per supply line; import is positive, export negative, currents too."""

    at: datetime
    current_a: PerPhase[float | None] | None = None
    voltage_v: PerPhase[float | None] | None = None
    power_w: PerPhase[float | None] | None = None
    total_w: float | None = None
    import_wh: float | None = None
    export_wh: float | None = None


class Link(StrEnum):
    """Whether the hub and a device can talk."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """The link to a device went up or down, with the reason in words."""

    at: datetime
    link: Link
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What the device says it is."""

    vendor: str | None = None
    model: str | None = None
    serial: str | None = None
    firmware: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitHeld:
    """The limit that a charger holds now, in amps per phase: confirmed by the device, or read from it.

    Raises count as drawn from the moment they are sent; reductions count only when this says so.
    """

    at: datetime
    limit_a: float


ChargerReport = ChargerReading | ChargerStatus | Contact | Identity | LimitHeld | Leasing
MeterReport = MeterReading | Contact | Identity
