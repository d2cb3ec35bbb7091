"""Times as people say them at the site, and the site's days and months as stretches of UTC. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from hub.model.errors import Invalid

NEXT = "write it as 2026-03-03, 2026-03-03 18:10, 2026-03-03T17:10:00Z, today, yesterday or now"


class Period(StrEnum):
    """What totals are made for."""

    TOTAL = "total"
    DAY = "day"
    MONTH = "month"


def second_of(text: str, zone: tzinfo, now: datetime) -> int:
    """The second that is meant; without an offset by the site's clock. Raises Invalid."""
    words: dict[str, Callable[[], datetime]] = {
        "now": lambda: now,
        "today": lambda: midnight(now.astimezone(zone).date(), zone),
        "yesterday": lambda: midnight(now.astimezone(zone).date() - timedelta(days=1), zone),
    }
    if (word := text.strip().lower()) in words:
        return int(words[word]().timestamp())
    try:
        meant = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Invalid(f"'{text}' is no time", NEXT) from None
    if not 1970 < meant.year < 9999:
        raise Invalid(f"'{text}' is no time of this site", NEXT)
    return int((meant if meant.tzinfo is not None else meant.replace(tzinfo=zone)).timestamp())


def midnight(day: date, zone: tzinfo) -> datetime:
    """When a day begins at the site."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


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
