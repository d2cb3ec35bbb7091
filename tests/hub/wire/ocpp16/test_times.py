"""Times as chargers write them (Q21: no zone, no fraction, other zones, 1970, 2099)."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.wire.ocpp16 import format_time, parse_time


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-29T01:00:00Z", utc(2026, 3, 29, 1)),
        ("2026-03-29T01:00:00.123Z", utc(2026, 3, 29, 1, 0, 0, 123000)),
        ("2026-03-29T01:00:00.1234567Z", utc(2026, 3, 29, 1, 0, 0, 123456)),  # more digits than a microsecond
        ("2026-03-29T01:00:00.5Z", utc(2026, 3, 29, 1, 0, 0, 500000)),
        ("2026-03-29T01:00Z", utc(2026, 3, 29, 1)),
        ("2026-03-29T01:00:00", utc(2026, 3, 29, 1)),  # no zone: UTC
        ("2026-03-29T03:00:00+02:00", utc(2026, 3, 29, 1)),
        ("2026-03-29T03:00:00+0200", utc(2026, 3, 29, 1)),
        ("2026-03-28T20:00:00-05:00", utc(2026, 3, 29, 1)),
        ("2026-03-29 01:00:00", utc(2026, 3, 29, 1)),
        ("2026-03-29t01:00:00z", utc(2026, 3, 29, 1)),
        (" 2026-03-29T01:00:00Z ", utc(2026, 3, 29, 1)),
        ("1970-01-01T00:00:12Z", utc(1970, 1, 1, 0, 0, 12)),
        ("2099-12-31T23:59:59Z", utc(2099, 12, 31, 23, 59, 59)),
        ("0001-01-01T00:00:00+02:00", None),  # before the first day that Python knows
        ("2026-02-30T00:00:00Z", None),
        ("2026-03-29T25:00:00Z", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_a_time_is_read(text: str | None, moment: datetime | None) -> None:
    assert parse_time(text) == moment


def test_a_time_is_in_utc() -> None:
    read = parse_time("2026-03-29T03:00:00+02:00")
    assert read is not None
    assert read.tzinfo is UTC


@given(st.text())
def test_no_text_is_too_odd(text: str) -> None:
    read = parse_time(text)
    assert read is None or read.tzinfo is UTC


@given(st.integers(0, 2**32))
def test_what_we_write_we_read(since_1970_s: int) -> None:
    moment = datetime.fromtimestamp(since_1970_s, UTC)
    assert parse_time(format_time(moment)) == moment


def test_a_time_is_written_in_utc_and_without_fraction() -> None:
    summer = timezone(timedelta(hours=2))
    assert format_time(datetime(2026, 6, 1, 12, 0, 0, 999999, tzinfo=summer)) == "2026-06-01T10:00:00Z"


def test_a_time_without_zone_is_not_written() -> None:
    with pytest.raises(ValueError, match="no zone"):
        format_time(utc(2026, 6, 1).replace(tzinfo=None))
