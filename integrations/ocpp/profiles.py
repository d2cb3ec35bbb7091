"""Charging profiles (OCPP 1.6 section 3.13): limits in amps or watts out, composite schedules in. Pure.

In watts a limit is the total over the phases that the car uses, which nobody knows before it draws: see `Load`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hub.sdk import Charger, PerPhase, floor_to
from hub.wire.ocpp16 import format_time, lenient, parse_time

HIGHEST_STACK_LEVEL = 8  # above a charger's own floor; some store profiles by level and take no high ones
OTHER_UNIT = {"A": "W", "W": "A"}
FLOOR_ID, DEFAULT_ID, TRANSACTION_ID = 900, 1000, 2000  # profile ids of ours, plus the connector
BEGUN = timedelta(minutes=1)  # a lease began so long ago: a clock that runs a little behind does not wait for it
DRAWS_A = 1.0  # a phase that carries more is in use
TELLING_A = 3.0  # below this on the fullest phase the car may be ramping: nothing is learnt


@dataclass(frozen=True, slots=True)
class ProfileStyle:
    """How a station wants its charging profiles."""

    stack_level: int = 0
    unit: str = "A"


@dataclass(frozen=True, slots=True)
class Load:
    """What an amp on each phase is in watts at one outlet.

    `phases` is what the car is known to use: 1 until it is measured, because all of a limit in watts may end up on one
    phase, and no phase may ever carry more than was granted. `voltage_v` is the lowest that was measured.
    """

    phases: int = 1
    voltage_v: float = 230.0

    def watts(self, limit_a: float) -> float:
        """The total for so many amps on each phase, rounded down to whole watts."""
        return floor_to(limit_a * self.voltage_v * self.phases, 1.0)

    def amps(self, limit_w: float) -> float:
        """The most that a total may become on one phase."""
        return limit_w / self.voltage_v / self.phases


@dataclass(frozen=True, slots=True)
class Limit:
    """What one outlet is to be told. With a `transaction` it holds for that one only, else for every one.

    With `until` it is a lease: it ends by itself.
    """

    charger: Charger
    limit_a: float
    load: Load = Load()
    transaction: int | None = None
    until: datetime | None = None

    def at(self, limit_a: float) -> Limit:
        """The same of other amps."""
        return replace(self, limit_a=limit_a)


def held_after(limit_a: float, charger: Charger) -> float:
    """Amps that a charger holds after being told `limit_a`: one decimal, rounded down; 0 when below its minimum."""
    limit_a = floor_to(min(limit_a, charger.max_a), 0.1)
    return limit_a if limit_a >= charger.min_a else 0.0


def set_profile(limit: Limit, style: ProfileStyle, now: datetime) -> lenient.SetChargingProfile:
    """A profile that holds the connector at a limit until told otherwise, or as long as its lease lasts.

    Its schedule began in the past, so that a charger whose clock runs behind does not wait for it. The end of a lease
    is said twice, as there are models that know only one of the two.
    """
    charger, for_one, until = limit.charger, limit.transaction is not None, limit.until
    began = now - (timedelta(days=1) if until is None else BEGUN)
    profile = lenient.ChargingProfile(
        charging_profile_id=(TRANSACTION_ID if for_one else DEFAULT_ID) + charger.connector,
        transaction_id=limit.transaction,
        stack_level=style.stack_level,
        charging_profile_purpose="TxProfile" if for_one else "TxDefaultProfile",
        charging_profile_kind="Absolute",
        valid_to=None if until is None else format_time(until),
        charging_schedule=lenient.ChargingSchedule(
            charging_rate_unit=style.unit,
            charging_schedule_period=[_period(limit, style.unit)],
            start_schedule=format_time(began),
            duration=None if until is None else max(1, int((until - began).total_seconds())),
        ),
    )
    return lenient.SetChargingProfile(connector_id=charger.connector, cs_charging_profiles=profile)


def floor_profile(connector: int, floor: Limit, unit: str, now: datetime) -> lenient.SetChargingProfile:
    """A default profile at the lowest level, without an end, for what an outlet may give while it has no lease."""
    profile = lenient.ChargingProfile(
        charging_profile_id=FLOOR_ID + connector,
        stack_level=0,
        charging_profile_purpose="TxDefaultProfile",
        charging_profile_kind="Absolute",
        charging_schedule=lenient.ChargingSchedule(
            charging_rate_unit=unit,
            charging_schedule_period=[_period(floor, unit)],
            start_schedule=format_time(now - timedelta(days=1)),
        ),
    )
    return lenient.SetChargingProfile(connector_id=connector, cs_charging_profiles=profile)


def _period(limit: Limit, unit: str) -> lenient.ChargingSchedulePeriod:
    """In amps with the phases that are wired, in watts with those that the number counts."""
    if unit == "A":
        wired = len(limit.charger.phases or (1, 2, 3))
        return lenient.ChargingSchedulePeriod(start_period=0, limit=limit.limit_a, number_phases=wired)
    watts = limit.load.watts(limit.limit_a)
    return lenient.ChargingSchedulePeriod(start_period=0, limit=watts, number_phases=limit.load.phases)


def composite_limit(
    answer: lenient.GetCompositeScheduleResponse, charger: Charger, load: Load, now: datetime
) -> float | None:
    """Amps that GetCompositeSchedule.conf says for this moment; None when it says nothing usable."""
    schedule = answer.charging_schedule
    if answer.status != "Accepted" or schedule is None:
        return None
    began = parse_time(schedule.start_schedule) or parse_time(answer.schedule_start)
    elapsed_s = 0.0 if began is None else (now - began).total_seconds()
    period = _holding(schedule.charging_schedule_period or (), elapsed_s)
    if period is None or period.limit is None or period.limit < 0:
        return None
    amps = load.amps(period.limit) if schedule.charging_rate_unit == "W" else period.limit
    return round(min(amps, charger.max_a), 3)


def _holding(
    periods: Sequence[lenient.ChargingSchedulePeriod], elapsed_s: float
) -> lenient.ChargingSchedulePeriod | None:
    """The period that holds so long after the start; the first, where the charger's clock is ahead of ours."""
    in_order = sorted(periods, key=lambda period: period.start_period or 0)
    begun = [period for period in in_order if (period.start_period or 0) <= elapsed_s]
    return begun[-1] if begun else in_order[0] if in_order else None


