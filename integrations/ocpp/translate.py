"""Between OCPP 1.6's words and the hub's: statuses, sampled values, charging profiles. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.sdk import Charger, ChargerReading, ChargerStatus, Fault, PerPhase, Status, floor_to
from hub.wire.ocpp16 import format_time, lenient, parse_time

STATUSES = {
    "Available": Status.AVAILABLE,
    "Preparing": Status.PREPARING,
    "Charging": Status.CHARGING,
    "SuspendedEV": Status.SUSPENDED_EV,
    "SuspendedEVSE": Status.SUSPENDED_EVSE,
    "Finishing": Status.FINISHING,
    "Reserved": Status.RESERVED,
    "Unavailable": Status.UNAVAILABLE,
    "Faulted": Status.FAULTED,
    "Occupied": Status.PREPARING,  # OCPP 1.5's word, still sent by some
}
HIGHEST_STACK_LEVEL = 8  # above a charger's own floor; some store profiles by level and take no high ones
NO_FAULT = (None, "", "NoError")
SAMPLED = "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,Current.Offered"
"""The measurands that the hub asks for; a charger that refuses the list keeps its own."""


def status_of(message: lenient.StatusNotification, now: datetime) -> ChargerStatus:
    """StatusNotification.req (OCPP 1.6 section 4.9). A word that we do not know gives status None."""
    fault = None
    if message.error_code not in NO_FAULT or message.status == "Faulted":
        fault = Fault(code=message.error_code or "OtherError", vendor_code=message.vendor_error_code, text=message.info)
    return ChargerStatus(at=now, status=STATUSES.get(message.status or ""), fault=fault)


def moment_of(text: str | None, now: datetime) -> datetime:
    """A device's time, or ours where its clock cannot be meant: unreadable, before 2020, or more than a day ahead."""
    at = None if text is None else parse_time(text)
    if at is None or at.year < 2020 or at > now + timedelta(days=1):
        return now
    return at


PLACES = {"L1": 0, "L2": 1, "L3": 2, "L1-N": 0, "L2-N": 1, "L3-N": 2}
KILO = {"kW": 1000.0, "kWh": 1000.0}
REGISTER = "Energy.Active.Import.Register"
PASSED_OVER = frozenset({"Transaction.Begin", "Interruption.Begin", "Interruption.End"})
TOTAL = 3
"""Place of a value that names no phase."""

Sample = dict[tuple[str, int], float]
"""What one MeterValue says: (measurand, place 0-2 for a phase or TOTAL) -> number in A, V, W or Wh."""


def reading_of(values: Iterable[lenient.MeterValue], now: datetime) -> ChargerReading | None:
    """The newest sample of a MeterValues.req as one reading (OCPP 1.6 sections 4.7 and 7.31); None when it has none.

    A sampled value without a measurand is the energy register, one without a unit is in Wh, W, A or V; values of
    another location than the outlet, of a pair of phases or of N are passed over, and so are numbers that are none.
    """
    dated = [(moment_of(value.timestamp, now), value.sampled_value) for value in values if value.sampled_value]
    if not dated:
        return None
    at, sampled_values = max(dated, key=lambda pair: pair[0])
    sample: Sample = {}
    for sampled in sampled_values or ():
        _take(sample, sampled)
    return _reading(sample, at) if sample else None


def _take(sample: Sample, sampled: lenient.SampledValue) -> None:
    number = _number(sampled)
    place = TOTAL if sampled.phase is None else PLACES.get(sampled.phase)
    elsewhere = sampled.location not in (None, "Outlet", "Cable")
    if number is not None and place is not None and not elsewhere and sampled.context not in PASSED_OVER:
        sample[(sampled.measurand or REGISTER, place)] = number


def _number(sampled: lenient.SampledValue) -> float | None:
    if sampled.format == "SignedData" or sampled.value is None:
        return None
    try:
        number = float(sampled.value)
    except ValueError:
        return None
    return number * KILO.get(sampled.unit or "", 1.0) if abs(number) < 1e12 else None


