"""The site's days and months as stretches of UTC. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum

from hub.core.site_time import midnight


class Period(StrEnum):
    """What totals are made for."""

    TOTAL = "total"
    DAY = "day"
    MONTH = "month"


def stretches(at: int, until: int, period: Period, zone: tzinfo) -> list[tuple[int, int]]:
    """The days or months from `at` until `until`, the first and the last cut to fit. Days may have 23 or 25 hours."""
    found = []
    while at < until:
        ends = until if period is Period.TOTAL else min(until, _next(at, period, zone))
        found.append((at, ends))
        at = ends
    return found


def _next(at: int, period: Period, zone: tzinfo) -> int:
    """When the next day or month begins."""
    day = local(at, zone).date()
    if period is Period.DAY:
        following = day + timedelta(days=1)
    else:
        following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return int(midnight(following, zone).timestamp())


def local(at: int, zone: tzinfo) -> datetime:
    """The site's clock at this second."""
    return datetime.fromtimestamp(at, UTC).astimezone(zone)


def iso(at: int, zone: tzinfo | None = None) -> str:
    """`2026-03-03T17:10:00Z`, or with a zone `2026-03-03T18:10:00+01:00`."""
    if zone is not None:
        return local(at, zone).isoformat()
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
