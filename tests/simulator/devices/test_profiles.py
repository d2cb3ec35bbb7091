"""The arithmetic of OCPP 1.6 charging profiles, as tables that can be checked by hand."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from simulator.devices.profiles import (
    Filter,
    Moment,
    Period,
    Profile,
    Purpose,
    Schedule,
    Span,
    Wiring,
    composite,
    connector_limit_a,
    install,
    share_a,
    station_limit_a,
    without,
)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SINCE = NOON - timedelta(minutes=10)
CHARGING = Moment(NOON, SINCE)
WIRING = Wiring(phases=3, volts=230, max_a=32)
NUMBERS = count(100)
MAX, DEFAULT, TX = Purpose.STATION, Purpose.DEFAULT, Purpose.TRANSACTION


def profile(
    purpose: Purpose, limit: float, *, connector: int = 1, stack: int = 0, id: int | None = None, **more: object
) -> Profile:
    schedule = Schedule(
        unit=str(more.pop("unit", "A")),
        periods=more.pop("periods", (Period(0, limit),)),  # type: ignore[arg-type]
        start=more.pop("start", None),  # type: ignore[arg-type]
        duration_s=more.pop("duration_s", None),  # type: ignore[arg-type]
    )
    number = next(NUMBERS) if id is None else id
    kind = str(more.pop("kind", "Absolute"))
    return Profile(number, connector, stack, purpose, kind, schedule, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("profiles", "amps"),
    [
        ([], 32),  # nothing says anything
        ([profile(DEFAULT, 10, connector=0)], 10),
        ([profile(DEFAULT, 10, connector=0), profile(DEFAULT, 20)], 20),  # the connector's own replaces it there
        ([profile(DEFAULT, 20), profile(TX, 25)], 25),  # TxProfile overrules TxDefault
        ([profile(DEFAULT, 20), profile(DEFAULT, 8, stack=3)], 8),  # the highest stack level
        ([profile(DEFAULT, 8), profile(DEFAULT, 20, stack=3)], 20),
        ([profile(DEFAULT, 20, connector=2)], 32),  # another connector's
        ([profile(DEFAULT, 50)], 32),  # the outlet's maximum
        ([profile(DEFAULT, 5.9)], 0),  # below 6 A is a pause
        ([profile(DEFAULT, 10.67)], 10.6),  # rounded down
        ([profile(DEFAULT, 6900, unit="W")], 10),  # 6900 W = 3 × 230 V × 10 A
        ([profile(DEFAULT, 4140, unit="W", periods=(Period(0, 4140, 1),))], 18),  # the same watts on one phase
        ([profile(MAX, 10, connector=0)], 32),  # the station's own maximum is counted apart
    ],
)
def test_what_a_connector_may_offer(profiles: list[Profile], amps: float) -> None:
    assert connector_limit_a(profiles, 1, CHARGING, WIRING) == amps


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


STEPS = (Period(0, 10), Period(900, 16), Period(1800, 0))


@pytest.mark.parametrize(
    ("offered", "amps"),
    [
        (profile(DEFAULT, 10, valid_from=at(1)), 32),  # not yet
        (profile(DEFAULT, 10, valid_to=at(0)), 32),  # no longer
        (profile(DEFAULT, 10, valid_from=at(-1), valid_to=at(1)), 10),
        (profile(DEFAULT, 10, start=at(-1), duration_s=61), 10),  # a lease that runs
        (profile(DEFAULT, 10, start=at(-1), duration_s=60), 32),  # and has just lapsed
        (profile(DEFAULT, 10, start=at(1)), 32),  # starts in a minute
        (profile(DEFAULT, 0, periods=STEPS, start=at(-14)), 10),
        (profile(DEFAULT, 0, periods=STEPS, start=at(-15)), 16),
        (profile(DEFAULT, 0, periods=STEPS, start=at(-40)), 0),
        (profile(DEFAULT, 0, periods=STEPS, kind="Relative"), 10),  # charging for ten minutes
        (profile(DEFAULT, 10, kind="Relative", duration_s=600), 32),
        (profile(DEFAULT, 10, duration_s=660), 10),  # absolute without a start counts from the transaction
        (profile(DEFAULT, 9, kind="Recurring", recurrency="Daily", start=at(-2 * 1440 - 30), duration_s=3600), 9),
        (profile(DEFAULT, 9, kind="Recurring", recurrency="Daily", start=at(-2 * 1440 - 90), duration_s=3600), 32),
        (profile(DEFAULT, 9, kind="Recurring", recurrency="Weekly", start=at(-2 * 1440 - 30), duration_s=3600), 32),
    ],
)
def test_when_a_profile_speaks(offered: Profile, amps: float) -> None:
    assert connector_limit_a([offered], 1, CHARGING, WIRING) == amps


def test_a_lapsed_lease_falls_back_to_the_floor_on_connector_0() -> None:
    floor = profile(DEFAULT, 6, connector=0)
    lease = profile(DEFAULT, 16, stack=5, start=at(-1), duration_s=120)
    later = Moment(at(2), SINCE)
    assert connector_limit_a([floor, lease], 1, CHARGING, WIRING) == 16
    assert connector_limit_a([floor, lease], 1, later, WIRING) == 6


def test_a_tx_profile_means_nothing_without_a_transaction() -> None:
    assert connector_limit_a([profile(TX, 10)], 1, Moment(NOON), WIRING) == 32


@pytest.mark.parametrize(
    ("limit_a", "wants", "given"),
    [
        (math.inf, [16, 32], [16, 32]),
        (32, [32, 32], [16, 16]),
        (32, [8, 32], [8, 24]),  # what one leaves the other takes
        (20, [32, 0], [20, 0]),
        (11.9, [16, 16], [11.9, 0]),  # two minimums do not fit
        (5, [16, 16], [0, 0]),
        (20, [32, 32, 32], [6.6, 6.7, 6.7]),  # rounded down, and the rest goes on to the next
    ],
)
def test_the_stations_maximum_is_shared(limit_a: float, wants: list[float], given: list[float]) -> None:
    assert share_a(limit_a, wants) == given


def test_station_maximum_in_watts() -> None:
    assert station_limit_a([profile(MAX, 22_080, connector=0, unit="W")], Moment(NOON), WIRING) == 32
    assert station_limit_a([], Moment(NOON), WIRING) == math.inf


def test_installing_replaces_the_id_and_the_place() -> None:
    first = profile(DEFAULT, 10, id=1)
    same_id = profile(DEFAULT, 12, id=1, stack=2)
    same_place = profile(DEFAULT, 14, id=9, stack=2)
    elsewhere = profile(DEFAULT, 16, id=10, stack=2, connector=2)
    assert install([first], same_id) == (same_id,)
    assert install([same_id], same_place) == (same_place,)
    assert install([same_place], elsewhere) == (same_place, elsewhere)


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        (Filter(), []),
        (Filter(id=1), [2, 3]),
        (Filter(id=1, stack=99), [2, 3]),  # an id decides alone
        (Filter(connector=1), [3]),
        (Filter(purpose="TxDefaultProfile"), [2]),
        (Filter(stack=5), [1, 3]),
        (Filter(connector=2, stack=5), [1, 2, 3]),
    ],
)
def test_clearing(wanted: Filter, left: list[int]) -> None:
    installed = [
        profile(DEFAULT, 10, id=1),
        profile(TX, 10, id=2, stack=5),
        profile(DEFAULT, 10, id=3, connector=2),
    ]
    assert [p.id for p in without(installed, wanted)] == left


@pytest.mark.parametrize(
    ("profiles", "spans"),
    [
        ([], [Span(0, 32)]),
        ([profile(DEFAULT, 10, connector=0)], [Span(0, 10)]),
        ([profile(DEFAULT, 0, periods=STEPS, start=at(-10))], [Span(0, 10), Span(300, 16), Span(1200, 0)]),
        (
            [profile(DEFAULT, 6, connector=0), profile(DEFAULT, 16, stack=2, start=NOON, duration_s=60)],
            [Span(0, 16), Span(60, 6)],
        ),
        ([profile(DEFAULT, 16), profile(MAX, 12, connector=0, valid_to=at(5))], [Span(0, 12), Span(300, 16)]),
    ],
)
def test_composite_schedule(profiles: list[Profile], spans: list[Span]) -> None:
    assert list(composite(profiles, 1, CHARGING, 3600, WIRING)) == spans
