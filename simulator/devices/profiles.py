"""What an OCPP 1.6 charger makes of its charging profiles: pure arithmetic, no clock (OCPP 1.6, section 3.13)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LEAST_A = 6.0  # IEC 61851-1: less than this is a pause
RECURRENCES = {"Daily": timedelta(days=1), "Weekly": timedelta(weeks=1)}


class Purpose(StrEnum):
    """What a profile is for."""

    STATION = "ChargePointMaxProfile"
    DEFAULT = "TxDefaultProfile"
    TRANSACTION = "TxProfile"


@dataclass(frozen=True, slots=True)
class Period:
    """From `start_s` after the schedule's start on: a limit in the schedule's unit, and its number of phases."""

    start_s: float
    limit: float
    phases: int | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """A row of periods. `unit` is "A" (on each phase) or "W" (in total)."""

    unit: str
    periods: tuple[Period, ...]
    start: datetime | None = None
    duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """One installed profile; `connector` 0 is the whole station."""

    id: int
    connector: int
    stack: int
    purpose: Purpose
    kind: str  # Absolute, Relative, Recurring
    schedule: Schedule
    recurrency: str | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    transaction: int | None = None

    def matches(self, wanted: Filter) -> bool:
        """ClearChargingProfile means this one. An id, where given, decides alone."""
        if wanted.id is not None:
            return self.id == wanted.id
        return (
            wanted.connector in (None, self.connector)
            and wanted.purpose in (None, self.purpose)
            and wanted.stack in (None, self.stack)
        )


@dataclass(frozen=True, slots=True)
class Filter:
    """The arguments of ClearChargingProfile; None matches everything."""

    id: int | None = None
    connector: int | None = None
    purpose: str | None = None
    stack: int | None = None


@dataclass(frozen=True, slots=True)
class Wiring:
    """What turns watts into amps, and bounds both."""

    phases: int = 3
    volts: float = 230.0
    max_a: float = 32.0


@dataclass(frozen=True, slots=True)
class Moment:
    """When is asked: now, and since when the connector's transaction runs (None: no transaction)."""

    now: datetime
    charging_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a composite schedule: from `start_s` on, so many amps on each phase."""

    start_s: float
    amps: float


def install(profiles: Iterable[Profile], new: Profile) -> tuple[Profile, ...]:
    """The profiles with `new`; it replaces its own id, and its own place (connector, purpose, stack level)."""

    def replaced(old: Profile) -> bool:
        same_place = (old.connector, old.purpose, old.stack) == (new.connector, new.purpose, new.stack)
        return old.id == new.id or same_place

    return (*(old for old in profiles if not replaced(old)), new)


def without(profiles: Iterable[Profile], wanted: Filter) -> tuple[Profile, ...]:
    """The profiles that ClearChargingProfile leaves."""
    return tuple(profile for profile in profiles if not profile.matches(wanted))


def connector_limit_a(profiles: Iterable[Profile], connector: int, moment: Moment, wiring: Wiring) -> float:
    """Amps that a connector may offer: its TxProfile, else its TxDefault, else the one on 0, else its maximum.

    Less than 6 A is 0. The station's own maximum is apart: `station_limit_a`.
    """
    mine = [p for p in profiles if p.connector in (0, connector)]
    running = [p for p in mine if p.purpose is Purpose.TRANSACTION]
    own = [p for p in mine if p.purpose is Purpose.DEFAULT and p.connector == connector]
    common = [p for p in mine if p.purpose is Purpose.DEFAULT and p.connector == 0]
    for candidates in (running if moment.charging_since else [], own, common):
        amps = prevailing_a(candidates, moment, wiring)
        if amps is not None:
            return offerable_a(min(amps, wiring.max_a))
    return wiring.max_a


def station_limit_a(profiles: Iterable[Profile], moment: Moment, wiring: Wiring) -> float:
    """Amps on each phase for the sum of all connectors; infinite without a ChargePointMaxProfile."""
    amps = prevailing_a([p for p in profiles if p.purpose is Purpose.STATION], moment, wiring)
    return math.inf if amps is None else amps


def share_a(limit_a: float, wants_a: list[float]) -> list[float]:
    """Fit what the connectors want under the station's limit: equal shares, in order, nobody below 6 A."""
    given = [0.0] * len(wants_a)
    eager = [n for n, amps in enumerate(wants_a) if amps > 0]
    if math.isinf(limit_a) or not eager:
        return list(wants_a)
    eager = eager[: int(limit_a / LEAST_A + 1e-9)]
    for place, n in enumerate(sorted(eager, key=lambda n: wants_a[n])):
        share = (limit_a - sum(given)) / (len(eager) - place)
        given[n] = offerable_a(min(wants_a[n], share))
    return given


