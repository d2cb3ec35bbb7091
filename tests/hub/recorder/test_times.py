"""Times as people say them, and days that are not 24 hours long."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from hub.core.site_time import second_of
from hub.model.errors import Invalid
from hub.recorder.times import Period, iso, stretches

BRUSSELS, KOLKATA = ZoneInfo("Europe/Brussels"), ZoneInfo("Asia/Kolkata")
NOW = datetime(2026, 3, 3, 23, 30, tzinfo=UTC)  # 00:30 on the 4th in Brussels


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-03-03 18:10", "2026-03-03T17:10:00Z"),
        ("2026-03-03T18:10:05Z", "2026-03-03T18:10:05Z"),
        ("2026-03-03T18:10:00+05:30", "2026-03-03T12:40:00Z"),
        ("2026-07-01", "2026-06-30T22:00:00Z"),
        ("now", "2026-03-03T23:30:00Z"),
        ("today", "2026-03-03T23:00:00Z"),
        (" Yesterday ", "2026-03-02T23:00:00Z"),
    ],
)
def test_a_time_is_the_site_s_own(said: str, meant: str) -> None:
    assert iso(second_of(said, BRUSSELS, NOW)) == meant


@pytest.mark.parametrize("said", ["", "soon", "2026-13-01", "18:10", "0001-01-01", "9999-12-31"])
def test_what_is_no_time_is_refused_with_an_example(said: str) -> None:
    with pytest.raises(Invalid) as wrong:
        second_of(said, BRUSSELS, NOW)
    assert "2026-03-03 18:10" in wrong.value.next


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (BRUSSELS, "2026-03-28", 24),
        (BRUSSELS, "2026-03-29", 23),  # summer begins
        (BRUSSELS, "2026-10-25", 25),  # and ends
        (KOLKATA, "2026-03-29", 24),
    ],
)
def test_a_day_is_as_long_as_the_site_s_clock_makes_it(zone: ZoneInfo, day: str, hours: int) -> None:
    at = second_of(day, zone, NOW)
    begins, ends = stretches(at, at + 30 * 3600, Period.DAY, zone)[0]
    assert (ends - begins) / 3600 == hours


def test_stretches_are_cut_to_what_is_asked() -> None:
    at, until = second_of("2026-03-28 12:00", BRUSSELS, NOW), second_of("2026-03-30 06:00", BRUSSELS, NOW)
    assert [iso(begins, BRUSSELS) for begins, _ in stretches(at, until, Period.DAY, BRUSSELS)] == [
        "2026-03-28T12:00:00+01:00",
        "2026-03-29T00:00:00+01:00",
        "2026-03-30T00:00:00+02:00",
    ]
    assert stretches(at, until, Period.TOTAL, BRUSSELS) == [(at, until)]


def test_months() -> None:
    at, until = second_of("2026-01-31", BRUSSELS, NOW), second_of("2026-04-01", BRUSSELS, NOW)
    assert [iso(begins, BRUSSELS)[:10] for begins, _ in stretches(at, until, Period.MONTH, BRUSSELS)] == [
        "2026-01-31",
        "2026-02-01",
        "2026-03-01",
    ]
