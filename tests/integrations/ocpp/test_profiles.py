"""Charging profiles: what goes onto the wire, and what a composite schedule means. Truth tables to check by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.model.charger import Charger
from hub.model.ids import GRID, ChargerId, StationId
from hub.model.units import PHASES, PerPhase, Phase
from hub.wire.ocpp16 import encode, lenient, violations
from integrations.ocpp.profiles import (
    Limit,
    Load,
    ProfileStyle,
    composite_limit,
    held_after,
    phases_in_use,
    set_profile,
    style_from,
    ways,
    with_voltage,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ONE, THREE = Load(), Load(phases=3)


def charger(phases: tuple[Phase, ...] | None = PHASES, min_a: float = 6.0, max_a: float = 32.0) -> Charger:
    return Charger(ChargerId("a"), GRID, "ocpp", StationId("CP1"), 2, phases=phases, min_a=min_a, max_a=max_a)


@pytest.mark.parametrize(
    ("asked_a", "min_a", "max_a", "held_a"),
    [
        (16, 6, 32, 16),
        (6.666, 6, 32, 6.6),  # down, never 6.7
        (10.67, 6, 32, 10.6),
        (6.6, 6, 32, 6.6),  # not 6.5 by binary floating point
        (40, 6, 32, 32),
        (40, 6, 16.25, 16.2),
        (6, 6, 32, 6),
        (5.99, 6, 32, 0),  # never 0 < A < 6
        (7, 8, 32, 0),
        (0, 6, 32, 0),
    ],
)
def test_what_is_held(asked_a: float, min_a: float, max_a: float, held_a: float) -> None:
    assert held_after(asked_a, charger(min_a=min_a, max_a=max_a)) == held_a


@pytest.mark.parametrize(
    ("limit_a", "phases", "unit", "load", "limit", "number_phases"),
    [
        (10.6, PHASES, "A", ONE, 10.6, 3),
        (16, (Phase.L2,), "A", ONE, 16, 1),
        (16, None, "A", ONE, 16, 3),
        (0, PHASES, "A", ONE, 0, 3),
        (16, PHASES, "W", ONE, 3680, 1),  # all of it may end up on one phase
        (16, PHASES, "W", THREE, 11040, 3),
        (18, PHASES, "W", ONE, 4140, 1),
        (10.6, PHASES, "W", Load(3, 231.0), 7345, 3),  # 7345.8 rounded down
        (6, PHASES, "W", Load(1, 215.5), 1293, 1),
        (0, PHASES, "W", THREE, 0, 3),
    ],
)
def test_a_limit_on_the_wire(
    limit_a: float, phases: tuple[Phase, ...] | None, unit: str, load: Load, limit: float, number_phases: int
) -> None:
    request = set_profile(Limit(charger(phases), limit_a, load), ProfileStyle(3, unit), NOW)
    profile = request.cs_charging_profiles
    assert profile is not None
    assert profile.charging_schedule is not None
    assert profile.charging_schedule.charging_schedule_period == [
        lenient.ChargingSchedulePeriod(start_period=0, limit=limit, number_phases=number_phases)
    ]
    assert (request.connector_id, profile.stack_level, profile.charging_profile_purpose) == (2, 3, "TxDefaultProfile")
    assert profile.charging_schedule.start_schedule == "2026-02-28T12:00:00Z"  # begun: nobody waits for it
    assert violations("SetChargingProfile", encode(request)) == []


def test_a_limit_for_one_transaction() -> None:
    profile = set_profile(Limit(charger(), 16, THREE, 77), ProfileStyle(), NOW).cs_charging_profiles
    assert profile is not None
    assert (profile.charging_profile_purpose, profile.transaction_id) == ("TxProfile", 77)
    everyone = set_profile(Limit(charger(), 16, ONE), ProfileStyle(), NOW).cs_charging_profiles
    assert everyone is not None
    assert profile.charging_profile_id != everyone.charging_profile_id


def period(start_s: int, limit: float, **other: int) -> lenient.ChargingSchedulePeriod:
    return lenient.ChargingSchedulePeriod(start_period=start_s, limit=limit, **other)


def answer(
    *periods: lenient.ChargingSchedulePeriod,
    unit: str | None = "A",
    began: datetime | None = NOW,
    schedule_start: datetime | None = None,
    status: str = "Accepted",
) -> lenient.GetCompositeScheduleResponse:
    schedule = lenient.ChargingSchedule(
        charging_rate_unit=unit,
        charging_schedule_period=list(periods),
        start_schedule=None if began is None else began.isoformat(),
    )
    return lenient.GetCompositeScheduleResponse(
        status=status,
        schedule_start=None if schedule_start is None else schedule_start.isoformat(),
        charging_schedule=schedule,
    )


@pytest.mark.parametrize(
    ("said", "load", "amps"),
    [
        (answer(period(0, 16)), ONE, 16),
        (answer(period(0, 16), unit=None), ONE, 16),
        (answer(period(0, 0)), ONE, 0),
        (answer(period(0, 80)), ONE, 32),  # not more than it can
        (answer(period(0, 10), period(30, 16)), ONE, 10),
        (answer(period(0, 10), period(30, 16), began=NOW - timedelta(seconds=40)), ONE, 16),
        (answer(period(30, 16), period(0, 10), began=NOW - timedelta(seconds=40)), ONE, 16),  # in any order
        (answer(period(0, 8), period(86400, 20), began=NOW - timedelta(days=1)), ONE, 20),
        (answer(period(0, 10), period(30, 16), began=NOW + timedelta(hours=2)), ONE, 10),  # its clock is ahead
        (answer(period(0, 10), period(30, 16), began=None), ONE, 10),
        (answer(period(0, 10), period(30, 16), began=None, schedule_start=NOW - timedelta(minutes=1)), ONE, 16),
        (answer(period(0, 3680), unit="W"), ONE, 16),
        (answer(period(0, 11040), unit="W"), THREE, 16),
        (answer(period(0, 11040), unit="W"), ONE, 32),  # a car with one phase could take all of it
        (answer(period(0, -1)), ONE, None),
        (answer(), ONE, None),
        (answer(period(0, 16), status="Rejected"), ONE, None),
        (lenient.GetCompositeScheduleResponse(status="Accepted"), ONE, None),
        (lenient.GetCompositeScheduleResponse(), ONE, None),
    ],
)
def test_what_a_composite_schedule_says_now(
    said: lenient.GetCompositeScheduleResponse, load: Load, amps: float | None
) -> None:
    assert composite_limit(said, charger(), load, NOW) == amps


@pytest.mark.parametrize("load", [ONE, THREE, Load(2, 233.7), Load(3, 207.1)])
def test_watts_never_give_more_amps_than_granted(load: Load) -> None:
    for tenths in range(60, 321):
        assert load.amps(load.watts(tenths / 10)) <= tenths / 10 + 1e-9


@pytest.mark.parametrize(
    ("said", "level", "unit", "style"),
    [
        ({}, None, None, ProfileStyle(0, "A")),  # the reading failed
        ({"ChargeProfileMaxStackLevel": "0"}, None, None, ProfileStyle(0, "A")),
        ({"ChargeProfileMaxStackLevel": "5"}, None, None, ProfileStyle(5, "A")),
        ({"ChargeProfileMaxStackLevel": "999"}, None, None, ProfileStyle(8, "A")),
        ({"ChargeProfileMaxStackLevel": "many"}, None, None, ProfileStyle(0, "A")),
        ({"ChargeProfileMaxStackLevel": "5"}, 2, None, ProfileStyle(2, "A")),  # the owner knows better
        ({"ChargingScheduleAllowedChargingRateUnit": "Power"}, None, None, ProfileStyle(0, "W")),
        ({"ChargingScheduleAllowedChargingRateUnit": "W"}, None, None, ProfileStyle(0, "W")),
        ({"ChargingScheduleAllowedChargingRateUnit": "Current,Power"}, None, None, ProfileStyle(0, "A")),
        ({"ChargingScheduleAllowedChargingRateUnit": "power, current"}, None, None, ProfileStyle(0, "A")),
        ({"ChargingScheduleAllowedChargingRateUnit": "Power"}, None, "A", ProfileStyle(0, "A")),
    ],
)
def test_style(said: dict[str, str], level: int | None, unit: str | None, style: ProfileStyle) -> None:
    assert style_from(said, level, unit) == style


@pytest.mark.parametrize(
    ("style", "any_unit", "any_level", "tries"),
    [
        (ProfileStyle(5, "A"), True, True, [(5, "A"), (5, "W"), (0, "A"), (0, "W")]),
        (ProfileStyle(0, "W"), True, True, [(0, "W"), (0, "A")]),
        (ProfileStyle(5, "A"), False, True, [(5, "A"), (0, "A")]),
        (ProfileStyle(5, "A"), False, False, [(5, "A")]),
    ],
)
def test_ways(style: ProfileStyle, any_unit: bool, any_level: bool, tries: list[tuple[int, str]]) -> None:
    assert ways(style, any_unit=any_unit, any_level=any_level) == [ProfileStyle(*way) for way in tries]


@pytest.mark.parametrize(
    ("current_a", "phases"),
    [
        (PerPhase(16, 16, 16), 3),
        (PerPhase(16, 0.2, 0.1), 1),
        (PerPhase(0.2, 15, 15), 2),
        (PerPhase(16, None, None), 1),  # one transformer only: as little as is safe
        (PerPhase(2.5, 2.5, 2.5), None),  # still ramping
        (PerPhase(None, None, None), None),
        (None, None),
    ],
)
def test_phases_in_use(current_a: PerPhase[float | None] | None, phases: int | None) -> None:
    assert phases_in_use(current_a) == phases


@pytest.mark.parametrize(
    ("before_v", "measured", "after_v"),
    [
        (230, PerPhase(228, 231, 229), 228),
        (228, PerPhase(233, 233, 233), 228),  # the lowest so far
        (230, PerPhase(240, 240, 240), 230),
        (230, PerPhase(227, 0, 12), 227),  # phases that are not there
        (230, PerPhase(None, None, None), 230),
        (230, None, 230),
    ],
)
def test_voltage(before_v: float, measured: PerPhase[float | None] | None, after_v: float) -> None:
    assert with_voltage(Load(3, before_v), measured, 230) == Load(3, after_v)