def composite(
    profiles: Iterable[Profile], connector: int, moment: Moment, duration_s: float, wiring: Wiring
) -> tuple[Span, ...]:
    """What will be offered over the next seconds, as GetCompositeSchedule wants it; equal neighbours are one."""
    kept = tuple(profiles)
    spans: list[Span] = []
    for offset_s in sorted({0.0, *_changes(kept, moment, duration_s)}):
        then = Moment(moment.now + timedelta(seconds=offset_s), moment.charging_since)
        own = connector_limit_a(kept, connector, then, wiring) if connector else math.inf
        amps = min(own, station_limit_a(kept, then, wiring), wiring.max_a)
        if not spans or spans[-1].amps != amps:
            spans.append(Span(offset_s, amps))
    return tuple(spans)


def prevailing_a(candidates: Iterable[Profile], moment: Moment, wiring: Wiring) -> float | None:
    """The limit of the highest stack level that says something now; None if none does."""
    for profile in sorted(candidates, key=lambda p: p.stack, reverse=True):
        period = active_period(profile, moment)
        if period is not None:
            return amps_of(period, profile.schedule.unit, wiring)
    return None


def active_period(profile: Profile, moment: Moment) -> Period | None:
    """The period of a profile that holds now; None outside its validity, its duration or before its start."""
    now = moment.now
    if profile.valid_from is not None and now < profile.valid_from:
        return None
    if profile.valid_to is not None and now >= profile.valid_to:
        return None
    elapsed_s = _elapsed_s(profile, moment)
    duration_s = profile.schedule.duration_s
    if duration_s is not None and elapsed_s >= duration_s:
        return None
    return next((p for p in reversed(profile.schedule.periods) if p.start_s <= elapsed_s), None)


def amps_of(period: Period, unit: str, wiring: Wiring) -> float:
    """A period's limit in amps on each phase, rounded down to 0.1. Watts are the total over numberPhases."""
    if unit == "A":
        return _floor(period.limit)
    phases = min(period.phases or 3, wiring.phases)
    return _floor(period.limit / (wiring.volts * phases))


def offerable_a(amps: float) -> float:
    """What the pilot can say: one decimal, rounded down, and 0 for less than 6."""
    return _floor(amps) if amps >= LEAST_A else 0.0


def _floor(amps: float) -> float:
    return math.floor(amps * 10 + 1e-6) / 10


def _elapsed_s(profile: Profile, moment: Moment) -> float:
    """Seconds since the schedule began. What is relative to a charge that has not begun begins now."""
    start = profile.schedule.start
    if profile.kind == "Relative" or start is None:
        return (moment.now - (moment.charging_since or moment.now)).total_seconds()
    elapsed = moment.now - start
    every = RECURRENCES.get(profile.recurrency or "")
    if profile.kind == "Recurring" and every is not None and elapsed >= timedelta(0):
        elapsed %= every
    return elapsed.total_seconds()


def _changes(profiles: Iterable[Profile], moment: Moment, duration_s: float) -> Iterable[float]:
    """Offsets inside the window at which some profile may change what it says."""
    for profile in profiles:
        offsets = [(edge - moment.now).total_seconds() for edge in (profile.valid_from, profile.valid_to) if edge]
        elapsed_s = _elapsed_s(profile, moment)
        edges = [period.start_s for period in profile.schedule.periods]
        edges += [profile.schedule.duration_s] if profile.schedule.duration_s is not None else []
        offsets += [edge - elapsed_s + again for edge in edges for again in _repeats(profile, duration_s)]
        yield from (offset for offset in offsets if 0 < offset < duration_s)


def _repeats(profile: Profile, duration_s: float) -> list[float]:
    every = RECURRENCES.get(profile.recurrency or "") if profile.kind == "Recurring" else None
    if every is None:
        return [0.0]
    return [n * every.total_seconds() for n in range(int(duration_s / every.total_seconds()) + 2)]