def _reading(sample: Sample, at: datetime) -> ChargerReading:
    return ChargerReading(
        at=at,
        current_a=_terminals(sample, "Current.Import"),
        voltage_v=_terminals(sample, "Voltage"),
        power_w=_total(sample, "Power.Active.Import"),
        energy_wh=_total(sample, REGISTER),
        offered_a=sample.get(("Current.Offered", TOTAL)),
        temperature_c=sample.get(("Temperature", TOTAL)),
    )


def _terminals(sample: Sample, measurand: str) -> PerPhase[float | None] | None:
    by_phase = PerPhase(*(sample.get((measurand, place)) for place in range(TOTAL)))
    if any(value is not None for value in by_phase):
        return by_phase
    only = sample.get((measurand, TOTAL))
    return None if only is None else PerPhase(only, None, None)


def _total(sample: Sample, measurand: str) -> float | None:
    if (measurand, TOTAL) in sample:
        return sample[(measurand, TOTAL)]
    phases = [sample[key] for place in range(TOTAL) if (key := (measurand, place)) in sample]
    return sum(phases) if phases else None


@dataclass(frozen=True, slots=True)
class ProfileStyle:
    """How this station wants its charging profiles."""

    stack_level: int = 0
    unit: str = "A"
    voltage_v: float = 230.0


def held_after(limit_a: float, charger: Charger) -> float:
    """Amps that a charger holds after being told `limit_a`: one decimal, rounded down; 0 when below its minimum."""
    limit_a = floor_to(min(limit_a, charger.max_a), 0.1)
    return limit_a if limit_a >= charger.min_a else 0.0


def limit_profile(charger: Charger, limit_a: float, style: ProfileStyle, now: datetime) -> lenient.SetChargingProfile:
    """A TxDefaultProfile that holds the connector at `limit_a` until told otherwise (OCPP 1.6 section 3.13).

    Its schedule began in the past, so that a charger whose clock runs behind does not wait for it. In watts the number
    is the total over the phases that the charger may use.
    """
    phases = len(charger.phases or (1, 2, 3))
    limit = limit_a if style.unit == "A" else floor_to(limit_a * style.voltage_v * phases, 0.1)
    period = lenient.ChargingSchedulePeriod(start_period=0, limit=limit, number_phases=phases)
    began = now - timedelta(days=1)
    schedule = lenient.ChargingSchedule(
        charging_rate_unit="A" if style.unit == "A" else "W",
        charging_schedule_period=[period],
        start_schedule=format_time(began),
    )
    profile = lenient.ChargingProfile(
        charging_profile_id=1000 + charger.connector,
        stack_level=style.stack_level,
        charging_profile_purpose="TxDefaultProfile",
        charging_profile_kind="Absolute",
        charging_schedule=schedule,
    )
    return lenient.SetChargingProfile(connector_id=charger.connector, cs_charging_profiles=profile)


def composite_limit(answer: lenient.GetCompositeScheduleResponse, charger: Charger, voltage_v: float) -> float | None:
    """Amps that GetCompositeSchedule.conf says for this moment; None when it says nothing usable."""
    schedule = answer.charging_schedule
    if answer.status != "Accepted" or schedule is None or not schedule.charging_schedule_period:
        return None
    limit = schedule.charging_schedule_period[0].limit
    if limit is None or limit < 0:
        return None
    if schedule.charging_rate_unit == "W":
        phases = schedule.charging_schedule_period[0].number_phases or len(charger.phases or (1,))
        limit = limit / voltage_v / phases
    return float(min(limit, charger.max_a))


def style_from(said: dict[str, str], stack_level: int | None, unit: str | None) -> ProfileStyle:
    """How to write profiles, from the station's own configuration keys; the owner's settings win."""
    most = said.get("ChargeProfileMaxStackLevel", "")
    level = min(int(most), HIGHEST_STACK_LEVEL) if most.isdecimal() else 0
    units = {u.strip() for u in said.get("ChargingScheduleAllowedChargingRateUnit", "Current").split(",")}
    watts_only = bool(units & {"Power", "W"}) and not units & {"Current", "A"}
    return ProfileStyle(
        stack_level=level if stack_level is None else stack_level, unit=unit or ("W" if watts_only else "A")
    )


def in_unit(style: ProfileStyle, unit: str) -> ProfileStyle:
    """The same style in another unit ("A" or "W")."""
    return ProfileStyle(stack_level=style.stack_level, unit=unit, voltage_v=style.voltage_v)