def style_from(said: dict[str, str], stack_level: int | None, unit: str | None) -> ProfileStyle:
    """How to write profiles, from the station's own configuration keys; the owner's settings win."""
    most = said.get("ChargeProfileMaxStackLevel", "").strip()
    level = min(int(most), HIGHEST_STACK_LEVEL) if most.isdecimal() else 0
    units = {u.strip().casefold() for u in said.get("ChargingScheduleAllowedChargingRateUnit", "Current").split(",")}
    watts_only = bool(units & {"power", "w"}) and not units & {"current", "a"}
    return ProfileStyle(
        stack_level=level if stack_level is None else stack_level, unit=unit or ("W" if watts_only else "A")
    )


def ways(style: ProfileStyle, *, any_unit: bool, any_level: bool) -> list[ProfileStyle]:
    """How to say it, in the order to try: as the station says it likes it, in the other unit, at stack level 0."""
    units = [style.unit, OTHER_UNIT[style.unit]] if any_unit else [style.unit]
    levels = [style.stack_level, 0] if any_level and style.stack_level else [style.stack_level]
    return [ProfileStyle(level, unit) for level in levels for unit in units]


def phases_in_use(current_a: PerPhase[float | None] | None) -> int | None:
    """How many phases the car draws from; None while it draws too little to tell."""
    drawn_a = [a for a in current_a or () if a is not None]
    if max(drawn_a, default=0.0) < TELLING_A:
        return None
    return sum(a > DRAWS_A for a in drawn_a)


def with_voltage(load: Load, voltage_v: PerPhase[float | None] | None, nominal_v: float) -> Load:
    """The load with the lowest voltage so far; what is no supply voltage (a phase that is missing) is passed over."""
    usable = [v for v in voltage_v or () if v is not None and 0.8 * nominal_v < v < 1.2 * nominal_v]
    lowest = min(usable, default=None)
    if lowest is None or lowest == load.voltage_v:
        return load
    return replace(load, voltage_v=min(lowest, load.voltage_v))
